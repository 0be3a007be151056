package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/ethereum/go-ethereum/common"
	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/attest/chain"
)

func newNodeClaim(s *shared) *cobra.Command {
	w := claiming{sign: new(signing)}
	c := s.reports(&cobra.Command{
		Use:   "claim",
		Short: "Have the cold address paid what this node has earned",
		Long: `Shows what the active root gives the node and what the claim would cost, asks, sends
it and waits until it is final. The money goes to the cold address that the registry
names, whoever sends the claim and pays its gas: the node's own hot key, unless
another is named. With --node it works on any machine that reaches chain and
coordinator, without a key of the node.

With --unsigned the claim is written to a file instead, to be signed where the key
is (medhive chain sign there, or clef's account_signTransaction) and sent with
medhive chain send.`,
		Example: `  medhive node claim
  medhive node claim --yes --json
  medhive node claim --node 0x52908400098527886E0F7030069857D2E4169EE7 --keystore operator.json --password-file password
  medhive node claim --unsigned claim.json --from 0x8617E340B3D01FA5F11F306F4090FD50E238070D`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error { return w.run(s, c) },
	})
	f := c.Flags()
	f.StringVar(&w.name, "name", "node", "name of the node's state folder below --home")
	f.StringVar(&w.node, "node", "", "address of the node that earned (default: the one of --name)")
	f.StringVar(&w.unsigned, "unsigned", "", "write the unsigned transaction to this file, and send nothing")
	f.StringVar(&w.from, "from", "", "who will sign the file of --unsigned and pay the gas")
	f.StringVar(&w.reach.SwarmKey, "swarm-key", "", "file of the network's pre-shared key, if it has one")
	w.sign.flags(c)
	return c
}

// claiming is one run of node claim, as it was typed.
type claiming struct {
	name, node, unsigned, from string
	sign                       *signing
	reach                      agent.Reach
}

func (w claiming) run(s *shared, c *cobra.Command) (err error) {
	home, path, err := s.where()
	if err != nil {
		return err
	}
	network, err := agent.ReadNetwork(path)
	if err != nil {
		return err
	}
	own := agent.NodeState(home, w.name)
	hot, err := claimed(c.Context(), own, w.node)
	if err != nil {
		return err
	}
	payer, signer, err := paying(c, w.sign, own, w.unsigned, w.from)
	if err != nil {
		return err
	}
	claimant, err := agent.OpenClaimant(c.Context(), network, w.reach)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, claimant.Close()) }()
	quote, err := claimant.Quote(c.Context(), hot, payer)
	if err != nil {
		return err
	}
	shown := c.OutOrStdout()
	if s.asJSON { // standard output is the report's
		shown = c.ErrOrStderr()
	}
	if !s.asJSON || !w.sign.yes {
		if err := printQuote(shown, quote); err != nil {
			return err
		}
	}
	if w.unsigned != "" {
		return s.writeUnsigned(c, claimant, quote, w.unsigned)
	}
	if quote.PayerWei.Cmp(quote.FeeWei) < 0 {
		return fmt.Errorf("%s holds %s ether, the claim costs about %s; send it ether, or name another payer with --keystore", quote.Payer, chain.FormatHive(quote.PayerWei), chain.FormatHive(quote.FeeWei))
	}
	if err := w.sign.confirm(c, "send the claim?"); err != nil {
		return err
	}
	report, err := claimant.Send(c.Context(), signer, quote)
	if err != nil {
		return err
	}
	if s.asJSON {
		return printJSON(c.OutOrStdout(), report)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "paid %s HIVE to %s\ntransaction %s in block %d, %d gas, %s ether\n",
		chain.FormatHive(report.AmountWei), report.Recipient, report.Tx, report.Block, report.GasUsed, chain.FormatHive(report.FeeWei))
	return err
}

// claimed is the node that is claimed for: the named one, or that of the folder.
func claimed(ctx context.Context, own, node string) (common.Address, error) {
	if node != "" {
		return address("--node", node)
	}
	key, err := agent.KnownNodeKey(ctx, own, "")
	if errors.Is(err, os.ErrNotExist) {
		return common.Address{}, errors.New("there is no node of this name here; name its state folder with --name, or its address with --node")
	}
	if err != nil {
		return common.Address{}, err
	}
	return key.Address(), nil
}

// paying is who pays the gas and, unless the claim is to be signed elsewhere, signs.
func paying(c *cobra.Command, sign *signing, own, unsigned, from string) (common.Address, chain.Signer, error) {
	if unsigned != "" {
		payer, err := address("--from", from)
		return payer, nil, err
	}
	if !sign.named() {
		key, err := agent.KnownNodeKey(c.Context(), own, "")
		if err != nil {
			return common.Address{}, nil, err
		}
		return key.Address(), key, nil
	}
	signer, err := sign.open(c)
	if err != nil {
		return common.Address{}, nil, err
	}
	return signer.Address(), signer, nil
}

// writeUnsigned writes the claim for a key on another machine.
func (s *shared) writeUnsigned(c *cobra.Command, claimant *agent.Claimant, quote agent.ClaimQuote, path string) error {
	tx, err := claimant.Unsigned(c.Context(), quote)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) // nothing in it is secret
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and may wait to be signed; move it away, or name another file with --unsigned", filepath.Base(path))
	}
	if err != nil {
		return fmt.Errorf("write the unsigned claim: %w", err)
	}
	if err := errors.Join(printJSON(file, tx), file.Close()); err != nil {
		return fmt.Errorf("write the unsigned claim: %w", err)
	}
	if s.asJSON {
		return printJSON(c.OutOrStdout(), quote)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "written; nothing was sent\nnext: medhive chain sign %s, where the key of %s is\n", filepath.Base(path), quote.Payer)
	return err
}

func printQuote(w io.Writer, q agent.ClaimQuote) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	rows := [][2]string{
		{"node", q.Node.Hex()},
		{"epoch", fmt.Sprintf("%d, active on chain", q.Epoch)},
		{"earned", chain.FormatHive(q.EarnedWei) + " HIVE since the beginning"},
		{"paid before", chain.FormatHive(q.PaidWei) + " HIVE"},
		{"this claim", fmt.Sprintf("%s HIVE to %s", chain.FormatHive(q.AmountWei), q.Recipient)},
		{"gas", fmt.Sprintf("about %d, %s ether, paid by %s", q.Gas, chain.FormatHive(q.FeeWei), q.Payer)},
	}
	if q.LaterWei.Sign() > 0 {
		rows = append(rows, [2]string{"later", chain.FormatHive(q.LaterWei) + " HIVE: too much leaves the contract at once; it stays claimable"})
	}
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	return table.Flush()
}
