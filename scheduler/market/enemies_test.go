package market

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// attacker gossips what it likes: it runs no validator and scores nobody.
type attacker struct {
	key    *identity.Key
	host   host.Host
	pubsub *pubsub.PubSub
	topics map[string]*pubsub.Topic
}

func newAttacker(t *testing.T, victim member) *attacker {
	t.Helper()
	key := newKey(t)
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"), libp2p.DisableRelay(), libp2p.DisableMetrics())
	must(t, err)
	t.Cleanup(func() { h.Close() })
	ps, err := pubsub.NewGossipSub(t.Context(), h, pubsub.WithFloodPublish(true), pubsub.WithPeerOutboundQueueSize(4096),
		pubsub.WithMessageIdFn(contentID), pubsub.WithMaxMessageSize(1<<20))
	must(t, err)
	must(t, h.Connect(t.Context(), peer.AddrInfo{ID: victim.host.ID(), Addrs: victim.host.Addrs()}))
	return &attacker{key, h, ps, map[string]*pubsub.Topic{}}
}

// say publishes data once the victim is known to listen.
func (a *attacker) say(t *testing.T, topic string, data []byte) {
	t.Helper()
	joined, ok := a.topics[topic]
	if !ok {
		var err error
		joined, err = a.pubsub.Join(topic)
		must(t, err)
		a.topics[topic] = joined
		await(t, "the victim listens", func() bool { return len(joined.ListPeers()) > 0 })
	}
	must(t, joined.Publish(t.Context(), data))
}

// await polls until a thing that only time brings has come.
func await(t testing.TB, what string, come func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for !come() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// watch sees what reaches a host's gossip before anything judges it, what is then let in
// to be judged, and the peers' scores.
type watch struct {
	arrived atomic.Int64
	mu      sync.Mutex // guards the rest
	judged  map[string]bool
	scores  map[peer.ID]float64
}

func (w *watch) options() []pubsub.Option {
	return []pubsub.Option{pubsub.WithRawTracer(w), pubsub.WithPeerScoreInspect(func(scores map[peer.ID]float64) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.scores = scores
	}, 5*time.Millisecond)}
}

func (w *watch) score(of peer.ID) float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.scores[of]
}

func (w *watch) wasJudged(data []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.judged[string(data)]
}

func (w *watch) RecvRPC(rpc *pubsub.RPC) { w.arrived.Add(int64(len(rpc.GetPublish()))) }
func (w *watch) ValidateMessage(m *pubsub.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.judged == nil {
		w.judged = map[string]bool{}
	}
	w.judged[string(m.GetData())] = true
}
func (*watch) OnNewOutboundStream(peer.ID, protocol.ID) {}
func (*watch) OnClosedOutboundStream(peer.ID)           {}
func (*watch) Join(string)                              {}
func (*watch) Leave(string)                             {}
func (*watch) Graft(peer.ID, string)                    {}
func (*watch) Prune(peer.ID, string)                    {}
func (*watch) DeliverMessage(*pubsub.Message)           {}
func (*watch) RejectMessage(*pubsub.Message, string)    {}
func (*watch) DuplicateMessage(*pubsub.Message)         {}
func (*watch) ThrottlePeer(peer.ID)                     {}
func (*watch) SendRPC(*pubsub.RPC, peer.ID)             {}
func (*watch) DropRPC(*pubsub.RPC, peer.ID)             {}
func (*watch) UndeliverableMessage(*pubsub.Message)     {}

