package canary

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Every plane moves by at least a pixel and at most 2.8 % of an edge, to the pixel, and no value is
// stretched by more than twice the gain.
func TestMovementsAreSmallAndNeverNone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gain := rapid.SampledFrom([]float64{freeGain, calibratedGain}).Draw(t, "gain")
		m := drawMovement(gain, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		edge, depth := rapid.IntRange(1, 4096).Draw(t, "edge"), rapid.Float64Range(0, 1).Draw(t, "depth")
		for axis := range 2 {
			by := m.pixels(axis, edge, depth)
			if by == 0 || math.Abs(float64(by)) > max(1, math.Round((mostShift+mostLean)*float64(edge))) {
				t.Fatalf("a plane of %d pixels moves by %d", edge, by)
			}
			if (by > 0) != (m.shift[axis] > 0) {
				t.Fatalf("one plane moves by %d, against the others", by)
			}
		}
		x, y := rapid.Float64Range(0, 1).Draw(t, "x"), rapid.Float64Range(0, 1).Draw(t, "y")
		if s := m.stretch(x, y, depth); math.Abs(s-1) > 2.5*gain+1e-12 {
			t.Fatalf("values are stretched by %v", s)
		}
	})
}

// What a position says is moved by exactly the whole millimetres, in the form that it has.
func TestPositionsMoveByWholeMillimetres(t *testing.T) {
	for text, want := range map[string]string{
		"-125.30": "-118.30", "10": "17", "0.0004": "7.0004", " 3.5 ": "10.5", "-7": "0", "": "", "none": "none", "1e1": "17", "99.4567890123456": "106.456789012",
	} {
		if got := moved(text, 7); got != want {
			t.Errorf("%q moves to %q, want %q", text, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		decimals := rapid.IntRange(0, 6).Draw(t, "decimals")
		v := rapid.Float64Range(-999, 999).Draw(t, "position")
		by := float64(rapid.IntRange(-20, 20).Draw(t, "by"))
		text := strconv.FormatFloat(v, 'f', decimals, 64)
		got := moved(text, by)
		from, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		to, err := strconv.ParseFloat(got, 64)
		if err != nil || math.Abs(to-from-by) > 1e-9 {
			t.Fatalf("%s moved by %v is %s (%v)", text, by, got, err)
		}
		_, before, _ := strings.Cut(text, ".")
		if _, after, _ := strings.Cut(got, "."); len(after) != len(before) {
			t.Fatalf("%s became %s", text, got)
		}
	})
}

// Noise is no stranger to what it is added to: a magnitude of nothing but noise stays one,
// and other values stay on their side of the least.
func TestNoiseKeepsItsKind(t *testing.T) {
	source := rand.New(rand.NewPCG(1, 1))
	const n, own, added = 200_000, 30.0, 10.0
	sum, square := 0.0, 0.0
	dark := appearance{magnitude: true}
	for range n {
		v := dark.noisy(math.Hypot(own*source.NormFloat64(), own*source.NormFloat64()), added, source)
		sum, square = sum+v, square+v*v
	}
	// Rayleigh's mean square is 2σ², its mean σ√(π/2); five deviations of either.
	sigma := math.Hypot(own, added)
	if mean := sum / n; math.Abs(mean-sigma*math.Sqrt(math.Pi/2)) > 5*0.655*sigma/math.Sqrt(n) {
		t.Errorf("the mean is %.3f, of such noise it is %.3f", mean, sigma*math.Sqrt(math.Pi/2))
	}
	if power := square / n; math.Abs(power-2*sigma*sigma) > 5*2*sigma*sigma/math.Sqrt(n) {
		t.Errorf("the mean square is %.1f, of such noise it is %.1f", power, 2*sigma*sigma)
	}
	signed := appearance{low: -1024}
	for range 10_000 {
		if v := signed.noisy(-1024, added, source); v < -1024 {
			t.Fatalf("%v lies under the least value", v)
		}
	}
}

func TestOccurringValues(t *testing.T) {
	a := appearance{values: []float64{0, 16, 32, 64}}
	for v, want := range map[float64]float64{-5: 0, 0: 0, 7: 0, 9: 16, 30: 32, 50: 64, 99: 64} {
		if got := a.occurring(v); got != want {
			t.Errorf("%v becomes %v, want %v", v, got, want)
		}
	}
	if got := (appearance{}).occurring(2.6); got != 3 {
		t.Errorf("2.6 becomes %v where all values occur", got)
	}
}

// What a canary says in place of a re-run looks at as much.
func TestPlanWithoutRerun(t *testing.T) {
	for plan, want := range map[Plan]Plan{
		{Rerun: true}: {Canary: true}, {Replica: true, Rerun: true}: {Replica: true, Canary: true}, {Canary: true, Rerun: true}: {Canary: true}, {}: {}, {Replica: true}: {Replica: true},
	} {
		if got := plan.WithoutRerun(); got != want {
			t.Errorf("%+v becomes %+v, want %+v", plan, got, want)
		}
	}
}
