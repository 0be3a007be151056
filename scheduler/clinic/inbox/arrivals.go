package inbox

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// expectations are the numbers of instances that were announced for studies of which
// nothing has come yet. They are forgotten at a restart: the quiet period serves then.
type expectations map[studyID]expectation

type expectation struct {
	instances int
	since     time.Time
}

// maxExpectations bounds them; beyond it the oldest goes, for which the quiet period serves.
// A study that an archive announced and never sent fills a place no longer than that.
const maxExpectations = 4096

func (e expectations) put(id studyID, instances int, now time.Time) {
	if _, known := e[id]; !known && len(e) >= maxExpectations {
		oldest, first := id, now
		for other, x := range e {
			if !x.since.After(first) {
				oldest, first = other, x.since
			}
		}
		delete(e, oldest)
	}
	e[id] = expectation{instances, now}
}

func (e expectations) take(id studyID) int {
	n := e[id].instances
	delete(e, id)
	return n
}

// Expect says how many instances a study has, from an order or from the archive that sends
// it: the study is complete when so many are there. It may come before the study does.
func (b *Inbox) Expect(studyUID string, instances int) error {
	if instances < 1 || !plainUID(studyUID) {
		return errors.New("expect a study: want its Study Instance UID and a count above zero")
	}
	id := b.seals.id(studyUID)
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.arriving[id]
	if r == nil || r.closing {
		b.expected.put(id, instances, b.now())
		return nil
	}
	if _, err := r.journal.append(record{Expected: instances}); err != nil {
		return fmt.Errorf("expect study %s: %w", id.key(), ofDisk(err))
	}
	r.arrival.expected = instances
	b.wake()
	return nil
}

// Finish says that all of a study is there: it is complete as soon as what is being
// received is through.
func (b *Inbox) Finish(studyUID string) error {
	id := b.seals.id(studyUID)
	b.mu.Lock()
	defer b.mu.Unlock()
	r := b.arriving[id]
	if r == nil {
		return fmt.Errorf("finish study %s: %w", id.key(), ErrUnknownStudy)
	}
	r.arrival.finished = true
	b.wake()
	return nil
}

// AssociationEnded says that no more will come by an association. Studies of which all
// associations have ended are complete after a third of Config.Quiet.
func (b *Inbox) AssociationEnded(association uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.arriving {
		if _, ours := r.by[association]; !ours {
			continue
		}
		delete(r.by, association)
		if len(r.by) == 0 && !r.byOthers {
			r.arrival.hungUp = b.now()
			b.wake()
		}
	}
}

// Arriving lists the studies that are coming in, the oldest first.
func (b *Inbox) Arriving() []Progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Progress
	for _, r := range slices.Collect(maps.Values(b.arriving)) {
		s := r.summary(b.config, "")
		list = append(list, Progress{
			Key: s.Key, StudyUID: s.StudyUID, Revision: s.Revision, Facts: s.Facts, Origin: s.Origin,
			Instances: s.Instances, Expected: s.Expected, Bytes: s.Bytes, First: s.First, Last: s.Last,
		})
	}
	slices.SortFunc(list, func(a, b Progress) int { return a.First.Compare(b.First) })
	return list
}

// Holds says of SOP Instance UIDs which are on disk in a study that is coming in or came
// lately. For storage commitment: false may also mean long ago.
func (b *Inbox) Holds(sopInstanceUIDs []string) []bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := make([]bool, len(sopInstanceUIDs))
	for n, uid := range sopInstanceUIDs {
		for _, r := range b.arriving {
			e := r.instances[uid]
			held[n] = held[n] || e != nil && e.coming == nil
		}
		for _, one := range b.shelf {
			_, lies := one.instances[uid]
			held[n] = held[n] || lies
		}
	}
	return held
}
