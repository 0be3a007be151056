package inbox

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// recover takes up what an earlier life of the inbox left.
func (b *Inbox) recover() error {
	standings, err := b.ledger.all()
	if err != nil {
		return fmt.Errorf("read the list of studies: %w", err)
	}
	for p, s := range standings {
		if last, known := b.latest[p.id]; !known || p.revision > last.revision {
			b.latest[p.id] = latest{revision: p.revision, bytes: s.Bytes, removed: s.State == stateRemoved}
		}
	}
	folders, err := os.ReadDir(b.studies())
	if err != nil {
		return ofDisk(err)
	}
	present := map[place]bool{}
	for _, folder := range folders {
		name := folder.Name()
		if strings.HasSuffix(name, makingSuffix) || strings.HasSuffix(name, goneSuffix) {
			if err := os.RemoveAll(filepath.Join(b.studies(), name)); err != nil {
				return ofDisk(err)
			}
			continue
		}
		if p, ok := placeOf(name); ok && folder.IsDir() {
			present[p] = true
		}
	}
	for p, s := range standings {
		switch {
		case s.State == stateRemoved && present[p]:
			err = b.removeFolder(p)
		case s.State == stateComplete:
			err = b.handOutAgain(p, present[p])
		}
		if err != nil {
			return err
		}
	}
	for p := range present {
		if _, known := standings[p]; known {
			continue
		}
		if last, any := b.latest[p.id]; any && p.revision <= last.revision {
			if last.removed { // its standing went first
				if err := b.removeFolder(p); err != nil {
					return ofDisk(err)
				}
			}
			continue
		}
		if err := b.resume(p); err != nil {
			// The others are not to wait for a person.
			b.log.Error("a study that was coming in can't be taken up and is left alone; mend the disk and start the clinic again", "study", p.id.key(), "error", ofDisk(err))
		}
	}
	b.measure()
	slices.SortFunc(b.waiting, func(a, b Study) int { return a.Last.Compare(b.Last) })
	return nil
}

// measure counts the bytes of all studies. A revision has the files of the earlier ones too.
func (b *Inbox) measure() {
	for id, last := range b.latest {
		if r := b.arriving[id]; r == nil || last.removed || r.base == 0 {
			b.room.used.Add(last.bytes)
		}
	}
	for _, r := range b.arriving {
		b.room.used.Add(r.bytes)
	}
}

// handOutAgain is for a complete study that nobody has taken.
func (b *Inbox) handOutAgain(p place, present bool) error {
	study, err := b.loadStudy(p)
	if err != nil || !present {
		b.log.Error("a complete study can't be read any more; send it again", "study", p.id.key(), "revision", p.revision, "error", err)
		if last := b.latest[p.id]; last.revision == p.revision {
			b.latest[p.id] = latest{revision: p.revision, removed: true}
		}
		return nil
	}
	b.waiting = append(b.waiting, study)
	return nil
}

// resume goes on with a revision that was coming in when the earlier life ended.
func (b *Inbox) resume(p place) error {
	folder := filepath.Join(b.studies(), p.folder())
	records, size, damage := readJournal(filepath.Join(folder, journalFile), b.seals, journalName(p.id, p.revision))
	if damage != nil && !errors.Is(damage, errTorn) && !errors.Is(damage, errHoles) {
		return damage
	}
	if len(records) == 0 || records[0].Begin == nil {
		// No record, no promise: the folder is made in one go, so this was not ours.
		b.log.Error("a folder of the inbox has no record that this clinic wrote; it is left alone", "study", p.id.key())
		return nil
	}
	r, done := b.replay(p, folder, records)
	if done != nil {
		done.Folder = r.images()
		r.bytes = done.Bytes
		if err := b.ledger.put(p, standing{State: stateComplete, Bytes: r.bytes}); err != nil {
			return err
		}
		b.latest[p.id] = latest{revision: p.revision, bytes: r.bytes}
		b.waiting = append(b.waiting, *done)
		return nil
	}
	lost, err := b.mend(r, damage != nil)
	if err != nil {
		return err
	}
	file, err := b.disk.reopen(filepath.Join(folder, journalFile), size)
	if err != nil {
		return err
	}
	r.journal = &journal{file: file, seals: b.seals, name: journalName(p.id, p.revision), size: size, position: uint64(len(records))}
	for _, number := range lost {
		if _, err = r.journal.append(record{Void: number}); err != nil {
			break
		}
	}
	if err = cmp.Or(err, file.Sync(), b.disk.syncFolder(r.images())); err != nil {
		return errors.Join(err, file.Close())
	}
	b.arriving[p.id] = r
	return nil
}

