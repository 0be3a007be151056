package store_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/store"
)

// A package that somebody holds goes with the last hold, and nobody new may take one.
func TestRetireWaitsForHolders(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	free, held, pinned := mustAdmit(t, s, "free", "1.0.0", 10), mustAdmit(t, s, "held", "1.0.0", 10), mustAdmit(t, s, "pinned", "1.0.0", 10)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.Pin("pinned", pinned.Digest))
	must(s.Hold(held.Digest, "node anna"))
	must(s.Hold(held.Digest, "node berta"))
	if holders, err := s.Retire(free.Digest); err != nil || len(holders) > 0 {
		t.Errorf("%v, %v", holders, err)
	}
	if holders, err := s.Retire(held.Digest); err != nil || !slices.Equal(holders, []string{"node anna", "node berta"}) {
		t.Errorf("%v, %v", holders, err)
	}
	if _, err := s.Retire(pinned.Digest); err == nil || !strings.Contains(err.Error(), "unpin") {
		t.Errorf("pinned: %v", err)
	}
	if _, err := s.Retire(models.Digest{7}); err == nil {
		t.Error("what is not here was retired")
	}
	if got := names(t, s); got != "held@1.0.0 pinned@1.0.0" {
		t.Fatalf("here: %s", got)
	}
	if records, err := s.List(); err != nil || !records[0].Leaving || records[1].Leaving {
		t.Errorf("%v %+v", err, records)
	}
	if err := s.Hold(held.Digest, "node clara"); err == nil || !strings.Contains(err.Error(), "is being removed") {
		t.Errorf("a new holder: %v", err)
	}
	must(s.Hold(held.Digest, "node anna")) // its job
	must(s.Release(held.Digest, "node anna"))
	must(s.Release(held.Digest, "node anna"))
	s, _ = open(t, dir) // it survives the process
	if got := names(t, s); !strings.Contains(got, "held") {
		t.Fatal("it went while berta held it")
	}
	must(s.ReleaseAll("node berta"))
	if got := names(t, s); got != "pinned@1.0.0" {
		t.Errorf("after the last hold: %s", got)
	}
}

func TestAdmittedAgainItStays(t *testing.T) {
	s, _ := open(t, t.TempDir())
	r := mustAdmit(t, s, "lung", "1.0.0", 10)
	if err := s.Hold(r.Digest, "node anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Retire(r.Digest); err != nil {
		t.Fatal(err)
	}
	mustAdmit(t, s, "lung", "1.0.0", 10)
	if err := s.Release(r.Digest, "node anna"); err != nil || names(t, s) != "lung@1.0.0" {
		t.Errorf("%v; here: %s", err, names(t, s))
	}
}

// Quarantines outlive the process; a pass on their provider lifts them, nothing else does.
func TestQuarantines(t *testing.T) {
	dir := t.TempDir()
	s, clock := open(t, dir)
	r := mustAdmit(t, s, "lung", "1.0.0", 10)
	on := func(provider string, d models.Digest) store.Quarantine {
		return store.Quarantine{Package: d, Model: "lung@1.0.0", Provider: provider, Since: clock.now(), Tries: 3, Reason: strings.Repeat("x", 5000)}
	}
	for owner, q := range map[string]store.Quarantine{"node anna": on("cpu", r.Digest), "node berta": on("cuda", r.Digest)} {
		if err := s.Quarantine(owner, q); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Quarantine("node anna", on("cpu", models.Digest{9})); err != nil { // a built-in model's
		t.Fatal(err)
	}
	count := func(owner string) int {
		t.Helper()
		list, err := s.Quarantines(owner)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range list {
			if len(q.Reason) > 1024 || q.Since.IsZero() {
				t.Errorf("%d bytes of reason, since %v", len(q.Reason), q.Since)
			}
		}
		return len(list)
	}
	s, clock = open(t, dir)
	if count("node anna") != 2 || count("node berta") != 1 || count("node clara") != 0 {
		t.Fatal("they did not outlive the process")
	}
	verdict := func(provider string, passed bool) {
		t.Helper()
		if err := s.Record(store.Validation{Package: r.Digest, Provider: provider, Runtime: "1.30.0", Time: clock.now(), Passed: passed}); err != nil {
			t.Fatal(err)
		}
	}
	verdict("cpu", false)
	if count("node anna") != 2 {
		t.Error("a failure lifted one")
	}
	verdict("cpu", true)
	if count("node anna") != 1 || count("node berta") != 1 {
		t.Errorf("after a pass on cpu: anna %d, berta %d", count("node anna"), count("node berta"))
	}
	if err := s.Lift("node anna", models.Digest{9}); err != nil || count("node anna") != 0 {
		t.Errorf("lifted: %v, %d left", err, count("node anna"))
	}
	if err := s.Remove(r.Digest, true); err != nil || count("node berta") != 0 {
		t.Errorf("of a package that is gone: %v, %d left", err, count("node berta"))
	}
}
