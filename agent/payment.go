package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"math/big"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

// How a node turns vouchers into money.
const (
	// redeemEvery is the pause between two looks at what could be redeemed.
	redeemEvery = time.Minute
	// redeemStudies is how many studies' price a node lets come together before that: one
	// transaction for a hundred studies costs next to nothing a study.
	redeemStudies = 100
	// redeemAtOnce is how many clinics' vouchers go into one transaction.
	redeemAtOnce = 50
	// maxLooks bounds the clinics whose deposits wait to be looked up: they come from offers.
	maxLooks = 64
	// lookTimeout bounds one look.
	lookTimeout = 10 * time.Second
	// coverRenewed is how old the chain's word on a clinic that owes something may grow, and
	// paidRenewed on one that has paid: a chain may take a payment back with its block.
	coverRenewed = 10 * time.Minute
	paidRenewed  = 6 * time.Hour
	// renewedAtOnce bounds the looks between two redemptions.
	renewedAtOnce = 256
)

// PaymentTerms are what a node lets clinics owe it, and when it redeems. Zero values are the
// defaults.
type PaymentTerms struct {
	ExposureGwei  uint64        // what one clinic may owe unsigned or not reserved; default 200 studies' price
	UnsecuredGwei uint64        // of it, beyond what is reserved for this node; default 20 studies' price, a free deposit doubles it
	RedeemAbove   uint64        // gwei that are redeemed as soon as they are payable; default 100 studies' price
	RedeemAfter   time.Duration // when whatever is payable is redeemed; default scheduler.DefaultRedeemAfter
}

func (t PaymentTerms) limits(priceGwei uint64) scheduler.CreditLimits {
	l := scheduler.DefaultCreditLimits(priceGwei)
	l.TogetherGwei = max(l.TogetherGwei, t.UnsecuredGwei)
	l.ExposureGwei, l.UnsecuredGwei = cmp.Or(t.ExposureGwei, l.ExposureGwei), cmp.Or(t.UnsecuredGwei, l.UnsecuredGwei)
	return l
}

func (t PaymentTerms) rule(priceGwei uint64) scheduler.RedeemRule {
	if priceGwei = max(priceGwei, 1); priceGwei > math.MaxUint64/redeemStudies {
		priceGwei = math.MaxUint64 / redeemStudies
	}
	return scheduler.RedeemRule{AboveGwei: cmp.Or(t.RedeemAbove, redeemStudies*priceGwei), LentGwei: t.limits(priceGwei).UnsecuredGwei,
		After: cmp.Or(t.RedeemAfter, scheduler.DefaultRedeemAfter)}
}

// Vouchers is the domain of what clinics pay by on this network; without an escrow where the
// network has none.
func (n Network) Vouchers() attest.Domain {
	return attest.VoucherDomain(new(big.Int).SetUint64(n.Contracts.ChainID), n.Contracts.Escrow)
}

// escrow is the JobEscrow on chain, as a node needs it.
type escrow interface {
	EscrowOf(ctx context.Context, clinic common.Address) (chain.Funds, error)
	ReservationOf(ctx context.Context, clinic, node common.Address) (chain.Funds, error)
	RedeemedGwei(ctx context.Context, clinic, node common.Address) (uint64, error)
	Redeem(ctx context.Context, key chain.Signer, vouchers []attest.SignedVoucher) (chain.Mined, []chain.Redemption, error)
	EstimateRedeem(ctx context.Context, from common.Address, vouchers []attest.SignedVoucher) (gas uint64, feeWei, payableWei *big.Int, err error)
}

// books are the worker's accounts, as payments need them.
type books interface {
	Accounts() []worker.Account
	Covered(clinic common.Address, c scheduler.Cover) error
}

// payments looks after a node's vouchers: what covers them, and when they are redeemed. What
// was redeemed is known from the chain alone, so that a crash at any moment forgets nothing
// and pays nothing twice.
type payments struct {
	escrow escrow
	key    *identity.Key // the node's; it pays the gas, the money goes to the cold recipient
	rule   scheduler.RedeemRule
	gas    atomic.Pointer[ClaimPolicy] // how many times its gas a redemption must be worth, where the operator reckons in ether
	now    func() time.Time
	log    *slog.Logger

	looks     chan common.Address
	redeeming sync.Mutex // one redemption at a time; it guards sour
	sour      map[common.Address]sour
}

