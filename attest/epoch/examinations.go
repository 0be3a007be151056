package epoch

import (
	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
)

// examinations caps the tier of every node that was ever examined: the tier is that of
// the smaller of its claim and what it proved (score.Verified.Cap). The claim is that of
// the epoch's new profile, else of the profile that was examined last. What was proved
// stays over a change of the profile: else a new one would wipe out a failed examination.
func (g *gathered) examinations(in Inputs, read map[common.Address]reading, byNode map[common.Address]*score.Evidence) {
	exams, claims := map[common.Address][]score.Exam{}, map[common.Address]uint64{}
	for _, e := range in.Examinations { // sorted by node and time
		if byNode[e.Node] == nil || e.Outcome == attest.OwnOutage {
			continue
		}
		exams[e.Node] = append(exams[e.Node], score.Exam{Memory: e.Subject == attest.MemorySize, Prompted: e.Prompted, Verdict: verdictOf(e), Figure: e.Figure()})
		claims[e.Node] = e.ClaimMOPS
	}
	for node, r := range read { // each by itself: the order is of no matter
		claims[node] = r.claimMOPS
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

// verdictOf is an outcome in the score's words. Being unable is no excuse, since the offer
// names the work: only machines whose provider has such a challenge are asked for it.
func verdictOf(e attest.Examination) score.Verdict {
	switch {
	case e.Outcome == attest.Proved && e.Figure() > 0:
		return score.VerdictProved
	case e.Outcome == attest.False:
		return score.VerdictFalse
	}
	return score.VerdictMissed
}
