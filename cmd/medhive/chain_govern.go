package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/attest/chain"
)

func newChainVeto(s *shared) *cobra.Command {
	sign := new(signing)
	dismiss := false
	c := s.reports(&cobra.Command{
		Use:   "veto",
		Short: "Refuse the pending root with the guardian's key, before it pays",
		Long: `The guardian's key signs. The root that is pending now is refused for good; its epoch
may be posted again, corrected. With --dismiss-poster the poster's right is taken away
too, or alone if no root is pending: do that when its key is stolen.`,
		Example: "  medhive chain veto --clef ~/.clef/clef.ipc\n  medhive chain veto --dismiss-poster --keystore guardian.json --password-file password",
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			pending, err := client.PendingRoot(c.Context())
			if err != nil {
				return err
			}
			if !pending.Posted() && !dismiss {
				return errors.New("no root is pending, so there is nothing to refuse; look with medhive chain status")
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if pending.Posted() {
				if err := sign.confirm(c, fmt.Sprintf("refuse root %s of epoch %d (%s HIVE in all)?", common.Hash(pending.Root), pending.Epoch, chain.FormatHive(pending.TotalWei))); err != nil {
					return err
				}
				mined, err := client.Veto(c.Context(), signer, pending.Root)
				if err != nil {
					return err
				}
				if err := s.printSent(c, "the root is refused", mined); err != nil || !dismiss {
					return err
				}
			}
			if err := sign.confirm(c, "dismiss the poster?"); err != nil {
				return err
			}
			mined, err := client.DismissPoster(c.Context(), signer)
			if err != nil {
				return err
			}
			return s.printSent(c, "the poster is dismissed; the owner appoints another with medhive chain govern appoint", mined)
		},
	})
	c.Flags().BoolVar(&dismiss, "dismiss-poster", false, "take the poster's right to post away")
	sign.flags(c)
	return c
}

// governs is a command that has the owner of the contracts do what call says: an
// owner account at once, a timelock by the first run of the command, which
// proposes, and a second after the delay, which carries it out.
func (s *shared) governs(use, short, long, example string, args cobra.PositionalArgs, call func(c *cobra.Command, client *chain.Client, args []string) (chain.Call, error)) *cobra.Command {
	sign := new(signing)
	c := s.reports(&cobra.Command{
		Use: use, Short: short, Example: example, Args: args,
		Long: long + `

Where a timelock owns the contracts, a proposer's key signs the first run, which
proposes the change. Run the same command again once it has waited, to carry it out.`,
		RunE: func(c *cobra.Command, args []string) error {
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			wanted, err := call(c, client, args)
			if err != nil {
				return err
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if client.Addresses().Timelock == (common.Address{}) {
				if err := sign.confirm(c, "do this at once?"); err != nil {
					return err
				}
				mined, err := client.Perform(c.Context(), signer, wanted)
				if err != nil {
					return err
				}
				return s.printSent(c, "done", mined)
			}
			return s.throughTimelock(c, client, sign, signer, wanted)
		},
	})
	sign.flags(c)
	return c
}

// throughTimelock proposes a call, or carries it out if it has waited.
func (s *shared) throughTimelock(c *cobra.Command, client *chain.Client, sign *signing, signer chain.Signer, wanted chain.Call) error {
	now, err := client.ChainTime(c.Context())
	if err != nil {
		return err
	}
	waiting, err := client.Waiting(c.Context(), wanted)
	if err != nil {
		return err
	}
	switch {
	case waiting.Ready.IsZero():
		if err := sign.confirm(c, "propose this to the timelock?"); err != nil {
			return err
		}
		if waiting, err = client.Schedule(c.Context(), signer, wanted); err != nil {
			return err
		}
	case now.Before(waiting.Ready):
	default:
		if err := sign.confirm(c, "it has waited: carry it out?"); err != nil {
			return err
		}
		mined, err := client.Execute(c.Context(), signer, wanted)
		if err != nil {
			return err
		}
		return s.printSent(c, "done", mined)
	}
	if s.asJSON {
		return printJSON(c.OutOrStdout(), map[string]any{"operation": common.Hash(waiting.ID), "ready": waiting.Ready})
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "operation %s waits until %s (chain time); run the same command again then\n", common.Hash(waiting.ID), waiting.Ready.Format(time.RFC3339))
	return err
}

func newChainGovern(s *shared) *cobra.Command {
	return group("govern", "Administer the contracts, through the timelock where there is one",
		"  medhive chain govern cosigners --threshold 2 0x… 0x… 0x…", newGovernCoSigners(s), newGovernAppoint(s), newGovernResolve(s), newGovernCancel(s))
}

func newGovernCoSigners(s *shared) *cobra.Command {
	var threshold uint8
	c := s.governs("cosigners [ADDRESS...]", "Name who may co-sign epochs, and how many have to",
		"Replaces the list. A threshold of 0 asks for none.", "  medhive chain govern cosigners --threshold 2 0x… 0x… 0x… --clef ~/.clef/clef.ipc", cobra.ArbitraryArgs,
		func(_ *cobra.Command, client *chain.Client, args []string) (chain.Call, error) {
			signers, err := addresses("co-signer", args)
			if err != nil {
				return chain.Call{}, err
			}
			return client.CoSignersCall(signers, threshold)
		})
	c.Flags().Uint8Var(&threshold, "threshold", 0, "how many of them have to sign each epoch")
	return c
}

func newGovernAppoint(s *shared) *cobra.Command {
	var poster, guardian string
	c := s.governs("appoint", "Appoint the poster and the guardian",
		"Both are named, also the one that stays.", "  medhive chain govern appoint --poster 0x… --guardian 0x… --clef ~/.clef/clef.ipc", noArgs,
		func(_ *cobra.Command, client *chain.Client, _ []string) (chain.Call, error) {
			posts, err := address("--poster", poster)
			if err != nil {
				return chain.Call{}, err
			}
			vetoes, err := address("--guardian", guardian)
			if err != nil {
				return chain.Call{}, err
			}
			return client.AppointCall(posts, vetoes), nil
		})
	c.Flags().StringVar(&poster, "poster", "", "account that posts roots")
	c.Flags().StringVar(&guardian, "guardian", "", "account that vetoes them")
	return c
}

func newGovernResolve(s *shared) *cobra.Command {
	var uphold, reject bool
	var slash string
	c := s.governs("resolve DISPUTE", "Decide a dispute, before its deadline",
		"DISPUTE is its number; see medhive chain dispute. What is slashed goes to the treasury and, in part, to the challenger.",
		"  medhive chain govern resolve 3 --uphold --slash 100 --clef ~/.clef/clef.ipc", oneDispute,
		func(_ *cobra.Command, client *chain.Client, args []string) (chain.Call, error) {
			id, err := dispute(args[0])
			if err != nil {
				return chain.Call{}, err
			}
			wei, err := hiveFlag("--slash", slash)
			if err != nil {
				return chain.Call{}, err
			}
			return client.ResolveCall(id, uphold, wei)
		})
	f := c.Flags()
	f.BoolVar(&uphold, "uphold", false, "the challenge is right")
	f.BoolVar(&reject, "reject", false, "it is not; the challenger loses its bond")
	f.StringVar(&slash, "slash", "0", "what to take of the node's bond, in HIVE; 0 for a root")
	c.MarkFlagsMutuallyExclusive("uphold", "reject")
	c.MarkFlagsOneRequired("uphold", "reject")
	return c
}

func newGovernCancel(s *shared) *cobra.Command {
	sign := new(signing)
	c := s.reports(&cobra.Command{
		Use:   "cancel OPERATION",
		Short: "Stop what waits in the timelock, before it is carried out",
		Long: `OPERATION is its id of 32 bytes; medhive chain status lists what waits, whoever proposed
it. A proposer's key signs. Do this when another proposer's key is stolen.`,
		Example: "  medhive chain govern cancel 0x… --clef ~/.clef/clef.ipc",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{fmt.Errorf("name one operation by its id; see `%s --help`", c.CommandPath())}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			id, err := hash32("operation", args[0])
			if err != nil {
				return err
			}
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			waiting, err := client.Operations(c.Context())
			if err != nil {
				return err
			}
			at := slices.IndexFunc(waiting, func(o chain.Operation) bool { return o.ID == id })
			if at < 0 {
				return fmt.Errorf("operation %s does not wait: it was never proposed, was cancelled or was carried out; look with medhive chain status", id)
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if err := printOperation(c.ErrOrStderr(), waiting[at]); err != nil {
				return err
			}
			if err := sign.confirm(c, "cancel it?"); err != nil {
				return err
			}
			mined, err := client.Cancel(c.Context(), signer, id)
			if err != nil {
				return err
			}
			return s.printSent(c, fmt.Sprintf("operation %s is cancelled", id), mined)
		},
	})
	sign.flags(c)
	return c
}

func oneDispute(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name one dispute by its number; see `%s --help`", c.CommandPath())}
	}
	return nil
}

