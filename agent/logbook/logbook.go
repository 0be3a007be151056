// Package logbook keeps a role's log where nobody else does: the newest lines in memory, for
// the dashboard, and all of them in a file of bounded size where the log does not go to
// systemd's journal. In: what slog writes. Out: lines, from the end or as they come. It looks
// at no line, so what must not be in a log must not be written into one.
package logbook

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// The bounds of a log on disk: five files of 8 MiB hold weeks of a node at info.
const (
	DefaultMaxBytes = 8 << 20
	DefaultKeep     = 4 // files beside the one that is written
)

// memory bounds what is kept of the newest lines.
const (
	memoryLines = 1000
	memoryBytes = 256 << 10
)

// Path is where the role that has this folder keeps its log.
func Path(state string) string { return filepath.Join(state, "log", "medhive.log") }

// Options are where and how much is kept.
type Options struct {
	Path     string // empty: in memory alone
	MaxBytes int64  // of one file; 0: DefaultMaxBytes
	Keep     int    // further files, path.1 being the newest; 0: DefaultKeep
}

// Book is a log that is written. It is safe for concurrent use.
type Book struct {
	o Options

	mu    sync.Mutex // guards the fields below
	file  *os.File   // nil without a path, or while it can't be opened
	size  int64
	lines []string // the newest, the oldest first
	bytes int      // of lines
}

// Open begins to write; the folder is made.
func Open(o Options) (*Book, error) {
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultMaxBytes
	}
	if o.Keep <= 0 {
		o.Keep = DefaultKeep
	}
	b := &Book{o: o}
	if o.Path == "" {
		return b, nil
	}
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the log: %w; choose another --home", pathless(err))
	}
	if err := b.open(); err != nil {
		return nil, fmt.Errorf("open the log: %w; choose another --home", err)
	}
	return b, nil
}

// open opens the file at its end. b.mu is held, or nobody else has b.
func (b *Book) open() error {
	f, err := os.OpenFile(b.o.Path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return pathless(err)
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(pathless(err), f.Close())
	}
	b.file, b.size = f, info.Size()
	return nil
}

// Write implements io.Writer; slog writes a line a call. It never fails: a full disk must not
// silence the other places that a log goes to.
func (b *Book) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.note(string(line))
	if b.o.Path == "" {
		return len(line), nil
	}
	if b.file != nil && b.size+int64(len(line)) > b.o.MaxBytes {
		b.rotate()
	}
	if b.file == nil && b.open() != nil {
		return len(line), nil // the next line tries again
	}
	n, err := b.file.Write(line)
	b.size += int64(n)
	if err != nil {
		_ = b.file.Close() // what was written of the line stays; the next one opens anew
		b.file = nil
	}
	return len(line), nil
}

// note keeps a line in memory. b.mu is held.
func (b *Book) note(line string) {
	line = strings.TrimSuffix(line, "\n")
	b.lines, b.bytes = append(b.lines, line), b.bytes+len(line)
	drop := 0
	for len(b.lines)-drop > memoryLines || b.bytes > memoryBytes && drop < len(b.lines) {
		b.bytes -= len(b.lines[drop])
		drop++
	}
	if drop > 0 {
		b.lines = append(b.lines[:0], b.lines[drop:]...)
	}
}

// rotate makes the file path.1 and begins a new one. What fails leaves a longer file, which
// the next line tries to part again. b.mu is held.
func (b *Book) rotate() {
	_ = b.file.Close() // it is written; nobody syncs a log
	b.file = nil
	for n := b.o.Keep; n > 1; n-- {
		_ = os.Rename(older(b.o.Path, n-1), older(b.o.Path, n)) // fails where there is none yet
	}
	_ = os.Rename(b.o.Path, older(b.o.Path, 1))
}

// older is the n-th file before the one that is written.
func older(path string, n int) string { return fmt.Sprintf("%s.%d", path, n) }

// Newest are the last lines since the start, at most so many, the oldest first.
func (b *Book) Newest(most int) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.lines[max(0, len(b.lines)-max(0, most)):]...)
}

// Close ends the file.
func (b *Book) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.file == nil {
		return nil
	}
	err := b.file.Close()
	b.file = nil
	return err
}

// InJournal reports whether what is written to f goes to systemd's journal, see
// systemd.exec(5), $JOURNAL_STREAM.
func InJournal(f *os.File, environment func(string) string) bool {
	var device, inode uint64
	if _, err := fmt.Sscanf(environment("JOURNAL_STREAM"), "%d:%d", &device, &inode); err != nil {
		return false
	}
	var stat unix.Stat_t
	return unix.Fstat(int(f.Fd()), &stat) == nil && stat.Dev == device && stat.Ino == inode
}

// Tail is the end of the log at path: at most so many bytes, from the beginning of a line,
// over the files before it where it is short.
func Tail(path string, keep int, most int64) ([]byte, error) {
	var parts [][]byte
	for n := 0; n <= keep && most > 0; n++ {
		from := path
		if n > 0 {
			from = older(path, n)
		}
		data, err := end(from, most)
		if errors.Is(err, fs.ErrNotExist) && n > 0 {
			break
		}
		if err != nil {
			return nil, err
		}
		parts, most = append([][]byte{data}, parts...), most-int64(len(data))
	}
	var whole []byte
	for _, p := range parts {
		whole = append(whole, p...)
	}
	return whole, nil
}

// end is at most so many bytes of a file's end, from the beginning of a line.
func end(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, pathless(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, pathless(err)
	}
	from := max(0, info.Size()-most)
	data, err := io.ReadAll(io.NewSectionReader(f, from, most))
	if err != nil {
		return nil, pathless(err)
	}
	if from > 0 {
		_, rest, _ := strings.Cut(string(data), "\n")
		data = []byte(rest)
	}
	return data, nil
}

func pathless(err error) error {
	if at := (*fs.PathError)(nil); errors.As(err, &at) {
		return at.Err
	}
	return err
}
