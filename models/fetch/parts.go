package fetch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/store"
)

// partSuffix marks a file that has not arrived whole.
const partSuffix = ".part"

// fill writes the package's files into the staging folder and admits it.
func (l label) fill(ctx context.Context, into *store.Store, from Source, staging *store.Staging, o Options) (store.Record, error) {
	for name, data := range map[string][]byte{models.ManifestFile: l.text, models.SumsFile: l.sums, models.SignatureFile: l.signature} {
		if data == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(staging.Dir, name), data, 0o600); err != nil {
			return store.Record{}, fmt.Errorf("fetch %s: %w", l.name(), models.WithoutPath(err))
		}
	}
	d := &download{from: from, o: o, dir: staging.Dir}
	for _, part := range l.manifest.Parts() {
		if !part.Optional {
			d.total += part.Bytes
		}
	}
	for _, part := range l.manifest.Parts() {
		if part.SHA256.IsZero() {
			part.SHA256 = l.listed[part.Name] // zero still where nobody says
		}
		if part.Optional && l.listed != nil && part.SHA256.IsZero() {
			continue // SHA256SUMS says that there is none
		}
		err := d.part(ctx, part)
		if part.Optional && errors.Is(err, fs.ErrNotExist) && l.listed == nil {
			continue
		}
		if err != nil {
			return store.Record{}, fmt.Errorf("fetch %s: %s: %w", l.name(), part.Name, err)
		}
	}
	record, err := into.Admit(staging)
	if err != nil {
		if _, fault := models.VerifyFolder(staging.Dir); fault != nil {
			staging.Discard() // going on from it would not mend it
		}
	}
	return record, err
}

// download brings parts into a folder.
type download struct {
	from        Source
	o           Options
	dir         string
	done, total int64 // bytes of finished parts, and of all
}

// part brings one file, resuming what is there of it. A file that does not fit its
// digest is asked for once more from its start: what was resumed may have been of
// another version.
func (d *download) part(ctx context.Context, p models.Part) error {
	path := filepath.Join(d.dir, p.Name)
	if info, err := os.Stat(path); err == nil && (p.SHA256.IsZero() || info.Size() == p.Bytes || p.Optional) {
		d.done += info.Size()
		return nil // renamed only when it fitted
	}
	for again := false; ; again = true {
		resumed, err := d.try(ctx, p, path+partSuffix)
		if err == nil {
			return os.Rename(path+partSuffix, path)
		}
		var wrong wrongBytes
		if !errors.As(err, &wrong) {
			return err
		}
		if err := os.Remove(path + partSuffix); err != nil {
			return err
		}
		if again || !resumed {
			return wrong
		}
	}
}

// wrongBytes is a file that arrived whole and is not the one that was promised.
type wrongBytes struct {
	got, want models.Digest
	size      int64
}

func (w wrongBytes) Error() string {
	return fmt.Sprintf("%d bytes with %s arrived, %s was promised; ask its publisher for a whole package", w.size, w.got, w.want)
}

// try reads until the file is whole, opening the source again after each cut. It reports
// whether it went on from bytes of an earlier time.
func (d *download) try(ctx context.Context, p models.Part, path string) (resumed bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return false, models.WithoutPath(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	h := sha256.New()
	have, err := io.Copy(h, io.LimitReader(f, p.Bytes+1)) // what an earlier try left
	if err != nil {
		return false, err
	}
	if resumed = have > 0; have > p.Bytes {
		return resumed, wrongBytes{got: models.Digest(h.Sum(nil)), want: p.SHA256, size: have}
	}
	pause := d.o.Pause
	for try := 1; ; try++ {
		before := have
		have, err = d.read(ctx, p, f, h, have)
		if err == nil {
			break
		}
		if have > before {
			try, pause = 0, d.o.Pause
		}
		switch {
		case errors.Is(err, fs.ErrNotExist), isFinal(err), errors.As(err, new(wrongBytes)):
			return resumed, err
		case ctx.Err() != nil:
			return resumed, fmt.Errorf("%w; the same command goes on from %d of %d bytes", ctx.Err(), have, p.Bytes)
		case try >= maxTries:
			return resumed, fmt.Errorf("%w; the same command goes on from %d of %d bytes", err, have, p.Bytes)
		}
		if err := wait(ctx, &pause); err != nil {
			return resumed, fmt.Errorf("%w; the same command goes on from %d of %d bytes", err, have, p.Bytes)
		}
	}
	d.done += have
	if got := models.Digest(h.Sum(nil)); !p.SHA256.IsZero() && got != p.SHA256 {
		d.done -= have
		return resumed, wrongBytes{got: got, want: p.SHA256, size: have}
	}
	return resumed, nil
}

// read opens the source once and appends to f what it gives. It returns how much of the
// file there is now; without an error that is all of it.
func (d *download) read(ctx context.Context, p models.Part, f *os.File, h hash.Hash, have int64) (int64, error) {
	exact := !p.Optional // an optional file's size is a limit
	if exact && have == p.Bytes {
		return have, nil
	}
	body, start, err := d.from.Open(ctx, p.Name, have)
	if err != nil {
		return have, err
	}
	guarded := newGuard(ctx, body, d.o.Stall)
	defer guarded.Close()
	if start != have { // the source can't resume
		if start != 0 {
			return have, Final(errors.New("the source goes on somewhere else; report this to whoever runs it"))
		}
		h.Reset()
		if have = 0; f.Truncate(0) != nil {
			return have, errors.New("the file system refuses to shorten a file")
		}
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return have, err
	}
	const step = 256 << 10
	buffer := make([]byte, step)
	for {
		n, err := guarded.Read(buffer)
		if have+int64(n) > p.Bytes {
			return have, wrongBytes{got: models.Digest(h.Sum(nil)), want: p.SHA256, size: have + int64(n)}
		}
		if n > 0 {
			if _, err := f.Write(buffer[:n]); err != nil {
				return have, Final(models.WithoutPath(err)) // a full disk, for instance
			}
			h.Write(buffer[:n])
			have += int64(n)
			d.o.Progress(Progress{File: p.Name, Done: d.done + have, Total: max(d.total, d.done+have)})
		}
		switch {
		case errors.Is(err, io.EOF) && exact && have < p.Bytes:
			return have, io.ErrUnexpectedEOF
		case errors.Is(err, io.EOF):
			return have, nil
		case err != nil:
			return have, err
		}
	}
}

// guard ends a read that brings nothing for too long, or whose context ends.
type guard struct {
	body  io.ReadCloser
	stall time.Duration
	timer *time.Timer
	stop  func() bool // no longer watches the context
	once  sync.Once
}

func newGuard(ctx context.Context, body io.ReadCloser, stall time.Duration) *guard {
	g := &guard{body: body, stall: stall}
	g.timer = time.AfterFunc(stall, g.shut)
	g.stop = context.AfterFunc(ctx, g.shut)
	return g
}

func (g *guard) shut() { g.once.Do(func() { _ = g.body.Close() }) }

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.body.Read(p)
	g.timer.Reset(g.stall)
	return n, err
}

// Close ends the watch and closes the body; a body that was read has nothing to report.
func (g *guard) Close() {
	g.timer.Stop()
	g.stop()
	g.shut()
}
