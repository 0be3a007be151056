package score

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

const hour = 3_600_000 // ms

func address(n byte) common.Address { return common.Address{19: n} }

// healthy is a node that works the whole of an epoch of one day.
func healthy(n byte, tier int, jurisdiction string) Evidence {
	return Evidence{
		Node: address(n), Tier: tier, Registered: true, Jurisdiction: jurisdiction, Trust: TrustDevice, Efficiency: Efficiency{true, One},
		Jobs:    []Job{{StartMS: 0, EndMS: 24 * hour, Accepted: true}},
		Windows: []Window{{Asked: 10, Answered: 10}, {Asked: 10, Answered: 10}},
	}
}

func day(pool *big.Int, nodes ...Evidence) Epoch {
	return Epoch{Seconds: 24 * 3600, To: 30 * 24 * 3600, Pool: pool, Nodes: nodes}
}

func mustCompute(t testing.TB, e Epoch) Result {
	t.Helper()
	r, err := Compute(DefaultParameters(), e)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSixStraightFailuresDisqualify(t *testing.T) {
	p := DefaultParameters()
	r := Reputation{Alpha: p.Alpha}
	for failures := 1; failures <= 6; failures++ {
		r = r.After(&p, false)
		if gone := r.Value() < p.DisqualifyUnder; gone != (failures == 6) {
			t.Errorf("after %d failures the value is %s, disqualified %v", failures, r.Value(), gone)
		}
	}
}

func TestHealthyNodesOfABalancedNetworkEarnInsideTheirBands(t *testing.T) {
	p := DefaultParameters()
	var nodes []Evidence
	places := []string{"DE", "FR", "CH", "AT", "SE"}
	for tier := 1; tier < TierCount; tier++ {
		for i, place := range places {
			nodes = append(nodes, healthy(byte(10*tier+i), tier, place))
		}
	}
	pool := hive(1_000_000)
	for _, l := range mustCompute(t, day(pool, nodes...)).Lines {
		month := new(big.Int).Mul(l.Reward.Int, big.NewInt(30))
		band := p.Tiers[l.Tier]
		if month.Cmp(hive(band.LowHive)) < 0 || month.Cmp(hive(band.HighHive)) > 0 {
			t.Errorf("tier %d earns %s wei a month, want %d to %d HIVE (%+v)", l.Tier, month, band.LowHive, band.HighHive, l.Factors)
		}
	}
}

func TestFactors(t *testing.T) {
	cases := map[string]struct{ got, want Parts }{
		"idle machine":                           {compute(0, 3600), 0},
		"half busy":                              {compute(hour/2, 3600), One / 2},
		"busier than the epoch is long":          {compute(3*hour, 3600), One},
		"mean over windows, not over challenges": {availability([]Window{{Asked: 100, Answered: 100}, {Asked: 1}}, 0), One / 2},
		"windows that nobody asked in":           {availability([]Window{{}, {Asked: 4, Answered: 3}}, 0), 750_000_000},
		"never asked, but worked":                {availability(nil, 1), One},
		"never asked, never worked":              {availability(nil, 0), 0},
		"all late":                               {quality(Reputation{Alpha: 1}, One, 4, 4), One / 2},
		"one of four late":                       {quality(Reputation{Alpha: 1}, One, 4, 1), 875_000_000},
		"alone":                                  {scarcity("DE", 1, 1), One},
		"all in one place":                       {scarcity("DE", 3, 3), 0},
		"two of five here":                       {scarcity("DE", 2, 5), 750_000_000},
		"place unknown":                          {scarcity("", 1, 5), 0},
		"scarce, key in a file":                  {network(One, TrustSoftware), 750_000_000},
		"scarce, trust unheard of":               {network(One, "friend"), One / 2},
	}
	for name, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: %s, want %s", name, c.got, c.want)
		}
	}
}

func TestJobsAtTheSameTimeKeepAMachineBusyOnce(t *testing.T) {
	jobs := []Job{
		{StartMS: 50, EndMS: 150, Accepted: true},
		{StartMS: 0, EndMS: 100, Accepted: true},
		{StartMS: 20, EndMS: 30, Accepted: true},
		{StartMS: 200, EndMS: 300, Accepted: true},
		{StartMS: 0, EndMS: 10_000, Accepted: false},
	}
	if got := new(scales).busyMS(jobs); got != 250 {
		t.Errorf("busy for %d ms, want 250", got)
	}
}

