package scheduler

import (
	"math"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

func candidate(n int, price uint64, promise time.Duration) Candidate {
	bid := sampleBid()
	bid.Node, bid.PriceGwei, bid.Promise = common.BytesToAddress([]byte{1, byte(n)}), price, promise
	return Candidate{Bid: bid, Score: 1}
}

// TestUndercuttingGainsLittle: a bid of 1 gwei, or of no time, weighs what half the median
// would, so who means to keep no promise wins no more than that.
func TestUndercuttingGainsLittle(t *testing.T) {
	for class, most := range map[Class]float64{Routine: 4 * 2, Urgent: 2 * 4, STAT: 1.19 * 16} {
		list := []Candidate{candidate(0, 1, time.Nanosecond)}
		for n := range 9 {
			list = append(list, candidate(n+1, 1000, time.Minute))
		}
		w := Weights(class, list)
		if gain := w[0] / w[1]; gain > most*1.001 || gain < most*0.99 {
			t.Errorf("%v: it weighs %.3g times an honest bid, want %.3g", class, gain, most)
		}
	}
}

// TestManyNamesCountOnce: however many names one operator bids under, they weigh together
// no more than the best of them alone.
func TestManyNamesCountOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		operator := common.HexToAddress("0x99")
		honest := make([]Candidate, rapid.IntRange(1, 10).Draw(t, "honest"))
		for n := range honest {
			honest[n] = candidate(n, 1000, time.Minute)
		}
		names := make([]Candidate, rapid.IntRange(1, 10).Draw(t, "names"))
		best := 0.0
		for n := range names {
			names[n] = candidate(100+n, 1000, time.Minute)
			names[n].Score, names[n].Operator = rapid.Float64Range(0, 1).Draw(t, "score"), operator
			best = math.Max(best, names[n].Score*names[n].Score)
		}
		total := 0.0
		for _, w := range Weights(Routine, append(honest, names...))[len(honest):] {
			total += w
		}
		if total > best*1.000001 {
			t.Fatalf("%d names weigh %v, the best alone %v", len(names), total, best)
		}
	})
}

// mostOfUndercutting is the largest share that one operator can have among m honest ones of
// equal bids, whatever it promises: 2^(a+b) of their weights, of 2^(a+b) + m.
func mostOfUndercutting(class Class, m int) float64 {
	pref := preferenceOf(class)
	gain := math.Exp2(pref.price + pref.time)
	return gain / (gain + float64(m))
}

// TestManyNamesUndercutting: k names of one operator, whatever they promise, gain no more
// than one name with the best of their figures, and against equal honest bids no more than
// half of the honest figures would.
func TestManyNamesUndercutting(t *testing.T) {
	share := func(class Class, list []Candidate, honest int) float64 {
		theirs, all := 0.0, 0.0
		for n, w := range Weights(class, list) {
			if all += w; n >= honest {
				theirs += w
			}
		}
		return theirs / all
	}
	rapid.Check(t, func(t *rapid.T) {
		class := Class(rapid.IntRange(0, int(STAT)).Draw(t, "class"))
		equal := rapid.Bool().Draw(t, "equal bids")
		m := rapid.IntRange(1, 12).Draw(t, "honest")
		var honest, names []Candidate
		for n := range m {
			c := candidate(n, 1000, time.Minute)
			if !equal {
				c.Bid.PriceGwei, c.Bid.Promise = rapid.Uint64Range(1, 5000).Draw(t, "price"), time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds"))*time.Second
			}
			honest = append(honest, c)
		}
		best := candidate(100, math.MaxUint64, math.MaxInt64)
		for n := range rapid.IntRange(1, 20).Draw(t, "names") {
			c := candidate(100+n, rapid.Uint64Range(0, 5000).Draw(t, "named price"), time.Duration(rapid.Int64Range(0, int64(5*time.Minute)).Draw(t, "named promise")))
			c.Operator = common.HexToAddress("0x99")
			best.Bid.PriceGwei, best.Bid.Promise = min(best.Bid.PriceGwei, c.Bid.PriceGwei), min(best.Bid.Promise, c.Bid.Promise)
			names = append(names, c)
		}
		got := share(class, append(honest[:m:m], names...), m)
		if most := share(class, append(honest[:m:m], best), m); got > most*1.000001 {
			t.Fatalf("%d names have %.4f of all weight, one with their best figures %.4f", len(names), got, most)
		}
		if most := mostOfUndercutting(class, m); equal && got > most*1.000001 {
			t.Fatalf("%d names have %.4f of all weight against %d honest bids, at most %.4f is theirs", len(names), got, m, most)
		}
	})
}

// TestNewNodesBeginWithOneTask: a node without any accepted result gets its second task
// where nobody else would have it, and a known one or an idle one as before.
func TestNewNodesBeginWithOneTask(t *testing.T) {
	list := make([]Candidate, 4)
	for n := range list {
		list[n] = candidate(n, 1000, time.Minute)
	}
	list[0].New, list[0].Busy = true, 1
	list[1].Busy = 1
	list[2].New = true
	w := Weights(Routine, list)
	if w[0]*unprovenTwice != w[1] || w[1]*2 != w[3] || w[2] != w[3] {
		t.Errorf("new and busy, busy, new, neither: weights %v", w)
	}
	if Choose(Routine, list[:1], 0.5) != 0 {
		t.Error("where it is alone, it is not chosen")
	}
}

func FuzzWeights(f *testing.F) {
	f.Add(byte(2), uint64(1), int64(1), uint64(1000), int64(time.Minute), 1.0, 0)
	f.Add(byte(9), uint64(math.MaxUint64), int64(math.MinInt64), uint64(0), int64(0), math.NaN(), -1)
	f.Fuzz(func(t *testing.T, class byte, price uint64, promise int64, price2 uint64, promise2 int64, score float64, busy int) {
		list := []Candidate{candidate(0, price, time.Duration(promise)), candidate(1, price2, time.Duration(promise2))}
		list[0].Score, list[0].Busy = score, busy
		w := Weights(Class(class), list)
		for _, v := range w {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("weights %v", w)
			}
		}
		if w[1] == 0 {
			t.Fatalf("a node of score 1 weighs nothing: %v", w)
		}
		if chosen := Choose(Class(class), list, 0.5); chosen < 0 || w[chosen] == 0 {
			t.Fatalf("%d of %v is chosen", chosen, w)
		}
	})
}
