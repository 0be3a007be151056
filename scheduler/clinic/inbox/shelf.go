package inbox

import (
	"cmp"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

// shelved is the latest revision of a study that is complete, as it is needed when more of
// the study comes.
type shelved struct {
	place     place
	folder    string
	instances map[string]kept // by SOP Instance UID
	facts     Facts
	series    map[string]Series
	used      time.Time
}

// order lists the instances in the order of their files.
func (s *shelved) order() []string {
	return slices.SortedFunc(maps.Keys(s.instances), func(a, b string) int {
		return cmp.Compare(s.instances[a].Number, s.instances[b].Number)
	})
}

// shelfPlaces is how many complete revisions are kept in memory with their instances' names,
// some hundred bytes each; others are read again when more of their study comes.
const shelfPlaces = 64

// shelf holds the revisions that were complete or asked for last.
type shelf map[studyID]*shelved

// put takes in s, and lets go of the one that was used longest ago.
func (s shelf) put(one *shelved) {
	s[one.place.id] = one
	if len(s) <= shelfPlaces {
		return
	}
	var oldest *shelved
	for _, other := range s {
		if oldest == nil || other.used.Before(oldest.used) {
			oldest = other
		}
	}
	delete(s, oldest.place.id)
}

// shelve is r as it goes on the shelf.
func (r *revision) shelve(now time.Time) *shelved {
	one := &shelved{place: r.place, folder: r.folder, instances: map[string]kept{}, series: maps.Clone(r.series), used: now}
	if r.facts != nil {
		one.facts = *r.facts
	}
	for uid, e := range r.instances {
		if e.coming == nil {
			one.instances[uid] = e.kept
		}
	}
	return one
}

// loadShelved reads a complete revision from its journal.
func (b *Inbox) loadShelved(p place) (*shelved, error) {
	folder := filepath.Join(b.studies(), p.folder())
	records, _, err := readJournal(filepath.Join(folder, journalFile), b.seals, journalName(p.id, p.revision))
	if err != nil && !errors.Is(err, errHoles) {
		return nil, err
	}
	one := &shelved{place: p, folder: folder, instances: map[string]kept{}, series: map[string]Series{}, used: b.now()}
	for _, r := range records {
		one.replay(r)
	}
	return one, nil
}

// replay takes one record into account.
func (s *shelved) replay(r record) {
	switch {
	case r.Kept != nil:
		s.instances[r.Kept.UID] = *r.Kept
		if r.Kept.Facts != nil {
			s.facts = *r.Kept.Facts
		}
		if r.Kept.About != nil {
			s.series[r.Kept.Series] = *r.Kept.About
		}
	case r.Void != 0:
		maps.DeleteFunc(s.instances, func(_ string, k kept) bool { return k.Number == r.Void })
	}
}
