package worker_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// settles makes the clinic take results and give this back for a signature.
func (c *clinic) settles(with func(x *task, honest *attest.SignedReceipt) []byte) {
	c.answer(func() {
		c.onResult = func(x *task, honest *attest.SignedReceipt) *wire.ResultAck {
			return &wire.ResultAck{Task: x.id[:], Fence: x.fence, Settled: true, Receipt: with(x, honest), Reason: "thank you"}
		}
	})
}

// A clinic that takes results and does not countersign is worked for three times, not a
// fourth, also after a restart; others are served as before, and the node keeps its side of
// the receipts.
func TestClinicThatDoesNotCountersign(t *testing.T) {
	t.Parallel()
	stranger, err := identity.Generate()
	must(t, err)
	for name, with := range map[string]func(x *task, honest *attest.SignedReceipt) []byte{
		"nothing": func(*task, *attest.SignedReceipt) []byte { return nil },
		"noise":   func(*task, *attest.SignedReceipt) []byte { return []byte("{}") },
		"another's signature": func(_ *task, honest *attest.SignedReceipt) []byte {
			forged := *honest
			forged.ClinicSig, err = attest.Sign(forged.Acceptance.Hash(domain), stranger.ECDSA())
			must(t, err)
			return encode(t, forged)
		},
		"a cheaper receipt": func(_ *task, honest *attest.SignedReceipt) []byte {
			forged := *honest
			forged.Receipt.PriceGwei = 1
			return encode(t, forged)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bad, good, n := newClinic(t), newClinic(t), newNode(t, nil)
			bad.settles(with)
			for _, name := range []string{"one", "two", "three"} {
				x := bad.give(n, name, scheduler.Routine)
				n.await(worker.Unsigned, x.id)
				n.eventually("its place is free", func() bool { return n.status().Idle })
			}
			bad.refuses(n, "four", "without countersigning")
			good.awaitResult(good.give(n, "honest", scheduler.Routine))
			list, err := n.worker.Unsigned()
			must(t, err)
			if len(list) != 3 || list[0].Receipt.Clinic != bad.key.Address() || list[0].Receipt.PriceGwei != price {
				t.Errorf("kept receipts: %+v", list)
			}
			if s := n.status(); s.Unsigned != 3 || s.Avoided != 1 || s.Totals.Failed != 3 {
				t.Errorf("%+v", s)
			}
			again := n.restart(n.kill(), nil)
			bad.refuses(again, "after the restart", "without countersigning")
		})
	}
}

// shifted is the machine's clock, set forward by a test.
type shifted struct {
	scheduler.SystemClock
	by *atomic.Int64 // nanoseconds
}

func (c shifted) Now() time.Time { return c.SystemClock.Now().Add(time.Duration(c.by.Load())) }

// A clinic that takes results and falls silent is avoided as soon as they are overdue. The
// results are still offered, and settle it when it signs.
func TestClinicThatFallsSilent(t *testing.T) {
	t.Parallel()
	var by atomic.Int64
	c, n := newClinic(t), newNode(t, func(_ *node, c *worker.Config) { c.Clock = shifted{by: &by} })
	c.answer(func() { c.onResult = func(*task, *attest.SignedReceipt) *wire.ResultAck { return nil } })
	var tasks []*task
	for _, name := range []string{"one", "two", "three"} {
		x := c.give(n, name, scheduler.Routine)
		c.awaitResult(x)
		n.eventually("its place is free", func() bool { return n.status().Used == 0 })
		tasks = append(tasks, x)
	}
	for _, x := range tasks { // the second time, it has noted the first
		n.eventually("the result is sent again", func() bool { return count[*wire.ResultHeader](c, x) > 1 })
	}
	if s := n.status(); s.Undelivered != 3 {
		t.Errorf("%+v", s)
	}
	by.Store(int64(11 * time.Minute))
	x := c.newTask("four", scheduler.Routine)
	x.offer.Expires = time.Now().Add(12 * time.Minute)
	if err := c.ask(n, x, nil); err == nil || !strings.Contains(err.Error(), "without countersigning") {
		t.Errorf("asked for a fourth: %v", err)
	}
	c.answer(func() { c.onResult = nil })
	for _, x := range tasks {
		n.await(worker.Receipt, x.id)
	}
	x.offer.Round++
	must(t, c.ask(n, x, nil))
	if s := n.status(); s.Unsigned != 0 || s.Totals.Accepted != 3 {
		t.Errorf("%+v", s)
	}
}

// An hour after its deadline nobody wants a result any more: it is given up, and counts.
func TestResultIsGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	var by atomic.Int64
	c, n := newClinic(t), newNode(t, func(_ *node, c *worker.Config) { c.Clock = shifted{by: &by} })
	c.answer(func() { c.onResult = func(*task, *attest.SignedReceipt) *wire.ResultAck { return nil } })
	x := c.give(n, "late", scheduler.Routine)
	n.eventually("the result is sent again", func() bool { return count[*wire.ResultHeader](c, x) > 1 })
	by.Store(int64(3 * time.Hour))
	n.await(worker.Unsigned, x.id)
	n.eventually("nothing is left", func() bool { return n.status().Idle })
}
