package web

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
