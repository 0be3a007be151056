package intake

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/attest"
)

// ManyProtocol is the stream on which many statements go to the coordinator: frames
// (attest.WriteFrame) of a kind's byte and the statement, receipts and verdicts in their
// binary form, profiles in JSON. Each is answered by a frame, in the same order: a status
// byte, and after a refusal its text. An answer comes once its statement is durable. The
// sender closes its side after the last one. A stream that ends before has stored what it
// answered, and perhaps more: it is safe to send the rest again.
const ManyProtocol protocol.ID = "/medhive/intake/2"

// The kinds of ManyProtocol's frames.
const (
	frameReceipt = 1
	frameVerdict = 3
	frameProfile = 'p'
)

// The status bytes of ManyProtocol's answers.
const (
	statusStored  = 0
	statusAgain   = 1
	statusRefused = 2
)

// Bounds of one stream of many.
const (
	maxPending  = 1024        // statements that are verified and wait for the disk
	manyTimeout = time.Minute // for the whole stream
	manyBuffer  = 16 << 10    // bytes, twice for each stream
)

// Encode is the statement as it travels on ManyProtocol, without its Digest.
func (s Statement) Encode() ([]byte, error) {
	b := make([]byte, 1, entryBytes)
	switch {
	case s.Receipt != nil:
		b[0] = frameReceipt
		return s.Receipt.AppendBinary(b)
	case s.Verdict != nil:
		b[0] = frameVerdict
		return s.Verdict.AppendBinary(b)
	case s.Profile != nil:
		b[0] = frameProfile
		body, err := json.Marshal(s.Profile)
		return append(b, body...), err
	}
	return nil, errors.New("nothing to send")
}

// DecodeStatement is the inverse of Encode. The result is not verified.
func DecodeStatement(data []byte) (s Statement, err error) {
	if len(data) == 0 {
		return s, errors.New("empty frame; send a statement of this version")
	}
	switch body := data[1:]; data[0] {
	case frameReceipt:
		s.Receipt = new(attest.SignedReceipt)
		err = s.Receipt.UnmarshalBinary(body)
	case frameVerdict:
		s.Verdict = new(attest.SignedVerdict)
		err = s.Verdict.UnmarshalBinary(body)
	case frameProfile:
		s.Profile = new(attest.SignedProfile)
		*s.Profile, err = attest.DecodeSignedProfile(body)
	default:
		err = fmt.Errorf("kind %d is unknown; send a statement of this version", data[0])
	}
	return s, err
}

// SubmitAll sends statements to the coordinator on one stream. It returns an error for
// each: nil once it is durable there, a *Refusal for good, any other means: send it again
// later, it is safe to send twice. Their Digest is not used.
func SubmitAll(ctx context.Context, h host.Host, coordinator peer.ID, statements []Statement) []error {
	errs := make([]error, len(statements))
	answered := 0
	err := submitAll(ctx, h, coordinator, statements, func(err error) {
		errs[answered] = err
		answered++
	})
	for i := answered; i < len(errs); i++ {
		if err == nil {
			err = ErrBusy // the stream was ended in order: it is the others' turn
		}
		errs[i] = fmt.Errorf("submit statement to coordinator %s: %w; it is safe to send it again", coordinator, err)
	}
	return errs
}

// submitAll is one stream of statements; each answer goes to got.
func submitAll(ctx context.Context, h host.Host, to peer.ID, statements []Statement, got func(error)) error {
	ctx, cancel := context.WithTimeout(ctx, manyTimeout)
	defer cancel()
	stream, err := h.NewStream(network.WithAllowLimitedConn(ctx, "intake"), to, ManyProtocol) // over a relay too: it is small
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer stop()
	both, _ := errgroup.WithContext(ctx)
	both.Go(func() error { return writeAll(stream, statements) })
	both.Go(func() error {
		err := readAnswers(stream, len(statements), got)
		if err != nil {
			_ = stream.Reset() // nobody reads what is still being written
		}
		return err
	})
	if err := both.Wait(); err != nil {
		_ = stream.Reset()
		return errors.Join(err, ctx.Err())
	}
	return stream.Close()
}

func writeAll(stream network.Stream, statements []Statement) error {
	w := bufio.NewWriterSize(stream, manyBuffer)
	for _, s := range statements {
		data, err := s.Encode()
		if err != nil {
			return err
		}
		if err := attest.WriteFrame(w, data); err != nil {
			return err
		}
	}
	return errors.Join(w.Flush(), stream.CloseWrite())
}

