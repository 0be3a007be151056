package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/wire"
)

// bidAlways answers every offer with a bid that is meant to win, until the test ends.
func (r *rogue) bidAlways(c *clinic) {
	ctx, cancel := context.WithCancel(r.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case o := <-r.offers:
				s, err := wire.Dial(ctx, r.host, c.host.ID(), wire.HostAddresses(c.host), wire.BidProtocol, r.key, testLimit)
				if err != nil {
					continue
				}
				_ = s.Send(wire.NewBid(r.goodBid(o.Offer)))
				defer s.Close()
			case <-ctx.Done():
				return
			}
		}
	}()
	r.t.Cleanup(func() { cancel(); <-done })
}

// Awards that nobody says yes to are no attempts: the one attempt is left for the node that
// comes at last, and from the third on there is a pause before each.
func TestAwardsWithoutAYesAreNoAttempts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.MaxAttempts, b.RoundWait, b.BidWindow = 1, 100*time.Millisecond, 50*time.Millisecond
	})
	r := newRogue(t, ctx)
	r.accept = func(a *wire.Accept) { a.Accepted = false }
	c.connect(r.member)
	r.bidAlways(c)
	id := c.submit("no yes")
	lost := 0
	c.events.await(t, "four awards that were lost", func(e broker.Event) bool {
		if e.Kind == broker.TryFailed {
			lost++
		}
		return lost == 4
	})
	tasks, err := c.broker.Tasks(0)
	must(t, err)
	if s := tasks[0].State; s.Final() {
		t.Fatalf("it is %s: %s", s, tasks[0].Reason)
	}
	n := newNode(t, ctx, nil)
	n.connect(c.member)
	o := c.wait(id)
	c.wantResult(o)
	if o.Node != n.address() {
		t.Errorf("done by %s", o.Node)
	}
}
