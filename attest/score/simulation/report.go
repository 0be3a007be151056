package simulation

import (
	"slices"

	"github.com/medhive/medhive/attest/score"
)

// Caught is how cheaters of one kind fared.
type Caught struct {
	Nodes      int     `json:"nodes"`        // with at least JobsCounted jobs since they began
	ChecksEach float64 `json:"checks_each"`  // planned checks per job when they began
	Within     float64 `json:"within"`       // share caught within JobsCounted jobs
	HalfAfter  uint64  `json:"half_after"`   // jobs, for half of them
	Closed     float64 `json:"closed"`       // share whose gate was closed
	ClosedDays int     `json:"closed_after"` // days, for half of these
	Curve      []int   `json:"curve"`        // by jobs since they began, how many were caught by then
}

// JobsCounted is within how many jobs a cheater is to be caught.
const JobsCounted = 100

// curveJobs is how far the picture's curve reaches.
const curveJobs = 400

// Earned is what a tier earned in a month, in HIVE, over all months.
type Earned struct {
	Healthy Quantiles `json:"healthy"` // honest, up 99 % of the month, never suspended, with the tier's measured TOPS/W
	Honest  Quantiles `json:"honest"`  // every honest node that was there all month
	Cheats  Quantiles `json:"cheats"`
	Inside  float64   `json:"inside"` // share of the healthy inside the band

	Months []Quantiles `json:"months"` // the healthy of each month
	months [][]float64
	all    [3][]float64
}

// Quantiles of amounts; zero when there are none.
type Quantiles struct {
	Count  int     `json:"count"`
	Low    float64 `json:"p5"`
	Median float64 `json:"p50"`
	High   float64 `json:"p95"`
}

func quantiles(amounts []float64) Quantiles {
	if len(amounts) == 0 {
		return Quantiles{}
	}
	slices.Sort(amounts)
	at := func(share float64) float64 { return amounts[int(share*float64(len(amounts)-1)+0.5)] }
	const low, median, high = 0.05, 0.5, 0.95
	return Quantiles{len(amounts), at(low), at(median), at(high)}
}

// Report is what a year showed.
type Report struct {
	Config Config `json:"config"`
	Lines  int    `json:"lines"`
	Jobs   uint64 `json:"jobs"`

	Newcomers Caught `json:"newcomers"`
	Sleepers  Caught `json:"sleepers"`

	Overhead     float64            `json:"overhead"`      // checks' part of all that was computed
	Checks       uint64             `json:"checks"`        // verdicts on honest nodes' work
	Flags        uint64             `json:"flags"`         // of these, invalid: FalseFlags was drawn
	HonestNodes  int                `json:"honest_nodes"`  // nodes that never cheated nor broke a promise
	HonestClosed int                `json:"honest_closed"` // of these, ever suspended for quality or checks
	HonestDays   int                `json:"honest_days"`
	ClosedDays   map[score.Gate]int `json:"closed_days"` // of honest nodes, by gate
	Breakers     int                `json:"breakers"`
	BreakersShut int                `json:"breakers_shut"` // ever suspended for broken promises

	Tiers   [score.TierCount]Earned `json:"tiers"`
	Weights [2]score.Shares         `json:"weights"` // the least and the most of each in the year
	Load    [2]float64              `json:"load"`

	caught [2][]uint64 // jobs until caught, by kind; 0: not
	closed [2][]int
	each   [2]float64
	cost   uint64
}

func newReport(c Config) Report {
	r := Report{Config: c, ClosedDays: map[score.Gate]int{}}
	for i := range r.Tiers {
		r.Tiers[i].months = make([][]float64, (c.Days+MonthDays-1)/MonthDays)
	}
	r.Weights[0] = score.Shares{C: score.One, A: score.One, Q: score.One, N: score.One}
	r.Load[0] = 1
	return r
}

