package store

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"

	"github.com/medhive/medhive/models"
)

// DefaultQuotaBytes is how much the store holds until an operator says otherwise.
const DefaultQuotaBytes int64 = 32 << 30

// Bounds of the state: everything here is written whole with each change.
const (
	MaxPackages    = 256
	maxValidations = 1024
	maxPublishers  = 256
)

// stateSchema is the version of the state file that this code reads and writes.
const stateSchema = "medhive.store/1"

// Fact is what is fixed about a package from the moment it was admitted.
type Fact struct {
	Digest    models.Digest `json:"package"`
	ID        string        `json:"id"`
	Version   string        `json:"version"`
	Bytes     int64         `json:"bytes"`
	Publisher string        `json:"publisher,omitempty"` // whose signature was verified; empty: nobody's
	Added     time.Time     `json:"added"`
}

// Name is "id@version".
func (f Fact) Name() string { return f.ID + "@" + f.Version }

// Validation is one run of a package's example on this machine.
type Validation struct {
	Package  models.Digest `json:"package"`
	Provider string        `json:"provider"` // "cpu", "cuda", …
	Runtime  string        `json:"runtime"`  // ONNX Runtime's version
	Time     time.Time     `json:"time"`
	Passed   bool          `json:"passed"`
	Detail   string        `json:"detail,omitempty"` // what differed, in words
}

// state is what changes: who uses what, and what an operator decided. The packages
// themselves are the folders on disk. It is a value; nothing here touches a disk.
type state struct {
	Schema      string                           `json:"schema"`
	QuotaBytes  int64                            `json:"quota_bytes"`
	Used        map[models.Digest]time.Time      `json:"used"`  // last admitted or held
	Pins        map[string]models.Digest         `json:"pins"`  // by model id
	Holds       map[string]map[models.Digest]int `json:"holds"` // owner → package → how often
	Validations []Validation                     `json:"validations"`
	Publishers  map[string]string                `json:"publishers"` // trusted key → what the operator calls it

	// Fields that came later: a program that does not know them drops them when it writes.
	Leaving     map[models.Digest]time.Time             `json:"leaving,omitempty"`     // go as soon as nobody holds them; since when
	Quarantines map[string]map[models.Digest]Quarantine `json:"quarantines,omitempty"` // owner → package → why
}

func newState() state {
	return state{
		Schema: stateSchema, QuotaBytes: DefaultQuotaBytes, Used: map[models.Digest]time.Time{}, Pins: map[string]models.Digest{},
		Holds: map[string]map[models.Digest]int{}, Publishers: map[string]string{},
		Leaving: map[models.Digest]time.Time{}, Quarantines: map[string]map[models.Digest]Quarantine{},
	}
}

// holders names who holds the package, sorted.
func (s *state) holders(d models.Digest) (owners []string) {
	for _, owner := range slices.Sorted(maps.Keys(s.Holds)) {
		if s.Holds[owner][d] > 0 {
			owners = append(owners, owner)
		}
	}
	return owners
}

func (s *state) hold(d models.Digest, owner string, now time.Time) {
	if s.Holds[owner] == nil {
		s.Holds[owner] = map[models.Digest]int{}
	}
	s.Holds[owner][d]++
	s.Used[d] = now
}

// used is when the package was last held, or else admitted.
func (s *state) used(f Fact) time.Time {
	if at, ok := s.Used[f.Digest]; ok {
		return at
	}
	return f.Added // the process died between taking it in and saying so
}

// repair gives a state that was read from a file the maps that it may lack.
func (s *state) repair() {
	fresh := newState()
	if s.Used == nil {
		s.Used = fresh.Used
	}
	if s.Pins == nil {
		s.Pins = fresh.Pins
	}
	if s.Holds == nil {
		s.Holds = fresh.Holds
	}
	if s.Publishers == nil {
		s.Publishers = fresh.Publishers
	}
	if s.Leaving == nil {
		s.Leaving = fresh.Leaving
	}
	if s.Quarantines == nil {
		s.Quarantines = fresh.Quarantines
	}
	if s.QuotaBytes <= 0 {
		s.QuotaBytes = fresh.QuotaBytes
	}
}

// release takes one hold back; there must be one.
func (s *state) release(d models.Digest, owner string) error {
	if s.Holds[owner][d] == 0 {
		return fmt.Errorf("release package %s: %s does not hold it", d.Short(), owner)
	}
	if s.Holds[owner][d]--; s.Holds[owner][d] == 0 {
		delete(s.Holds[owner], d)
	}
	if len(s.Holds[owner]) == 0 {
		delete(s.Holds, owner)
	}
	return nil
}

// forget drops what was said about a package that is gone. Its verdicts stay: they hold
// for the same bytes when they come back.
func (s *state) forget(d models.Digest) {
	s.lift(func(_ string, q Quarantine) bool { return q.Package == d })
	delete(s.Used, d)
	delete(s.Leaving, d)
	for owner, held := range s.Holds {
		if delete(held, d); len(held) == 0 {
			delete(s.Holds, owner)
		}
	}
	maps.DeleteFunc(s.Pins, func(_ string, pinned models.Digest) bool { return pinned == d })
}

