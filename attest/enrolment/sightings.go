package enrolment

import (
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

const (
	// FlagLife is how long a key or device counts as used in two places after that was seen last.
	FlagLife = 24 * time.Hour
	// lingering is how long a process that ends may still be heard: what it had sent before
	// may arrive after its successor's first word.
	lingering = time.Minute
	// maxLives are remembered of a node: more than two at once is a crash loop.
	maxLives = 8
	// maxSighted bounds the memory against registered nodes by the hundred thousand.
	maxSighted = 200_000
)

// life is one process of a node.
type life struct {
	name        string
	first, last time.Time // when it was heard
}

// sighting is what was seen of one node's key.
type sighting struct {
	lives  []life
	twice  time.Time // when it was last seen in two places; zero: never
	began  time.Time // when it was first, of this spell
	shared time.Time // when its device was last seen behind another node; zero: never
	other  common.Address
}

// sightings notices keys that two processes use at once. Each process has a name that it made
// up when it began. A node that starts again has another one and never speaks by the old one
// again; if the old one is heard after the new one, both live.
type sightings struct {
	mu    sync.Mutex // guards nodes
	nodes map[common.Address]*sighting
}

func newSightings() *sightings { return &sightings{nodes: map[common.Address]*sighting{}} }

// of is a node's sighting, nil where there is no room for another one. The caller holds mu.
func (s *sightings) of(node common.Address) *sighting {
	found := s.nodes[node]
	if found == nil && len(s.nodes) < maxSighted {
		found = &sighting{}
		s.nodes[node] = found
	}
	return found
}

// hear notes that a process of a node spoke, and says since when two of them do; zero where
// one does.
func (s *sightings) hear(node common.Address, name string, now time.Time) (since time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.of(node)
	if seen == nil {
		return time.Time{}
	}
	at := -1
	for i := range seen.lives {
		if seen.lives[i].name == name {
			at = i
		}
	}
	if at < 0 {
		if len(seen.lives) == maxLives {
			seen.lives = append(seen.lives[:0], seen.lives[1:]...)
		}
		seen.lives = append(seen.lives, life{name, now, now})
		return seen.doubled(now)
	}
	own := &seen.lives[at]
	for i, other := range seen.lives {
		// The other one was first heard after this one, and this one goes on.
		if i > at && now.Sub(other.first) > lingering && now.Sub(other.last) < FlagLife {
			if seen.doubled(now).IsZero() {
				seen.began = now
			}
			if other.last.After(seen.twice) {
				seen.twice = other.last
			}
		}
	}
	own.last = now
	return seen.doubled(now)
}

// doubled is since when the key is in two places; zero: it is not.
func (s *sighting) doubled(now time.Time) time.Time {
	if s.twice.IsZero() || now.Sub(s.twice) >= FlagLife {
		return time.Time{}
	}
	return s.began
}

// share notes that one device was proved by two nodes.
func (s *sightings) share(node, former common.Address, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, pair := range [][2]common.Address{{node, former}, {former, node}} {
		if seen := s.of(pair[0]); seen != nil {
			seen.shared, seen.other = now, pair[1]
		}
	}
}

// Flag is a key or a device that is in two places at once.
type Flag struct {
	Node  common.Address  `json:"node"`
	Since time.Time       `json:"since"`           // when it was noticed
	Other *common.Address `json:"other,omitempty"` // the other node of the same device; absent: the node's own key is used twice
}

// flags of one node.
func (s *sightings) flags(node common.Address, now time.Time) (list []Flag) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen := s.nodes[node]; seen != nil {
		list = seen.flags(node, now)
	}
	return list
}

func (s *sighting) flags(node common.Address, now time.Time) (list []Flag) {
	if since := s.doubled(now); !since.IsZero() {
		list = append(list, Flag{Node: node, Since: since})
	}
	if !s.shared.IsZero() && now.Sub(s.shared) < FlagLife {
		other := s.other
		list = append(list, Flag{Node: node, Since: s.shared, Other: &other})
	}
	return list
}

// all flags there are.
func (s *sightings) all(now time.Time) (list []Flag) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for node, seen := range s.nodes {
		list = append(list, seen.flags(node, now)...)
	}
	return list
}
