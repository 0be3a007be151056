package main

import (
	"errors"
	"fmt"
	"io"
	"math/big"
	"text/tabwriter"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

// clinicState is the state folder and the network of a clinic whose money is moved.
func (s *shared) clinicState(name string) (state string, network agent.Network, err error) {
	home, path, err := s.where()
	if err != nil {
		return "", network, err
	}
	network, err = agent.ReadNetwork(path)
	return agent.ClinicState(home, name), network, err
}

// amountArg is the one argument of a command that moves money.
func amountArg(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name one amount of HIVE, such as 12.5; see `%s --help`", c.CommandPath())}
	}
	_, err := amount(args[0])
	return err
}

func amount(text string) (*big.Int, error) {
	wei, err := hiveFlag("HIVE", text)
	if err == nil && wei.Sign() == 0 {
		err = usageError{errors.New("an amount of nothing moves nothing; name more than 0 HIVE")}
	}
	return wei, err
}

// hive writes an amount, or that it is not known.
func hive(wei *big.Int) string {
	if wei == nil {
		return "unknown"
	}
	return chain.FormatHive(wei)
}

// hiveGwei writes an amount of gwei.
func hiveGwei(gwei uint64) string { return chain.FormatHive(agent.GweiToWei(gwei)) }

func newClinicDeposit(s *shared) *cobra.Command {
	var name, whose string
	var payer signing
	c := &cobra.Command{
		Use:   "deposit HIVE",
		Short: "Put money into the escrow that pays the nodes",
		Long: `Moves HIVE from the clinic's own account into the escrow. Nodes work for a clinic as
far as a part of its deposit is reserved for them, which a clinic that runs sees to, and
for little beyond it. The clinic signs vouchers as results come in; nodes redeem them
from the deposit. What is not spent can be taken out again with ` + "`medhive clinic withdraw`" + `.
The clinic need not run. Another account may pay: name its key with --keystore or --clef.

With --for it is another machine's clinic, such as one that a coordinator runs to check
nodes. Everybody sees on the chain who paid: fund each of those from an account of its own,
never from the coordinator's, and send some ether to its address for reservations.`,
		Example: `  medhive clinic deposit 25
  medhive clinic deposit 25 --keystore treasury.json --password-file -
  medhive clinic deposit 5 --for 0x52908400098527886E0F7030069857D2E4169EE7 --keystore own.json`,
		Args: amountArg,
		RunE: func(c *cobra.Command, args []string) error {
			wei, err := amount(args[0])
			if err != nil {
				return err
			}
			var clinic common.Address
			if whose != "" {
				if clinic, err = address("--for", whose); err != nil {
					return err
				}
				if !payer.named() {
					return usageError{errors.New("--for needs the account that pays: name its key with --keystore, --clef or --key")}
				}
			}
			state, network, err := s.clinicState(name)
			if err != nil {
				return err
			}
			var from chain.Signer
			if payer.named() {
				if from, err = payer.open(c); err != nil {
					return err
				}
				if err := payer.confirm(c, fmt.Sprintf("Deposit %s HIVE of %s for the clinic?", hive(wei), from.Address())); err != nil {
					return err
				}
			}
			var mined chain.Mined
			if whose != "" {
				mined, err = agent.DepositFor(c.Context(), network, from, clinic, wei)
			} else {
				mined, err = agent.DepositFunds(c.Context(), state, network, from, wei)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "deposited %s HIVE (transaction %s)\n", hive(wei), mined.Tx)
			return err
		},
	}
	clinicName(c, &name)
	c.Flags().StringVar(&whose, "for", "", "EVM address of a clinic that is not of this machine")
	payer.flags(c)
	return c
}

func newClinicReserve(s *shared) *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "reserve NODE HIVE",
		Short: "Keep a part of the deposit for one node",
		Long: `What is reserved for a node pays that node's vouchers first and no other's, so that it
need not fear that others redeem before it. It is taken from the free deposit. A clinic
that runs does so by itself for each node that works for it; see --keep-free.`,
		Example: "  medhive clinic reserve 0x52908400098527886E0F7030069857D2E4169EE7 5",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 2 {
				return usageError{fmt.Errorf("name a node and an amount of HIVE; see `%s --help`", c.CommandPath())}
			}
			if _, err := address("node", args[0]); err != nil {
				return err
			}
			return amountArg(c, args[1:])
		},
		RunE: func(c *cobra.Command, args []string) error {
			node, err := address("node", args[0])
			if err != nil {
				return err
			}
			wei, err := amount(args[1])
			if err != nil {
				return err
			}
			state, network, err := s.clinicState(name)
			if err != nil {
				return err
			}
			mined, err := agent.ReserveFunds(c.Context(), state, network, node, wei)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "reserved %s HIVE for %s (transaction %s)\n", hive(wei), node, mined.Tx)
			return err
		},
	}
	clinicName(c, &name)
	return c
}

