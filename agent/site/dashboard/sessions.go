package dashboard

import (
	"crypto/rand"
	"crypto/sha256"
	"sync"
	"time"
)

const (
	// sessionLife is a working day; after it a user logs in again.
	sessionLife = 8 * time.Hour
	maxSessions = 1000
)

// sessions are who is logged in, by the hash of their cookie. They end with the process.
type sessions struct {
	now func() time.Time

	mu   sync.Mutex // guards open
	open map[[sha256.Size]byte]session
}

type session struct {
	user  User // as they were at the login
	until time.Time
}

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, open: map[[sha256.Size]byte]session{}}
}

// begin is a new session's cookie.
func (s *sessions) begin(user User) (cookie string) {
	cookie = rand.Text() + rand.Text()
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var oldest [sha256.Size]byte
	for key, one := range s.open {
		if !one.until.After(now) {
			delete(s.open, key)
		} else if first, ok := s.open[oldest]; !ok || one.until.Before(first.until) {
			oldest = key
		}
	}
	if len(s.open) >= maxSessions {
		delete(s.open, oldest)
	}
	s.open[sha256.Sum256([]byte(cookie))] = session{user, now.Add(sessionLife)}
	return cookie
}

// who is behind a cookie, as they were at the login; no name: nobody any more.
func (s *sessions) who(cookie string) User {
	s.mu.Lock()
	defer s.mu.Unlock()
	one, ok := s.open[sha256.Sum256([]byte(cookie))]
	if !ok || !one.until.After(s.now()) {
		return User{}
	}
	return one.user
}

func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, sha256.Sum256([]byte(cookie)))
}

// Bounds of failed logins.
const (
	freeFailures  = 5 // without a pause
	longestPause  = 5 * time.Minute
	failureMemory = 30 * time.Minute
	maxFailures   = 10_000 // keys that are remembered
)

// throttle makes whoever guesses passwords wait: each failure after the fifth doubles the
// pause, for the name and for the address.
type throttle struct {
	now func() time.Time

	mu sync.Mutex // guards by
	by map[string]failures
}

type failures struct {
	n    int
	last time.Time
}

func newThrottle(now func() time.Time) *throttle {
	return &throttle{now: now, by: map[string]failures{}}
}

// wait is how long the worst of the keys has to wait.
func (t *throttle) wait(keys ...string) (pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		f := t.by[key]
		if f.n >= freeFailures {
			pause = max(pause, f.last.Add(pauseOf(f.n)).Sub(t.now()))
		}
	}
	return pause
}

func pauseOf(n int) time.Duration {
	return min(longestPause, time.Second<<min(n-freeFailures, 16))
}

func (t *throttle) failed(keys ...string) {
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

// spare takes back one failure of each key, which was none. What others failed stays.
func (t *throttle) spare(keys ...string) {
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

func (t *throttle) passed(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		delete(t.by, key)
	}
}

// seenFor is how long one look counts: a page that renews itself is one look of a person.
const seenFor = 10 * time.Minute

// maxSeen bounds what is remembered of looks; beyond it they are recorded anew.
const maxSeen = 20_000

// seen knows which looks were recorded a moment ago.
type seen struct {
	now func() time.Time

	mu sync.Mutex // guards at
	at map[string]time.Time
}

func newSeen(now func() time.Time) *seen { return &seen{now: now, at: map[string]time.Time{}} }

// fresh says which of the things a person has not looked at within seenFor.
func (s *seen) fresh(who string, things ...string) (list []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, thing := range things {
		if at, ok := s.at[who+"\x00"+thing]; !ok || s.now().Sub(at) > seenFor {
			list = append(list, thing)
		}
	}
	return list
}

// note remembers what was recorded.
func (s *seen) note(who string, things ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.at)+len(things) > maxSeen {
		clear(s.at)
	}
	for _, thing := range things {
		s.at[who+"\x00"+thing] = s.now()
	}
}
