package sim_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// enmity is how a hostile member attacks.
type enmity int

const (
	peaceful enmity = iota
	vandal          // gossips what no honest peer would forward
	stranger        // floods offers as a clinic that no registry lists
	decoy           // is a listed clinic that takes everybody's bids and never awards
	sybil           // bids a pittance under one of many names and never takes an award
	staller         // takes the award, reports as if it worked, and never returns
	liar            // returns a result that is none
	silent          // is there and does nothing: what the others are compared with
)

// names are what -enemies says.
var names = map[string]enmity{"vandal": vandal, "stranger": stranger, "decoy": decoy, "sybil": sybil, "staller": staller, "liar": liar}

// parseEnemies reads a list of kinds.
func parseEnemies(text string) ([]enmity, error) {
	var list []enmity
	for name := range strings.SplitSeq(text, ",") {
		e, ok := names[name]
		if !ok {
			return nil, fmt.Errorf("enemy %.20q: want %v", name, slices.Sorted(maps.Keys(names)))
		}
		list = append(list, e)
	}
	return list, nil
}

// mannerless enemies gossip by their own rules.
func (e enmity) mannerless() bool { return e == vandal || e == stranger || e == decoy }

// How hard they try.
const (
	vandalEvery   = 10 * time.Millisecond
	strangerEvery = 20 * time.Millisecond
	decoyEvery    = 250 * time.Millisecond
	sybilNotice   = 5 * time.Second
	sybilPatience = 5 * time.Second // for a stream
)

// attack starts a hostile node's work.
func (w *world) attack(n *node) {
	switch n.enmity {
	case staller, liar:
		w.work(n)
	case vandal:
		w.vandalise(n)
	case stranger:
		w.flood(n, strangerEvery)
	case decoy:
		n.host.SetStreamHandler(wire.BidProtocol, func(s network.Stream) { <-n.ctx.Done() })
		w.flood(n, decoyEvery)
	case sybil:
		w.undercut(n)
	}
}

// gossip is a hostile member's own: without validators, queues or manners.
func (w *world) gossip(n *node) *pubsub.Topic {
	ps, err := pubsub.NewGossipSub(n.ctx, n.host, pubsub.WithMessageSignaturePolicy(pubsub.StrictSign), pubsub.WithFloodPublish(true))
	must(w.t, err)
	topic, err := ps.Join(market.OfferTopic(region, 0))
	must(w.t, err)
	return topic
}

// every does something at a pace until the member leaves.
func (n *node) every(pace time.Duration, do func()) {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do()
		case <-n.ctx.Done():
			return
		}
	}
}

func (w *world) vandalise(n *node) {
	topic := w.gossip(n)
	n.runs.Go(func() {
		count := 0
		n.every(vandalEvery, func() {
			count++
			_ = topic.Publish(n.ctx, fmt.Appendf(nil, "no envelope %d", count))
		})
	})
}

// bait is a well-formed offer that nobody means.
func (n *node) bait(count int) scheduler.Offer {
	return scheduler.Offer{
		Task: models.DigestOf(fmt.Appendf(nil, "bait %d %d", n.index, count)), Package: packageID, Clinic: n.address(), Addresses: wire.HostAddresses(n.host),
		Payload: transfer.CID([]byte("nothing")), PayloadBytes: payloadBytes, MemoryBytes: 1 << 20, Deadline: time.Now().Add(patience),
		Expires: time.Now().Add(time.Minute), Residency: []string{region}, CeilingGwei: 100 * price, Round: 1, Threshold: ^uint64(0),
	}
}

func (w *world) flood(n *node, pace time.Duration) {
	topic := w.gossip(n)
	n.runs.Go(func() {
		count := 0
		n.every(pace, func() {
			count++
			m, err := wire.NewOffer(n.bait(count))
			if err != nil {
				w.t.Errorf("bait: %v", err)
				return
			}
			data, err := wire.Encode(m, n.key.ECDSA())
			if err != nil {
				w.t.Errorf("bait: %v", err)
				return
			}
			_ = topic.Publish(n.ctx, data)
		})
	})
}

// undercut bids on everything for next to nothing, says so in notices, and hangs up on
// every award.
func (w *world) undercut(n *node) {
	recipient, err := transfer.NewRecipient()
	must(w.t, err)
	n.host.SetStreamHandler(wire.AwardProtocol, func(network.Stream) { <-n.ctx.Done() })
	n.host.SetStreamHandler(wire.AskProtocol, func(raw network.Stream) {
		defer raw.Close()
		s, err := wire.Inbound(raw, n.key, sybilPatience)
		if err != nil {
			return
		}
		m, err := wire.Expect[*wire.Offer](s.Reader, wire.MaxControl, s.Peer)
		if err != nil {
			return
		}
		if o, err := m.Value(); err == nil && s.Send(wire.NewBid(n.pittance(o, recipient))) == nil {
			_, _ = wire.Expect[*wire.BidReply](s.Reader, wire.MaxControl, s.Peer)
		}
	})
	offers, err := n.market.Subscribe(n.ctx, region, 1)
	must(w.t, err)
	n.runs.Go(func() {
		for o := range offers {
			n.runs.Go(func() { n.undercutOne(o, recipient) })
		}
	})
	n.runs.Go(func() { n.every(sybilNotice, n.boast) })
}

// boast says a notice that nobody could resist.
func (n *node) boast() {
	now := time.Now().Truncate(time.Millisecond)
	_ = n.market.Announce(n.ctx, scheduler.Notice{
		Node: n.address(), Addresses: wire.HostAddresses(n.host), Jurisdiction: region, Tier: 4, Provider: "cpu", MemoryBytes: 1 << 40, PriceGwei: 1,
		Models: []scheduler.Holding{{Package: packageID, Promise: time.Second}}, Free: 64, StatFree: 64, Issued: now, Expires: now.Add(scheduler.MaxNoticeLife),
	}, n.key)
}

// pittance is the bid of a node that will not do the work.
func (n *node) pittance(o scheduler.Offer, recipient transfer.Recipient) scheduler.Bid {
	return scheduler.Bid{
		Task: o.Task, Package: o.Package, Round: o.Round, Node: n.address(), Clinic: o.Clinic, PriceGwei: 1,
		Promise: time.Second, Hold: scheduler.MaxBidHold, Tier: 4, Jurisdiction: region, MemoryBytes: 1 << 40, Provider: "cpu", HPKEKey: recipient.Public(),
		Addresses: wire.HostAddresses(n.host),
	}
}

func (n *node) undercutOne(o market.Received, recipient transfer.Recipient) {
	s, err := wire.Dial(n.ctx, n.host, o.Clinic, o.Offer.Addresses, wire.BidProtocol, n.key, sybilPatience)
	if err != nil {
		return
	}
	defer s.Close()
	_ = s.Send(wire.NewBid(n.pittance(o.Offer, recipient)))
}

// cheat is what a hostile node's executor does instead of the job.
func (n *node) cheat(ctx context.Context) (worker.Output, error) {
	if n.enmity == liar {
		return worker.Output{Result: []byte("all is well"), Provider: "cpu", Runtime: "played 1", EnergyBasis: "unmeasured"}, nil
	}
	<-ctx.Done()
	return worker.Output{}, errors.New("stalled")
}
