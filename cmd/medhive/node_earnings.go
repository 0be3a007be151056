package main

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/attest/score"
)

func newNodeEarnings(s *shared) *cobra.Command { return s.earnings("medhive node earnings") }

// newEarnings is the same where people look for it first.
func newEarnings(s *shared) *cobra.Command { return s.earnings("medhive earnings") }

func (s *shared) earnings(path string) *cobra.Command {
	var name string
	var days int
	var money agent.Money
	c := s.reports(&cobra.Command{
		Use:   "earnings",
		Short: "Show what a running node earned, by day, model and factor, and what its power cost",
		Long: `A node earns in two ways. Clinics sign vouchers for its work, which it redeems from
their deposits; and the network rewards it each epoch, which it claims. Both are paid to
the cold address that the registry names. Days are those of UTC.

A reward is split by what earned it: of r for w·f = Σ wᵢ·fᵢ, factor i has earned
r·wᵢ·fᵢ/(w·f). --hive-rate and --power-price reckon in your currency; nobody quotes a rate
for you. Power is what the receipts of the work say was measured: what the machine takes
while it waits is not in it.`,
		Example: fmt.Sprintf(`  %[1]s
  %[1]s --days 7 --json
  %[1]s --currency EUR --hive-rate 0.12 --power-price 0.31`, path),
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := money.Check(); err != nil {
				return usageError{fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())}
			}
			home, err := s.homeDir()
			if err != nil {
				return err
			}
			var e agent.Earnings
			if err := api.Call(c.Context(), agent.NodeState(home, name), "GET", fmt.Sprintf("/earnings?days=%d", days), &e); err != nil {
				return err
			}
			changed := c.Flags().Changed
			if changed("currency") {
				e.Money.Currency = money.Currency
			}
			if changed("hive-rate") {
				e.Money.PerHIVE = money.PerHIVE
			}
			if changed("power-price") {
				e.Money.PerKWh = money.PerKWh
			}
			if s.asJSON {
				return printJSON(c.OutOrStdout(), e)
			}
			return printEarnings(c.OutOrStdout(), e)
		},
	})
	f := c.Flags()
	f.StringVar(&name, "name", "node", "name of the node's state folder below --home")
	f.IntVar(&days, "days", agent.EarningsDays, "how many days to show")
	f.StringVar(&money.Currency, "currency", "", "what you reckon in, such as EUR (default: the node's setting)")
	f.Float64Var(&money.PerHIVE, "hive-rate", 0, "what you reckon one HIVE is worth, in that currency (default: the node's setting)")
	f.Float64Var(&money.PerKWh, "power-price", 0, "what a kilowatt-hour costs you, in that currency (default: the node's setting)")
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
	for _, row := range balance(e) {
		fmt.Fprintf(table, "%s\t%s\n", row[0], row[1])
	}
	for _, note := range e.Notes {
		fmt.Fprintf(table, "note\t%s\n", note)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if err := printWork(w, e); err != nil {
		return err
	}
	return printRewards(w, e)
}

