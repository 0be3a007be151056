package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/hwprobe/challenge"
)

// newProbeProve is the process in which a machine computes challenges. It ends with
// whoever started it.
func newProbeProve(stdin io.Reader) *cobra.Command {
	return &cobra.Command{
		Use:    agent.ProveCommand,
		Short:  "Compute challenges in isolation (started by a node, not by people)",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return challenge.Serve(c.Context(), stdin, c.OutOrStdout(), func() { os.Exit(exitFailure) })
		},
	}
}
