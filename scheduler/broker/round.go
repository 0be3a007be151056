package broker

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// When a round is decided, and when its offer is repeated. Each bid keeps a place on its
// node until then: a market where every offer waited out its whole window had all of its
// places reserved by two tasks a second among 50 nodes.
const (
	// plentyOfBids, of distinct operators, decide a round once it has gathered; an emergency
	// at once. Deciding at the eighth bid always gave the work to whoever lives nearest: a
	// Gini coefficient of 0.43 among 50 equal nodes, where chance alone gives 0.27.
	plentyOfBids = 8
	gathering    = 250 * time.Millisecond // from the first bid
	// fewBids decide it when the first is earlyChoice old; fewer wait the whole window.
	fewBids     = 3
	earlyChoice = 400 * time.Millisecond
	// announceAgain is when an offer with fewer bids is published again, for nodes that had
	// just joined or whose copy was lost. The pause doubles from then on.
	announceAgain = 300 * time.Millisecond
	// maxCaution is how often a round in which only nodes with strikes have bid is followed
	// by another one, of at most cautionWait, before one of them is chosen after all. Under
	// a flood of bids that nobody honours, honest nodes had no time to come.
	maxCaution  = 2
	cautionWait = time.Second
)

// round is one search for bids: asked directly, announced, or both.
type round struct {
	windowEnd  time.Time // then choose, or offer again
	firstBid   time.Time // zero: none yet; else windowEnd is the bid window's
	asked      int       // nodes that were asked directly
	asking     int       // of them, those that have not answered
	announced  bool      // on gossip
	announceAt time.Time // then announce, if too few bids are in
	offer      scheduler.Offer
	wait       time.Duration // for the first bid
}

// next is when the round goes on by itself.
func (r *round) next(now time.Time) time.Time {
	if !r.announced && r.announceAt.After(now) && r.announceAt.Before(r.windowEnd) {
		return r.announceAt
	}
	if r.firstBid.IsZero() {
		return r.windowEnd
	}
	for _, after := range []time.Duration{gathering, earlyChoice} {
		if at := r.firstBid.Add(after); at.After(now) && at.Before(r.windowEnd) {
			return at
		}
	}
	return r.windowEnd
}

// decided reports whether so many live bids are enough by now.
func (r *round) decided(live int, class scheduler.Class, now time.Time) bool {
	since := now.Sub(r.firstBid)
	switch {
	case r.firstBid.IsZero():
		return live >= scheduler.LotteryWanted // all of them are spares
	case r.asked > 0 && r.asking == 0 && live >= wantedOfAsked:
		return true
	case live >= plentyOfBids && (class == scheduler.STAT || since >= gathering):
		return true
	}
	return live >= scheduler.LotteryWanted || live >= fewBids && since >= earlyChoice
}

// offer starts a round.
func (t *task) offer() error {
	next, err := t.rec.Task.Offer()
	if err != nil {
		return err
	}
	if err := t.save(func(r *record) { r.Task = next }); err != nil {
		return err
	}
	b, now := t.b, t.b.Clock.Now()
	t.dropStale(now)
	if t.phases.offered.IsZero() {
		t.phases.offered = now
	}
	// Late rounds are patient: nobody may be there for a while.
	wait := b.RoundWait * time.Duration(min(max(t.rec.Task.Round, 3)-2, 5))
	if t.caution > 0 {
		wait = min(wait, cautionWait) // somebody is there, though not the best
	}
	expires := now.Add(min(wait, scheduler.MaxOfferLife))
	o := t.rec.offer(b.Key.Address(), wire.HostAddresses(b.Host), expires, everybody)
	t.round = round{windowEnd: now.Add(wait), offer: o, wait: wait, announceAt: now}
	b.tally.count(func(s *Stats) { s.Rounds++ })
	if b.Directory != nil {
		b.warm.wanted(o)
		if t.rec.Class == scheduler.STAT {
			t.ask()
		}
	}
	return t.collect(now)
}

// announceRound publishes the round's offer on gossip, once.
func (t *task) announceRound() {
	b, now := t.b, t.b.Clock.Now()
	r := &t.round
	r.announced = true
	known := b.Market.Peers(t.rec.Residency)
	if b.Directory != nil {
		known = max(known, b.Directory.Known(r.offer, now))
	}
	o := r.offer
	o.Threshold = scheduler.Threshold(known, scheduler.LotteryWanted, t.rec.Task.Round)
	b.emit(t.rec, Offered, Event{Text: fmt.Sprintf("round %d, %d nodes are known in %v", t.rec.Task.Round, known, t.rec.Residency)})
	remaining := r.windowEnd.Sub(now)
	b.running.Go(func() {
		ctx, cancel := context.WithTimeout(b.ctx, max(remaining, announceAgain))
		defer cancel()
		t.announce(ctx, o)
	})
}