// replay makes a revision of its records. The quiet period begins anew.
func (b *Inbox) replay(p place, folder string, records []record) (r *revision, done *Study) {
	first := records[0].Begin
	now := b.now()
	r = &revision{
		place: p, folder: folder, studyUID: first.StudyUID, origin: first.Origin,
		arrival: arrival{first: first.At, last: now}, instances: map[string]*entry{},
		by: map[uint64]struct{}{}, byOthers: true, // which associations are gone is not known
		closed: make(chan struct{}), unsynced: map[uint64]struct{}{}, series: map[string]Series{},
	}
	safe := uint64(0)
	var list shelved
	list.instances, list.series = map[string]kept{}, map[string]Series{}
	unsure, inherited := map[int]bool{}, map[int]bool{}
	for _, record := range records {
		list.replay(record)
		switch {
		case record.Kept != nil:
			done = nil // writing it down to the end failed then, and more came
			r.numbers = max(r.numbers, record.Kept.Number)
			safe = max(safe, record.Kept.Safe)
		case record.Conflict:
			r.conflicts++
		case record.Expected > 0:
			r.arrival.expected = record.Expected
		case record.Done != nil:
			done = record.Done
		}
	}
	for position, record := range records {
		switch {
		case record.Kept == nil:
		case position <= first.Base:
			inherited[record.Kept.Number] = true
		case uint64(position) >= safe:
			unsure[record.Kept.Number] = true
		}
	}
	for uid, k := range list.instances {
		e := &entry{kept: k, inherited: inherited[k.Number]}
		if e.inherited {
			r.base++
		}
		if unsure[k.Number] {
			e.coming = make(chan struct{}) // mend looks at it
		}
		r.instances[uid] = e
	}
	r.series = list.series
	if list.facts != (Facts{}) {
		r.facts = &list.facts
	}
	return r, done
}

// mend holds the files of a revision against its records. A file that was not promised is
// removed, or put aside where the records may have lost the promise; one that was, and is not
// what it was, is said and forgotten, so that it can be sent again. lost are the numbers of
// those that are not there.
func (b *Inbox) mend(r *revision, doubtful bool) (lost []int, err error) {
	files, err := os.ReadDir(r.images())
	if err != nil {
		return nil, err
	}
	wanted := map[string]bool{}
	for uid, e := range r.instances {
		path := filepath.Join(r.images(), fileName(e.Number))
		unsure := e.coming != nil
		whole, err := b.whole(path, e.kept, unsure)
		if err != nil {
			return nil, err
		}
		if !whole {
			if !unsure {
				b.log.Error("an object of a study is damaged on disk; send the study again", "study", r.place.id.key())
			}
			delete(r.instances, uid)
			if e.inherited {
				r.base--
			}
			lost = append(lost, e.Number)
			continue
		}
		e.coming = nil
		wanted[fileName(e.Number)] = true
		r.bytes += e.Bytes
		r.arrival.instances++
	}
	aside := 0
	for _, f := range files {
		if wanted[f.Name()] {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return nil, err
		}
		holds := info.Size() > 0 // one made ahead holds nothing
		if err := r.putAside(f.Name(), doubtful && holds); err != nil {
			return nil, err
		}
		if holds {
			aside++
		}
	}
	if aside > 0 && doubtful {
		b.log.Error("the record of a study is damaged on disk, and does not name all of its objects any more; send the study again", "study", r.place.id.key(), "objects", aside)
	}
	return lost, nil
}

// putAside removes a file from the images, for good or into a folder of its own, which goes
// with the revision.
func (r *revision) putAside(name string, keep bool) error {
	if !keep {
		return os.RemoveAll(filepath.Join(r.images(), name))
	}
	aside := filepath.Join(r.folder, asideFolder)
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return err
	}
	return os.Rename(filepath.Join(r.images(), name), filepath.Join(aside, name))
}

// whole says whether a file is what its record says. One that may not have been on disk when
// the process ended is read to its end, and made safe.
func (b *Inbox) whole(path string, k kept, unsure bool) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && info.Size() != k.Bytes {
		return false, nil
	}
	if err != nil || !unsure {
		return err == nil, err
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer file.Close() // synced before, where it matters
	h := crc32.New(castagnoli())
	if _, err := io.Copy(h, file); err != nil {
		return false, err
	}
	if h.Sum32() != k.Check {
		return false, nil
	}
	return true, file.Sync()
}
