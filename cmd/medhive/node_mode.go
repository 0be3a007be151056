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
