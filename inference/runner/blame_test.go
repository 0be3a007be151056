package runner_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
)

// different is a study like small, whose tar ends in more empty blocks than others'.
func different(t testing.TB, n int) []byte { return append(small(t), make([]byte, 512*n)...) }

func TestQuarantine(t *testing.T) {
	pool := newPool(t, nil)
	greedy, pkg := phantom.Greedy(), phantom.Thresholds()
	begun := time.Now()
	for n := range 3 {
		if _, err := pool.Analyze(t.Context(), greedy, different(t, n), nil); reasonOf(err) != runner.Memory {
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
	if list := pool.Quarantined(); len(list) != 1 || list[0].Model != greedy.Name() || list[0].Since.Before(begun) || list[0].Since.After(time.Now()) {
		t.Errorf("listed: %+v", list)
	}
	if !pool.Release(greedy.Digest()) || pool.Release(greedy.Digest()) || pool.Release(pkg.Digest()) {
		t.Error("a release lifts exactly one quarantine")
	}
	if _, err := pool.Analyze(t.Context(), greedy, small(t), nil); reasonOf(err) != runner.Memory {
		t.Errorf("after its release: %v; want another try", err)
	}
}

// endsRunner sends a study whose runner is killed while it reads.
func endsRunner(t *testing.T, pool *runner.Pool, pkg models.Package, study []byte) {
	t.Helper()
	pid := warmed(t, pool, pkg).PID()
	_, err := pool.Analyze(t.Context(), pkg, study, func(stage string, _ float64) {
		if stage == inference.StageReading {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	})
	if reasonOf(err) != runner.Crashed {
		t.Fatalf("%v; want a crash", err)
	}
}

// One study that ends every runner, sent again and again, does not take a model from the
// clinics of all others.
func TestOneStudyQuarantinesNothing(t *testing.T) {
	pool := newPool(t, nil)
	pkg := phantom.Thresholds()
	for range 5 {
		endsRunner(t, pool, pkg, different(t, 1))
	}
	if list := pool.Quarantined(); len(list) > 0 {
		t.Fatalf("%+v", list)
	}
	if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil {
		t.Errorf("another clinic's study: %v", err)
	}
}

// judgements makes a pool that knows an example, and says what came of it.
func judgements(t *testing.T, example func(models.Package) ([]byte, error)) (*runner.Pool, <-chan string) {
	t.Helper()
	said := make(chan string, 16)
	log := slog.New(slog.NewTextHandler(saying(said), nil))
	return newPool(t, func(o *runner.Options) { o.Example, o.Log = example, log }), said
}

// saying hands on what is written about a model that failed.
type saying chan<- string

func (s saying) Write(line []byte) (int, error) {
	if strings.Contains(string(line), "quarantined") || strings.Contains(string(line), "its example passed") {
		s <- string(line)
	}
	return len(line), nil
}

func TestExampleDecides(t *testing.T) {
	t.Run("for the model", func(t *testing.T) {
		pool, said := judgements(t, func(models.Package) ([]byte, error) { return small(t), nil })
		pkg := phantom.Thresholds()
		for n := range 3 {
			endsRunner(t, pool, pkg, different(t, n+1))
		}
		if line := <-said; !strings.Contains(line, "its example passed") {
			t.Error(line)
		}
		if list := pool.Quarantined(); len(list) > 0 {
			t.Errorf("%+v", list)
		}
		endsRunner(t, pool, pkg, different(t, 7)) // a new row, of one
		if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); err != nil || len(said) > 0 {
			t.Errorf("%v; %d more judgements", err, len(said))
		}
	})
	t.Run("against it", func(t *testing.T) {
		pool, said := judgements(t, func(models.Package) ([]byte, error) { return small(t), nil })
		pkg := phantom.Greedy()
		for range 3 { // three failures are enough, also of one study
			if _, err := pool.Analyze(t.Context(), pkg, different(t, 1), nil); reasonOf(err) != runner.Memory {
				t.Fatal(err)
			}
		}
		if line := <-said; !strings.Contains(line, "model is quarantined") {
			t.Error(line)
		}
		var q *runner.Quarantine
		if _, err := pool.Analyze(t.Context(), pkg, small(t), nil); !errors.As(err, &q) || q.Tries != 4 || !strings.Contains(q.Reason, "its example: runner memory") {
			t.Errorf("%v", err)
		}
	})
	t.Run("and its loss convicts", func(t *testing.T) {
		pool, said := judgements(t, func(models.Package) ([]byte, error) { return nil, errors.New("the example is gone") })
		pkg := phantom.Thresholds()
		for n := range 3 {
			endsRunner(t, pool, pkg, different(t, n+1))
		}
		if line := <-said; !strings.Contains(line, "the example is gone") {
			t.Error(line)
		}
	})
}

func TestQuarantineEndsWithASuccess(t *testing.T) {
	pool := newPool(t, nil)
	pkg := phantom.Thresholds()
	for n := range 3 {
		endsRunner(t, pool, pkg, different(t, n+1))
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
