package worklist

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler"
)

// clock goes on by a second each time that it is looked at.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Second)
	return c.now
}

func openBook(t *testing.T, path string) *Book {
	t.Helper()
	b, err := Open(path, [SecretBytes]byte{1}, (&clock{now: noon}).read)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // a test may have closed it
	return b
}

func mustAdd(t *testing.T, b *Book, cases ...Case) []Case {
	t.Helper()
	added, _, err := b.Add(cases...)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

func study(n int, p scheduler.Class) Case {
	return Case{
		StudyUID: fmt.Sprintf("1.2.840.777.%d", n), StudyKey: "key", Rule: "brain", Model: "t1-tissue", State: Routed,
		Subject: Subject{PatientName: "Nightingale^Florence"}, Terms: Terms{Priority: p, Destinations: []string{"pacs"}},
	}
}

func TestAddIsIdempotent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "worklist.db")
	b := openBook(t, path)
	first := mustAdd(t, b, study(1, scheduler.Routine))[0]
	if _, err := b.Apply(first.ID, Submit{}); err != nil {
		t.Fatal(err)
	}
	again, fresh, err := b.Add(study(1, scheduler.Routine), study(2, scheduler.Routine))
	if err != nil {
		t.Fatal(err)
	}
	if fresh[0] || !fresh[1] || again[0].ID != first.ID || again[0].State != Submitted {
		t.Errorf("added again: fresh %v, %s in %s", fresh, again[0].ID, again[0].State)
	}
	revised := study(1, scheduler.Routine)
	revised.Revision = 1
	if other := mustAdd(t, b, revised)[0]; other.ID == first.ID {
		t.Error("another revision has the same id")
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	if same := mustAdd(t, openBook(t, path), study(1, scheduler.Routine))[0]; same.ID != first.ID || same.State != Submitted {
		t.Errorf("after a restart: %s in %s", same.ID, same.State)
	}
}

func TestPendingIsByPriorityThenAge(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "worklist.db"))
	mustAdd(t, b, study(1, scheduler.Routine), study(2, scheduler.STAT), study(3, scheduler.Urgent), study(4, scheduler.STAT))
	pending, err := b.Pending()
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, c := range pending {
		order = append(order, c.StudyUID[len("1.2.840.777."):])
	}
	if want := []string{"2", "4", "3", "1"}; !slices.Equal(order, want) {
		t.Errorf("pending %v, want %v", order, want)
	}
	if _, err := b.Apply(pending[0].ID, Fail{Reason: "withdrawn"}); err != nil {
		t.Fatal(err)
	}
	if pending, err = b.Pending(); err != nil || len(pending) != 3 {
		t.Errorf("%d pending after one ended, %v", len(pending), err)
	}
}

func TestSplitMakesACaseForEachModel(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "worklist.db"))
	whole := mustAdd(t, b, Case{StudyUID: "1.2.3", Subject: Subject{PatientID: "7"}})[0]
	routes := []Route{{Rule: "a", Model: "one"}, {Rule: "b", Model: "two", Terms: Terms{Priority: scheduler.STAT}}}
	cases, err := b.Split(whole.ID, routes...)
	if err != nil || len(cases) != 2 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	if _, err := b.Get(whole.ID); !errors.Is(err, ErrUnknownCase) {
		t.Errorf("the received case is still there: %v", err)
	}
	list, err := b.List(Filter{StudyUID: "1.2.3", States: []State{Routed}})
	if err != nil || len(list) != 2 || list[0].Subject.PatientID != "7" {
		t.Errorf("%+v, %v", list, err)
	}
	// A kill before the study was taken brings it once more.
	whole = mustAdd(t, b, Case{StudyUID: "1.2.3"})[0]
	if again, err := b.Split(whole.ID, routes...); err != nil || again[0].ID != cases[0].ID {
		t.Errorf("split again: %v", err)
	}
	if counts, err := b.Counts(); err != nil || counts[Routed] != 2 || counts[Received] != 0 {
		t.Errorf("counts %v, %v", counts, err)
	}
}

func TestARefusedEventChangesNothing(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "worklist.db"))
	c := mustAdd(t, b, study(1, scheduler.Routine))[0]
	changed := b.Changed()
	if _, err := b.Apply(c.ID, Deliver{}); !errors.Is(err, ErrNotAllowed) {
		t.Errorf("delivered before it was analysed: %v", err)
	}
	select {
	case <-changed:
		t.Error("a refused event woke those who wait for changes")
	default:
	}
	if got, err := b.Get(c.ID[:6]); err != nil || got.State != Routed || got.Sequence != c.Sequence {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := b.Apply("000000000000", Submit{}); !errors.Is(err, ErrUnknownCase) {
		t.Errorf("stepped a case that is not there: %v", err)
	}
	if _, err := b.Get(""); !errors.Is(err, ErrUnknownCase) {
		t.Errorf("no id names a case: %v", err)
	}
}

