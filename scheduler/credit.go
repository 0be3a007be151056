package scheduler

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"
)

// Refusals of more work for a clinic, by the node's own rule.
var (
	ErrExposure  = errors.New("the clinic owes this node vouchers or money up to the limit; it may bid again when the clinic has signed or deposited")
	ErrUnsecured = errors.New("what the clinic reserved for this node does not cover more work, and its credit beyond that is used up; it should deposit and reserve (medhive clinic deposit, medhive clinic reserve)")
	// ErrFalling is a voucher that says less than the one before: a total never falls.
	ErrFalling = errors.New("the voucher says less than the one before it")
)

const (
	// leastThaw is the shortest thaw that an escrow can have: MIN_THAW_DELAY of JobEscrow.sol.
	leastThaw = 24 * time.Hour
	// CoverLife is how long what the chain said of a clinic's deposit counts: half of any thaw,
	// so that a deposit can't have left meanwhile without being seen to go.
	CoverLife = leastThaw / 2
	// DefaultRedeemAfter is when whatever is payable is redeemed: half of any thaw, so that a
	// deposit can't leave while a voucher waits.
	DefaultRedeemAfter = leastThaw / 2
	// thawWait is how long a voucher waits, since the oldest that is not paid, before one
	// whose money thaws: long before any thaw ends, and no clinic can have each study
	// redeemed for itself.
	thawWait = time.Hour
)

// Cover is what the escrow holds for a clinic's debts to one node, in gwei of HIVE.
type Cover struct {
	ReservedGwei uint64    `json:"reserved_gwei"`          // for this node alone
	FreeGwei     uint64    `json:"free_gwei"`              // for whoever redeems first, or is reserved for first
	ThawingGwei  uint64    `json:"thawing_gwei,omitempty"` // beside both: it pays vouchers until it leaves
	RedeemedGwei uint64    `json:"redeemed_gwei"`          // paid to this node since ever; it never falls
	At           time.Time `json:"at,omitzero"`            // when the chain said so
}

// Held is what may be counted on at now: nothing but what was paid where the chain was silent
// for CoverLife.
func (c Cover) Held(now time.Time) Cover {
	if c.At.IsZero() || now.Sub(c.At) >= CoverLife {
		return Cover{RedeemedGwei: c.RedeemedGwei, At: c.At}
	}
	return c
}

// Credit is where a node stands with one clinic, in gwei of HIVE. The first three are
// totals since ever.
type Credit struct {
	OwedGwei      uint64 // prices of accepted receipts
	VoucheredGwei uint64 // of the clinic's newest voucher
	RedeemedGwei  uint64 // paid by the escrow
	EngagedGwei   uint64 // prices of bids that keep a place and of jobs that are not countersigned
	ReservedGwei  uint64 // what the escrow holds now for this node
	FreeGwei      uint64 // and for whoever is first
	ThawingGwei   uint64 // and of what is on its way out: it pays, and secures nothing
	// Revocable is a newest voucher that a contract wallet signed: it may say no when the
	// voucher is redeemed, and so take it back. It counts as signed only once it is paid.
	Revocable bool
}

// firmGwei is what the clinic can't take back of what it signed.
func (c Credit) firmGwei() uint64 {
	if c.Revocable {
		return min(c.VoucheredGwei, c.RedeemedGwei)
	}
	return c.VoucheredGwei
}

// UnsignedGwei is work that no voucher tells of for certain, done or in hand:
//
//	owed + engaged − vouchered, at least 0
func (c Credit) UnsignedGwei() uint64 {
	return minus(plus(c.OwedGwei, c.EngagedGwei), c.firmGwei())
}

// SignedGwei is what vouchers promise for certain and the escrow has not paid:
// vouchered − redeemed.
func (c Credit) SignedGwei() uint64 { return minus(c.firmGwei(), c.RedeemedGwei) }

// PayableGwei is what a redemption pays now, if no other node is faster and a wallet stands by
// its voucher: of what is vouchered and not redeemed, what the escrow holds.
func (c Credit) PayableGwei() uint64 {
	return min(minus(c.VoucheredGwei, c.RedeemedGwei), plus(plus(c.ReservedGwei, c.FreeGwei), c.ThawingGwei))
}

