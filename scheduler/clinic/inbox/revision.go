package inbox

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Names in a revision's folder.
const (
	journalFile  = "journal"
	imagesFolder = "images"
	asideFolder  = "aside"   // files that no record names, where the records are damaged
	makingSuffix = ".making" // not yet whole
	goneSuffix   = ".gone"   // on its way out
)

// revision is a study that is coming in. All but the fields of its own lock are guarded by
// Inbox.mu.
type revision struct {
	place    place
	studyUID string
	folder   string
	origin   Origin

	instances map[string]*entry // by SOP Instance UID
	numbers   int               // files that were begun
	arrival   arrival           // its instances are those that are safe
	base      int               // instances of earlier revisions
	bytes     int64
	writers   int                 // instances that are being received or compared
	awaited   bool                // it is due, and waits for its writers only
	by        map[uint64]struct{} // associations that brought instances and have not ended
	byOthers  bool                // other ways than associations brought some
	closing   bool                // it takes nothing new
	closed    chan struct{}       // closed when closing has come to an end
	notBefore time.Time           // completing it failed: not tried again before
	cutAt     atomic.Int64        // when writers are given up, in nanoseconds of Unix time; 0: never. Not guarded

	duplicates, conflicts int

	blanks blanks // guards itself

	// writing guards what follows: the order of the journal, and what it says.
	writing  sync.Mutex
	journal  *journal
	unsynced map[uint64]struct{} // positions of records that may not be on disk
	facts    *Facts
	series   map[string]Series // by SeriesUID; their counts are not filled
}

// entry is an instance of a revision.
type entry struct {
	kept
	// coming is closed when the instance is safe or was given up; nil: it is safe.
	coming    chan struct{}
	inherited bool // of an earlier revision: it counts as base
}

func (r *revision) images() string { return filepath.Join(r.folder, imagesFolder) }

// fileName is the name of the file of an instance.
func fileName(number int) string { return fmt.Sprintf("%06d.dcm", number) }

// makeRevision makes the folder of a revision, with the instances of an earlier one where there
// is one. It is there whole or not at all.
func (b *Inbox) makeRevision(p place, studyUID string, from Origin, earlier *shelved) (*revision, error) {
	folder := filepath.Join(b.studies(), p.folder())
	making := folder + makingSuffix
	if err := os.RemoveAll(making); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(making, imagesFolder), 0o700); err != nil {
		return nil, err
	}
	now := b.now()
	r := &revision{
		place: p, studyUID: studyUID, folder: folder, origin: from, arrival: arrival{first: now, last: now},
		instances: map[string]*entry{}, by: map[uint64]struct{}{}, closed: make(chan struct{}),
		unsynced: map[uint64]struct{}{}, series: map[string]Series{},
	}
	list, err := r.inherit(making, earlier)
	if err == nil {
		list = append([]record{{Begin: &beginning{StudyUID: studyUID, Revision: p.revision, Origin: from, At: now, Base: r.base}}}, list...)
		err = b.writeJournal(r, making, list)
	}
	if err == nil {
		err = cmp.Or(b.disk.syncFolder(filepath.Join(making, imagesFolder)), b.disk.syncFolder(making))
	}
	if err == nil {
		err = os.Rename(making, folder)
	}
	if err == nil {
		if err = b.disk.syncFolder(b.studies()); err != nil {
			_ = os.Rename(folder, making) // nothing is in it
		}
	}
	if err != nil {
		if r.journal != nil {
			_ = r.journal.file.Close() // the folder goes
		}
		_ = os.RemoveAll(making) // what stays is removed at the next start
		return nil, err
	}
	return r, nil
}

// inherit links the files of an earlier revision into a new one's folder and returns their
// records.
func (r *revision) inherit(making string, earlier *shelved) ([]record, error) {
	if earlier == nil {
		return nil, nil
	}
	var list []record
	for _, uid := range earlier.order() {
		k := earlier.instances[uid]
		k.Facts, k.About, k.Late = nil, nil, false
		name := fileName(k.Number)
		if err := os.Link(filepath.Join(earlier.folder, imagesFolder, name), filepath.Join(making, imagesFolder, name)); err != nil {
			return nil, err
		}
		k.Safe = uint64(len(list) + 1)
		if r.facts == nil {
			facts := earlier.facts
			r.facts, k.Facts = &facts, &facts
		}
		if _, told := r.series[k.Series]; !told {
			about := earlier.series[k.Series]
			r.series[k.Series], k.About = about, &about
		}
		r.instances[uid] = &entry{kept: k, inherited: true}
		r.numbers = max(r.numbers, k.Number)
		r.bytes += k.Bytes
		r.base++
		list = append(list, record{Kept: &k})
	}
	r.arrival.instances = r.base
	return list, nil
}

