package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/gofrs/flock"

	"github.com/medhive/medhive/models"
)

// keepDownloads is how long an interrupted download waits to be resumed.
const keepDownloads = 7 * 24 * time.Hour

// Staging is a folder in which a package grows before it is admitted. Nobody else
// writes there while it is open; Close lets go of it.
type Staging struct {
	Dir  string // write the package's files here
	lock *flock.Flock
	keep bool // Close leaves the files for the next Resume
}

// ErrBusy says that another process is fetching the same package.
var ErrBusy = errors.New("another medhive fetches this package now; wait for it, or stop it")

var keyPattern = regexp.MustCompile(`^[0-9a-f]{8,64}$`)

// Stage opens a fresh folder. What is not admitted is gone with Close, or, if the
// process is killed, with the next Open.
func (s *Store) Stage() (*Staging, error) {
	lock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	dir, err := os.MkdirTemp(filepath.Join(s.dir, stagingFolder), "new-")
	if err != nil {
		return nil, fmt.Errorf("stage a package: %w", models.WithoutPath(err))
	}
	return s.occupy(dir, false)
}

// Resume opens the folder of the download with that key (hex digits), with whatever an
// earlier one left there. ErrBusy if another process has it open.
func (s *Store) Resume(key string) (*Staging, error) {
	if !keyPattern.MatchString(key) {
		return nil, fmt.Errorf("resume a download: key %.80q is no string of hex digits", key)
	}
	lock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	dir := filepath.Join(s.dir, downloadFolder, key)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("resume a download: %w", models.WithoutPath(err))
	}
	return s.occupy(dir, true)
}

