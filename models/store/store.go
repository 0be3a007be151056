// Package store keeps model packages on disk: by digest, each admitted only after every
// byte was verified, within a quota, and never evicted while a job holds it. In: folders
// that fetch filled. Out: packages by digest, pins, holds and verdicts that survive
// kill -9. Several processes may share one store. It fetches nothing and runs nothing.
package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/models"
)

// The names below the store's folder.
const (
	packagesFolder = "packages"  // one folder per package, named by its digest's hex digits
	stagingFolder  = "staging"   // being written or removed; nothing in it is a package
	downloadFolder = "downloads" // being fetched; kept for a while after a cut
	stateFile      = "state.json"
	lockFile       = "lock"
	factFile       = ".fact.json" // inside a package's folder
)

const (
	maxStateBytes = 4 << 20
	maxFactBytes  = 4 << 10
)

// Store is a folder of packages. It is safe for concurrent use, also by several processes:
// each call takes the folder's lock.
type Store struct {
	dir string
	now func() time.Time
}

// Record is a package with what the store knows of it.
type Record struct {
	Fact
	Folder  string    `json:"-"`
	Used    time.Time `json:"used"` // last admitted or held
	Pinned  bool      `json:"pinned"`
	Holders []string  `json:"holders,omitempty"`
	Passed  bool      `json:"passed"`            // validation, on at least one provider
	Leaving bool      `json:"leaving,omitempty"` // it goes as soon as nobody holds it
}

// Open opens the store in dir and makes what is missing; what a killed process left half
// done is removed. now is the clock; nil means time.Now.
func Open(dir string, now func() time.Time) (*Store, error) {
	if now == nil {
		now = time.Now
	}
	s := &Store{dir: dir, now: now}
	for _, name := range []string{packagesFolder, stagingFolder, downloadFolder} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			return nil, fmt.Errorf("open model store: %w; choose another folder with --home", models.WithoutPath(err))
		}
	}
	lock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := errors.Join(s.sweep(), s.mend()); err != nil {
		return nil, fmt.Errorf("open model store: %w", models.WithoutPath(err))
	}
	_, err = s.load()
	return s, err
}

func find(present []Fact, d models.Digest) (Fact, error) {
	if n := slices.IndexFunc(present, func(f Fact) bool { return f.Digest == d }); n >= 0 {
		return present[n], nil
	}
	return Fact{}, fmt.Errorf("package %s is not in the model store; fetch it with `medhive model fetch`", d.Short())
}

func (s *Store) recordOf(st *state, f Fact) Record {
	_, leaving := st.Leaving[f.Digest]
	return Record{Fact: f, Leaving: leaving, Folder: s.pathOf(f.Digest), Used: st.used(f), Pinned: st.Pins[f.ID] == f.Digest,
		Holders: st.holders(f.Digest), Passed: st.passed(f.Digest)}
}

// List returns all packages, by id, the newest version of each first.
func (s *Store) List() (records []Record, err error) {
	err = s.view(func(st state, present []Fact) {
		for _, f := range present {
			records = append(records, s.recordOf(&st, f))
		}
	})
	slices.SortFunc(records, func(a, b Record) int {
		if a.ID != b.ID {
			return strings.Compare(a.ID, b.ID)
		}
		return olderFirst(b.Fact, a.Fact)
	})
	return records, err
}

// Usage is how many bytes the packages have, and how many they may have.
func (s *Store) Usage() (used, quota int64, err error) {
	err = s.view(func(st state, present []Fact) {
		quota = st.QuotaBytes
		for _, f := range present {
			used += f.Bytes
		}
	})
	return used, quota, err
}

// SetQuota sets how many bytes the packages may have and evicts what no longer fits.
func (s *Store) SetQuota(bytes int64) error {
	if bytes <= 0 {
		return fmt.Errorf("set the store's quota to %d bytes: want more than 0", bytes)
	}
	return s.update(func(st *state, present []Fact) error {
		st.QuotaBytes = bytes
		gone, err := st.evictions(present, 0)
		if err != nil {
			return err
		}
		return s.evict(st, gone)
	})
}

// Room reports whether a package of that size could be admitted now, before it is fetched.
func (s *Store) Room(bytes int64) (err error) {
	viewed := s.view(func(st state, present []Fact) { _, err = st.evictions(present, bytes) })
	return errors.Join(viewed, err)
}

// Largest is how many bytes a package may have that could be admitted now: the quota
// without what is held or pinned, or 0.
func (s *Store) Largest() (bytes int64, err error) {
	err = s.view(func(st state, present []Fact) { bytes = max(0, st.QuotaBytes-st.fixed(present)) })
	return bytes, err
}

// Lookup finds a package and its folder without the store's lock, which many strangers
// may not contend for: packages come and go with one rename. One that is not here is
// fs.ErrNotExist.
func (s *Store) Lookup(d models.Digest) (f Fact, folder string, err error) {
	if f, err = s.readFact(d); err != nil {
		return Fact{}, "", fmt.Errorf("look up package %s: %w", d.Short(), models.WithoutPath(err))
	}
	return f, s.pathOf(d), nil
}

