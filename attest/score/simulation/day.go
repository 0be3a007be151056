package simulation

import (
	"math"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/score"
)

const (
	dayMS         = 24 * 3600 * 1000
	windowsADay   = 2  // of 12 h
	asksAWindow   = 72 // a challenge every ten minutes
	lostAnswers   = 0.002
	suspendedLoad = 0.1 // of the work: what still comes to a node whose gate is closed
	clinics       = 50
)

// live is a day of one node: what it gives the epoch. load is the share of its time for
// which there is work; outage says that the coordinator asked nobody in the first half.
func (n *node) live(c Config, day int, load float64, outage bool) {
	e := &n.evidence
	*e = score.Evidence{
		Node: n.address, Tier: n.tier, Registered: true, Jurisdiction: n.place, Trust: n.trust, Efficiency: n.efficiency,
		Before: n.before, Standing: n.stands, Jobs: e.Jobs[:0], Windows: e.Windows[:0], Checks: e.Checks[:0],
	}
	hours := n.present()
	for half, up := range hours {
		if outage && half == 0 {
			continue
		}
		w := score.Window{Asked: asksAWindow, At: int64(day*windowsADay + half)}
		w.Answered = uint64(math.Round(asksAWindow * up / 12))
		if w.Answered > 0 && n.random.Float64() < asksAWindow*lostAnswers {
			w.Answered--
		}
		e.Windows = append(e.Windows, w)
	}
	if n.gate != "" && n.gate != score.GateOpen {
		load *= suspendedLoad
	}
	const spread = 0.1 // chance is kinder to some nodes than to others
	load = min(1, load*(1-spread+2*spread*n.random.Float64()))
	count := int(math.Round(float64(c.JobsPerDay) * (hours[0] + hours[1]) / 24 * load))
	length := int64(dayMS / c.JobsPerDay)
	for i := range count {
		start := int64(day)*dayMS + int64(i)*length
		n.work(c, day, start, start+length)
	}
	e.Checks = score.Settle(e.Checks)
}

// work is one job, with the checks that canary.Rates plan for it.
func (n *node) work(c Config, day int, start, end int64) {
	clinic := common.Address{19: byte(n.random.IntN(clinics))}
	const lapses = 0.5 // of a breaker's awards
	if n.conduct == breaker && n.random.Float64() < lapses {
		n.evidence.Checks = append(n.evidence.Checks, score.Check{Kind: score.CheckLapse, AtMS: end, By: clinic})
		return
	}
	plan := c.Rates.Plan(n.history, canary.Draws{Canary: n.random.Float64(), Replica: n.random.Float64(), Rerun: n.random.Float64()})
	n.computed++
	madeUp := n.result(c, day)
	job := score.Job{StartMS: start, EndMS: end, Accepted: n.random.Float64() >= c.Disputes, Late: n.random.Float64() < c.Late, Clinic: clinic}
	found := false
	if plan.Replica {
		n.cost++
		if !n.judge(c, score.CheckReplica, end, madeUp) {
			// A third copy breaks the tie and the coordinator runs every disagreement again:
			// its word is what counts (score.Settle).
			n.cost++
			plan.Rerun = true
		}
	}
	if plan.Rerun {
		n.cost++
		found = !n.judge(c, score.CheckRerun, end, madeUp)
	}
	if !found {
		n.evidence.Jobs = append(n.evidence.Jobs, job)
	}
	if plan.Canary { // a job like any other to the node; it cheats there as often
		n.cost++
		if n.judge(c, score.CheckCanary, end, n.result(c, day)) {
			job.Accepted, job.Clinic = true, common.Address{}
			n.evidence.Jobs = append(n.evidence.Jobs, job)
		}
	}
}

// result draws whether the next result is made up, and counts it.
func (n *node) result(c Config, day int) (madeUp bool) {
	n.jobs++
	return n.cheats(c, day) && n.random.Float64() < c.CheatRate
}

// judge is one comparison. Those of one receipt carry its number, so that a re-run
// overrules the clinic's word.
func (n *node) judge(c Config, kind string, at int64, madeUp bool) (valid bool) {
	wrong := c.FalseFlags
	if madeUp {
		wrong = c.Overlooked
	}
	valid = madeUp == (n.random.Float64() < wrong)
	check := score.Check{Kind: kind, Valid: valid, AtMS: at, By: common.Address{1}}
	for i := range 8 { // the receipt's hash
		check.Receipt[i] = byte(n.jobs >> (8 * i))
	}
	n.evidence.Checks = append(n.evidence.Checks, check)
	if !madeUp && n.cheatDay < 0 {
		n.checks++
		if !valid {
			n.flags++
		}
	}
	if valid {
		n.history = n.history.After(attest.JudgedValid)
		return true
	}
	n.history = n.history.After(attest.JudgedInvalid)
	if n.caught == 0 && n.cheatDay >= 0 {
		n.caught = n.computed - n.cheatedFrom
	}
	return false
}
