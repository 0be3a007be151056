package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/scheduler"
)

func newNodeEarnings(s *shared) *cobra.Command {
	var name string
	var days int
	c := s.reports(&cobra.Command{
		Use:   "earnings",
		Short: "Show what a running node earned, by day and model, and what it was paid",
		Long: `A node earns in two ways. Clinics sign vouchers for its work, which it redeems from
their deposits; and the network rewards it each epoch, which it claims. Both are paid to
the cold address that the registry names. Days are those of UTC.`,
		Example: `  medhive node earnings
  medhive node earnings --days 7 --json`,
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var e agent.Earnings
			if err := api.Call(c.Context(), agent.NodeState(home, name), "GET", fmt.Sprintf("/earnings?days=%d", days), &e); err != nil {
				return err
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), e)
			}
			return printEarnings(c.OutOrStdout(), e)
		},
	})
	c.Flags().StringVar(&name, "name", "node", "name of the node's state folder below --home")
	c.Flags().IntVar(&days, "days", agent.EarningsDays, "how many days to show")
	return c
}

func printEarnings(w io.Writer, e agent.Earnings) error {
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(table, "node\t%s\npaid to\t%s\n", e.Node, e.Recipient)
	if v := e.Vouchers; v != nil {
		fmt.Fprintf(table, "work\t%s HIVE by receipts of %d clinics; %s signed by vouchers, %s redeemed\n",
			hiveGwei(v.OwedGwei), v.Clinics, hiveGwei(v.VoucheredGwei), hiveGwei(v.RedeemedGwei))
		fmt.Fprintf(table, "redeemable\t%s HIVE now; %s wait for a voucher, %s for a deposit\n",
			hiveGwei(v.PayableGwei), hiveGwei(v.UnsignedGwei), hiveGwei(v.UncoveredGwei))
		if v.Stopped > 0 {
			fmt.Fprintf(table, "stopped\t%d clinics get no more bids until they sign or deposit; see --json\n", v.Stopped)
		}
	}
	fmt.Fprintf(table, "rewards\t%s HIVE claimed, %s claimable, %s pending\n",
		hive(e.Rewards.ClaimedWei), hive(e.Rewards.ClaimableWei), hive(e.Rewards.PendingWei))
	for _, note := range e.Notes {
		fmt.Fprintf(table, "note\t%s\n", note)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(e.Lines) == 0 {
		_, err := fmt.Fprintf(w, "\nno receipts in the last %d days\n", e.Days)
		return err
	}
	table = tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\nday\tmodel\tstudies\tclinics\tHIVE")
	for _, l := range e.Lines {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\n", l.Day, l.Model, l.Receipts, l.Clinics, hiveGwei(l.Gwei))
	}
	return table.Flush()
}

// paymentFlags are what a node lets clinics owe it.
func paymentFlags(c *cobra.Command, t *agent.PaymentTerms) {
	f := c.Flags()
	f.Uint64Var(&t.ExposureGwei, "exposure-limit", 0, "what one clinic may owe without a voucher, by a contract wallet's voucher, or by vouchers that nothing reserved for this node covers, in gwei of HIVE; beyond it the node bids for it no more (default: 200 studies' price)")
	f.Uint64Var(&t.UnsecuredGwei, "unsecured-credit", 0, "of that, what a clinic may owe beyond what it reserved for this node, in gwei of HIVE; a free deposit, which every node sees, doubles it (default: 20 studies' price; 100 for all clinics together)")
	f.Uint64Var(&t.RedeemAbove, "redeem-above", 0, "redeem vouchers as soon as so much is payable, in gwei of HIVE (default: 100 studies' price; 20 of one clinic that reserved nothing; at once where its deposit thaws)")
	f.DurationVar(&t.RedeemAfter, "redeem-after", scheduler.DefaultRedeemAfter, "redeem whatever is payable after so long, if it is worth its gas by --hive-price; the escrow's thaw must be longer")
}
