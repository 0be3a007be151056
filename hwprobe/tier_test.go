package hwprobe

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/hwprobe/power"
)

func TestTierOf(t *testing.T) {
	for name, c := range map[string]struct {
		tops, watts float64
		tier        Tier
		reasons     int
		next        string // in the last rows
	}{
		"nothing":                 {0, 0, Unqualified, 2, "tier 1 needs 15"},
		"this class of machine":   {0.885, 0, Unqualified, 2, "14.1 more"},
		"just below":              {14.999, 5, Unqualified, 2, "tier 1 needs 15"},
		"tier 1 exactly":          {15, 6, 1, 4, "tier 2 needs 45"},
		"inefficient keeps tier":  {50, 500, 2, 4, "tier 3 needs 120"},
		"efficient earns no tier": {44, 1, 1, 4, "tier 2 needs 45"},
		"tier 3":                  {120, 30, 3, 4, "tier 4 needs 450"},
		"tier 4 has no next":      {485, 72, 4, 2, ""},
	} {
		w := Watts{Basis: Unmeasured}
		if c.watts > 0 {
			w = Watts{Value: c.watts, Basis: "board"}
		}
		p := Profile{TOPS: TOPS{Median: c.tops}, Watts: w}
		tier, reasons := TierOf(p)
		text := ""
		for _, r := range reasons {
			text += r.Text + "\n"
			if r.Rule == "tops" && r.Met != (r.Tier == tier) {
				t.Errorf("%s: %+v contradicts %v", name, r, tier)
			}
			if r.Rule == "efficiency" && c.watts == 0 && !strings.Contains(r.Text, "unmeasured") {
				t.Errorf("%s: %q must say that power is unmeasured", name, r.Text)
			}
		}
		if tier != c.tier || len(reasons) != c.reasons || !strings.Contains(text, c.next) {
			t.Errorf("%s: %v for\n%swant %v with %d reasons and %q", name, tier, text, c.tier, c.reasons, c.next)
		}
	}
	if Unqualified.String() != "unqualified" || Tier(2).String() != "tier 2" {
		t.Error("names of tiers")
	}
}

// More TOPS never lowers the tier, and watts never change it.
func TestTierIsMonotonic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.Float64Range(0, 1000).Draw(rt, "tops")
		b := a + rapid.Float64Range(0, 1000).Draw(rt, "more")
		w := Watts{Value: rapid.Float64Range(0.1, 1000).Draw(rt, "watts"), Basis: "board"}
		low, _ := TierOf(Profile{TOPS: TOPS{Median: a}, Watts: Watts{Basis: Unmeasured}})
		same, _ := TierOf(Profile{TOPS: TOPS{Median: a}, Watts: w})
		high, _ := TierOf(Profile{TOPS: TOPS{Median: b}, Watts: w})
		if low != same || high < low || high > 4 {
			rt.Fatalf("%v TOPS: %v and %v; %v TOPS: %v", a, low, same, b, high)
		}
	})
}

func TestEfficiency(t *testing.T) {
	for name, c := range map[string]struct {
		tops, watts float64
		basis       power.Basis
		want        float64
	}{
		"unmeasured":               {20, 0, power.Unmeasured, 0},
		"a figure without a basis": {20, 8, power.Unmeasured, 0},
		"declared is a word":       {20, 8, power.Declared, 0},
		"tier 1, full":             {20, 8, power.Wall, 1},
		"tier 1, more than full":   {20, 1, power.Wall, 1},
		"tier 1, half":             {15, 12, power.Wall, 0.5},
		"tier 2 needs more":        {48, 30, power.Wall, 0.5},
		"the board's part":         {15, 12, power.Board, 0.85 * 0.5},
		"the chips' part":          {48, 30, power.Package, 0.7 * 0.5},
		"tier 4":                   {450, 200, power.Wall, 0.5},
		"unqualified, by tier 1":   {10, 8, power.Wall, 0.5},
		"nothing":                  {0, 8, power.Wall, 0},
		"a basis of one's own":     {20, 8, "laboratory", 0},
		"no basis":                 {20, 8, "", 0},
		"a microwatt":              {20, 1e-6, power.Wall, 0},
		"just plausible":           {30, 1, power.Package, 1},
		"just not":                 {30.1, 1, power.Wall, 0},
	} {
		p := Profile{TOPS: TOPS{Median: c.tops}, Watts: Watts{Value: c.watts, Basis: c.basis}}
		if got := Efficiency(p); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v; want %v", name, got, c.want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		tops, watts := rapid.Float64Range(0, 1000).Draw(rt, "tops"), rapid.Float64Range(0.1, 1000).Draw(rt, "watts")
		p := Profile{TOPS: TOPS{Median: tops}, Watts: Watts{Value: watts, Basis: power.Wall}}
		e := Efficiency(p)
		p.Watts.Value *= 2
		if half := Efficiency(p); e < 0 || e > 1 || half > e && tops/watts <= maxTOPSPerWatt {
			rt.Fatalf("%v TOPS at %v W: %v, at twice the watts %v", tops, watts, e, half)
		}
	})
}
