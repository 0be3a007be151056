package jpeg

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The fixed-point inverse gives the nearest integer of the exact one, but where that
// lies half-way to within the factors' 13 bits.
func TestInverseDCT(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		precision := rapid.SampledFrom([]int{8, 12}).Draw(t, "precision")
		size := 1 << (precision + 2)
		var in [64]int32
		for range rapid.IntRange(0, 10).Draw(t, "count") {
			in[rapid.IntRange(0, 63).Draw(t, "place")] = int32(rapid.IntRange(-size, size).Draw(t, "coefficient"))
		}
		var out [64]uint16
		inverseDCT(out[:], 8, &in, precision)
		for y := range 8 {
			for x := range 8 {
				want := exactDCT(&in, x, y) + float64(int(1)<<(precision-1))
				want = min(max(want, 0), float64(int(1)<<precision-1))
				// A factor is off by 2^-14 of a half at most, 64 of them are summed.
				allowed := 0.5 + float64(size)*10/8192
				if math.Abs(float64(out[8*y+x])-want) > allowed {
					t.Fatalf("(%d, %d) is %d; want %v", x, y, out[8*y+x], want)
				}
			}
		}
		var block, constant [64]uint16
		dc := [64]int32{in[0]}
		inverseDCT(block[:], 8, &dc, precision)
		flat(constant[:], 8, in[0], precision)
		for n := range block {
			if d := int(block[n]) - int(constant[n]); d < -1 || d > 1 {
				t.Fatalf("a flat block is %d; want %d", constant[n], block[n])
			}
		}
	})
}

// exactDCT is T.81 A.3.3.
func exactDCT(in *[64]int32, x, y int) float64 {
	sum := 0.0
	for v := range 8 {
		for u := range 8 {
			scale := 1.0
			if u == 0 {
				scale /= math.Sqrt2
			}
			if v == 0 {
				scale /= math.Sqrt2
			}
			sum += scale * float64(in[8*v+u]) * math.Cos(float64(2*x+1)*float64(u)*math.Pi/16) * math.Cos(float64(2*y+1)*float64(v)*math.Pi/16)
		}
	}
	return sum / 4
}
