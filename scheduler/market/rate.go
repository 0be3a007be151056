package market

import (
	"math"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/scheduler"
)

// rate is what a token bucket gives: perSecond tokens, at most burst at once.
type rate struct{ perSecond, burst float64 }

var (
	// offerRate is one clinic's in one region: a hospital's morning fits the burst, its day
	// the rate.
	offerRate = rate{perSecond: 20, burst: 200}
	// ownOfferRate is what this host allows itself: a tenth less, because messages that
	// travel together for a moment look faster where they arrive.
	ownOfferRate = rate{perSecond: 18, burst: 180}
	// noticeRate is one node's: it speaks every few minutes, and at once when its places
	// change much.
	noticeRate    = rate{perSecond: 1.0 / 20, burst: 6}
	ownNoticeRate = rate{perSecond: 1.0 / 22, burst: 5}
)

const (
	// statReserve are tokens of the own bucket that only an emergency may take, so that it
	// never waits behind a morning's routine.
	statReserve = 40
	// maxBuckets bounds the memory for clinics and for nodes, at some 100 bytes each; ten
	// thousand nodes fit. Beyond it newcomers are ignored and those known are not.
	maxBuckets = 16384
)

// bucketOf names a bucket: what somebody says in one region.
type bucketOf struct {
	who    common.Address
	region string
}

// buckets are token buckets of one rate.
type buckets struct {
	clock scheduler.Clock
	rate  rate

	mu     sync.Mutex // guards levels
	levels bounded[bucketOf, level]
}

// level is an amount at a moment.
type level struct {
	amount float64
	at     time.Time
}

func newBuckets(clock scheduler.Clock, r rate) *buckets {
	return &buckets{clock: clock, rate: r, levels: newBounded[bucketOf, level](maxBuckets)}
}

func (r rate) filled(l level, now time.Time) float64 {
	return math.Min(r.burst, l.amount+r.perSecond*now.Sub(l.at).Seconds())
}

// take spends one token if the bucket holds one beyond reserve. Otherwise it says how
// long that takes; 0 is a yes.
func (b *buckets) take(who bucketOf, reserve float64) (wait time.Duration) {
	now := b.clock.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	held, known := b.levels.of[who]
	if !known {
		full := func(l level) bool { return b.rate.filled(l, now) >= b.rate.burst } // as good as forgotten
		if !b.levels.room(now, full) {
			return b.rate.time(1) // all of them are busy: that is a flood
		}
		held = level{amount: b.rate.burst, at: now}
	}
	tokens := b.rate.filled(held, now)
	if tokens < 1+reserve {
		return b.rate.time(1 + reserve - tokens)
	}
	b.levels.of[who] = level{amount: tokens - 1, at: now}
	return 0
}

// time is how long the rate needs for so many tokens, at least a millisecond.
func (r rate) time(tokens float64) time.Duration {
	return max(time.Millisecond, time.Duration(tokens/r.perSecond*float64(time.Second)))
}
