package quarantine

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/scheduler/clinic/burnin"
)

// clock is a day that begins at nine and goes on by a minute a look.
func clock() func() time.Time {
	var mu sync.Mutex // guards at
	at := time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC)
	return func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		at = at.Add(time.Minute)
		return at
	}
}

func opened(t *testing.T, path string, secret byte) *Store {
	t.Helper()
	s, err := Open(path, [32]byte{secret}, clock())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func shut(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func newStore(t *testing.T) *Store {
	t.Helper()
	s := opened(t, filepath.Join(t.TempDir(), "quarantine.db"), 1)
	t.Cleanup(func() { shut(t, s) })
	return s
}

const uid = "1.2.826.0.1.20240311.4711"

// heldCase is a case with two pictures.
func heldCase(id string) Case {
	return Case{ID: id, StudyUID: uid + ".1", Revision: 2, Rule: "plates", Model: "radiograph-quality@1.0.0", Held: clinic.Held{
		Reasons: []string{"it looks like text"},
		Images: []clinic.HeldImage{
			{SOPInstanceUID: uid + ".2", Rows: 8, Columns: 8, Reasons: []string{"it looks like text"}, Regions: []burnin.Region{{X: 1, Y: 1, Width: 4, Height: 2, Score: 0.9}}, Picture: []byte("a picture with a name in it")},
			{SOPInstanceUID: uid + ".3", Frame: 4, Rows: 8, Columns: 8, Reasons: []string{"it looks like text"}, Picture: []byte("another")},
		},
	}}
}

func TestHeldCasesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quarantine.db")
	s := opened(t, path, 1)
	first, second := heldCase("00000000000a"), heldCase("00000000000b")
	for _, c := range []Case{first, second, first} {
		if err := s.Hold(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if len(first.Held.Images[0].Picture) == 0 {
		t.Error("holding a case took its pictures away")
	}
	shut(t, s)
	s = opened(t, path, 1)
	defer shut(t, s)
	list, _, err := s.List(t.Context())
	if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].ID != second.ID || list[0].Held.Images[0].Picture != nil {
		t.Fatalf("listed %+v, %v", list, err)
	}
	got, err := s.Get(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	first.HeldAt = got.HeldAt
	if !reflect.DeepEqual(got, first) || got.HeldAt.IsZero() {
		t.Errorf("got %+v\nwant %+v", got, first)
	}
	if _, err := s.Get(t.Context(), "00000000000c"); !errors.Is(err, ErrUnknown) {
		t.Errorf("a case that is not there: %v", err)
	}
	if err := s.Remove(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), first.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("a removed case: %v", err)
	}
}

func TestDecisions(t *testing.T) {
	region := clinic.Redaction{SOPInstanceUID: uid + ".2", X: 1, Y: 1, Width: 4, Height: 2}
	for name, c := range map[string]struct {
		decision Decision
		policy   clinic.Policy
	}{
		"release": {Decision{Choice: Release}, clinic.Policy{Deface: true, Released: true}},
		"redact":  {Decision{Choice: Redact, Regions: []clinic.Redaction{region}}, clinic.Policy{Deface: true, Released: true, Redactions: []clinic.Redaction{region}}},
		"refuse":  {Decision{Choice: Refuse}, clinic.Policy{Deface: true}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(t)
			if err := s.Hold(t.Context(), heldCase("00000000000a")); err != nil {
				t.Fatal(err)
			}
			decided, err := s.Decide(t.Context(), "00000000000a", "dr.who", c.decision, "looked at it")
			if err != nil || decided.Decision == nil || decided.Decision.Who != "dr.who" || decided.Decision.At.IsZero() || decided.Decision.Reason != "looked at it" {
				t.Fatalf("%+v, %v", decided.Decision, err)
			}
			if got := decided.Decision.Policy(clinic.Policy{Deface: true}); !reflect.DeepEqual(got, c.policy) {
				t.Errorf("the policy becomes %+v, want %+v", got, c.policy)
			}
			again, err := s.Decide(t.Context(), "00000000000a", "dr.who", c.decision, "once more")
			if err != nil || !again.Decision.At.Equal(decided.Decision.At) {
				t.Errorf("the same again: %+v, %v", again.Decision, err)
			}
			if _, err := s.Decide(t.Context(), "00000000000a", "dr.no", c.decision, ""); !errors.Is(err, ErrDecided) {
				t.Errorf("somebody else: %v", err)
			}
			if err := s.Hold(t.Context(), heldCase("00000000000a")); err != nil {
				t.Fatal(err)
			}
			if got, err := s.Get(t.Context(), "00000000000a"); err != nil || got.Decision == nil {
				t.Errorf("held again, its decision is gone (%v)", err)
			}
		})
	}
}

func TestDecisionsThatCannotBeFollowed(t *testing.T) {
	s := newStore(t)
	if err := s.Hold(t.Context(), heldCase("00000000000a")); err != nil {
		t.Fatal(err)
	}
	region := []clinic.Redaction{{X: 1, Y: 1, Width: 4, Height: 2}}
	for name, c := range map[string]struct {
		who    string
		d      Decision
		reason string
	}{
		"nobody":               {"", Decision{Choice: Release}, ""},
		"a long name":          {strings.Repeat("x", maxWho+1), Decision{Choice: Release}, ""},
		"a long reason":        {"a", Decision{Choice: Release}, strings.Repeat("x", maxReason+1)},
		"no choice":            {"a", Decision{}, ""},
		"another choice":       {"a", Decision{Choice: "burn"}, ""},
		"release with regions": {"a", Decision{Choice: Release, Regions: region}, ""},
		"redact nothing":       {"a", Decision{Choice: Redact}, ""},
		"an empty region":      {"a", Decision{Choice: Redact, Regions: []clinic.Redaction{{X: 1, Y: 1}}}, ""},
	} {
		if _, err := s.Decide(t.Context(), "00000000000a", c.who, c.d, c.reason); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if got, err := s.Get(t.Context(), "00000000000a"); err != nil || got.Decision != nil {
		t.Errorf("a decision was kept: %+v, %v", got.Decision, err)
	}
	if _, err := s.Decide(t.Context(), "00000000000b", "a", Decision{Choice: Release}, ""); !errors.Is(err, ErrUnknown) {
		t.Errorf("an unknown case: %v", err)
	}
	if err := s.Hold(t.Context(), Case{ID: "Doe, Jane"}); err == nil {
		t.Error("a case without a name of its own was held")
	}
}

// A redaction must not leave text in frames that nobody was shown.
func TestRedactionsCoverAllFrames(t *testing.T) {
	one := []clinic.Redaction{{SOPInstanceUID: uid + ".2", X: 1, Y: 1, Width: 4, Height: 2}}
	every := []clinic.Redaction{{X: 1, Y: 1, Width: 4, Height: 2}}
	for name, c := range map[string]struct {
		alike, others int
		d             Decision
		ok            bool
	}{
		"all shown":                     {0, 0, Decision{Choice: Redact, Regions: one}, true},
		"more of the same, one image":   {5, 0, Decision{Choice: Redact, Regions: one}, false},
		"more of the same, every image": {5, 0, Decision{Choice: Redact, Regions: every}, true},
		"more of the same, one frame":   {5, 0, Decision{Choice: Redact, Regions: []clinic.Redaction{{Frame: 4, X: 1, Y: 1, Width: 4, Height: 2}}}, false},
		"outside of every image":        {0, 0, Decision{Choice: Redact, Regions: []clinic.Redaction{{X: 8, Y: 1, Width: 4, Height: 2}}}, false},
		"below its image":               {0, 0, Decision{Choice: Redact, Regions: []clinic.Redaction{{SOPInstanceUID: uid + ".2", Y: 8, Width: 4, Height: 2}}}, false},
		"of another image":              {0, 0, Decision{Choice: Redact, Regions: []clinic.Redaction{{SOPInstanceUID: uid + ".4", Width: 4, Height: 2}}}, false},
		"others":                        {0, 1, Decision{Choice: Redact, Regions: every}, false},
		"others, released":              {0, 1, Decision{Choice: Release}, true},
		"others, refused":               {3, 1, Decision{Choice: Refuse}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, held := newStore(t), heldCase("00000000000a")
			held.Held.Alike, held.Held.Others = c.alike, c.others
			if err := s.Hold(t.Context(), held); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Decide(t.Context(), held.ID, "a", c.d, ""); (err == nil) != c.ok {
				t.Errorf("%v", err)
			}
		})
	}
}

// Nothing of a case can be read on the disk, and no other key opens it.
func TestSealed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "quarantine.db")
	s := opened(t, path, 1)
	if err := s.Hold(t.Context(), heldCase("00000000000a")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Decide(t.Context(), "00000000000a", "dr.who", Decision{Choice: Release}, "a reason"); err != nil {
		t.Fatal(err)
	}
	shut(t, s)
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte("00000000000a")) {
		t.Fatalf("the search proves nothing: %v", err)
	}
	for _, text := range []string{uid, "with a name", "dr.who", "a reason", "plates", "radiograph"} {
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("%q can be read", text)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("its permissions: %v, %v", info.Mode(), err)
	}
	if _, err := Open(path, [32]byte{2}, clock()); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	defer shut(t, opened(t, path, 1))
	if _, err := Open(path, [32]byte{1}, clock()); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("opened twice: %v", err)
	}
}