// writeJournal makes the journal of a new revision, synced.
func (b *Inbox) writeJournal(r *revision, folder string, list []record) error {
	file, err := b.disk.create(filepath.Join(folder, journalFile))
	if err != nil {
		return err
	}
	r.journal = &journal{file: file, seals: b.seals, name: journalName(r.place.id, r.place.revision)}
	if _, err := r.journal.append(list...); err != nil {
		return err
	}
	return file.Sync()
}

// commit makes an instance, whose file is written, safe: when it returns nil, the file, its
// name and its record are on disk. Those that are not yet are synced side by side, since a
// journaling file system then does it in one go. A crash between them leaves a record without
// its file, or a file without its record; recovery finds both.
func (b *Inbox) commit(r *revision, k kept, h head, file diskFile, named bool) error {
	position, err := r.note(k, h)
	if err != nil {
		return err
	}
	var work errgroup.Group
	work.Go(file.Sync)
	work.Go(r.journal.sync)
	if !named {
		work.Go(func() error { return b.disk.syncFolder(r.images()) })
	}
	err = work.Wait()
	r.writing.Lock()
	defer r.writing.Unlock()
	if err == nil {
		delete(r.unsynced, position)
		return nil
	}
	if _, void := r.journal.append(record{Void: k.Number}); void == nil {
		delete(r.unsynced, position)
	}
	return err
}

// note writes the record of an instance, with what is new in it of its study and series.
func (r *revision) note(k kept, h head) (position uint64, err error) {
	r.writing.Lock()
	defer r.writing.Unlock()
	k.Safe = r.journal.next()
	for unsynced := range r.unsynced {
		k.Safe = min(k.Safe, unsynced)
	}
	if r.facts == nil {
		facts := h.facts()
		k.Facts = &facts
	}
	if _, told := r.series[k.Series]; !told {
		about := h.series()
		k.About = &about
	}
	if position, err = r.journal.append(record{Kept: &k}); err != nil {
		return 0, err
	}
	r.unsynced[position] = struct{}{}
	if k.Facts != nil {
		r.facts = k.Facts
	}
	if k.About != nil {
		r.series[k.Series] = *k.About
	}
	return position, nil
}

// summary is the study as it stands.
func (r *revision) summary(rules Config, why Completion) Study {
	s := Study{
		Key: r.place.id.key(), StudyUID: r.studyUID, Revision: r.place.revision, Folder: r.images(), Origin: r.origin,
		Expected: r.arrival.expected, Duplicates: r.duplicates, Conflicts: r.conflicts,
		Hold:  r.conflicts > 0 && rules.Conflict == HoldStudy,
		First: r.arrival.first, Last: r.arrival.last, Completed: why,
	}
	r.writing.Lock()
	defer r.writing.Unlock()
	if r.facts != nil {
		s.Facts = *r.facts
	}
	s.Facts.Priority = r.origin.Priority
	count := map[string]*Series{}
	for _, e := range r.instances {
		if e.coming != nil {
			continue
		}
		s.Instances++
		s.Bytes += e.Bytes
		s.Facts.Priority = max(s.Facts.Priority, e.Priority)
		about := count[e.Series]
		if about == nil {
			series := r.series[e.Series]
			about = &series
			count[e.Series] = about
		}
		about.Instances++
		if !slices.Contains(about.SOPClasses, e.Class) {
			about.SOPClasses = append(about.SOPClasses, e.Class)
		}
	}
	for _, about := range count {
		slices.Sort(about.SOPClasses)
		s.Series = append(s.Series, *about)
	}
	slices.SortFunc(s.Series, func(a, b Series) int { return cmp.Compare(a.SeriesUID, b.SeriesUID) })
	if r.place.revision > 0 {
		s.Late = s.Instances - r.base
		s.NoteOnly = r.base > 0 && (rules.Late == LateNote || !r.lateImages())
	}
	return s
}

// lateImages says that an image is among what came late. r's entries are guarded by Inbox.mu.
func (r *revision) lateImages() bool {
	for _, e := range r.instances {
		if e.coming == nil && e.Late && image(e.Class) {
			return true
		}
	}
	return false
}

// image says that a SOP class is of what a scanner made, and not of what was made of that:
// captures, waveforms, presentation states, raw data, registrations and segmentations,
// surfaces, reports, documents, radiotherapy's (PS3.4 annex B.5).
func image(class string) bool {
	number, storage := strings.CutPrefix(class, "1.2.840.10008.5.1.4.1.1.")
	kind, _, _ := strings.Cut(number, ".")
	switch kind {
	case "7", "9", "11", "66", "67", "68", "88", "104", "481":
		return false
	}
	return storage
}