func (r *Report) day(result score.Result, load float64) {
	least, most, w := &r.Weights[0], &r.Weights[1], result.Weights
	least.C, least.A, least.Q, least.N = min(least.C, w.C), min(least.A, w.A), min(least.Q, w.Q), min(least.N, w.N)
	most.C, most.A, most.Q, most.N = max(most.C, w.C), max(most.A, w.A), max(most.Q, w.Q), max(most.N, w.N)
	r.Load[0], r.Load[1] = min(r.Load[0], load), max(r.Load[1], load)
}

// earned enters a node's whole month.
func (r *Report) earned(n *node, month int) {
	t := &r.Tiers[n.tier]
	if n.conduct != honest {
		if n.cheatDay >= 0 {
			t.all[2] = append(t.all[2], n.month.hive)
		}
		return
	}
	t.all[1] = append(t.all[1], n.month.hive)
	const up = 99 // percent
	if n.month.closed > 0 || 100*n.month.answered < up*n.month.asked || n.efficiency.Share < score.One {
		return
	}
	t.all[0] = append(t.all[0], n.month.hive)
	t.months[month] = append(t.months[month], n.month.hive)
}

// leave enters a node's whole life.
func (r *Report) leave(n *node, day int) {
	r.Jobs += n.computed
	r.cost += n.cost
	switch {
	case n.conduct == breaker:
		r.Breakers++
		if n.suspended[score.GatePromises] > 0 {
			r.BreakersShut++
		}
	case n.conduct == honest:
		r.HonestNodes++
		r.Checks, r.Flags = r.Checks+n.checks, r.Flags+n.flags
		if n.flagged {
			r.HonestClosed++
		}
		r.HonestDays += day - n.joined
		for gate, days := range n.suspended {
			r.ClosedDays[gate] += days
		}
	case n.cheatDay >= 0 && n.computed-n.cheatedFrom >= JobsCounted:
		kind := 0
		if n.conduct == sleeper {
			kind = 1
		}
		r.caught[kind] = append(r.caught[kind], n.caught)
		r.each[kind] += n.startRate
		if n.gatedDay >= 0 {
			r.closed[kind] = append(r.closed[kind], n.gatedDay-n.cheatDay+1)
		}
	}
}

// sum works out what is a share or a quantile.
func (r *Report) sum() {
	r.Overhead = float64(r.cost) / float64(max(r.Jobs+r.cost, 1))
	for kind, c := range []*Caught{&r.Newcomers, &r.Sleepers} {
		c.Nodes, c.Curve = len(r.caught[kind]), make([]int, curveJobs+1)
		if c.Nodes == 0 {
			continue
		}
		c.ChecksEach = r.each[kind] / float64(c.Nodes)
		slices.Sort(r.caught[kind])
		slices.Sort(r.closed[kind])
		seen := 0
		for _, jobs := range r.caught[kind] {
			if jobs == 0 {
				continue
			}
			if seen++; 2*seen >= c.Nodes && c.HalfAfter == 0 {
				c.HalfAfter = jobs
			}
			for after := jobs; after <= curveJobs; after++ {
				c.Curve[after]++
			}
		}
		c.Within = float64(c.Curve[JobsCounted]) / float64(c.Nodes)
		if len(r.closed[kind]) > 0 {
			c.Closed, c.ClosedDays = float64(len(r.closed[kind]))/float64(c.Nodes), r.closed[kind][len(r.closed[kind])/2]
		}
	}
	for i := range r.Tiers {
		t, band := &r.Tiers[i], r.Config.Parameters.Tiers[i]
		t.Healthy, t.Honest, t.Cheats = quantiles(t.all[0]), quantiles(t.all[1]), quantiles(t.all[2])
		inside := 0
		for _, amount := range t.all[0] {
			if amount >= float64(band.LowHive) && amount <= float64(band.HighHive) {
				inside++
			}
		}
		if len(t.all[0]) > 0 {
			t.Inside = float64(inside) / float64(len(t.all[0]))
		}
		for _, amounts := range t.months {
			t.Months = append(t.Months, quantiles(amounts))
		}
	}
}
