package intake

import (
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// maxBuckets bounds the memory for peers. Beyond it the full buckets, whose
// peers were silent for a while, are forgotten, at most once a sweepEvery: a
// crowd of new peers must not make every statement dear.
const (
	maxBuckets = 8192
	sweepEvery = time.Second
)

// rates is a token bucket for each peer.
type rates struct {
	perSecond, burst float64

	mu      sync.Mutex // guards buckets and swept
	buckets map[peer.ID]bucket
	swept   time.Time
}

type bucket struct {
	tokens float64
	at     time.Time
}

func newRates(perSecond float64, burst int) *rates {
	return &rates{perSecond: perSecond, burst: float64(burst), buckets: map[peer.ID]bucket{}}
}

// allow takes a token of from's bucket; false when it is empty, or when so many
// peers are busy at once that there is no room for another one.
func (r *rates) allow(from peer.ID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, known := r.buckets[from]
	if !known {
		if len(r.buckets) >= maxBuckets && now.Sub(r.swept) >= sweepEvery {
			r.swept = now
			for id, other := range r.buckets {
				if r.filled(other, now) >= r.burst {
					delete(r.buckets, id)
				}
			}
		}
		if len(r.buckets) >= maxBuckets {
			return false
		}
		b = bucket{r.burst, now}
	}
	b = bucket{r.filled(b, now), now}
	allowed := b.tokens >= 1
	if allowed {
		b.tokens--
	}
	r.buckets[from] = b
	return allowed
}

// filled is what a bucket holds by now.
func (r *rates) filled(b bucket, now time.Time) float64 {
	return min(r.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*r.perSecond)
}
