package epoch

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/power"
)

// measured is a signed profile with so many int8 TOPS at so many watts of the wall.
func (w *world) measured(node string, tops, watts float64) attest.SignedProfile {
	return w.signedProfile(node, w.document(node, tops, hwprobe.Watts{Value: watts, Basis: power.Wall}))
}

// first is a signed profile of version 1.
func (w *world) first(node string, tops float64) attest.SignedProfile {
	return w.signedProfile(node, fmt.Appendf(nil, `{"version":1,"tops":{"median":%g},"watts":{"basis":"unmeasured"}}`, tops))
}

func TestReadingOf(t *testing.T) {
	w := newWorld(t)
	unqualified := reading{efficiency: score.Efficiency{Known: true}}
	for name, c := range map[string]struct {
		profile attest.SignedProfile
		want    reading
	}{
		"full":       {w.measured("ann", 20, 8), reading{1, score.Efficiency{Known: true, Share: score.One}, 20 * mops}},
		"half":       {w.measured("ann", 20, 16), reading{1, score.Efficiency{Known: true, Share: score.One / 2}, 20 * mops}},
		"unmeasured": {w.profile("ann", 20), reading{1, score.Efficiency{Known: true}, 20 * mops}},
		"declared": {w.signedProfile("ann", w.document("ann", 20, hwprobe.Watts{Value: 8, Basis: power.Declared})),
			reading{1, score.Efficiency{Known: true}, 20 * mops}},
		"more TOPS/W than a machine has": {w.measured("ann", 20, 0.5), reading{1, score.Efficiency{Known: true}, 20 * mops}},
		"the chips alone": {w.signedProfile("ann", w.document("ann", 20, hwprobe.Watts{Value: 16, Basis: power.Package})),
			reading{1, score.Efficiency{Known: true, Share: score.One * 35 / 100}, 20 * mops}},
		"version 1":                {w.first("ann", 20), reading{1, score.Efficiency{}, 20 * mops}},
		"no profile":               {w.signedProfile("ann", json.RawMessage(`{}`)), unqualified},
		"a basis of one's own":     {w.signedProfile("ann", w.document("ann", 20, hwprobe.Watts{Value: 8, Basis: "guess"})), unqualified},
		"another node's":           {w.signedProfile("ann", w.measured("ben", 20, 8).Statement.Profile), unqualified},
		"nobody's":                 {w.signedProfile("ann", json.RawMessage(strings.Replace(string(w.document("ann", 20, hwprobe.Watts{Basis: power.Unmeasured})), w.party("ann").Hex(), "", 1))), unqualified},
		"more than a claim can be": {w.profile("ann", 2e6), reading{4, score.Efficiency{Known: true}, 0}},
	} {
		if got := readingOf(score.DefaultParameters(), c.profile.Statement); got != c.want {
			t.Errorf("%s: %+v; want %+v", name, got, c.want)
		}
	}
}

// Efficiency scales what a node earns, stays with it in epochs without a new profile, and
// shrinks with what compute challenges verify.
func TestEfficiencyIsCarriedAndCapped(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Profiles = []attest.SignedProfile{w.measured("ann", 20, 16), w.measured("ben", 130.5, 10)}
	b := w.build(in, State{})
	if ann, ben := w.line(b, "ann"), w.line(b, "ben"); ann.Efficiency.Share != score.One/2 || ben.Efficiency.Share != score.One {
		t.Errorf("efficiencies %+v, %+v", ann.Efficiency, ben.Efficiency)
	}
	in.Profiles[0] = w.measured("ann", 20, 8)
	better := w.build(in, State{})
	if worse, full := w.line(b, "ann"), w.line(better, "ann"); full.Score <= worse.Score || full.Reward.Cmp(worse.Reward.Int) < 0 {
		t.Errorf("half the efficiency scores %d and earns %s, all of it %d and %s", worse.Score, worse.Reward, full.Score, full.Reward)
	}
	dir := filepath.Join(t.TempDir(), "epoch")
	w.must(b.Write(dir))
	if found, err := Verify(dir); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	next := w.inputs()
	next.Number, next.From, next.To, next.Profiles, next.Receipts = 2, 1600, 2200, nil, nil
	next.Examinations = []attest.Examination{w.examination("ben", 1, attest.Proved, 130.5, 58)}
	second := w.build(next, b.State())
	if ann := w.line(second, "ann"); ann.Efficiency.Share != score.One/2 || ann.Claimed != ann.Efficiency {
		t.Errorf("without a new profile: %+v", ann.Efficiency)
	}
	if ben := w.line(second, "ben"); ben.Efficiency.Share >= score.One*6/10 || ben.Efficiency.Share < score.One/2 || ben.Claimed.Share != score.One {
		t.Errorf("58 of 130.5 TOPS were proved: %+v of %+v", ben.Efficiency, ben.Claimed)
	}
}

