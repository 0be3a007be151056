package worker

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// Rate of one clinic's questions: a burst of emergencies fits, a flood does not.
const (
	asksPerSecond = 10
	asksBurst     = 50
	maxAskers     = 1024 // clinics whose rate is remembered
)

var errTooMany = errors.New("too many questions at once; ask later, or another node")

// wantsAsked is scheduler.WantsBid without a lottery: who is asked directly has won.
func wantsAsked(o scheduler.Offer, b scheduler.Bid, now time.Time) error {
	switch {
	case !now.Before(o.Expires):
		return errExpired
	case o.Expires.After(now.Add(scheduler.MaxOfferLife + scheduler.MaxClockSkew)):
		return errTerms
	}
	return scheduler.Eligible(o, b, now)
}

// takeAsk is Offer, then Bid or Refusal, as the node sees it. The clinic may add a
// BidReply, so that a bid that lost gives its place back at once.
func (w *Worker) takeAsk(ctx context.Context, s *wire.Stream) error {
	w.counters.count(func(s *Stats) { s.Asks++ })
	// Before the signature is checked: a question is cheaper to ask than to verify.
	w.mu.Lock()
	known := w.hasSettled(s.Peer)
	w.mu.Unlock()
	if !w.askers.take(s.Peer, known, w.Clock.Now()) {
		w.counters.count(func(s *Stats) { s.NotBid[word(errTooMany)]++ })
		return s.Send(&wire.Refusal{Reason: errTooMany.Error()})
	}
	message, err := opening[*wire.Offer](s, wire.MaxOffer)
	if err != nil {
		return err
	}
	offer, err := message.Value()
	if err != nil {
		return err
	}
	p, err := w.prepare(offer, s.Conn().RemotePeer(), wantsAsked)
	if err != nil {
		w.turnDown(offer, err)
		return s.Send(&wire.Refusal{Task: message.Task, Reason: wire.Reason(err.Error())})
	}
	until := w.Clock.Now().Add(w.Hold)
	w.announceBid(p)
	if err := s.Send(wire.NewBid(p.bid)); err != nil {
		w.lose(p, false, "the clinic was not reached: "+err.Error())
		return err
	}
	if err := s.Extend(w.Hold); err != nil {
		w.lose(p, false, err.Error())
		return err
	}
	reply, err := wire.Expect[*wire.BidReply](s.Reader, wire.MaxControl, s.Peer)
	if err == nil && !reply.Won {
		w.lose(p, true, wire.Reason(reply.Reason))
		return nil
	}
	w.keepPlace(ctx, p, until) // won, or the clinic says nothing more
	return nil
}

// rates are token buckets by clinic.
type rates struct {
	mu     sync.Mutex // guards levels
	levels map[common.Address]rate
}

type rate struct {
	tokens float64
	at     time.Time
}

func newRates() *rates {
	return &rates{levels: map[common.Address]rate{}}
}

func (l rate) filled(now time.Time) float64 {
	return math.Min(asksBurst, l.tokens+asksPerSecond*now.Sub(l.at).Seconds())
}

// take spends one token of the clinic's bucket; false when it is empty. settled says that
// the clinic has paid for work, so that a flood of fresh names does not keep it out; such
// clinics are bounded in number themselves.
func (r *rates) take(clinic common.Address, settled bool, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	level, known := r.levels[clinic]
	if !known {
		if len(r.levels) >= maxAskers {
			for address, other := range r.levels {
				if other.filled(now) >= asksBurst {
					delete(r.levels, address)
				}
			}
		}
		if len(r.levels) >= maxAskers && !settled {
			return false // all of them are busy: that is a flood
		}
		level = rate{asksBurst, now}
	}
	tokens := level.filled(now)
	if tokens < 1 {
		return false
	}
	r.levels[clinic] = rate{tokens - 1, now}
	return true
}
