package runner_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models"
)

// Both goals are a second, in milliseconds.
const latencyGoal = 1000

// computes sends a study to a model whose operator takes a minute. It returns when that
// computes; the job's end comes over the channel.
func computes(ctx context.Context, b *testing.B, pool *runner.Pool) <-chan error {
	b.Helper()
	computing, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := pool.Analyze(ctx, phantom.Stubborn(), small(b), func(stage string, done float64) {
			if stage == inference.StageInference && done == 0 {
				time.AfterFunc(inTheOperator, func() { close(computing) })
			}
		})
		ended <- err
	}()
	<-computing
	return ended
}

// BenchmarkCancel measures from the end of a job's context, in the middle of an operator
// that ONNX Runtime can't interrupt, to the return of Analyze, when the child is dead.
func BenchmarkCancel(b *testing.B) {
	pool := runner.NewPool(options(b, models.Package{}))
	var longest time.Duration
	for b.Loop() {
		ctx, cancel := context.WithCancel(b.Context())
		ended := computes(ctx, b, pool)
		begun := time.Now()
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		longest = max(longest, time.Since(begun))
	}
	if err := pool.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(longest.Milliseconds()), "value")
	b.ReportMetric(latencyGoal, "against")
}

// BenchmarkStatWaits measures, while a routine job computes, from a stat job's wish to
// compute to the end of its own, short computation.
func BenchmarkStatWaits(b *testing.B) {
	pool := runner.NewPool(options(b, models.Package{}))
	if _, err := pool.Warm(b.Context(), phantom.Thresholds()); err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	ended := computes(ctx, b, pool)
	var longest time.Duration
	for b.Loop() {
		var asked time.Time
		_, err := pool.Do(b.Context(), runner.Job{Package: phantom.Thresholds(), Study: small(b), Priority: runner.Stat,
			Progress: func(stage string, done float64) {
				switch {
				case stage == inference.StageInference && done == 0:
					asked = time.Now()
				case stage == inference.StageInference:
					longest = max(longest, time.Since(asked))
				}
			}})
		if err != nil {
			b.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		b.Fatal(err)
	}
	if err := pool.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(longest.Milliseconds()), "value")
	b.ReportMetric(latencyGoal, "against")
}
