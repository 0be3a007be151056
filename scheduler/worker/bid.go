package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// The reasons for not bidding that are the node's own; those of the match are scheduler's.
var (
	errClosed      = errors.New("the node takes no work now")
	errUndelivered = errors.New("the node takes no work until some are delivered")
	errNotAllowed  = errors.New("the clinic is not on this node's list")
	errPayload     = errors.New("the payload is larger than this node takes")
	errExpired     = errors.New("the offer has expired")
	errNoPlace     = errors.New("no place is free")
	errStrangers   = errors.New("clinics that this node has not worked for yet have all places that it keeps for them")
	errKnown       = errors.New("the task is this node's business already")
)

// maxRound bounds what a clinic may call a round: a task is offered at most once a second,
// for a day.
const maxRound = 86_400

// consider decides whether to bid for an offer heard on gossip, and does.
func (w *Worker) consider(ctx context.Context, o market.Received) {
	w.wake(o.Clinic)
	p, err := w.prepare(o.Offer, o.Clinic, scheduler.WantsBid)
	w.counters.count(func(s *Stats) { s.Offers++ })
	if err != nil {
		w.turnDown(o.Offer, err)
		return
	}
	w.running.Go(func() { w.bid(ctx, p) })
}

// turnDown counts an offer without a bid.
func (w *Worker) turnDown(o scheduler.Offer, why error) {
	w.Log.Debug("no bid", "task", o.Task.Short(), "reason", why)
	w.counters.count(func(s *Stats) { s.NotBid[word(why)]++ })
}

// prepare makes a bid whose place is reserved, or says why not. The match is checked here
// by the same rules as at the clinic, residency included: neither side trusts the other to
// have done so. wants is scheduler.WantsBid, or the same without a lottery.
func (w *Worker) prepare(offer scheduler.Offer, from peer.ID, wants func(scheduler.Offer, scheduler.Bid, time.Time) error) (*pending, error) {
	now := w.Clock.Now()
	if !w.Allow(offer.Clinic) {
		return nil, errNotAllowed
	}
	model, held := w.Models(offer.Package)
	if !held {
		return nil, scheduler.ErrModel
	}
	if offer.PayloadBytes > w.MaxPayloadBytes {
		return nil, errPayload
	}
	if offer.Round > maxRound {
		return nil, errTerms
	}
	tariff := w.Tariff()
	alone := model.Promise
	if alone <= 0 {
		alone = tariff.Promise
	}
	// Promised as if the node were idle; enter promises by what it holds.
	bid := scheduler.Bid{
		Task: offer.Task, Package: offer.Package, Round: offer.Round, Node: w.Key.Address(), Clinic: offer.Clinic,
		PriceGwei: tariff.PriceGwei, Promise: alone.Truncate(time.Millisecond), Hold: w.Hold, Tier: w.Profile.Tier, Trust: w.Profile.Trust,
		Jurisdiction: w.Jurisdiction, MemoryBytes: w.Profile.MemoryBytes, Provider: w.Profile.Provider, Profile: w.Profile.Digest,
	}
	if err := wants(offer, bid, now); err != nil {
		return nil, err
	}
	if err := w.closed(now); err != nil {
		return nil, err
	}
	// Late, because it is dear (a point's decompression), and most offers end before.
	if clinic, err := identity.AddressOf(from); err != nil || clinic != offer.Clinic {
		return nil, scheduler.ErrOtherTask
	}
	key, err := transfer.NewRecipient()
	if err != nil {
		return nil, err
	}
	bid.HPKEKey, bid.Addresses = key.Public(), wire.HostAddresses(w.Host)
	p := &pending{offer: offer, bid: bid, clinic: from, key: key, place: place{offer.Class, alone}, model: model, taken: make(chan struct{})}
	if err := w.enter(p); err != nil {
		return nil, err
	}
	w.stir()
	return p, nil
}

