package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
)

func newPool(t *testing.T, bend func(*runner.Options)) *runner.Pool {
	t.Helper()
	o := options(t, models.Package{})
	if bend != nil {
		bend(&o)
	}
	pool := runner.NewPool(o)
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Error(err)
		}
	})
	return pool
}

func warmed(t *testing.T, pool *runner.Pool, pkg models.Package) *runner.Process {
	t.Helper()
	p, err := pool.Warm(t.Context(), pkg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// halted reports whether a process is stopped by a signal.
func halted(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return err == nil && bytes.HasPrefix(rest, []byte("T"))
}

// The operator of this graph runs for a minute; ONNX Runtime can't interrupt it. How long
// the end takes is BenchmarkCancel's.
func TestCancelledInTheMiddle(t *testing.T) {
	pool := newPool(t, nil)
	process := warmed(t, pool, phantom.Stubborn())
	ctx, cancel := context.WithCancel(t.Context())
	computed := false
	_, err := pool.Analyze(ctx, phantom.Stubborn(), small(t), func(stage string, done float64) {
		switch {
		case stage == inference.StageInference && done == 0:
			time.AfterFunc(inTheOperator, cancel)
		case stage == inference.StageInference:
			computed = true
		}
	})
	if !errors.Is(err, context.Canceled) || computed {
		t.Errorf("%v, computed to the end: %v; want the context's error before that", err, computed)
	}
	<-process.Dead()
	if list := pool.Quarantined(); len(list) > 0 {
		t.Errorf("a cancelled job counts against the model: %v", list)
	}
}

// inTheOperator is when a job that may compute is inside its long operator.
const inTheOperator = 300 * time.Millisecond

// patience is for what takes milliseconds on a machine that has nothing else to do.
const patience = time.Minute

// await looks again and again until it is so.
func await(t testing.TB, what string, so func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for begun := time.Now(); !so(); <-look.C {
		if time.Since(begun) > patience {
			t.Errorf("%s: not within %v", what, patience)
			return
		}
	}
}

// The stat job computes while the routine one, which takes a minute, is stopped, and that
// goes on afterwards. How long the stat job waits is BenchmarkStatWaits's.
func TestStatPreemptsRoutine(t *testing.T) {
	pool := newPool(t, nil)
	pid := warmed(t, pool, phantom.Stubborn()).PID()
	warmed(t, pool, phantom.Thresholds())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	computing, ended := make(chan struct{}), make(chan error, 1)
	routineDone := false // read after ended
	go func() {
		_, err := pool.Analyze(ctx, phantom.Stubborn(), small(t), func(stage string, done float64) {
			switch {
			case stage == inference.StageInference && done == 0:
				close(computing)
			case stage == inference.StageInference:
				routineDone = true
			}
		})
		ended <- err
	}()
	<-computing
	_, err := pool.Do(t.Context(), runner.Job{Package: phantom.Thresholds(), Study: small(t), Priority: runner.Stat,
		Progress: func(stage string, done float64) {
			if stage == inference.StageInference && done == 1 { // it has computed, and still holds the turn
				await(t, "the routine job is stopped", func() bool { return halted(pid) }) // threads stop one by one
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "the routine job goes on", func() bool { return !halted(pid) })
	select {
	case err := <-ended:
		t.Fatalf("the routine job ended, and not by its caller: %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) || routineDone {
		t.Errorf("%v, computed to the end: %v", err, routineDone)
	}
}

// Where memory is short, a routine job gives its place to a stat one and is done again.
func TestStatTakesARoutineJobsPlace(t *testing.T) {
	pool := newPool(t, func(o *runner.Options) { o.MemoryBytes, o.BudgetBytes = 512<<20, 900<<20 })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	begun, ended := make(chan struct{}, 2), make(chan error, 1)
	go func() {
		_, err := pool.Analyze(ctx, phantom.Stubborn(), small(t), func(stage string, done float64) {
			if stage == inference.StageInference {
				begun <- struct{}{}
			}
		})
		ended <- err
	}()
	<-begun
	if _, err := pool.Do(t.Context(), runner.Job{Package: phantom.Thresholds(), Study: small(t), Priority: runner.Stat}); err != nil {
		t.Fatal(err)
	}
	<-begun // again
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if list := pool.Quarantined(); len(list) > 0 {
		t.Errorf("giving way counts against the model: %v", list)
	}
}

func TestLeastRecentlyUsedGoes(t *testing.T) {
	pool := newPool(t, func(o *runner.Options) { o.MemoryBytes, o.BudgetBytes = 512<<20, 1100<<20 })
	first, second := warmed(t, pool, phantom.Thresholds()), warmed(t, pool, phantom.Endless())
	if _, err := pool.Analyze(t.Context(), phantom.Thresholds(), small(t), nil); err != nil {
		t.Fatal(err)
	}
	warmed(t, pool, phantom.Stubborn())
	<-second.Dead()
	if !alive(first) {
		t.Error("the one used last was closed")
	}
	if _, err := pool.Warm(t.Context(), phantom.Endless()); err != nil {
		t.Errorf("the closed model again: %v", err)
	}
	tight := newPool(t, func(o *runner.Options) { o.MemoryBytes, o.BudgetBytes = 512<<20, 100<<20 })
	if _, err := tight.Warm(t.Context(), phantom.Thresholds()); err == nil || !strings.Contains(err.Error(), "larger budget") {
		t.Errorf("a cap above the budget: %v", err)
	}
}

// Two jobs of one model are on their way at once, in two processes, and both arrive.
func TestJobsOverlap(t *testing.T) {
	pool := newPool(t, nil)
	pkg := phantom.Thresholds()
	reading := make(chan struct{}, 2)
	both := make(chan struct{})
	var jobs sync.WaitGroup
	for range 2 {
		jobs.Go(func() {
			_, err := pool.Analyze(t.Context(), pkg, small(t), func(stage string, done float64) {
				if stage == inference.StageReading && done == 0 {
					reading <- struct{}{}
					<-both // neither goes on before the other has begun
				}
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	<-reading
	<-reading
	close(both)
	jobs.Wait()
}

func TestPoolClosedInTheMiddle(t *testing.T) {
	pool := newPool(t, nil)
	closed := make(chan error, 1)
	_, err := pool.Analyze(t.Context(), phantom.Stubborn(), small(t), func(stage string, done float64) {
		if stage == inference.StageInference && done == 0 {
			go func() { closed <- pool.Close() }()
		}
	})
	if err == nil || !strings.Contains(err.Error(), "closed") {
		t.Errorf("%v; want to hear that the pool is closed", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func TestDiscover(t *testing.T) {
	trials, err := runner.Discover(t.Context(), options(t, models.Package{}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, trial := range trials {
		t.Logf("%-9s %v in %v: %s %s", trial.Provider, trial.Available, trial.Took.Round(time.Millisecond), trial.Words, trial.Fix)
		names = append(names, trial.Provider)
		if trial.Words == "" || trial.Available != (trial.Fix == "") {
			t.Errorf("%+v", trial)
		}
		if trial.Provider == ort.CPU && !trial.Available || trial.Provider == "coreml" && trial.Available {
			t.Errorf("%s available: %v", trial.Provider, trial.Available)
		}
	}
	if !slices.Equal(names, ort.KnownProviders()) {
		t.Errorf("tried %v", names)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := runner.Discover(ended, options(t, models.Package{})); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that has ended: %v", err)
	}
	if _, err := runner.Discover(t.Context(), runner.Options{}); err == nil {
		t.Error("without a command")
	}
}

// A provider's library that crashes, or answers nonsense, is a provider that is missing.
func TestDiscoverSurvivesStrangers(t *testing.T) {
	for _, kind := range []string{"silent", "noise", "greets-badly"} {
		trials, err := runner.Discover(t.Context(), options(t, models.Package{}, "trial-stranger", kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, trial := range trials {
			if trial.Available || trial.Words == "" {
				t.Errorf("%s: %+v", kind, trial)
			}
		}
	}
}
