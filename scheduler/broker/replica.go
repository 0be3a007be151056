package broker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// Doubt is what decides whether a second node is to do the same task: who won it, with what.
type Doubt struct {
	Task     models.Digest
	Node     common.Address
	Package  models.Digest
	Provider string // execution provider that the node says it has; may be empty
}

// Lapse is a lease whose node promised a result and brought nothing.
type Lapse struct {
	Task     models.Digest // as the node knows it: of a copy its own
	Fence    uint64
	Node     common.Address
	Manifest models.Digest
	Provider string // of the bid; may be empty
	At       time.Time
	Promise  attest.Pledge // the node's, to this clinic
}

// uncheckedReason ends a copy that was to check another's result and that nobody took.
const uncheckedReason = "no other node took the copy that was to check the result"

var (
	errCopies    = errors.New("the task has as many copies as one may have")
	errNoPayload = errors.New("the task's payload is gone; only an undelivered replica can have another copy")
)

// wantsReplica decides, in the loop and before the award, whether a second node is to do the
// task that won is about to get. An emergency waits for nobody, and where no other node is
// known nobody could be compared with.
func (t *task) wantsReplica(won bidder) bool {
	b := t.b
	if b.Replicate == nil || !t.rec.Parent.IsZero() || t.rec.Class == scheduler.STAT || !t.othersKnown(won) {
		return false
	}
	return b.Replicate(Doubt{Task: t.id, Node: won.bid.Node, Package: t.rec.Package, Provider: won.bid.Provider})
}

// othersKnown reports whether another operator's node could do the task too.
func (t *task) othersKnown(won bidder) bool {
	if slices.ContainsFunc(t.bids, func(in bidder) bool { return scheduler.Spread([]scheduler.Seat{won.seat}, in.seat) == nil }) {
		return true
	}
	now := t.b.Clock.Now()
	if t.b.Directory == nil {
		return false
	}
	for _, e := range t.b.Directory.Best(t.round.offer, lookedAt, now, nil, t.b.holding) {
		operator, err := t.b.registered(e.Notice.Node, e.Notice.Jurisdiction)
		if err == nil && scheduler.Spread([]scheduler.Seat{won.seat}, scheduler.Seat{Node: e.Notice.Node, Operator: operator}) == nil {
			return true
		}
	}
	return false
}

// copied makes the task the first of two copies, within the transaction of its award.
func (r *record) copied() {
	r.Parent, r.Copy, r.Copies = r.Task.ID, 0, 2
}

// putWanted writes the group of a task that is copied from now on.
func (b *Broker) putWanted(parent models.Digest) func(*bbolt.Tx) error {
	return func(tx *bbolt.Tx) error {
		return b.store.putGroup(tx, scheduler.Group{Parent: parent, Copying: scheduler.Replicated, Copies: 1, Wanted: 2})
	}
}

// join makes a task that was awarded part of its own group, in the loop, and has the next
// copy made.
func (t *task) join() {
	b := t.b
	b.mu.Lock()
	t.parent = t.id
	b.mu.Unlock()
	if err := b.remember(t.id); err != nil {
		b.Log.Error("where the first copy runs is not known; another may share its operator", "task", t.id.Short(), "error", err)
	}
	b.running.Go(func() { b.complete(t.id) })
}

// complete makes the copies that a task is to have and has not, and gives up on those that
// can't be made.
func (b *Broker) complete(parent models.Digest) {
	err := b.addCopy(b.ctx, parent, false)
	if err == nil || b.ctx.Err() != nil {
		return // the next start goes on
	}
	b.Log.Warn("no second node checks this task", "task", parent.Short(), "reason", err)
	err = b.store.regroup(parent, func(g *scheduler.Group) error { g.Wanted = g.Copies; return nil })
	if err != nil {
		b.Log.Error("task's group not persisted; its first result waits until the deadline is near", "task", parent.Short(), "error", err)
	}
}

// deadlineSpread is the part of the time left by which a further copy's deadline may be earlier.
const deadlineSpread = 0.05

