package agent

import (
	"sync"
	"time"

	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/attest/intake"
)

// statementCounts are statements that came in since the start. The zero value counts.
type statementCounts struct {
	mu sync.Mutex // guards n
	n  map[string][2]uint64
}

// The places of statementCounts.n.
const (
	stored = iota
	refused
)

func (c *statementCounts) note(s intake.Statement, err error) {
	kind := "profile"
	switch {
	case s.Receipt != nil:
		kind = "receipt"
	case s.Verdict != nil:
		kind = "verdict"
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = map[string][2]uint64{}
	}
	counts := c.n[kind]
	if err != nil {
		counts[refused]++
	} else {
		counts[stored]++
	}
	c.n[kind] = counts
}

func (c *statementCounts) figures(s metric.Sheet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, kind := range []string{"receipt", "profile", "verdict"} {
		s.Count("coordinator_statements_total", c.n[kind][stored], "kind", kind, "outcome", "stored")
		s.Count("coordinator_statements_total", c.n[kind][refused], "kind", kind, "outcome", "refused")
	}
}

// epochCounts are epochs that this process closed, or could not. The zero value counts.
type epochCounts struct {
	mu             sync.Mutex // guards what follows
	closed, failed uint64
	last           time.Time // when one was closed
}

func (c *epochCounts) note(err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.failed++
		return
	}
	c.closed++
	c.last = now
}

func (c *epochCounts) figures(s metric.Sheet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.Count("coordinator_epochs_total", c.closed, "outcome", "closed")
	s.Count("coordinator_epochs_total", c.failed, "outcome", "failed")
	s.Time("coordinator_epoch_timestamp_seconds", c.last)
}