func TestChangesAreSeenInOrder(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "worklist.db"))
	cases := mustAdd(t, b, study(1, scheduler.Routine), study(2, scheduler.Routine))
	_, at, err := b.Since(0)
	if err != nil {
		t.Fatal(err)
	}
	waiting := b.Changed()
	if _, err := b.Apply(cases[0].ID, Submit{}); err != nil {
		t.Fatal(err)
	}
	<-waiting
	if _, err := b.Apply(cases[0].ID, Hold{Reason: "text"}); err != nil {
		t.Fatal(err)
	}
	changed, next, err := b.Since(at)
	if err != nil || len(changed) != 1 || changed[0].State != Held || next <= at {
		t.Errorf("changed %+v, next %d after %d, %v", changed, next, at, err)
	}
	if again, same, err := b.Since(next); err != nil || len(again) != 0 || same != next {
		t.Errorf("nothing changed, and %d are told; next %d, %v", len(again), same, err)
	}
}

func TestPruneTakesEndedCasesOnly(t *testing.T) {
	b := openBook(t, filepath.Join(t.TempDir(), "worklist.db"))
	cases := mustAdd(t, b, study(1, scheduler.Routine), study(2, scheduler.Routine))
	if _, err := b.Apply(cases[0].ID, Refuse{Reason: "no slices"}); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Prune(noon); err != nil || n != 0 {
		t.Errorf("%d pruned before they ended, %v", n, err)
	}
	if n, err := b.Prune(noon.Add(time.Hour)); err != nil || n != 1 {
		t.Errorf("%d pruned, %v", n, err)
	}
	if list, err := b.List(Filter{}); err != nil || len(list) != 1 || list[0].ID != cases[1].ID {
		t.Errorf("%+v, %v", list, err)
	}
	if n, err := b.List(Filter{StudyUID: cases[0].StudyUID}); err != nil || len(n) != 0 {
		t.Errorf("the pruned case is still listed: %v, %v", n, err)
	}
}

func TestTheFileNamesNobody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "worklist.db")
	b := openBook(t, path)
	mustAdd(t, b, study(1, scheduler.Routine))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Nightingale", "1.2.840.777", "t1-tissue"} {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%q stands in the file", secret)
		}
	}
	if _, err := Open(path, [SecretBytes]byte{2}, nil); !errors.Is(err, ErrWrongKey) {
		t.Errorf("opened with another secret: %v", err)
	}
}

// TestTheListsFollowTheCases applies random events to some cases, and holds every list of
// the book against what a map says.
func TestTheListsFollowTheCases(t *testing.T) {
	all := events()
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	rapid.Check(t, func(rt *rapid.T) {
		path := filepath.Join(t.TempDir(), "worklist.db")
		b := openBook(t, path)
		b.db.NoSync = true // what is on disk is another test's
		model := map[string]Case{}
		for n := range rapid.IntRange(1, 5).Draw(rt, "cases") {
			c := mustAdd(t, b, study(n, scheduler.Class(n%3)))[0]
			model[c.ID] = c
		}
		ids := make([]string, 0, len(model))
		for id := range model {
			ids = append(ids, id)
		}
		slices.Sort(ids)
		for range rapid.IntRange(0, 30).Draw(rt, "steps") {
			id := rapid.SampledFrom(ids).Draw(rt, "case")
			after, err := b.Apply(id, all[rapid.SampledFrom(names).Draw(rt, "event")])
			if err == nil {
				model[id] = after
			}
		}
		checkLists(rt, b, model)
		if err := b.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

func checkLists(t *rapid.T, b *Book, model map[string]Case) {
	states, open := map[State]int{}, 0
	for _, c := range model {
		states[c.State]++
		if c.State.Open() {
			open++
		}
	}
	counts, err := b.Counts()
	if err != nil || len(counts) != len(states) {
		t.Fatalf("counts %v, want %v, %v", counts, states, err)
	}
	for state, n := range states {
		if counts[state] != n {
			t.Fatalf("counts %v, want %v", counts, states)
		}
	}
	pending, err := b.Pending()
	if err != nil || len(pending) != open {
		t.Fatalf("%d pending, want %d, %v", len(pending), open, err)
	}
	if !slices.IsSortedFunc(pending, func(a, b Case) int { return int(b.Terms.Priority) - int(a.Terms.Priority) }) {
		t.Fatal("a less pressing case stands before a more pressing one")
	}
	list, err := b.List(Filter{})
	if err != nil || len(list) != len(model) {
		t.Fatalf("%d listed, want %d, %v", len(list), len(model), err)
	}
	changed, _, err := b.Since(0)
	if err != nil || len(changed) != len(model) {
		t.Fatalf("%d changed, want %d, %v", len(changed), len(model), err)
	}
	for _, c := range list {
		if c.State != model[c.ID].State {
			t.Fatalf("case is %s, want %s", c.State, model[c.ID].State)
		}
	}
}
