package burnin

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Eight values at once give what each gives alone.
func TestLeastAndMost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "a")
		b := rapid.SliceOfN(rapid.Byte(), len(a), len(a)).Draw(t, "b")
		low, high := slices.Clone(a), slices.Clone(a)
		least(low, b)
		most(high, b)
		for n := range a {
			if low[n] != min(a[n], b[n]) || high[n] != max(a[n], b[n]) {
				t.Fatalf("value %d of %v and %v: %d and %d", n, a, b, low[n], high[n])
			}
		}
	})
}

// reach is the extreme of the square around each pixel, at the edges of what there is of it.
func TestReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPlane(rapid.IntRange(1, 30).Draw(t, "width"), rapid.IntRange(1, 30).Draw(t, "height"))
		copy(p.pix, rapid.SliceOfN(rapid.Byte(), len(p.pix), len(p.pix)).Draw(t, "pixels"))
		low, high := p.reach(least), p.reach(most)
		for y := range p.height {
			for x := range p.width {
				want := [2]uint8{255, 0}
				for j := max(0, y-strokeReach); j <= min(p.height-1, y+strokeReach); j++ {
					for i := max(0, x-strokeReach); i <= min(p.width-1, x+strokeReach); i++ {
						v := p.pix[j*p.width+i]
						want[0], want[1] = min(want[0], v), max(want[1], v)
					}
				}
				if got := [2]uint8{low.pix[y*p.width+x], high.pix[y*p.width+x]}; got != want {
					t.Fatalf("%d × %d at %d,%d: %v, want %v", p.width, p.height, x, y, got, want)
				}
			}
		}
	})
}
