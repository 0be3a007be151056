package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models/catalog"
)

const (
	// ratedRuns is how often a model runs its example for the median: the first one also
	// touches memory for the first time.
	ratedRuns = 3
	// ratingTimes is what all models together have of a quick probe, which ends in 90 s.
	ratingTimes = 12 * time.Second
	// ratingHang ends the runs of one model where nothing hurries.
	ratingHang = 10 * time.Minute
)

var (
	// errShare marks a run that took longer than the model's share of the time.
	errShare = errors.New("its share of the time was over")
	// errNotPermitted marks a model that must not run on the provider.
	errNotPermitted = errors.New("its manifest does not permit this provider")
)

// timeModels runs the example of every model that a node of this home would offer. They
// share the budget; 0 is no limit. What keeps one from being timed is in its Error.
func (c ProbeConfig) timeModels(ctx context.Context, budget time.Duration) ([]hwprobe.ModelRate, error) {
	bench := ModelBench{Library: c.Library, Runner: c.Runner, Threads: c.Threads, Log: c.Log}
	o, err := bench.options()
	if err != nil {
		return nil, err
	}
	all, err := OpenCatalog(c.Home)
	if err != nil {
		return nil, err
	}
	offered := all.Offered()
	rates, done := make([]hwprobe.ModelRate, len(offered)), 0
	inShares(len(offered), budget, func(i int, share time.Duration) bool {
		rate, err := c.timeModel(ctx, offered[i], o, share)
		rate.Error = ratingWords(err, offered[i].Name(), share)
		rates[i], done = rate, min(done+1, len(offered))
		c.Progress("models", float64(done)/float64(len(offered)))
		return errors.Is(err, errShare)
	})
	return rates, ctx.Err()
}

// inShares lets each of count have an equal share of what is left of the budget when its
// turn comes, and those that were too slow for it share again what the quick ones left.
// Without a budget a share is ratingHang.
func inShares(count int, budget time.Duration, run func(i int, share time.Duration) (tooSlow bool)) {
	until := time.Now().Add(budget)
	pending := make([]int, count)
	for i := range pending {
		pending[i] = i
	}
	for least := time.Duration(0); len(pending) > 0; {
		if time.Until(until) <= least*time.Duration(len(pending)) && least > 0 {
			return // none would get more than before
		}
		var slow []int
		for n, i := range pending {
			share := ratingHang
			if budget > 0 {
				share = max(0, time.Until(until)/time.Duration(len(pending)-n))
			}
			if run(i, share) {
				slow, least = append(slow, i), max(least, share)
			}
		}
		if budget <= 0 || least <= 0 {
			return
		}
		pending = slow
	}
}

// ratingWords says in words of our own why a model has no figure: a profile is published,
// and errors name files.
func ratingWords(err error, model string, share time.Duration) string {
	var failure *runner.Failure
	switch see := "; see `medhive model validate " + model + "`"; {
	case err == nil:
		return ""
	case errors.Is(err, errShare) && share < time.Second:
		return "no time was left for it; `medhive probe --certify` has no such limit"
	case errors.Is(err, errShare):
		return fmt.Sprintf("one run takes longer than the %.0f s that this probe had for it; `medhive probe --certify` takes %v", share.Seconds(), ratingHang)
	case errors.Is(err, errNotPermitted):
		return errNotPermitted.Error()
	case errors.As(err, &failure):
		return fmt.Sprintf("its runner ended: %s%s", failure.Reason, see)
	default:
		return "it could not be run" + see
	}
}

// timeModel runs one example until it has enough runs or no more time. The start of the
// runner is not part of a run: a node keeps it warm.
func (c ProbeConfig) timeModel(ctx context.Context, e catalog.Entry, o runner.Options, limit time.Duration) (r hwprobe.ModelRate, err error) {
	r = hwprobe.ModelRate{Model: e.Name(), Package: e.Digest, Provider: c.Provider}
	if !slices.Contains(e.Manifest.Providers, c.Provider) {
		return r, fmt.Errorf("%w: %s", errNotPermitted, c.Provider)
	}
	t, err := loadTrial(e)
	if err != nil {
		return r, err
	}
	r.Basis = fmt.Sprintf("the package's example, %.1f MB; a whole study takes longer or shorter by its size", float64(len(t.study))/1e6)
	timed, cancel := context.WithTimeoutCause(ctx, limit, errShare)
	defer cancel()
	o.Package, o.Provider = t.pkg, c.Provider
	process, err := runner.Start(timed, o)
	if err != nil {
		return r, causeOr(timed, err)
	}
	defer func() { err = errors.Join(err, process.Close()) }()
	var times []time.Duration
	for len(times) < ratedRuns {
		started := time.Now()
		if _, err := process.Analyze(timed, t.study, nil); err != nil {
			if len(times) > 0 && timed.Err() != nil {
				break // the runs that there are tell enough
			}
			return r, causeOr(timed, err)
		}
		times = append(times, time.Since(started))
	}
	slices.Sort(times)
	middle := times[len(times)/2].Seconds()
	r.Runs, r.Seconds = len(times), roundedTo(middle, 1e4)
	r.StudiesPerHour = roundedTo(time.Hour.Seconds()/middle, 10)
	return r, nil
}

// causeOr is why ctx ended, or err while it has not.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// roundedTo is x to the nearest 1/parts.
func roundedTo(x, parts float64) float64 { return math.Round(x*parts) / parts }
