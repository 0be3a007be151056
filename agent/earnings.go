package agent

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strconv"
	"time"

	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/worker"
)

// EarningsDays is how many days `medhive node earnings` shows where nobody says how many.
const EarningsDays = 30

// maxEarningsDays bounds the question; a node keeps about a year and a half.
const maxEarningsDays = 1000

// earningsTimeout bounds the questions to chain and coordinator: without their answers the
// rest is shown all the same.
const earningsTimeout = 10 * time.Second

// EarningsLine is what one model earned on one day (UTC), by countersigned receipts.
type EarningsLine struct {
	Day      string `json:"day"`   // 2026-11-21
	Model    string `json:"model"` // id@version, or a digest where this machine has it no more
	Receipts uint64 `json:"receipts"`
	Clinics  int    `json:"clinics"` // how many paid it
	Gwei     uint64 `json:"gwei"`
	// Joules is what the studies took whose receipts say so, which are Measured of them: the
	// machine's share while they had a runner, and nothing of its rest.
	Joules   float64 `json:"joules"`
	Measured uint64  `json:"measured"`
}

// VoucherTotals sum up what clinics owe and paid, in gwei of HIVE.
type VoucherTotals struct {
	Clinics       int    `json:"clinics"`
	OwedGwei      uint64 `json:"owed_gwei"`      // by countersigned receipts, since ever
	VoucheredGwei uint64 `json:"vouchered_gwei"` // of it, signed by vouchers
	RedeemedGwei  uint64 `json:"redeemed_gwei"`  // of it, paid by the escrow
	PayableGwei   uint64 `json:"payable_gwei"`   // a redemption would pay so much now
	UnsignedGwei  uint64 `json:"unsigned_gwei"`  // owed without a voucher
	UncoveredGwei uint64 `json:"uncovered_gwei"` // vouchers that no deposit covers
	Stopped       int    `json:"stopped"`        // clinics that get no more bids until they pay
}

// RewardTotals are the network's rewards, in wei of HIVE; each nil while it is not known.
type RewardTotals struct {
	ClaimedWei   *big.Int `json:"claimed_wei"`
	ClaimableWei *big.Int `json:"claimable_wei"` // under the root that is active
	PendingWei   *big.Int `json:"pending_wei"`   // more, under the root that waits
}

// Earnings is what a node earned.
type Earnings struct {
	Node      string           `json:"node"`
	Recipient string           `json:"recipient"`
	Days      int              `json:"days"` // that Lines cover
	Lines     []EarningsLine   `json:"lines"`
	Vouchers  *VoucherTotals   `json:"vouchers,omitempty"` // nil where clinics don't pay by voucher
	Accounts  []worker.Account `json:"accounts,omitempty"` // the same, clinic by clinic
	Rewards   RewardTotals     `json:"rewards"`
	Epochs    []EpochReward    `json:"epochs"` // of those days, the newest first, as far as this node heard of them
	Money     Money            `json:"money,omitzero"`
	Notes     []string         `json:"notes,omitempty"` // what could not be found out, and why
}

// EarnedSpans are what a node earned of late, in gwei of HIVE by countersigned receipts; days
// are those of UTC.
type EarnedSpans struct {
	TodayGwei    uint64 `json:"today_gwei"`
	TodayStudies uint64 `json:"today_studies"`
	WeekGwei     uint64 `json:"week_gwei"` // of seven days, today's included
	WeekStudies  uint64 `json:"week_studies"`
	PayableGwei  uint64 `json:"payable_gwei"` // a redemption of vouchers would pay so much now
}

// earnedSpans sums up; what can't be read is shown as nothing, and the board says why.
func (n *Node) earnedSpans(now time.Time) (s EarnedSpans) {
	today := now.UTC().Truncate(24 * time.Hour)
	lines, err := n.worker.Earnings(today.AddDate(0, 0, -6))
	if err != nil {
		return s
	}
	for _, l := range lines {
		s.WeekGwei, s.WeekStudies = s.WeekGwei+l.Gwei, s.WeekStudies+l.Receipts
		if l.Day.Equal(today) {
			s.TodayGwei, s.TodayStudies = s.TodayGwei+l.Gwei, s.TodayStudies+l.Receipts
		}
	}
	if n.payments != nil {
		s.PayableGwei = sumVouchers(n.worker.Accounts()).PayableGwei
	}
	return s
}

// serveEarnings answers GET /earnings?days=N.
func (n *Node) serveEarnings(r *http.Request) (any, error) {
	days := EarningsDays
	if text := r.URL.Query().Get("days"); text != "" {
		var err error
		if days, err = strconv.Atoi(text); err != nil || days < 1 || days > maxEarningsDays {
			return nil, fmt.Errorf("days %.20q: want 1 to %d", text, maxEarningsDays)
		}
	}
	return n.Earnings(r.Context(), days)
}