// record keeps the newest verdict for each package, provider and runtime. A pass lifts the
// package's quarantines on that provider.
func (s *state) record(v Validation) {
	if v.Passed {
		s.lift(func(_ string, q Quarantine) bool { return q.Package == v.Package && q.Provider == v.Provider })
	}
	s.Validations = slices.DeleteFunc(s.Validations, func(old Validation) bool {
		return old.Package == v.Package && old.Provider == v.Provider && old.Runtime == v.Runtime
	})
	s.Validations = append(s.Validations, v)
	if over := len(s.Validations) - maxValidations; over > 0 {
		s.Validations = slices.Delete(s.Validations, 0, over) // the oldest stand first
	}
}

// passed reports whether the package passed on any provider.
func (s *state) passed(d models.Digest) bool {
	return slices.ContainsFunc(s.Validations, func(v Validation) bool { return v.Package == d && v.Passed })
}

// evictions chooses what has to go before incoming bytes fit: the least recently used
// first, but what a roll back would go to last. What is held or pinned never goes.
func (s *state) evictions(present []Fact, incoming int64) ([]models.Digest, error) {
	total, fixed := incoming, s.fixed(present)
	var free []Fact
	for _, f := range present {
		total += f.Bytes
		if !s.stays(f) {
			free = append(free, f)
		}
	}
	// Compared without a sum, so that no declared size can overflow it.
	if incoming == 0 && fixed > s.QuotaBytes {
		return nil, fmt.Errorf("%d MB are held by jobs or pinned, the quota would be %d MB; name a larger one, or unpin a model", fixed/1e6, s.QuotaBytes/1e6)
	}
	if incoming > s.QuotaBytes-fixed {
		return nil, fmt.Errorf("the package has %d MB, the quota is %d MB and %d MB of it are held by jobs or pinned; raise it with `medhive model quota`, or unpin a model",
			incoming/1e6, s.QuotaBytes/1e6, fixed/1e6)
	}
	fallback := s.fallbacks(present)
	slices.SortStableFunc(free, func(a, b Fact) int {
		return cmp.Or(cmp.Compare(boolRank(fallback[a.Digest]), boolRank(fallback[b.Digest])),
			s.used(a).Compare(s.used(b)), slices.Compare(a.Digest[:], b.Digest[:]))
	})
	var gone []models.Digest
	count := len(present)
	for _, f := range free {
		if total <= s.QuotaBytes && (incoming == 0 || count < MaxPackages) {
			break
		}
		gone = append(gone, f.Digest)
		total -= f.Bytes
		count--
	}
	if incoming > 0 && count >= MaxPackages {
		return nil, errors.New("every place of the store is held by jobs or pinned; unpin a model")
	}
	return gone, nil
}

// stays reports whether nothing may evict the package.
func (s *state) stays(f Fact) bool {
	return len(s.holders(f.Digest)) > 0 || s.Pins[f.ID] == f.Digest
}

// fixed is how many bytes nothing may evict.
func (s *state) fixed(present []Fact) (bytes int64) {
	for _, f := range present {
		if s.stays(f) {
			bytes += f.Bytes
		}
	}
	return bytes
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// fallbacks are the packages that a roll back would go to.
func (s *state) fallbacks(present []Fact) map[models.Digest]bool {
	found := map[models.Digest]bool{}
	for _, f := range present {
		of := slices.DeleteFunc(slices.Clone(present), func(o Fact) bool { return o.ID != f.ID })
		if previous, ok := Previous(of, Active(of, s.Pins[f.ID]).Digest, s.passed); ok {
			found[previous.Digest] = true
		}
	}
	return found
}

// Active is the version that counts among those of one model: the pinned one, or else
// the newest. versions must not be empty.
func Active(versions []Fact, pinned models.Digest) Fact {
	if n := slices.IndexFunc(versions, func(f Fact) bool { return f.Digest == pinned }); n >= 0 {
		return versions[n]
	}
	return slices.MaxFunc(versions, olderFirst)
}

// Previous is the newest version older than the active one that passed validation: what
// a roll back goes to.
func Previous(versions []Fact, active models.Digest, passed func(models.Digest) bool) (Fact, bool) {
	n := slices.IndexFunc(versions, func(f Fact) bool { return f.Digest == active })
	if n < 0 {
		return Fact{}, false
	}
	older := slices.DeleteFunc(slices.Clone(versions), func(f Fact) bool {
		return olderFirst(f, versions[n]) >= 0 || !passed(f.Digest)
	})
	if len(older) == 0 {
		return Fact{}, false
	}
	return slices.MaxFunc(older, olderFirst), true
}

// olderFirst orders by semantic version, and by digest where two packages claim one.
func olderFirst(a, b Fact) int {
	return cmp.Or(semver.Compare("v"+a.Version, "v"+b.Version), slices.Compare(a.Digest[:], b.Digest[:]))
}

// checkOwner keeps names of holders fit for a message.
func checkOwner(owner string) error {
	if owner == "" || len(owner) > 200 || strings.ContainsFunc(owner, func(r rune) bool { return r < ' ' }) {
		return errors.New("hold a package: the holder needs a plain name of at most 200 bytes")
	}
	return nil
}
