package dashboard

import (
	"sync"
	"time"
)

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
