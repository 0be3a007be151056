package hl7

import (
	"io"
	"sync"
)

// seats are the places of a listener's connections. When all are taken, the connection that
// has been idle the longest makes room: an order system that is called again calls again, but
// one that holds idle connections would keep all others out.
type seats struct {
	limit int

	mu    sync.Mutex // guards what follows
	taken map[*seat]bool
	turns uint64 // counts how often a connection became idle
}

// seat is one connection's place.
type seat struct {
	conn io.Closer
	// idleSince is the turn at which it became idle; 0: it is busy with a message or a handshake.
	idleSince uint64
}

func newSeats(limit int) *seats { return &seats{limit: limit, taken: map[*seat]bool{}} }

// sit gives a connection a place, busy at first. madeRoom says that another was closed for it;
// the place is nil where all others are busy.
func (s *seats) sit(conn io.Closer) (place *seat, madeRoom bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.taken) >= s.limit {
		idle := s.longestIdle()
		if idle == nil {
			return nil, false
		}
		delete(s.taken, idle)
		_ = idle.conn.Close() // its reader says so
		madeRoom = true
	}
	place = &seat{conn: conn}
	s.taken[place] = true
	return place, madeRoom
}

// longestIdle is nil where all are busy; the lock is held.
func (s *seats) longestIdle() (longest *seat) {
	for one := range s.taken {
		if one.idleSince > 0 && (longest == nil || one.idleSince < longest.idleSince) {
			longest = one
		}
	}
	return longest
}

// idle notes that a connection waits for its next message.
func (s *seats) idle(place *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns++
	place.idleSince = s.turns
}

// busy notes that a message has begun.
func (s *seats) busy(place *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	place.idleSince = 0
}

// leave gives the place up.
func (s *seats) leave(place *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.taken, place)
}