func TestTheGate(t *testing.T) {
	stranger := healthy(2, 4, "DE")
	stranger.Registered = false
	silent := Evidence{Node: address(3), Tier: 4, Registered: true, Jurisdiction: "DE", Trust: TrustDevice, Windows: []Window{{Asked: 5}}}
	bad := healthy(4, 4, "DE")
	bad.Jobs = append(bad.Jobs, make([]Job, 6)...)
	r := mustCompute(t, day(hive(100), healthy(1, 0, "DE"), stranger, silent, bad))
	want := []Gate{GateOpen, GateNotRegistered, GateNoEvidence, GateQuality}
	for i, l := range r.Lines {
		if l.Gate != want[i] {
			t.Errorf("node %d: gate %q, want %q", i+1, l.Gate, want[i])
		}
		if (l.Reward.Sign() > 0) != (i == 0) {
			t.Errorf("node %d (%s) earns %s", i+1, l.Gate, l.Reward)
		}
	}
}

func TestNoEvidenceNoPool(t *testing.T) {
	r := mustCompute(t, day(hive(100)))
	if r.Total.Sign() != 0 || len(r.Lines) != 0 {
		t.Errorf("an empty epoch pays %s", r.Total)
	}
	if _, err := Compute(DefaultParameters(), Epoch{Seconds: 0, Pool: hive(1)}); err == nil {
		t.Error("an epoch of no length was scored")
	}
	twice := day(hive(1), healthy(1, 1, "DE"), healthy(1, 1, "DE"))
	if _, err := Compute(DefaultParameters(), twice); err == nil {
		t.Error("a node that stands there twice was scored")
	}
}

func TestEpochsAreChecked(t *testing.T) {
	for name, alter := range map[string]func(e *Epoch){
		"no length":              func(e *Epoch) { e.Seconds = 0 },
		"longer than ten years":  func(e *Epoch) { e.Seconds = maxEpochSeconds + 1 },
		"no end":                 func(e *Epoch) { e.To = 0 },
		"an end beyond all time": func(e *Epoch) { e.To = math.MaxUint64 },
		"no pool":                func(e *Epoch) { e.Pool = nil },
		"a debt":                 func(e *Epoch) { e.Pool = big.NewInt(-1) },
		"unmet offers over all":  func(e *Epoch) { e.Demand.Unmet = 1 },
		"weights of its own":     func(e *Epoch) { e.Before = Weights{C: One} },
		"weights short of one":   func(e *Epoch) { e.Before = InitialWeights(DefaultParameters()); e.Before.C-- },
		"no such tier":           func(e *Epoch) { e.Nodes[0].Tier = TierCount },
		"an endless reputation":  func(e *Epoch) { e.Nodes[0].Before.Alpha = math.MaxUint64 },
		"an endless standing":    func(e *Epoch) { e.Nodes[0].Standing.Promises.Beta = math.MaxUint64 },
	} {
		e := day(hive(1), healthy(1, 1, "DE"))
		alter(&e)
		if _, err := Compute(DefaultParameters(), e); err == nil {
			t.Errorf("%s: let through", name)
		}
	}
	p := DefaultParameters()
	if p.Step++; p.Published() || !DefaultParameters().Published() || !ThirdParameters().Published() || !SecondParameters().Published() || !FirstParameters().Published() {
		t.Error("the published rules are not those of this version and the ones before")
	}
}

func TestTenUnqualifiedEarnNoMoreThanTheLowEndOfTierOne(t *testing.T) {
	p := DefaultParameters()
	if 10*p.Tiers[0].HighHive > p.Tiers[1].LowHive {
		t.Errorf("ten unqualified earn up to %d, tier 1 from %d", 10*p.Tiers[0].HighHive, p.Tiers[1].LowHive)
	}
}

func drawParts(t *rapid.T, label string) Parts {
	return Parts(rapid.Uint64Range(0, uint64(One)).Draw(t, label))
}

func drawSignals(t *rapid.T) Signals {
	return Signals{drawParts(t, "unmet"), drawParts(t, "outage"), drawParts(t, "disputes"), drawParts(t, "concentration")}
}

func TestWeightsStayInBoundsAndFollowTheirSignal(t *testing.T) {
	p := DefaultParameters()
	rapid.Check(t, func(t *rapid.T) {
		w := InitialWeights(p)
		for range rapid.IntRange(1, 60).Draw(t, "epochs") {
			w = w.Next(p, drawSignals(t))
			if err := w.Validate(p); err != nil {
				t.Fatal(err)
			}
		}
		s := drawSignals(t)
		calm := targetWeights(p, s)
		if err := calm.Validate(p); err != nil {
			t.Fatal(err)
		}
		s.Disputes = One
		const rounding = 4
		if targetWeights(p, s).Q+rounding < calm.Q {
			t.Fatalf("more disputes lowered q: %s to %s", calm.Q, targetWeights(p, s).Q)
		}
	})
}

