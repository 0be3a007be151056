package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
)

func newDoctor(s *shared) *cobra.Command {
	conf := agent.DoctorConfig{}
	c := s.reports(&cobra.Command{
		Use:   "doctor",
		Short: "Say whether this machine can run a node, and what to mend",
		Long: `Finds ONNX Runtime, starts a runner and says what confines it, tries every
execution provider, lists GPUs and NPUs, writes to the state folder, and looks at
the disk, the clock, the network file and the chain. Each check is ok, warn (a node
runs, but less well or less safely) or fail, with its cause and what to do. Exits
with 1 if one failed.`,
		Example: `  medhive doctor
  medhive doctor --provider cuda --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			place, err := s.doctorConfig()
			if err != nil {
				return err
			}
			place.Provider, place.Library = conf.Provider, conf.Library
			found, err := agent.Examine(c.Context(), place)
			if err != nil {
				return err
			}
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), found)
			} else {
				err = printExamination(c.OutOrStdout(), found)
			}
			if err == nil && found.State == agent.CheckFail {
				err = agent.ErrUnfit
			}
			return err
		},
	})
	f := c.Flags()
	f.StringVar(&conf.Provider, "provider", "cpu", "execution provider that the node is to run on")
	f.StringVar(&conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}

// doctorConfig is where the doctor looks.
func (s *shared) doctorConfig() (conf agent.DoctorConfig, err error) {
	if conf.Home, conf.NetworkPath, err = s.where(); err != nil {
		return conf, err
	}
	conf.Log = s.log(slog.LevelError)
	if self, err := os.Executable(); err == nil { // else the library is not asked
		conf.NVML = []string{self, agent.NVMLCommand}
	}
	return conf, nil
}

// printExamination gives each check a line, with cause and fix below it.
func printExamination(w io.Writer, e agent.Examination) error {
	counts := map[agent.CheckState]int{}
	for _, check := range e.Checks {
		counts[check.State]++
		fmt.Fprintf(w, "%-4s  %s: %s\n", check.State, check.Name, check.What)
		if check.Cause != "" {
			fmt.Fprintf(w, "      cause: %s\n", check.Cause)
		}
		if check.Fix != "" {
			fmt.Fprintf(w, "      fix: %s\n", check.Fix)
		}
	}
	_, err := fmt.Fprintf(w, "%d ok, %d warnings, %d failed\n", counts[agent.CheckOK], counts[agent.CheckWarn], counts[agent.CheckFail])
	return err
}
