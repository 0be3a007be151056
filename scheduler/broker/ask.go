package broker

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/directory"
	"github.com/medhive/medhive/scheduler/wire"
)

// Direct questions of an emergency.
const (
	// asks is how many of the best known nodes are asked at once.
	asks = 5
	// lookedAt is how many of the best the five are chosen among, so that one operator's
	// many names are asked only where there is nobody else.
	lookedAt = 4 * asks
	// spareAsks is how many further ones are asked instead of nodes without a connection.
	spareAsks = 3
	// wantedOfAsked is how many of them must bid, or the offer goes on gossip too.
	wantedOfAsked = 2
	// askWait is how long gossip waits for them: as long as the far side of a continent
	// takes to answer on a connection that stands.
	askWait = 150 * time.Millisecond
	// everybody is a threshold that no draw misses: a node that is asked by name needs no
	// luck.
	everybody = math.MaxUint64
)

// ask puts the round's offer to the best nodes of the directory, in the loop.
func (t *task) ask() {
	b := t.b
	entries := t.shortlist()
	r := &t.round
	r.asked, r.asking = len(entries), len(entries)
	if len(entries) < wantedOfAsked {
		return // announceAt is now
	}
	r.announceAt = b.Clock.Now().Add(askWait)
	b.tally.count(func(s *Stats) { s.Asked += uint64(len(entries)) })
	b.emit(t.rec, Asked, Event{Text: fmt.Sprintf("round %d, the best %d of %d known nodes", t.rec.Task.Round, len(entries), b.Directory.Len())})
	for _, e := range entries {
		o, wait := r.offer, r.wait
		b.running.Go(func() { t.askNode(e, o, wait) })
	}
}

// shortlist are the nodes that the round asks, of distinct operators first. Copies of one task ask different ones: the
// directory ranks by the parent's id, and each copy takes its share.
func (t *task) shortlist() []directory.Entry {
	b, o, now := t.b, t.round.offer, t.b.Clock.Now()
	share, copies := 0, 1
	var taken []scheduler.Seat
	if !t.parent.IsZero() {
		o.Task, share, copies = t.parent, t.rec.Copy, max(1, t.rec.Copies)
		taken = b.others(t.rec)
	}
	score := func(node common.Address) float64 { return b.Score(node) * math.Exp2(-float64(b.absent.weight(node))) }
	best := b.Directory.Best(o, lookedAt*copies, now, score, b.holding)
	var list, rest []directory.Entry
	asked := taken
	for n, e := range best {
		operator, err := b.registered(e.Notice.Node, e.Notice.Jurisdiction)
		seat := scheduler.Seat{Node: e.Notice.Node, Operator: operator}
		switch {
		case n%copies != share || err != nil || scheduler.EligibleNotice(o, e.Notice, now) != nil || scheduler.Spread(taken, seat) != nil:
		case scheduler.Spread(asked, seat) != nil:
			rest = append(rest, e)
		default:
			list, asked = append(list, e), append(asked, seat)
		}
	}
	list = list[:min(len(list), asks+spareAsks)]
	// Among the good ones, those that need no handshake: it costs three or four delays.
	slices.SortStableFunc(list, func(a, c directory.Entry) int { return b.coldness(a) - b.coldness(c) })
	list = append(list, rest...)
	return list[:min(len(list), asks)]
}

// coldness is 0 for a node that is connected, else 1.
func (b *Broker) coldness(e directory.Entry) int {
	if b.Host.Network().Connectedness(e.Peer) == network.Connected {
		return 0
	}
	return 1
}

// askNode is Offer, Bid or Refusal, BidReply.
func (t *task) askNode(e directory.Entry, o scheduler.Offer, wait time.Duration) {
	b := t.b
	ctx, cancel := context.WithTimeout(b.ctx, wait)
	s, bid, err := b.question(ctx, e, o)
	cancel()
	var reply chan *wire.BidReply
	taken := t.do(b.ctx, func() error {
		if t.rec.Task.Round == o.Round {
			t.round.asking--
		}
		if err != nil {
			return err
		}
		reply = make(chan *wire.BidReply, 1)
		return t.take(bidder{bid: bid, peer: e.Peer, seat: scheduler.Seat{Subnet: subnetOf(s.Conn())}, reply: reply})
	})
	b.tally.count(func(st *Stats) { st.AskAnswers[askAnswer(err, taken)]++ })
	if err != nil {
		if !isRefusal(err) && b.ctx.Err() == nil {
			b.Directory.Forget(e.Notice.Node) // its next notice brings it back
		}
		b.Log.Debug("asked node did not bid", "task", o.Task.Short(), "node", e.Notice.Node, "reason", err)
		return
	}
	defer s.Close()
	if taken != nil {
		_ = s.Send(&wire.BidReply{Task: o.Task[:], Reason: wire.Reason(taken.Error())}) // a courtesy
		return
	}
	if err := b.answerBid(s, bid, reply); err != nil {
		b.Log.Debug("asked node not told how its bid went", "task", o.Task.Short(), "node", bid.Node, "error", err)
	}
}

// askAnswer is the word that an answer is counted under.
func askAnswer(err, taken error) string {
	switch {
	case err == nil && taken == nil:
		return "bid"
	case err == nil:
		return "bid refused"
	case isRefusal(err):
		return "refused"
	}
	return "no answer"
}

// refusal is a node's no to a direct question.
type refusal string

func (r refusal) Error() string { return "the node says no: " + string(r) }

func isRefusal(err error) bool { _, ok := err.(refusal); return ok }

// question puts one offer to one node. Its stream stays open after a bid.
func (b *Broker) question(ctx context.Context, e directory.Entry, o scheduler.Offer) (*wire.Stream, scheduler.Bid, error) {
	var bid scheduler.Bid
	if !slices.Contains(o.Residency, e.Notice.Jurisdiction) { // the directory has looked, and here it is looked again
		return nil, bid, scheduler.ErrResidency
	}
	message, err := wire.NewOffer(o)
	if err != nil {
		return nil, bid, err
	}
	s, err := wire.Dial(ctx, b.Host, e.Peer, e.Notice.Addresses, wire.AskProtocol, b.Key, replyTimeout)
	if err != nil {
		return nil, bid, err
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
	defer stop()
	bid, err = b.hear(s, message, e.Notice.Node)
	if err != nil {
		_ = s.Reset()
		return nil, bid, err
	}
	return s, bid, nil
}

func (b *Broker) hear(s *wire.Stream, message *wire.Offer, node common.Address) (bid scheduler.Bid, err error) {
	if s.Peer != node {
		return bid, fmt.Errorf("it is %s who answers: %w", s.Peer, wire.ErrSignature)
	}
	if err := s.Send(message); err != nil {
		return bid, err
	}
	answer, err := s.Next(wire.MaxControl)
	if err != nil {
		return bid, err
	}
	if answer.Signer != node {
		return bid, fmt.Errorf("answer signed by %s: %w", answer.Signer, wire.ErrSignature)
	}
	switch m := answer.Message.(type) {
	case *wire.Refusal:
		return bid, refusal(wire.Reason(m.Reason))
	case *wire.Bid:
		if bid, err = m.Value(); err == nil && bid.Node != node {
			err = fmt.Errorf("bid of %s: %w", bid.Node, wire.ErrSignature)
		}
		return bid, err
	}
	return bid, fmt.Errorf("%v as the answer to an offer: %w", answer.Kind, wire.ErrMalformed)
}
