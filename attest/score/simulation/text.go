package simulation

import (
	"fmt"
	"math"
	"strings"

	"github.com/medhive/medhive/attest/score"
)

// What a year must show (market.md).
const (
	wantNewcomers = 0.85 // of the cheaters among newcomers, caught within JobsCounted jobs
	wantTrusted   = 0.63 // of those who were trusted before
	wantOverhead  = 0.10 // of all computations, at the most
	wantClosed    = 0.001
	wantInside    = 0.95 // of the healthy nodes' months, inside the band
)

// Missed lists what the year did not show as it must, one sentence each. Shares of few
// nodes are given three standard deviations.
func (r Report) Missed() (missed []string) {
	for _, k := range []struct {
		who  string
		c    Caught
		want float64
	}{{"newcomers that cheat", r.Newcomers, wantNewcomers}, {"trusted nodes that begin to cheat", r.Sleepers, wantTrusted}} {
		const deviations = 3
		if k.c.Nodes > 0 && k.c.Within < k.want-deviations*k.c.error(k.want) {
			missed = append(missed, fmt.Sprintf("of %d %s %.1f %% are caught within %d jobs; want %.0f %%", k.c.Nodes, k.who, 100*k.c.Within, JobsCounted, 100*k.want))
		}
	}
	if r.Overhead > wantOverhead {
		missed = append(missed, fmt.Sprintf("checks take %.1f %% of all computations; want at most %.0f %%", 100*r.Overhead, 100*wantOverhead))
	}
	if closed := float64(r.HonestClosed) / float64(max(r.HonestNodes, 1)); closed > wantClosed {
		missed = append(missed, fmt.Sprintf("%d of %d honest nodes were suspended by checks; want at most %.1f %%", r.HonestClosed, r.HonestNodes, 100*wantClosed))
	}
	for tier, t := range r.Tiers {
		if tier > 0 && t.Healthy.Count > 0 && t.Inside < wantInside {
			missed = append(missed, fmt.Sprintf("tier %d: %.1f %% of the healthy nodes' months are inside the band; want %.0f %%", tier, 100*t.Inside, 100*wantInside))
		}
	}
	return missed
}

// Text is the report for people.
func (r Report) Text() string {
	var b strings.Builder
	c := r.Config
	fmt.Fprintf(&b, "%d nodes, %d days, seed %d: %d lines scored, %d jobs; work for %.0f to %.0f %% of the network\n", c.Nodes, c.Days, c.Seed, r.Lines, r.Jobs, 100*r.Load[0], 100*r.Load[1])
	fmt.Fprintf(&b, "weights between c %.3f and %.3f, a %.3f and %.3f, q %.3f and %.3f, n %.3f and %.3f\n",
		share(r.Weights[0].C), share(r.Weights[1].C), share(r.Weights[0].A), share(r.Weights[1].A), share(r.Weights[0].Q), share(r.Weights[1].Q), share(r.Weights[0].N), share(r.Weights[1].N))
	fmt.Fprintf(&b, "\ndetection of cheating in %.0f %% of the jobs\n", 100*c.CheatRate)
	for _, k := range []struct {
		who string
		c   Caught
	}{{"from the first job", r.Newcomers}, {fmt.Sprintf("after %d honest days", c.SleepDays), r.Sleepers}} {
		fmt.Fprintf(&b, "  %-22s %4d nodes, %.3f checks a job as they began: %5.1f ± %.1f %% caught within %d jobs, half after %d; gate closed for %.1f %%, half by day %d\n",
			k.who, k.c.Nodes, k.c.ChecksEach, 100*k.c.Within, 100*k.c.error(k.c.Within), JobsCounted, k.c.HalfAfter, 100*k.c.Closed, k.c.ClosedDays)
	}
	fmt.Fprintf(&b, "  at the floor of the rates chance alone catches %.1f %% within %d jobs\n", 100*c.atFloor(), JobsCounted)
	fmt.Fprintf(&b, "  broken promises: %d of %d nodes that let every second award lapse were suspended\n", r.BreakersShut, r.Breakers)
	fmt.Fprintf(&b, "  checks take %.2f %% of all computations\n", 100*r.Overhead)
	fmt.Fprintf(&b, "\nfalse flags: %d of %d checks of honest work (%.3f %%; drawn: %.3f %%); %d of %d honest nodes suspended by checks or quality\n",
		r.Flags, r.Checks, 100*float64(r.Flags)/float64(max(r.Checks, 1)), 100*c.FalseFlags, r.HonestClosed, r.HonestNodes)
	fmt.Fprintf(&b, "  days of honest nodes with a closed gate, of %d: quality %d, checks %d, promises %d, uptime %d, no evidence %d\n", r.HonestDays,
		r.ClosedDays[score.GateQuality], r.ClosedDays[score.GateChecks], r.ClosedDays[score.GatePromises], r.ClosedDays[score.GateUptime], r.ClosedDays[score.GateNoEvidence])
	fmt.Fprintf(&b, "\nHIVE a month          band   healthy nodes: months     p5    p50    p95  inside   all honest:    p5    p50    p95   cheaters:   p50\n")
	for tier, t := range r.Tiers {
		p := c.Parameters.Tiers[tier]
		fmt.Fprintf(&b, "  tier %d    %5d to %5d   %21d %6.0f %6.0f %6.0f %5.1f %%   %17.0f %6.0f %6.0f   %15.0f\n", tier, p.LowHive, p.HighHive,
			t.Healthy.Count, t.Healthy.Low, t.Healthy.Median, t.Healthy.High, 100*t.Inside, t.Honest.Low, t.Honest.Median, t.Honest.High, t.Cheats.Median)
	}
	for _, m := range r.Missed() {
		fmt.Fprintf(&b, "missed: %s\n", m)
	}
	return b.String()
}

// atFloor is the probability that a cheater at the floor of all rates is seen within
// JobsCounted jobs, with cheating rate r, replicas, re-runs and canaries:
//
//	1 − ((1 − r·(1 − (1−replica)(1−rerun))) · (1 − r·canary))^JobsCounted
func (c Config) atFloor() float64 {
	r := c.CheatRate * (1 - c.Overlooked)
	unseen := (1 - r*(1-(1-c.Rates.FloorReplica)*(1-c.Rates.Rerun))) * (1 - r*c.Rates.FloorCanary)
	return 1 - math.Pow(unseen, JobsCounted)
}

// error is the standard error of a share of the nodes.
func (c Caught) error(share float64) float64 {
	return math.Sqrt(share * (1 - share) / float64(max(c.Nodes, 1)))
}

func share(p score.Parts) float64 { return float64(p) / float64(score.One) }
