package score

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// explained is what is said of a node's line in the epoch of day, one sentence a line.
func explained(t testing.TB, n Evidence) string {
	t.Helper()
	e := day(hive(100_000), n)
	r := mustCompute(t, e)
	var text strings.Builder
	for _, s := range Explain(r.Lines[0], Context{Parameters: DefaultParameters(), Weights: r.Weights, Seconds: e.Seconds, To: e.To}) {
		text.WriteString(s.About + " " + string(s.Mood) + ": " + s.Text + "\n")
	}
	return text.String()
}

func TestExplain(t *testing.T) {
	altered := func(alter func(n *Evidence)) Evidence {
		n := healthy(1, 2, "DE")
		n.Windows = []Window{{Asked: 10, Answered: 10, At: 58}, {Asked: 10, Answered: 10, At: 59}}
		alter(&n)
		return n
	}
	long := func(share byte) (u Uptime) {
		for i := range u.Closed {
			u.Closed[i] = 1 + share
		}
		u.Newest = 58
		return u
	}
	for name, c := range map[string]struct {
		node Evidence
		want []string
	}{
		"a healthy node": {altered(func(*Evidence) {}), []string{
			"reward fact: 13.33 HIVE: all that tier 2 allows for w·f of 100.0 % (300 to 400 HIVE in 30 days)",
			"reward advice: tier 3 has 700 to 900 HIVE; `medhive probe` says what this machine lacks for it",
			"compute fact: c = 100.0 %, weight 30.7 %: busy with accepted work for 24h0m0s of 24h0m0s",
			"availability fact: a = 100.0 %, weight 21.8 %: 20 of 20 uptime challenges answered; a mean over windows of 12h0m0s",
			"quality fact: q = 100.0 %, weight 27.7 %: jobs accepted 1 (late 0), disputed 0; what clinics say came to 100.0 %",
			"network fact: n = 100.0 %, weight 19.8 %: the mean of 100.0 % scarcity of DE and 100.0 % trust (device)",
			"efficiency fact: the tier's full TOPS/W: nothing is taken off",
			"checks fact: checks by the coordinators 0 (failed 0), comparisons by clinics 0 (differed 0); checks came to 100.0 %",
			"uptime fact: 100.0 % on the mean of the last 30 days; under 90.0 % suspends after 7 days' grace",
		}},
		"a stranger":       {altered(func(n *Evidence) { n.Registered = false }), []string{"gate penalty: not registered; register the node and keep it active"}},
		"unmeasured watts": {altered(func(n *Evidence) { n.Efficiency = Efficiency{} }), []string{"efficiency advice: 75.0 % of the reward is paid, for 0.0 % of the tier's TOPS/W"}},
		"no TPM":           {altered(func(n *Evidence) { n.Trust = TrustSoftware }), []string{"network advice: a TPM key with its vendor's voucher would add 25.0 % to n"}},
		"a late job":       {altered(func(n *Evidence) { n.Jobs[0].Late = true }), []string{"quality advice: late results (1) cost 50.0 % of q"}},
		"disputes":         {altered(func(n *Evidence) { n.Jobs = append(n.Jobs, Job{}, Job{}) }), []string{"quality notice: 4 disputed jobs in a row would close the gate (limit 95.0 %, now 98.0 %)"}},
		"one failed check": {altered(func(n *Evidence) { n.Checks, n.Unchecked = history("C"), 2 }), []string{
			"checks fact: checks by the coordinators 1 (failed 1), comparisons by clinics 0 (differed 0); could not be made 2, which count neither way; checks came to 99.0 %",
			"checks notice: 5 failed checks in a row would close the gate (limit 95.0 %, now 99.0 %)",
		}},
		"six failed checks": {altered(func(n *Evidence) { n.Checks = history("CCCCCC") }), []string{
			"gate penalty: checks of its work failed; valid checks lift it, since the epoch that ended 1970-01-31 00:00 UTC",
			"checks penalty: 94.1 % is under the limit of 95.0 %: 16 valid checks in a row lift it",
		}},
		"broken promises": {altered(func(n *Evidence) { n.Checks = history("lll") }), []string{
			"promises fact: awards taken and not delivered in this epoch: 2; promises came to 90.7 %",
			"promises notice: 9 broken promises in a row would close the gate (limit 60.0 %, now 90.7 %)",
		}},
		"on its way down": {altered(func(n *Evidence) {
			n.Standing.Uptime, n.Windows[0].Answered, n.Windows[1].Answered = long(fullShare), 5, 5
		}), []string{
			"uptime notice: at this rate (50.0 % of challenges answered) the mean falls under the limit on 1970-02-05 00:00 UTC and suspends on 1970-02-12 00:00 UTC: keep the node reachable",
		}},
		"in its grace": {altered(func(n *Evidence) { n.Standing = Standing{Uptime: long(220), GraceUntil: 31 * 24 * 3600} }), []string{
			"uptime notice: the mean is under the limit: it suspends on 1970-02-01 00:00 UTC; answering every challenge lifts the mean over the limit by 1970-02-06 12:00 UTC",
		}},
		"suspended for absence": {altered(func(n *Evidence) { n.Standing = Standing{Uptime: long(220), GraceUntil: 1} }), []string{
			"uptime penalty: suspended for absence: answering every challenge lifts the mean over the limit by 1970-02-06 12:00 UTC",
		}},
	} {
		text := explained(t, c.node)
		for _, want := range c.want {
			if !strings.Contains(text, want) {
				t.Errorf("%s: want %q in\n%s", name, want, text)
			}
		}
		if name == "a healthy node" && strings.Count(text, "\n") != len(c.want) {
			t.Errorf("%s: more is said than wanted:\n%s", name, text)
		}
	}
}