// occupy locks a folder; the lock ends with the process, however that ends. The caller
// has the store's lock.
func (s *Store) occupy(dir string, keep bool) (*Staging, error) {
	l := flock.New(dir+".lock", flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil {
		return nil, fmt.Errorf("stage a package: %w", models.WithoutPath(err))
	}
	if !ok {
		return nil, ErrBusy
	}
	return &Staging{Dir: dir, lock: l, keep: keep}, nil
}

// Discard deletes the folder also where it was kept for a next time.
func (g *Staging) Discard() { g.keep = false }

// Close lets go of the folder and deletes it unless it can be resumed.
func (g *Staging) Close() error {
	if g.lock == nil {
		return nil
	}
	var errs []error
	if !g.keep {
		errs = append(errs, os.RemoveAll(g.Dir), os.Remove(g.lock.Path()))
	}
	errs = append(errs, g.lock.Close())
	g.lock = nil
	return errors.Join(errs...)
}

// sweep removes what no living process works on. The caller has the store's lock.
func (s *Store) sweep() error {
	halves, err := filepath.Glob(filepath.Join(s.dir, temporaryPrefix+"*"))
	if err != nil {
		return err
	}
	for _, path := range halves { // nobody writes here without the lock
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for _, folder := range []string{stagingFolder, downloadFolder} {
		entries, err := os.ReadDir(filepath.Join(s.dir, folder))
		if err != nil {
			return err
		}
		for _, e := range entries {
			path := filepath.Join(s.dir, folder, e.Name())
			if !e.IsDir() {
				if _, err := os.Stat(trimLock(path)); !errors.Is(err, os.ErrNotExist) {
					continue // the lock of a folder, looked at with it
				}
			} else if info, err := e.Info(); folder == downloadFolder && (err != nil || s.now().Sub(info.ModTime()) < keepDownloads) {
				continue
			}
			if err := removeUnlocked(trimLock(path)); err != nil {
				return err
			}
		}
	}
	return nil
}

const lockSuffix = ".lock"

func trimLock(path string) string {
	if filepath.Ext(path) == lockSuffix {
		return path[:len(path)-len(lockSuffix)]
	}
	return path
}

// removeUnlocked deletes a folder and its lock file unless a process has it open.
func removeUnlocked(dir string) error {
	l := flock.New(dir+lockSuffix, flock.SetPermissions(0o600))
	ok, err := l.TryLock()
	if err != nil || !ok {
		return err
	}
	return errors.Join(os.RemoveAll(dir), os.Remove(l.Path()), l.Close())
}

// Admit verifies the package in the staging folder, makes room for it, and takes it in
// with one rename: before it the store has nothing of it, after it everything. Files
// that are no part of the package are left behind. A package that is here already stays
// as it is. The staging folder is spent.
func (s *Store) Admit(g *Staging) (Record, error) {
	checked, err := models.VerifyFolder(g.Dir)
	if err != nil {
		return Record{}, err
	}
	fact := factOf(checked, s.now())
	if err := seal(g.Dir, checked, fact); err != nil {
		return Record{}, fmt.Errorf("admit %s: %w", checked.Name(), models.WithoutPath(err))
	}
	var record Record
	err = s.update(func(st *state, present []Fact) error {
		if old, err := find(present, fact.Digest); err == nil {
			delete(st.Leaving, fact.Digest)
			record = s.recordOf(st, old)
			return nil
		}
		if n := slices.IndexFunc(present, func(f Fact) bool { return f.Name() == fact.Name() }); n >= 0 {
			return fmt.Errorf("admit %s: another package of that name (%s) is here; remove it first with `medhive model remove %s`", fact.Name(), present[n].Digest.Short(), present[n].Digest)
		}
		gone, err := st.evictions(present, fact.Bytes)
		if err != nil {
			return fmt.Errorf("admit %s: %w", fact.Name(), models.WithoutPath(err))
		}
		if err := s.evict(st, gone); err != nil {
			return err
		}
		if _, err := os.Lstat(s.pathOf(fact.Digest)); err == nil { // damaged, or it would be present
			if err := s.discard(fact.Digest); err != nil {
				return fmt.Errorf("admit %s: %w", fact.Name(), models.WithoutPath(err))
			}
		}
		if err := os.Rename(g.Dir, s.pathOf(fact.Digest)); err != nil {
			return fmt.Errorf("admit %s: %w", fact.Name(), models.WithoutPath(err))
		}
		st.Used[fact.Digest] = s.now()
		record = s.recordOf(st, fact)
		return syncFolder(filepath.Join(s.dir, packagesFolder))
	})
	if err == nil {
		g.Discard()
	}
	return record, err
}

// seal removes strangers from the folder, writes the fact and brings everything to disk.
func seal(dir string, c models.Checked, fact Fact) error {
	names := []string{models.ManifestFile}
	for _, p := range c.Manifest.Parts() {
		names = append(names, p.Name)
	}
	if c.Sums {
		names = append(names, models.SumsFile)
	}
	if c.Signed {
		names = append(names, models.SignatureFile)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if !slices.Contains(names, e.Name()) {
			err = os.RemoveAll(path)
		} else {
			err = syncFile(path)
		}
		if err != nil {
			return err
		}
	}
	return writeFact(dir, fact)
}

// factOf is what a verified package says of itself.
func factOf(c models.Checked, now time.Time) Fact {
	f := Fact{Digest: c.Digest, ID: c.Manifest.ID, Version: c.Manifest.Version, Bytes: c.Bytes, Added: now}
	if c.Signed {
		f.Publisher = c.Manifest.Publisher
	}
	return f
}

func writeFact(dir string, f Fact) error {
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return writeDurably(filepath.Join(dir, factFile), data)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncFolder makes a rename in dir survive a power cut.
func syncFolder(dir string) error { return syncFile(dir) }

// temporaryPrefix marks files that are being written.
const temporaryPrefix = ".writing-"

// writeDurably replaces path so that a reader, or a crash, sees the old bytes or the new
// ones and nothing between.
func writeDurably(path string, data []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(path), temporaryPrefix+"*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // fails once renamed, as it should
	_, err = temporary.Write(data)
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err == nil {
		err = syncFolder(filepath.Dir(path))
	}
	return err
}