// announce publishes an offer, and again while bids are wanted: a node that had just
// joined a relay's mesh was not sent the first and, being in the mesh now, is not told of
// it either. Who has bid takes no notice.
func (t *task) announce(ctx context.Context, o scheduler.Offer) {
	b := t.b
	for pause := announceAgain; ; pause *= 2 {
		if err := b.Market.Publish(ctx, o, b.Key); err != nil {
			if b.ctx.Err() == nil {
				b.Log.Warn("offer not published; the next round tries again", "task", t.id.Short(), "round", o.Round, "error", err)
			}
			return
		}
		b.tally.count(func(s *Stats) { s.Announced++ })
		select {
		case <-b.Clock.After(pause):
		case <-ctx.Done():
			return
		}
		wanted := false
		err := t.do(ctx, func() error {
			wanted = t.rec.Task.State == scheduler.Offered && t.rec.Task.Round == o.Round && bidders(t.candidates()) < fewBids
			return nil
		})
		if err != nil || !wanted {
			return
		}
		o.Expires = o.Expires.Add(-time.Millisecond) // gossip knows a message by its content
	}
}

// collect announces the round where direct questions brought too little, and ends it when
// its window is over or enough bids are in.
func (t *task) collect(now time.Time) error {
	r, live := &t.round, bidders(t.candidates())
	if r.offer.Task.IsZero() {
		return t.offer() // a process before began the round
	}
	answered := r.asked > 0 && r.asking == 0
	if !r.announced && live < wantedOfAsked && (answered || !now.Before(r.announceAt)) {
		t.announceRound()
	}
	over := !now.Before(r.windowEnd)
	switch {
	case over && live == 0:
		return t.offer()
	case !over && !r.decided(live, t.rec.Class, now):
		return nil
	case t.caution < maxCaution && t.onlyStruck():
		t.caution++
		t.answerAll("other nodes are looked for first; this bid is kept as a spare")
		return t.offer()
	}
	return t.award()
}

// onlyStruck reports whether nobody has bid but nodes that broke a promise lately.
func (t *task) onlyStruck() bool {
	return !slices.ContainsFunc(t.candidates(), func(c scheduler.Candidate) bool { return t.b.absent.weight(c.Bid.Node) == 0 })
}

// take adds a bid to the task, in the loop.
func (t *task) take(in bidder) error {
	err := t.admitBid(&in)
	t.b.tally.count(func(s *Stats) {
		if err == nil {
			s.Bids++
		} else {
			s.BidsRefused[criterion(err)]++
		}
	})
	return err
}

func (t *task) admitBid(in *bidder) error {
	now := t.b.Clock.Now()
	if t.rec.Task.State.Final() {
		return fmt.Errorf("task %s is %s: %w", t.id.Short(), t.rec.Task.State, scheduler.ErrFinal)
	}
	o := t.rec.offer(t.b.Key.Address(), nil, now, 0)
	if err := scheduler.Eligible(o, in.bid, now); err != nil {
		return err
	}
	operator, err := t.b.registered(in.bid.Node, in.bid.Jurisdiction)
	if err != nil {
		return err
	}
	in.seat.Node, in.seat.Operator, in.at = in.bid.Node, operator, now
	bids, err := t.roomFor(*in)
	if err != nil {
		return err
	}
	t.bids = append(bids, *in)
	t.b.emit(t.rec, BidTaken, Event{Node: in.bid.Node, Price: in.bid.PriceGwei,
		Text: fmt.Sprintf("%d gwei, promised in %v, tier %d, %s", in.bid.PriceGwei, in.bid.Promise, in.bid.Tier, in.bid.Jurisdiction)})
	if t.held() {
		t.bids[len(t.bids)-1].answer(false, lateReason) // its place is free again at once
	}
	if t.rec.Task.State == scheduler.Offered && t.round.firstBid.IsZero() {
		window := t.b.BidWindow
		if t.rec.Class == scheduler.STAT {
			window = t.b.STATWindow
		}
		t.round.firstBid = now
		if end := now.Add(window); end.Before(t.round.windowEnd) {
			t.round.windowEnd = end
		}
	}
	return nil
}

// lateReason answers bids that were not chosen, and those that came later.
const lateReason = "another node was chosen; this bid is kept as a spare"

// hasFreshSpare reports whether a losing bid of a node that has not failed this
// task is left over.
func (t *task) hasFreshSpare() bool {
	return slices.ContainsFunc(t.candidates(), func(c scheduler.Candidate) bool { return t.rec.Tries[c.Bid.Node] == 0 })
}

