package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

// newNodeConsent is the node's half of a registration; newChainRegister the operator's.
func newNodeConsent(s *shared) *cobra.Command {
	var name, operator, recipient, jurisdiction string
	var valid time.Duration
	c := &cobra.Command{
		Use:   "consent",
		Short: "Sign this node's agreement to be registered by an operator on another machine",
		Long: `A node is registered by its operator, whose key is not on the node, with the consent
of the node's hot key. This prints that consent, in which nothing is secret; the
operator gives it to medhive chain register. Makes the node's key if there is none.

The voucher of the device is part of it, if medhive node first-boot took one. Operator and
recipient are the owner that medhive node bind told, unless they are named.`,
		Example: `  medhive node consent --operator 0x8617E340B3D01FA5F11F306F4090FD50E238070D --recipient 0x52908400098527886E0F7030069857D2E4169EE7 > consent.json`,
		Args:    noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, path, err := s.where()
			if err != nil {
				return err
			}
			network, err := agent.ReadNetwork(path)
			if err != nil {
				return err
			}
			r := chain.Registration{Jurisdiction: jurisdiction, Deadline: time.Now().Add(valid).Truncate(time.Second)}
			state := agent.NodeState(home, name)
			hot, err := agent.NodeKey(c.Context(), state, "")
			if err != nil {
				return err
			}
			r.HotKey = hot.Address()
			owner, err := agent.Owner(c.Context(), state, network, r.HotKey)
			if err != nil {
				return err
			}
			if owner != nil { // who is bound registers and is paid, unless others are named
				operator, recipient = cmp.Or(operator, owner.Hex()), cmp.Or(recipient, owner.Hex())
			}
			if r.Operator, err = address("--operator", operator); err != nil {
				return err
			}
			if r.Recipient, err = address("--recipient", recipient); err != nil {
				return err
			}
			if r.Voucher, err = agent.VoucherDigest(state, network); err != nil {
				return err
			}
			if err := r.Validate(); err != nil {
				return err
			}
			consent := chain.Consent{Registration: r}
			if consent.Signature, err = r.Sign(network.Domain(), hot.ECDSA()); err != nil {
				return err
			}
			return printJSON(c.OutOrStdout(), consent)
		},
	}
	f := c.Flags()
	f.StringVar(&name, "name", "node", "name of the node's state folder below --home")
	f.StringVar(&operator, "operator", "", "account that will register the node and deposit its bond")
	f.StringVar(&recipient, "recipient", "", "cold address that rewards and the bond are paid to")
	f.StringVar(&jurisdiction, "jurisdiction", "DE", "ISO 3166 code of the country that the machine stands in")
	f.DurationVar(&valid, "valid", 7*24*time.Hour, "how long the operator may use it")
	return c
}

