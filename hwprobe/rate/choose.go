package rate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/medhive/medhive/inference/ort"
)

const (
	trialRounds = 7                      // of all candidates in turn, so that a disturbance hits each alike
	trialLength = 150 * time.Millisecond // of one candidate in one round, at most
	// trialLimit is how long one run of a candidate may take: above, the machine is too
	// slow for it, and the smaller ones tell enough.
	trialLimit = 2 * time.Second
	// nearlyBest is the share of the best candidate's rate that lets an earlier one win:
	// the list's order, and not noise, decides between equals, so that runs of one machine
	// measure the same graph. What it may cost is inside the 0.95 of the best graph that
	// the figure must reach.
	nearlyBest = 0.97
)

// Trial is how a candidate did.
type Trial struct {
	Graph Graph
	TOPS  float64 // median of the rounds, 0 where it can't run
	Err   error   // why it can't
}

// errSmallerFailed marks a candidate that was left out with a smaller one of its form.
var errSmallerFailed = errors.New("a smaller one of its form does not run here")

// choose tries the candidates, each for length in every round, and returns the fastest, ready to run.
func choose(ctx context.Context, r *ort.Runtime, provider string, threads int, candidates []Graph, length time.Duration, now func() time.Time) (*product, []Trial, error) {
	trials := make([]Trial, len(candidates))
	products := make([]*product, len(candidates))
	defer func() {
		for _, p := range products {
			if p != nil {
				p.close()
			}
		}
	}()
	pace := 0.0 // operations a second of the fastest run so far; small runs underestimate it
	for i, g := range candidates {
		trials[i].Graph = g
		if err := ctx.Err(); err != nil {
			return nil, trials, err
		}
		if pace > 0 && g.Operations()/pace > trialLimit.Seconds() {
			trials[i].Err = fmt.Errorf("one run would take more than %v here", trialLimit)
			continue
		}
		if i > 0 && candidates[i-1].Form == g.Form && candidates[i-1].Edge < g.Edge && products[i-1] == nil {
			trials[i].Err = errSmallerFailed
			continue
		}
		if products[i], trials[i].Err = newProduct(ctx, r, provider, threads, g); trials[i].Err != nil {
			continue
		}
		started := now()
		if err := products[i].Run(ctx); err != nil {
			return nil, trials, err
		}
		if span := now().Sub(started).Seconds(); span > 0 {
			pace = max(pace, g.Operations()/span)
		}
	}
	rounds := make([][]float64, len(candidates))
	for range trialRounds {
		for i, p := range products {
			if p == nil {
				continue
			}
			rate, err := timed(ctx, p, length, now)
			if err != nil {
				return nil, trials, err
			}
			rounds[i] = append(rounds[i], rate)
		}
	}
	for i, rates := range rounds {
		if len(rates) > 0 { // the middle and not the best: what is wanted is what lasts
			trials[i].TOPS = median(rates)
		}
	}
	chosen := fastest(trials)
	if chosen < 0 {
		var reasons []error
		for _, t := range trials {
			if !errors.Is(t.Err, errSmallerFailed) { // said once
				reasons = append(reasons, t.Err)
			}
		}
		return nil, trials, fmt.Errorf("no graph runs on %s: %w", provider, errors.Join(reasons...))
	}
	p := products[chosen]
	products[chosen] = nil // the caller closes it
	return p, trials, nil
}

// fastest is the first candidate whose rate is nearly the best, -1 if none runs.
func fastest(trials []Trial) int {
	best := 0.0
	for _, t := range trials {
		best = max(best, t.TOPS)
	}
	return slices.IndexFunc(trials, func(t Trial) bool { return t.TOPS > 0 && t.TOPS >= nearlyBest*best })
}

// computation is what is timed.
type computation interface {
	Run(context.Context) error
	Operations() float64
}

// timed computes for at least length and returns the rate in TOPS.
func timed(ctx context.Context, c computation, length time.Duration, now func() time.Time) (float64, error) {
	started, done := now(), 0.0
	for {
		if err := c.Run(ctx); err != nil {
			return 0, err
		}
		done += c.Operations()
		if span := now().Sub(started); span >= length {
			return tops(done, span), nil
		}
	}
}
