package main

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/scheduler/clinic"
)

// newReader is the child process in which a clinic's studies and nodes' results are parsed.
// It speaks on stdin and stdout with the daemon that started it.
func newReader(stdin io.Reader) *cobra.Command {
	return &cobra.Command{
		Use:    "reader",
		Short:  "Parse studies and results in isolation (started by a clinic, not by people)",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return clinic.Serve(stdin, c.OutOrStdout())
		},
	}
}
