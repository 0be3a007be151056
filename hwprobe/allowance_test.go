package hwprobe

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/hwprobe/power"
)

// More watts never pay better, and at the same watts neither does a worse basis.
func TestEfficiencyIsMonotonic(t *testing.T) {
	bases := []power.Basis{power.Wall, power.Board, power.Package, power.Declared, power.Unmeasured, "Wall", ""}
	rapid.Check(t, func(rt *rapid.T) {
		tops := rapid.Float64Range(0, 1000).Draw(rt, "tops")
		watts := rapid.Float64Range(tops/maxTOPSPerWatt+0.1, 1000).Draw(rt, "watts")
		more := watts * rapid.Float64Range(1, 10).Draw(rt, "more")
		best := 1.0
		for _, basis := range bases {
			e := efficiencyAt(tops, watts, basis)
			if !(e >= 0 && e <= best) {
				rt.Fatalf("%v TOPS at %v W: %v by %q, %v by a better basis", tops, watts, e, basis, best)
			}
			if dear := efficiencyAt(tops, more, basis); dear > e {
				rt.Fatalf("%v TOPS by %q: %v at %v W, %v at %v W", tops, basis, e, watts, dear, more)
			}
			best = e
		}
	})
}

// One machine whose power supply and fans take up to what the allowances hold is not paid
// better for measuring its chips or its board than for a plug.
func TestAPlugPaysAtLeastAsMuchAsASensorOfLess(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tops := rapid.Float64Range(0, 1000).Draw(rt, "tops")
		wall := rapid.Float64Range(tops/maxTOPSPerWatt*2+0.1, 1000).Draw(rt, "wall")
		board := wall * rapid.Float64Range(0.85, 1).Draw(rt, "the supply's efficiency")
		chips := board * rapid.Float64Range(0.7/0.85, 1).Draw(rt, "the chips' part of the board")
		const rounding = 1e-9
		e := efficiencyAt(tops, wall, power.Wall) + rounding
		if b, p := efficiencyAt(tops, board, power.Board), efficiencyAt(tops, chips, power.Package); b > e || p > e {
			rt.Fatalf("%v TOPS: %v by a plug (%v W), %v by the board (%v W), %v by the chips (%v W)", tops, e, wall, b, board, p, chips)
		}
	})
}

func efficiencyAt(tops, watts float64, basis power.Basis) float64 {
	return Efficiency(Profile{TOPS: TOPS{Median: tops}, Watts: Watts{Value: watts, Basis: basis}})
}