// ExposureGwei is what the node would lose if the clinic never signed, reserved or deposited
// again:
//
//	unsigned + max(0, signed − reserved)
func (c Credit) ExposureGwei() uint64 {
	return plus(c.UnsignedGwei(), minus(c.SignedGwei(), c.ReservedGwei))
}

// UnsecuredGwei is what no reservation would pay even if the clinic signed everything:
//
//	max(0, unsigned + signed − reserved)
//
// It is never more than the exposure. The free deposit is no security: every node sees the
// same one, and the clinic can reserve it for another at any time.
func (c Credit) UnsecuredGwei() uint64 {
	return minus(plus(c.UnsignedGwei(), c.SignedGwei()), c.ReservedGwei)
}

// LentGwei is the part of what is payable that no reservation secures: a redemption ends the
// doubt about it.
func (c Credit) LentGwei() uint64 { return min(c.PayableGwei(), c.UnsecuredGwei()) }

// CreditLimits are what a node risks on clinics, in gwei of HIVE.
type CreditLimits struct {
	ExposureGwei uint64 // of one clinic, whatever it has reserved
	// UnsecuredGwei is of one clinic, beyond what it reserved for this node; a free deposit
	// doubles it at most.
	UnsecuredGwei uint64
	// TogetherGwei is what is not reserved of all clinics that the node worked for lately: a
	// clinic's name costs nothing, and without this limit each new name would get its own
	// credit.
	TogetherGwei uint64
}

// DefaultCreditLimits are those of a node that asks price for a study: 20 studies beyond a
// reservation (40 with a free deposit of 20), 200 for a clinic with one, and 100 beyond the
// reservations of all clinics together.
func DefaultCreditLimits(priceGwei uint64) CreditLimits {
	const unsecured, exposure, together = 20, 200, 100
	price := max(priceGwei, 1)
	return CreditLimits{ExposureGwei: times(price, exposure), UnsecuredGwei: times(price, unsecured), TogetherGwei: times(price, together)}
}

// lends is what one clinic may owe beyond its reservation: the credit, and the same again as
// far as its free deposit holds it.
func (l CreditLimits) lends(freeGwei uint64) uint64 {
	return plus(l.UnsecuredGwei, min(freeGwei, l.UnsecuredGwei))
}

// Allows says whether one more job at this price may be bid for: with it, no limit may be
// passed. others is what all other clinics' reservations do not cover. The first job of a
// clinic that owes nothing is not refused for its price alone where the limits are smaller: a
// node whose limit is under its price would never work.
func (l CreditLimits) Allows(c Credit, othersGwei, priceGwei uint64) error {
	first := c.ExposureGwei() == 0 && l.UnsecuredGwei > 0
	c.EngagedGwei = plus(c.EngagedGwei, priceGwei)
	exposed, unsecured, lends := c.ExposureGwei(), c.UnsecuredGwei(), l.lends(c.FreeGwei)
	switch {
	case exposed > l.ExposureGwei && !first:
		return fmt.Errorf("%d gwei with this job, the limit is %d: %w", exposed, l.ExposureGwei, ErrExposure)
	case unsecured == 0:
		return nil
	case unsecured > lends && !first:
		return fmt.Errorf("%d gwei with this job, the limit is %d: %w", unsecured, lends, ErrUnsecured)
	case plus(unsecured, othersGwei) > max(l.TogetherGwei, priceGwei):
		return fmt.Errorf("%d gwei of all clinics with this job, the limit is %d: %w", plus(unsecured, othersGwei), l.TogetherGwei, ErrUnsecured)
	}
	return nil
}

// recentCharges is how many charges a tab keeps one by one: those that may have been signed
// after the newest voucher that a node can show.
const recentCharges = 64

