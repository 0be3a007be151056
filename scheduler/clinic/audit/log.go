package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
)

// DefaultMaxFileBytes is where a log goes on in a new file.
const DefaultMaxFileBytes = 16 << 20

// lockFile keeps two processes from writing one log.
const lockFile = "lock"

// Config is what a log needs.
type Config struct {
	Key          [32]byte // of the sums and of the subjects; it lies elsewhere than the log
	Heads        Heads    // remembers the end, elsewhere than the log
	MaxFileBytes int64    // 0: DefaultMaxFileBytes
	Now          func() time.Time
	Log          *slog.Logger
}

// Opened says in which state a log was found.
type Opened struct {
	Lines  uint64 // number of the last line
	Mended int64  // bytes of an unfinished line that were cut
	Gap    uint64 // lines that are remembered and are not there any more
	// Forgotten: there are lines and nothing is remembered, so that a cut could not be noticed.
	Forgotten bool
}

// Log is an audit log that is open for writing. Its methods may be called at once.
type Log struct {
	folder string
	keys   keys
	conf   Config
	lock   *flock.Flock

	pen    sync.Mutex // held while lines are written; guards file, size, broken and closed
	file   disk       // the last one; nil: the next line begins one
	size   int64      // of what is whole in it
	broken error      // the file could not be brought back into a known state
	closed bool

	mu      sync.Mutex    // guards waiting, head and grown; never held while a disk is waited for
	waiting *batch        // entries that wait for the pen; nil: none
	head    Head          // of the last line that is durable
	grown   chan struct{} // closed when head moves
}

// disk is what a log needs of its file.
type disk interface {
	io.WriteSeeker
	io.Closer
	Sync() error
	Truncate(size int64) error
}

// batch is entries that are written and synced together. Who begins it writes it.
type batch struct {
	entries []Entry
	done    chan struct{} // closed when err is set
	err     error
}

// maxBatch bounds what one sync takes.
const maxBatch = 1024

// Open opens or makes a log. What a crash left of an unfinished line at the end is cut, and
// lines that are remembered and gone leave a line of kind Gap, both said in Opened. A file that
// was changed is ErrBroken: the log is not gone on with.
func Open(folder string, conf Config) (*Log, Opened, error) {
	if conf.Heads == nil {
		return nil, Opened{}, errors.New("open the audit log: nothing remembers its end")
	}
	if conf.MaxFileBytes <= 0 {
		conf.MaxFileBytes = DefaultMaxFileBytes
	}
	if conf.Now == nil {
		conf.Now = time.Now
	}
	if conf.Log == nil {
		conf.Log = slog.New(slog.DiscardHandler)
	}
	k, err := deriveKeys(conf.Key)
	if err != nil {
		return nil, Opened{}, err
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, Opened{}, fmt.Errorf("open the audit log: %w", pathless(err))
	}
	lock := flock.New(filepath.Join(folder, lockFile))
	if ours, err := lock.TryLock(); err != nil {
		return nil, Opened{}, fmt.Errorf("open the audit log: %w", pathless(err))
	} else if !ours {
		return nil, Opened{}, errors.New("open the audit log: another process writes it; stop the other clinic")
	}
	l := &Log{folder: folder, keys: k, conf: conf, lock: lock, grown: make(chan struct{})}
	opened, err := l.recover()
	if err != nil {
		return nil, opened, errors.Join(err, l.Close())
	}
	return l, opened, nil
}

// Append writes an entry behind all others. It is on disk, and the new end remembered, when
// Append returns nil; entries that wait at once share a sync. After an error the entry may
// stand in the log or not. The context is not heeded once the entry waits for the disk.
func (l *Log) Append(ctx context.Context, e Entry) error {
	if err := e.check(); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("write to the audit log: %w", err)
	}
	if e.At.IsZero() {
		e.At = l.conf.Now()
	}
	l.mu.Lock()
	b := l.waiting
	begins := b == nil || len(b.entries) == maxBatch
	if begins {
		b = &batch{done: make(chan struct{})}
		l.waiting = b
	}
	b.entries = append(b.entries, e)
	l.mu.Unlock()
	if !begins {
		<-b.done
		return b.err
	}
	l.pen.Lock()
	defer l.pen.Unlock()
	l.mu.Lock()
	if l.waiting == b {
		l.waiting = nil // who comes now begins the next
	}
	l.mu.Unlock()
	b.err = l.write(b.entries)
	close(b.done)
	return b.err
}