// What a node earns with version 1 is never more than with the poorest profile of version
// 2, and version 1 does not replace version 2.
func TestADowngradeGainsNothing(t *testing.T) {
	w := newWorld(t)
	epoch1 := func(p attest.SignedProfile) Bundle {
		in := w.inputs()
		in.Profiles = []attest.SignedProfile{p}
		return w.build(in, State{})
	}
	for _, tops := range []float64{1, 20, 50, 130, 500} {
		old, poor := w.line(epoch1(w.first("ann", tops)), "ann"), w.line(epoch1(w.profile("ann", tops)), "ann")
		if old.Tier != poor.Tier || old.Score > poor.Score || old.Limit.Cmp(poor.Limit.Int) > 0 || old.Reward.Cmp(poor.Reward.Int) > 0 {
			t.Errorf("%g TOPS: version 1 earns %s (score %d), an unmeasured one %s (%d)", tops, old.Reward, old.Score, poor.Reward, poor.Score)
		}
	}
	b := epoch1(w.measured("ann", 20, 16))
	second := func(profiles ...attest.SignedProfile) Line {
		in := w.inputs()
		in.Number, in.From, in.To = 2, 1600, 2200
		in.Window = Window{Profiles: profiles, Challenges: []attest.Challenge{w.challenge("ann", 50, attest.Answered)}}
		return w.line(w.build(in, b.State()), "ann")
	}
	kept, down := second(), second(w.first("ann", 500))
	down.LastSeq = kept.LastSeq // each answer has its own number
	if !reflect.DeepEqual(kept, down) {
		t.Errorf("version 1 after version 2: %+v; want %+v", down, kept)
	}
	if up := second(w.measured("ann", 50, 8)); up.Tier != 2 || up.Efficiency.Share != score.One {
		t.Errorf("version 2 after version 2: %+v", up)
	}
}

// A profile that its node signed but that names another one earns no tier.
func TestACopiedProfileIsUnqualified(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Profiles = []attest.SignedProfile{w.signedProfile("ann", w.profile("ben", 130.5).Statement.Profile), w.profile("ben", 130.5)}
	b := w.build(in, State{})
	if ann, ben := w.line(b, "ann"), w.line(b, "ben"); ann.Tier != 0 || ben.Tier != 3 {
		t.Errorf("the copy gives tier %d, the original %d", ann.Tier, ben.Tier)
	}
}

// An epoch that was published before efficiency counted has the wei of then: its profiles
// of version 1 pay in full, bounds or not. testdata/first was written by the version before.
func TestAnEpochOfTheFirstRulesRecomputes(t *testing.T) {
	dir := filepath.Join("testdata", "first")
	if found, err := Verify(dir); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	first, err := Read(dir)
	if err != nil || first.Inputs.Parameters.Thrift {
		t.Fatalf("%+v, %v", first.Inputs.Parameters, err)
	}
	w := newWorld(t)
	today := first.Inputs
	today.Parameters = score.DefaultParameters()
	now := w.build(today, State{})
	for node, tier := range map[string]int{"ann": 1, "ben": 3, "eve": 0, "liz": 0} {
		then, now := w.line(first, node), w.line(now, node)
		if now.Tier != tier || then.Tier < now.Tier || then.Limit.Cmp(now.Limit.Int) <= 0 {
			t.Errorf("%s: tier %d and at most %s wei then, %d and %s now; want tier %d", node, then.Tier, then.Limit, now.Tier, now.Limit, tier)
		}
	}
	// The next epoch is scored by today's rules, also for a node whose profile is of then.
	in := w.inputs()
	in.Number, in.From, in.To, in.Window = 2, 1600, 2200, Window{Challenges: []attest.Challenge{w.challenge("ann", 50, attest.Answered)}}
	after := w.line(w.build(in, first.State()), "ann")
	in.Parameters = score.FirstParameters()
	if then := w.line(w.build(in, first.State()), "ann"); after.Tier != 1 || after.Score >= then.Score {
		t.Errorf("tier %d with score %d; by the rules of then %d", after.Tier, after.Score, then.Score)
	}
}

// Once efficiency has counted, no epoch goes back to the rules of before.
func TestRulesDoNotGoBack(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	first := w.build(in, State{})
	in = w.inputs()
	in.Number, in.From, in.To, in.Parameters, in.Window = 2, 1600, 2200, score.FirstParameters(), Window{}
	if _, err := Build(in, first.State()); err == nil || !strings.Contains(err.Error(), "thrift") {
		t.Errorf("%v", err)
	}
}

// Epochs that were published before verdicts counted have the wei of then, and follow each
// other as they did. testdata/second and second-next were written by the version before.
func TestEpochsOfTheSecondRulesRecompute(t *testing.T) {
	first, next := filepath.Join("testdata", "second"), filepath.Join("testdata", "second-next")
	if found, err := VerifyChain(first, next); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	b, err := Read(next)
	if err != nil || b.Inputs.Parameters != score.SecondParameters() {
		t.Fatalf("%+v, %v", b.Inputs.Parameters, err)
	}
	// Today's epoch builds on it.
	w := newWorld(t)
	in := w.inputs()
	in.Number, in.From, in.To, in.Window = 3, 2200, 2800, Window{Challenges: []attest.Challenge{w.challenge("ann", 50, attest.Answered)}}
	in.Challenges[0].Answer.Uptime.Seq += 100
	in.Challenges[0].Answer.NodeSig = w.sign(in.Challenges[0].Answer.Uptime.Hash(testDomain), w.party("ann"))
	if after := w.line(w.build(in, b.State()), "ann"); after.Tier != 1 || after.Standing == (score.Standing{}) {
		t.Errorf("ann goes on with tier %d, %+v", after.Tier, after.Standing)
	}
}

// Once verdicts have counted, no epoch goes back to the rules of before.
func TestConductDoesNotGoBack(t *testing.T) {
	w := newWorld(t)
	first := w.build(w.inputs(), State{})
	in := w.inputs()
	in.Number, in.From, in.To, in.Parameters, in.Window = 2, 1600, 2200, score.SecondParameters(), Window{}
	if _, err := Build(in, first.State()); err == nil || !strings.Contains(err.Error(), "conduct") {
		t.Errorf("%v", err)
	}
}