// candidates are the bids that may win now. A node that lost this task comes into
// question only in a round where nobody else bid; one that is stale, whose promise would now
// be broken, or who sits where another copy runs, does not.
func (t *task) candidates() []scheduler.Candidate {
	var list []scheduler.Candidate
	fewest, now := -1, t.b.Clock.Now()
	var taken []scheduler.Seat
	if !t.parent.IsZero() {
		taken = t.b.others(t.rec)
	}
	for _, in := range t.bids {
		if t.stale(in, now) || now.Add(in.bid.Promise).After(t.rec.Task.Deadline) || scheduler.Spread(taken, in.seat) != nil {
			continue
		}
		tries := t.rec.Tries[in.bid.Node]
		if fewest < 0 || tries < fewest {
			fewest = tries
		}
		list = append(list, scheduler.Candidate{Bid: in.bid, Score: t.b.Score(in.bid.Node), Busy: t.b.holding(in.bid.Node),
			Failed: tries + t.b.absent.weight(in.bid.Node), Operator: in.seat.Operator,
			New: !t.b.proven.has(in.bid.Node)})
	}
	return slices.DeleteFunc(list, func(c scheduler.Candidate) bool { return t.rec.Tries[c.Bid.Node] > fewest })
}

// bidders counts candidates by their operators: many names of one are one.
func bidders(candidates []scheduler.Candidate) int {
	operators := map[common.Address]bool{}
	for _, c := range candidates {
		operators[c.Operator] = true
	}
	return len(operators)
}

// award chooses a bid, persists the lease and only then talks to its node.
func (t *task) award() error {
	candidates := t.candidates()
	chosen := scheduler.Choose(t.rec.Class, candidates, t.b.Random())
	if chosen < 0 {
		t.dropBids(candidates)
		return t.offer()
	}
	node := candidates[chosen].Bid.Node
	at := slices.IndexFunc(t.bids, func(in bidder) bool { return in.bid.Node == node })
	won := t.bids[at]
	next, err := t.rec.Task.Award(node, t.b.Clock.Now(), t.b.Lease)
	if err != nil {
		return err
	}
	if err := t.b.sit(t.rec, won.seat); err != nil {
		return t.award() // another copy sat down there just now; its bid is no candidate any more
	}
	var with []func(*bbolt.Tx) error
	twice := t.wantsReplica(won)
	if twice {
		with = append(with, t.b.putWanted(t.id))
	}
	err = t.save(func(r *record) {
		r.Task = next
		r.Winner = &winner{Bid: won.bid, Peer: won.peer, Seat: won.seat, At: won.at}
		r.Bound, r.Commitment = true, nil
		if twice {
			r.copied()
			r.Commit = true
		}
		r.note(t.bids, node)
	}, with...)
	if err != nil {
		t.b.rise(t.rec)
		return err
	}
	if twice {
		t.join()
	}
	t.caution = 0
	t.b.hold(node, +1)
	t.b.tally.count(func(s *Stats) {
		s.Awards++
		if next.Fence > 1 {
			s.Reawards++
		}
	})
	t.bids = slices.Delete(t.bids, at, at+1)
	won.answer(true, "")
	t.answerAll(lateReason)
	t.b.emit(t.rec, Awarded, Event{Price: won.bid.PriceGwei, Text: fmt.Sprintf("chosen among %d bids, fence %d, lease %v", len(candidates), next.Fence, t.b.Lease)})
	t.negotiate()
	return nil
}

// dropBids forgets bids that nobody would choose.
func (t *task) dropBids(worthless []scheduler.Candidate) {
	t.bids = slices.DeleteFunc(t.bids, func(in bidder) bool {
		return slices.ContainsFunc(worthless, func(c scheduler.Candidate) bool { return c.Bid.Node == in.bid.Node })
	})
}

// note records the bids for the outcome's summary.
func (r *record) note(bids []bidder, won common.Address) {
	for n := range r.Bids {
		r.Bids[n].Won = r.Bids[n].Node == won
	}
	for _, in := range bids {
		s := BidSummary{Node: in.bid.Node, PriceGwei: in.bid.PriceGwei, PromiseMS: in.bid.Promise.Milliseconds(),
			Tier: in.bid.Tier, Jurisdiction: in.bid.Jurisdiction, Won: in.bid.Node == won}
		if at := slices.IndexFunc(r.Bids, func(known BidSummary) bool { return known.Node == s.Node }); at >= 0 {
			r.Bids[at] = s
		} else if len(r.Bids) < maxBids {
			r.Bids = append(r.Bids, s)
		}
	}
}
