package volume

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func TestQuantiseRoundsToTheNearestShare(t *testing.T) {
	for _, c := range []struct {
		probability float32
		want        uint8
	}{
		{0, 0}, {1, 255}, {0.5, 128}, {0.25, 64}, {1.0 / 255, 1}, {0.0019, 0}, {0.00197, 1}, {0.9979, 254}, {0.9981, 255}, {-1e-6, 0}, {1.00001, 255},
	} {
		out := []uint8{7}
		if err := Quantise(out, []float32{c.probability}); err != nil || out[0] != c.want {
			t.Errorf("%v: %d (%v), want %d", c.probability, out[0], err, c.want)
		}
	}
	for _, p := range []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), -0.01, 1.01} {
		values := make([]float32, 40_000) // more than one part of spread
		values[30_000] = p
		if err := Quantise(make([]uint8, len(values)), values); !errors.Is(err, ErrNoProbability) {
			t.Errorf("%v: %v", p, err)
		}
	}
	if err := Quantise(make([]uint8, 2), make([]float32, 3)); err == nil {
		t.Error("three probabilities for two voxels were taken")
	}
}

// decided is Decide for one voxel, written as its description reads.
func decided(shares []int, cutoff models.Cutoff) int {
	largest, rest := 0, models.ShareLevels
	for c, s := range shares {
		rest -= s
		if s > shares[largest] {
			largest = c
		}
	}
	if len(shares) == 0 || shares[largest] < cutoff.Least || cutoff.Rest && shares[largest] <= rest {
		return -1
	}
	return largest
}

func TestDecideTakesTheLargestShareThatCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		structures, voxels := rapid.IntRange(1, 4).Draw(rt, "structures"), rapid.IntRange(1, 50).Draw(rt, "voxels")
		cutoff := models.Cutoff{Least: rapid.IntRange(1, 256).Draw(rt, "least"), Rest: rapid.Bool().Draw(rt, "rest")}
		shares, values := make([][]uint8, structures), make([]uint8, structures)
		for c := range shares {
			values[c] = uint8(10 * (c + 1))
			if rapid.IntRange(0, 4).Draw(rt, "absent") > 0 {
				shares[c] = rapid.SliceOfN(rapid.Byte(), voxels, voxels).Draw(rt, "shares")
			}
		}
		out := slices.Repeat([]uint8{99}, voxels)
		if err := Decide(out, shares, values, cutoff); err != nil {
			rt.Fatal(err)
		}
		for n := range out {
			at := make([]int, structures)
			for c, s := range shares {
				if s != nil {
					at[c] = int(s[n])
				}
			}
			want := uint8(0)
			if c := decided(at, cutoff); c >= 0 {
				want = values[c]
			}
			if out[n] != want {
				rt.Fatalf("shares %v by %+v: label %d, want %d", at, cutoff, out[n], want)
			}
		}
	})
	if err := Decide(make([]uint8, 3), [][]uint8{{1, 2}}, []uint8{1}, models.Cutoff{}); err == nil {
		t.Error("shares of two voxels were taken for three")
	}
	if err := Decide(make([]uint8, 2), [][]uint8{{1, 2}}, []uint8{1, 2}, models.Cutoff{}); err == nil {
		t.Error("one structure was taken for two")
	}
}

// Deciding by shares gives the labels that argmax gives of the probabilities themselves,
// but where the two largest are within a step of each other.
func TestDecideIsArgmaxButForRounding(t *testing.T) {
	const voxels = 64
	rapid.Check(t, func(rt *rapid.T) {
		scores := make([]float32, 3*voxels)
		for n := range scores {
			scores[n] = float32(rapid.Float64Range(-4, 4).Draw(rt, "score"))
		}
		Softmax(scores, 3)
		probabilities := slices.Clone(scores)
		want := make([]uint8, voxels)
		if err := Argmax(want, scores, []uint8{0, 1, 2}); err != nil {
			rt.Fatal(err)
		}
		shares := [][]uint8{make([]uint8, voxels), make([]uint8, voxels)}
		for c, s := range shares {
			if err := Quantise(s, probabilities[(c+1)*voxels:][:voxels]); err != nil {
				rt.Fatal(err)
			}
		}
		got := make([]uint8, voxels)
		if err := Decide(got, shares, []uint8{1, 2}, models.Cutoff{Least: 1, Rest: true}); err != nil {
			rt.Fatal(err)
		}
		for n := range got {
			p := []float64{float64(probabilities[n]), float64(probabilities[voxels+n]), float64(probabilities[2*voxels+n])}
			slices.Sort(p)
			if margin := p[2] - p[1]; got[n] != want[n] && margin > 2.0/models.ShareLevels {
				rt.Fatalf("label %d instead of %d with a margin of %v", got[n], want[n], margin)
			}
		}
	})
}

// Mapping shares and then deciding is deciding and then mapping the labels.
func TestSharesComeHomeAsLabelsDo(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		conformed, source := drawGrid(rt, 6), drawGrid(rt, 6)
		shares := &Shares{Grid: conformed}
		for range 2 {
			shares.Data = append(shares.Data, rapid.SliceOfN(rapid.Byte(), conformed.Voxels(), conformed.Voxels()).Draw(rt, "shares"))
		}
		values, cutoff := []uint8{3, 5}, models.Cutoff{Least: 100, Rest: rapid.Bool().Draw(rt, "rest")}
		there := &Labels{Grid: conformed, Data: make([]uint8, conformed.Voxels())}
		if err := Decide(there.Data, shares.Data, values, cutoff); err != nil {
			rt.Fatal(err)
		}
		want, err := MapLabels(there, source)
		if err != nil {
			rt.Fatal(err)
		}
		home, err := MapShares(shares, source)
		if err != nil {
			rt.Fatal(err)
		}
		got := make([]uint8, source.Voxels())
		if err := Decide(got, home.Data, values, cutoff); err != nil || !slices.Equal(got, want.Data) {
			rt.Fatalf("labels differ (%v)", err)
		}
	})
}

func BenchmarkDecide(b *testing.B) {
	const voxels = 8 << 20
	shares := [][]uint8{slices.Repeat([]uint8{0, 200, 90, 255}, voxels/4), slices.Repeat([]uint8{10, 20, 100, 0}, voxels/4)}
	out := make([]uint8, voxels)
	b.SetBytes(2 * voxels)
	for b.Loop() {
		if err := Decide(out, shares, []uint8{1, 2}, models.Cutoff{Least: 1, Rest: true}); err != nil {
			b.Fatal(err)
		}
	}
}
