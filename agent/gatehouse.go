package agent

import (
	"context"
	"sync"
	"time"
)

// gatehouse holds the gatekeeper of the limits that are in force; new limits get a new one.
// It is safe for concurrent use.
type gatehouse struct {
	mu      sync.Mutex // guards keeper
	keeper  *gatekeeper
	changed chan struct{} // filled when keeper is another one
}

// limit makes the node's gatekeeper. It stands before the enrolment, so that a wrong flag costs
// no registration.
func (n *Node) limit(ctx context.Context) error {
	keeper, err := newGatekeeper(ctx, n, n.conf.Limits)
	n.gate = &gatehouse{keeper: keeper, changed: make(chan struct{}, 1)}
	return err
}

func (h *gatehouse) present() *gatekeeper {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.keeper
}

// replace puts other limits into force.
func (h *gatehouse) replace(keeper *gatekeeper) {
	h.mu.Lock()
	h.keeper = keeper
	h.mu.Unlock()
	select {
	case h.changed <- struct{}{}:
	default: // watch has not seen the last change yet
	}
}

// open is nil where the node takes new work, and else says why not and what would help.
func (h *gatehouse) open(now time.Time) error { return h.present().open(now) }

// limited says which limit on power or heat keeps work away; nil where none does.
func (h *gatehouse) limited() error { return h.present().limited() }

// looked is what the last look at power and heat told.
func (h *gatehouse) looked() (watts, celsius *float64) { return h.present().looked() }

// watch looks at power and heat, by the limits in force, until ctx ends.
func (h *gatehouse) watch(ctx context.Context) {
	for ctx.Err() == nil {
		turn, end := context.WithCancel(ctx)
		var watching sync.WaitGroup
		watching.Go(func() { h.present().watch(turn) })
		select {
		case <-ctx.Done():
		case <-h.changed:
		}
		end()
		watching.Wait()
	}
}
