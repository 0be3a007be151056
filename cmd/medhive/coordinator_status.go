package main

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
)

func newCoordinatorStatus(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "status",
		Short: "Show a running coordinator on one screen",
		Example: `  medhive coordinator status
  medhive coordinator status --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var status agent.CoordinatorStatus
			if err := api.Call(c.Context(), agent.CoordinatorState(home), "GET", "/status", &status); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), status)
			}
			return printCoordinatorStatus(c.OutOrStdout(), status)
		},
	})
}

func printCoordinatorStatus(w io.Writer, s agent.CoordinatorStatus) error {
	epoch := "none is published yet"
	if s.Epoch > 0 {
		epoch = fmt.Sprintf("%d is the newest, in %s", s.Epoch, s.Epochs)
	}
	checks := "none; --canaries and --rechecks make some"
	if s.Checking {
		checks = fmt.Sprintf("%d canaries and %d re-runs made of %d drawn, %d left out; %.1f %% of all computation", s.Checks.Canaries.Made, s.Checks.Reruns.Made,
			s.Checks.Canaries.Drawn+s.Checks.Reruns.Drawn, s.Checks.Canaries.Dropped+s.Checks.Reruns.Dropped, 100*s.CheckPart)
	}
	health := "it works"
	if s.Failed != "" {
		health = s.Failed
	}
	listens := "nowhere"
	if len(s.Addresses) > 0 {
		listens = s.Addresses[0]
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"address", s.Address},
		{"listens", listens},
		{"epoch", epoch},
		{"nodes", fmt.Sprintf("%d registered", s.Nodes)},
		{"peers", fmt.Sprint(s.Peers)},
		{"checks", checks},
		{"health", health},
		{"up", time.Duration(s.Up).Round(time.Second).String()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printWarnings(w, s.Warnings, time.Now(), width(w))
}