func dispute(text string) (uint64, error) {
	id, err := strconv.ParseUint(text, 10, 64)
	if err != nil || id == 0 {
		return 0, usageError{fmt.Errorf("dispute %.20q is no number from 1 on", text)}
	}
	return id, nil
}

func newChainDispute(s *shared) *cobra.Command {
	sign, lapse := new(signing), false
	c := s.reports(&cobra.Command{
		Use:   "dispute NUMBER",
		Short: "Show a dispute, or end one that nobody decided in time",
		Long: `With --lapse a dispute whose deadline has passed is ended: the challenger gets the bond
back, and nothing else happens. Any key may sign that.`,
		Example: "  medhive chain dispute 3\n  medhive chain dispute 3 --lapse --key node.key",
		Args:    oneDispute,
		RunE: func(c *cobra.Command, args []string) error {
			id, err := dispute(args[0])
			if err != nil {
				return err
			}
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			found, err := client.Dispute(c.Context(), id)
			if err != nil {
				return err
			}
			if found.State == chain.DisputeNone {
				return fmt.Errorf("there is no dispute %d; look with medhive chain status", id)
			}
			if !lapse {
				return s.printDispute(c, found)
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if err := sign.confirm(c, fmt.Sprintf("let dispute %d lapse?", id)); err != nil {
				return err
			}
			mined, err := client.Lapse(c.Context(), signer, id)
			if err != nil {
				return err
			}
			return s.printSent(c, fmt.Sprintf("dispute %d has lapsed", id), mined)
		},
	})
	c.Flags().BoolVar(&lapse, "lapse", false, "end it, if its deadline has passed")
	sign.flags(c)
	return c
}

func (s *shared) printDispute(c *cobra.Command, d chain.Dispute) error {
	if s.asJSON {
		return printJSON(c.OutOrStdout(), d)
	}
	about := fmt.Sprintf("root %s of epoch %d, data set %s", common.Hash(d.Subject), d.Epoch, common.Hash(d.DatasetHash))
	if d.Node != (common.Address{}) {
		about = fmt.Sprintf("receipt %s of node %s", common.Hash(d.Subject), d.Node)
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "dispute %d: %s\nabout %s\nevidence %s (SHA-256 of the published file)\nby %s, to be decided before %s (chain time)\n",
		d.ID, d.State, about, common.Hash(d.Evidence), d.Challenger, d.Deadline.Format(time.RFC3339))
	return err
}
