package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler/wire"
)

// revealPause is how long a node waits before it asks again whether it may show a replica's
// result: the other nodes compute meanwhile.
const revealPause = time.Second

// commitment binds this node to the output of a sealed replica.
func (w *Worker) commitment(rec record) [32]byte {
	return attest.OutputCommitment(rec.Sealed.Receipt.OutputHash, [32]byte(rec.Sealed.Salt), w.Key.Address(), rec.Task)
}

// mayReveal reports whether the job's result may be shown: of a replica, once its clinic has
// the commitment and says so. A clinic that refuses the commitment for good is shown the
// result all the same: its answer to that is the verdict. An error means: ask again.
func (w *Worker) mayReveal(ctx context.Context, j *job) (bool, error) {
	if len(j.rec.Sealed.Salt) == 0 {
		return true, nil
	}
	ack, err := w.commit(ctx, j)
	var refused *wire.Refused
	switch {
	case errors.As(err, &refused):
		w.Log.Debug("commitment refused", "task", j.rec.Task.Short(), "reason", wire.Reason(refused.Reason))
		return true, nil
	case err != nil:
		return false, err
	}
	return ack.Reveal, nil
}

// commit is Commitment, then CommitmentAck or Refusal, as the node sees it. It renews the
// lease, since after a restart nothing else does.
func (w *Worker) commit(ctx context.Context, j *job) (*wire.CommitmentAck, error) {
	rec := j.rec
	s, err := wire.Dial(ctx, w.Host, rec.Peer, rec.Addresses, wire.CommitProtocol, w.Key, dialTimeout)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := s.Extend(replyTimeout); err != nil {
		return nil, err
	}
	hash := w.commitment(rec)
	if err := s.Send(&wire.Commitment{Task: rec.Task[:], Fence: rec.Fence, Clinic: rec.Clinic[:], Commitment: hash[:]}); err != nil {
		return nil, err
	}
	ack, err := wire.Expect[*wire.CommitmentAck](s.Reader, wire.MaxControl, rec.Clinic)
	if err != nil {
		return nil, err
	}
	if ack.Fence != rec.Fence || string(ack.Task) != string(rec.Task[:]) {
		return nil, fmt.Errorf("the answer is about another commitment: %w", wire.ErrMalformed)
	}
	return ack, nil
}

// awaitReveal asks until the result may be shown; an error where the clinic was not reached.
func (w *Worker) awaitReveal(ctx context.Context, j *job) error {
	for told := false; ; {
		show, err := w.mayReveal(ctx, j)
		if err != nil || show {
			return err
		}
		if !told {
			told = true
			w.emit(Committed, j.task, Event{Clinic: j.clinic, Fence: j.fence, Text: "the other nodes are not done yet; the result is shown when all have committed"})
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-w.Clock.After(revealPause):
		}
		if !w.Clock.Now().Before(j.rec.GiveUp) {
			return errors.New("the clinic never asked for the result")
		}
	}
}
