package epoch

import (
	"encoding/json"
	"math"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
)

// mops is 10¹² operations a second in the unit of examinations.
const mops = 1e6

// ClaimMOPS is the int8 rate that a hardware profile's JSON claims, in 10⁶ operations a
// second, rounded to the nearest; 0 for one that this version can't read.
func ClaimMOPS(profile json.RawMessage) uint64 {
	p, err := hwprobe.ReadProfile(profile)
	if err != nil || !(p.TOPS.Median > 0) || p.TOPS.Median > mops {
		return 0
	}
	return uint64(math.Round(p.TOPS.Median * mops))
}

// examinations caps the tier of every node that was ever examined: the tier is that of
// the smaller of its claim and what it proved (score.Verified.Cap). The claim is that of
// the epoch's new profile, else of the profile that was examined last. What was proved
// stays over a change of the profile: else a new one would wipe out a failed examination.
func (g *gathered) examinations(in Inputs, byNode map[common.Address]*score.Evidence) {
	exams, claims := map[common.Address][]score.Exam{}, map[common.Address]uint64{}
	for _, e := range in.Examinations { // sorted by node and time
		if byNode[e.Node] == nil || e.Outcome == attest.OwnOutage {
			continue
		}
		exams[e.Node] = append(exams[e.Node], score.Exam{Memory: e.Subject == attest.MemorySize, Verdict: verdictOf(e), Figure: e.Figure()})
		claims[e.Node] = e.ClaimMOPS
	}
	for _, p := range in.Profiles {
		claims[p.Statement.Node] = ClaimMOPS(p.Statement.Profile)
	}
	for node, evidence := range byNode { // each by itself: the order is of no matter
		state := g.before[node]
		verified := state.Verified.After(exams[node])
		if verified == (score.Verified{}) {
			continue
		}
		if claim, known := claims[node]; known {
			verified.ClaimMOPS = claim
		}
		state.Verified = verified
		g.before[node] = state
		evidence.Tier = int(hwprobe.TierFor(float64(verified.Cap(verified.ClaimMOPS)) / mops))
	}
}

// verdictOf is an outcome in the score's words. A machine whose provider has no memory
// challenge proves nothing and has done no wrong; each has one of the rate.
func verdictOf(e attest.Examination) score.Verdict {
	switch {
	case e.Outcome == attest.Proved && e.Figure() > 0:
		return score.VerdictProved
	case e.Outcome == attest.False:
		return score.VerdictFalse
	case e.Outcome == attest.Unable && e.Subject == attest.MemorySize:
		return score.VerdictNone
	}
	return score.VerdictMissed
}