func newChainRegister(s *shared) *cobra.Command {
	sign := new(signing)
	c := s.reports(&cobra.Command{
		Use:   "register CONSENT",
		Short: "Register a node with its consent, and deposit its bond",
		Long: `CONSENT is the file that medhive node consent printed on the node; - is standard input.
The operator that it names signs, and must hold the bond in HIVE.`,
		Example: "  medhive chain register consent.json --keystore operator.json --password-file password",
		Args:    oneFile,
		RunE: func(c *cobra.Command, args []string) error {
			text, err := consentText(c, args[0])
			if err != nil {
				return err
			}
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			consent, err := chain.DecodeConsent(text, client.Domain())
			if err != nil {
				return err
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			bond, err := client.Bond(c.Context())
			if err != nil {
				return err
			}
			r := consent.Registration
			if err := sign.confirm(c, fmt.Sprintf("register node %s in %s, paid to %s, with a bond of %s HIVE?", r.HotKey, r.Jurisdiction, r.Recipient, chain.FormatHive(bond))); err != nil {
				return err
			}
			mined, err := client.RegisterWith(c.Context(), signer, r, consent.Signature)
			if err != nil {
				return err
			}
			return s.printSent(c, fmt.Sprintf("node %s is registered; start it with medhive node run", r.HotKey), mined)
		},
	})
	sign.flags(c)
	return c
}

func consentText(c *cobra.Command, path string) ([]byte, error) {
	if path != "-" {
		return readBounded(path)
	}
	text, err := io.ReadAll(io.LimitReader(c.InOrStdin(), maxTransactionFile))
	if err != nil {
		return nil, fmt.Errorf("read the consent: %w", err)
	}
	return text, nil
}

// nodeAction is a command that does one thing about one registered node.
type nodeAction struct {
	use, short, long, done string
	question               func(node chain.Node) string
	do                     func(ctx context.Context, client *chain.Client, signer chain.Signer, node chain.Node) (chain.Mined, error)
}

// actsOnNode makes the command.
func (s *shared) actsOnNode(a nodeAction) *cobra.Command {
	sign := new(signing)
	c := s.reports(&cobra.Command{
		Use: a.use + " NODE", Short: a.short, Long: a.long,
		Example: "  medhive chain " + a.use + " 0x52908400098527886E0F7030069857D2E4169EE7 --keystore operator.json --password-file password",
		Args:    oneNode,
		RunE: func(c *cobra.Command, args []string) error {
			hot, err := address("node", args[0])
			if err != nil {
				return err
			}
			_, client, err := s.onChain(c)
			if err != nil {
				return err
			}
			defer client.Close()
			node, err := client.Node(c.Context(), hot)
			if err != nil {
				return err
			}
			if !node.Registered() {
				return fmt.Errorf("node %s is not in the registry; look whether the address is right", hot)
			}
			signer, err := sign.open(c)
			if err != nil {
				return err
			}
			if err := sign.confirm(c, a.question(node)); err != nil {
				return err
			}
			mined, err := a.do(c.Context(), client, signer, node)
			if err != nil {
				return err
			}
			return s.printSent(c, a.done, mined)
		},
	})
	sign.flags(c)
	return c
}

func oneNode(c *cobra.Command, args []string) error {
	if len(args) != 1 {
		return usageError{fmt.Errorf("name one node by its address; see `%s --help`", c.CommandPath())}
	}
	return nil
}

func newChainExit(s *shared) *cobra.Command {
	return s.actsOnNode(nodeAction{
		use: "exit", short: "End a node's work for good, and begin the thaw of its bond", done: "the node is leaving; withdraw its bond when it has thawed",
		long:     "The operator's key signs. Final for this hot key: a node that comes back does so under a new one.",
		question: func(n chain.Node) string { return fmt.Sprintf("end node %s for good?", n.HotKey) },
		do: func(ctx context.Context, client *chain.Client, signer chain.Signer, n chain.Node) (chain.Mined, error) {
			return client.Exit(ctx, signer, n.HotKey)
		},
	})
}

func newChainWithdrawBond(s *shared) *cobra.Command {
	return s.actsOnNode(nodeAction{
		use: "withdraw-bond", short: "Pay a thawed bond, or what disputes left of it, to the cold address", done: "the bond is paid out",
		long:     "Any key may sign: the money goes to the recipient in the registry.",
		question: func(n chain.Node) string { return fmt.Sprintf("pay the bond of node %s to %s?", n.HotKey, n.Recipient) },
		do: func(ctx context.Context, client *chain.Client, signer chain.Signer, n chain.Node) (chain.Mined, error) {
			return client.WithdrawBond(ctx, signer, n.HotKey)
		},
	})
}

func newChainRestoreBond(s *shared) *cobra.Command {
	return s.actsOnNode(nodeAction{
		use: "restore-bond", short: "Pay in again what a dispute took of a bond, so that the node may work", done: "the bond is whole",
		long: "The operator's key signs, and pays what was taken in HIVE.",
		question: func(n chain.Node) string {
			return fmt.Sprintf("pay %s HIVE for the bond of node %s?", chain.FormatHive(n.SlashedWei), n.HotKey)
		},
		do: func(ctx context.Context, client *chain.Client, signer chain.Signer, n chain.Node) (chain.Mined, error) {
			return client.RestoreBond(ctx, signer, n.HotKey)
		},
	})
}

func newChainRecipient(s *shared) *cobra.Command {
	var to string
	var cancel bool
	c := s.actsOnNode(nodeAction{
		use: "recipient", short: "Propose another cold address for a node, or cancel the change", done: "noted",
		long: `The operator's key proposes; the change takes the registry's delay, in which the
operator or the present recipient may cancel it with --cancel.`,
		question: func(n chain.Node) string {
			if cancel {
				return fmt.Sprintf("keep paying node %s to %s?", n.HotKey, n.Recipient)
			}
			return fmt.Sprintf("pay node %s to %s from now on, in place of %s?", n.HotKey, to, n.Recipient)
		},
		do: func(ctx context.Context, client *chain.Client, signer chain.Signer, n chain.Node) (chain.Mined, error) {
			if cancel {
				return client.CancelRecipient(ctx, signer, n.HotKey)
			}
			proposed, err := address("--to", to)
			if err != nil {
				return chain.Mined{}, err
			}
			return client.ProposeRecipient(ctx, signer, n.HotKey, proposed)
		},
	})
	c.Flags().StringVar(&to, "to", "", "the new cold address")
	c.Flags().BoolVar(&cancel, "cancel", false, "cancel the change that is under way")
	c.MarkFlagsMutuallyExclusive("to", "cancel")
	c.MarkFlagsOneRequired("to", "cancel")
	return c
}