// sour is a clinic whose voucher does not pay what it should, such as a contract wallet's that
// took its word back. It is tried alone, less and less often, so that others don't wait for it
// and nobody pays gas for it each minute.
type sour struct {
	next  time.Time
	pause time.Duration
}

// Pauses between two tries of a clinic whose voucher does not pay. The last is short of any
// thaw.
const (
	firstSour = 10 * time.Minute
	lastSour  = 6 * time.Hour
)

func newPayments(e escrow, key *identity.Key, rule scheduler.RedeemRule, gas ClaimPolicy, log *slog.Logger) *payments {
	p := &payments{escrow: e, key: key, rule: rule, now: time.Now, log: log, looks: make(chan common.Address, maxLooks), sour: map[common.Address]sour{}}
	p.reckon(gas)
	return p
}

// reckon has redemptions be worth their gas by another policy from now on.
func (p *payments) reckon(gas ClaimPolicy) {
	gas.MinimumWei = nil // rule has its own threshold
	p.gas.Store(&gas)
}

// look has a clinic's deposit looked up; it does not block, and forgets where too many wait.
func (p *payments) look(clinic common.Address) {
	select {
	case p.looks <- clinic:
	default:
	}
}

// keep looks deposits up and redeems what is due, until ctx ends.
func (p *payments) keep(ctx context.Context, b books) {
	ticker := time.NewTicker(redeemEvery)
	defer ticker.Stop()
	looked := map[common.Address]time.Time{} // since the last tick: offers ask more often than that
	for {
		select {
		case <-ctx.Done():
			return
		case clinic := <-p.looks:
			const pause = time.Second
			if p.now().Sub(looked[clinic]) < pause {
				continue
			}
			looked[clinic] = p.now()
			if err := p.cover(ctx, b, clinic); err != nil && ctx.Err() == nil {
				p.log.Debug("a clinic's deposit is not known", "clinic", clinic, "error", err)
			}
		case <-ticker.C:
			clear(looked)
			p.renew(ctx, b)
			if _, err := p.redeemDue(ctx, b); err != nil && ctx.Err() == nil {
				p.log.Warn("vouchers not redeemed; they are kept and tried again", "error", err)
			}
		}
	}
}

// cover asks the chain for what it holds for a clinic's debts and tells the worker.
func (p *payments) cover(ctx context.Context, b books, clinic common.Address) error {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	asked := p.now()
	// What was redeemed comes first: a redemption between the questions then counts as neither
	// paid nor covered until the next look, and never as both.
	redeemed, err := p.escrow.RedeemedGwei(ctx, clinic, p.key.Address())
	if err != nil {
		return err
	}
	funds, err := p.escrow.EscrowOf(ctx, clinic)
	if err != nil {
		return err
	}
	own, err := p.escrow.ReservationOf(ctx, clinic, p.key.Address())
	if err != nil {
		return err
	}
	return b.Covered(clinic, scheduler.Cover{RedeemedGwei: redeemed, FreeGwei: weiToGwei(funds.FreeWei), ReservedGwei: weiToGwei(own.FreeWei),
		ThawingGwei: scheduler.AddGwei(weiToGwei(funds.ThawingWei), weiToGwei(own.ThawingWei)), At: asked})
}

// renew looks again at clinics that were looked at long ago.
func (p *payments) renew(ctx context.Context, b books) {
	left := renewedAtOnce
	for _, a := range b.Accounts() {
		if left == 0 || ctx.Err() != nil {
			return
		}
		fresh := coverRenewed
		if max(a.OwedGwei, a.VoucheredGwei) <= a.Cover.RedeemedGwei {
			fresh = paidRenewed
		}
		if p.now().Sub(a.Cover.At) < fresh {
			continue
		}
		left--
		if err := p.cover(ctx, b, a.Clinic); err != nil {
			p.log.Debug("a clinic's deposit is not known", "clinic", a.Clinic, "error", err)
			return // the next tick goes on; a chain that is away is not asked for each clinic
		}
	}
}

// RedeemReport is what a redemption moved.
type RedeemReport struct {
	Vouchers  int            `json:"vouchers"`
	PaidWei   *big.Int       `json:"paid_wei"`
	Recipient common.Address `json:"recipient"`
	GasUsed   uint64         `json:"gas_used"`
	Tx        []common.Hash  `json:"tx"`
}

// worthFunc says whether vouchers are worth a transaction now.
type worthFunc func(context.Context, []attest.SignedVoucher) (bool, error)