// TestSpamCostsItsScore: defence: peer scoring. After the first of them the attacker is
// graylisted, and what follows is dropped before anything is checked.
func TestSpamCostsItsScore(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)} // stands still, so that a slow machine lends no rate
	offer := func(a *attacker, n int, change func(*wire.Offer)) []byte {
		x, err := wire.NewOffer(offerOf(a.key, now.Now(), fmt.Sprint(n)))
		must(t, err)
		return encoded(t, a.key, x, change, nil)
	}
	for name, data := range map[string]func(a *attacker, n int) []byte{
		"noise":                   func(_ *attacker, n int) []byte { return fmt.Appendf(nil, "noise %d", n) },
		"malformed":               func(a *attacker, n int) []byte { return offer(a, n, func(o *wire.Offer) { o.Task = o.Task[1:] }) },
		"oversized":               func(_ *attacker, n int) []byte { return append(make([]byte, wire.MaxOffer), byte(n>>8), byte(n)) },
		"for another tier":        func(a *attacker, n int) []byte { return offer(a, n, func(o *wire.Offer) { o.MinTier = 3 }) },
		"expired":                 func(a *attacker, n int) []byte { return offer(a, n, func(o *wire.Offer) { o.ExpiresMs = 1 }) },
		"valid and far too often": func(a *attacker, n int) []byte { return offer(a, n, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			const first, second = 500, 50
			w := &watch{}
			victim := newMember(t, Options{Clock: now, GossipOptions: w.options()})
			must(t, victim.market.Relay([]string{"DE"}))
			a := newAttacker(t, victim)
			var wave [][]byte
			for n := range first {
				message := data(a, n)
				wave = append(wave, message)
				a.say(t, OfferTopic("DE", 0), message)
			}
			await(t, "the attacker is graylisted", func() bool { return w.score(a.host.ID()) < graylistThreshold })
			await(t, "the attack has arrived", func() bool { return w.arrived.Load() >= first })
			judged := 0
			for _, message := range wave {
				if w.wasJudged(message) {
					judged++
				}
			}
			t.Logf("%d of %d messages said at once were judged", judged, first)
			wave = nil
			for n := range second {
				message := data(a, first+n)
				wave = append(wave, message)
				a.say(t, OfferTopic("DE", 0), message)
			}
			await(t, "the second wave has arrived", func() bool { return w.arrived.Load() >= first+second })
			victim.market.Peers([]string{"DE"}) // comes back when the loop that took it in is through with it
			for n, message := range wave {
				if w.wasJudged(message) {
					t.Fatalf("message %d of a graylisted peer was judged", n)
				}
			}
		})
	}
}

// TestEnemyCannotBeFirst: defence: a message's id holds its author. An enemy that says a
// clinic's offer in its own name, before the clinic's own words arrive, is refused; the
// clinic's are heard all the same.
func TestEnemyCannotBeFirst(t *testing.T) {
	node, clinic := newMember(t, Options{}), newMember(t, Options{})
	offers, err := node.market.Subscribe(t.Context(), "DE", 0)
	must(t, err)
	enemy := newAttacker(t, node)
	o := offerOf(clinic.key, time.Now(), "task")
	o.Residency = []string{"DE"}
	x, err := wire.NewOffer(o)
	must(t, err)
	enemy.say(t, OfferTopic("DE", 0), encoded(t, clinic.key, x, nil, nil)) // word for word what the clinic will say
	await(t, "the enemy was heard", func() bool { return node.market.Stats().Offers.Rejected["author"] == 1 })
	connect(t, clinic, node)
	must(t, clinic.market.Publish(t.Context(), o, clinic.key))
	if got := next(t, offers); got.Offer.Task != o.Task || got.Clinic != clinic.host.ID() {
		t.Errorf("got %+v", got)
	}
}

// TestReplayIsHeldAgainstTheReplayer: defence: expiry, and the count of useless
// messages. An enemy keeps what clinics said and says it again, word for word and with
// gossip's signature, when gossip has forgotten it.
func TestReplayIsHeldAgainstTheReplayer(t *testing.T) {
	now := &clock{now: time.UnixMilli(1_800_000_000_000)}
	node := newMember(t, Options{Clock: now}).market
	clinic, replayer := newKey(t), newKey(t)
	judge := validator(node, node.offers, node.checkOffer)
	kept := make([]*pubsub.Message, 3*freeUseless)
	for n := range kept {
		x, err := wire.NewOffer(offerOf(clinic, now.Now(), fmt.Sprint(n)))
		must(t, err)
		kept[n] = received(OfferTopic("DE", 0), clinic, encoded(t, clinic, x, nil, nil))
	}
	now.advance(seenTTL)
	for _, message := range kept {
		if got := judge(t.Context(), replayer.PeerID(), message); got != pubsub.ValidationIgnore {
			t.Fatalf("a replayed offer was judged %v", got)
		}
	}
	if node.burdens.score(replayer.PeerID()) > graylistThreshold || node.burdens.score(clinic.PeerID()) != 0 {
		t.Errorf("the replayer scores %v, the clinic %v", node.burdens.score(replayer.PeerID()), node.burdens.score(clinic.PeerID()))
	}
	if seenTTL <= scheduler.MaxOfferLife+clockSkew {
		t.Error("gossip forgets an offer that still holds")
	}
}
