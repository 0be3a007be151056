package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/demo"
)

func newDemo(s *shared) *cobra.Command {
	conf := demo.Config{}
	c := s.reports(&cobra.Command{
		Use:   "demo",
		Short: "Run the whole way on this machine: one head scan from a folder to a claimed reward",
		Long: `Starts a chain, a coordinator, three nodes of different speed and price, and a
clinic, all on loopback and with the code that the real roles run. Submits a T1
head scan, and writes the segmentation, a picture, the receipt, the epoch and a
summary to --out. Exits with 0 only if the claim is confirmed on chain and the
recipient's balance rose by exactly that amount. Play money; nothing is left
running, and the roles' state goes to a temporary folder that is removed.`,
		Example: `  medhive demo
  medhive demo --out /tmp/demo --study my-t1-study.zip
  medhive coordinator verify demo-out`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			conf.Log = s.log(slog.LevelError)
			if !s.asJSON {
				conf.Story = c.OutOrStdout()
			}
			summary, err := demo.Run(c.Context(), conf)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), summary)
			}
			return nil
		},
	})
	c.Flags().StringVar(&conf.Out, "out", "demo-out", "folder for the results")
	c.Flags().StringVar(&conf.Study, "study", "", "another T1 study: a folder, zip or file (default: the head scan of the project, embedded)")
	c.Flags().StringVar(&conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}
