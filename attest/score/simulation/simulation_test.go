package simulation

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest/canary"
)

// small is a network that a test can wait for.
func small() Config {
	c := DefaultConfig()
	c.Nodes, c.Days, c.JobsPerDay, c.SleepDays = 400, 3*MonthDays, 24, 30
	c.Newcomers, c.Sleepers = 0.1, 0.1
	return c
}

func mustRun(t *testing.T, c Config) Report {
	t.Helper()
	r, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCheatersAreCaughtAndHonestNodesAreNot(t *testing.T) {
	r := mustRun(t, small())
	for _, m := range r.Missed() {
		if strings.Contains(m, "cheat") || strings.Contains(m, "honest") {
			t.Error(m)
		}
	}
	if r.Newcomers.Nodes < 20 || r.Sleepers.Nodes < 20 || r.Newcomers.Closed < 0.9 {
		t.Errorf("too few cheaters to say anything, or their gates stay open: %+v", r.Newcomers)
	}
	if r.Breakers > 0 && r.BreakersShut == 0 {
		t.Errorf("none of %d nodes that let awards lapse was suspended", r.Breakers)
	}
	if r.Lines != 400*3*MonthDays {
		t.Errorf("%d lines", r.Lines)
	}
}

// The goals can be missed: each rule that is taken away is missed by name.
func TestMissedGoalsAreNamed(t *testing.T) {
	for name, alter := range map[string]func(c *Config){
		"newcomers that cheat":             func(c *Config) { c.Rates = canary.Rates{} },
		"trusted nodes that begin":         func(c *Config) { c.Rates.FloorCanary, c.Rates.FloorReplica, c.Rates.Rerun = 0, 0, 0; c.SleepDays = 60 },
		"honest nodes were suspended":      func(c *Config) { c.FalseFlags = 0.2 },
		"of all computations":              func(c *Config) { c.Rates.FloorReplica = 0.5 },
		"of the healthy nodes' months are": func(c *Config) { c.Utilisation = 0.05 },
	} {
		c := small()
		alter(&c)
		if missed := strings.Join(mustRun(t, c).Missed(), "\n"); !strings.Contains(missed, name) {
			t.Errorf("%q is not among what is missed: %s", name, missed)
		}
	}
}

func TestTheSameSeedIsTheSameYear(t *testing.T) {
	c := small()
	c.Nodes, c.Days = 50, 2*MonthDays
	text := func(c Config) string {
		r := mustRun(t, c)
		data, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		return string(data) + r.Text() + r.Picture()
	}
	first := text(c)
	if text(c) != first {
		t.Error("two runs differ")
	}
	if c.Seed++; text(c) == first {
		t.Error("the seed is of no matter")
	}
}

func TestThePictureIsWellFormed(t *testing.T) {
	c := small()
	c.Nodes, c.Days = 50, MonthDays
	picture := mustRun(t, c).Picture()
	if strings.Contains(picture, "%!") {
		t.Errorf("a number is not written: %s", picture)
	}
	decoder := xml.NewDecoder(strings.NewReader(picture))
	for {
		_, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestConfigsAreChecked(t *testing.T) {
	for name, alter := range map[string]func(c *Config){
		"no nodes":           func(c *Config) { c.Nodes = 0 },
		"no days":            func(c *Config) { c.Days = 0 },
		"more than all":      func(c *Config) { c.CheatRate = 1.1 },
		"negative demand":    func(c *Config) { c.Utilisation = -1 },
		"no rates":           func(c *Config) { c.Rates.Rerun = 2 },
		"no such parameters": func(c *Config) { c.Parameters.Smoothing = 0 },
	} {
		c := small()
		alter(&c)
		if _, err := Run(t.Context(), c); err == nil {
			t.Errorf("%s: let through", name)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, err := Run(ended, small()); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
}
