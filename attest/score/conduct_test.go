package score

import (
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"
)

// history is a week's worth of checks: c and C are canaries, r and R replicas, x and X
// re-runs, valid in small letters and not in capitals; l is a lapse of a clinic of its own.
func history(letters string) (checks []Check) {
	kinds := map[rune]string{'c': CheckCanary, 'C': CheckCanary, 'r': CheckReplica, 'R': CheckReplica, 'x': CheckRerun, 'X': CheckRerun, 'l': CheckLapse}
	for i, letter := range letters {
		checks = append(checks, Check{Kind: kinds[letter], Valid: letter >= 'a' && letter != 'l', AtMS: int64(i), Receipt: [32]byte{byte(i), byte(i >> 8)}, By: common.Address{byte(i), byte(i >> 8)}})
	}
	return checks
}

func oneLine(t testing.TB, p Parameters, n Evidence) Line {
	t.Helper()
	r, err := Compute(p, day(hive(100_000), n))
	if err != nil {
		t.Fatal(err)
	}
	return r.Lines[0]
}

func TestChecksCloseTheGate(t *testing.T) {
	many := func(times int, s string) (all string) {
		for range times {
			all += s
		}
		return all
	}
	for name, c := range map[string]struct {
		checks string
		want   Gate
	}{
		"none":                                  {"", GateOpen},
		"valid ones":                            {"ccxc", GateOpen},
		"five straight failures":                {"CCXCC", GateOpen},
		"six straight failures":                 {"CCXCCC", GateChecks},
		"one in five of the coordinators'":      {many(8, "Ccccc"), GateChecks},
		"one in fifty":                          {many(8, "C"+many(49, "c")), GateOpen},
		"lifted by valid ones":                  {"CCCCCC" + many(20, "c"), GateOpen},
		"six replicas are the clinics' word":    {"RRRRRR", GateQuality},
		"nine lapses, each of another clinic":   {many(9, "l"), GateOpen},
		"eleven lapses, each of another clinic": {many(11, "l"), GateOpen}, // keys of clinics cost nothing
	} {
		n := healthy(1, 2, "DE")
		n.Checks = history(c.checks)
		if l := oneLine(t, DefaultParameters(), n); l.Gate != c.want || (l.Standing.SuspendedSince != 0) != (c.want != GateOpen) {
			t.Errorf("%s: gate %q since %d, want %q", name, l.Gate, l.Standing.SuspendedSince, c.want)
		}
		before := oneLine(t, SecondParameters(), n)
		n.Checks = nil
		if without := oneLine(t, SecondParameters(), n); !reflect.DeepEqual(before, without) {
			t.Errorf("%s: counted before conduct did: %+v", name, before)
		}
	}
}

// Who judges what: the coordinators' checks have a model of their own, replicas move the
// clinics', and both lower q and lift its weight.
func TestWhatChecksMove(t *testing.T) {
	p := DefaultParameters()
	clean := oneLine(t, p, healthy(1, 2, "DE"))
	line := func(checks string) (Line, Signals) {
		n := healthy(1, 2, "DE")
		n.Checks = history(checks)
		r := mustCompute(t, day(hive(100_000), n))
		return r.Lines[0], r.Signals
	}
	valid, _ := line("ccxx")
	if valid.Standing != clean.Standing || valid.Checked != 4 || valid.Factors.Q != One {
		t.Errorf("valid checks leave %+v", valid)
	}
	failed, lack := line("CX")
	if failed.Checked != 2 || failed.Failed != 2 || failed.Reputation != clean.Reputation || failed.Standing.Checks == (Reputation{}) || failed.Factors.Q != failed.Standing.Checked(&p) || failed.Factors.Q >= One || lack.Disputes != 2*One/3 {
		t.Errorf("failed checks leave %+v and %+v", failed, lack)
	}
	differed, lack := line("rR")
	if differed.Checked != 0 || differed.Compared != 2 || differed.Differed != 1 || differed.Standing.Checks != (Reputation{}) || differed.Reputation.Beta == 0 || differed.Factors.Q >= One || lack.Disputes != One/3 {
		t.Errorf("replicas leave %+v and %+v", differed, lack)
	}
}

