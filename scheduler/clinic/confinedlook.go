package clinic

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/semaphore"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// ErrNotJudged says that a result was not looked at, for a reason that is the clinic's own:
// the node is not to blame.
var ErrNotJudged = errors.New("the result was not judged; it will be when the clinic's reader can do its work")

const (
	// maxUnjudged is how often a result may find the clinic's reader out of time, or killed,
	// before it is the result that is refused: one that hangs every reader would come back
	// for ever.
	maxUnjudged = 3
	// maxRemembered bounds what is remembered of results. Each costs a node a job and the
	// clinic two readers' time, so that nobody fills this in passing.
	maxRemembered = 1024
	// maxBeside is more readers of results than a clinic can have at once: who takes them all
	// is alone.
	maxBeside = 1 << 20
)

// arrival is one result of one task.
type arrival struct{ task, result models.Digest }

// looks remembers results that could not be judged for the clinic's own reasons, for as
// long as the process lives. It is safe for concurrent use.
type looks struct {
	beside *semaphore.Weighted

	mu       sync.Mutex // guards unjudged
	unjudged map[arrival]int
}

func newLooks() *looks {
	return &looks{beside: semaphore.NewWeighted(maxBeside), unjudged: map[arrival]int{}}
}

// at has the result read. Where the reader ran out of time or was killed, it is read once
// more while no other result is; if that ends alike, the error is ErrNotJudged, and after
// maxUnjudged of these the reader's failure as it is: a verdict.
func (l *looks) at(ctx context.Context, a arrival, read func() ([]dcm.File, error)) (files []dcm.File, err error) {
	for _, places := range []int64{1, maxBeside} {
		if err := l.beside.Acquire(ctx, places); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrNotJudged, err)
		}
		files, err = read()
		l.beside.Release(places)
		if !isOurs(err) {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case errors.Is(err, ErrNotJudged): // no reader at all: that counts for nothing
		return nil, err
	case isOurs(err) && l.unjudged[a]+1 < maxUnjudged:
		for other := range l.unjudged {
			if len(l.unjudged) < maxRemembered {
				break
			}
			delete(l.unjudged, other) // any: it begins anew
		}
		l.unjudged[a]++
		return nil, fmt.Errorf("%w: %w", ErrNotJudged, err)
	}
	delete(l.unjudged, a)
	return files, err
}

// isOurs reports whether a reader's end may lie with the clinic: it was too busy to read in
// time, or something outside killed the reader. A reader that reached its own memory cap,
// crashed, or broke out of its part did so over what it read.
func isOurs(err error) bool {
	var failure *runner.Failure
	if !errors.As(err, &failure) {
		return false
	}
	if failure.Reason != runner.Crashed {
		return failure.Reason == runner.Timeout
	}
	for _, s := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP} {
		if strings.HasPrefix(failure.Detail, "signal: "+s.String()) { // os.ProcessState's words
			return true
		}
	}
	return false
}

// restoreApart has a child restore a result.
func (d *Door) restoreApart(ctx context.Context, o restoration, result inference.Result) ([]dcm.File, error) {
	encoded, err := result.Encode()
	if err != nil {
		return nil, because("the result can't be read", err)
	}
	files, err := d.child.looks.at(ctx, arrival{o.Task, models.DigestOf(encoded)}, func() ([]dcm.File, error) {
		return d.readApart(ctx, o, encoded)
	})
	if errors.Is(err, ErrNotJudged) {
		return nil, err
	}
	return files, refusalFor(err, brokeResult, askAnother)
}

// readApart has one child restore a result, and says how the child ended.
func (d *Door) readApart(ctx context.Context, o restoration, encoded []byte) ([]dcm.File, error) {
	cell, err := d.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotJudged, err)
	}
	far := &remote{cell: cell, limits: d.limits, log: d.child.Log}
	files, err := far.restored(o, encoded)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrNotJudged, ctx.Err())
	}
	return files, errors.Join(far.ended(err), cell.Close())
}
