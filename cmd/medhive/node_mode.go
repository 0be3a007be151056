package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
)

// drainPoll is the pause between two looks at whether a node is idle.
const drainPoll = time.Second

// nodeMode is a command that sets what a running node takes on.
func (s *shared) nodeMode(use, short, long string, after func(c *cobra.Command, state string, status *agent.NodeStatus) error) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use: use, Short: short, Long: long,
		Example: fmt.Sprintf("  medhive node %s\n  medhive node %s --name second --json", use, use),
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			state := agent.NodeState(home, name)
			var status agent.NodeStatus
			if err := api.Send(c.Context(), state, http.MethodPost, "/"+use, nil, &status); err != nil {
				return err
			}
			if err := after(c, state, &status); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), status)
			}
			return printMode(c.OutOrStdout(), status)
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	return c
}

func newNodeDrain(s *shared) *cobra.Command {
	wait := false
	c := s.nodeMode("drain", "Take no new work and finish what was accepted, so that the node can be stopped",
		`The node bids for nothing more and does what it has accepted, queued jobs too. It stays
so over restarts until `+"`medhive node resume`"+`. With --wait this command returns when the
node is idle: it may be stopped then without a loss.`,
		func(c *cobra.Command, state string, status *agent.NodeStatus) error {
			if !wait {
				return nil
			}
			return awaitIdle(c.Context(), state, status)
		})
	c.Flags().BoolVar(&wait, "wait", false, "return when the node is idle")
	return c
}

// awaitIdle looks at a node until nothing is promised, computes or is on its way.
func awaitIdle(ctx context.Context, state string, status *agent.NodeStatus) error {
	ticker := time.NewTicker(drainPoll)
	defer ticker.Stop()
	for !status.Idle {
		select {
		case <-ctx.Done():
			return fmt.Errorf("the node is still at work and stays drained: %w", context.Cause(ctx))
		case <-ticker.C:
		}
		var now agent.NodeStatus
		if err := api.Call(ctx, state, http.MethodGet, "/status", &now); err != nil {
			return err
		}
		*status = now
	}
	return nil
}

func newNodePause(s *shared) *cobra.Command {
	return s.nodeMode("pause", "Take no new work, finish what runs, and give back what waits",
		`The node bids for nothing more. Jobs that run are finished; those that wait in its queue
go back to their clinics, who find another node. It stays so over restarts until
`+"`medhive node resume`.", func(*cobra.Command, string, *agent.NodeStatus) error { return nil })
}

func newNodeResume(s *shared) *cobra.Command {
	return s.nodeMode("resume", "Take work again after drain or pause", "The node bids again, within its opening hours and limits.",
		func(*cobra.Command, string, *agent.NodeStatus) error { return nil })
}

func printMode(w io.Writer, s agent.NodeStatus) error {
	_, err := fmt.Fprintf(w, "node %s is %s: %d running, %d waiting\n", s.Address, s.Mode, s.Running, s.Waiting)
	if err == nil && s.Closed != "" {
		_, err = fmt.Fprintf(w, "it takes no new work: %s\n", s.Closed)
	}
	return err
}

func newNodeReload(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "reload",
		Short: "Have a running node read its settings again",
		Long: `Takes over price, promise, opening hours, limits and when to claim without a stop; what
else was changed takes effect at the next start. A setting that can't be meant changes
nothing. Flags and variables that the node was started with stay in force.`,
		Example: `  medhive node reload
  medhive node reload --name second --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var r agent.Reloaded
			if err := api.Send(c.Context(), agent.NodeState(home, name), http.MethodPost, "/reload", nil, &r); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), r)
			}
			return printReloaded(c.OutOrStdout(), r)
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	return c
}

func printReloaded(w io.Writer, r agent.Reloaded) error {
	if len(r.Applied)+len(r.Later) == 0 {
		_, err := fmt.Fprintln(w, "nothing has changed")
		return err
	}
	for _, c := range r.Applied {
		fmt.Fprintf(w, "%s is %s now (it was %s)\n", c.Key, c.To, c.From)
	}
	for _, c := range r.Later {
		fmt.Fprintf(w, "%s will be %s after the next start (it is %s); medhive node drain --wait, then start it again\n", c.Key, c.To, c.From)
	}
	return nil
}
