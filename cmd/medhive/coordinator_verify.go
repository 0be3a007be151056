package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
)

// newestWord is what --epoch takes for the newest epoch that a source has.
const newestWord = "newest"

func newCoordinatorVerify(s *shared) *cobra.Command {
	onChain, number := false, ""
	conf := agent.AuditConfig{}
	c := s.reports(&cobra.Command{
		Use:   "verify [FOLDER | BUNDLE]",
		Short: "Recompute published epochs and name every line that differs",
		Long: `FOLDER holds epoch.json and the inputs beside it, as a coordinator publishes them,
or one such folder for each epoch (epoch-00000001 and so on): then it is checked
too that each epoch builds on the one before and pays no job twice. BUNDLE is an
epoch in one file (bundle.tar.gz). Every signature is checked, every score and
reward is computed again to the last wei, and the Merkle root with it. What files
alone can't show is named as taken for given.

With --chain, root and data set hash are also compared with what stands on the
network file's chain. The contract keeps the active root and one that waits; if
neither is of an epoch in FOLDER, nothing is compared and that is said.

With --epoch, nothing has to be there: the epoch is fetched from the network file's
coordinator, or from --from, by the hash that stands on chain, recomputed and held
against the chain, also its registry rows, the amounts that it carries over and the
budget. --out keeps it, with its proofs, if nothing differs.

Exits with 1 if anything differs, or if what was to be compared with the chain was
not posted there.`,
		Example: `  medhive coordinator verify demo-out
  medhive coordinator verify --epoch 17
  medhive coordinator verify --epoch newest --from /ip4/203.0.113.7/tcp/9400/p2p/16Uiu2HAm… --out epochs
  medhive coordinator verify --chain ~/.local/state/medhive/coordinator/epochs
  medhive coordinator verify --json epochs/epoch-00000017`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 || (len(args) == 1) == (number != "") {
				return usageError{fmt.Errorf("name the folder of one epoch, or of all, or an epoch with --epoch; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) (err error) {
			var on *agent.Network
			if onChain || number != "" {
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
			var report any
			var epochs []agent.EpochReport
			var verdict agent.Verdict
			if number == "" {
				report, epochs, verdict, err = recompute(c.Context(), args[0], on)
			} else {
				if conf.Number, err = epochNumber(number); err != nil {
					return err
				}
				conf.Network = *on
				v, fault := agent.AuditEpoch(c.Context(), conf)
				report, epochs, verdict, err = v, []agent.EpochReport{v.EpochReport}, v.Verdict, fault
			}
			if err != nil {
				return err
			}
			if s.asJSON {
				err = printJSON(c.OutOrStdout(), report)
			} else {
				err = printVerdict(c.OutOrStdout(), epochs, verdict, on != nil)
			}
			return errors.Join(err, judge(verdict, on != nil))
		},
	})
	f := c.Flags()
	f.BoolVar(&onChain, "chain", false, "also compare with the roots on the network file's chain")
	f.StringVar(&number, "epoch", "", "fetch this epoch, or the newest, and hold it against the chain")
	f.StringVar(&conf.Keep, "out", "", "with --epoch: folder of epochs to keep it in, if nothing differs")
	sourceFlags(c, &conf.From, &conf.SwarmKey)
	return c
}

// sourceFlags say where epochs are fetched from.
func sourceFlags(c *cobra.Command, from, swarmKey *string) {
	c.Flags().StringVar(from, "from", "", "multiaddress of the coordinator to fetch from, or a folder of epochs (default: the network file's coordinator)")
	c.Flags().StringVar(swarmKey, "swarm-key", "", "file of the network's pre-shared key, if it has one")
}

// epochNumber reads --epoch; 0 is the newest.
func epochNumber(text string) (uint64, error) {
	if text == newestWord {
		return 0, nil
	}
	var n uint64
	if _, err := fmt.Sscanf(text, "%d", &n); err != nil || n == 0 || fmt.Sprint(n) != text {
		return 0, usageError{fmt.Errorf("--epoch %.20q is no epoch: want a number from 1, or %s", text, newestWord)}
	}
	return n, nil
}

// recompute verifies one epoch or a folder of them; report is what --json prints.
func recompute(ctx context.Context, path string, on *agent.Network) (report any, epochs []agent.EpochReport, verdict agent.Verdict, err error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		v, err := agent.VerifyBundle(ctx, path, on)
		return v, []agent.EpochReport{v.EpochReport}, v.Verdict, err
	}
	if agent.IsArchive(path) {
		v, err := agent.VerifyArchive(ctx, path, on)
		return v, v.Epochs, v.Verdict, err
	}
	v, err := agent.VerifyEpoch(ctx, path, on)
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
