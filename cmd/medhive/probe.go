package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/hwprobe"
)

func newProbe(s *shared) *cobra.Command {
	var conf hwprobe.Options
	c := s.reports(&cobra.Command{
		Use:   "probe",
		Short: "Measure what this machine is worth: TOPS, watts, tier",
		Long: `Runs dense int8 work through the execution provider that runs the jobs, reads
the power source if there is one, and says which tier that is, why, and what the
next one needs. Below tier 1 a node still runs, as unqualified.`,
		Example: `  medhive probe
  medhive probe --duration 30s --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf.Progress = func(stage string, done float64) {
				if terminal(c.ErrOrStderr()) {
					fmt.Fprintf(c.ErrOrStderr(), "\r\033[K%s %3.0f %%", stage, 100*done)
				}
			}
			profile, err := hwprobe.Probe(c.Context(), conf)
			if terminal(c.ErrOrStderr()) {
				fmt.Fprint(c.ErrOrStderr(), "\r\033[K")
			}
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), profile)
			}
			return printProfile(c.OutOrStdout(), profile)
		},
	})
	f := c.Flags()
	f.DurationVar(&conf.Duration, "duration", 10*time.Second, "how long TOPS are measured")
	f.IntVar(&conf.Threads, "threads", 0, "CPU threads (0: all)")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}

func printProfile(w io.Writer, p hwprobe.Profile) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"processor", fmt.Sprintf("%s (%s), %d threads %s", p.CPU.Model, p.CPU.Arch, p.CPU.Threads, strings.Join(p.CPU.ISA, " "))},
		{"memory", fmt.Sprintf("%.1f GiB", float64(p.MemoryBytes)/(1<<30))},
		{"int8", fmt.Sprintf("%.3f TOPS sustained, %.3f best, through %s on %d threads (ONNX Runtime %s)", p.TOPS.Median, p.TOPS.Best, p.TOPS.Provider, p.TOPS.Threads, p.TOPS.Runtime)},
		{"power", p.Watts.String()},
		{"tier", p.Tier.String()},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, reason := range p.Reasons {
		fmt.Fprintf(w, "  %s\n", reason.Text)
	}
	return nil
}
