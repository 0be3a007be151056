package sim_test

import (
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// announcement is one offer's way through gossip.
type announcement struct {
	first time.Time
	heard map[int]bool // members that it was delivered to
}

// ledger counts what gossip does, over all members.
type ledger struct {
	mu         sync.Mutex // guards the fields below
	offers     map[models.Digest]*announcement
	delivered  int
	duplicates int
	rejected   map[string]int // by the library's reason
	dropped    int            // RPCs that a full queue lost
}

func newLedger() *ledger {
	return &ledger{offers: map[models.Digest]*announcement{}, rejected: map[string]int{}}
}

// delivery is what share of (offer, member) pairs arrived, of offers first seen in
// [from, until) and the members that listen.
func (l *ledger) delivery(from, until time.Time, listeners []int) (share float64, offers int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	arrived := 0
	for _, a := range l.offers {
		if a.first.Before(from) || !a.first.Before(until) {
			continue
		}
		offers++
		for _, index := range listeners {
			if a.heard[index] {
				arrived++
			}
		}
	}
	if offers == 0 || len(listeners) == 0 {
		return 0, offers
	}
	return float64(arrived) / float64(offers*len(listeners)), offers
}

// tracer is one member's pen.
type tracer struct {
	ledger *ledger
	index  int
}

// DeliverMessage implements pubsub.RawTracer.
func (t *tracer) DeliverMessage(m *pubsub.Message) {
	offer, ok := m.ValidatorData.(scheduler.Offer)
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	t.ledger.delivered++
	if !ok {
		return
	}
	a := t.ledger.offers[offer.Task]
	if a == nil {
		a = &announcement{first: time.Now(), heard: map[int]bool{}}
		t.ledger.offers[offer.Task] = a
	}
	a.heard[t.index] = true
}

// DuplicateMessage implements pubsub.RawTracer.
func (t *tracer) DuplicateMessage(*pubsub.Message) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	t.ledger.duplicates++
}

// RejectMessage implements pubsub.RawTracer.
func (t *tracer) RejectMessage(_ *pubsub.Message, reason string) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	t.ledger.rejected[reason]++
}

// DropRPC implements pubsub.RawTracer.
func (t *tracer) DropRPC(*pubsub.RPC, peer.ID) {
	t.ledger.mu.Lock()
	defer t.ledger.mu.Unlock()
	t.ledger.dropped++
}

// The rest of pubsub.RawTracer is of no interest here.

func (t *tracer) OnNewOutboundStream(peer.ID, protocol.ID) {}
func (t *tracer) OnClosedOutboundStream(peer.ID)           {}
func (t *tracer) Join(string)                              {}
func (t *tracer) Leave(string)                             {}
func (t *tracer) Graft(peer.ID, string)                    {}
func (t *tracer) Prune(peer.ID, string)                    {}
func (t *tracer) ValidateMessage(*pubsub.Message)          {}
func (t *tracer) ThrottlePeer(peer.ID)                     {}
func (t *tracer) RecvRPC(*pubsub.RPC)                      {}
func (t *tracer) SendRPC(*pubsub.RPC, peer.ID)             {}
func (t *tracer) UndeliverableMessage(*pubsub.Message)     {}
