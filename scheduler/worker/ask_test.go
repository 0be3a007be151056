package worker_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

func TestAskedNodeBidsWorksAndIsPaid(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	x := c.newTask("asked", scheduler.STAT)
	must(t, c.ask(n, x, nil))
	if x.bid.PriceGwei != price || x.bid.Provider != "cpu" || x.bid.Promise != 5*time.Second || x.bid.Node != n.key.Address() {
		t.Errorf("bid %+v", x.bid)
	}
	must(t, c.award(n, x))
	c.awaitResult(x)
	n.await(worker.Forwarded, x.id)
	s := n.worker.Stats()
	if s.Asks != 1 || s.Bids != 1 || s.Awards != 1 || s.Receipts != 1 || s.FetchedBytes != uint64(len(x.sealed)) || s.RefetchedBytes != 0 {
		t.Errorf("%+v", s)
	}
	if status := n.status(); !status.Idle || status.Totals.EarnedGwei != price {
		t.Errorf("%+v", status)
	}
}

// A bid that lost gives its place back at once when the clinic says so, and after Hold when
// it says nothing.
func TestLostBidGivesItsPlaceBack(t *testing.T) {
	t.Parallel()
	won, lost := true, false
	for name, answer := range map[string]*bool{"won, then no award": &won, "lost": &lost, "no word": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, n := newClinic(t), newNode(t, func(_ *node, c *worker.Config) { c.Hold = 300 * time.Millisecond })
			first := c.newTask("first", scheduler.Routine)
			must(t, c.ask(n, first, answer))
			n.eventually("the place is free", func() bool { return n.status().Used == 0 })
			must(t, c.ask(n, c.newTask("second", scheduler.Routine), nil))
		})
	}
}

func TestAskIsRefusedWithItsReason(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	closed := errors.New("its hours begin at 18:00")
	for name, test := range map[string]struct {
		node  func(*worker.Config)
		offer func(*scheduler.Offer)
		says  string // to the clinic
		word  string // in the node's own count
	}{
		"another model":    {offer: func(o *scheduler.Offer) { o.Package = models.DigestOf([]byte("?")) }, says: "model", word: "model"},
		"outside":          {offer: func(o *scheduler.Offer) { o.Residency = []string{"FR"} }, says: "residency", word: "residency"},
		"expired":          {offer: func(o *scheduler.Offer) { o.Expires = time.Now().Add(-time.Second) }, says: "expired", word: "expired"},
		"lives too long":   {offer: func(o *scheduler.Offer) { o.Expires = time.Now().Add(time.Hour) }, says: "terms", word: "terms"},
		"another provider": {offer: func(o *scheduler.Offer) { o.Providers = []string{"cuda"} }, says: "provider", word: "provider"},
		"too large":        {node: func(c *worker.Config) { c.MaxPayloadBytes = 10 }, says: "larger", word: "payload size"},
		"too dear":         {node: func(c *worker.Config) { c.PriceGwei = 1e6 }, says: "ceiling", word: "price"},
		"too slow":         {node: func(c *worker.Config) { c.Promise = 2 * time.Hour }, says: "deadline", word: "deadline"},
		"closed":           {node: func(c *worker.Config) { c.Open = func(time.Time) error { return closed } }, says: "18:00", word: "closed"},
		"not listed":       {node: func(c *worker.Config) { c.Allow = func(common.Address) bool { return false } }, says: "list", word: "clinic not listed"},
		"another's offer":  {offer: func(o *scheduler.Offer) { o.Clinic = common.HexToAddress("0x1") }, says: "another", word: "other"},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, func(_ *node, c *worker.Config) {
				if test.node != nil {
					test.node(c)
				}
			})
			x := c.newTask(name, scheduler.Routine)
			if test.offer != nil {
				test.offer(&x.offer)
			}
			err := c.ask(n, x, nil)
			var refused *wire.Refused
			if !errors.As(err, &refused) || !strings.Contains(refused.Reason, test.says) {
				t.Errorf("%v; want a refusal that speaks of %q", err, test.says)
			}
			if s := n.worker.Stats(); s.NotBid[test.word] != 1 || n.status().Used != 0 {
				t.Errorf("counted as %v, %d places taken", s.NotBid, n.status().Used)
			}
		})
	}
}

// A clinic that asks without end empties its own bucket, and nobody else's.
func TestFloodOfQuestionsIsRefused(t *testing.T) {
	t.Parallel()
	flooder, other := newClinic(t), newClinic(t)
	n := newNode(t, func(_ *node, c *worker.Config) { c.Queue = 1000 })
	x := flooder.newTask("flood", scheduler.Routine)
	x.offer.Package = models.DigestOf([]byte("none")) // cheap to refuse
	n.eventually("the flooder is told to come later", func() bool {
		var refused *wire.Refused
		return errors.As(flooder.ask(n, x, nil), &refused) && strings.Contains(refused.Reason, "too many")
	})
	if err := other.ask(n, other.newTask("another's", scheduler.Routine), nil); err != nil {
		t.Errorf("another clinic: %v", err)
	}
}

func TestNodeThatIsFullSaysSo(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	c, n := newClinic(t), newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(finish) })
	first := c.give(n, "first", scheduler.Routine)
	n.started()
	second := c.newTask("second", scheduler.Routine)
	if err := c.ask(n, second, nil); err == nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("asked a full node: %v", err)
	}
	close(finish)
	c.awaitResult(first)
	n.await(worker.Receipt, first.id)
	must(t, c.ask(n, second, nil))
}

// A clinic that asks and never decides holds a node's only place twice, then others have it.
func TestDecoyIsLeftAlone(t *testing.T) {
	t.Parallel()
	decoy, honest := newClinic(t), newClinic(t)
	n := newNode(t, func(_ *node, c *worker.Config) { c.Hold = 200 * time.Millisecond })
	for _, name := range []string{"one", "two"} {
		must(t, decoy.ask(n, decoy.newTask(name, scheduler.Routine), nil))
		n.eventually("its place is free", func() bool { return n.status().Used == 0 })
	}
	decoy.refuses(n, "three", "undecided")
	honest.awaitResult(honest.give(n, "honest", scheduler.Routine))
}
