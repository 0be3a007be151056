package warning

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/agent/redaction"
)

// File is where a role's board remembers since when, below the role's folder.
const File = "warnings.json"

// Bounds of a board.
const (
	maxActive = 256     // warnings at once; a role with more has one cause
	maxFile   = 1 << 20 // bytes of the file
	// afterStart is how long a warning of an earlier life waits to be raised again: as long as
	// the slowest loop needs to look. After that it counts as mended while nobody looked.
	afterStart = time.Hour
)

// Options are what a board may be given.
type Options struct {
	Path string           // its file; empty: nothing outlives the process
	Now  func() time.Time // nil: time.Now
	Log  *slog.Logger     // nil: nobody
}

// key names a warning.
type key struct {
	Code    Code   `json:"code"`
	Subject string `json:"subject,omitempty"`
}

// raised is a warning with the source that holds it.
type raised struct {
	Warning
	source string
}

// left is what an earlier life left of a warning.
type left struct {
	since  time.Time
	source string
}

// Board holds the warnings of one role. It is safe for concurrent use.
type Board struct {
	o        Options
	redactor *redaction.Redactor
	opened   time.Time

	mu      sync.Mutex // guards the fields below
	active  map[key]raised
	earlier map[key]left  // warnings that an earlier life left, at which nobody has looked again yet
	changed chan struct{} // closed at the next change
}

// Open is a board that remembers what an earlier one at the same path held. What can't be
// read is logged and begun anew: warnings must not keep a role from starting.
func Open(o Options) *Board {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	b := &Board{o: o, redactor: redaction.New(), opened: o.Now(), active: map[key]raised{}, changed: make(chan struct{})}
	var err error
	if b.earlier, err = remembered(o.Path, b.opened); err != nil {
		o.Log.Warn("since when earlier warnings hold is not known", "error", err)
	}
	return b
}

// Raise puts a warning up, or brings its text up to date; it stays until Clear.
func (b *Board) Raise(w Warning) {
	b.mu.Lock()
	defer b.mu.Unlock()
	keys, changed := b.put("", w)
	b.settle(keys, changed)
}

// Clear takes a warning down, of which nothing is wrong any more.
func (b *Board) Clear(code Code, subject string) {
	k := key{code, Warning{Subject: subject}.clean(b.redactor).Subject}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, up := b.active[k]
	_, was := b.earlier[k]
	delete(b.active, k)
	delete(b.earlier, k)
	b.settle(up || was, up || was)
}

// Hold says everything that a source finds wrong at this moment: what it said before and
// says no more is taken down. A source that can't find out does not call.
func (b *Board) Hold(source string, list []Warning) {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := map[key]bool{}
	keys, changed := false, false
	for _, w := range list {
		w = w.clean(b.redactor)
		said[key{w.Code, w.Subject}] = true
		k, c := b.put(source, w)
		keys, changed = keys || k, changed || c
	}
	for k, r := range b.active {
		if r.source == source && !said[k] {
			delete(b.active, k)
			keys, changed = true, true
		}
	}
	for k, e := range b.earlier {
		if e.source == source && !said[k] {
			delete(b.earlier, k)
			keys, changed = true, true // what was awaited has passed
		}
	}
	b.settle(keys, changed)
}

// Awaited says that an earlier life left this warning up and nobody has looked again yet: it is
// not known to have passed before the moment that is told with it.
func (b *Board) Awaited(code Code, subject string) (until time.Time, awaited bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	until = b.opened.Add(afterStart)
	_, left := b.earlier[key{code, subject}]
	return until, left && b.o.Now().Before(until)
}

// put takes a warning in. keys says that the set of warnings is another one now, changed that
// something to be shown is. b.mu is held.
func (b *Board) put(source string, w Warning) (keys, changed bool) {
	w = w.clean(b.redactor)
	k := key{w.Code, w.Subject}
	old, up := b.active[k]
	switch earlier, was := b.earlier[k]; {
	case up:
		w.Since = old.Since
	case len(b.active) >= maxActive:
		return false, false
	case was && b.o.Now().Sub(b.opened) < afterStart:
		w.Since = earlier.since
	case w.Since.IsZero() || w.Since.After(b.o.Now()):
		w.Since = b.o.Now().UTC()
	}
	delete(b.earlier, k)
	b.active[k] = raised{w, source}
	return !up, !up || old.Warning != w
}

// settle tells who waits, and remembers. b.mu is held.
func (b *Board) settle(keys, changed bool) {
	if b.o.Now().Sub(b.opened) >= afterStart && len(b.earlier) > 0 {
		clear(b.earlier)
		keys = true
	}
	if keys {
		if err := b.remember(); err != nil {
			b.o.Log.Warn("since when warnings hold is not kept", "error", err)
		}
	}
	if changed {
		close(b.changed)
		b.changed = make(chan struct{})
	}
}

// List is every warning that is up, the worst first.
func (b *Board) List() []Warning {
	b.mu.Lock()
	defer b.mu.Unlock()
	list := make([]Warning, 0, len(b.active))
	for _, r := range b.active {
		list = append(list, r.Warning)
	}
	slices.SortFunc(list, byUrgency)
	return list
}

// Changed is closed when a warning is raised, reworded or cleared. Take it before the List
// whose changes are waited for.
func (b *Board) Changed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.changed
}

// memory is one line of the file.
type memory struct {
	key
	Since  time.Time `json:"since"`
	Source string    `json:"source,omitempty"` // that held it; empty: whoever raised it
}

// remember writes since when everything holds. b.mu is held.
func (b *Board) remember() error {
	if b.o.Path == "" {
		return nil
	}
	list := make([]memory, 0, len(b.active)+len(b.earlier))
	for k, r := range b.active {
		list = append(list, memory{k, r.Since, r.source})
	}
	for k, e := range b.earlier {
		list = append(list, memory{k, e.since, e.source})
	}
	slices.SortFunc(list, func(a, b memory) int { return a.Since.Compare(b.Since) })
	data, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return replace(b.o.Path, data)
}

// replace writes a file so that a reader sees the old bytes or the new ones. It is not synced:
// a power cut may cost how long a warning held, which is no loss.
func replace(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	if err = errors.Join(err, temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

// remembered reads the file. What lies in the future began now: a clock was wrong.
func remembered(path string, now time.Time) (map[key]left, error) {
	known := map[key]left{}
	if path == "" {
		return known, nil
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return known, nil
	}
	if err != nil {
		return known, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return known, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	if len(data) > maxFile {
		return known, fmt.Errorf("read %s: it is longer than %d bytes", filepath.Base(path), maxFile)
	}
	var list []memory
	if err := json.Unmarshal(data, &list); err != nil {
		return known, fmt.Errorf("read %s: %w", filepath.Base(path), err)
	}
	for _, m := range list[:min(len(list), maxActive)] {
		if m.Since.After(now) {
			m.Since = now
		}
		known[m.key] = left{m.Since.UTC(), m.Source}
	}
	return known, nil
}
