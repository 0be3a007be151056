package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/medhive/medhive/models"
)

// Whoever has the lock does little (rename folders, write one small file), so waiting
// longer than this means that a process was stopped while it had it.
const (
	lockPatience = time.Minute
	lockRetry    = 5 * time.Millisecond
)

// lock takes the store's lock.
func (s *Store) lock() (*flock.Flock, error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	l := flock.New(filepath.Join(s.dir, lockFile), flock.SetPermissions(0o600))
	ok, err := l.TryLockContext(ctx, lockRetry)
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("another medhive has had the model store locked for %v; look for one that is stopped and end it", lockPatience)
	}
	if err != nil || !ok {
		return nil, fmt.Errorf("lock model store: %w", models.WithoutPath(err))
	}
	return l, nil
}

// update changes the state under the lock; work's error leaves it as it was.
func (s *Store) update(work func(*state, []Fact) error) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	st, err := s.load()
	if err != nil {
		return err
	}
	present, err := s.facts()
	if err != nil {
		return err
	}
	if err := work(&st, present); err != nil {
		return err
	}
	return s.save(st)
}

// view reads the state under the lock.
func (s *Store) view(work func(state, []Fact)) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	st, err := s.load()
	if err != nil {
		return err
	}
	present, err := s.facts()
	if err != nil {
		return err
	}
	work(st, present)
	return nil
}

func (s *Store) load() (state, error) {
	st := newState()
	data, err := models.ReadBounded(filepath.Join(s.dir, stateFile), maxStateBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &st)
	}
	if err == nil && st.Schema != stateSchema {
		err = fmt.Errorf("schema %.40q, want %q", st.Schema, stateSchema)
	}
	if err != nil {
		return st, fmt.Errorf("read the model store's %s: %w; move it away: packages stay, pins and verdicts are lost", stateFile, err)
	}
	st.repair()
	return st, nil
}

func (s *Store) save(st state) error {
	data, err := json.MarshalIndent(st, "", " ")
	if err != nil {
		return fmt.Errorf("write model store: %w", models.WithoutPath(err))
	}
	if len(data) > maxStateBytes {
		return errors.New("write model store: its state has outgrown its limit; remove models that nobody uses")
	}
	if err := writeDurably(filepath.Join(s.dir, stateFile), data); err != nil {
		return fmt.Errorf("write model store: %w", models.WithoutPath(err))
	}
	return nil
}

// facts reads what lies in the packages folder: the truth about what the store has. A
// folder without a readable fact is no package; see mend.
func (s *Store) facts() ([]Fact, error) {
	present, _, err := s.survey()
	return present, err
}

// survey lists the packages, and the digests of folders that hold none.
func (s *Store) survey() (present []Fact, damaged []models.Digest, err error) {
	folders, err := os.ReadDir(filepath.Join(s.dir, packagesFolder))
	if err != nil {
		return nil, nil, fmt.Errorf("list model store: %w", models.WithoutPath(err))
	}
	for _, folder := range folders {
		digest, err := models.ParseDigest(folder.Name())
		if err != nil || folderOf(digest) != folder.Name() {
			continue // not ours
		}
		f, err := s.readFact(digest)
		if err != nil {
			damaged = append(damaged, digest)
			continue
		}
		present = append(present, f)
	}
	return present, damaged, nil
}

// readFact reads what is fixed about the package of that digest.
func (s *Store) readFact(d models.Digest) (f Fact, err error) {
	data, err := models.ReadBounded(filepath.Join(s.pathOf(d), factFile), maxFactBytes)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(data, &f); err != nil {
		return f, err
	}
	if f.Digest != d || f.Bytes < 0 {
		return f, errors.New("its fact is of another package")
	}
	return f, nil
}

// mend gives folders that lost their fact, to a disk's fault, a new one if every byte of
// the package still fits. The others stay as they are until the package is fetched anew.
// The caller has the store's lock.
func (s *Store) mend() error {
	_, damaged, err := s.survey()
	if err != nil {
		return err
	}
	for _, d := range damaged {
		c, err := models.VerifyFolder(s.pathOf(d))
		if err != nil || c.Digest != d {
			continue
		}
		if err := writeFact(s.pathOf(d), factOf(c, s.now())); err != nil {
			return err
		}
	}
	return nil
}

func folderOf(d models.Digest) string { return strings.TrimPrefix(d.String(), "sha256:") }

func (s *Store) pathOf(d models.Digest) string {
	return filepath.Join(s.dir, packagesFolder, folderOf(d))
}