func drawEvidence(n byte) *rapid.Generator[Evidence] {
	return rapid.Custom(func(t *rapid.T) Evidence {
		e := Evidence{
			Node: address(n), Tier: rapid.IntRange(0, 4).Draw(t, "tier"), Registered: rapid.Bool().Draw(t, "registered"),
			Jurisdiction: rapid.SampledFrom([]string{"", "DE", "FR", "US"}).Draw(t, "place"),
			Trust:        rapid.SampledFrom([]Trust{"", TrustSoftware, TrustDevice}).Draw(t, "trust"),
			Before:       Reputation{rapid.Uint64Range(0, 1000*uint64(One)).Draw(t, "alpha"), rapid.Uint64Range(0, 1000*uint64(One)).Draw(t, "beta")},
		}
		for range rapid.IntRange(0, 8).Draw(t, "jobs") {
			start := rapid.Int64Range(0, 100*hour).Draw(t, "start")
			e.Jobs = append(e.Jobs, Job{StartMS: start, EndMS: start + rapid.Int64Range(0, 24*hour).Draw(t, "took"), Accepted: rapid.Bool().Draw(t, "accepted"), Late: rapid.Bool().Draw(t, "late")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "windows") {
			asked := rapid.Uint64Range(0, 1000).Draw(t, "asked")
			e.Windows = append(e.Windows, Window{Asked: asked, Answered: rapid.Uint64Range(0, asked).Draw(t, "answered"), At: rapid.Int64Range(0, 200).Draw(t, "at")})
		}
		for range rapid.IntRange(0, 4).Draw(t, "checks") {
			c := Check{Kind: rapid.SampledFrom([]string{CheckCanary, CheckRerun, CheckReplica, CheckLapse}).Draw(t, "kind"), AtMS: rapid.Int64Range(0, 100*hour).Draw(t, "judged")}
			c.Valid = c.Kind != CheckLapse && rapid.Bool().Draw(t, "valid")
			e.Checks = append(e.Checks, c)
		}
		e.Standing = Standing{GraceUntil: rapid.Uint64Range(0, math.MaxInt64).Draw(t, "grace"), SuspendedSince: rapid.Uint64Range(0, 1).Draw(t, "since")}
		return e
	})
}

func drawEpoch(t *rapid.T) Epoch {
	offers := rapid.Uint64().Draw(t, "offers")
	e := Epoch{
		Seconds: rapid.Uint64Range(1, maxEpochSeconds).Draw(t, "seconds"),
		To:      rapid.Uint64Range(1, math.MaxInt64).Draw(t, "to"),
		Pool:    new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "pool")),
		Demand:  Demand{offers, rapid.Uint64Range(0, offers).Draw(t, "unmet")},
	}
	for n := range rapid.IntRange(0, 12).Draw(t, "nodes") {
		e.Nodes = append(e.Nodes, drawEvidence(byte(n+1)).Draw(t, fmt.Sprint("node ", n+1)))
	}
	return e
}

func TestEveryEpochHoldsItsBounds(t *testing.T) {
	p := DefaultParameters()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEpoch(t)
		r, err := Compute(p, e)
		if err != nil {
			t.Fatal(err)
		}
		sum := new(big.Int)
		for i, l := range r.Lines {
			for _, f := range []Parts{l.Factors.C, l.Factors.A, l.Factors.Q, l.Factors.N, l.Factor} {
				if f > One {
					t.Fatalf("a factor is %s", f)
				}
			}
			if l.Reward.Sign() < 0 || l.Reward.Cmp(l.Limit.Int) > 0 {
				t.Fatalf("reward %s, limit %s", l.Reward, l.Limit)
			}
			if l.Gate != GateOpen && (l.Score != 0 || l.Reward.Sign() != 0) {
				t.Fatalf("a closed gate pays %s", l.Reward)
			}
			if l.Node != e.Nodes[i].Node {
				t.Fatal("the lines are out of order")
			}
			sum.Add(sum, l.Reward.Int)
		}
		if sum.Cmp(e.Pool) > 0 || sum.Cmp(r.Total) != 0 {
			t.Fatalf("paid %s, total %s, pool %s", sum, r.Total, e.Pool)
		}
	})
}

// TestTheOrderOfNodesIsOfNoMatter shuffles an epoch: each node's line stays the same.
func TestTheOrderOfNodesIsOfNoMatter(t *testing.T) {
	p := DefaultParameters()
	rapid.Check(t, func(t *rapid.T) {
		e := drawEpoch(t)
		r, err := Compute(p, e)
		if err != nil {
			t.Fatal(err)
		}
		e.Nodes = rapid.Permutation(e.Nodes).Draw(t, "order")
		shuffled, err := Compute(p, e)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range shuffled.Lines {
			i := slices.IndexFunc(r.Lines, func(m Line) bool { return m.Node == l.Node })
			if !reflect.DeepEqual(r.Lines[i], l) {
				t.Fatalf("line %+v became %+v", r.Lines[i], l)
			}
		}
	})
}

