package score

import (
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestThrift(t *testing.T) {
	today, first := DefaultParameters(), FirstParameters()
	for name, c := range map[string]struct {
		tier int
		e    Efficiency
		want Parts
	}{
		"an old profile":              {1, Efficiency{}, 800_000_000},
		"unqualified":                 {0, Efficiency{Known: true}, One},
		"tier 1, unmeasured":          {1, Efficiency{Known: true}, 800_000_000},
		"tier 1, half":                {1, Efficiency{true, One / 2}, 900_000_000},
		"tier 1, full":                {1, Efficiency{true, One}, One},
		"tier 2, unmeasured":          {2, Efficiency{Known: true}, 750_000_000},
		"more than all is no more":    {4, Efficiency{true, 7 * One}, One},
		"a share that nobody vouches": {1, Efficiency{false, One}, 800_000_000},
	} {
		if got := today.thrift(c.tier, c.e); got != c.want {
			t.Errorf("%s: %s; want %s", name, got, c.want)
		}
		if got := first.thrift(c.tier, c.e); got != One {
			t.Errorf("%s: %s before efficiency counted", name, got)
		}
	}
}

func TestEfficiencyOfACappedClaim(t *testing.T) {
	for name, c := range map[string]struct {
		verified, claim uint64
		want            Parts
	}{
		"all is verified": {60, 60, One / 2}, "more than claimed": {90, 60, One / 2}, "a third": {20, 60, One / 6}, "denied": {0, 60, 0}, "no claim": {0, 0, One / 2},
	} {
		if got := (Efficiency{true, One / 2}).Capped(c.verified, c.claim); got.Share != c.want {
			t.Errorf("%s: %s; want %s", name, got.Share, c.want)
		}
	}
	if got := (Efficiency{}).Capped(1, 2); got != (Efficiency{}) {
		t.Errorf("unknown became %+v", got)
	}
}

// Efficiency moves a reward inside what it would be without, never above, and more of it
// is never paid less; neighbours are not paid for it.
func TestEfficiencyScalesTheReward(t *testing.T) {
	p := DefaultParameters()
	rapid.Check(t, func(rt *rapid.T) {
		tier := rapid.IntRange(0, 4).Draw(rt, "tier")
		low := drawParts(rt, "low")
		high := low + (One - low).times(drawParts(rt, "more"))
		pool := new(big.Int).SetUint64(rapid.Uint64().Draw(rt, "pool"))
		pay := func(e Efficiency) (Line, Line) {
			node := healthy(1, tier, "DE")
			node.Efficiency = e
			lines := mustCompute(t, day(pool, node, healthy(2, tier, "FR"))).Lines
			return lines[0], lines[1]
		}
		worse, neighbour := pay(Efficiency{true, low})
		better, _ := pay(Efficiency{true, high})
		full, beside := pay(Efficiency{true, One})
		old, _ := pay(Efficiency{})
		if better.Limit.Cmp(worse.Limit.Int) < 0 || better.Score < worse.Score || full.Score < better.Score || full.Limit.Cmp(better.Limit.Int) < 0 || old.Score > worse.Score || old.Limit.Cmp(worse.Limit.Int) > 0 {
			rt.Fatalf("tier %d: %s pays %s of %s, %s pays %s of %s", tier, low, worse.Reward, worse.Limit, high, better.Reward, better.Limit)
		}
		if neighbour.Limit.Cmp(beside.Limit.Int) != 0 {
			rt.Fatalf("the neighbour's limit moved from %s to %s", beside.Limit, neighbour.Limit)
		}
		if floor := ratio(p.Tiers[tier].LowHive, p.Tiers[tier].HighHive); tier > 0 && worse.Score < full.Score/2 && floor > One/2 {
			rt.Fatalf("tier %d: efficiency %s takes more than the band: %d of %d", tier, low, worse.Score, full.Score)
		}
	})
}

// What was published before efficiency was known keeps its bytes.
func TestUnknownEfficiencyIsNotWritten(t *testing.T) {
	text, err := json.Marshal(Line{})
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]any
	if err := json.Unmarshal(text, &keys); err != nil || keys["efficiency"] != nil {
		t.Errorf("%s, %v", text, err)
	}
}
