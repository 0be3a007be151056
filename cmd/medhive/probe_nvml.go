package main

import (
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/hwprobe/device/nvml"
)

// newProbeNVML is the child process in which NVIDIA's library is asked. It ends with
// whoever started it: their end of its stdin closes then, even while the library hangs.
func newProbeNVML(stdin io.Reader) *cobra.Command {
	var o nvml.Options
	var attended bool
	c := &cobra.Command{
		Use:    agent.NVMLCommand,
		Short:  "Ask NVIDIA's library in isolation (started by a node or a probe, not by people)",
		Hidden: true,
		Args:   noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if attended {
				go func() {
					_, _ = io.Copy(io.Discard, stdin)
					os.Exit(exitFailure) // nobody listens any more, and nothing is lost
				}()
			}
			return nvml.Serve(c.Context(), c.OutOrStdout(), o)
		},
	}
	c.Flags().DurationVar(&o.Every, "every", 0, "report again and again, this far apart")
	c.Flags().BoolVar(&attended, "attended", false, "end when stdin closes")
	c.Flags().StringVar(&o.Library, "library", "", "libnvidia-ml.so.1 (default: where drivers put it)")
	return c
}
