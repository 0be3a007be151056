package dicomweb

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"time"
)

// nameBytes is the length of an item's key in a book.
const nameBytes = 16

// itemName is an item's key in a book: a keyed hash of its UID.
type itemName [nameBytes]byte

// placed is what is known of an item without reading it.
type placed struct {
	created, changed time.Time
	bytes            int // on disk
	ended            bool
	unread           bool // nothing more is known of it
	studies          []string
	accessions       []string
}

// index knows where in a book the items stand that a question is about: lists that read them
// all would do so for each study that comes. Items that ended are found by no name.
type index struct {
	mu          sync.RWMutex // guards what follows
	items       map[itemName]placed
	sum         int // bytes
	byStudy     map[string]map[itemName]bool
	byAccession map[string]map[itemName]bool
}

func newIndex() *index {
	return &index{items: map[itemName]placed{}, byStudy: map[string]map[itemName]bool{}, byAccession: map[string]map[itemName]bool{}}
}

// put notes an item as it stands on disk now, in place of how it stood before.
func (x *index) put(key []byte, item Workitem, size int) {
	name := itemName(key)
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(name)
	p := placed{created: item.Created, changed: item.Changed, bytes: size, ended: item.State.final()}
	if !p.ended {
		p.studies, p.accessions = item.StudyUIDs(), item.AccessionNumbers()
	}
	x.items[name], x.sum = p, x.sum+size
	enter(x.byStudy, p.studies, name)
	enter(x.byAccession, p.accessions, name)
}

// block notes an item that can't be read: it takes room.
func (x *index) block(key []byte, size int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.items[itemName(key)], x.sum = placed{bytes: size, unread: true}, x.sum+size
}

// spoil notes that an item can't be read any more: it is said once.
func (x *index) spoil(name itemName) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if p, there := x.items[name]; there {
		x.drop(name)
		x.items[name], x.sum = placed{bytes: p.bytes, unread: true}, x.sum+p.bytes
	}
}

func (x *index) remove(key []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.drop(itemName(key))
}

// drop forgets an item; the lock is held.
func (x *index) drop(name itemName) {
	p, there := x.items[name]
	if !there {
		return
	}
	leave(x.byStudy, p.studies, name)
	leave(x.byAccession, p.accessions, name)
	delete(x.items, name)
	x.sum -= p.bytes
}

func enter(by map[string]map[itemName]bool, words []string, name itemName) {
	for _, word := range words {
		if by[word] == nil {
			by[word] = map[itemName]bool{}
		}
		by[word][name] = true
	}
}

func leave(by map[string]map[itemName]bool, words []string, name itemName) {
	for _, word := range words {
		if delete(by[word], name); len(by[word]) == 0 {
			delete(by, word)
		}
	}
}

func (x *index) count() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return len(x.items)
}

// bytes of all items on disk.
func (x *index) bytes() int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.sum
}

// sizeOf is 0 for an item that is not there.
func (x *index) sizeOf(key []byte) int {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.items[itemName(key)].bytes
}

// all are the items that can be read, the oldest first.
func (x *index) all() []itemName { return x.which(func(p placed) bool { return !p.unread }) }

// open are those that have not ended.
func (x *index) open() []itemName {
	return x.which(func(p placed) bool { return !p.unread && !p.ended })
}

// ended are those that ended before a time.
func (x *index) ended(before time.Time) []itemName {
	return x.which(func(p placed) bool { return p.ended && p.changed.Before(before) })
}

func (x *index) which(fits func(placed) bool) []itemName {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var names []itemName
	for name, p := range x.items {
		if fits(p) {
			names = append(names, name)
		}
	}
	return x.inOrder(names)
}

// naming are the items that have not ended and name a study or an accession number.
func (x *index) naming(studyUID, accession string) []itemName {
	x.mu.RLock()
	defer x.mu.RUnlock()
	var names []itemName
	if studyUID != "" {
		for name := range x.byStudy[studyUID] {
			names = append(names, name)
		}
	}
	if accession != "" {
		for name := range x.byAccession[accession] {
			if studyUID == "" || !x.byStudy[studyUID][name] {
				names = append(names, name)
			}
		}
	}
	return x.inOrder(names)
}

// inOrder puts the oldest first; the lock is held.
func (x *index) inOrder(names []itemName) []itemName {
	slices.SortFunc(names, func(a, b itemName) int {
		return cmp.Or(x.items[a].created.Compare(x.items[b].created), bytes.Compare(a[:], b[:]))
	})
	return names
}
