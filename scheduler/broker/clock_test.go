package broker_test

import (
	"context"
	"sync"
	"time"
)

// jumpClock is the real time until a test moves it on, or one moment where it is frozen.
// Waiters see the jump.
type jumpClock struct {
	ctx    context.Context // ends what still waits
	frozen time.Time       // zero: time passes

	mu     sync.Mutex // guards the fields below
	ahead  time.Duration
	jumped chan struct{} // closed and renewed with each jump
}

func newJumpClock(ctx context.Context) *jumpClock {
	return &jumpClock{ctx: ctx, jumped: make(chan struct{})}
}

// newFrozenClock keeps windows and timeouts out of a test: what it sees came by messages
// alone, however busy the machine is.
func newFrozenClock(ctx context.Context) *jumpClock {
	return &jumpClock{ctx: ctx, frozen: time.Now(), jumped: make(chan struct{})}
}

// at is the clock's time; c.mu is held.
func (c *jumpClock) at() time.Time {
	if c.frozen.IsZero() {
		return time.Now().Add(c.ahead)
	}
	return c.frozen.Add(c.ahead)
}

func (c *jumpClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at()
}

func (c *jumpClock) After(d time.Duration) <-chan time.Time {
	out, until := make(chan time.Time, 1), c.Now().Add(d)
	go func() {
		for {
			c.mu.Lock()
			jumped, now := c.jumped, c.at()
			c.mu.Unlock()
			if !now.Before(until) {
				out <- now
				return
			}
			var passed <-chan time.Time // never, where time is frozen
			if c.frozen.IsZero() {
				passed = time.After(until.Sub(now))
			}
			select {
			case <-passed:
			case <-jumped:
			case <-c.ctx.Done():
				return
			}
		}
	}()
	return out
}

func (c *jumpClock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
	close(c.jumped)
	c.jumped = make(chan struct{})
}