// TestMoreIsNeverPaidLess raises one factor of one node, all else equal.
func TestMoreIsNeverPaidLess(t *testing.T) {
	p := DefaultParameters()
	rapid.Check(t, func(t *rapid.T) {
		w := InitialWeights(p).Next(p, drawSignals(t))
		low := Shares{drawParts(t, "c"), drawParts(t, "a"), drawParts(t, "q"), drawParts(t, "n")}
		high := low
		raised := rapid.SampledFrom([]*Parts{&high.C, &high.A, &high.Q, &high.N}).Draw(t, "which")
		*raised += (One - *raised).times(drawParts(t, "by"))
		tier := rapid.IntRange(0, 4).Draw(t, "tier")
		seconds := rapid.Uint64Range(1, maxEpochSeconds).Draw(t, "seconds")
		pool := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, "pool"))
		others := rapid.Uint64Range(0, 1<<50).Draw(t, "others")
		pay := func(f Shares) *big.Int {
			factor := factor(w, f)
			score := p.Tiers[tier].Weight * uint64(factor)
			sum := new(big.Int).Add(new(big.Int).SetUint64(score), new(big.Int).SetUint64(others))
			y := newPayer(p, Epoch{Seconds: seconds, Pool: pool}, sum, 1)
			return y.reward(score, y.limit(tier, factor))
		}
		if pay(high).Cmp(pay(low)) < 0 {
			t.Fatalf("factors %+v pay %s, better ones %+v pay %s", low, pay(low), high, pay(high))
		}
	})
}

func TestAcceptedJobsLiftAndDisputesLowerReputation(t *testing.T) {
	p := DefaultParameters()
	rapid.Check(t, func(t *rapid.T) {
		r := Reputation{Alpha: p.Alpha}
		for _, ok := range rapid.SliceOfN(rapid.Bool(), 0, 200).Draw(t, "history") {
			r = r.After(&p, ok)
		}
		const rounding = 3 // α and β round down each on their own
		if up := r.After(&p, true).Value(); up+rounding < r.Value() {
			t.Fatalf("an accepted job lowered %s to %s", r.Value(), up)
		}
		if down := r.After(&p, false).Value(); down > r.Value()+rounding {
			t.Fatalf("a dispute lifted %s to %s", r.Value(), down)
		}
	})
}

func TestParametersAreChecked(t *testing.T) {
	if err := DefaultParameters().Validate(); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(p *Parameters){
		"share over a half": func(p *Parameters) { p.Shares.C, p.Shares.A = 550_000_000, 0 },
		"shares not whole":  func(p *Parameters) { p.Shares.C-- },
		"minimum too high":  func(p *Parameters) { p.MinWeight = One / 3 },
		"no smoothing":      func(p *Parameters) { p.Smoothing = 0 },
		"λ over 1":          func(p *Parameters) { p.Lambda = One + 1 },
		"band upside down":  func(p *Parameters) { p.Tiers[1].LowHive = 1000 },
		"no month":          func(p *Parameters) { p.MonthSeconds = 0 },
		"a limit over 1":    func(p *Parameters) { p.Conduct.UptimeUnder = One + 1 },
		"no promises":       func(p *Parameters) { p.Conduct.PromiseAlpha = 0 },
		"too long a mean":   func(p *Parameters) { p.Conduct.UptimeWindows = MaxUptimeWindows + 1 },
		"endless grace":     func(p *Parameters) { p.Conduct.GraceSeconds = maxEpochSeconds + 1 },
	}
	for name, alter := range cases {
		p := DefaultParameters()
		alter(&p)
		if err := p.Validate(); err == nil {
			t.Errorf("%s was let through", name)
		}
	}
}

func TestWeiIsADecimalString(t *testing.T) {
	for _, text := range []string{`"0"`, `"1"`, `"115792089237316195423570985008687907853269984665640564039457584007913129639935"`} {
		var w Wei
		if err := json.Unmarshal([]byte(text), &w); err != nil {
			t.Fatal(err)
		}
		if back, err := json.Marshal(w); err != nil || string(back) != text {
			t.Errorf("%s came back as %s, %v", text, back, err)
		}
	}
	for _, text := range []string{`1`, `""`, `"-1"`, `"0x1"`, `"1e3"`, `null`, `"115792089237316195423570985008687907853269984665640564039457584007913129639936"`, `"` + strings.Repeat("9", 1000) + `"`} {
		var w Wei
		if err := json.Unmarshal([]byte(text), &w); err == nil && w.Int != nil {
			t.Errorf("%.20s was read as %s", text, w)
		}
	}
}
