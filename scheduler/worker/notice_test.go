package worker_test

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/worker"
)

// nextNotice waits for a notice that is wanted.
func nextNotice(t *testing.T, notices <-chan market.ReceivedNotice, what string, wanted func(scheduler.Notice) bool) scheduler.Notice {
	t.Helper()
	limit := time.After(testLimit)
	for {
		select {
		case r := <-notices:
			if wanted(r.Notice) {
				return r.Notice
			}
		case <-limit:
			t.Fatalf("no notice: %s", what)
		}
	}
}

// A clinic that comes later hears what the node holds, then that it is full, that it is
// free again, and that it is being drained.
func TestNoticesFollowTheNode(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	c := newClinic(t)
	notices, err := c.market.Notices(t.Context(), []string{"DE"})
	must(t, err)
	n := newNode(t, func(n *node, c *worker.Config) {
		c.Queue = 3 // no places that clinics should ask for
		c.Holdings = func() []scheduler.Holding { return []scheduler.Holding{{Package: packageID}} }
		n.executor.run = until(finish)
	})
	must(t, c.host.Connect(t.Context(), peer.AddrInfo{ID: n.host.ID(), Addrs: n.host.Addrs()}))
	first := nextNotice(t, notices, "the first", func(scheduler.Notice) bool { return true })
	must(t, first.Validate(time.Now()))
	if first.Node != n.key.Address() || first.Free != 1 || first.StatFree != 1 || first.Provider != "cpu" || first.PriceGwei != price ||
		len(first.Models) != 1 || first.Models[0].Package != packageID || first.Models[0].Promise != 5*time.Second || len(first.Addresses) == 0 {
		t.Errorf("%+v", first)
	}
	x := c.give(n, "fills it", scheduler.Routine)
	full := nextNotice(t, notices, "that it is full", func(n scheduler.Notice) bool { return n.Free == 0 })
	if !full.Issued.After(first.Issued) {
		t.Error("the second notice is not newer")
	}
	close(finish)
	c.awaitResult(x)
	nextNotice(t, notices, "that it is free again", func(n scheduler.Notice) bool { return n.Free == 1 })
	must(t, n.worker.Drain())
	nextNotice(t, notices, "that it takes no work", func(n scheduler.Notice) bool { return n.Free+n.StatFree == 0 })
}