// Earnings is what this node earned, in all and in the last days.
func (n *Node) Earnings(ctx context.Context, days int) (Earnings, error) {
	e := Earnings{Node: n.key.Address().Hex(), Recipient: n.recipient.Hex(), Days: days, Lines: []EarningsLine{}, Epochs: []EpochReward{}, Money: n.conf.Money}
	earned, err := n.worker.Earnings(time.Now().AddDate(0, 0, 1-days))
	if err != nil {
		return e, err
	}
	for _, l := range earned {
		e.Lines = append(e.Lines, EarningsLine{Day: l.Day.Format(time.DateOnly), Model: n.modelName(l.Model), Receipts: l.Receipts, Clinics: l.Clinics, Gwei: l.Gwei, Joules: float64(l.MilliJ) / 1000, Measured: l.Measured})
	}
	scores, err := n.Scores(scoresKept)
	if err != nil {
		e.Notes = append(e.Notes, err.Error())
	}
	first := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-days)
	for _, s := range scores {
		if time.Unix(int64(s.To), 0).Before(first) {
			break // the newest come first
		}
		e.Epochs = append(e.Epochs, rewardOf(s))
	}
	if n.payments != nil {
		e.Accounts = n.worker.Accounts()
		e.Vouchers = sumVouchers(e.Accounts)
	}
	ctx, cancel := context.WithTimeout(ctx, earningsTimeout)
	defer cancel()
	if err := n.rewardTotals(ctx, &e.Rewards); err != nil {
		e.Notes = append(e.Notes, err.Error())
	}
	return e, nil
}

// modelName is what a person calls a package.
func (n *Node) modelName(pkg models.Digest) string {
	if entry, err := n.models.Entry(pkg.String()); err == nil {
		return entry.Name()
	}
	return pkg.String()
}

func sumVouchers(accounts []worker.Account) *VoucherTotals {
	t := &VoucherTotals{Clinics: len(accounts)}
	for _, a := range accounts {
		t.OwedGwei += a.OwedGwei
		t.VoucheredGwei += a.VoucheredGwei
		t.RedeemedGwei += a.Cover.RedeemedGwei
		t.PayableGwei += a.PayableGwei
		t.UnsignedGwei += a.OwedGwei - min(a.OwedGwei, a.VoucheredGwei)
		signed := a.VoucheredGwei - min(a.VoucheredGwei, a.Cover.RedeemedGwei)
		t.UncoveredGwei += signed - min(signed, a.PayableGwei)
		if a.Stopped != "" {
			t.Stopped++
		}
	}
	return t
}

// rewardTotals asks the chain, and the coordinator for the leaves under its roots.
func (n *Node) rewardTotals(ctx context.Context, t *RewardTotals) error {
	claimed, err := n.chain.Claimed(ctx, n.key.Address())
	if err != nil {
		return fmt.Errorf("rewards are not known: %w", err)
	}
	t.ClaimedWei = claimed
	active, err := n.chain.ActiveRoot(ctx)
	if err != nil {
		return fmt.Errorf("what is claimable is not known: %w", err)
	}
	pending, err := n.chain.PendingRoot(ctx)
	if err != nil {
		return fmt.Errorf("what is pending is not known: %w", err)
	}
	under, err := n.earnedUnder(ctx, active)
	if err != nil {
		return fmt.Errorf("what is claimable is not known: %w", err)
	}
	t.ClaimableWei = above(under, claimed)
	waits, err := n.earnedUnder(ctx, pending)
	if err != nil {
		return fmt.Errorf("what is pending is not known: %w", err)
	}
	t.PendingWei = above(waits, larger(under, claimed))
	return nil
}

// earnedUnder is this node's leaf under a root, checked against it; 0 where there is none.
func (n *Node) earnedUnder(ctx context.Context, root chain.Root) (*big.Int, error) {
	if !root.Posted() {
		return new(big.Int), nil
	}
	to, err := n.coordinator()
	if err != nil {
		return nil, err
	}
	leaf, err := askReward(ctx, n.host, to, n.key.Address(), root)
	if errors.Is(err, ErrNothingEarned) {
		return new(big.Int), nil
	}
	return leaf.CumulativeWei, err
}

// above is a − b, at least 0.
func above(a, b *big.Int) *big.Int {
	if a.Cmp(b) <= 0 {
		return new(big.Int)
	}
	return new(big.Int).Sub(a, b)
}

func larger(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return b
	}
	return a
}
