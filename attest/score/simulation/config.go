package simulation

import (
	"errors"

	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/attest/score"
)

// MonthDays is the month of the bands.
const MonthDays = 30

// Config is a network and its year.
type Config struct {
	Nodes int    // at any time: who leaves is replaced
	Days  int    // one epoch each
	Seed  uint64 // of everything that is drawn

	JobsPerDay  int     // of a node that is busy all day
	Utilisation float64 // mean demand over what the nodes of the first day can do
	Waves       float64 // how far demand swings around its mean, 0 to 1

	Churn      float64 // share of the nodes that leaves in a month
	Newcomers  float64 // share of the nodes that cheats from its first job on
	Sleepers   float64 // share that works honestly for SleepDays first
	SleepDays  int
	CheatRate  float64 // share of a cheater's jobs whose result is made up
	Breakers   float64 // share of the nodes that takes awards and lets half of them lapse
	FalseFlags float64 // of checks of honest work, those that come out invalid
	Overlooked float64 // of checks of made-up results, those that come out valid
	Late       float64 // of an honest node's jobs, those after their deadline
	Disputes   float64 // of an honest node's jobs, those that a clinic disputes
	Outages    int     // days in the year on which the coordinator itself was away for half a day

	Rates      canary.Rates
	Parameters score.Parameters
}

// DefaultConfig is 10,000 nodes for a year. Checks of honest work go wrong as often as is
// allowed at the most, once in a thousand. None overlooks a made-up result: one that agrees
// with the reference would have cost as much as an honest one.
func DefaultConfig() Config {
	return Config{
		Nodes: 10_000, Days: 12 * MonthDays, Seed: 1,
		JobsPerDay: 48, Utilisation: 0.85, Waves: 0.15,
		Churn: 0.03, Newcomers: 0.02, Sleepers: 0.06, SleepDays: 120, CheatRate: 0.2, Breakers: 0.005,
		FalseFlags: 0.001, Overlooked: 0, Late: 0.02, Disputes: 0.0005, Outages: 4,
		Rates: canary.DefaultRates(), Parameters: score.DefaultParameters(),
	}
}

// Validate checks the ranges.
func (c Config) Validate() error {
	const most = 1_000_000 // nodes: what an epoch is made for
	if c.Nodes < 1 || c.Nodes > most || c.Days < 1 || c.JobsPerDay < 1 || c.SleepDays < 0 || c.Outages < 0 {
		return errors.New("simulation: want 1 to 1000000 nodes, at least a day and a job a day")
	}
	for _, share := range []float64{c.Waves, c.Churn, c.Newcomers, c.Sleepers, c.CheatRate, c.Breakers, c.FalseFlags, c.Overlooked, c.Late, c.Disputes} {
		if !(share >= 0 && share <= 1) {
			return errors.New("simulation: a share lies outside 0 to 1")
		}
	}
	if !(c.Utilisation >= 0) {
		return errors.New("simulation: want a utilisation of 0 or more")
	}
	if err := c.Rates.Validate(); err != nil {
		return err
	}
	return c.Parameters.Validate()
}
