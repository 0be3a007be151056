package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net/url"
	"sync"
	"time"
)

const (
	// LinkLife is how long a link waits to be opened: from a terminal to a browser's window.
	LinkLife = 10 * time.Minute
	// maxLinks are open at once: whoever asks for more loses the oldest.
	maxLinks = 16
)

// links are the ways in that somebody of this machine was given, by the hash of their key.
// Each is taken once.
type links struct {
	now func() time.Time

	mu   sync.Mutex // guards open
	open map[[sha256.Size]byte]time.Time
}

func newLinks(now func() time.Time) *links {
	return &links{now: now, open: map[[sha256.Size]byte]time.Time{}}
}

func (l *links) make() (key string) {
	key = rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	var oldest [sha256.Size]byte
	for id, until := range l.open {
		if first, ok := l.open[oldest]; !ok || until.Before(first) {
			oldest = id
		}
	}
	if len(l.open) >= maxLinks {
		delete(l.open, oldest)
	}
	l.open[sha256.Sum256([]byte(key))] = l.now().Add(LinkLife)
	return key
}

// take uses a link up; false where it is none.
func (l *links) take(key string) bool {
	id := sha256.Sum256([]byte(key))
	l.mu.Lock()
	defer l.mu.Unlock()
	until, known := l.open[id]
	delete(l.open, id)
	return known && until.After(l.now())
}

// Link is a path that lets one visitor in, once and within LinkLife. Give it only to who may
// have every right. A door with users takes none, and one that is open needs none: the path
// is that of the first page then.
func (d *Door) Link() string {
	if d.users != nil || d.conf.Open {
		return "/"
	}
	return "/enter?" + url.Values{"key": {d.links.make()}}.Encode()
}
