package inbox

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// seat is where an instance belongs: an entry of its own in a revision that is coming in, or
// one that lies there already.
type seat struct {
	arriving *revision // nil: the instance is in a revision that is complete
	entry    *entry    // to be filled; nil if known is not
	known    *kept     // what lies there already
	complete place     // of the revision that holds known, if none is coming in
}

func (s seat) place() place {
	if s.arriving != nil {
		return s.arriving.place
	}
	return s.complete
}

func (s seat) revision() int { return s.place().revision }
func (s seat) key() string   { return s.place().id.key() }
func (s seat) late() bool    { return s.arriving == nil || s.arriving.place.revision > 0 }

// seat finds the seat of an instance. What is known of a study is loaded, and the folder of
// a new revision made, by one caller while others wait.
func (b *Inbox) seat(ctx context.Context, id studyID, from Origin, h head) (seat, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		wait, found, err := b.trySeat(id, from, h)
		if wait == nil || err != nil {
			return found, err
		}
		b.mu.Unlock()
		select {
		case <-wait:
		case <-ctx.Done():
		}
		b.mu.Lock()
		if err := context.Cause(ctx); err != nil {
			return seat{}, err
		}
	}
}

// trySeat is one attempt of seat; wait is closed when it is worth another one. It holds
// b.mu, but for the time that it works on the disk.
func (b *Inbox) trySeat(id studyID, from Origin, h head) (wait <-chan struct{}, found seat, err error) {
	if gate := b.gates[id]; gate != nil {
		return gate, seat{}, nil
	}
	uid := h.instance()
	if r := b.arriving[id]; r != nil {
		if r.closing {
			return r.closed, seat{}, nil
		}
		e := r.instances[uid]
		if e != nil && e.coming != nil {
			return e.coming, seat{}, nil // another association brings the same one
		}
		found.arriving = r
		if e != nil {
			k := e.kept
			found.known = &k
		} else if len(r.instances) >= b.config.MaxInstances {
			return nil, seat{}, ErrTooLarge
		} else {
			r.numbers++
			found.entry = &entry{kept: kept{Number: r.numbers, UID: uid}, coming: make(chan struct{})}
			r.instances[uid] = found.entry
		}
		r.writers++
		r.arrival.hungUp = time.Time{}
		if from.Association != 0 {
			r.by[from.Association] = struct{}{}
		} else {
			r.byOthers = true
		}
		return nil, found, nil
	}
	last, exists := b.latest[id]
	one := b.shelf[id]
	if exists && !last.removed && one == nil {
		return b.atGate(id, func() error { return b.fetchShelved(place{id, last.revision}) })
	}
	if one != nil {
		one.used = b.now()
		if k, lies := one.instances[uid]; lies {
			return nil, seat{known: &k, complete: one.place}, nil
		}
	}
	if len(b.arriving) >= b.config.MaxArriving {
		return nil, seat{}, fmt.Errorf("%d studies are coming in already: %w", len(b.arriving), ErrFull)
	}
	next := place{id, 0}
	if exists {
		next.revision = last.revision + 1
	}
	return b.atGate(id, func() error { return b.openRevision(next, h.study(), from, one) })
}

// atGate works on a study's folder without b.mu, while others who want the study wait.
func (b *Inbox) atGate(id studyID, work func() error) (wait <-chan struct{}, none seat, err error) {
	gate := make(chan struct{})
	b.gates[id] = gate
	b.mu.Unlock()
	err = work()
	b.mu.Lock()
	delete(b.gates, id)
	close(gate)
	return gate, seat{}, err
}

func (b *Inbox) fetchShelved(p place) error {
	one, err := b.loadShelved(p)
	if err != nil {
		return fmt.Errorf("read the record of study %s: %w", p.id.key(), err)
	}
	b.mu.Lock()
	b.shelf.put(one)
	b.mu.Unlock()
	return nil
}

func (b *Inbox) openRevision(p place, studyUID string, from Origin, earlier *shelved) error {
	r, err := b.makeRevision(p, studyUID, from, earlier)
	if err != nil {
		return fmt.Errorf("make a folder for study %s: %w", p.id.key(), ofDisk(err))
	}
	b.mu.Lock()
	r.arrival.expected = b.expected.take(p.id)
	b.arriving[p.id] = r
	b.mu.Unlock()
	b.wake()
	return nil
}

// leave fills or gives up the seat of an instance that was to be kept.
func (b *Inbox) leave(at seat, safe bool) {
	b.mu.Lock()
	r, e := at.arriving, at.entry
	if safe {
		r.arrival.instances++
		r.bytes += e.Bytes
	} else {
		delete(r.instances, e.UID)
	}
	close(e.coming)
	e.coming = nil
	b.mu.Unlock()
	b.rise(at, safe)
}

// rise gives up the seat of an instance that is through.
func (b *Inbox) rise(at seat, good bool) {
	r := at.arriving
	if r == nil {
		return
	}
	b.mu.Lock()
	r.writers--
	if good {
		r.arrival.last = b.now()
		if at.known != nil {
			r.duplicates++
		}
	}
	wake := r.writers == 0 && (r.awaited || r.arrival.expected > 0 && r.arrival.instances >= r.arrival.expected)
	b.mu.Unlock()
	if wake {
		b.wake()
	}
}

func (b *Inbox) studies() string { return filepath.Join(b.folder, "studies") }
