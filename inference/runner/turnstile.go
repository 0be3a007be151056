package runner

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
)

// Priority is how urgent a job is.
type Priority int

// The priorities. A Stat job stops one of a lower priority in the middle of its
// computation; an Urgent one goes before those that wait.
const (
	Routine Priority = iota
	Urgent
	Stat
)

// turnstile lets one job at a time compute, over all models: a second computation would
// take from the first what it gains, while reading and reporting need little of what an
// inference uses. It is safe for concurrent use.
type turnstile struct {
	mu      sync.Mutex // guards all fields, and state and seat of every turn
	seats   uint64     // handed out so far
	holder  *turn
	waiting []*turn
	frozen  []*turn // stopped by a Stat job; the last one goes on first
}

// computing is what a turn asks of its job's child.
type computing interface {
	freeze() error // stops it where it stands
	thaw()         // lets it go on
}

// turn is one job's way through a turnstile.
type turn struct {
	stile    *turnstile
	priority Priority
	giveWay  func()    // ends the job so that it can be done again later, where freezing fails
	child    computing // set before enter

	seat    uint64 // order of arrival
	granted chan struct{}
}

// newTurn makes a turn that has not been asked for yet.
func (s *turnstile) newTurn(p Priority, giveWay func()) *turn {
	return &turn{stile: s, priority: p, giveWay: giveWay, granted: make(chan struct{})}
}

// enter waits until the job may compute. It ends early with ctx, or when the child is
// dead; leave must be called in any case.
func (t *turn) enter(ctx context.Context, dead <-chan struct{}) error {
	s := t.stile
	s.mu.Lock()
	s.seats++
	t.seat = s.seats
	s.waiting = append(s.waiting, t)
	if h := s.holder; h != nil && t.priority == Stat && h.priority < Stat {
		if h.child.freeze() == nil {
			s.frozen = append(s.frozen, h)
			s.holder = nil
		} else {
			h.giveWay() // and its leave opens the stile
		}
	}
	s.advance()
	s.mu.Unlock()
	select {
	case <-t.granted:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to compute: %w", ctx.Err())
	case <-dead:
		return io.EOF
	}
}

// leave lets the next one compute, or takes t from the queue. A second leave, and one
// without enter, do nothing.
func (t *turn) leave() {
	s := t.stile
	s.mu.Lock()
	defer s.mu.Unlock()
	is := func(other *turn) bool { return other == t }
	if s.holder == t {
		s.holder = nil
	}
	s.waiting = slices.DeleteFunc(s.waiting, is)
	if slices.ContainsFunc(s.frozen, is) { // it had computed when it was stopped
		s.frozen = slices.DeleteFunc(s.frozen, is)
		t.child.thaw()
	}
	s.advance()
}

// advance gives a free stile to the best one: a waiting Stat, then who was stopped last,
// then who waits with the highest priority, first come first served. Callers hold mu.
func (s *turnstile) advance() {
	if s.holder != nil {
		return
	}
	best := -1
	for i, w := range s.waiting {
		if best < 0 || w.priority > s.waiting[best].priority || w.priority == s.waiting[best].priority && w.seat < s.waiting[best].seat {
			best = i
		}
	}
	if last := len(s.frozen) - 1; last >= 0 && (best < 0 || s.waiting[best].priority < Stat) {
		s.holder = s.frozen[last]
		s.frozen = s.frozen[:last]
		s.holder.child.thaw()
		return
	}
	if best >= 0 {
		s.holder = s.waiting[best]
		s.waiting = slices.Delete(s.waiting, best, best+1)
		close(s.holder.granted)
	}
}
