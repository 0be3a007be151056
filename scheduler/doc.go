// Package scheduler is the pure core of the task market: the states of a task,
// its lease and fencing number, which bids are good enough, how one of them is
// chosen, and who may bid at all. In: values, the time and randomness. Out: new
// values or a named refusal. It never opens a socket, a file or a goroutine; the
// clinic's side (broker) and the node's side (worker) stand around it.
package scheduler

import "time"

// Clock is the time as brokers and workers see it, so that tests can move it.
type Clock interface {
	Now() time.Time
	// After delivers the time once, when d has passed.
	After(d time.Duration) <-chan time.Time
}

// SystemClock is the machine's clock; its times carry the monotonic reading that
// leases are measured with.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now() }

// After implements Clock.
func (SystemClock) After(d time.Duration) <-chan time.Time { return time.After(d) }
