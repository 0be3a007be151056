package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

func newCoordinatorCosign(s *shared) *cobra.Command {
	conf, every := agent.CosignConfig{}, time.Duration(0)
	c := s.reports(&cobra.Command{
		Use:   "cosign",
		Short: "Recompute another coordinator's newest epoch and co-sign it if nothing differs",
		Long: `Fetches the newest epoch of the network file's coordinator, or of --from, recomputes
it to the last wei, holds it against the chain and against the epoch co-signed before,
and sends this machine's co-signature. The contract posts a root only with as many
co-signatures as its owner has set.

The key is that of this home's coordinator; its address has to be among the co-signers
that the contract names. It never signs two outcomes of one epoch: what was signed is
on disk first. The epochs that were co-signed are kept below the home, where they also
serve a coordinator that has lost its own.

Exits with 1 if the epoch was not co-signed, but for one that is co-signed and posted
already.`,
		Example: `  medhive coordinator cosign
  medhive coordinator cosign --from /ip4/203.0.113.7/tcp/9400/p2p/16Uiu2HAm… --every 10m`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, path, err := s.where()
			if err != nil {
				return err
			}
			if conf.Network, err = agent.ReadNetwork(path); err != nil {
				return err
			}
			conf.State, conf.Log = agent.CoordinatorState(home), s.log(slog.LevelWarn)
			if every > 0 {
				agent.CosignEvery(c.Context(), conf, every, func(done agent.Cosigned, err error) {
					switch {
					case errors.Is(err, context.Canceled), errors.Is(err, agent.ErrNothingNew):
					case err != nil:
						fmt.Fprintf(c.ErrOrStderr(), "medhive: %v\n", err)
					default:
						_ = s.printCosigned(c.OutOrStdout(), done) // the loop goes on without a reader
					}
				})
				return nil
			}
			done, err := agent.Cosign(c.Context(), conf)
			if errors.Is(err, agent.ErrNothingNew) {
				_, err = fmt.Fprintf(c.OutOrStdout(), "%v\n", err)
				return err
			}
			if err != nil {
				return err
			}
			return s.printCosigned(c.OutOrStdout(), done)
		},
	})
	sourceFlags(c, &conf.From, &conf.SwarmKey)
	c.Flags().DurationVar(&every, "every", 0, "look for a new epoch this often, until Ctrl-C (0: once)")
	return c
}

func (s *shared) printCosigned(w io.Writer, done agent.Cosigned) error {
	if s.asJSON {
		return printJSON(w, done)
	}
	_, err := fmt.Fprintf(w, "epoch %d: %d nodes, %d receipts, root %s\nrecomputed to the last wei and co-signed by %s; it has %d co-signatures of the %d it needs\n",
		done.Number, done.Nodes, done.Receipts, done.Root, done.Signer, done.Have, done.Need)
	return err
}

func newCoordinatorChallenge(s *shared) *cobra.Command {
	conf, number := agent.ChallengeConfig{}, ""
	sign := new(signing)
	c := s.reports(&cobra.Command{
		Use:   "challenge --epoch N",
		Short: "Challenge the root that waits on chain, if recomputing it shows a fault",
		Long: `Fetches the epoch whose root waits, recomputes it, and challenges the root if anything
differs. The root does not become active until the arbiter has decided. The challenge
takes a bond, which comes back if it is upheld and is lost if it is not; so where
nothing differs, none is sent.

What differs is written to a file, whose hash goes on chain: publish it. With
--withheld a root is also challenged because nobody hands out the data behind it.`,
		Example: `  medhive coordinator challenge --epoch 17 --keystore guardian.json
  medhive coordinator challenge --epoch 17 --withheld --key hot.key --yes`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if conf.Audit.Number, err = epochNumber(number); err != nil {
				return err
			}
			if conf.Audit.Number == 0 {
				return usageError{fmt.Errorf("name the epoch whose root waits by its number; see `%s --help`", c.CommandPath())}
			}
			if !sign.named() {
				return usageError{errors.New("name who puts up the bond with --keystore, --clef or --key")}
			}
			_, path, err := s.where()
			if err != nil {
				return err
			}
			if conf.Audit.Network, err = agent.ReadNetwork(path); err != nil {
				return err
			}
			if conf.Signer, err = sign.open(c); err != nil {
				return err
			}
			if conf.Evidence == "" {
				conf.Evidence = fmt.Sprintf("epoch-%d-evidence.json", conf.Audit.Number)
			}
			if _, err := os.Lstat(conf.Evidence); err == nil {
				return fmt.Errorf("%s is there already; move it away, or name another file with --evidence", conf.Evidence)
			}
			conf.Audit.Log, conf.Agree = s.log(slog.LevelWarn), s.agreeToChallenge(c, sign)
			done, err := agent.ChallengeRoot(c.Context(), conf)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), done)
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "dispute %d stands; the root of epoch %d waits for it\ntransaction %s, %d gas\nnext: publish %s, whose hash is on chain\n",
				done.Dispute, done.Epoch, done.Tx, done.GasUsed, conf.Evidence)
			return err
		},
	})
	f := c.Flags()
	f.StringVar(&number, "epoch", "", "the epoch whose root waits on chain")
	f.BoolVar(&conf.Withheld, "withheld", false, "challenge also where nobody hands the epoch out")
	f.StringVar(&conf.Evidence, "evidence", "", "file to write what differs to (default epoch-N-evidence.json)")
	sourceFlags(c, &conf.Audit.From, &conf.Audit.SwarmKey)
	sign.flags(c)
	return c
}

// agreeToChallenge shows what was found and what it costs to say so, and asks.
func (s *shared) agreeToChallenge(c *cobra.Command, sign *signing) func(agent.RootEvidence, *big.Int, time.Time) error {
	return func(e agent.RootEvidence, bond *big.Int, until time.Time) error {
		for _, d := range e.Differences {
			fmt.Fprintf(c.ErrOrStderr(), "  differs: %s\n", d)
		}
		if e.Withheld != "" {
			fmt.Fprintf(c.ErrOrStderr(), "  %s\n", e.Withheld)
		}
		return sign.confirm(c, fmt.Sprintf("challenge the root of epoch %d with a bond of %s HIVE (heard until %s)?", e.Epoch, chain.FormatHive(bond), until.UTC().Format(time.RFC3339)))
	}
}
