package store

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/medhive/medhive/models"
)

// maxQuarantines bounds what one owner leaves alone, and maxReasonBytes why.
const (
	maxQuarantines = 256
	maxReasonBytes = 1024
)

// Quarantine is a package that its owner does not run for now: its runners failed one
// after the other. It outlives the owner's process. A validation that passes on the same
// provider lifts it.
type Quarantine struct {
	Package  models.Digest `json:"package"`
	Model    string        `json:"model"`    // id@version
	Provider string        `json:"provider"` // on which it failed
	Since    time.Time     `json:"since"`
	Tries    int           `json:"tries"`  // failures in a row
	Reason   string        `json:"reason"` // of the last one
}

// Quarantine begins one, or brings it up to date.
func (s *Store) Quarantine(owner string, q Quarantine) error {
	if err := checkOwner(owner); err != nil {
		return err
	}
	return s.update(func(st *state, _ []Fact) error { return st.begin(owner, q) })
}

// begin keeps a quarantine, in bounds.
func (s *state) begin(owner string, q Quarantine) error {
	q.Reason = q.Reason[:min(len(q.Reason), maxReasonBytes)]
	if s.Quarantines[owner] == nil {
		s.Quarantines[owner] = map[models.Digest]Quarantine{}
	}
	if _, known := s.Quarantines[owner][q.Package]; !known && len(s.Quarantines[owner]) >= maxQuarantines {
		return fmt.Errorf("quarantine model %s: %d are quarantined already; remove the packages that don't work here", q.Model, maxQuarantines)
	}
	s.Quarantines[owner][q.Package] = q
	return nil
}

// Lift ends an owner's quarantine of a package, if there is one.
func (s *Store) Lift(owner string, d models.Digest) error {
	return s.update(func(st *state, _ []Fact) error {
		st.lift(func(o string, q Quarantine) bool { return o == owner && q.Package == d })
		return nil
	})
}

// Quarantines lists an owner's, the oldest first.
func (s *Store) Quarantines(owner string) (list []Quarantine, err error) {
	err = s.view(func(st state, _ []Fact) { list = slices.Collect(maps.Values(st.Quarantines[owner])) })
	slices.SortFunc(list, func(a, b Quarantine) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return slices.Compare(a.Package[:], b.Package[:])
	})
	return list, err
}

// lift ends the quarantines that are meant.
func (s *state) lift(meant func(owner string, q Quarantine) bool) {
	for owner, list := range s.Quarantines {
		maps.DeleteFunc(list, func(_ models.Digest, q Quarantine) bool { return meant(owner, q) })
		if len(list) == 0 {
			delete(s.Quarantines, owner)
		}
	}
}
