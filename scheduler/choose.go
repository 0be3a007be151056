package scheduler

import (
	"math"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
)

// Candidate is a bid with what the clinic knows about its node.
type Candidate struct {
	Bid    Bid
	Score  float64 // quality in [0,1]; 1 for a node without history
	Busy   int     // tasks of this clinic that the node holds now
	Failed int     // tries of this task that the node lost
	New    bool    // nothing of its work was ever accepted by this clinic
	// Operator is whose node it is; zero: unknown, the node is taken for its own operator.
	Operator common.Address
}

func (c Candidate) operator() common.Address {
	return Seat{Node: c.Bid.Node, Operator: c.Operator}.operator()
}

// weights of one priority class: how strongly price and time count. An emergency
// buys time, a routine study buys price.
type preference struct{ price, time, score float64 }

var preferences = [...]preference{
	Routine: {price: 2, time: 1, score: 2},
	Urgent:  {price: 1, time: 2, score: 2},
	STAT:    {price: 0.25, time: 4, score: 2},
}

func preferenceOf(class Class) preference {
	if int(class) >= len(preferences) {
		class = Routine
	}
	return preferences[class]
}

// unprovenTwice is how much less a second task of a node weighs that has not brought its
// first: whoever stalls holds one task of a clinic, not as many as it has places.
const unprovenTwice = 16

// Weights scores candidates against what is usual among them:
//
//	w = min(1, p₀/p)^a · min(1, t₀/t)^b · score^c / (1+busy) / 4^failed / names / first
//
// with p and t at least 1 gwei and 1 ms, a, b, c by class, and names the number of bids
// of the same operator: many names weigh together no more than the best of them alone.
// p₀ and t₀ are half the median price and time, or the best where no bid is that good, and
// each operator has one figure in the median, its best: to promise less than half of what
// others do gains nothing, under however many names, so who never means to keep a
// promise does not outbid everybody. first is 16 for a new node that holds a task already,
// else 1: until its first result is in, others go before it. Weights are in [0,1]; only a node with score 0 weighs
// nothing.
func Weights(class Class, candidates []Candidate) []float64 {
	pref := preferenceOf(class)
	names := make(map[common.Address]float64, len(candidates))
	var asked figures
	for _, c := range candidates {
		names[c.operator()]++
		asked.add(c.operator(), priceFigure(c.Bid.PriceGwei), timeFigure(c.Bid.Promise))
	}
	price, promise := usual(asked.prices), usual(asked.times)
	weights := make([]float64, len(candidates))
	for n, c := range candidates {
		quality := math.Min(1, math.Max(0, c.Score)) // NaN becomes 0 below
		w := math.Pow(math.Min(1, price/priceFigure(c.Bid.PriceGwei)), pref.price) *
			math.Pow(math.Min(1, promise/timeFigure(c.Bid.Promise)), pref.time) *
			math.Pow(quality, pref.score) / (1 + math.Max(0, float64(c.Busy))) / math.Pow(4, math.Max(0, float64(c.Failed))) / names[c.operator()]
		if c.New && c.Busy > 0 {
			w /= unprovenTwice
		}
		if math.IsNaN(w) {
			w = 0
		}
		weights[n] = w
	}
	return weights
}

func priceFigure(gwei uint64) float64 { return math.Max(1, float64(gwei)) }

func timeFigure(promise time.Duration) float64 {
	return math.Max(float64(time.Millisecond), float64(promise))
}

// figures are the best price and the best time of each operator.
type figures struct {
	at            map[common.Address]int // in the lists
	prices, times []float64
}

func (f *figures) add(operator common.Address, price, promise float64) {
	if at, known := f.at[operator]; known {
		f.prices[at], f.times[at] = math.Min(f.prices[at], price), math.Min(f.times[at], promise)
		return
	}
	if f.at == nil {
		f.at = make(map[common.Address]int)
	}
	f.at[operator] = len(f.prices)
	f.prices, f.times = append(f.prices, price), append(f.times, promise)
}

// usual is half the median of figures, or the smallest if that is more; of an even number
// the upper median, since too low a figure costs nothing to name. It sorts them.
func usual(figures []float64) float64 {
	if len(figures) == 0 {
		return 0
	}
	slices.Sort(figures)
	return math.Max(figures[0], figures[len(figures)/2]/2)
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
