package broker

import (
	"context"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

const (
	// maxUploads results may come in at once. Each goes to disk chunk by chunk: it costs six
	// chunks of memory, 6 MiB, and what its manifest announces on disk.
	maxUploads = 16
	// maxUploadsOfOperator keeps the other places free for others, however slowly the nodes
	// of one operator send.
	maxUploadsOfOperator = 4
	// raceTurn is how long one copy of a race may keep the others waiting with its result.
	// Whoever is slower races with them to the end: a node that drips must not hold up one
	// that is done.
	raceTurn = 30 * time.Second
)

// uploads are the places of results that come in. It is safe for concurrent use.
type uploads struct {
	mu      sync.Mutex // guards the fields below
	all     int
	of      map[common.Address]int // by operator
	changed chan struct{}          // closed and renewed when a place is free again
}

func newUploads() *uploads {
	return &uploads{of: map[common.Address]int{}, changed: make(chan struct{})}
}

// take gives a place to a node of the operator; give, which may be called again, returns it.
// Where there is none, it names when to ask again.
func (u *uploads) take(operator common.Address) (give func(), busy <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all >= maxUploads || u.of[operator] >= maxUploadsOfOperator {
		return nil, u.changed
	}
	u.all++
	u.of[operator]++
	return sync.OnceFunc(func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.all--
		if u.of[operator]--; u.of[operator] == 0 {
			delete(u.of, operator)
		}
		close(u.changed)
		u.changed = make(chan struct{})
	}), nil
}

// races lets one copy of a hedged task bring its result and have it judged, while the others
// still hold theirs: a loser whose result was taken would have worked for nothing and hold
// the clinic for a thief. It is safe for concurrent use.
type races struct {
	mu    sync.Mutex
	turns map[models.Digest]turn // by parent; guarded by mu
}

type turn struct {
	task  models.Digest
	since time.Time
	done  chan struct{} // closed when the turn ends
}

func newRaces() *races { return &races{turns: map[models.Digest]turn{}} }

// take gives a copy its turn; give ends it. While another one has it, left is how long at
// most and busy is closed when it ends.
func (p *races) take(parent, task models.Digest, now time.Time) (give func(), busy <-chan struct{}, left time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if other, taken := p.turns[parent]; taken && other.task != task {
		if left := other.since.Add(raceTurn).Sub(now); left > 0 {
			return nil, other.done, left
		}
	}
	done := make(chan struct{})
	p.turns[parent] = turn{task, now, done}
	return sync.OnceFunc(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.turns[parent].done == done {
			delete(p.turns, parent)
		}
		close(done)
	}), nil, 0
}

// allowed reports whether a result may still come in under the claim's lease.
func (t *task) allowed(ctx context.Context, c *claim) error {
	return t.do(ctx, func() error {
		if err := t.rec.Task.Holds(c.lease.Node, c.lease.Fence, t.b.Clock.Now()); err != nil {
			return err
		}
		if t.rec.Task.State != scheduler.Running {
			return scheduler.ErrNoLease
		}
		if t.over {
			return scheduler.ErrCopyLost
		}
		return nil
	})
}

// await waits for busy while the claim's lease stands, and no longer than limit.
func (b *Broker) await(t *task, c *claim, busy <-chan struct{}, limit time.Duration) error {
	select {
	case <-busy:
	case <-b.Clock.After(min(limit, b.Lease)):
	case <-b.ctx.Done():
	}
	return t.allowed(b.ctx, c)
}

// itsTurn waits until no other copy of the claim's race is coming in. Its error is what the
// node is told, whose result was not read yet.
func (b *Broker) itsTurn(t *task, c *claim) (give func(), err error) {
	if !b.inRace(c.rec) {
		return func() {}, nil
	}
	for {
		give, busy, left := b.races.take(t.parent, t.id, b.Clock.Now())
		if busy == nil {
			if b.raceOver(c.rec) { // it was won just now, and this copy is about to be called off
				give()
				return nil, scheduler.ErrCopyLost
			}
			return give, nil
		}
		if err := b.await(t, c, busy, left); err != nil {
			return nil, err
		}
	}
}

// placeFor waits for a place to take the claim's result in.
func (b *Broker) placeFor(t *task, c *claim) (give func(), err error) {
	seat := c.rec.Winner.seat()
	if seat.Operator == (common.Address{}) {
		seat.Operator = seat.Node // not on record: the node is taken for its own operator
	}
	for {
		give, busy := b.uploads.take(seat.Operator)
		if busy == nil {
			return give, nil
		}
		if err := b.await(t, c, busy, b.Lease); err != nil {
			return nil, err
		}
	}
}
