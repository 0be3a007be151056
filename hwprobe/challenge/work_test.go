package challenge

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestComputeWorkTakesItsLengthAtTheClaim(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := math.Pow(10, rapid.Float64Range(-1.5, 3).Draw(t, "log10 TOPS"))
		w, err := ComputeWork(claim, Length)
		if err != nil {
			t.Fatal(err)
		}
		if took := w.Operations() / claim / 1e12; took < 9.9 || took > 10.5 {
			t.Fatalf("%g TOPS: %+v takes %.2f s", claim, w, took)
		}
		if perSecond := float64(w.Rows) / Length.Seconds(); perSecond > 4e6 {
			t.Fatalf("%g TOPS: %.0f rows a second to make and hash", claim, perSecond)
		}
		if w.Rows < 100*Openings {
			t.Fatalf("%g TOPS: %d rows are proved by verifying %d", claim, w.Rows, Openings)
		}
	})
}

func TestMemoryWorkIsAsLargeAsTheClaimAndDearToRemake(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		claim := math.Pow(10, rapid.Float64Range(-1.5, 2.7).Draw(t, "log10 TOPS"))
		size := rapid.Uint64Range(256<<20, 96<<30).Draw(t, "bytes")
		least := HostBandwidth
		if claim > 15 {
			least = DeviceBandwidth
		}
		w, err := MemoryWork(size, claim, least)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.TableBytes(); got < size || got > size+rowMultiple*uint64(w.Width) {
			t.Fatalf("%d bytes became a table of %d", size, got)
		}
		if remade := remakeFactor * w.remade(claim); remade > float64(least) && w.Layers < maxLayers {
			t.Fatalf("%g TOPS remake %.1f GB/s four times over, reading must reach %.1f", claim, remade/1e9, float64(least)/1e9)
		}
		if walk := w.WalkWithin(least, 0) - grace; walk < 3*time.Second && w.Passes < maxPasses {
			t.Fatalf("the walk lasts %v", walk)
		}
	})
}

func TestPlansNeedAClaim(t *testing.T) {
	for _, claim := range []float64{0, -1, math.NaN(), math.Inf(1)} {
		if w, err := ComputeWork(claim, Length); err == nil {
			t.Errorf("%g TOPS: %+v", claim, w)
		}
		if w, err := MemoryWork(1<<30, claim, HostBandwidth); err == nil {
			t.Errorf("%g TOPS: %+v", claim, w)
		}
	}
	if w, err := MemoryWork(0, 1, HostBandwidth); err == nil {
		t.Errorf("no bytes: %+v", w)
	}
}

func TestAClaimIsCappedByWhatWasVerified(t *testing.T) {
	for _, c := range []struct{ claim, verified, want float64 }{
		{100, 100, 100}, {100, 80, 100}, {100, 79, 98.75}, {300, 100, 125}, {100, 0, 0}, {100, -1, 0}, {100, 1000, 100},
	} {
		if got := Capped(c.claim, c.verified); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("claim %g, verified %g: %g, want %g", c.claim, c.verified, got, c.want)
		}
	}
	w, err := ComputeWork(2, Length)
	must(t, err)
	if got := w.Rate(5 * time.Second); math.Abs(got-4) > 0.01 {
		t.Errorf("the work of 10 s at 2 TOPS, in 5 s: %g TOPS, want 4", got)
	}
	if w.Rate(0) != 0 {
		t.Error("no time at all is a rate")
	}
}

func TestDeadlinesFollowTheClaim(t *testing.T) {
	w, err := ComputeWork(2, Length)
	must(t, err)
	if got := w.Within(2, 200*time.Millisecond).Seconds(); math.Abs(got-19.7) > 0.1 {
		t.Errorf("10 s at the claim may take %.2f s, want 19 s, half a second and the round trip", got)
	}
	if near, far := w.Within(2, time.Second), w.Within(2, time.Hour); near != far {
		t.Errorf("a round trip of an hour is allowed for: %v", far)
	}
	if huge := w.Within(1e-30, 0); huge > 25*time.Hour {
		t.Errorf("an absurd claim waits %v", huge)
	}
}