func newClinicWithdraw(s *shared) *cobra.Command {
	var name, of string
	var stop bool
	c := &cobra.Command{
		Use:   "withdraw [HIVE]",
		Short: "Take money out of the escrow, after its thaw",
		Long: `With an amount it begins: the money thaws, pays vouchers until then, and nodes no
longer count on it. Without one it takes out what has thawed. No pause of the contract
can keep it. --node takes from what is reserved for a node; --stop lets nothing thaw.`,
		Example: `  medhive clinic withdraw 10
  medhive clinic withdraw
  medhive clinic withdraw 2 --node 0x52908400098527886E0F7030069857D2E4169EE7`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			if stop {
				return usageError{fmt.Errorf("--stop takes no amount; see `%s --help`", c.CommandPath())}
			}
			return amountArg(c, args)
		},
		RunE: func(c *cobra.Command, args []string) (err error) {
			var node common.Address
			if of != "" {
				if node, err = address("--node", of); err != nil {
					return err
				}
			}
			state, network, err := s.clinicState(name)
			if err != nil {
				return err
			}
			if len(args) == 0 && !stop {
				wei, err := agent.WithdrawFunds(c.Context(), state, network, node)
				if err == nil {
					_, err = fmt.Fprintf(c.OutOrStdout(), "withdrew %s HIVE\n", hive(wei))
				}
				return err
			}
			wei := new(big.Int)
			if !stop {
				if wei, err = amount(args[0]); err != nil {
					return err
				}
			}
			pot, err := agent.ThawFunds(c.Context(), state, network, node, wei)
			switch {
			case err != nil:
			case stop:
				_, err = fmt.Fprintln(c.OutOrStdout(), "nothing thaws any more")
			default:
				_, err = fmt.Fprintf(c.OutOrStdout(), "%s HIVE thaw until %s; then: medhive clinic withdraw\n", hive(pot.ThawingWei), pot.ThawedAt.Format(time.RFC3339))
			}
			return err
		},
	}
	clinicName(c, &name)
	c.Flags().StringVar(&of, "node", "", "EVM address of the node whose reservation it is about (default: the free deposit)")
	c.Flags().BoolVar(&stop, "stop", false, "keep the money in the escrow after all")
	return c
}

func newClinicFunds(s *shared) *cobra.Command {
	var name string
	c := s.reports(&cobra.Command{
		Use:   "funds",
		Short: "Show the clinic's deposit, reservations and vouchers",
		Example: `  medhive clinic funds
  medhive clinic funds --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			state, network, err := s.clinicState(name)
			if err != nil {
				return err
			}
			funds, err := agent.ReadFunds(c.Context(), state, network)
			if err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), funds)
			}
			return printFunds(c.OutOrStdout(), funds)
		},
	})
	clinicName(c, &name)
	return c
}

func printFunds(w io.Writer, f agent.ClinicFunds) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range [][2]string{
		{"clinic", f.Clinic},
		{"account", hive(f.WalletWei) + " HIVE, and " + hive(f.EtherWei) + " ether for gas"},
		{"deposit", hive(f.FreeWei) + " HIVE free"},
		{"thawing", thawing(f.ThawingWei, f.ThawedAt, f.Thaw)},
		{"vouchers", hive(f.DueWei) + " HIVE promised and not redeemed yet"},
	} {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	if err := table.Flush(); err != nil || len(f.Nodes) == 0 {
		return err
	}
	table = tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\nnode\tpromised\tredeemed\treserved\tthawing")
	for _, n := range f.Nodes {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", n.Node, hiveGwei(n.VoucheredGwei), hiveGwei(n.RedeemedGwei),
			hive(n.ReservedWei), thawing(n.ThawingWei, n.ThawedAt, 0))
	}
	return table.Flush()
}

// thawing tells what is on its way out, and how long it takes where nothing is.
func thawing(wei *big.Int, at time.Time, takes time.Duration) string {
	switch {
	case wei != nil && wei.Sign() > 0:
		return fmt.Sprintf("%s HIVE until %s", hive(wei), at.Format(time.RFC3339))
	case takes > 0:
		return fmt.Sprintf("nothing; it would take %v", takes)
	}
	return "0"
}
