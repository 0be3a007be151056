// Package inbox keeps what scanners and archives send until it is a study. In: instances
// by any way, from strangers, streamed and bounded. Out: complete studies, each a folder of
// Part 10 files with the facts that routing needs. An instance is on disk before its sender
// is told so, at most once, whatever is killed or cut; what does not fit is refused and
// leaves nothing behind. It reads no further into an object than its top level, opens no
// socket, and names no patient in a log or an error.
package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// SecretBytes is the length of the secret under which the inbox's records lie.
const SecretBytes = 32

// Config of an Inbox. A zero value takes the default named.
type Config struct {
	Quiet       time.Duration // a study is complete when nothing came for so long; 0: one minute
	LongestWait time.Duration // and at the latest so long after its first instance; 0: two hours
	Late        LateRule      // what becomes of slices that come after that; empty: LateAnew
	Conflict    ConflictRule  // what becomes of an instance that comes with other content; empty: KeepFirst

	// Ours says of a SOP Instance UID that it is of an object that this clinic's door made. An
	// archive that forwards studies sends us our results back: such an object is read, answered
	// as a duplicate and not kept, or every result would make its study complete anew. nil: none is.
	Ours func(sopInstanceUID string) bool

	MaxBytes         int64 // of all that the inbox holds; 0: no bound but KeepFree
	KeepFree         int64 // bytes of the file system that are left to others; 0: 1 GiB
	MaxInstanceBytes int64 // of one instance; 0: 512 MiB
	MaxInstances     int   // of one study; 0: 20,000
	MaxArriving      int   // studies that come in at the same time; 0: 256
}

// orDefault is c with its zero fields filled, or what is wrong with it.
func (c Config) orDefault() (Config, error) {
	c.Quiet = cmp.Or(c.Quiet, time.Minute)
	c.LongestWait = cmp.Or(c.LongestWait, 2*time.Hour)
	c.Late = cmp.Or(c.Late, LateAnew)
	c.Conflict = cmp.Or(c.Conflict, KeepFirst)
	c.KeepFree = cmp.Or(c.KeepFree, 1<<30)
	c.MaxInstanceBytes = cmp.Or(c.MaxInstanceBytes, 512<<20)
	c.MaxInstances = cmp.Or(c.MaxInstances, 20_000)
	c.MaxArriving = cmp.Or(c.MaxArriving, 256)
	switch {
	case c.Quiet < 0 || c.LongestWait < 0 || c.MaxBytes < 0 || c.KeepFree < 0 || c.MaxInstanceBytes < 0 || c.MaxInstances < 0 || c.MaxArriving < 0:
		return c, errors.New("a limit of the inbox is below zero; give it none, or one above zero")
	case c.Late != LateAnew && c.Late != LateNote:
		return c, fmt.Errorf("late slices %.20q: want %q or %q", c.Late, LateAnew, LateNote)
	case c.Conflict != KeepFirst && c.Conflict != HoldStudy:
		return c, fmt.Errorf("conflicts %.20q: want %q or %q", c.Conflict, KeepFirst, HoldStudy)
	}
	return c, nil
}

// LateRule says what becomes of slices that come after their study was complete.
type LateRule string

// The rules for late slices.
const (
	LateAnew LateRule = "anew" // the study is handed out again, as its next revision
	LateNote LateRule = "note" // so too, but marked Study.NoteOnly, as it is in any case where none of the late ones is an image
)

// ConflictRule says what becomes of a study of which an instance comes a second time with
// other content. The second one is refused in any case.
type ConflictRule string

// The rules for conflicts.
const (
	KeepFirst ConflictRule = "keep-first" // the study goes on
	HoldStudy ConflictRule = "hold"       // the study is handed out marked Study.Hold
)

// What Receive refuses. Each text ends in what to do.
var (
	// ErrFull: no room, now. The sender may try again (DIMSE status A700, HTTP 507).
	ErrFull = errors.New("the inbox has no room; free disk space, or remove studies that are done")
	// ErrMismatch: the data set is not the instance that was announced (DIMSE status A900).
	ErrMismatch = errors.New("the object is not the one that its sender announced; send it again from its source")
	// ErrUnreadable: this is no DICOM object, or it is cut off (DIMSE status C000).
	ErrUnreadable = errors.New("the object can't be read as DICOM; export it again from its source")
	// ErrTooLarge: the object, or its study, is larger than the configuration allows (DIMSE status C000).
	ErrTooLarge = errors.New("the object is larger than this inbox takes; raise its limits, or send less")
	// ErrConflict: the instance lies here with other content, which was kept (DIMSE status
	// A900, HTTP 409).
	ErrConflict = errors.New("another object with the same SOP Instance UID lies here already; find out which is right, and give the other a UID of its own")
	// ErrTooSlow: the study had to be closed while the object was on its way (DIMSE status
	// 0110). It makes the next revision when it comes again.
	ErrTooSlow = errors.New("the object took so long that its study was closed; send it again")
	// ErrUnknownStudy: there is no such study or revision.
	ErrUnknownStudy = errors.New("the inbox holds no such study; send it first")
	// ErrClosed: the inbox was closed.
	ErrClosed = errors.New("the inbox is closed; start the clinic again")
)

