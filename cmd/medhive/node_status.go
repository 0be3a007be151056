package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
)

func newNodeStatus(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "status",
		Short: "Show a running node on one screen",
		Example: `  medhive node status
  medhive node status --name second --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var status agent.NodeStatus
			if err := api.Call(c.Context(), agent.NodeState(home, name), "GET", "/status", &status); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), status)
			}
			return printNodeStatus(c.OutOrStdout(), status)
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	return c
}

func printNodeStatus(w io.Writer, n agent.NodeStatus) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"name", n.Name},
		{"address", n.Address},
		{"peer", n.Peer},
		{"recipient", n.Recipient},
		{"device", deviceWords(n.Device)},
		{"jurisdiction", n.Jurisdiction},
		{"tier", n.Tier},
		{"int8", fmt.Sprintf("%.3f TOPS sustained through %s (ONNX Runtime %s)", n.TOPS, n.Provider, n.RuntimeVersion)},
		{"computes on", strings.Join(n.Accelerators, ", ")},
		{"power", n.Power},
		{"energy", n.Energy},
		{"profile", fmt.Sprintf("measured %s (%s, certified: %t)", age(time.Since(n.ProfileAt)), n.ProfileMode, n.Certified)},
		{"verified", n.Verified},
		{"price", fmt.Sprintf("%d gwei of HIVE a study", n.PriceGwei)},
		{"mode", mode(n)},
		{"queue", fmt.Sprintf("%d waiting (room for %d), %d results on their way", n.Waiting, n.Queue, n.Undelivered)},
		{"notices", fmt.Sprintf("%d sent since the start", n.Notices)},
		{"jobs", fmt.Sprintf("%d running (room for %d, and %d more if STAT), %d done, %d disputed, %d failed", n.Running, n.Capacity, n.StatPlaces, n.Done, n.Disputed, n.Failed)},
		{"receipts", fmt.Sprintf("%d waiting for the coordinator", n.Outbox)},
		{"peers", fmt.Sprint(n.Peers)},
		{"earned", earnedWords(n.Earned)},
		{"claimed", claimedWords(n.ClaimedWei)},
		{"up", n.Up.Round(time.Second).String()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	for _, row := range scoreRows(n.Score) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return printWarnings(w, n.Warnings, time.Now(), width(w))
}

// mode is what a node takes on now.
func mode(n agent.NodeStatus) string {
	if n.Closed == "" {
		return n.Mode + ": bidding"
	}
	return n.Mode + ": no new work: " + n.Closed
}
