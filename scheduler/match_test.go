package scheduler

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func sampleOffer() Offer {
	return Offer{
		Task: models.DigestOf([]byte("task")), Package: models.DigestOf([]byte("package")), Clinic: bob, Deadline: epoch.Add(time.Hour),
		Expires: epoch.Add(time.Minute), Residency: []string{"AT", "DE"}, MinTier: 2, MinTrust: TrustDevice, CeilingGwei: 1000,
		MemoryBytes: 1 << 30, Round: 1, Threshold: math.MaxUint64,
	}
}

func sampleBid() Bid {
	o := sampleOffer()
	return Bid{Task: o.Task, Package: o.Package, Round: 1, Node: alice, Clinic: o.Clinic, PriceGwei: 1000, Promise: time.Minute,
		Tier: 2, Trust: TrustDevice, Jurisdiction: "DE", MemoryBytes: 1 << 30}
}

func TestEligible(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Offer, *Bid)
		want   error
	}{
		"exactly what is asked": {func(*Offer, *Bid) {}, nil},
		"another task":          {func(_ *Offer, b *Bid) { b.Task = models.Digest{} }, ErrOtherTask},
		"another clinic":        {func(_ *Offer, b *Bid) { b.Clinic = alice }, ErrOtherTask},
		"another model":         {func(_ *Offer, b *Bid) { b.Package = models.Digest{} }, ErrModel},
		"tier":                  {func(_ *Offer, b *Bid) { b.Tier = 1 }, ErrTier},
		"trust":                 {func(_ *Offer, b *Bid) { b.Trust = TrustSoftware }, ErrTrust},
		"outside":               {func(_ *Offer, b *Bid) { b.Jurisdiction = "US" }, ErrResidency},
		"nowhere":               {func(_ *Offer, b *Bid) { b.Jurisdiction = "" }, ErrResidency},
		"empty set fits nobody": {func(o *Offer, _ *Bid) { o.Residency = nil }, ErrResidency},
		"an empty region":       {func(o *Offer, b *Bid) { o.Residency, b.Jurisdiction = []string{""}, "" }, ErrResidency},
		"a tolerated provider":  {func(o *Offer, b *Bid) { o.Providers, b.Provider = []string{"cuda", "cpu"}, "cpu" }, nil},
		"another provider":      {func(o *Offer, b *Bid) { o.Providers, b.Provider = []string{"cuda"}, "cpu" }, ErrProvider},
		"an unnamed provider":   {func(o *Offer, _ *Bid) { o.Providers = []string{"cuda"} }, ErrProvider},
		"price":                 {func(_ *Offer, b *Bid) { b.PriceGwei = 1001 }, ErrPrice},
		"memory":                {func(_ *Offer, b *Bid) { b.MemoryBytes-- }, ErrMemory},
		"too late":              {func(_ *Offer, b *Bid) { b.Promise = time.Hour + 1 }, ErrDeadline},
		"no promise":            {func(_ *Offer, b *Bid) { b.Promise = 0 }, ErrDeadline},
	} {
		t.Run(name, func(t *testing.T) {
			o, b := sampleOffer(), sampleBid()
			c.change(&o, &b)
			if err := Eligible(o, b, epoch); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	o := sampleOffer()
	o.Threshold = 0
	if err := WantsBid(o, sampleBid(), epoch); !errors.Is(err, ErrLottery) {
		t.Errorf("threshold 0: %v", err)
	}
	if err := WantsBid(sampleOffer(), sampleBid(), epoch.Add(time.Minute)); !errors.Is(err, ErrDeadline) {
		t.Errorf("expired offer: %v", err)
	}
}

func TestThreshold(t *testing.T) {
	if Threshold(3, LotteryWanted, 1) != math.MaxUint64 {
		t.Error("of three known nodes not everyone bids at once")
	}
	if got := Threshold(40, 20, 1); got != 1<<63 {
		t.Errorf("20 of 40: %x, want a half", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		known, wanted := rapid.IntRange(0, 1<<20).Draw(t, "known"), rapid.IntRange(-1, 100).Draw(t, "wanted")
		round := rapid.Uint32Range(0, 80).Draw(t, "round")
		if Threshold(known, wanted, round+1) < Threshold(known, wanted, round) {
			t.Fatal("a later round is narrower")
		}
		if Threshold(known, wanted, 64) != math.MaxUint64 {
			t.Fatal("it never opens for everybody")
		}
	})
}

func TestLotteryDrawsItsShare(t *testing.T) {
	const nodes = 10_000
	threshold, drawn := Threshold(nodes, 500, 1), 0
	for n := range nodes {
		if Drawn(models.DigestOf([]byte("task")), 1, bob, common.BytesToAddress([]byte{byte(n >> 8), byte(n)}), threshold) {
			drawn++
		}
	}
	if drawn < 400 || drawn > 600 { // 500 ± 4.6 standard deviations
		t.Errorf("%d drawn, want about 500", drawn)
	}
}

func TestChoose(t *testing.T) {
	cheap, fast := sampleBid(), sampleBid()
	cheap.PriceGwei, cheap.Promise = 100, 100*time.Second
	fast.PriceGwei, fast.Promise = 200, 20*time.Second
	candidates := []Candidate{{Bid: cheap, Score: 1}, {Bid: fast, Score: 1}}
	for class, want := range map[Class]int{Routine: 0, STAT: 1} {
		w := Weights(class, candidates)
		if class == STAT && w[1] < 10*w[0] {
			t.Errorf("an emergency prefers the fast one only by %v", w)
		}
		if got := Choose(class, candidates, map[int]float64{0: 0, 1: 0.999}[want]); got != want {
			t.Errorf("%v chose %d", class, got)
		}
	}
	if Choose(Routine, nil, 0.5) != -1 || Choose(Routine, []Candidate{{Bid: cheap, Score: 0}}, 0.5) != -1 {
		t.Error("somebody was chosen from nobody")
	}
	busy := []Candidate{{Bid: cheap, Score: 1, Busy: 3}, {Bid: cheap, Score: 1}, {Bid: cheap, Score: 1, Failed: 1}}
	if w := Weights(Routine, busy); w[1] != 4*w[0] || w[1] != 4*w[2] {
		t.Errorf("weights %v: want spread", w)
	}
	rapid.Check(t, func(t *rapid.T) {
		list := make([]Candidate, rapid.IntRange(0, 8).Draw(t, "n"))
		for n := range list {
			b := sampleBid()
			b.PriceGwei = rapid.Uint64().Draw(t, "price")
			b.Promise = time.Duration(rapid.Int64().Draw(t, "promise"))
			list[n] = Candidate{Bid: b, Score: rapid.Float64().Draw(t, "score"), Busy: rapid.Int().Draw(t, "busy"), Failed: rapid.Int().Draw(t, "failed")}
		}
		weights := Weights(Class(rapid.Byte().Draw(t, "class")), list)
		for _, w := range weights {
			if w < 0 || w > 1 || math.IsNaN(w) {
				t.Fatalf("weight %v", w)
			}
		}
		if got := Choose(Routine, list, rapid.Float64Range(0, 0.9999999).Draw(t, "random")); got >= 0 && Weights(Routine, list)[got] <= 0 {
			t.Fatal("a candidate without weight was chosen")
		}
	})
}

func BenchmarkChooseAmongThousand(b *testing.B) {
	list := make([]Candidate, 1000)
	for n := range list {
		bid := sampleBid()
		bid.PriceGwei += uint64(n)
		list[n] = Candidate{Bid: bid, Score: 0.99, Busy: n % 3}
	}
	for b.Loop() {
		Choose(Routine, list, 0.5)
	}
}

// An offer says no exact size, never less than the payload has, and nothing that no clinic may
// send.
func TestAnOffersSizeIsCoarse(t *testing.T) {
	for n, want := range map[int64]int64{1: 1, 15: 15, 16: 16, 17: 18, 1000: 1024, 1024: 1024, 1025: 1152, MaxPayloadBytes - 1: MaxPayloadBytes} {
		if got := CoarseBytes(n); got != want {
			t.Errorf("%d bytes are offered as %d, want %d", n, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, MaxPayloadBytes).Draw(t, "bytes")
		coarse := CoarseBytes(n)
		if coarse < n || coarse > n+n/sizeSteps || CoarseBytes(coarse) != coarse {
			t.Fatalf("%d bytes are offered as %d, and that as %d", n, coarse, CoarseBytes(coarse))
		}
	})
}
