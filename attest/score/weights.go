package score

import "fmt"

// Shares is a number for each factor: c compute, a availability, q quality,
// n network.
type Shares struct {
	C Parts `json:"c"`
	A Parts `json:"a"`
	Q Parts `json:"q"`
	N Parts `json:"n"`
}

// Weights are the shares of the four factors in a score: each in [0.1, 0.5],
// their sum exactly One.
type Weights Shares

// Signals say what the network lacks, each in [0, One]. Each one lifts the
// factor of the same letter.
type Signals struct {
	UnmetOffers   Parts `json:"unmet_offers"`  // lifts c: offers that nobody took, of all offers
	Outage        Parts `json:"outage"`        // lifts a: 1 − mean availability
	Disputes      Parts `json:"disputes"`      // lifts q: disputed jobs, of all judged
	Concentration Parts `json:"concentration"` // lifts n: Σ (share of a jurisdiction)², 1 when all stand in one
}

// InitialWeights are the weights of a calm network, from which the first epoch moves.
func InitialWeights(p Parameters) Weights { return targetWeights(p, Signals{}) }

// targetWeights is where the signals want the weights:
//
//	w_i = m + (1 − 4m) · b_i(1+s_i) / Σ_j b_j(1+s_j)
//
// with the minimum m and base shares b. Since b_i ≤ ½ and s ≤ 1, the fraction is
// at most ⅔, so for m = 0.1 each w_i lies in [0.1, 0.5]. What rounding leaves
// over (under 4e-9) goes to the smallest weight's side, n first.
func targetWeights(p Parameters, s Signals) Weights {
	pull := func(base, signal Parts) uint64 {
		return uint64(base) + uint64(base.times(min(signal, One)))
	}
	c, a := pull(p.Shares.C, s.UnmetOffers), pull(p.Shares.A, s.Outage)
	q, n := pull(p.Shares.Q, s.Disputes), pull(p.Shares.N, s.Concentration)
	spread, sum := uint64(One-4*p.MinWeight), c+a+q+n
	weight := func(pull uint64) Parts { return p.MinWeight + Parts(mulDiv(spread, pull, sum)) }
	return Weights{C: weight(c), A: weight(a), Q: weight(q), N: weight(n)}.whole()
}

// Next is the weights of the epoch after w: (S−1)/S of w and 1/S of the target
// of the signals, S the smoothing. A mean of two points inside the bounds is
// inside the bounds.
func (w Weights) Next(p Parameters, s Signals) Weights {
	t := targetWeights(p, s)
	mean := func(before, target Parts) Parts {
		return Parts((uint64(before)*(p.Smoothing-1) + uint64(target)) / p.Smoothing)
	}
	return Weights{C: mean(w.C, t.C), A: mean(w.A, t.A), Q: mean(w.Q, t.Q), N: mean(w.N, t.N)}.whole()
}

// whole adds what rounding down left over to the lightest weight, which is
// furthest from its upper bound; the order n, a, q, c breaks ties.
func (w Weights) whole() Weights {
	rest := One - w.C - w.A - w.Q - w.N
	lightest := &w.N
	for _, other := range []*Parts{&w.A, &w.Q, &w.C} {
		if *other < *lightest {
			lightest = other
		}
	}
	*lightest += rest
	return w
}

// Validate checks the bounds: each at least the minimum and at most a half, sum One.
func (w Weights) Validate(p Parameters) error {
	for _, v := range []Parts{w.C, w.A, w.Q, w.N} {
		if v < p.MinWeight || v > One/2 {
			return fmt.Errorf("weight %s is outside %s to 0.5; take the weights of the epoch before", v, p.MinWeight)
		}
	}
	if sum := w.C + w.A + w.Q + w.N; sum != One {
		return fmt.Errorf("weights sum to %s; want 1", sum)
	}
	return nil
}
