package broker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/directory"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// list enters members into a directory by the notices that honest nodes would send.
func list(t *testing.T, d *directory.Directory, members ...*member) {
	t.Helper()
	for _, m := range members {
		n := noticeOf(m)
		must(t, d.Observe(n, m.host.ID(), time.Now()))
	}
}

func noticeOf(m *member) scheduler.Notice {
	now := time.Now()
	return scheduler.Notice{Node: m.address(), Addresses: wire.HostAddresses(m.host), Jurisdiction: "DE", Tier: 1, Provider: "cpu", MemoryBytes: 1 << 30,
		PriceGwei: 1000, Models: []scheduler.Holding{{Package: packageID, Promise: 5 * time.Second}}, Free: 1, StatFree: 1,
		Issued: now, Expires: now.Add(scheduler.MaxNoticeLife)}
}

func emergency(name string) broker.Submission {
	s := submission(name)
	s.Priority = scheduler.STAT
	return s
}

func kinds(events []broker.Event, kind broker.Kind) []broker.Event {
	return slices.DeleteFunc(events, func(e broker.Event) bool { return e.Kind != kind })
}

// No gossip stands between a clinic and the nodes that it knows.
func TestEmergencyAsksTheBestKnownNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	known := directory.New(0)
	c := newClinic(t, ctx, func(b *broker.Config) { b.Directory, b.Clock, b.RoundWait = known, newFrozenClock(ctx), testLimit })
	for range 6 {
		list(t, known, newNode(t, ctx, nil).member)
	}
	s := emergency("known nodes")
	before := time.Now()
	must(t, c.broker.Submit(ctx, s))
	c.await(broker.Accepted)
	t.Logf("submission to the node's yes in %v, without a connection before", time.Since(before))
	c.wantResult(c.wait(s.Task))
	if asked, announced := kinds(c.events.all(), broker.Asked), kinds(c.events.all(), broker.Offered); len(asked) != 1 || len(announced) != 0 {
		t.Errorf("%d times asked, %d times announced; want 1 and none", len(asked), len(announced))
	}
	st := c.broker.Stats()
	if st.Asked != 5 || st.Announced != 0 || st.AskAnswers["bid"] < 2 || st.Accepted != 1 || st.OfferToAward["STAT"].Counts[0] != 1 {
		t.Errorf("%+v", st)
	}
}

func TestEmergencyGoesOnGossipToo(t *testing.T) {
	t.Parallel()
	for name, asked := range map[string]func(*testing.T, *broker.Config) *directory.Directory{
		"where nobody is known": func(*testing.T, *broker.Config) *directory.Directory { return directory.New(0) },
		"where those who are known do not answer": func(t *testing.T, _ *broker.Config) *directory.Directory {
			known := directory.New(0)
			for range 3 {
				silent := newMember(t, t.Context())
				silent.host.SetStreamHandler(wire.AskProtocol, func(raw network.Stream) { // never answers
					<-t.Context().Done()
					_ = raw.Reset()
				})
				list(t, known, silent)
			}
			return known
		},
		"where those who are known refuse": func(t *testing.T, _ *broker.Config) *directory.Directory {
			known := directory.New(0)
			for range 3 {
				list(t, known, newNode(t, t.Context(), func(w *worker.Config) { w.PriceGwei = 1 << 40 }).member)
			}
			return known
		},
		"where those who are known have gone": func(t *testing.T, _ *broker.Config) *directory.Directory {
			known := directory.New(0)
			for range 3 {
				gone := newMember(t, t.Context())
				list(t, known, gone)
				must(t, gone.host.Close())
			}
			return known
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			c := newClinic(t, ctx, func(b *broker.Config) { b.Directory = asked(t, b) })
			n := newNode(t, ctx, nil)
			c.connect(n.member)
			c.awaitMembers(1)
			s := emergency(name)
			must(t, c.broker.Submit(ctx, s))
			o := c.wait(s.Task)
			c.wantResult(o)
			if o.Node != n.address() || c.broker.Stats().Announced == 0 {
				t.Errorf("done by %s; %+v", o.Node, c.broker.Stats())
			}
		})
	}
}

