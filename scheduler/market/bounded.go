package market

import "time"

// sweepEvery is how often a full memory may be searched for what it can forget; a flood of
// new names would otherwise buy a search with each message.
const sweepEvery = time.Second

// bounded is a map that strangers fill, so it has a limit. Its owner locks it.
type bounded[K comparable, V any] struct {
	of    map[K]V
	limit int
	swept time.Time
}

func newBounded[K comparable, V any](limit int) bounded[K, V] {
	return bounded[K, V]{of: map[K]V{}, limit: limit}
}

// room reports whether one more entry fits, after forgetting what may be forgotten.
func (b *bounded[K, V]) room(now time.Time, forgettable func(V) bool) bool {
	if len(b.of) < b.limit {
		return true
	}
	if now.Sub(b.swept) < sweepEvery {
		return false
	}
	b.swept = now
	for key, value := range b.of {
		if forgettable(value) {
			delete(b.of, key)
		}
	}
	return len(b.of) < b.limit
}
