package main

import (
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent/demo"
)

func newDemo(s *shared) *cobra.Command {
	conf, network := demo.Config{}, demo.ServeConfig{}
	serve := false
	c := s.reports(&cobra.Command{
		Use:   "demo",
		Short: "Run the whole way on this machine: one head scan from a folder to a claimed reward",
		Long: `Starts a chain, a coordinator, three nodes of different speed and price, and a
clinic, all on loopback and with the code that the real roles run. Submits a T1
head scan, and writes the segmentation, a picture, the receipt, the epoch and a
summary to --out. Exits with 0 only if the claim is confirmed on chain and the
recipient's balance rose by exactly that amount. Play money; nothing is left
running, and the roles' state goes to a temporary folder that is removed.

With --serve it is a network to build on: chain, coordinator, a fast and a cheap node, a
clinic with its doors, and the dashboards stay up on loopback until Ctrl-C. It prints where
they are, on the usual ports where those are free; with --json as one line of JSON when all
of them answer. Every --epoch a day passes on the chain, so that rewards can be claimed
without anybody moving its clock. State goes to --home, where a second start goes on with
it, or to a temporary folder.`,
		Example: `  medhive demo
  medhive demo --serve
  medhive demo --serve --home ~/medhive-network --json
  medhive demo --out /tmp/demo --study my-t1-study.zip
  medhive coordinator verify demo-out`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if serve {
				network.Library = conf.Library
				return s.serveDemo(c, network)
			}
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
	c.Flags().BoolVar(&serve, "serve", false, "keep a network up until Ctrl-C, to build on")
	c.Flags().DurationVar(&network.Epoch, "epoch", demo.DefaultEpoch, "with --serve: length of an epoch, after which a day passes on the chain")
	c.Flags().StringVar(&conf.Out, "out", "demo-out", "folder for the results")
	c.Flags().StringVar(&conf.Study, "study", "", "another T1 study: a folder, zip or file (default: the head scan of the project, embedded)")
	c.Flags().StringVar(&conf.Library, "ort-lib", "", "libonnxruntime (default $MEDHIVE_ORT_LIB, or the one that make deps brings)")
	return c
}