// Those that wait come before those that were decided on, the oldest first.
func TestListOrder(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"0000000d", "0000000c", "0000000b", "0000000a"} {
		if err := s.Hold(t.Context(), heldCase(id)); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"0000000d", "0000000b"} {
		if _, err := s.Decide(t.Context(), id, "a", Decision{Choice: Refuse}, ""); err != nil {
			t.Fatal(err)
		}
	}
	list, _, err := s.List(t.Context())
	var ids []string
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	if got := strings.Join(ids, " "); err != nil || got != "0000000c 0000000a 0000000d 0000000b" {
		t.Errorf("%s, %v", got, err)
	}
}

// Many callers at once hold each case once.
func TestConcurrentUse(t *testing.T) {
	s := newStore(t)
	var work sync.WaitGroup
	for n := range 16 {
		work.Go(func() {
			id := strings.Repeat(string("0123456789abcdef"[n%4]), 12)
			if err := s.Hold(t.Context(), heldCase(id)); err != nil {
				t.Error(err)
			}
			if _, err := s.Get(t.Context(), id); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	if list, _, err := s.List(t.Context()); err != nil || len(list) != 4 {
		t.Errorf("%d cases, %v", len(list), err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Hold(ctx, heldCase("0000000e")); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end: %v", err)
	}
}

// One record that can't be read hides none of the others, and can be removed.
func TestADamagedRecordHidesNoOther(t *testing.T) {
	s := newStore(t)
	for _, id := range []string{"0000000a", "0000000b"} {
		if err := s.Hold(t.Context(), heldCase(id)); err != nil {
			t.Fatal(err)
		}
	}
	err := s.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(caseBucket).Put([]byte("0000000a"), []byte("worn out, and longer than a nonce"))
	})
	if err != nil {
		t.Fatal(err)
	}
	list, damaged, err := s.List(t.Context())
	if err != nil || len(list) != 1 || list[0].ID != "0000000b" || !slices.Equal(damaged, []string{"0000000a"}) {
		t.Fatalf("listed %+v, damaged %v, %v", list, damaged, err)
	}
	if _, err := s.Get(t.Context(), "0000000a"); !errors.Is(err, ErrDamaged) {
		t.Errorf("looked at: %v", err)
	}
	if _, err := s.Decide(t.Context(), "0000000a", "a", Decision{Choice: Release}, ""); !errors.Is(err, ErrDamaged) {
		t.Errorf("released: %v", err)
	}
	if err := s.Remove(t.Context(), "0000000a"); err != nil {
		t.Fatal(err)
	}
	if _, damaged, err := s.List(t.Context()); err != nil || len(damaged) > 0 {
		t.Errorf("removed: %v, %v", damaged, err)
	}
}
