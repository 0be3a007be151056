package broker

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// Commit and reveal: of a task that several nodes do, no result is taken before every one of
// them has said, by a hash that nobody can undo, what its result is. So a node can't wait for
// another's result and hand in the same. Every award asks for it, also of who does a task
// alone: otherwise the award would tell which results nobody compares. A lone node may show its
// result at once, and by then it can't compute it with more care.

// Refusals of a replica's commitment, or of its result.
var (
	// ErrCommitment ends the try: what was committed can't be taken back.
	ErrCommitment = errors.New("the result is not the one that the node committed to")
	// ErrNotRevealed leaves the try as it is: the node asks again.
	ErrNotRevealed = errors.New("commit to the result first, and show it when the clinic says so")
	errNoReplica   = errors.New("the award asked for no commitment")
)

// commitmentBytes is the length of a commitment and of the salt that opens it.
const commitmentBytes = 32

// commitment is what a leaseholder has committed to.
type commitment struct {
	Fence    uint64 `json:"fence"`
	Hash     []byte `json:"hash"`               // attest.OutputCommitment
	Revealed bool   `json:"revealed,omitempty"` // its result may be shown
}

// committed is the commitment under the current lease; nil: there is none.
func (r record) committed() *commitment {
	if r.Commitment != nil && r.Commitment.Fence == r.Task.Lease.Fence {
		return r.Commitment
	}
	return nil
}

// binds reports whether the leaseholder is to commit to its result.
func (r record) binds() bool { return r.Bound || r.Commit }

// revealable reports whether the leaseholder's result may be taken.
func (r record) revealable() bool {
	c := r.committed()
	return !r.binds() || c != nil && c.Revealed
}

// opens holds a result against its commitment. It does not decide whether it is time.
func (r record) opens(receipt attest.Receipt, salt []byte) error {
	if !r.binds() {
		return nil
	}
	c := r.committed()
	if c == nil || len(salt) != commitmentBytes {
		return fmt.Errorf("salt of %d bytes: %w", len(salt), ErrCommitment)
	}
	hash := attest.OutputCommitment(receipt.OutputHash, [commitmentBytes]byte(salt), receipt.Node, receipt.Task)
	if !bytes.Equal(hash[:], c.Hash) {
		return ErrCommitment
	}
	return nil
}

// serveCommit is Commitment; CommitmentAck or Refusal.
func (b *Broker) serveCommit(s *wire.Stream) error {
	m, err := wire.Expect[*wire.Commitment](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	ack := &wire.CommitmentAck{Task: m.Task, Fence: m.Fence}
	t, _, err := b.addressed(m.Task, m.Clinic)
	if err == nil {
		err = t.do(b.ctx, func() (err error) {
			ack.Reveal, err = t.commit(s, m)
			return err
		})
	}
	if err != nil && (final(err) || errors.Is(err, ErrCommitment) || errors.Is(err, errNoReplica)) {
		return s.Send(&wire.Refusal{Task: m.Task, Reason: wire.Reason(err.Error())})
	}
	if err != nil {
		ack.Reason = wire.Reason(err.Error())
	}
	return s.Send(ack)
}

// commit persists a leaseholder's commitment, renews its lease and reports whether it may
// show its result, in the loop.
func (t *task) commit(s *wire.Stream, m *wire.Commitment) (reveal bool, err error) {
	b, now := t.b, t.b.Clock.Now()
	if err := t.rec.Task.Holds(s.Peer, m.Fence, now); err != nil {
		return false, err
	}
	c := t.rec.committed()
	switch {
	case t.rec.Task.State != scheduler.Running:
		return false, scheduler.ErrNoLease
	case !t.rec.binds():
		return false, errNoReplica
	case len(m.Commitment) != commitmentBytes:
		return false, fmt.Errorf("commitment of %d bytes, want %d: %w", len(m.Commitment), commitmentBytes, wire.ErrMalformed)
	case c != nil && !bytes.Equal(c.Hash, m.Commitment):
		return false, ErrCommitment
	}
	if c == nil {
		fresh := &commitment{Fence: m.Fence, Hash: bytes.Clone(m.Commitment), Revealed: !t.rec.Commit}
		if err := t.save(func(r *record) { r.Commitment = fresh }); err != nil {
			return false, err
		}
		if t.rec.Commit {
			b.emit(t.rec, Committed, Event{Text: "its result is bound; it is taken when the other nodes have committed too"})
		}
	}
	if !t.rec.Commitment.Revealed {
		ready, err := b.allCommitted(t.rec, now)
		if err != nil {
			return false, err
		}
		if ready {
			shown := *t.rec.Commitment
			shown.Revealed = true
			if err := t.save(func(r *record) { r.Commitment = &shown }); err != nil {
				return false, err
			}
			t.since = now // it waited for others: its patience begins anew
		}
	}
	next, err := t.renewed(s.Peer, m.Fence, now)
	if err != nil {
		return false, err
	}
	t.rec.Task = next
	return t.rec.Commitment.Revealed, nil
}

// waitsForOthers reports whether the leaseholder has done its part, and only others keep its
// result from being taken: that costs it no patience.
func (t *task) waitsForOthers() bool {
	c := t.rec.committed()
	return c != nil && !c.Revealed
}

// allCommitted reports whether nobody is waited for any more: every other copy is committed,
// has ended, has lost a lease, or was taken by nobody in time; or the deadline is near.
func (b *Broker) allCommitted(r record, now time.Time) (bool, error) {
	g, copies, err := b.store.families(r.family())
	if err != nil {
		return false, err
	}
	if !now.Before(revealBy(r)) {
		return true, nil
	}
	if g.Wanted > g.Copies {
		return false, nil // the next copy is being sealed
	}
	for _, other := range copies {
		if other.Task.ID != r.Task.ID && b.awaited(other, now) {
			return false, nil
		}
	}
	return true, nil
}

// revealBy is when a replica's result is taken whatever the others do: when three quarters of
// the task's time are over, so that a slow node costs nobody the deadline.
func revealBy(r record) time.Time {
	return r.Task.Deadline.Add(-r.Task.Deadline.Sub(r.age()) / 4)
}

// awaited reports whether the other nodes of a task wait for this copy.
func (b *Broker) awaited(r record, now time.Time) bool {
	if len(r.Tries) > 0 {
		return false // a lease was lost: they have waited once
	}
	switch r.Task.State {
	case scheduler.Open, scheduler.Offered:
		return now.Before(b.takenBy(r))
	case scheduler.Leased, scheduler.Running:
		return r.committed() == nil
	}
	return false
}

// takenBy is until when a copy is to find a node before the others go on without it: two
// rounds and an award.
func (b *Broker) takenBy(r record) time.Time {
	return r.age().Add(2*(b.RoundWait+b.BidWindow) + b.AwardTimeout)
}
