package market

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// Validation errors that ignore a message: an honest peer may have forwarded it.
var (
	ErrIgnoreExpired   = errors.New("offer has expired")
	ErrIgnoreVersion   = errors.New("offer speaks another version")
	ErrIgnoreNotListed = errors.New("clinic is not on the allow-list")
	ErrIgnoreRate      = errors.New("clinic offers faster than its rate")
)

// Validation errors that reject a message and cost its sender score: no honest
// peer forwards it, because every check is the same everywhere.
var (
	ErrRejectSize      = errors.New("offer is larger than 1 KiB")
	ErrRejectLife      = errors.New("offer lives longer than an announcement may")
	ErrRejectSchema    = errors.New("offer is malformed")
	ErrRejectRegion    = errors.New("offer is on a topic outside its residency set")
	ErrRejectAuthor    = errors.New("offer's author is not its clinic")
	ErrRejectSignature = errors.New("offer's signature is not valid")
)

// ignored are the errors of the first list; every other error rejects.
var ignored = []error{ErrIgnoreExpired, ErrIgnoreVersion, ErrIgnoreNotListed, ErrIgnoreRate}

// clockSkew is how far ahead a clinic's clock may be.
const clockSkew = 10 * time.Second

// validate implements pubsub.ValidatorEx.
func (m *Market) validate(_ context.Context, from peer.ID, message *pubsub.Message) pubsub.ValidationResult {
	offer, err := m.check(message.GetTopic(), message.GetFrom(), message.GetData())
	if err == nil {
		message.ValidatorData = offer
		return pubsub.ValidationAccept
	}
	m.options.Log.Debug("offer refused", "peer", from.String(), "reason", err)
	if slices.ContainsFunc(ignored, func(listed error) bool { return errors.Is(err, listed) }) {
		return pubsub.ValidationIgnore
	}
	return pubsub.ValidationReject
}

// check runs the checks from cheap to dear: size, expiry, schema, allow-list, the
// clinic's bucket, signature.
func (m *Market) check(topic string, author peer.ID, data []byte) (scheduler.Offer, error) {
	var none scheduler.Offer
	if len(data) > wire.MaxOffer {
		return none, fmt.Errorf("%d bytes: %w", len(data), ErrRejectSize)
	}
	envelope, parsed, err := wire.Parse(data)
	if errors.Is(err, wire.ErrVersion) {
		return none, fmt.Errorf("%w: %w", ErrIgnoreVersion, err)
	}
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSchema, err)
	}
	message, ok := parsed.(*wire.Offer)
	if !ok {
		return none, fmt.Errorf("%T on the offer topic: %w", parsed, ErrRejectSchema)
	}
	now := m.options.Clock.Now()
	expires := time.UnixMilli(message.ExpiresMs)
	if !now.Before(expires) {
		return none, ErrIgnoreExpired
	}
	if expires.After(now.Add(scheduler.MaxOfferLife + clockSkew)) {
		return none, ErrRejectLife
	}
	offer, err := message.Value()
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSchema, err)
	}
	if !slices.ContainsFunc(offer.Residency, func(region string) bool { return Topic(region) == topic }) {
		return none, ErrRejectRegion
	}
	address, err := identity.AddressOf(author)
	if err != nil || address != offer.Clinic || common.BytesToAddress(envelope.Signer) != offer.Clinic {
		return none, ErrRejectAuthor
	}
	if !m.options.Allow(offer.Clinic) {
		return none, ErrIgnoreNotListed
	}
	// The author was proven by gossip's own signature, so a stranger can't empty
	// another clinic's bucket.
	if author != m.self && !m.buckets.take(offer.Clinic) {
		return none, ErrIgnoreRate
	}
	if _, err := envelope.Verify(); err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSignature, err)
	}
	return offer, nil
}

// Rate of one clinic's offers: a hospital's morning fits the burst, its day the rate.
const (
	offersPerSecond = 20
	offersBurst     = 200
	maxBuckets      = 4096 // clinics remembered; beyond it the fullest buckets are forgotten
)

// buckets are token buckets by clinic.
type buckets struct {
	clock scheduler.Clock

	mu     sync.Mutex // guards levels
	levels map[common.Address]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newBuckets(clock scheduler.Clock) *buckets {
	return &buckets{clock: clock, levels: map[common.Address]bucket{}}
}

func (b bucket) filled(now time.Time) float64 {
	return math.Min(offersBurst, b.tokens+offersPerSecond*now.Sub(b.at).Seconds())
}

// take spends one token of the clinic's bucket; false when it is empty.
func (b *buckets) take(clinic common.Address) bool {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	level, known := b.levels[clinic]
	if !known {
		if len(b.levels) >= maxBuckets {
			for address, other := range b.levels {
				if other.filled(now) >= offersBurst {
					delete(b.levels, address)
				}
			}
		}
		if len(b.levels) >= maxBuckets {
			return false // all of them are busy: that is a flood
		}
		level = bucket{tokens: offersBurst, at: now}
	}
	tokens := level.filled(now)
	if tokens < 1 {
		return false
	}
	b.levels[clinic] = bucket{tokens: tokens - 1, at: now}
	return true
}

// scoreParams makes invalid messages cost their sender: one is forgiven, a dozen
// graylist it. Delivery deficits don't count, because a quiet market is normal.
func scoreParams() (*pubsub.PeerScoreParams, *pubsub.PeerScoreThresholds) {
	return &pubsub.PeerScoreParams{
			SkipAtomicValidation: true,
			Topics:               map[string]*pubsub.TopicScoreParams{},
			AppSpecificScore:     func(peer.ID) float64 { return 0 },
			// Many honest nodes sit behind one hospital's address: no colocation penalty.
			BehaviourPenaltyWeight: -1, BehaviourPenaltyThreshold: 6, BehaviourPenaltyDecay: pubsub.ScoreParameterDecay(10 * time.Minute),
			DecayInterval: time.Second, DecayToZero: 0.01, RetainScore: 10 * time.Minute, SeenMsgTTL: seenTTL,
		}, &pubsub.PeerScoreThresholds{
			SkipAtomicValidation: true,
			GossipThreshold:      -100, PublishThreshold: -500, GraylistThreshold: -1000,
		}
}

func topicScoreParams() *pubsub.TopicScoreParams {
	return &pubsub.TopicScoreParams{
		SkipAtomicValidation: true, TopicWeight: 1,
		TimeInMeshQuantum: time.Second,
		// Squared: 12 invalid messages are -1440.
		InvalidMessageDeliveriesWeight: -10, InvalidMessageDeliveriesDecay: pubsub.ScoreParameterDecay(10 * time.Minute),
	}
}
