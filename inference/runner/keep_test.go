package runner_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/runner"
)

// kept writes down what a pool says of its quarantines.
type kept struct {
	mu    sync.Mutex // guards said
	said  []string
	heard chan struct{}
}

func (k *kept) hear(q runner.Quarantine, began bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.said = append(k.said, fmt.Sprint(q.Model, " ", began))
	k.heard <- struct{}{}
}

// A quarantine that somebody kept holds in the next pool, too, until it is lifted; each
// beginning and end is told once.
func TestQuarantineOutlivesItsPool(t *testing.T) {
	pkg := phantom.Thresholds()
	k := &kept{heard: make(chan struct{}, 8)}
	first := newPool(t, func(o *runner.Options) { o.OnQuarantine = k.hear })
	for n := range 3 {
		endsRunner(t, first, pkg, different(t, n+1))
	}
	list := first.Quarantined()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || len(k.heard) != 1 { // Close waits until it is told
		t.Fatalf("%+v; told %v", list, k.said)
	}
	second := newPool(t, func(o *runner.Options) { o.Quarantines, o.OnQuarantine = list, k.hear })
	if again := second.Quarantined(); !slices.Equal(again, list) {
		t.Errorf("in the next pool: %+v; want %+v", again, list)
	}
	var q *runner.Quarantine
	if _, err := second.Analyze(t.Context(), pkg, small(t), nil); !errors.As(err, &q) || !q.Since.Equal(list[0].Since) {
		t.Fatalf("%v; want the quarantine of before", err)
	}
	if _, err := second.Warm(t.Context(), pkg); !errors.As(err, &q) {
		t.Errorf("warming it: %v", err)
	}
	if !second.Release(pkg.Digest()) {
		t.Error("it can't be released")
	}
	if _, err := second.Analyze(t.Context(), pkg, small(t), nil); err != nil {
		t.Errorf("after its release: %v", err)
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if want := []string{pkg.Name() + " true", pkg.Name() + " false"}; !slices.Equal(k.said, want) {
		t.Errorf("told %v; want %v", k.said, want)
	}
}

// A retired model keeps no process; a job that comes all the same brings it back.
func TestRetire(t *testing.T) {
	pool := newPool(t, nil)
	pkg := phantom.Thresholds()
	idle := warmed(t, pool, pkg)
	pool.Retire(pkg.Digest())
	<-idle.Dead()
	if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil {
		t.Errorf("a late job: %v", err)
	}
	busy := warmed(t, pool, pkg)
	_, err := pool.Analyze(t.Context(), pkg, small(t), func(string, float64) { pool.Retire(pkg.Digest()) })
	if err != nil {
		t.Errorf("a job that runs meanwhile: %v", err)
	}
	<-busy.Dead()
	pool.Retire(phantom.Greedy().Digest()) // unknown: nothing to do
}
