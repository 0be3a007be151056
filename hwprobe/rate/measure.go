package rate

import (
	"context"
	"fmt"
	"time"

	"github.com/medhive/medhive/inference/ort"
)

// Options say how a rate is measured.
type Options struct {
	Provider  string // execution provider; "" means the CPU's
	Threads   int    // of the CPU; 0 means all that this process may use
	Precision Precision
	Plan      Plan

	// Sample, if set, is asked once a second what surrounds the measurement. It is
	// called between two products and must return within a millisecond or so.
	Sample func() Conditions
	// Progress, if set, hears the share of the plan that is done, 0 to 1, once a second.
	Progress func(done float64)
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// Run is one measurement.
type Run struct {
	Figure Figure
	Series []Second
	Trials []Trial // of the graphs that were candidates
}

// Measure finds the provider's fastest graph of the precision, warms it up for half a
// second, or half a window where that is shorter, and times it by the plan. It fails
// where no graph runs, or ctx ends.
func Measure(ctx context.Context, r *ort.Runtime, o Options) (Run, error) {
	if o.Provider == "" {
		o.Provider = ort.CPU
	}
	if o.Threads <= 0 {
		o.Threads = ort.Threads()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	trial := min(trialLength, o.Plan.Length()/trialShare)
	p, trials, err := choose(ctx, r, o.Provider, o.Threads, Candidates(o.Provider, o.Precision), trial, o.Now)
	if err != nil {
		return Run{Trials: trials}, fmt.Errorf("measure %s on %s: %w", o.Precision, o.Provider, err)
	}
	defer p.close()
	if _, err := timed(ctx, p, min(warmUp, o.Plan.Window/2), o.Now); err != nil {
		return Run{Trials: trials}, fmt.Errorf("measure %s on %s: %w", o.Precision, o.Provider, err)
	}
	series, err := drive(ctx, p, o)
	if err != nil {
		return Run{Trials: trials}, fmt.Errorf("measure %s on %s: %w", o.Precision, o.Provider, err)
	}
	f := Summarise(series, o.Plan.Window)
	f.Threads, f.Provider, f.Runtime, f.Basis = o.Threads, o.Provider, r.Version(), p.graph.String()
	return Run{Figure: f, Series: series, Trials: trials}, nil
}

// trialShare keeps the choice short beside a short plan: seven rounds of five candidates
// take at most a third of it.
const trialShare = 105

// warmUp is how long the chosen graph runs before it is timed: clocks rise within
// milliseconds, and pages and pools are touched by the trials before.
const warmUp = 500 * time.Millisecond

// drive runs c through the plan and notes each second.
func drive(ctx context.Context, c computation, o Options) ([]Second, error) {
	if o.Sample == nil {
		o.Sample = func() Conditions { return Conditions{} }
	}
	if o.Progress == nil {
		o.Progress = func(float64) {}
	}
	length, entry := o.Plan.Length(), min(second, o.Plan.Window)
	_ = o.Sample() // what is counted since the last sample must begin here
	started := o.Now()
	from, now := started, started
	var series []Second
	for operations := 0.0; now.Sub(started) < length; {
		if err := c.Run(ctx); err != nil {
			return nil, err
		}
		operations += c.Operations()
		if now = o.Now(); now.Sub(from) < entry && now.Sub(started) < length {
			continue // the last entry may be short, so that the whole plan is measured
		}
		series = append(series, Second{End: now.Sub(started), Span: now.Sub(from), Operations: operations, Conditions: o.Sample()})
		o.Progress(min(1, now.Sub(started).Seconds()/length.Seconds()))
		// What the sample took belongs to the next second: it is the prober's own cost.
		from, operations = now, 0
	}
	return series, nil
}
