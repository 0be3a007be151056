package agent

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/warning"
)

// What a role's health is made of: that its core answers, that its state can be read, and
// that no critical warning stands on its board.

const (
	// warningPatience is how long a critical warning stands before the role counts as
	// unhealthy: a lost peer is back within a redial or two.
	warningPatience = 2 * time.Minute
	// statePatience bridges a database that is busy with a large transaction.
	statePatience = 30 * time.Second
)

const (
	unreadable health.Reason = "its own state can't be read; look at the disk of the state folder"
	loopEnded  health.Reason = "a loop that it can't do without has ended; the log says why"
)

// critical is the first critical warning of a board, in the words of the catalogue: a
// warning's own text is for the operator alone.
func critical(board *warning.Board) health.Check {
	return health.Check{Name: "warnings", Patience: warningPatience, Ask: func(context.Context) health.Reason {
		for _, w := range board.List() {
			if w.Severity != warning.Critical {
				continue
			}
			if kind, known := warning.Find(w.Code); known {
				return health.Reason(kind.Means)
			}
			return "a critical warning is up; `medhive status` tells it"
		}
		return ""
	}}
}

// reads is a check that asks the core of a role: a lock that nobody gives back is found.
func reads(name string, read func() error) health.Check {
	return health.Check{Name: name, Patience: statePatience, Alive: true, Ask: func(context.Context) health.Reason {
		if read() != nil {
			return unreadable
		}
		return ""
	}}
}

func (n *Node) healthChecks() []health.Check {
	return []health.Check{reads("jobs", func() error { _, err := n.worker.Status(); return err }), critical(n.warnings)}
}

func (c *Clinic) healthChecks() []health.Check {
	return slices.Concat([]health.Check{reads("tasks", func() error {
		_ = c.broker.Stats()
		_, err := c.checks.accounts()
		return err
	}), critical(c.warnings)}, c.conf.Checkups)
}

func (c *Coordinator) healthChecks() []health.Check {
	return []health.Check{
		{Name: "loops", Alive: true, Ask: func(context.Context) health.Reason {
			if c.failure() != "" {
				return loopEnded
			}
			return ""
		}},
		reads("statements", func() error { _, err := c.store.LastSealed(); return err }),
		critical(c.warnings),
	}
}

// openHealth opens the public port of a role that is starting; empty: none is asked for.
func openHealth(m *health.Monitor, address string, port **health.Port, log *slog.Logger) (err error) {
	if address == "" {
		return nil
	}
	if *port, err = m.Listen(address); err == nil {
		log.Info("health is told", "address", (*port).Address())
	}
	return err
}

// closeHealth ends the public port, if there is one.
func closeHealth(port *health.Port) error {
	if port == nil {
		return nil
	}
	return port.Close()
}

// Alive is nil while no restart of the node is called for.
func (n *Node) Alive(ctx context.Context) error { return n.health.Alive(ctx) }

// Alive is nil while no restart of the clinic is called for.
func (c *Clinic) Alive(ctx context.Context) error { return c.health.Alive(ctx) }

// Alive is nil while no restart of the coordinator is called for.
func (c *Coordinator) Alive(ctx context.Context) error { return c.health.Alive(ctx) }
