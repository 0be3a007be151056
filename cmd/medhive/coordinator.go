package main

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/epoch"
)

func newCoordinator(s *shared) *cobra.Command {
	return group("coordinator", "Challenge nodes, score them, publish epochs that anybody can recompute",
		"  medhive coordinator run\n  medhive coordinator verify demo-out", newCoordinatorRun(s), newCoordinatorVerify(s))
}

func newCoordinatorRun(s *shared) *cobra.Command {
	conf := agent.CoordinatorConfig{}
	c := &cobra.Command{
		Use:   "run",
		Short: "Run a coordinator until Ctrl-C",
		Long: `Takes in receipts and profiles, challenges the nodes' uptime, scores each epoch,
publishes its whole data set below --home and posts its root on the chain. Adds
its address to the network file, so that nodes and clinics of this machine find it.`,
		Example: `  medhive coordinator run
  medhive coordinator run --epoch 1h --listen /ip4/127.0.0.1/tcp/9400`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, network, err := s.where()
			if err != nil {
				return err
			}
			if conf.Network, err = agent.ReadNetwork(network); err != nil {
				return err
			}
			conf.State, conf.NetworkPath, conf.Log = agent.CoordinatorState(home), network, s.log(slog.LevelInfo)
			coordinator, err := agent.StartCoordinator(c.Context(), conf)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "coordinator listens at %s\nan epoch lasts %v; its files go to %s\nnext: medhive node run\n",
				coordinator.Addresses()[0], conf.Epoch, coordinator.EpochsFolder())
			<-c.Context().Done()
			return coordinator.Close()
		},
	}
	f := c.Flags()
	f.StringSliceVar(&conf.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable")
	f.StringSliceVar(&conf.Regions, "regions", agent.DefaultRegions(), "countries (ISO 3166) whose offers this host relays")
	f.StringVar(&conf.PosterKey, "poster-key", "", "file of the key that may post roots (default on a development chain: its own)")
	f.DurationVar(&conf.Epoch, "epoch", 24*time.Hour, "length of an epoch")
	f.DurationVar(&conf.ChallengeEvery, "challenge-every", 10*time.Minute, "mean time between two uptime challenges of one node")
	return c
}

func newCoordinatorVerify(s *shared) *cobra.Command {
	return s.reports(&cobra.Command{
		Use:   "verify FOLDER",
		Short: "Recompute an epoch from its files and name every line that differs",
		Long: `FOLDER holds epoch.json and the inputs beside it, as a coordinator publishes them.
Every signature is checked, every score and reward is computed again to the last
wei, and the Merkle root with it. Exits with 1 if anything differs.`,
		Example: `  medhive coordinator verify demo-out
  medhive coordinator verify --json epochs/000017`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name the folder of one epoch; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			verified, err := agent.VerifyEpoch(args[0])
			if err != nil {
				return err
			}
			if s.asJSON {
				if err := printJSON(c.OutOrStdout(), verified); err != nil {
					return err
				}
			} else {
				fmt.Fprintf(c.OutOrStdout(), "epoch %d: %d nodes, %d receipts, root %s\n", verified.Number, verified.Nodes, verified.Receipts, verified.Root)
				for _, d := range verified.Differences {
					fmt.Fprintf(c.OutOrStdout(), "  differs: %s\n", d)
				}
			}
			if n := len(verified.Differences); n > 0 {
				return fmt.Errorf("%d lines of %s differ from what its inputs give; do not trust this root", n, epoch.SummaryFile)
			}
			if !s.asJSON {
				fmt.Fprintln(c.OutOrStdout(), "recomputed to the last wei: everything agrees")
			}
			return nil
		},
	})
}
