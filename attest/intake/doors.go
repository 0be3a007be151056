package intake

import (
	"container/list"
	"sync"

	"github.com/libp2p/go-libp2p/core/peer"
)

// How many streams are open at the same time: of one peer, and of all together, which is 100
// kilobytes each at worst. A stream that waits for its peer holds nothing else.
const (
	maxOfPeer  = 4
	maxStreams = 1024
)

// doors are the open streams. When they are all taken, the one from which nothing was heard
// for the longest time makes room: who speaks at once is served, however many are silent.
type doors struct {
	mu    sync.Mutex // guards the fields below
	of    map[peer.ID]int
	quiet *list.List // of *guest, the longest silent first
}

// guest is one open stream.
type guest struct {
	from  peer.ID
	show  func()        // resets the stream; must not block
	place *list.Element // in quiet, nil once it left
}

func newDoors() *doors { return &doors{of: map[peer.ID]int{}, quiet: list.New()} }

// enter lets a stream in, and another one out if need be; false when its peer has maxOfPeer.
func (d *doors) enter(from peer.ID, show func()) (*guest, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of[from] >= maxOfPeer {
		return nil, false
	}
	if d.quiet.Len() >= maxStreams {
		silent := d.quiet.Front().Value.(*guest)
		d.remove(silent)
		silent.show()
	}
	in := &guest{from: from, show: show}
	in.place = d.quiet.PushBack(in)
	d.of[from]++
	return in, true
}

// heard says that something whole came from a stream.
func (d *doors) heard(in *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if in.place != nil {
		d.quiet.MoveToBack(in.place)
	}
}

// leave ends a stream's stay; again changes nothing.
func (d *doors) leave(in *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.remove(in)
}

func (d *doors) remove(in *guest) {
	if in.place == nil {
		return
	}
	d.quiet.Remove(in.place)
	in.place = nil
	if d.of[in.from]--; d.of[in.from] == 0 {
		delete(d.of, in.from)
	}
}