// otherDeadline is a further copy's deadline: the same one in two offers would tell everybody
// that their results are compared.
func (b *Broker) otherDeadline(deadline time.Time) time.Time {
	left := deadline.Sub(b.Clock.Now())
	return deadline.Add(-time.Duration(deadlineSpread * rand.Float64() * float64(max(left, 0)))).Truncate(time.Millisecond)
}

// Extend has one more node do a task whose results differ. The task must not be delivered
// yet; Wait waits for the new copy too. A copy that nobody takes soon is cancelled.
func (b *Broker) Extend(ctx context.Context, task models.Digest) error {
	err := b.store.regroup(task, func(g *scheduler.Group) error {
		if g.Copies >= scheduler.MaxCopies {
			return errCopies
		}
		g.Wanted = g.Copies + 1
		return nil
	})
	if err == nil {
		err = b.addCopy(ctx, task, true)
	}
	if err != nil {
		return fmt.Errorf("one more copy of task %s: %w", task.Short(), err)
	}
	return nil
}

// addCopy seals the payload once more, under a key of its own, and starts the copy. tie says
// that the others have their results.
func (b *Broker) addCopy(ctx context.Context, parent models.Digest, tie bool) error {
	b.sealing.Lock()
	defer b.sealing.Unlock()
	g, copies, err := b.store.families(parent)
	if err != nil || g.Wanted <= g.Copies {
		return err
	}
	at := slices.IndexFunc(copies, func(r record) bool { return r.ContentKey != nil && r.PayloadManifest != nil })
	if at < 0 {
		return errNoPayload
	}
	source := copies[at]
	payload, err := b.readPayload(ctx, source)
	defer func() { clear(payload) }()
	if err != nil {
		return fmt.Errorf("read the sealed payload: %w", err)
	}
	fresh, err := b.seal(ctx, Submission{
		Task: parent, Payload: payload, PackageDigest: source.Package, WeightsDigest: source.Weights, ManifestDigest: source.Manifest,
		Priority: source.Class, Deadline: source.Task.Deadline, Residency: source.Residency, MinTier: source.MinTier, MinTrust: source.MinTrust,
		PriceCeiling: source.Ceiling, MemoryBytes: source.MemoryBytes, Providers: source.Providers,
		Copying: scheduler.Replicated, Copies: g.Wanted,
	}, g.Copies)
	if err != nil {
		return err
	}
	fresh.Commit = true
	err = b.store.regroup(parent, func(g *scheduler.Group) error { g.Copies++; return nil }, func(tx *bbolt.Tx) error {
		for n := range g.Copies {
			r, err := b.store.record(tx, scheduler.CopyID(parent, n))
			if err != nil {
				return err
			}
			if !tie && r.Task.State.Final() {
				return fmt.Errorf("task %s is %s: %w", r.Task.ID.Short(), r.Task.State, scheduler.ErrFinal)
			}
		}
		return b.store.put(tx, fresh)
	})
	if err != nil {
		return errors.Join(err, b.Blobs.Delete(context.WithoutCancel(ctx), payloadBlob(fresh.Task.ID)))
	}
	b.sealed(fresh)
	return b.start(fresh)
}

// regroup changes a group, with what is written beside it.
func (s store) regroup(parent models.Digest, change func(*scheduler.Group) error, also ...func(*bbolt.Tx) error) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		g, ok, err := s.group(tx, parent)
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("task %s: %w", parent.Short(), scheduler.ErrNoCopy)
		}
		if err := change(&g); err != nil {
			return err
		}
		for _, more := range also {
			if err := more(tx); err != nil {
				return err
			}
		}
		return s.putGroup(tx, g)
	})
}

// onlyChecks reports whether r is there to check a result that another copy has brought:
// then nobody waits for it longer than it takes to find a node.
func (b *Broker) onlyChecks(r record) bool {
	if g, ok := b.groupOf(r); !ok || g.Wanted == 0 {
		return false
	}
	_, copies, err := b.store.families(r.Parent)
	return err == nil && slices.ContainsFunc(copies, func(other record) bool {
		return other.Task.ID != r.Task.ID && hasResult(other.Task.State)
	})
}

// wanting reports whether a copy of r's task is still to be made.
func (b *Broker) wanting(r record) bool {
	g, ok := b.groupOf(r)
	return ok && g.Wanted > g.Copies
}