// enter reserves a place for the bid, promises by what the node holds, and remembers the
// bid; a refusal when there is no place, the promise comes too late, or the task is already
// this node's business.
func (w *Worker) enter(p *pending) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	now, known := w.Clock.Now(), w.pending[p.errand()]
	switch {
	case w.closing:
		return errStopping
	case w.jobs[p.errand()] != nil, known != nil && (known.reserved || known.offer.Round >= p.offer.Round):
		return errKnown
	case w.avoids(p.offer.Clinic, now):
		return errConduct
	case !w.knowsPatience(p.offer.Clinic, now):
		return errTooMany
	case !w.spares(p.offer.Clinic):
		return errStrangers
	}
	if err := w.trusts(p.offer.Clinic, p.bid.PriceGwei, now); err != nil {
		return err
	}
	if err := w.patience[p.offer.Clinic].allows(w.Capacity+w.Queue+w.StatPlaces, now); err != nil {
		return err
	}
	load, displaced, err := w.findPlace(p)
	if err != nil {
		return err
	}
	p.bid.Promise = load.promise(p.place, w.StatPlaces).Truncate(time.Millisecond)
	if now.Add(p.bid.Promise).After(p.offer.Deadline) {
		return fmt.Errorf("promised in %v: %w", p.bid.Promise, scheduler.ErrDeadline)
	}
	if known == nil && !w.remembersMore(now) {
		return errTooMany
	}
	for _, other := range displaced {
		w.displace(other)
	}
	if known != nil {
		p.lastFence = known.lastFence
	}
	w.load.add(p.place)
	p.reserved, p.since = true, now
	w.change(p.offer.Clinic, func(c patience) patience { c.open++; return c })
	w.pending[p.errand()] = p
	return nil
}

// unreserve gives a bid's place back, unless an award has taken it over. The bid is
// remembered: the clinic may come back to it as a spare. One that the clinic decided in less
// than half of the time is none of its strikes.
func (w *Worker) unreserve(p *pending, decided bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !p.reserved {
		return
	}
	p.reserved = false
	w.load.remove(p.place)
	now := w.Clock.Now()
	w.change(p.offer.Clinic, func(c patience) patience {
		c.open--
		if !decided || now.Sub(p.since) > w.Hold/2 {
			c = c.undecided(p.since, now)
		}
		return c
	})
	w.stir()
}

// bid sends a bid and waits for the clinic's decision, at most as long as the
// place is held.
func (w *Worker) bid(ctx context.Context, p *pending) {
	w.announceBid(p)
	reply, err := w.sendBid(ctx, p)
	switch {
	case err != nil:
		w.lose(p, false, "the clinic was not reached: "+err.Error())
	case !reply.Won:
		w.lose(p, true, wire.Reason(reply.Reason))
	default:
		w.keepPlace(ctx, p, w.Clock.Now().Add(w.Hold))
	}
}

func (w *Worker) announceBid(p *pending) {
	w.counters.count(func(s *Stats) { s.Bids++ })
	w.emit(Bid, p.offer.Task, Event{Clinic: p.offer.Clinic, Text: fmt.Sprintf("%d gwei, promised in %v", p.bid.PriceGwei, p.bid.Promise)})
}

// lose gives a bid's place back and says so.
func (w *Worker) lose(p *pending, decided bool, why string) {
	w.unreserve(p, decided)
	w.counters.count(func(s *Stats) { s.Lost++ })
	w.emit(Lost, p.offer.Task, Event{Clinic: p.offer.Clinic, Text: why})
}

// keepPlace waits for an award, which comes on a stream of its own.
func (w *Worker) keepPlace(ctx context.Context, p *pending, until time.Time) {
	select {
	case <-w.Clock.After(until.Sub(w.Clock.Now())):
	case <-p.taken:
	case <-ctx.Done():
	}
	w.unreserve(p, false)
}

func (w *Worker) sendBid(ctx context.Context, p *pending) (*wire.BidReply, error) {
	s, err := wire.Dial(ctx, w.Host, p.clinic, p.offer.Addresses, wire.BidProtocol, w.Key, dialTimeout)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := s.Send(wire.NewBid(p.bid)); err != nil {
		return nil, err
	}
	if err := s.Extend(w.Hold + replyTimeout); err != nil {
		return nil, err
	}
	return wire.Expect[*wire.BidReply](s.Reader, wire.MaxControl, p.offer.Clinic)
}

// remembered is the bid that an award must match.
func (w *Worker) remembered(about errand, from peer.ID) (*pending, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pending[about]
	if p == nil || p.clinic != from {
		return nil, errNoBid
	}
	return p, nil
}