// whatever is the rule of an operator who says: now.
func whatever(context.Context, []attest.SignedVoucher) (bool, error) { return true, nil }

func (p *payments) worthGas(ctx context.Context, vouchers []attest.SignedVoucher) (bool, error) {
	_, fee, payable, err := p.escrow.EstimateRedeem(ctx, p.key.Address(), vouchers)
	return err == nil && p.gas.Load().worthwhile(payable, fee), err
}

// redeemDue redeems if the rule says so. Sour clinics make nothing due but themselves.
func (p *payments) redeemDue(ctx context.Context, b books) (RedeemReport, error) {
	p.redeeming.Lock()
	defer p.redeeming.Unlock()
	r := redemption{payments: p, books: b, worth: p.worthGas, report: RedeemReport{PaidWei: new(big.Int)}}
	var sound []worker.Account
	var parts []scheduler.Redemption
	for _, a := range b.Accounts() {
		if s, is := p.sour[a.Clinic]; !is {
			sound = append(sound, a)
			parts = append(parts, redemptionOf(a))
		} else if a.PayableGwei > 0 && !p.now().Before(s.next) && p.rule.Due([]scheduler.Redemption{redemptionOf(a)}, p.now()) {
			r.send(ctx, []worker.Account{a})
		}
	}
	if p.rule.Due(parts, p.now()) {
		r.send(ctx, sound)
	}
	return r.done()
}

func redemptionOf(a worker.Account) scheduler.Redemption {
	return scheduler.Redemption{PayableGwei: a.PayableGwei, LentGwei: a.LentGwei, Thaws: a.Cover.ThawingGwei > 0, Since: a.Since}
}

// redeem sends every voucher that would pay something.
func (p *payments) redeem(ctx context.Context, b books, worth worthFunc) (RedeemReport, error) {
	p.redeeming.Lock()
	defer p.redeeming.Unlock()
	r := redemption{payments: p, books: b, worth: worth, report: RedeemReport{PaidWei: new(big.Int)}}
	r.send(ctx, b.Accounts())
	return r.done()
}

// ErrNothingToRedeem is a node whose vouchers are all paid, or not covered.
var ErrNothingToRedeem = errors.New("nothing is payable: clinics have signed no more than was paid, or their deposits don't cover it")

// Redeem sends every voucher that pays something now, whatever its worth, and waits until that
// is confirmed.
func (n *Node) Redeem(ctx context.Context) (RedeemReport, error) {
	if n.payments == nil {
		return RedeemReport{}, errors.New("redeem: this network has no escrow; clinics don't pay by voucher here")
	}
	for _, a := range n.worker.Accounts() {
		if err := n.payments.cover(ctx, n.worker, a.Clinic); err != nil {
			return RedeemReport{}, fmt.Errorf("redeem: %w", err)
		}
	}
	report, err := n.payments.redeem(ctx, n.worker, whatever)
	if err == nil && report.Vouchers == 0 {
		err = ErrNothingToRedeem
	}
	return report, err
}

// workerPayment is how clinics pay this node, nil where the network has no escrow.
func (n *Node) workerPayment() *worker.Payment {
	vouchers := n.conf.Network.Vouchers()
	if vouchers.Registry == (common.Address{}) {
		return nil
	}
	n.payments = newPayments(n.chain, n.key, n.conf.Payment.rule(n.conf.PriceGwei), n.conf.Claims, n.conf.Log)
	return &worker.Payment{Domain: vouchers, Limits: n.conf.Payment.limits(n.conf.PriceGwei), Escrow: n.chain.EscrowWallets(), Look: n.payments.look}
}

// weiPerGwei is the ratio of the two units of HIVE.
const weiPerGwei = 1_000_000_000

// weiToGwei rounds wei down to gwei; what is beyond 64 bits is the largest amount.
func weiToGwei(wei *big.Int) uint64 {
	if wei == nil || wei.Sign() <= 0 {
		return 0
	}
	gwei := new(big.Int).Quo(wei, big.NewInt(weiPerGwei))
	if !gwei.IsUint64() {
		return math.MaxUint64
	}
	return gwei.Uint64()
}

// GweiToWei is gwei of HIVE in wei.
func GweiToWei(gwei uint64) *big.Int {
	return new(big.Int).Mul(new(big.Int).SetUint64(gwei), big.NewInt(weiPerGwei))
}
