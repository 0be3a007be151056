package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// errSilent ends a request whose server neither takes nor says anything.
var errSilent = errors.New("the server is silent")

// silence ends a request when nothing has moved for a while: a study may take long, a server
// that hangs may not.
type silence struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	idle   time.Duration
	timer  *time.Timer
}

// watchSilence gives a context that ends when nothing has moved for idle.
func watchSilence(ctx context.Context, idle time.Duration) (context.Context, *silence) {
	ctx, cancel := context.WithCancelCause(ctx)
	return ctx, &silence{ctx, cancel, idle, time.AfterFunc(idle, func() { cancel(errSilent) })}
}

// moved starts the wait anew.
func (s *silence) moved() { s.timer.Reset(s.idle) }

func (s *silence) end() {
	s.timer.Stop()
	s.cancel(context.Canceled)
}

// why says of an error what really ended the request.
func (s *silence) why(err error) error {
	if errors.Is(context.Cause(s.ctx), errSilent) {
		return fmt.Errorf("%w for %s", errSilent, s.idle)
	}
	return err
}

// request is r with a body whose reading counts as movement.
func (s *silence) request(r *http.Request) *http.Request {
	if r.Body == nil {
		return r
	}
	r.Body = &watchedBody{ReadCloser: r.Body, watch: s}
	if again := r.GetBody; again != nil {
		r.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			return &watchedBody{ReadCloser: body, watch: s}, err
		}
	}
	return r
}

// watchedBody tells the watch of each read. That of an answer is last: only the time within
// its reads counts, since what happens to the data meanwhile is no silence of the server,
// and its closing is the request's end.
type watchedBody struct {
	io.ReadCloser
	watch *silence
	last  bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	if b.last {
		b.watch.moved()
		defer b.watch.timer.Stop()
	}
	n, err := b.ReadCloser.Read(p)
	if n > 0 && !b.last {
		b.watch.moved()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.watch.why(err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	if b.last {
		b.watch.end()
	}
	return b.ReadCloser.Close()
}
