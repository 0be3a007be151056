package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
)

func newProbe(s *shared) *cobra.Command {
	var conf hwprobe.Options
	c := s.reports(&cobra.Command{
		Use:   "probe",
		Short: "Measure what this machine is worth: TOPS, watts, tier",
		Long: `Runs dense int8 work through the execution provider that runs the jobs, reads
the power source if there is one, and says which tier that is, why, and what the
next one needs. Below tier 1 a node still runs, as unqualified. Then every
execution provider is tried in a process of its own: which work here, and what
the others lack.`,
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
			trials, err := tryProviders(c.Context(), conf.Library)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), probed{profile, trials})
			}
			return errors.Join(printProfile(c.OutOrStdout(), profile), printProviders(c.OutOrStdout(), trials))
		},
	})
	f := c.Flags()
	f.DurationVar(&conf.Duration, "duration", 10*time.Second, "how long TOPS are measured")
	f.IntVar(&conf.Threads, "threads", 0, "CPU threads (0: all)")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}

// probed is the JSON of a probe: the profile, and how the providers did.
type probed struct {
	hwprobe.Profile
	Providers []runner.ProviderTrial `json:"providers"`
}

// tryProviders has this program's own runner try them.
func tryProviders(ctx context.Context, library string) ([]runner.ProviderTrial, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find the runner's program: %w", err)
	}
	if library, err = ort.Locate(library); err != nil {
		return nil, err
	}
	return runner.Discover(ctx, runner.Options{Command: []string{self, "runner"}, Library: library})
}

func printProviders(w io.Writer, trials []runner.ProviderTrial) error {
	fmt.Fprintln(w, "providers")
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, t := range trials {
		state := "works: " + t.Words
		if !t.Available {
			state = "unavailable: " + t.Fix
		}
		fmt.Fprintf(table, "  %s\t%s\n", t.Provider, state)
	}
	return table.Flush()
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