// The many names of one operator do not fill a clinic's shortlist.
func TestOneOperatorsNamesAreNotAllAsked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	known := directory.New(0)
	honest := map[common.Address]bool{}
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Directory, b.Clock, b.RoundWait = known, newFrozenClock(ctx), testLimit
		b.Operator = func(node common.Address) (common.Address, bool) {
			if honest[node] {
				return node, true
			}
			return common.HexToAddress("0x5b11"), true
		}
	})
	for range 8 { // names, of which nobody answers
		list(t, known, newMember(t, ctx))
	}
	for range 4 {
		n := newNode(t, ctx, nil)
		honest[n.address()] = true
		list(t, known, n.member)
	}
	s := emergency("many names")
	must(t, c.broker.Submit(ctx, s))
	c.wantResult(c.wait(s.Task))
	if st := c.broker.Stats(); st.AskAnswers["bid"] != 4 {
		t.Errorf("%d honest nodes were asked, want all 4: %+v", st.AskAnswers["bid"], st)
	}
}

// A routine task has time for the market.
func TestRoutineTaskIsAnnounced(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	known := directory.New(0)
	c := newClinic(t, ctx, func(b *broker.Config) { b.Directory = known })
	n := newNode(t, ctx, nil)
	list(t, known, n.member)
	c.connect(n.member)
	c.wantResult(c.wait(c.submit("routine")))
	if st := c.broker.Stats(); st.Asked != 0 || st.Announced == 0 {
		t.Errorf("%+v", st)
	}
}

// The residency set holds for questions as it does for gossip, whatever the directory says.
func TestNodesOutsideTheResidencySetAreNotAsked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	known := directory.New(0)
	outside := newRogue(t, ctx)
	outside.host.SetStreamHandler(wire.AskProtocol, func(raw network.Stream) {
		t.Error("a node outside the residency set was asked")
		_ = raw.Reset()
	})
	abroad := noticeOf(outside.member)
	abroad.Jurisdiction = "US"
	must(t, known.Observe(abroad, outside.host.ID(), time.Now()))
	c := newClinic(t, ctx, func(b *broker.Config) { b.Directory, b.Clock, b.RoundWait = known, newFrozenClock(ctx), testLimit })
	for range 2 {
		list(t, known, newNode(t, ctx, nil).member)
	}
	s := emergency("residency")
	must(t, c.broker.Submit(ctx, s))
	c.wantResult(c.wait(s.Task))
	if st := c.broker.Stats(); st.Asked != 2 {
		t.Errorf("%d nodes were asked, want 2", st.Asked)
	}
}

// Bids that answer a question are judged as any other.
func TestFalseAnswersAreRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	known := directory.New(0)
	lies := map[string]func(*scheduler.Bid){
		"in another's name": func(b *scheduler.Bid) { b.Node[0] ^= 1 },
		"another task":      func(b *scheduler.Bid) { b.Task[0] ^= 1 },
		"too dear":          func(b *scheduler.Bid) { b.PriceGwei = 5001 },
		"elsewhere":         func(b *scheduler.Bid) { b.Jurisdiction = "US" },
	}
	for _, lie := range lies {
		r := newRogue(t, ctx)
		r.host.SetStreamHandler(wire.AskProtocol, func(raw network.Stream) {
			s, err := wire.Inbound(raw, r.key, testLimit)
			if err != nil {
				return
			}
			m, err := wire.Expect[*wire.Offer](s.Reader, wire.MaxControl, s.Peer)
			if err != nil {
				return
			}
			o, err := m.Value()
			if err != nil {
				t.Error(err)
				return
			}
			bid := r.goodBid(o)
			lie(&bid)
			_ = s.Send(wire.NewBid(bid)) // the clinic may have hung up
		})
		list(t, known, r.member)
	}
	c := newClinic(t, ctx, func(b *broker.Config) { b.Directory = known })
	n := newNode(t, ctx, nil)
	list(t, known, n.member)
	c.connect(n.member)
	s := emergency("lies")
	must(t, c.broker.Submit(ctx, s))
	o := c.wait(s.Task)
	c.wantResult(o)
	if o.Node != n.address() || len(o.Bids) != 1 {
		t.Errorf("done by %s after %d bids", o.Node, len(o.Bids))
	}
}

// A clinic that has offered a model once keeps connections to its best nodes.
func TestConnectionsToTheBestNodesAreKept(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	known := directory.New(0)
	c := newClinic(t, ctx, func(b *broker.Config) { b.Directory = known })
	var nodes []*member
	for range 3 {
		nodes = append(nodes, newMember(t, ctx))
	}
	list(t, known, nodes...)
	c.broker.KeepWarm(scheduler.Offer{Package: packageID, Residency: []string{"DE"}, CeilingGwei: 5000})
	deadline := time.After(testLimit)
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	connected := func() bool {
		return !slices.ContainsFunc(nodes, func(m *member) bool { return c.host.Network().Connectedness(m.host.ID()) != network.Connected })
	}
	for !connected() {
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("the nodes are not connected")
		}
	}
}