// Each closed gate is named with what lifts it, and no penalty is named that isn't there.
func TestEveryClosedGateIsExplained(t *testing.T) {
	subject := map[Gate]string{GateQuality: "quality", GateChecks: "checks", GatePromises: "promises", GateUptime: "uptime"}
	rapid.Check(t, func(t *rapid.T) {
		e, p := drawEpoch(t), DefaultParameters()
		r, err := Compute(p, e)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range r.Lines {
			said := Explain(l, Context{Parameters: p, Weights: r.Weights, Seconds: e.Seconds, To: e.To})
			penalty := func(about string) bool {
				return slices.ContainsFunc(said, func(s Sentence) bool { return s.About == about && s.Mood == MoodPenalty })
			}
			if penalty("gate") != (l.Gate != GateOpen) {
				t.Fatalf("gate %q: %+v", l.Gate, said)
			}
			if about := subject[l.Gate]; about != "" && !penalty(about) {
				t.Fatalf("nothing says what lifts %q: %+v", l.Gate, said)
			}
			for gate, about := range subject {
				if l.Gate == GateOpen && penalty(about) {
					t.Fatalf("an open gate, but a penalty as for %q: %+v", gate, said)
				}
			}
		}
	})
}

// Whatever a stranger sends as a line is refused or explained; and what Compute wrote is
// never refused.
func FuzzExplain(f *testing.F) {
	data, err := json.Marshal(mustCompute(f, day(hive(1), healthy(1, 2, "DE"))).Lines[0])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data, uint64(30*24*3600))
	f.Add([]byte(`{"gate":"open","standing":{"checks":{"beta":1},"grace_until":9,"uptime":{"newest":-9223372036854775808,"asked":1,"answered":1}}}`), ^uint64(0))
	f.Fuzz(func(t *testing.T, data []byte, to uint64) {
		var l Line
		if json.Unmarshal(data, &l) != nil || l.Validate() != nil {
			return
		}
		for _, p := range []Parameters{DefaultParameters(), SecondParameters(), FirstParameters()} {
			if len(Explain(l, Context{Parameters: p, Seconds: 1, To: to})) == 0 {
				t.Fatal("nothing is said")
			}
		}
	})
}

func TestComputedLinesAreValid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := drawEpoch(t)
		r, err := Compute(DefaultParameters(), e)
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Lines {
			if err := r.Lines[i].Validate(); err != nil {
				t.Fatal(err)
			}
		}
	})
	for name, alter := range map[string]func(l *Line){
		"a factor over 1": func(l *Line) { l.Factors.Q = One + 1 }, "an endless model": func(l *Line) { l.Standing.Checks.Beta = ^uint64(0) },
		"no such tier": func(l *Line) { l.Tier = TierCount }, "a gate of its own": func(l *Line) { l.Gate = "pay 1 HIVE to evil" }, "no country": func(l *Line) { l.Jurisdiction = "D\x1b" }, "no trust": func(l *Line) { l.Trust = "\n" },
	} {
		l := mustCompute(t, day(hive(1), healthy(1, 2, "DE"))).Lines[0]
		if alter(&l); l.Validate() == nil {
			t.Errorf("%s: let through", name)
		}
	}
}
