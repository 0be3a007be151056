package agent

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/store"
)

// builtIn are the names of the models in the binary, as offering gives them.
const builtIn = "ct-lung-bone@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0"

// A running node offers what is fetched once it has passed, and lets go of what is removed
// once no job needs it. No restart is needed for either.
func TestRunningNodeFollowsTheStore(t *testing.T) {
	home, source := t.TempDir(), t.TempDir()
	n, err := warmed(t, home)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, n.Close)
	refresh := func(working func(models.Digest) bool) {
		t.Helper()
		if err := n.models.refresh(t.Context(), working); err != nil {
			t.Fatal(err)
		}
	}
	fetch := func(ref string) models.Digest {
		t.Helper()
		r, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: ref, Unsigned: true})
		if err != nil {
			t.Fatal(err)
		}
		return r.Digest
	}
	before := n.models.fingerprint()
	good := fetch(twin(t, source, "good", "1.0.0", nil))
	if n.models.fingerprint() == before {
		t.Error("a fetch changes nothing that is looked at")
	}
	bad := fetch(twin(t, source, "bad", "1.0.0", func(_ *models.Manifest, f *inference.Findings) { f.Segments[0].VoxelCount *= 2 }))
	refresh(nobodyWorks)
	if got, want := offering(n), "ct-lung-bone@1.0.0 good@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0"; got != want {
		t.Errorf("offers %s; want %s", got, want)
	}
	if said := texts(n.models.omissions()); !strings.Contains(said, "bad@1.0.0 is not offered: it did not pass") {
		t.Errorf("left out: %s", said)
	}

	r, err := RemoveModel(home, "good", false)
	if err != nil || len(r.WaitsFor) != 1 || r.WaitsFor[0] != "node anna" {
		t.Fatalf("%v %+v; want it to wait for the node", err, r)
	}
	runs := func(d models.Digest) bool { return d == good }
	refresh(runs)
	refresh(runs)
	if offering(n) != builtIn {
		t.Errorf("it still bids: %s", offering(n))
	}
	if e, err := n.models.Entry(good.String()); err != nil || e.Digest != good {
		t.Errorf("its job can't find it: %v", err)
	}
	refresh(nobodyWorks)
	if _, _, err := n.packages.Lookup(good); err == nil {
		t.Error("it is still in the store after its last job")
	}
	if r, err := RemoveModel(home, "bad", false); err != nil || len(r.WaitsFor) > 0 {
		t.Errorf("one that nobody offers: %v %+v", err, r)
	}
	refresh(nobodyWorks)
	if _, err := n.models.Entry(bad.String()); err == nil || len(n.models.omissions()) > 0 {
		t.Errorf("gone, yet %v", n.models.omissions())
	}
}

// A node that comes back after its models changed under it: by force, and by another pin.
func TestRunningNodeSurvivesForce(t *testing.T) {
	home, source := t.TempDir(), t.TempDir()
	for _, version := range []string{"1.0.0", "2.0.0"} {
		if _, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: twin(t, source, "twin", version, nil), Unsigned: true}); err != nil {
			t.Fatal(err)
		}
	}
	n, err := warmed(t, home)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, n.Close)
	if _, err := RemoveModel(home, "twin@2.0.0", true); err != nil {
		t.Fatal(err)
	}
	for range 2 { // one to stop bidding, one to let go
		if err := n.models.refresh(t.Context(), nobodyWorks); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := offering(n), "ct-lung-bone@1.0.0 radiograph-quality@1.0.0 t1-tissue@1.0.0 twin@1.0.0"; got != want {
		t.Errorf("offers %s; want %s", got, want)
	}
	if _, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: filepath.Join(source, "twin-2.0.0"), Unsigned: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := PinModel(home, "twin@1.0.0"); err != nil {
		t.Fatal(err)
	}
	if err := n.models.refresh(t.Context(), nobodyWorks); err != nil {
		t.Fatal(err)
	}
	if got := offering(n); strings.Contains(got, "twin@2.0.0") {
		t.Errorf("offers %s; the other version is pinned", got)
	}
}

// The loop looks at each tick, works only where something changed, and ends with ctx.
func TestWatch(t *testing.T) {
	home := t.TempDir()
	n, err := warmed(t, home)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, n.Close)
	ctx, cancel := context.WithCancel(t.Context())
	tick, ended := make(chan time.Time), make(chan struct{})
	go func() { n.models.watch(ctx, tick, nobodyWorks); close(ended) }()
	tick <- time.Time{} // from here on it has seen what there is
	twin(t, filepath.Join(home, "models"), "dropped", "1.0.0", nil)
	tick <- time.Time{}
	tick <- time.Time{} // taken only when the one before is done with
	if got := offering(n); !strings.Contains(got, "dropped@1.0.0") {
		t.Errorf("offers %s", got)
	}
	if err := os.RemoveAll(filepath.Join(home, "models", "dropped-1.0.0")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		tick <- time.Time{}
	}
	if got := offering(n); got != builtIn {
		t.Errorf("offers %s; the folder is gone", got)
	}
	cancel()
	<-ended
}