// Head is the end of what is durable.
func (l *Log) Head() Head {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.head
}

// Wait returns the number of the last line when it is beyond after.
func (l *Log) Wait(ctx context.Context, after uint64) (uint64, error) {
	for {
		l.mu.Lock()
		last, grown := l.head.Sequence, l.grown
		l.mu.Unlock()
		if last > after {
			return last, nil
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// Verify verifies the log while it is written.
func (l *Log) Verify(ctx context.Context) (Report, error) {
	return l.VerifyTelling(ctx, func(float64) {})
}

// VerifyTelling is Verify of a log that may be long: told hears now and then, from the same
// goroutine, what share of it was read, 0 to 1.
func (l *Log) VerifyTelling(ctx context.Context, told func(share float64)) (Report, error) {
	head := l.Head()
	return verify(ctx, l.folder, l.conf.Key, &head, told)
}

// Read hands out the lines of a span, see the function of that name.
func (l *Log) Read(ctx context.Context, span Span, tell func(Line) error) error {
	return Read(ctx, l.folder, l.conf.Key, span, tell)
}

// Close lets go of the log. What is being written is written first; what waits behind it, and
// what comes later, is refused.
func (l *Log) Close() error {
	l.pen.Lock()
	defer l.pen.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var err error
	if l.file != nil {
		err = l.file.Close()
	}
	if err = errors.Join(err, l.lock.Unlock()); err != nil {
		return fmt.Errorf("close the audit log: %w", pathless(err))
	}
	return nil
}

// write puts entries behind the last line. The pen is held.
func (l *Log) write(entries []Entry) error {
	switch {
	case l.closed:
		return errors.New("write to the audit log: it is closed")
	case l.broken != nil:
		return l.broken
	}
	var lines []byte
	next := l.Head()
	for _, e := range entries {
		line, after, err := l.keys.encode(e, next)
		if err != nil {
			return fmt.Errorf("write to the audit log: %w", err)
		}
		lines, next = append(lines, line...), after
	}
	if err := l.roll(); err != nil {
		return fmt.Errorf("write to the audit log: %w; free some disk space", pathless(err))
	}
	_, err := l.file.Write(lines)
	if err = errors.Join(err, l.file.Sync()); err != nil {
		err = fmt.Errorf("write to the audit log: %w; free some disk space", pathless(err))
		return errors.Join(err, l.undo())
	}
	l.size += int64(len(lines))
	l.mu.Lock()
	l.head = next
	close(l.grown)
	l.grown = make(chan struct{})
	l.mu.Unlock()
	return l.conf.Heads.Save(next)
}

// undo cuts what a failed write left.
func (l *Log) undo() error {
	err := l.file.Truncate(l.size)
	if err == nil {
		_, err = l.file.Seek(l.size, io.SeekStart)
	}
	if err != nil {
		l.broken = fmt.Errorf("write to the audit log: its file could not be mended: %w; restart the clinic", pathless(err))
	}
	return l.broken
}

// roll begins a new file where there is none or the last is full.
func (l *Log) roll() error {
	if l.file != nil && l.size < l.conf.MaxFileBytes {
		return nil
	}
	name := fileName(l.Head().Sequence + 1)
	file, err := os.OpenFile(filepath.Join(l.folder, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := syncFolder(l.folder); err != nil {
		return errors.Join(err, file.Close(), os.Remove(filepath.Join(l.folder, name)))
	}
	if l.file != nil {
		err = l.file.Close() // it was synced with its last line
	}
	l.file, l.size = file, 0
	return err
}
