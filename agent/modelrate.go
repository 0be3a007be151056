package agent

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models/catalog"
)

const (
	// ratedRuns is how often a model runs its example for the median: the first one also
	// touches memory for the first time.
	ratedRuns = 3
	// ratingTime bounds the runs of one model, ratingTimes those of all: a quick probe
	// ends in 90 s.
	ratingTime  = 8 * time.Second
	ratingTimes = 12 * time.Second
	// maxRatingText bounds why there is no figure.
	maxRatingText = 200
)

// timeModels runs the example of every model that a node of this home would offer.
func (c ProbeConfig) timeModels(ctx context.Context) ([]hwprobe.ModelRate, error) {
	bench := ModelBench{Library: c.Library, Runner: c.Runner, Threads: c.Threads, Log: c.Log}
	o, err := bench.options()
	if err != nil {
		return nil, err
	}
	all, err := OpenCatalog(c.Home)
	if err != nil {
		return nil, err
	}
	until := time.Now().Add(ratingTimes)
	var rates []hwprobe.ModelRate
	for n, entry := range all.Offered() {
		c.Progress("models", float64(n)/float64(len(all.Offered())))
		rate, err := c.timeModel(ctx, entry, o, min(ratingTime, time.Until(until)))
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			text := err.Error()
			rate.Error = strings.ToValidUTF8(text[:min(len(text), maxRatingText)], "")
		}
		rates = append(rates, rate)
	}
	c.Progress("models", 1)
	return rates, nil
}

// timeModel runs one example until it has enough runs or no more time. The start of the
// runner is not part of a run: a node keeps it warm.
func (c ProbeConfig) timeModel(ctx context.Context, e catalog.Entry, o runner.Options, limit time.Duration) (r hwprobe.ModelRate, err error) {
	r = hwprobe.ModelRate{Model: e.Name(), Package: e.Digest, Provider: c.Provider}
	if !slices.Contains(e.Manifest.Providers, c.Provider) {
		return r, fmt.Errorf("its manifest does not permit %s", c.Provider)
	}
	t, err := loadTrial(e)
	if err != nil {
		return r, err
	}
	r.Basis = fmt.Sprintf("the package's example, %.1f MB; a whole study takes longer or shorter by its size", float64(len(t.study))/1e6)
	timed, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("one run took longer than the %.0f s that a probe has for it; see `medhive model validate %s`", limit.Seconds(), e.Name()))
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