// Tab is what a clinic owes one node since ever. Its total never falls, and each state of it
// is one voucher.
type Tab struct {
	TotalGwei uint64    `json:"total_gwei"`
	At        time.Time `json:"at"`               // of the voucher, whole milliseconds; it rises with each charge
	Recent    []Charge  `json:"recent,omitempty"` // the newest last
}

// Charge is one job on a tab.
type Charge struct {
	At        time.Time `json:"at"`
	PriceGwei uint64    `json:"price_gwei"`
}

// Charge adds one job. The tab that it is called on stays as it was.
func (t Tab) Charge(priceGwei uint64, now time.Time) Tab {
	at := now.UTC().Truncate(time.Millisecond)
	if !at.After(t.At) {
		at = t.At.Add(time.Millisecond)
	}
	recent := append(slices.Clone(t.Recent), Charge{At: at, PriceGwei: priceGwei})
	return Tab{TotalGwei: plus(t.TotalGwei, priceGwei), At: at, Recent: recent[max(0, len(recent)-recentCharges):]}
}

// Shown takes up a voucher that the clinic itself signed before and that its node shows. One
// that says more than the tab means that the clinic's database is older than the voucher, from
// a backup: the total is then what the voucher says and all that was charged after it. changed
// is false where the tab knew as much.
func (t Tab) Shown(totalGwei uint64, at time.Time) (_ Tab, changed bool) {
	if totalGwei <= t.TotalGwei {
		return t, false
	}
	lifted := Tab{TotalGwei: totalGwei, At: at, Recent: slices.Clone(t.Recent)}
	for _, c := range t.Recent {
		if c.At.After(at) {
			lifted.TotalGwei = plus(lifted.TotalGwei, c.PriceGwei)
		}
	}
	if t.At.After(at) {
		lifted.At = t.At
	}
	lifted.At = lifted.At.Add(time.Millisecond) // it says something new
	return lifted, true
}

// NextVoucher judges a voucher's total against the one that is held.
func NextVoucher(heldGwei, nextGwei uint64) error {
	if nextGwei < heldGwei {
		return fmt.Errorf("%d gwei after %d: %w", nextGwei, heldGwei, ErrFalling)
	}
	return nil
}

// Redemption is one clinic's part of what a node could redeem.
type Redemption struct {
	PayableGwei uint64    // what the escrow would pay now
	LentGwei    uint64    // of it, what is not reserved for the node: see Credit.LentGwei
	Thaws       bool      // the clinic is taking money out
	Since       time.Time // the oldest voucher or receipt that is not paid
}

// RedeemRule is when a node sends its vouchers to the chain.
type RedeemRule struct {
	AboveGwei uint64 // as soon as so much would be paid
	// LentGwei is the same of one clinic's part that is not reserved: others may be faster, and
	// the credit that it uses up is free again. 0: such a part is like any other.
	LentGwei uint64
	After    time.Duration // and whatever it is once something waits for so long
}

// Due says whether to redeem: all that is payable reaches the threshold, or a part of it has
// waited long enough, is lent too freely or may leave. Nothing that pays nothing is ever due.
func (r RedeemRule) Due(parts []Redemption, now time.Time) bool {
	var payable uint64
	pressing := false
	for _, p := range parts {
		if p.PayableGwei == 0 {
			continue
		}
		payable = plus(payable, p.PayableGwei)
		waited := now.Sub(p.Since)
		pressing = pressing || waited >= r.After || p.Thaws && waited >= thawWait || r.LentGwei > 0 && p.LentGwei >= r.LentGwei
	}
	return payable > 0 && (payable >= r.AboveGwei || pressing)
}

// AddGwei is a + b, or the largest amount where that is beyond 64 bits.
func AddGwei(a, b uint64) uint64 { return plus(a, b) }

// plus, minus and times keep to what 64 bits hold: a sum that is too large for a stranger's
// figures is the largest, and what would fall below zero is zero.
func plus(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return math.MaxUint64
	}
	return sum
}

func minus(a, b uint64) uint64 { return a - min(a, b) }

func times(a, b uint64) uint64 {
	high, low := bits.Mul64(a, b)
	if high != 0 {
		return math.MaxUint64
	}
	return low
}