// Inbox is one folder of studies. Its methods may be called by many at once.
type Inbox struct {
	folder string
	config Config
	log    *slog.Logger
	disk   disk
	seals  seals
	ledger ledger
	room   *room

	receiving sync.WaitGroup
	loop      sync.WaitGroup
	stop      context.CancelFunc
	kick      chan struct{} // the loop looks again
	wide      chan struct{} // held by those who look at a long head

	// mu guards what follows.
	mu       sync.Mutex
	stopped  bool
	gates    map[studyID]chan struct{} // studies whose folders are being worked on
	arriving map[studyID]*revision
	latest   map[studyID]latest
	shelf    shelf
	expected expectations
	waiting  []Study        // complete, and not yet handed out in this life
	handed   map[place]bool // handed out, and not yet taken
	more     chan struct{}  // closed when a study is added to waiting
}

// latest is what is known of the last complete revision of a study.
type latest struct {
	revision int
	bytes    int64 // of its files, those that earlier ones have too included
	removed  bool
}

// Open takes up the inbox in folder, which is made if it is not there: studies that were
// coming in go on doing so, and complete ones that nobody took are handed out again.
func Open(folder string, secret [SecretBytes]byte, config Config, log *slog.Logger) (*Inbox, error) {
	return open(folder, secret, config, log, system{})
}

func open(folder string, secret [SecretBytes]byte, config Config, log *slog.Logger, on disk) (*Inbox, error) {
	config, err := config.orDefault()
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	keys, err := newSeals(secret)
	if err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	b := &Inbox{
		folder: folder, config: config, log: log, disk: on, seals: keys,
		kick: make(chan struct{}, 1), wide: make(chan struct{}, wideLooks), more: make(chan struct{}),
		gates: map[studyID]chan struct{}{}, arriving: map[studyID]*revision{}, latest: map[studyID]latest{},
		shelf: shelf{}, expected: expectations{}, handed: map[place]bool{},
	}
	if err := os.MkdirAll(b.studies(), 0o700); err != nil {
		return nil, fmt.Errorf("open the inbox: %w; check the folder's path and rights", ofDisk(err))
	}
	if b.ledger, err = openLedger(folder, keys); err != nil {
		return nil, fmt.Errorf("open the inbox: %w", err)
	}
	if err := cmp.Or(on.syncFolder(b.studies()), on.syncFolder(folder), on.syncFolder(filepath.Dir(folder))); err != nil {
		return nil, errors.Join(fmt.Errorf("open the inbox: %w", ofDisk(err)), b.ledger.db.Close())
	}
	b.room = &room{disk: on, folder: folder, limit: config.MaxBytes, keepFree: config.KeepFree}
	if err := b.recover(); err != nil {
		return nil, errors.Join(fmt.Errorf("open the inbox: %w", err), b.closeJournals(), b.ledger.db.Close())
	}
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	b.loop.Go(func() { b.complete(ctx) })
	return b, nil
}

// Close stops handing out studies and waits for the instances that are being received.
func (b *Inbox) Close() error {
	b.mu.Lock()
	if b.stopped {
		b.mu.Unlock()
		return nil
	}
	b.stopped = true
	close(b.more)
	b.mu.Unlock()
	b.receiving.Wait()
	b.stop()
	b.loop.Wait()
	return errors.Join(b.closeJournals(), b.ledger.db.Close())
}

func (b *Inbox) closeJournals() (err error) {
	for _, r := range b.arriving {
		err = errors.Join(err, r.journal.file.Close())
	}
	return err
}

// enter begins one Receive.
func (b *Inbox) enter() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped {
		return ErrClosed
	}
	b.receiving.Add(1)
	return nil
}

// now is the time as records have it: without the monotonic reading, and rounded as JSON does.
func (b *Inbox) now() time.Time { return time.Now().Round(0) }

// wake lets the loop look again at what is due.
func (b *Inbox) wake() {
	select {
	case b.kick <- struct{}{}:
	default:
	}
}

// Key is a study's name for logs: 12 hex digits that only this clinic can make.
func (b *Inbox) Key(studyUID string) string { return b.seals.id(studyUID).key() }
