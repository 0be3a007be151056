package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
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
its address to the network file, so that nodes and clinics of this machine find it.

At present every clinic's countersignature counts, so a node and a clinic of one
owner can vouch for each other; canary studies and escrowed payment are to close
that.`,
		Example: `  medhive coordinator run
  medhive coordinator run --epoch 1h --listen /ip4/127.0.0.1/tcp/9400`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !slices.ContainsFunc(conf.Listen, func(a string) bool { return a != "" }) {
				return usageError{fmt.Errorf("--listen names no address, such as /ip4/127.0.0.1/tcp/9400; see `%s --help`", c.CommandPath())}
			}
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
			var failure error
			select {
			case <-c.Context().Done():
			case failure = <-coordinator.Done():
			}
			return errors.Join(failure, coordinator.Close())
		},
	}
	f := c.Flags()
	f.StringSliceVar(&conf.Listen, "listen", []string{"/ip4/127.0.0.1/tcp/0"}, "multiaddress to listen on, repeatable")
	reachFlags(c, &conf.Reach)
	f.StringSliceVar(&conf.Regions, "regions", agent.DefaultRegions(), "countries (ISO 3166) whose offers this host relays")
	f.StringVar(&conf.PosterKey, "poster-key", "", "file of the key that may post roots (default on a development chain: its own)")
	f.DurationVar(&conf.Epoch, "epoch", 24*time.Hour, "length of an epoch")
	f.DurationVar(&conf.ChallengeEvery, "challenge-every", 10*time.Minute, "mean time between two uptime challenges of one node")
	f.DurationVar(&conf.ExamineEvery, "examine-every", 24*time.Hour, "mean time between two compute challenges of one node, 10 s each (0: none)")
	return c
}

func newCoordinatorVerify(s *shared) *cobra.Command {
	onChain := false
	c := s.reports(&cobra.Command{
		Use:   "verify FOLDER",
		Short: "Recompute published epochs from their files and name every line that differs",
		Long: `FOLDER holds epoch.json and the inputs beside it, as a coordinator publishes them,
or one such folder for each epoch (epoch-00000001 and so on): then it is checked
too that each epoch builds on the one before and pays no job twice. Every signature
is checked, every score and reward is computed again to the last wei, and the
Merkle root with it. What files alone can't show is named as taken for given.

With --chain, root and data set hash are also compared with what stands on the
network file's chain. The contract keeps the active root and one that waits; if
neither is of an epoch in FOLDER, nothing is compared and that is said.

Exits with 1 if anything differs, or if --chain had nothing to compare.`,
		Example: `  medhive coordinator verify demo-out
  medhive coordinator verify --chain ~/.local/state/medhive/coordinator/epochs
  medhive coordinator verify --json epochs/epoch-00000017`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name the folder of one epoch, or of all; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			var on *agent.Network
			if onChain {
				_, path, err := s.where()
				if err != nil {
					return err
				}
				network, err := agent.ReadNetwork(path)
				if err != nil {
					return err
				}
				on = &network
			}
			report, epochs, verdict, err := recompute(c.Context(), args[0], on)
			if err != nil {
				return err
			}
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), report)
			} else {
				err = printVerdict(c.OutOrStdout(), epochs, verdict, onChain)
			}
			return errors.Join(err, judge(verdict, onChain))
		},
	})
	c.Flags().BoolVar(&onChain, "chain", false, "also compare with the roots on the network file's chain")
	return c
}

// recompute verifies one epoch or a folder of them; report is what --json prints.
func recompute(ctx context.Context, folder string, on *agent.Network) (report any, epochs []agent.EpochReport, verdict agent.Verdict, err error) {
	if agent.IsArchive(folder) {
		v, err := agent.VerifyArchive(ctx, folder, on)
		return v, v.Epochs, v.Verdict, err
	}
	v, err := agent.VerifyEpoch(ctx, folder, on)
	return v, []agent.EpochReport{v.EpochReport}, v.Verdict, err
}

func printVerdict(w io.Writer, epochs []agent.EpochReport, v agent.Verdict, onChain bool) error {
	var text strings.Builder
	for _, e := range epochs {
		fmt.Fprintf(&text, "epoch %d: %d nodes, %d receipts, root %s\n", e.Number, e.Nodes, e.Receipts, e.Root)
	}
	for _, d := range v.Differences {
		fmt.Fprintf(&text, "  differs: %s\n", d)
	}
	for _, sentence := range v.Chain {
		fmt.Fprintf(&text, "on chain: %s\n", sentence)
	}
	fmt.Fprintf(&text, "taken as given, not checked: %s\n", strings.Join(v.Given, "; "))
	if judge(v, onChain) == nil {
		text.WriteString("recomputed to the last wei: everything agrees\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// judge turns a verdict into the command's outcome. What was asked for and could
// not be compared does not pass for agreement.
func judge(v agent.Verdict, onChain bool) error {
	switch n := len(v.Differences); {
	case n > 0:
		return fmt.Errorf("%d values differ from what inputs and chain give; do not trust these roots, and tell the network's guardian", n)
	case onChain && len(v.OnChain) == 0:
		return fmt.Errorf("the files agree with themselves, but no root on chain is of these epochs (%s); verify the epoch that the chain holds", strings.Join(v.Chain, "; "))
	}
	return nil
}