// Strangers must not steer the weights.
func TestWhoIsNotRegisteredMovesNoSignal(t *testing.T) {
	stranger := healthy(2, 2, "DE")
	stranger.Registered, stranger.Windows, stranger.Checks = false, []Window{{Asked: 10, At: 59}}, history("CCCCRRRR")
	alone, both := mustCompute(t, day(hive(1), healthy(1, 2, "DE"))), mustCompute(t, day(hive(1), healthy(1, 2, "DE"), stranger))
	if alone.Signals != both.Signals {
		t.Errorf("%+v became %+v", alone.Signals, both.Signals)
	}
}

func TestSettle(t *testing.T) {
	replica := Check{Kind: CheckReplica, Receipt: [32]byte{1}}
	other := Check{Kind: CheckReplica, Receipt: [32]byte{2}}
	rerun := Check{Kind: CheckRerun, Valid: true, Receipt: [32]byte{1}}
	if got := Settle([]Check{replica, other, rerun}); !reflect.DeepEqual(got, []Check{other, rerun}) {
		t.Errorf("a re-run does not overrule its receipt's replica: %+v", got)
	}
	canary := Check{Kind: CheckCanary, Valid: true, Receipt: [32]byte{1}}
	if got := Settle([]Check{replica, other, canary}); len(got) != 3 {
		t.Errorf("dropped without a re-run: %+v", got)
	}
}

// A clinic's key costs nothing: alone it can't close the gate of a node.
func TestOneClinicCanNotSuspend(t *testing.T) {
	n := healthy(1, 2, "DE")
	var jobs []Job
	for i := range 5 {
		jobs = append(jobs, Job{StartMS: int64(i), EndMS: int64(i) + 1, Accepted: true, Clinic: address(9)})
	}
	n.Jobs = jobs
	for i := range 1000 {
		n.Checks = append(n.Checks, Check{Kind: CheckLapse, AtMS: int64(1000 + i), By: address(9)}, Check{Kind: CheckLapse, AtMS: int64(1000 + i), By: address(8)})
	}
	if l := oneLine(t, DefaultParameters(), n); l.Lapsed != 4+1 || l.Gate != GateOpen {
		t.Errorf("%d lapses count, gate %q", l.Lapsed, l.Gate)
	}
}

