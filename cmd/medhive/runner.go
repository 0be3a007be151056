package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/inference/runner"
)

// newRunner is the child process in which studies are parsed and models run. It
// speaks frames on stdin and stdout with the daemon that started it.
func newRunner(stdin io.Reader) *cobra.Command {
	return &cobra.Command{
		Use:    "runner",
		Short:  "Parse and infer in isolation (started by a node, not by people)",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return runner.Main(stdin, c.OutOrStdout())
		},
	}
}