// Hold keeps a package from being evicted or removed until the owner releases it as often
// as it held it. It survives the death of the owner's process; an owner that starts anew
// says ReleaseAll first.
func (s *Store) Hold(d models.Digest, owner string) error {
	if err := checkOwner(owner); err != nil {
		return err
	}
	return s.update(func(st *state, present []Fact) error {
		f, err := find(present, d)
		if err != nil {
			return err
		}
		if _, leaving := st.Leaving[d]; leaving && st.Holds[owner][d] == 0 {
			return fmt.Errorf("model %s is being removed; fetch it again if it should stay", f.Name())
		}
		st.hold(d, owner, s.now())
		return nil
	})
}

// Release takes one Hold back.
func (s *Store) Release(d models.Digest, owner string) error {
	return s.update(func(st *state, present []Fact) error {
		if err := st.release(d, owner); err != nil {
			return err
		}
		return s.dismiss(st, present)
	})
}

// ReleaseAll takes all of an owner's holds back.
func (s *Store) ReleaseAll(owner string) error {
	return s.update(func(st *state, present []Fact) error {
		delete(st.Holds, owner)
		return s.dismiss(st, present)
	})
}

// Pin makes one version the one that counts for its model id, and keeps it.
func (s *Store) Pin(id string, d models.Digest) error {
	return s.update(func(st *state, _ []Fact) error {
		st.Pins[id] = d
		return nil
	})
}

// Unpin lets the newest version count again.
func (s *Store) Unpin(id string) error {
	return s.update(func(st *state, _ []Fact) error {
		if st.Pins[id].IsZero() {
			return fmt.Errorf("model %.80q is not pinned; see `medhive model list`", id)
		}
		delete(st.Pins, id)
		return nil
	})
}

// Pins lists the pinned version of each model id that has one.
func (s *Store) Pins() (pins map[string]models.Digest, err error) {
	err = s.view(func(st state, _ []Fact) { pins = st.Pins })
	return pins, err
}

// Remove deletes a package. One that is held or pinned stays unless force is set.
func (s *Store) Remove(d models.Digest, force bool) error {
	return s.update(func(st *state, present []Fact) error {
		f, err := find(present, d)
		if err != nil {
			return err
		}
		if owners := st.holders(d); len(owners) > 0 && !force {
			return fmt.Errorf("model %s is held by %s; stop that first, or use --force if it is gone for good", f.Name(), strings.Join(owners, ", "))
		}
		if st.Pins[f.ID] == d && !force {
			return fmt.Errorf("model %s is pinned; unpin it first with `medhive model unpin %s`", f.Name(), f.ID)
		}
		return s.evict(st, []models.Digest{d})
	})
}

// evict takes packages out: a rename that is whole or did not happen, then the deletion.
func (s *Store) evict(st *state, gone []models.Digest) error {
	for _, d := range gone {
		if err := s.discard(d); err != nil {
			return fmt.Errorf("remove package %s: %w", d.Short(), models.WithoutPath(err))
		}
		st.forget(d)
	}
	return nil
}

func (s *Store) discard(d models.Digest) error {
	trash := filepath.Join(s.dir, stagingFolder, "removed-"+folderOf(d))
	if err := os.RemoveAll(trash); err != nil {
		return err
	}
	if err := os.Rename(s.pathOf(d), trash); err != nil {
		return err
	}
	return errors.Join(syncFolder(filepath.Join(s.dir, packagesFolder)), os.RemoveAll(trash))
}

// Record keeps a verdict; the newest for each package, provider and runtime counts.
func (s *Store) Record(v Validation) error {
	return s.update(func(st *state, _ []Fact) error {
		st.record(v)
		return nil
	})
}

// Validations lists the verdicts on a package, the newest last.
func (s *Store) Validations(d models.Digest) (found []Validation, err error) {
	err = s.view(func(st state, _ []Fact) {
		for _, v := range st.Validations {
			if v.Package == d {
				found = append(found, v)
			}
		}
	})
	return found, err
}

// Trust adds a publisher whose signature is enough to take a package. publisher must be
// what models.ParsePublisher returns.
func (s *Store) Trust(publisher, name string) error {
	return s.update(func(st *state, _ []Fact) error {
		if _, known := st.Publishers[publisher]; !known && len(st.Publishers) >= maxPublishers {
			return fmt.Errorf("trust a publisher: there are %d already; remove the ones you don't need", maxPublishers)
		}
		st.Publishers[publisher] = name
		return nil
	})
}

// Distrust removes a publisher. Packages that are here stay.
func (s *Store) Distrust(publisher string) error {
	return s.update(func(st *state, _ []Fact) error {
		if _, known := st.Publishers[publisher]; !known {
			return fmt.Errorf("publisher %.80q is not trusted; see `medhive model trust`", publisher)
		}
		delete(st.Publishers, publisher)
		return nil
	})
}

// Trusted lists the trusted publishers with what the operator calls them.
func (s *Store) Trusted() (publishers map[string]string, err error) {
	err = s.view(func(st state, _ []Fact) { publishers = st.Publishers })
	return publishers, err
}