func TestPromisesAreKeptInTheOrderOfTime(t *testing.T) {
	deliver := func(at int64) Job { return Job{StartMS: at, EndMS: at, Accepted: true, Clinic: address(1)} }
	n := Evidence{Node: address(1), Registered: true, Jobs: []Job{deliver(10), deliver(20), deliver(30)}}
	n.Checks = []Check{{Kind: CheckLapse, AtMS: 15, By: address(1)}, {Kind: CheckLapse, AtMS: 20, By: address(1)}}
	p := DefaultParameters()
	model := &Parameters{Lambda: p.Conduct.PromiseLambda, Step: p.Conduct.PromiseStep}
	want := initial(p.Conduct.PromiseAlpha)
	for _, kept := range []bool{true, false, true, false, true} {
		want = want.After(model, kept)
	}
	if got := oneLine(t, p, n).Standing.Promises; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// absence runs epochs of 12 h in which the share of answered challenges is as given.
func absence(t *testing.T, shares ...uint64) (gates []Gate, s Standing) {
	p := DefaultParameters()
	for i, share := range shares {
		e := day(hive(1), Evidence{Node: address(1), Registered: true, Standing: s, Jobs: []Job{{StartMS: 1, EndMS: 2, Accepted: true}},
			Windows: []Window{{Asked: 100, Answered: share, At: int64(i + 100)}}})
		e.Seconds, e.To = p.WindowSeconds, uint64(i+101)*p.WindowSeconds-1
		r, err := Compute(p, e)
		if err != nil {
			t.Fatal(err)
		}
		gates, s = append(gates, r.Lines[0].Gate), r.Lines[0].Standing
	}
	return gates, s
}

func repeated(times int, share uint64) []uint64 {
	list := make([]uint64, times)
	for i := range list {
		list[i] = share
	}
	return list
}

func TestAbsenceSuspendsAfterTheGrace(t *testing.T) {
	const graceWindows = 14
	always, away := repeated(60, 100), repeated(60, 0)
	gates, s := absence(t, append(append([]uint64{}, always...), away...)...)
	first := 0
	for i, g := range gates {
		if g == GateUptime && first == 0 {
			first = i
		}
	}
	// Seven of sixty windows away leave a mean under 0.9; then fourteen of grace.
	if want := 60 + 7 - 1 + graceWindows; first != want {
		t.Errorf("suspended at window %d, want %d", first, want)
	}
	if s.SuspendedSince != uint64(first+101)*DefaultParameters().WindowSeconds-1 {
		t.Errorf("suspended since %d", s.SuspendedSince)
	}
	gates, s = absence(t, append(append(append([]uint64{}, always...), repeated(10, 0)...), repeated(60, 100)...)...)
	for i, g := range gates {
		// The mean is back over 0.9 only when ten dark windows are fewer than six: long after the grace.
		if suspended := i >= 60+7-1+graceWindows && i < 60+60+4-1; suspended != (g == GateUptime) {
			t.Errorf("window %d: %s", i, g)
		}
	}
	if s.GraceUntil != 0 || s.SuspendedSince != 0 {
		t.Errorf("nothing is forgiven: %+v", s)
	}
}

func TestUptimeOfWindowsThatNobodyAskedIn(t *testing.T) {
	u := Uptime{}
	u.Enter([]Window{{Asked: 4, Answered: 4, At: 10}}, 10)
	u.Enter([]Window{{At: 11}, {Asked: 4, Answered: 2, At: 12}, {Asked: 4, Answered: 2, At: 9}}, 15)
	if mean, known := u.Mean(60); !known || mean != 750_000_000 || u.Newest != 15 || u.Asked != 0 {
		t.Errorf("%s %v %+v", mean, known, u)
	}
	if mean, known := u.Mean(5); !known || mean != One/2 {
		t.Errorf("over five windows %s %v", mean, known)
	}
	edge := Uptime{}
	edge.Enter([]Window{{Asked: 1, Answered: 1, At: 5}}, 5+MaxUptimeWindows-1)
	if edge.Closed[0] == 0 {
		t.Error("a window within reach is forgotten")
	}
	if u.Enter(nil, 15+MaxUptimeWindows); u != (Uptime{}) {
		t.Errorf("nothing is forgotten: %+v", u)
	}
	if _, known := u.Mean(60); known {
		t.Error("a mean of nothing")
	}
}

func TestTheOrderOfWindowsIsOfNoMatter(t *testing.T) {
	n := healthy(1, 2, "DE")
	n.Windows = []Window{{Asked: 4, Answered: 1, At: 58}, {Asked: 4, Answered: 4, At: 59}}
	want := oneLine(t, DefaultParameters(), n)
	slices.Reverse(n.Windows)
	if got := oneLine(t, DefaultParameters(), n); got.Standing != want.Standing {
		t.Errorf("%+v became %+v", want.Standing, got.Standing)
	}
}

func TestUptimeAgreesWithAMapOfWindows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at, u, all := rapid.Int64Range(1, 1<<40).Draw(t, "start"), Uptime{}, map[int64]Window{}
		for range rapid.IntRange(0, 30).Draw(t, "epochs") {
			var windows []Window
			for range rapid.IntRange(0, 4).Draw(t, "windows") {
				asked := rapid.Uint64Range(0, 200).Draw(t, "asked")
				w := Window{Asked: asked, Answered: rapid.Uint64Range(0, asked).Draw(t, "answered"), At: at}
				windows = append(windows, w)
				sum := all[at]
				all[at] = Window{Asked: sum.Asked + w.Asked, Answered: sum.Answered + w.Answered}
				at += rapid.Int64Range(0, 25).Draw(t, "gap")
			}
			u.Enter(windows, at)
			data, err := json.Marshal(u)
			if err != nil {
				t.Fatal(err)
			}
			var back Uptime
			if err := json.Unmarshal(data, &back); err != nil || back != u {
				t.Fatalf("%s came back as %+v: %v", data, back, err)
			}
		}
		var sum, count uint64
		for n, w := range all {
			if w.Asked > 0 && n > at-MaxUptimeWindows {
				sum, count = sum+uint64(ratio(w.Answered, w.Asked)), count+1
			}
		}
		mean, known := u.Mean(MaxUptimeWindows)
		if known != (count > 0) {
			t.Fatalf("known %v, %d windows", known, count)
		}
		const halfStep = One/fullShare/2 + 1
		if want := ratio(sum, count*uint64(One)); known && (mean+halfStep < want || mean > want+halfStep) {
			t.Fatalf("mean %s, want %s", mean, want)
		}
	})
}

