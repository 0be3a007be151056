package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// farAhead is when the loop looks again that waits for nothing.
const farAhead = time.Hour

// retryAfter is when a study is tried again that could not be completed, as on a full disk.
const retryAfter = 10 * time.Second

// lastGrace is how much longer an instance may take whose study was waited for long enough.
const lastGrace = time.Minute

// complete hands out the studies that are due, until ctx ends.
func (b *Inbox) complete(ctx context.Context) {
	timer := time.NewTimer(farAhead)
	defer timer.Stop()
	for ctx.Err() == nil {
		due, next := b.due()
		for _, r := range due {
			b.finish(r)
		}
		if len(due) > 0 {
			continue
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
		case <-b.kick:
		case <-timer.C:
		}
	}
}

// due lists the revisions that are complete, which take nothing new from then on, and says
// how long to wait for the next.
func (b *Inbox) due() (list []*revision, next time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	next = farAhead
	for _, r := range b.arriving {
		at, _ := b.config.due(r.arrival)
		if at.Before(r.notBefore) {
			at = r.notBefore
		}
		r.awaited = r.writers > 0 && !at.After(now)
		if r.awaited {
			// It waits for its writers, but not for ever for ever new ones.
			at = r.arrival.first.Add(b.config.LongestWait)
		}
		switch {
		case at.After(now):
			next = min(next, at.Sub(now))
		case r.awaited:
			r.closing = true
			r.cutAt.CompareAndSwap(0, now.Add(lastGrace).UnixNano())
		default:
			r.closing = true
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *revision) int { return a.arrival.last.Compare(b.arrival.last) })
	return list, next
}

