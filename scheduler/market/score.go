package market

import (
	"math"
	"sync"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler"
)

// The thresholds of a peer's score. Below gossipThreshold nothing is gossiped with it,
// below publishThreshold nothing is sent to it, below graylistThreshold it isn't heard.
const (
	gossipThreshold   = -100
	publishThreshold  = -500
	graylistThreshold = -1000
)

const (
	// invalidWeight times the square of a peer's rejected messages in one topic is its
	// score: one is forgiven, eleven graylist it.
	invalidWeight = -10
	// faultDecay is how long a peer's faults weigh; they are forgotten to a hundredth by then.
	faultDecay = 10 * time.Minute
)

// scoreParams makes invalid messages cost their sender. Delivery deficits don't count,
// because a quiet market is normal.
func scoreParams(burden func(peer.ID) float64) (*pubsub.PeerScoreParams, *pubsub.PeerScoreThresholds) {
	return &pubsub.PeerScoreParams{
			SkipAtomicValidation: true,
			Topics:               map[string]*pubsub.TopicScoreParams{},
			AppSpecificScore:     burden, AppSpecificWeight: 1,
			// Many honest nodes sit behind one hospital's address: no colocation penalty.
			BehaviourPenaltyWeight: -1, BehaviourPenaltyThreshold: 6, BehaviourPenaltyDecay: pubsub.ScoreParameterDecay(faultDecay),
			DecayInterval: time.Second, DecayToZero: 0.01, RetainScore: faultDecay, SeenMsgTTL: seenTTL,
		}, &pubsub.PeerScoreThresholds{
			SkipAtomicValidation: true,
			GossipThreshold:      gossipThreshold, PublishThreshold: publishThreshold, GraylistThreshold: graylistThreshold,
		}
}

func topicScoreParams() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		SkipAtomicValidation: true, TopicWeight: 1,
		TimeInMeshQuantum:              time.Second,
		InvalidMessageDeliveriesWeight: invalidWeight, InvalidMessageDeliveriesDecay: pubsub.ScoreParameterDecay(faultDecay),
	}
}

// An ignored message costs its sender nothing in gossip's own score, yet each costs this
// host two signature checks. So ignored messages that no honest peer sends often are
// counted by peer: some are free, the rest weigh until they are forgotten.
const (
	freeUseless   = 100             // a minute of a clinic with a slow clock, three times over
	uselessWeight = -10             // of each beyond: a hundred graylist the peer
	uselessHalf   = 2 * time.Minute // in which half of the count is forgotten
	maxBurdened   = 4096            // peers remembered, far more than a host has connections
)

// burdens count useless messages by the peer that sent them.
type burdens struct {
	clock scheduler.Clock

	mu sync.Mutex // guards by
	by bounded[peer.ID, level]
}

func newBurdens(clock scheduler.Clock) *burdens {
	return &burdens{clock: clock, by: newBounded[peer.ID, level](maxBurdened)}
}

// left is what remains of a count: n · 2^(−t/half).
func (l level) left(now time.Time) float64 {
	return l.amount * math.Exp2(-now.Sub(l.at).Seconds()/uselessHalf.Seconds())
}

func (b *burdens) add(from peer.ID) {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	held, known := b.by.of[from]
	if !known && !b.by.room(now, func(l level) bool { return l.left(now) < 1 }) {
		return
	}
	b.by.of[from] = level{amount: held.left(now) + 1, at: now}
}

// score is the part of a peer's score that its useless messages make: 0 or less.
func (b *burdens) score(of peer.ID) float64 {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	return uselessWeight * math.Max(0, b.by.of[of].left(now)-freeUseless)
}
