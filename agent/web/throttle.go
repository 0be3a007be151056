package web

import (
	"sync"
	"time"
)

// Bounds of failed logins.
const (
	// freeFailures are without a pause, of an address and of a name at an address.
	freeFailures = 5
	// freeOfName are without a pause for a name, wherever they come from: more than one address
	// has, so that nobody is locked out by a single stranger.
	freeOfName    = 100
	longestPause  = 5 * time.Minute
	failureMemory = 30 * time.Minute
	maxFailures   = 10_000 // guesses that are remembered
	maxHomes      = 10_000 // addresses of names that are remembered
)

// guess is what failures are counted by: an address, a name at an address, or a name
// wherever somebody tries it.
type guess struct{ name, address string }

// free is how many failures cost no pause.
func (g guess) free() int {
	if g.address == "" {
		return freeOfName
	}
	return freeFailures
}

// throttle makes whoever guesses passwords wait: each failure beyond the free ones doubles the
// pause. Who has logged in from an address before is not stopped there by what strangers try
// with their name elsewhere.
type throttle struct {
	now func() time.Time

	mu    sync.Mutex // guards what follows
	by    map[guess]failures
	homes map[guess]bool // names at the addresses that they have logged in from
}

type failures struct {
	n    int
	last time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, by: map[guess]failures{}, homes: map[guess]bool{}}
}

// wait is how long the worst of the guesses has to wait.
func (t *throttle) wait(keys ...guess) (pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if f := t.by[key]; f.n >= key.free() {
			pause = max(pause, f.last.Add(pauseOf(f.n-key.free())).Sub(t.now()))
		}
	}
	return pause
}

// pauseOf is the pause after so many failures beyond the free ones.
func pauseOf(beyond int) time.Duration {
	return min(longestPause, time.Second<<min(beyond, 16)) // 2^16 s are beyond the longest
}

func (t *throttle) failed(keys ...guess) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if len(t.by)+len(keys) > maxFailures {
		for key, f := range t.by {
			if now.Sub(f.last) > failureMemory {
				delete(t.by, key)
			}
		}
		if len(t.by)+len(keys) > maxFailures {
			clear(t.by) // so many addresses at once: none of them is slowed down by memory alone
		}
	}
	for _, key := range keys {
		f := t.by[key]
		if now.Sub(f.last) > failureMemory {
			f.n = 0
		}
		t.by[key] = failures{f.n + 1, now}
	}
}

// spare takes back one failure of each guess, which was none. What others failed stays.
func (t *throttle) spare(keys ...guess) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		if f := t.by[key]; f.n > 1 {
			t.by[key] = failures{f.n - 1, f.last}
		} else {
			delete(t.by, key)
		}
	}
}

// passed forgets what name failed at address, and what address failed. Failures of the name
// elsewhere stay: they are others'.
func (t *throttle) passed(name, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.by, guess{address: address})
	delete(t.by, guess{name, address})
	if len(t.homes) >= maxHomes {
		clear(t.homes)
	}
	t.homes[guess{name, address}] = true
}

// knows says that name has logged in from address in this process's life.
func (t *throttle) knows(name, address string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.homes[guess{name, address}]
}