// balance is the span in the operator's currency, as far as they said what to reckon with.
func balance(e agent.Earnings) [][2]string {
	work, rewards, joules, studies, measured := new(big.Int), new(big.Int), 0.0, uint64(0), uint64(0)
	for _, l := range e.Lines {
		work.Add(work, agent.GweiToWei(l.Gwei))
		joules, studies, measured = joules+l.Joules, studies+l.Receipts, measured+l.Measured
	}
	for _, r := range e.Epochs {
		rewards.Add(rewards, r.RewardWei)
	}
	rows := [][2]string{{"in the span", fmt.Sprintf("%d days: %s HIVE by %d studies, %s HIVE of rewards by %d epochs", e.Days, hive(work), studies, few(rewards), len(e.Epochs))}}
	power := "not measured: no receipt of the span says what its study took; `medhive doctor` says how this machine could measure it"
	if measured > 0 {
		power = fmt.Sprintf("%.3f kWh for %d of %d studies", joules/3.6e6, measured, studies)
		if e.Money.PerKWh > 0 {
			power += fmt.Sprintf(", %s", sum(e.Money.Power(joules), e.Money))
		}
	}
	rows = append(rows, [2]string{"power", power})
	if e.Money.PerHIVE > 0 {
		earned := e.Money.Value(work) + e.Money.Value(rewards)
		text := fmt.Sprintf("%s earned", sum(earned, e.Money))
		if e.Money.PerKWh > 0 && measured > 0 {
			text += fmt.Sprintf(", %s after the measured power", sum(earned-e.Money.Power(joules), e.Money))
		}
		rows = append(rows, [2]string{"worth", text + fmt.Sprintf(", at %g %s a HIVE", e.Money.PerHIVE, currency(e.Money))})
	}
	return rows
}

// sum is an amount of money for a person.
func sum(v float64, m agent.Money) string { return fmt.Sprintf("%.2f %s", v, currency(m)) }

func currency(m agent.Money) string {
	if m.Currency == "" {
		return "(currency)"
	}
	return m.Currency
}

// printWork lists days and models.
func printWork(w io.Writer, e agent.Earnings) error {
	if len(e.Lines) == 0 {
		_, err := fmt.Fprintf(w, "\nno receipts in the last %d days\n", e.Days)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprint(table, "\nday\tmodel\tstudies\tclinics\tHIVE")
	if e.Money.PerHIVE > 0 {
		fmt.Fprintf(table, "\t%s", currency(e.Money))
	}
	fmt.Fprint(table, "\tkWh\n")
	for _, l := range e.Lines {
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s", l.Day, l.Model, l.Receipts, l.Clinics, hiveGwei(l.Gwei))
		if e.Money.PerHIVE > 0 {
			fmt.Fprintf(table, "\t%.2f", e.Money.Value(agent.GweiToWei(l.Gwei)))
		}
		energy := "-"
		if l.Measured > 0 {
			energy = fmt.Sprintf("%.4f", l.Joules/3.6e6)
		}
		fmt.Fprintf(table, "\t%s\n", energy)
	}
	return table.Flush()
}

// printRewards lists days, with what each factor earned of the rewards.
func printRewards(w io.Writer, e agent.Earnings) error {
	if len(e.Epochs) == 0 {
		_, err := fmt.Fprintf(w, "\nno epoch has rewarded this node in the last %d days, as far as it heard\n", e.Days)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "\nday\tepochs\trewards in HIVE\tby compute\tby availability\tby quality\tby network")
	for _, d := range rewardDays(e.Epochs) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", d.day, d.epochs, few(d.wei[0]), few(d.wei[1]), few(d.wei[2]), few(d.wei[3]), few(d.wei[4]))
	}
	return table.Flush()
}

// few is an amount of HIVE to four digits; --json has every wei.
func few(wei *big.Int) string { return score.Wei{Int: wei}.HIVE() }

// rewardDay sums up a day's epochs: the whole, then by factor.
type rewardDay struct {
	day    string
	epochs int
	wei    [5]*big.Int
}

// rewardDays are the days of epochs, in their order.
func rewardDays(epochs []agent.EpochReward) (list []rewardDay) {
	for _, e := range epochs {
		at := slices.IndexFunc(list, func(d rewardDay) bool { return d.day == e.Day })
		if at < 0 {
			at = len(list)
			list = append(list, rewardDay{day: e.Day, wei: [5]*big.Int{{}, {}, {}, {}, {}}})
		}
		list[at].epochs++
		for i, wei := range []*big.Int{e.RewardWei, e.ComputeWei, e.AvailabilityWei, e.QualityWei, e.NetworkWei} {
			list[at].wei[i].Add(list[at].wei[i], wei)
		}
	}
	return list
}
