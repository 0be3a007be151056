package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

// shelf is the store's promise in a few lines, against which the state machine runs:
// what is held or pinned stays, what goes is the least recently used of the rest, and
// the quota holds after every change.
type shelf struct {
	state   state
	present []Fact
	clock   time.Time

	holds map[models.Digest]map[string]int
	used  map[models.Digest]time.Time
	next  int
}

func newShelf() *shelf {
	return &shelf{state: newState(), clock: time.Unix(1e9, 0), holds: map[models.Digest]map[string]int{}, used: map[models.Digest]time.Time{}}
}

func (s *shelf) tick() time.Time {
	s.clock = s.clock.Add(time.Second)
	return s.clock
}

func (s *shelf) isHeld(d models.Digest) bool { return len(s.holds[d]) > 0 }

func (s *shelf) isPinned(f Fact) bool { return s.state.Pins[f.ID] == f.Digest }

func (s *shelf) total() (bytes int64) {
	for _, f := range s.present {
		bytes += f.Bytes
	}
	return bytes
}

// take removes what was evicted and holds the choice to the promise.
func (s *shelf) take(t *rapid.T, gone []models.Digest) {
	before := slices.Clone(s.present)
	fallback := s.state.fallbacks(before)
	for _, d := range gone {
		n := slices.IndexFunc(s.present, func(f Fact) bool { return f.Digest == d })
		if n < 0 {
			t.Fatalf("evicts %s, which is not there", d.Short())
		}
		f := s.present[n]
		if s.isHeld(d) || s.isPinned(f) {
			t.Fatalf("evicts %s, which is held or pinned", f.Name())
		}
		for _, other := range before {
			if stays := !slices.Contains(gone, other.Digest); stays && !s.isHeld(other.Digest) && !s.isPinned(other) &&
				fallback[other.Digest] == fallback[d] && s.used[other.Digest].Before(s.used[d]) {
				t.Fatalf("evicts %s and keeps %s, which was used earlier", f.Name(), other.Name())
			}
		}
		s.present = slices.Delete(s.present, n, n+1)
		s.state.forget(d)
		delete(s.used, d)
	}
}

// any draws one of the packages; act does nothing where there is none.
func (s *shelf) any(act func(*rapid.T, Fact)) func(*rapid.T) {
	return func(t *rapid.T) {
		if len(s.present) > 0 {
			act(t, rapid.SampledFrom(s.present).Draw(t, "package"))
		}
	}
}

func TestStateMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newShelf()
		s.state.QuotaBytes = 1000
		owner := rapid.SampledFrom([]string{"anna", "bert"})
		t.Repeat(map[string]func(*rapid.T){
			"admit": func(t *rapid.T) {
				s.next++
				f := Fact{Digest: models.DigestOf(fmt.Append(nil, s.next)), ID: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "id"),
					Version: fmt.Sprintf("1.%d.0", s.next), Bytes: rapid.Int64Range(1, 600).Draw(t, "bytes"), Added: s.tick()}
				fixed := int64(0)
				for _, p := range s.present {
					if s.isHeld(p.Digest) || s.isPinned(p) {
						fixed += p.Bytes
					}
				}
				gone, err := s.state.evictions(s.present, f.Bytes)
				if fits := fixed+f.Bytes <= s.state.QuotaBytes; fits != (err == nil) {
					t.Fatalf("%d bytes beside %d fixed ones: %v", f.Bytes, fixed, err)
				}
				if err != nil {
					return
				}
				s.take(t, gone)
				if slack := s.state.QuotaBytes - s.total() - f.Bytes; len(gone) > 0 && slack >= 600 {
					t.Fatalf("evicted %d packages and left %d bytes free", len(gone), slack)
				}
				s.present = append(s.present, f)
				s.state.Used[f.Digest], s.used[f.Digest] = s.clock, s.clock
			},
			"hold": s.any(func(t *rapid.T, f Fact) {
				d, who := f.Digest, owner.Draw(t, "owner")
				s.state.hold(d, who, s.tick())
				if s.holds[d] == nil {
					s.holds[d] = map[string]int{}
				}
				s.holds[d][who]++
				s.used[d] = s.clock
			}),
			"release": s.any(func(t *rapid.T, f Fact) {
				d, who := f.Digest, owner.Draw(t, "owner")
				err := s.state.release(d, who)
				if had := s.holds[d][who] > 0; had != (err == nil) {
					t.Fatalf("release: %v, held %d times", err, s.holds[d][who])
				}
				if err == nil {
					if s.holds[d][who]--; s.holds[d][who] == 0 {
						delete(s.holds[d], who)
					}
				}
			}),
			"owner dies": func(t *rapid.T) {
				who := owner.Draw(t, "owner")
				delete(s.state.Holds, who)
				for _, held := range s.holds {
					delete(held, who)
				}
			},
			"pin":   s.any(func(_ *rapid.T, f Fact) { s.state.Pins[f.ID] = f.Digest }),
			"unpin": s.any(func(_ *rapid.T, f Fact) { delete(s.state.Pins, f.ID) }),
			"pass": s.any(func(t *rapid.T, f Fact) {
				s.state.record(Validation{Package: f.Digest, Provider: "cpu", Passed: rapid.Bool().Draw(t, "passed")})
			}),
			"": func(t *rapid.T) {
				if s.total() > s.state.QuotaBytes {
					t.Fatalf("%d bytes; the quota is %d", s.total(), s.state.QuotaBytes)
				}
				for _, f := range s.present {
					if want := slices.Sorted(maps.Keys(s.holds[f.Digest])); !slices.Equal(s.state.holders(f.Digest), want) {
						t.Fatalf("%s is held by %v, want %v", f.Name(), s.state.holders(f.Digest), want)
					}
				}
			},
		})
	})
}

func TestPlacesAreBounded(t *testing.T) {
	s := newState()
	var present []Fact
	for n := range MaxPackages {
		present = append(present, Fact{Digest: models.DigestOf(fmt.Append(nil, n)), ID: fmt.Sprint("m", n), Version: "1.0.0", Bytes: 1, Added: time.Unix(int64(n), 0)})
	}
	gone, err := s.evictions(present, 1)
	if err != nil || len(gone) != 1 || gone[0] != present[0].Digest {
		t.Errorf("%v, %d evicted", err, len(gone))
	}
	for _, f := range present {
		s.hold(f.Digest, "anna", time.Unix(1e9, 0))
	}
	if _, err := s.evictions(present, 1); err == nil {
		t.Error("a place too many")
	}
	if _, err := s.evictions(nil, 1<<62); err == nil {
		t.Error("a size near the end of the numbers")
	}
}

func TestVerdictsAreBounded(t *testing.T) {
	s := newState()
	for n := range maxValidations + 10 {
		s.record(Validation{Package: models.DigestOf(fmt.Append(nil, n)), Provider: "cpu", Passed: true})
	}
	if len(s.Validations) != maxValidations || s.passed(models.DigestOf(fmt.Append(nil, 0))) || !s.passed(models.DigestOf(fmt.Append(nil, maxValidations))) {
		t.Errorf("%d verdicts", len(s.Validations))
	}
}

func TestQuarantinesAreBounded(t *testing.T) {
	s := newState()
	for n := range maxQuarantines {
		if err := s.begin("node anna", Quarantine{Package: models.Digest{1, byte(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.begin("node anna", Quarantine{Package: models.Digest{2}}); err == nil || !strings.Contains(err.Error(), "remove the packages") {
		t.Errorf("one more: %v", err)
	}
	if err := s.begin("node anna", Quarantine{Package: models.Digest{1, 7}, Tries: 4}); err != nil || s.Quarantines["node anna"][models.Digest{1, 7}].Tries != 4 {
		t.Errorf("one that is known: %v", err)
	}
	if err := s.begin("node berta", Quarantine{Package: models.Digest{2}}); err != nil {
		t.Errorf("another node's: %v", err)
	}
}
