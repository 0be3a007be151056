package store_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/internal/parcel"
	"github.com/medhive/medhive/models/store"
)

// clock is a time that only tests move.
type clock struct {
	mu sync.Mutex // guards at
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Second) // no two events at one time
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(t *testing.T, dir string) (*store.Store, *clock) {
	t.Helper()
	c := &clock{at: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	s, err := store.Open(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// admit puts a package with weights of that many bytes into the store.
func admit(s *store.Store, id, version string, bytes int) (store.Record, error) {
	g, err := s.Stage()
	if err != nil {
		return store.Record{}, err
	}
	weights := slices.Repeat([]byte{byte(len(id) + len(version))}, bytes)
	copy(weights, id+version)
	if _, err := (parcel.Parcel{ID: id, Version: version, Weights: weights, Card: "# " + id}).Write(g.Dir); err != nil {
		return store.Record{}, errors.Join(err, g.Close())
	}
	r, err := s.Admit(g)
	return r, errors.Join(err, g.Close())
}

func mustAdmit(t *testing.T, s *store.Store, id, version string, bytes int) store.Record {
	t.Helper()
	r, err := admit(s, id, version, bytes)
	if err != nil {
		t.Fatalf("%s@%s: %v", id, version, err)
	}
	return r
}

func names(t *testing.T, s *store.Store) string {
	t.Helper()
	records, err := s.List()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, r := range records {
		list = append(list, r.Name())
	}
	return strings.Join(list, " ")
}

func TestAdmit(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	r := mustAdmit(t, s, "lung", "1.0.0", 100)
	if c, err := models.VerifyFolder(r.Folder); err != nil || c.Digest != r.Digest || c.Bytes != r.Bytes {
		t.Errorf("%v %+v, admitted as %+v", err, c, r)
	}
	if again, err := admit(s, "lung", "1.0.0", 100); err != nil || again.Digest != r.Digest {
		t.Errorf("the same package again: %v", err)
	}
	if _, err := admit(s, "lung", "1.0.0", 101); err == nil || !strings.Contains(err.Error(), "model remove") {
		t.Errorf("another one of the same name: %v", err)
	}
	mustAdmit(t, s, "lung", "1.10.0", 100)
	mustAdmit(t, s, "lung", "1.9.0", 100)
	if got := names(t, s); got != "lung@1.10.0 lung@1.9.0 lung@1.0.0" {
		t.Errorf("list: %s", got)
	}
	other, _ := open(t, dir) // another process, or the same one later
	if got := names(t, other); got != "lung@1.10.0 lung@1.9.0 lung@1.0.0" {
		t.Errorf("opened again: %s", got)
	}
	if err := s.Remove(r.Digest, false); err != nil || strings.Contains(names(t, other), "lung@1.0.0") {
		t.Errorf("removed: %v", err)
	}
	if _, err := os.Stat(r.Folder); !os.IsNotExist(err) {
		t.Errorf("its folder is still there: %v", err)
	}
	if err := s.Remove(r.Digest, false); err == nil {
		t.Error("removed twice")
	}
}

func TestAdmitRefusesWhatDoesNotVerify(t *testing.T) {
	s, _ := open(t, t.TempDir())
	g, err := s.Stage()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (parcel.Parcel{ID: "lung", Version: "1.0.0", Weights: []byte("w")}).Write(g.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.Dir, "w.onnx"), []byte("v"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Admit(g); err == nil || names(t, s) != "" {
		t.Errorf("%v; the store has %s", err, names(t, s))
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(g.Dir); !os.IsNotExist(err) {
		t.Errorf("the staging folder is still there: %v", err)
	}
}

func TestStrangersStayOutside(t *testing.T) {
	s, _ := open(t, t.TempDir())
	g, err := s.Stage()
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := (parcel.Parcel{ID: "lung", Version: "1.0.0", Weights: []byte("w")}).Write(g.Dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(g.Dir, "folder", "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.Dir, "run.sh"), []byte("#!/bin/sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	r, err := s.Admit(g)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(r.Folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains([]string{"manifest.json", "w.onnx", ".fact.json"}, e.Name()) {
			t.Errorf("%s came along", e.Name())
		}
	}
}

func TestEviction(t *testing.T) {
	s, _ := open(t, t.TempDir())
	var bytes int64
	records := map[string]store.Record{}
	for _, id := range []string{"a", "b", "c", "d"} {
		records[id] = mustAdmit(t, s, id, "1.0.0", 1000)
		bytes += records[id].Bytes
	}
	if err := s.SetQuota(bytes); err != nil {
		t.Fatal(err)
	}
	// a is the oldest but held, b pinned, c was used last; so d has to go.
	if err := errors.Join(s.Hold(records["a"].Digest, "node anna"), s.Pin("b", records["b"].Digest),
		s.Hold(records["c"].Digest, "node bert"), s.Release(records["c"].Digest, "node bert")); err != nil {
		t.Fatal(err)
	}
	mustAdmit(t, s, "e", "1.0.0", 1000)
	if got := names(t, s); got != "a@1.0.0 b@1.0.0 c@1.0.0 e@1.0.0" {
		t.Errorf("after the first: %s", got)
	}
	mustAdmit(t, s, "f", "1.0.0", 1000)
	mustAdmit(t, s, "g", "1.0.0", 1000)
	if got := names(t, s); got != "a@1.0.0 b@1.0.0 f@1.0.0 g@1.0.0" {
		t.Errorf("after three: %s", got)
	}
	if err := s.Room(bytes); err == nil || !strings.Contains(err.Error(), "model quota") {
		t.Errorf("room for more than is free: %v", err)
	}
	if _, err := admit(s, "h", "1.0.0", int(bytes)); err == nil || names(t, s) != "a@1.0.0 b@1.0.0 f@1.0.0 g@1.0.0" {
		t.Errorf("too large: %v, %s", err, names(t, s))
	}
	if err := s.Remove(records["a"].Digest, false); err == nil || !strings.Contains(err.Error(), "node anna") {
		t.Errorf("removed while held: %v", err)
	}
	if err := s.Remove(records["b"].Digest, false); err == nil || !strings.Contains(err.Error(), "unpin") {
		t.Errorf("removed while pinned: %v", err)
	}
	if err := s.SetQuota(1); err == nil {
		t.Error("a quota below what is held")
	}
	if err := errors.Join(s.ReleaseAll("node anna"), s.Unpin("b"), s.SetQuota(1)); err != nil || names(t, s) != "" {
		t.Errorf("%v, %s", err, names(t, s))
	}
}

// What a roll back would go to is evicted last, whenever it was used.
func TestEvictionKeepsTheWayBack(t *testing.T) {
	s, _ := open(t, t.TempDir())
	old := mustAdmit(t, s, "lung", "1.0.0", 1000)
	newer := mustAdmit(t, s, "lung", "2.0.0", 1000)
	stray := mustAdmit(t, s, "stray", "1.0.0", 1000)
	if err := errors.Join(s.Record(store.Validation{Package: old.Digest, Provider: "cpu", Runtime: "1.30.0", Passed: true}),
		s.Hold(newer.Digest, "node anna"), s.SetQuota(old.Bytes+newer.Bytes+stray.Bytes)); err != nil {
		t.Fatal(err)
	}
	mustAdmit(t, s, "x", "1.0.0", 1000)
	mustAdmit(t, s, "y", "1.0.0", 1000)
	if got := names(t, s); got != "lung@2.0.0 lung@1.0.0 y@1.0.0" {
		t.Errorf("%s", got)
	}
}

func TestHolds(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	r := mustAdmit(t, s, "lung", "1.0.0", 10)
	held := func() []string {
		t.Helper()
		other, _ := open(t, dir)
		records, err := other.List()
		if err != nil {
			t.Fatal(err)
		}
		return records[0].Holders
	}
	if err := errors.Join(s.Hold(r.Digest, "b"), s.Hold(r.Digest, "a"), s.Hold(r.Digest, "a")); err != nil {
		t.Fatal(err)
	}
	if got := held(); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("held by %v", got)
	}
	if err := errors.Join(s.Release(r.Digest, "a"), s.Release(r.Digest, "b")); err != nil {
		t.Fatal(err)
	}
	if got := held(); !slices.Equal(got, []string{"a"}) {
		t.Errorf("held by %v", got)
	}
	if err := s.Release(r.Digest, "b"); err == nil {
		t.Error("released more often than held")
	}
	if err := s.Release(r.Digest, "a"); err != nil || held() != nil {
		t.Errorf("%v, %v", err, held())
	}
	for _, owner := range []string{"", "a\nb", strings.Repeat("x", 300)} {
		if err := s.Hold(r.Digest, owner); err == nil {
			t.Errorf("owner %q", owner)
		}
	}
	if err := s.Hold(models.DigestOf(nil), "a"); err == nil || !strings.Contains(err.Error(), "model fetch") {
		t.Errorf("held what is not there: %v", err)
	}
}

func TestManyWritersAtOnce(t *testing.T) {
	dir := t.TempDir()
	first, _ := open(t, dir)
	r := mustAdmit(t, first, "lung", "1.0.0", 10)
	const writers, turns = 4, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			s, err := store.Open(dir, nil)
			for n := range turns {
				if err == nil {
					err = s.Hold(r.Digest, fmt.Sprint("node ", w))
				}
				if err == nil {
					_, err = admit(s, fmt.Sprint("m", w), fmt.Sprintf("1.%d.0", n), 10)
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	records, err := first.List()
	if err != nil || len(records) != 1+writers*turns {
		t.Fatalf("%v, %d packages", err, len(records))
	}
	for w := range writers {
		for range turns {
			if err := first.Release(r.Digest, fmt.Sprint("node ", w)); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestPinsVerdictsAndTrust(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	r := mustAdmit(t, s, "lung", "1.0.0", 10)
	if err := errors.Join(s.Pin("lung", r.Digest), s.Trust("ed25519:k", "me")); err != nil {
		t.Fatal(err)
	}
	verdict := func(provider, runtime string, passed bool) {
		t.Helper()
		if err := s.Record(store.Validation{Package: r.Digest, Provider: provider, Runtime: runtime, Passed: passed}); err != nil {
			t.Fatal(err)
		}
	}
	verdict("cpu", "1.30.0", false)
	verdict("cpu", "1.30.0", true)
	verdict("cuda", "1.30.0", false)
	verdict("cpu", "1.31.0", true)
	s, _ = open(t, dir)
	found, err := s.Validations(r.Digest)
	if err != nil || len(found) != 3 || !found[0].Passed || found[1].Passed || !found[2].Passed {
		t.Errorf("%v %+v", err, found)
	}
	pins, err := s.Pins()
	if err != nil || pins["lung"] != r.Digest {
		t.Errorf("%v %v", err, pins)
	}
	trusted, err := s.Trusted()
	if err != nil || trusted["ed25519:k"] != "me" {
		t.Errorf("%v %v", err, trusted)
	}
	if err := errors.Join(s.Unpin("lung"), s.Distrust("ed25519:k")); err != nil {
		t.Error(err)
	}
	if s.Unpin("lung") == nil || s.Distrust("ed25519:k") == nil {
		t.Error("taken back twice")
	}
}

func TestPrevious(t *testing.T) {
	fact := func(version string) store.Fact {
		return store.Fact{Digest: models.DigestOf([]byte(version)), ID: "lung", Version: version}
	}
	all := []store.Fact{fact("1.0.0"), fact("1.10.0"), fact("1.9.0"), fact("2.0.0-rc.1"), fact("2.0.0")}
	for name, c := range map[string]struct {
		active string
		passed []string
		want   string
	}{
		"the newest older one":         {"2.0.0", []string{"1.0.0", "1.9.0", "1.10.0"}, "1.10.0"},
		"not one that did not pass":    {"2.0.0", []string{"1.0.0", "1.9.0"}, "1.9.0"},
		"a candidate is older":         {"2.0.0", []string{"1.0.0", "2.0.0-rc.1"}, "2.0.0-rc.1"},
		"never a newer one":            {"1.9.0", []string{"1.10.0", "2.0.0"}, ""},
		"not itself":                   {"1.0.0", []string{"1.0.0"}, ""},
		"nothing passed":               {"2.0.0", nil, ""},
		"one that is not there at all": {"3.0.0", []string{"1.0.0"}, ""},
	} {
		got, ok := store.Previous(all, fact(c.active).Digest, func(d models.Digest) bool {
			return slices.ContainsFunc(c.passed, func(v string) bool { return fact(v).Digest == d })
		})
		if got.Version != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, want %q", name, got.Version, c.want)
		}
	}
	if got := store.Active(all, models.Digest{}).Version; got != "2.0.0" {
		t.Errorf("active: %s", got)
	}
	if got := store.Active(all, fact("1.9.0").Digest).Version; got != "1.9.0" {
		t.Errorf("pinned: %s", got)
	}
}

func TestResume(t *testing.T) {
	dir := t.TempDir()
	s, c := open(t, dir)
	const key = "0123456789abcdef"
	g, err := s.Resume(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(g.Dir, "w.onnx.part"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Resume(key); !errors.Is(err, store.ErrBusy) {
		t.Errorf("opened twice: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	g, err = s.Resume(key)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(g.Dir, "w.onnx.part")); err != nil || string(data) != "half" {
		t.Errorf("%v %q", err, data)
	}
	c.pass(100 * 365 * 24 * time.Hour)
	if _, err := store.Open(dir, c.now); err != nil { // sweeps, but not what is open
		t.Fatal(err)
	}
	if _, err := os.Stat(g.Dir); err != nil {
		t.Errorf("an open download was swept away: %v", err)
	}
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(dir, c.now); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(g.Dir); !os.IsNotExist(err) {
		t.Errorf("an old download is still there: %v", err)
	}
	for _, bad := range []string{"", "../../x", "ABCDEF0123", "xyzxyzxyz"} {
		if _, err := s.Resume(bad); err == nil {
			t.Errorf("key %q", bad)
		}
	}
}

func TestDamagedState(t *testing.T) {
	for name, text := range map[string]string{"noise": "x", "another schema": `{"schema":"medhive.store/9"}`, "empty": ""} {
		dir := t.TempDir()
		open(t, dir)
		if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Open(dir, nil); err == nil || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	open(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "state.json"), []byte(`{"schema":"medhive.store/1","pins":null,"holds":null,"used":null,"publishers":null}`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := open(t, dir)
	r := mustAdmit(t, s, "lung", "1.0.0", 10)
	if err := errors.Join(s.Hold(r.Digest, "a"), s.Pin("lung", r.Digest), s.Trust("k", "n")); err != nil {
		t.Error(err)
	}
}

// One damaged package does not take the others along, and can be fetched anew.
func TestDamagedPackage(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	whole := mustAdmit(t, s, "whole", "1.0.0", 10)
	lung := mustAdmit(t, s, "lung", "1.0.0", 10)
	spoil := func(name string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(lung.Folder, name), []byte("?"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	spoil(".fact.json")
	if got := names(t, s); got != "whole@1.0.0" {
		t.Errorf("without its fact: %s", got)
	}
	s, _ = open(t, dir)
	if got := names(t, s); got != "lung@1.0.0 whole@1.0.0" {
		t.Errorf("mended: %s", got)
	}
	spoil(".fact.json")
	spoil("w.onnx")
	s, _ = open(t, dir)
	if got := names(t, s); got != "whole@1.0.0" {
		t.Errorf("beyond repair: %s", got)
	}
	again := mustAdmit(t, s, "lung", "1.0.0", 10)
	if c, err := models.VerifyFolder(again.Folder); err != nil || c.Digest != lung.Digest {
		t.Errorf("fetched anew: %v", err)
	}
	if got := names(t, s); got != "lung@1.0.0 whole@1.0.0" || s.Hold(whole.Digest, "a") != nil {
		t.Errorf("%s", got)
	}
}

// Strangers ask for packages; they must not wait for the lock, nor make others wait.
func TestLookupNeedsNoLock(t *testing.T) {
	dir := t.TempDir()
	s, _ := open(t, dir)
	r := mustAdmit(t, s, "lung", "1.0.0", 1000)
	lock := flock.New(filepath.Join(dir, "lock"))
	if err := lock.Lock(); err != nil {
		t.Fatal(err)
	}
	f, folder, err := s.Lookup(r.Digest)
	if err != nil || f.Name() != r.Name() || folder != r.Folder {
		t.Errorf("%v: %+v in %s", err, f, folder)
	}
	if _, _, err := s.Lookup(models.DigestOf(nil)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what is not here: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLargest(t *testing.T) {
	s, _ := open(t, t.TempDir())
	pinned := mustAdmit(t, s, "lung", "1.0.0", 1000)
	mustAdmit(t, s, "heart", "1.0.0", 1000)
	if err := errors.Join(s.Pin("lung", pinned.Digest), s.SetQuota(100_000)); err != nil {
		t.Fatal(err)
	}
	largest, err := s.Largest()
	if err != nil || largest != 100_000-pinned.Bytes {
		t.Errorf("%v: %d", err, largest)
	}
	if s.Room(largest) != nil || s.Room(largest+1) == nil {
		t.Error("Room says otherwise")
	}
	if err := s.SetQuota(1); err == nil || !strings.Contains(err.Error(), "name a larger one") {
		t.Errorf("a quota below what is pinned: %v", err)
	}
}