// A quarantine holds over a restart of the node; a validation that passes lifts it, in the
// running node, too.
func TestQuarantineOutlivesTheNode(t *testing.T) {
	home := t.TempDir()
	r, err := FetchModel(t.Context(), ModelFetch{Home: home, Ref: twin(t, t.TempDir(), "twin", "1.0.0", nil), Unsigned: true})
	if err != nil {
		t.Fatal(err)
	}
	packages, err := OpenStore(home)
	if err != nil {
		t.Fatal(err)
	}
	for _, provider := range []string{"cpu", "cuda"} { // the second one is another node's life, on other hardware
		q := store.Quarantine{Package: r.Digest, Model: "twin@1.0.0", Provider: provider, Since: time.Now().UTC(), Tries: 3, Reason: "runner crashed: signal: killed"}
		if err := packages.Quarantine("node anna", q); err != nil {
			t.Fatal(err)
		}
		n, err := warmed(t, home)
		if err != nil {
			t.Fatal(err)
		}
		quarantined := len(n.pool.Quarantined()) == 1
		if quarantined != (provider == "cpu") || quarantined == strings.Contains(offering(n), "twin") {
			t.Errorf("on %s: quarantined %v, offers %s", provider, quarantined, offering(n))
		}
		if !quarantined {
			closing(t, n.Close)
			continue
		}
		if said := texts(n.models.omissions()); !strings.Contains(said, "is quarantined on this node") || !strings.Contains(said, "model validate twin@1.0.0") {
			t.Errorf("said: %s", said)
		}
		if _, err := ValidateModel(t.Context(), home, "twin", []string{"cpu"}, ModelBench{}, func(string) {}); err != nil {
			t.Fatal(err)
		}
		if err := n.models.refresh(t.Context(), nobodyWorks); err != nil {
			t.Fatal(err)
		}
		if len(n.pool.Quarantined()) > 0 || !strings.Contains(offering(n), "twin") {
			t.Errorf("validated, yet %v; offers %s", n.pool.Quarantined(), offering(n))
		}
		closing(t, n.Close)
	}
}

// A quarantine may begin at any moment of the look at which were lifted, and is none of
// these. It begins in the pool, then in the store, then among the known.
func TestAQuarantineThatBeginsIsNotLifted(t *testing.T) {
	one := models.DigestOf([]byte("package"))
	const steps = 3 // of a beginning
	for at := range 4 {
		for done := range steps + 1 {
			var moment, begun int // how far the look and the beginning are
			pass := func() {
				if moment == at {
					begun = max(begun, done)
				}
				moment++
			}
			lifted, err := liftedElsewhere(func() (list []runner.Quarantine) {
				pass()
				if begun >= 1 {
					list = append(list, runner.Quarantine{Digest: one})
				}
				return list
			}, func(models.Digest) bool {
				defer func() { begun = steps }() // whatever it is, it is over soon
				pass()
				return begun >= steps
			}, func() (list []store.Quarantine, err error) {
				if begun >= 2 {
					list = append(list, store.Quarantine{Package: one})
				}
				pass()
				begun = steps // after the store was read: too late for this look
				return list, nil
			})
			if err != nil || len(lifted) > 0 {
				t.Errorf("begun to step %d at moment %d: lifted %v, %v", done, at, lifted, err)
			}
		}
	}
	always := func(models.Digest) bool { return true }
	pool := func() []runner.Quarantine { return []runner.Quarantine{{Digest: one}} }
	if lifted, err := liftedElsewhere(pool, always, func() ([]store.Quarantine, error) { return nil, nil }); err != nil || len(lifted) != 1 {
		t.Errorf("gone from the store: %v, %v", lifted, err)
	}
	if _, err := liftedElsewhere(pool, always, func() ([]store.Quarantine, error) { return nil, os.ErrPermission }); err == nil {
		t.Error("a store that can't be read lifts nothing, and says so")
	}
}

// While the machine is examined nothing is judged, and an examination can see that
// something is; what came meanwhile is offered afterwards.
func TestNothingIsJudgedDuringAnExamination(t *testing.T) {
	home := t.TempDir()
	n, err := warmed(t, home)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, n.Close)
	ctx, cancel := context.WithCancel(t.Context())
	tick, ended := make(chan time.Time), make(chan struct{})
	go func() { n.models.watch(ctx, tick, nobodyWorks); close(ended) }()
	tick <- time.Time{}
	n.examinee.resting.Store(true)
	twin(t, filepath.Join(home, "models"), "dropped", "1.0.0", nil)
	for range 3 {
		tick <- time.Time{}
	}
	if got := offering(n); got != builtIn || len(n.models.omissions()) > 0 {
		t.Errorf("offers %s, leaves out %v", got, n.models.omissions())
	}
	var seen bool
	judge := n.models.resting
	n.models.refreshing.Lock() // the watch is between two refreshes
	n.models.resting = func() bool {
		seen = seen || n.models.looking.Load()
		return judge()
	}
	n.models.refreshing.Unlock()
	n.examinee.resting.Store(false)
	tick <- time.Time{}
	tick <- time.Time{}
	if got := offering(n); !strings.Contains(got, "dropped@1.0.0") {
		t.Errorf("offers %s after the examination", got)
	}
	cancel()
	<-ended
	if !seen || n.models.looking.Load() {
		t.Errorf("a refresh was seen: %v; it is seen for ever: %v", seen, n.models.looking.Load())
	}
}

// What a pool says of quarantines is in the store at once, so that kill -9 loses none.
func TestQuarantineIsKeptAtOnce(t *testing.T) {
	home := t.TempDir()
	n, err := warmed(t, home)
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, n.Close)
	entry, err := n.models.Entry("t1-tissue")
	if err != nil {
		t.Fatal(err)
	}
	q := runner.Quarantine{Model: entry.Name(), Digest: entry.Digest, Since: time.Now().UTC(), Tries: 3, Reason: "runner crashed"}
	n.models.keepQuarantine(q, true)
	kept, err := n.packages.Quarantines("node anna")
	if err != nil || len(kept) != 1 || kept[0].Package != entry.Digest || kept[0].Provider != "cpu" || !kept[0].Since.Equal(q.Since) {
		t.Errorf("%v %+v", err, kept)
	}
	n.models.keepQuarantine(q, false)
	if kept, err := n.packages.Quarantines("node anna"); err != nil || len(kept) > 0 {
		t.Errorf("lifted: %v %+v", err, kept)
	}
}
