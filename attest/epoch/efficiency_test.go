package epoch

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/models"
)

// measured is a signed profile with so many int8 TOPS at so many watts of the wall.
func (w *world) measured(node string, tops, watts float64) attest.SignedProfile {
	p := hwprobe.Profile{Version: hwprobe.ProfileVersion, TOPS: hwprobe.TOPS{Median: tops, Best: tops}, Watts: hwprobe.Watts{Value: watts, Basis: power.Wall}}
	raw, err := json.Marshal(p)
	w.must(err)
	return w.signedProfile(node, raw)
}

func (w *world) signedProfile(node string, raw json.RawMessage) attest.SignedProfile {
	s := attest.SignedProfile{Statement: attest.ProfileStatement{Node: w.party(node), ProfileDigest: models.DigestOf(raw), Profile: raw, At: w.start}}
	s.NodeSig = w.sign(s.Statement.Hash(testDomain), s.Statement.Node)
	return s
}

func TestEfficiencyOf(t *testing.T) {
	w := newWorld(t)
	const v1 = `{"version":1,"tops":{"median":20},"watts":{"value":1,"basis":"board"}}`
	for name, c := range map[string]struct {
		profile json.RawMessage
		want    score.Efficiency
	}{
		"full":       {w.measured("ann", 20, 8).Statement.Profile, score.Efficiency{Known: true, Share: score.One}},
		"half":       {w.measured("ann", 20, 16).Statement.Profile, score.Efficiency{Known: true, Share: score.One / 2}},
		"unmeasured": {w.profile("ann", 20).Statement.Profile, score.Efficiency{Known: true}},
		"version 1":  {json.RawMessage(v1), score.Efficiency{}},
		"no profile": {json.RawMessage(`{}`), score.Efficiency{}},
	} {
		if got := EfficiencyOf(c.profile); got != c.want {
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

// An epoch of profiles that know no efficiency has the bytes that it had before any did.
func TestOldEpochsKeepTheirBytes(t *testing.T) {
	w := newWorld(t)
	in := w.inputs()
	in.Profiles = []attest.SignedProfile{w.signedProfile("ann", json.RawMessage(`{"version":1,"tops":{"median":20},"watts":{"basis":"unmeasured"}}`))}
	b := w.build(in, State{})
	text, err := json.Marshal(b.Summary)
	w.must(err)
	if w.line(b, "ann").Tier != 1 || bytes.Contains(text, []byte("efficiency")) {
		t.Errorf("tier %d in %s", w.line(b, "ann").Tier, text)
	}
}
