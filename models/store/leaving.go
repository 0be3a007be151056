package store

import (
	"fmt"

	"github.com/medhive/medhive/models"
)

// Retire removes a package now, or, where somebody holds it, as soon as nobody does any
// more; nobody else may hold it meanwhile. It says who holds it still. Admitting the same
// package again takes it back. One that is pinned stays.
func (s *Store) Retire(d models.Digest) (holders []string, err error) {
	err = s.update(func(st *state, present []Fact) error {
		f, err := find(present, d)
		if err != nil {
			return err
		}
		if st.Pins[f.ID] == d {
			return fmt.Errorf("model %s is pinned; unpin it first with `medhive model unpin %s`", f.Name(), f.ID)
		}
		st.Leaving[d] = s.now()
		holders = st.holders(d)
		return s.dismiss(st, present)
	})
	return holders, err
}

// dismiss takes out the packages that are to leave and that nobody holds.
func (s *Store) dismiss(st *state, present []Fact) error {
	var gone []models.Digest
	for _, f := range present {
		if _, leaving := st.Leaving[f.Digest]; leaving && len(st.holders(f.Digest)) == 0 {
			gone = append(gone, f.Digest)
		}
	}
	return s.evict(st, gone)
}