func readAnswers(stream io.Reader, n int, got func(error)) error {
	r := bufio.NewReaderSize(stream, manyBuffer)
	for range n {
		data, err := attest.ReadFrame(r, maxReply)
		if err != nil {
			return err
		}
		switch {
		case len(data) == 1 && data[0] == statusStored:
			got(nil)
		case len(data) == 1 && data[0] == statusAgain:
			got(ErrBusy)
		case len(data) > 1 && data[0] == statusRefused:
			got(&Refusal{string(data[1:])})
		default:
			return fmt.Errorf("answer of %d bytes is none of this version", len(data))
		}
	}
	return nil
}

// serveMany handles one stream of many statements.
func (s *Server) serveMany(stream network.Stream) {
	in, ok := s.begin(stream)
	if !ok {
		_ = stream.Reset()
		return
	}
	defer s.end(in)
	ctx, cancel := context.WithTimeout(s.ctx, manyTimeout)
	defer cancel()
	// A sender that is slow to speak must hold up neither Close nor its place.
	release := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	defer release()
	from := stream.Conn().RemotePeer()
	allow := func() bool {
		s.doors.heard(in)
		// Wall clock: stream deadlines are the operating system's.
		_ = stream.SetDeadline(time.Now().Add(s.opts.Timeout))
		return s.rates.allow(from, s.opts.Now())
	}
	if err := s.takeMany(ctx, from, stream, allow); err != nil {
		s.opts.Log.Debug("stream of statements ended", "peer", from, "error", err)
		_ = stream.Reset()
		return
	}
	_ = stream.Close()
}

// checked is a statement of a stream, or why it is not to be kept.
type checked struct {
	statement Statement
	err       error
}

// takeMany reads statements from stream until it ends, verifies and keeps them, and answers
// each on it. While some wait for the disk the next ones are verified. allow is asked
// before each one; what it turns away is put off unread.
func (s *Server) takeMany(ctx context.Context, from peer.ID, stream io.ReadWriter, allow func() bool) error {
	ready := make(chan checked, maxPending)
	both, reading := errgroup.WithContext(ctx)
	both.Go(func() error {
		defer close(ready)
		return s.readMany(reading, from, bufio.NewReaderSize(stream, manyBuffer), allow, ready)
	})
	// What was read whole is kept, also when what follows it can't be read.
	both.Go(func() error { return s.keepMany(ctx, bufio.NewWriterSize(stream, manyBuffer), ready) })
	return both.Wait()
}

func (s *Server) readMany(ctx context.Context, from peer.ID, r io.Reader, allow func() bool, ready chan<- checked) error {
	for {
		admitted := allow()
		data, err := attest.ReadFrame(r, maxRequest)
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
		c := checked{err: ErrBusy}
		if admitted {
			if c.statement, err = DecodeStatement(data); err != nil {
				c.err = &Refusal{err.Error()}
			} else {
				c.err = s.check(ctx, from, &c.statement)
			}
		}
		select {
		case ready <- c:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keepMany stores what is ready, as much at once as there is, and answers.
func (s *Server) keepMany(ctx context.Context, w *bufio.Writer, ready <-chan checked) error {
	var batch []checked
	var statements []Statement
	for first := range ready {
		batch = append(batch[:0], first)
		for len(batch) < maxPending {
			select {
			case next, more := <-ready:
				if more {
					batch = append(batch, next)
					continue
				}
			default:
			}
			break
		}
		statements = statements[:0]
		for _, c := range batch {
			if c.err == nil {
				statements = append(statements, c.statement)
			}
		}
		kept, err := s.keep(ctx, statements)
		if err != nil {
			return err
		}
		for _, c := range batch {
			if c.err == nil {
				c.err, kept = refusedOr(kept[0]), kept[1:]
			}
			if err := s.answer(w, c.err); err != nil {
				return err
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// keep stores statements while it holds a slot.
func (s *Server) keep(ctx context.Context, statements []Statement) ([]error, error) {
	free, err := s.slot(ctx)
	if err != nil {
		return nil, err
	}
	defer free()
	return s.store.Put(ctx, statements), nil
}

// answer writes what became of one statement.
func (s *Server) answer(w io.Writer, err error) error {
	var refused *Refusal
	switch {
	case err == nil:
		return attest.WriteFrame(w, []byte{statusStored})
	case errors.As(err, &refused):
		s.opts.Log.Debug("statement refused", "reason", refused.Text)
		text := refused.Text[:min(len(refused.Text), maxRefusal)]
		return attest.WriteFrame(w, append([]byte{statusRefused}, text...))
	case putOff(err):
		s.opts.Log.Debug("statement put off", "reason", err)
	default:
		s.opts.Log.Error("statement not stored", "error", err)
	}
	return attest.WriteFrame(w, []byte{statusAgain})
}