func TestUptimeText(t *testing.T) {
	for _, text := range []string{`"!"`, `"AAAA"`, `"AQ=="`, `"AR"`, fmt.Sprintf("%q", make([]byte, 100))} {
		var c ClosedShares
		if err := json.Unmarshal([]byte(text), &c); err == nil {
			t.Errorf("%s was read as %v", text, c)
		}
	}
}

func FuzzUptimeText(f *testing.F) {
	f.Add([]byte("/w"))
	f.Add([]byte("AQ"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var c ClosedShares
		if c.UnmarshalText(text) != nil {
			return
		}
		if back, err := c.MarshalText(); err != nil || string(back) != string(text) {
			t.Fatalf("%q came back as %q: %v", text, back, err)
		}
	})
}

// What was published before conduct counted keeps its bytes.
func TestAStandingOfNothingIsNotWritten(t *testing.T) {
	for _, v := range []any{Line{}, SecondParameters()} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var keys map[string]any
		if err := json.Unmarshal(text, &keys); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"standing", "conduct", "checked", "failed", "compared", "differed", "unchecked", "lapsed"} {
			if keys[key] != nil {
				t.Errorf("%s stands in %s", key, text)
			}
		}
	}
}

// TestTheFormulas computes an epoch a second time as the doc comments say, with whole
// numbers of any size.
func TestTheFormulas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e, p := drawEpoch(t), rapid.SampledFrom([]Parameters{DefaultParameters(), SecondParameters(), FirstParameters()}).Draw(t, "rules")
		r, err := Compute(p, e)
		if err != nil {
			t.Fatal(err)
		}
		number := func(v uint64) *big.Int { return new(big.Int).SetUint64(v) }
		sum := new(big.Int)
		for _, l := range r.Lines {
			sum.Add(sum, number(l.Score))
		}
		for i, l := range r.Lines {
			f := r.Weights.C.times(l.Factors.C) + r.Weights.A.times(l.Factors.A) + r.Weights.Q.times(l.Factors.Q) + r.Weights.N.times(l.Factors.N)
			kept := f.times(p.thrift(l.Tier, l.Efficiency))
			score := p.Tiers[l.Tier].Weight * uint64(kept)
			if l.Gate != GateOpen {
				score = 0
			}
			limit := hive(p.Tiers[l.Tier].HighHive)
			limit.Mul(limit, number(uint64(kept))).Mul(limit, number(e.Seconds))
			limit.Div(limit, new(big.Int).Mul(number(uint64(One)), number(p.MonthSeconds)))
			reward := new(big.Int)
			if score > 0 {
				if reward.Mul(e.Pool, number(score)).Div(reward, sum); reward.Cmp(limit) > 0 {
					reward.Set(limit)
				}
			}
			if l.Factor != f || l.Score != score || l.Limit.Cmp(limit) != 0 || l.Reward.Cmp(reward) != 0 {
				t.Fatalf("node %d: %+v, want w·f %s, score %d, limit %s, reward %s", i, l, f, score, limit, reward)
			}
		}
	})
}
