package worker

import (
	"context"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// consider decides whether to bid for an offer. The match is checked here by the
// same rules as at the clinic, residency included: neither side trusts the other
// to have done so.
func (w *Worker) consider(ctx context.Context, o market.Received) {
	offer, now := o.Offer, w.Clock.Now()
	model, held := w.Models(offer.Package)
	if !held || offer.PayloadBytes > w.MaxPayloadBytes {
		return
	}
	alone := model.Promise
	if alone <= 0 {
		alone = w.Promise
	}
	// Promised as if the node were idle; enter promises by what it holds.
	bid := scheduler.Bid{
		Task: offer.Task, Package: offer.Package, Round: offer.Round, Node: w.Key.Address(), Clinic: offer.Clinic,
		PriceGwei: w.PriceGwei, Promise: alone.Truncate(time.Millisecond), Hold: w.Hold, Tier: w.Profile.Tier, Trust: w.Profile.Trust,
		Jurisdiction: w.Jurisdiction, MemoryBytes: w.Profile.MemoryBytes, Profile: w.Profile.Digest, Addresses: wire.HostAddresses(w.Host),
	}
	if err := scheduler.WantsBid(offer, bid, now); err != nil {
		w.Log.Debug("no bid", "task", offer.Task.Short(), "reason", err)
		return
	}
	key, err := transfer.NewRecipient()
	if err != nil {
		w.Log.Error("no bid: no key", "task", offer.Task.Short(), "error", err)
		return
	}
	bid.HPKEKey = key.Public()
	p := &pending{offer: offer, bid: bid, clinic: o.Clinic, key: key, place: place{offer.Class, alone}, model: model}
	if !w.enter(p) {
		return
	}
	w.running.Go(func() { w.bid(ctx, p) })
}

// enter reserves a place for the bid, promises by what the node holds, and remembers the
// bid; false when there is no place, the promise comes too late, or the task is already
// this node's business.
func (w *Worker) enter(p *pending) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.jobs[p.offer.Task] != nil {
		return false
	}
	known := w.pending[p.offer.Task]
	if known != nil && (known.reserved || known.offer.Round >= p.offer.Round) {
		return false
	}
	if !w.load.admits(p.place.class, w.Capacity, w.StatPlaces) {
		return false
	}
	p.bid.Promise = w.load.promise(p.place, w.StatPlaces).Truncate(time.Millisecond)
	if err := scheduler.WantsBid(p.offer, p.bid, w.Clock.Now()); err != nil {
		w.Log.Debug("no bid", "task", p.offer.Task.Short(), "reason", err)
		return false
	}
	w.forgetStale()
	if len(w.pending) >= maxPending {
		return false
	}
	if known != nil {
		p.lastFence = known.lastFence
	}
	w.load.add(p.place)
	p.reserved = true
	w.pending[p.offer.Task] = p
	return true
}

// forgetStale drops remembered bids whose tasks are over; w.mu is held.
func (w *Worker) forgetStale() {
	now := w.Clock.Now()
	for id, p := range w.pending {
		if !p.reserved && !now.Before(p.offer.Deadline) {
			delete(w.pending, id)
		}
	}
}

// unreserve gives a bid's place back, unless an award has taken it over. The bid is
// remembered: the clinic may come back to it as a spare.
func (w *Worker) unreserve(p *pending) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p.reserved {
		p.reserved = false
		w.load.remove(p.place)
	}
}

// bid sends a bid and waits for the clinic's decision, at most as long as the
// place is held.
func (w *Worker) bid(ctx context.Context, p *pending) {
	clinic, err := identity.AddressOf(p.clinic)
	if err != nil || clinic != p.offer.Clinic {
		w.unreserve(p)
		return
	}
	w.emit(Bid, p.offer.Task, Event{Clinic: clinic, Text: fmt.Sprintf("%d gwei, promised in %v", p.bid.PriceGwei, p.bid.Promise)})
	reply, err := w.sendBid(ctx, p)
	switch {
	case err != nil:
		w.unreserve(p)
		w.emit(Lost, p.offer.Task, Event{Clinic: clinic, Text: "the clinic was not reached: " + err.Error()})
	case !reply.Won:
		w.unreserve(p)
		w.emit(Lost, p.offer.Task, Event{Clinic: clinic, Text: wire.Reason(reply.Reason)})
	default:
		// The award is on its way on its own stream; the place waits for it.
		select {
		case <-w.Clock.After(w.Hold):
		case <-ctx.Done():
		}
		w.unreserve(p)
	}
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
func (w *Worker) remembered(task models.Digest, from peer.ID) (*pending, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.pending[task]
	if p == nil || p.clinic != from {
		return nil, errNoBid
	}
	return p, nil
}
