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

	"golang.org/x/sys/unix"

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

// The operator of this graph runs for a minute; ONNX Runtime can't interrupt it.
func TestCancelledWithinASecond(t *testing.T) {
	pool := newPool(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var cancelled time.Time
	_, err := pool.Analyze(ctx, phantom.Stubborn(), small(t), func(stage string, done float64) {
		if stage == inference.StageInference && done == 0 {
			time.AfterFunc(300*time.Millisecond, func() { // in the middle of the operator
				cancelled = time.Now()
				cancel()
			})
		}
	})
	took := time.Since(cancelled)
	if !errors.Is(err, context.Canceled) || took > time.Second {
		t.Errorf("%v after %v; want the context's error within a second", err, took)
	}
	if list := pool.Quarantined(); len(list) > 0 {
		t.Errorf("a cancelled job counts against the model: %v", list)
	}
}

func TestStatPreemptsRoutine(t *testing.T) {
	pool := newPool(t, nil)
	pid := warmed(t, pool, phantom.Stubborn()).PID()
	warmed(t, pool, phantom.Thresholds())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	computing, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := pool.Analyze(ctx, phantom.Stubborn(), small(t), func(stage string, done float64) {
			if stage == inference.StageInference {
				close(computing)
			}
		})
		ended <- err
	}()
	<-computing
	var asked, answered time.Time
	wasStopped := false
	_, err := pool.Do(t.Context(), runner.Job{Package: phantom.Thresholds(), Study: small(t), Priority: runner.Stat,
		Progress: func(stage string, done float64) {
			switch {
			case stage == inference.StageInference && done == 0:
				asked = time.Now()
			case stage == inference.StageInference:
				answered = time.Now()
				look := time.NewTicker(time.Millisecond) // threads stop one by one
				for wasStopped = halted(pid); !wasStopped && time.Since(answered) < time.Second; wasStopped = halted(pid) {
					<-look.C
				}
				look.Stop()
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if waited := answered.Sub(asked); waited > time.Second || !wasStopped {
		t.Errorf("the stat job computed after %v, the routine one stopped: %v", waited, wasStopped)
	}
	for look := time.NewTicker(time.Millisecond); halted(pid); {
		if <-look.C; time.Since(answered) > 10*time.Second {
			t.Fatal("the routine job stays stopped")
		}
	}
	select {
	case err := <-ended:
		t.Errorf("the routine job was lost: %v", err)
	default:
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
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

func TestQuarantine(t *testing.T) {
	pool := newPool(t, nil)
	greedy, pkg := phantom.Greedy(), phantom.Thresholds()
	for n := range 3 {
		if _, err := pool.Analyze(t.Context(), greedy, small(t), nil); reasonOf(err) != runner.Memory {
			t.Fatalf("try %d: %v; want the memory cap", n+1, err)
		}
	}
	var q *runner.Quarantine
	if _, err := pool.Analyze(t.Context(), greedy, small(t), nil); !errors.As(err, &q) || q.Tries != 3 || q.Digest != greedy.Digest() || !strings.Contains(q.Reason, "memory") {
		t.Fatalf("after three failures: %v", err)
	}
	if _, err := pool.Warm(t.Context(), greedy); err != nil && !errors.As(err, &q) {
		t.Errorf("warming it: %v", err)
	}
	if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil {
		t.Errorf("the node's other model: %v", err)
	}
	if list := pool.Quarantined(); len(list) != 1 || list[0].Model != greedy.Name() || time.Since(list[0].Since) > time.Minute {
		t.Errorf("listed: %+v", list)
	}
	if !pool.Release(greedy.Digest()) || pool.Release(greedy.Digest()) || pool.Release(pkg.Digest()) {
		t.Error("a release lifts exactly one quarantine")
	}
	if _, err := pool.Analyze(t.Context(), greedy, small(t), nil); reasonOf(err) != runner.Memory {
		t.Errorf("after its release: %v; want another try", err)
	}
}

func TestQuarantineEndsWithASuccess(t *testing.T) {
	pool := newPool(t, nil)
	pkg := phantom.Thresholds()
	for range 3 {
		pid := warmed(t, pool, pkg).PID()
		_, err := pool.Analyze(t.Context(), pkg, small(t), func(stage string, _ float64) {
			if stage == inference.StageReading {
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		})
		if reasonOf(err) != runner.Crashed {
			t.Fatalf("%v; want a crash", err)
		}
	}
	job := runner.Job{Package: pkg, Study: small(t)}
	var q *runner.Quarantine
	if _, err := pool.Do(t.Context(), job); !errors.As(err, &q) {
		t.Fatalf("%v; want the quarantine", err)
	}
	job.Trial = true
	if _, err := pool.Do(t.Context(), job); err != nil {
		t.Fatalf("a trial: %v", err)
	}
	job.Trial = false
	if _, err := pool.Do(t.Context(), job); err != nil || len(pool.Quarantined()) > 0 {
		t.Errorf("after a success: %v, %v", err, pool.Quarantined())
	}
}

// A refusal lies with the study, and counts against no model.
func TestRefusalsAreNoFailures(t *testing.T) {
	pool := newPool(t, nil)
	pkg := phantom.Thresholds()
	for range 4 {
		if _, err := pool.Analyze(t.Context(), pkg, nil, nil); reasonOf(err) != runner.Refused {
			t.Fatal(err)
		}
	}
	if list := pool.Quarantined(); len(list) > 0 {
		t.Error(list)
	}
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