// finish makes a durable record that r is complete, and hands it out.
func (b *Inbox) finish(r *revision) {
	var study Study
	b.mu.Lock()
	_, why := b.config.due(r.arrival)
	fresh := r.arrival.instances - r.base
	if fresh > 0 {
		study = r.summary(b.config, why)
	}
	b.mu.Unlock()
	var err error
	if fresh > 0 {
		err = b.record(r, study)
	} else {
		err = b.discard(r) // all that came was refused
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	closed := r.closed
	defer close(closed)
	if err != nil {
		r.closing, r.closed, r.notBefore = false, make(chan struct{}), b.now().Add(retryAfter)
		r.cutAt.Store(0)
		b.log.Warn("a study can't be completed; tried again", "study", r.place.id.key(), "in", retryAfter, "error", ofDisk(err))
		return
	}
	delete(b.arriving, r.place.id)
	if fresh == 0 {
		return
	}
	b.latest[r.place.id] = latest{revision: r.place.revision, bytes: r.bytes}
	b.shelf.put(r.shelve(b.now()))
	b.push(study)
	b.log.Info("a study is complete", "study", study.Key, "revision", study.Revision, "instances", study.Instances, "by", string(why),
		"duplicates", study.Duplicates, "conflicts", study.Conflicts, "late", study.Late)
}

// record writes that r is complete.
func (b *Inbox) record(r *revision, study Study) error {
	if err := r.blanks.clear(b.disk, r.images()); err != nil {
		return err
	}
	if _, err := r.journal.append(record{Done: &study}); err != nil {
		return err
	}
	if err := r.journal.sync(); err != nil {
		return err
	}
	if err := b.ledger.put(r.place, standing{State: stateComplete, Bytes: r.bytes}); err != nil {
		return err
	}
	b.letGo(r)
	return nil
}

// letGo closes the journal of a revision that is through; what matters of it is synced.
func (b *Inbox) letGo(r *revision) {
	if err := r.journal.file.Close(); err != nil {
		b.log.Warn("close the record of a study", "study", r.place.id.key(), "error", ofDisk(err))
	}
}

// discard removes a revision in which nothing is.
func (b *Inbox) discard(r *revision) error {
	if err := r.blanks.clear(b.disk, r.images()); err != nil {
		return err
	}
	if err := b.removeFolder(r.place); err != nil {
		return err
	}
	b.letGo(r)
	return nil
}

// removeFolder removes a revision's folder, so that no half of it is ever taken for a whole.
func (b *Inbox) removeFolder(p place) error {
	folder := filepath.Join(b.studies(), p.folder())
	if err := os.Rename(folder, folder+goneSuffix); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := b.disk.syncFolder(b.studies()); err != nil {
		return err
	}
	return os.RemoveAll(folder + goneSuffix)
}

// push makes a study ready to be handed out. b.mu is held.
func (b *Inbox) push(s Study) {
	b.waiting = append(b.waiting, s)
	if !b.stopped {
		close(b.more)
		b.more = make(chan struct{})
	}
}

// Next waits for the next complete study: the most pressing one, then the one that was
// complete first. Each is handed out once in the life of the process, and again after a
// restart until it was Taken.
func (b *Inbox) Next(ctx context.Context) (Study, error) {
	for {
		b.mu.Lock()
		more, stopped := b.more, b.stopped
		if len(b.waiting) > 0 && !stopped {
			at := 0
			for n, s := range b.waiting {
				if s.Facts.Priority > b.waiting[at].Facts.Priority {
					at = n
				}
			}
			s := b.waiting[at]
			b.waiting = slices.Delete(b.waiting, at, at+1)
			b.handed[place{b.seals.id(s.StudyUID), s.Revision}] = true
			b.mu.Unlock()
			return s, nil
		}
		b.mu.Unlock()
		if stopped {
			return Study{}, fmt.Errorf("wait for a study: %w", ErrClosed)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Study{}, fmt.Errorf("wait for a study: %w", context.Cause(ctx))
		}
	}
}

// Taken says that the caller has made a durable record of what is to be done with study.
func (b *Inbox) Taken(study Study) error {
	p := place{b.seals.id(study.StudyUID), study.Revision}
	b.mu.Lock()
	handed := b.handed[p]
	b.mu.Unlock()
	if !handed {
		return fmt.Errorf("take study %s, revision %d: %w", study.Key, study.Revision, ErrUnknownStudy)
	}
	if err := b.ledger.put(p, standing{State: stateTaken, Bytes: study.Bytes}); err != nil {
		return fmt.Errorf("take study %s: %w", study.Key, ofDisk(err))
	}
	b.mu.Lock()
	delete(b.handed, p)
	b.mu.Unlock()
	return nil
}

// Study is one revision of a study that is complete; a revision below 0 is the latest.
func (b *Inbox) Study(studyUID string, revision int) (Study, error) {
	id := b.seals.id(studyUID)
	b.mu.Lock()
	last, exists := b.latest[id]
	b.mu.Unlock()
	if revision < 0 {
		revision = last.revision
	}
	p := place{id, revision}
	if !exists || last.removed || revision > last.revision {
		return Study{}, fmt.Errorf("find study %s, revision %d: %w", id.key(), revision, ErrUnknownStudy)
	}
	study, err := b.loadStudy(p)
	if errors.Is(err, os.ErrNotExist) {
		err = ErrUnknownStudy
	}
	if err != nil {
		return Study{}, fmt.Errorf("find study %s, revision %d: %w", id.key(), revision, err)
	}
	return study, nil
}

// loadStudy reads the last record of a complete revision.
func (b *Inbox) loadStudy(p place) (Study, error) {
	folder := filepath.Join(b.studies(), p.folder())
	records, _, err := readJournal(filepath.Join(folder, journalFile), b.seals, journalName(p.id, p.revision))
	if err != nil && !errors.Is(err, errHoles) {
		return Study{}, err
	}
	for _, r := range slices.Backward(records) {
		if r.Done != nil { // what stands behind it came while its standing could not be written
			study := *r.Done
			study.Folder = filepath.Join(folder, imagesFolder)
			return study, nil
		}
	}
	return Study{}, errTorn
}

// ErrNotTaken says that a study still is to be handled.
var ErrNotTaken = errors.New("the study is not taken yet; wait until it is on the worklist")

// Remove deletes the files of a study's revisions up to one that was taken; a later one
// keeps those that it needs. It stays known that they were there: the next instance of the
// study makes a revision with a number of its own.
func (b *Inbox) Remove(studyUID string, revision int) error {
	id := b.seals.id(studyUID)
	if err := b.remove(place{id, revision}); err != nil {
		return fmt.Errorf("remove study %s: %w", id.key(), ofDisk(err))
	}
	return nil
}

func (b *Inbox) remove(p place) error {
	b.mu.Lock()
	for b.gates[p.id] != nil { // a later revision is made of this one
		gate := b.gates[p.id]
		b.mu.Unlock()
		<-gate
		b.mu.Lock()
	}
	last, exists := b.latest[p.id]
	isLast := last.revision == p.revision
	toTake := slices.ContainsFunc(b.waiting, func(s Study) bool { return b.seals.id(s.StudyUID) == p.id && s.Revision <= p.revision })
	for revision := range p.revision + 1 {
		toTake = toTake || b.handed[place{p.id, revision}]
	}
	if !exists || last.removed || p.revision > last.revision || p.revision < 0 {
		b.mu.Unlock()
		return ErrUnknownStudy
	}
	if toTake {
		b.mu.Unlock()
		return ErrNotTaken
	}
	gate := make(chan struct{})
	b.gates[p.id] = gate
	_, coming := b.arriving[p.id]
	b.mu.Unlock()

	err := b.removeFiles(p, isLast)

	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.gates, p.id)
	close(gate)
	if err == nil && isLast {
		delete(b.shelf, p.id)
		b.latest[p.id] = latest{revision: p.revision, removed: true}
		if !coming {
			b.room.give(last.bytes)
		}
	}
	return err
}

// removeFiles removes the folders of all revisions up to p. The ledger knows first.
func (b *Inbox) removeFiles(p place, isLast bool) error {
	if isLast {
		if err := b.ledger.remove(p); err != nil {
			return err
		}
	}
	var err error
	for revision := p.revision; revision >= 0; revision-- {
		earlier := place{p.id, revision}
		if _, gone := os.Stat(filepath.Join(b.studies(), earlier.folder())); errors.Is(gone, os.ErrNotExist) && revision < p.revision {
			break
		}
		err = cmp.Or(err, b.removeFolder(earlier))
	}
	return err
}
