package scheduler

import (
	"math"
	"time"
)

// Candidate is a bid with what the clinic knows about its node.
type Candidate struct {
	Bid    Bid
	Score  float64 // quality in [0,1]; 1 for a node without history
	Busy   int     // tasks of this clinic that the node holds now
	Failed int     // tries of this task that the node lost
}

// weights of one priority class: how strongly price and time count. An emergency
// buys time, a routine study buys price.
type preference struct{ price, time, score float64 }

var preferences = [...]preference{
	Routine: {price: 2, time: 1, score: 2},
	Urgent:  {price: 1, time: 2, score: 2},
	STAT:    {price: 0.25, time: 4, score: 2},
}

// Weights scores candidates against the best price and time among them:
//
//	w = (p_min/p)^a · (t_min/t)^b · score^c / (1+busy) / 4^failed
//
// with p and t at least 1 gwei and 1 ms, and a, b, c by class. Weights are in
// [0,1]; only a node with score 0 weighs nothing.
func Weights(class Class, candidates []Candidate) []float64 {
	if int(class) >= len(preferences) {
		class = Routine
	}
	pref := preferences[class]
	price := func(c Candidate) float64 { return math.Max(1, float64(c.Bid.PriceGwei)) }
	promise := func(c Candidate) float64 { return math.Max(float64(time.Millisecond), float64(c.Bid.Promise)) }
	cheapest, fastest := math.Inf(1), math.Inf(1)
	for _, c := range candidates {
		cheapest = math.Min(cheapest, price(c))
		fastest = math.Min(fastest, promise(c))
	}
	weights := make([]float64, len(candidates))
	for n, c := range candidates {
		quality := math.Min(1, math.Max(0, c.Score)) // NaN becomes 0 below
		w := math.Pow(cheapest/price(c), pref.price) * math.Pow(fastest/promise(c), pref.time) *
			math.Pow(quality, pref.score) / (1 + math.Max(0, float64(c.Busy))) / math.Pow(4, math.Max(0, float64(c.Failed)))
		if math.IsNaN(w) {
			w = 0
		}
		weights[n] = w
	}
	return weights
}

// Choose draws one candidate at random, weighted, so that work spreads over all
// good bidders; random is uniform in [0,1). It returns -1 when nobody weighs
// anything.
func Choose(class Class, candidates []Candidate, random float64) int {
	weights := Weights(class, candidates)
	var total float64
	for _, w := range weights {
		total += w
	}
	if total <= 0 {
		return -1
	}
	point := random * total
	last := -1
	for n, w := range weights {
		if w <= 0 {
			continue
		}
		last = n
		if point < w {
			return n
		}
		point -= w
	}
	return last // rounding pushed the point past the end
}
