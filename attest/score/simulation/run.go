package simulation

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/attest/score"
)

const daySeconds = 24 * 3600

// world is the network as it is on one day.
type world struct {
	conf     Config
	random   *rand.Rand
	joined   uint64
	nodes    []*node
	weights  score.Weights
	outages  map[int]bool
	capacity float64 // work in an hour of the nodes of the first day
	pool     *big.Int
	report   Report
}

// Run simulates a network. ctx ends it early.
func Run(ctx context.Context, c Config) (Report, error) {
	if err := c.Validate(); err != nil {
		return Report{}, err
	}
	w := &world{conf: c, random: rand.New(rand.NewPCG(c.Seed, 0)), outages: map[int]bool{}}
	monthly := new(big.Int)
	for range c.Nodes {
		n := w.join(0)
		w.nodes = append(w.nodes, n)
		w.capacity += tierSpeed[n.tier]
		monthly.Add(monthly, new(big.Int).SetUint64(c.Parameters.Tiers[n.tier].Weight))
	}
	// A balanced network: the pool holds the middle of its band for every node.
	const weiPerHive = 1_000_000_000_000_000_000
	w.pool = monthly.Mul(monthly, big.NewInt(weiPerHive))
	w.pool.Div(w.pool, big.NewInt(MonthDays))
	for range c.Outages {
		w.outages[w.random.IntN(c.Days)] = true
	}
	w.report = newReport(c)
	for day := range c.Days {
		if err := ctx.Err(); err != nil {
			return Report{}, fmt.Errorf("simulation: %w", context.Cause(ctx))
		}
		if err := w.day(day); err != nil {
			return Report{}, err
		}
		if (day+1)%MonthDays == 0 {
			w.endMonth(day)
		}
	}
	for _, n := range w.nodes {
		w.report.leave(n, c.Days)
	}
	w.report.sum()
	return w.report, nil
}

// demand is the work of a day as a share of what the network of the first day can do: a
// year's wave, quiet weekends, and two shocks, one up and one down.
func (c Config) demand(day int) float64 {
	const year, week = 365, 7
	d := 1 + c.Waves*math.Sin(2*math.Pi*float64(day)/year)
	if day%week >= 5 {
		d *= 1 - 2*c.Waves
	}
	switch {
	case day >= 100 && day < 115:
		d *= 1 + 3*c.Waves
	case day >= 220 && day < 235:
		d *= 1 - 3*c.Waves
	}
	return d * c.Utilisation
}

func (w *world) day(day int) error {
	const calm = 1 << 20 // parts of an offer, for the ratio of unmet ones
	load := w.conf.demand(day) * w.capacity / w.supply()
	demand := score.Demand{Offers: calm, Unmet: uint64(calm * max(0, 1-1/load))}
	load = min(load, 1)

	var group errgroup.Group
	cores := runtime.GOMAXPROCS(0)
	for core := range cores {
		group.Go(func() error {
			for i := core; i < len(w.nodes); i += cores {
				w.nodes[i].live(w.conf, day, load, w.outages[day])
			}
			return nil
		})
	}
	_ = group.Wait() // no node fails
	e := score.Epoch{Seconds: daySeconds, To: uint64(day+1) * daySeconds, Pool: w.pool, Before: w.weights, Demand: demand, Nodes: make([]score.Evidence, len(w.nodes))}
	for i, n := range w.nodes {
		e.Nodes[i] = n.evidence
	}
	r, err := score.Walk(w.conf.Parameters, e, func(first int, block []score.Line) error {
		for i := range block {
			w.scored(w.nodes[first+i], &block[i], day)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("simulation: day %d: %w", day, err)
	}
	w.weights = r.Weights
	w.report.day(r, load)
	return nil
}

// supply is the work in an hour of the nodes that are there now, those that are away as
// well: the market does not know who drops out today.
func (w *world) supply() (sum float64) {
	for _, n := range w.nodes {
		sum += tierSpeed[n.tier]
	}
	return sum
}

// scored takes a line back to its node.
func (w *world) scored(n *node, l *score.Line, day int) {
	n.before, n.stands, n.gate = l.Reputation, l.Standing, l.Gate
	reward, _ := new(big.Float).SetInt(l.Reward.Int).Float64()
	const weiPerHive = 1e18
	n.month.hive += reward / weiPerHive
	n.month.asked += l.Asked
	n.month.answered += l.Answered
	w.report.Lines++
	switch l.Gate {
	case score.GateOpen:
		return
	case score.GateChecks, score.GateQuality:
		if n.gatedDay < 0 && n.cheatDay >= 0 {
			n.gatedDay = day
		}
		n.flagged = true
	}
	n.month.closed++
	n.suspended[l.Gate]++
}

// endMonth enters the month's earnings and lets some nodes leave, others come.
func (w *world) endMonth(day int) {
	for i, n := range w.nodes {
		if n.joined <= day-MonthDays+1 {
			w.report.earned(n, day/MonthDays)
		}
		n.month = monthly{}
		if w.random.Float64() < w.conf.Churn {
			w.report.leave(n, day)
			w.nodes[i] = w.join(day + 1)
		}
	}
}
