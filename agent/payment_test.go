package agent

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"math"
	"math/big"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/worker"
)

// pot is what the pretended escrow holds of one clinic, for one node, in gwei.
type pot struct{ free, reserved, redeemed, thawing uint64 }

// ledger is a pretended JobEscrow: it pays the difference to what it has paid before, from
// what is reserved first, in part where money is short. Its state can be set back, as a
// reorganised chain does. The real contract is in TestVouchersArePaidOnChain.
type ledger struct {
	pots   map[common.Address]pot
	sent   int          // transactions
	looked atomic.Int64 // questions for a deposit
	// What goes wrong with the next call, once.
	lose  bool // it is executed, and its answer is lost
	fails bool // it is not executed

	fee *big.Int // of a redemption, in wei of ether; nil: nothing

	bombs map[common.Address]bool // whose line makes the whole call fail
	asked int                     // questions and calls with vouchers
}

// errBomb is a call that ran out of gas.
var errBomb = errors.New("out of gas")

// burst is what a call with these vouchers ends in.
func (l *ledger) burst(vouchers []attest.SignedVoucher) error {
	l.asked++
	for _, v := range vouchers {
		if l.bombs[v.Voucher.Clinic] {
			return errBomb
		}
	}
	return nil
}

var errLostAnswer = errors.New("the chain does not answer")

func (l *ledger) EscrowOf(_ context.Context, clinic common.Address) (chain.Funds, error) {
	l.looked.Add(1)
	return chain.Funds{FreeWei: GweiToWei(l.pots[clinic].free), ThawingWei: GweiToWei(l.pots[clinic].thawing)}, nil
}

func (l *ledger) ReservationOf(_ context.Context, clinic, _ common.Address) (chain.Funds, error) {
	return chain.Funds{FreeWei: GweiToWei(l.pots[clinic].reserved), ThawingWei: new(big.Int)}, nil
}

func (l *ledger) RedeemedGwei(_ context.Context, clinic, _ common.Address) (uint64, error) {
	return l.pots[clinic].redeemed, nil
}

// due is what a voucher would move now.
func (l *ledger) due(v attest.SignedVoucher) uint64 {
	p := l.pots[v.Voucher.Clinic]
	return min(v.Voucher.TotalGwei-min(v.Voucher.TotalGwei, p.redeemed), p.free+p.thawing+p.reserved)
}

func (l *ledger) EstimateRedeem(_ context.Context, _ common.Address, vouchers []attest.SignedVoucher) (uint64, *big.Int, *big.Int, error) {
	if err := l.burst(vouchers); err != nil {
		return 0, nil, nil, err
	}
	payable, fee := new(big.Int), new(big.Int)
	for _, v := range vouchers {
		payable.Add(payable, GweiToWei(l.due(v)))
	}
	if l.fee != nil {
		fee = l.fee
	}
	return 0, fee, payable, nil
}

func (l *ledger) Redeem(_ context.Context, _ chain.Signer, vouchers []attest.SignedVoucher) (chain.Mined, []chain.Redemption, error) {
	if l.fails {
		l.fails = false
		return chain.Mined{}, nil, errLostAnswer
	}
	if err := l.burst(vouchers); err != nil {
		return chain.Mined{}, nil, err
	}
	var paid []chain.Redemption
	for _, v := range vouchers {
		p := l.pots[v.Voucher.Clinic]
		due := l.due(v)
		if due == 0 {
			continue
		}
		reserved := min(due, p.reserved)
		free := min(due-reserved, p.free)
		l.pots[v.Voucher.Clinic] = pot{free: p.free - free, reserved: p.reserved - reserved, redeemed: p.redeemed + due, thawing: p.thawing - (due - reserved - free)}
		paid = append(paid, chain.Redemption{Clinic: v.Voucher.Clinic, PaidWei: GweiToWei(due)})
	}
	if len(paid) == 0 {
		return chain.Mined{}, nil, nil
	}
	l.sent++
	if l.lose {
		l.lose = false
		return chain.Mined{}, nil, errLostAnswer
	}
	return chain.Mined{Tx: common.Hash{byte(l.sent)}}, paid, nil
}

// pages are a worker's accounts as they lie on its disk.
type pages struct {
	now time.Time

	mu   sync.Mutex // guards rows, where a test has several goroutines
	rows map[common.Address]worker.Account
}

// cover is what a clinic's account says of its deposit.
func (p *pages) cover(clinic common.Address) scheduler.Cover {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rows[clinic].Cover
}

func (p *pages) Accounts() (list []worker.Account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, clinic := range slices.SortedFunc(maps.Keys(p.rows), common.Address.Cmp) {
		a := p.rows[clinic]
		held := a.Cover.Held(p.now)
		c := scheduler.Credit{OwedGwei: a.OwedGwei, VoucheredGwei: a.VoucheredGwei, RedeemedGwei: a.Cover.RedeemedGwei, ReservedGwei: held.ReservedGwei,
			FreeGwei: held.FreeGwei, ThawingGwei: held.ThawingGwei}
		a.Clinic, a.PayableGwei, a.LentGwei = clinic, c.PayableGwei(), c.LentGwei()
		a.Revocable = a.Voucher != nil && a.Voucher.WalletSig != ""
		list = append(list, a)
	}
	return list
}

func (p *pages) Covered(clinic common.Address, c scheduler.Cover) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	a := p.rows[clinic]
	a.Cover = c
	p.rows[clinic] = a
	return nil
}

// vouch has a clinic sign over so much more.
func (p *pages) vouch(clinic common.Address, gwei uint64) {
	a := p.rows[clinic]
	if a.OwedGwei == 0 {
		a.Since = p.now
	}
	a.OwedGwei, a.VoucheredGwei = a.OwedGwei+gwei, a.VoucheredGwei+gwei
	a.Voucher = &attest.SignedVoucher{Voucher: attest.Voucher{Clinic: clinic, TotalGwei: a.VoucheredGwei}}
	p.rows[clinic] = a
}

// payScene is a node's payments before a pretended chain.
type payScene struct {
	ledger *ledger
	pages  *pages
	rule   scheduler.RedeemRule
	gas    ClaimPolicy
	key    *identity.Key
}

func newPayScene(t interface{ Fatal(...any) }) *payScene {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return &payScene{ledger: &ledger{pots: map[common.Address]pot{}}, key: key, rule: scheduler.RedeemRule{AboveGwei: 100, After: 24 * time.Hour},
		pages: &pages{now: time.UnixMilli(1_800_000_000_000), rows: map[common.Address]worker.Account{}}}
}

// start is a process's life: what a crash leaves is the chain, and the worker's accounts.
func (s *payScene) start() *payments {
	p := newPayments(s.ledger, s.key, s.rule, s.gas, slog.New(slog.DiscardHandler))
	p.now = func() time.Time { return s.pages.now }
	return p
}

// tick is what keep does each minute.
func (s *payScene) tick(ctx context.Context, p *payments) (RedeemReport, error) {
	p.renew(ctx, s.pages)
	return p.redeemDue(ctx, s.pages)
}

func TestVouchersAreRedeemedTogetherOrInTime(t *testing.T) {
	s, a, b := newPayScene(t), common.Address{1}, common.Address{2}
	p := s.start()
	s.ledger.pots[a], s.ledger.pots[b] = pot{free: 1000}, pot{reserved: 1000}
	s.pages.vouch(a, 60)
	if r, err := s.tick(t.Context(), p); err != nil || r.Vouchers != 0 {
		t.Fatalf("below the threshold: %+v, %v", r, err)
	}
	s.pages.vouch(b, 50)
	r, err := s.tick(t.Context(), p)
	if err != nil || r.Vouchers != 2 || r.PaidWei.Cmp(GweiToWei(110)) != 0 || s.ledger.sent != 1 {
		t.Fatalf("above it: %+v, %v in %d transactions", r, err, s.ledger.sent)
	}
	s.pages.vouch(a, 1)
	s.pages.now = s.pages.now.Add(s.rule.After + coverRenewed)
	if r, err = s.tick(t.Context(), p); err != nil || r.PaidWei.Cmp(GweiToWei(1)) != 0 {
		t.Fatalf("after a day: %+v, %v", r, err)
	}
	if r, err = s.tick(t.Context(), p); err != nil || r.Vouchers != 0 || s.ledger.sent != 2 {
		t.Fatalf("nothing is left: %+v, %v in %d transactions", r, err, s.ledger.sent)
	}
}

// TestBadLineBlocksNobody: one clinic's voucher makes every transaction fail that it is in. The
// others are paid at once, it is named, and it is asked again ever less often.
func TestBadLineBlocksNobody(t *testing.T) {
	s, bomb := newPayScene(t), common.Address{7}
	s.rule.After = time.Hour
	s.ledger.bombs = map[common.Address]bool{bomb: true}
	for n := range byte(redeemAtOnce + 3) {
		s.ledger.pots[common.Address{n + 1}] = pot{free: 1000}
		s.pages.vouch(common.Address{n + 1}, 10)
	}
	p := s.start()
	r, err := s.tick(t.Context(), p)
	if !errors.Is(err, errBomb) || r.Vouchers != redeemAtOnce+2 {
		t.Fatalf("%+v, %v", r, err)
	}
	if s.ledger.pots[bomb].redeemed != 0 {
		t.Fatal("the bomb was paid")
	}
	s.pages.vouch(common.Address{1}, 200)
	s.ledger.asked = 0
	if r, err = s.tick(t.Context(), p); err != nil || r.Vouchers != 1 || s.ledger.asked > 2 {
		t.Fatalf("a minute later: %+v, %v after %d calls", r, err, s.ledger.asked)
	}
	s.pages.vouch(common.Address{1}, 1) // far below the threshold
	s.ledger.asked = 0
	for range 24 * 60 { // a day, minute by minute
		s.pages.now = s.pages.now.Add(redeemEvery)
		_, _ = s.tick(t.Context(), p)
	}
	if tries := s.ledger.asked; tries < 4 || tries > 16 {
		t.Errorf("%d calls in a day", tries)
	}
	if got := s.ledger.pots[common.Address{1}].redeemed; got != 211 {
		t.Errorf("the others' vouchers were paid %d in the end, want 211", got)
	}
	delete(s.ledger.bombs, bomb)
	s.pages.now = s.pages.now.Add(lastSour)
	if _, err = s.tick(t.Context(), p); err != nil || s.ledger.pots[bomb].redeemed != 10 {
		t.Errorf("once it pays: %+v, %v", s.ledger.pots[bomb], err)
	}
}

// TestWalletsVouchersGoApart: whatever a contract wallet answers in the end, what keys signed
// is in another transaction.
func TestWalletsVouchersGoApart(t *testing.T) {
	s, key, wallet := newPayScene(t), common.Address{1}, common.Address{2}
	s.ledger.pots[key], s.ledger.pots[wallet] = pot{free: 1000}, pot{free: 1000}
	s.pages.vouch(key, 100)
	s.pages.vouch(wallet, 500)
	s.pages.rows[wallet].Voucher.WalletSig = "mine"
	r, err := s.tick(t.Context(), s.start())
	if err != nil || r.Vouchers != 2 || s.ledger.sent != 2 {
		t.Errorf("%+v, %v in %d transactions", r, err, s.ledger.sent)
	}
}

// TestNodeIsPaidBeforeADepositThaws: a clinic gets its vouchers in, lets everything thaw and
// takes it out as early as any escrow lets it.
func TestNodeIsPaidBeforeADepositThaws(t *testing.T) {
	s, clinic := newPayScene(t), common.Address{1}
	s.rule = PaymentTerms{}.rule(1_000_000)
	s.ledger.pots[clinic] = pot{free: 1000}
	s.pages.vouch(clinic, 60) // far below any threshold
	p := s.start()
	if r, err := s.tick(t.Context(), p); err != nil || r.Vouchers != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	s.ledger.pots[clinic] = pot{thawing: 1000}
	const thaw = 24 * time.Hour // MIN_THAW_DELAY
	for waited := time.Duration(0); waited < thaw/4; waited += redeemEvery {
		s.pages.now = s.pages.now.Add(redeemEvery)
		if _, err := s.tick(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.ledger.pots[clinic]; got != (pot{thawing: 940, redeemed: 60}) {
		t.Errorf("a quarter of the thaw later the escrow holds %+v", got)
	}
	if a := s.pages.Accounts()[0]; a.Cover.ThawingGwei != 940 && a.Cover.ThawingGwei != 1000 || a.Cover.FreeGwei != 0 {
		t.Errorf("the node sees %+v", a.Cover)
	}
}

// TestRedemptionIsWorthItsGas: what is too little waits, unless the operator says now.
func TestRedemptionIsWorthItsGas(t *testing.T) {
	s, clinic := newPayScene(t), common.Address{1}
	s.ledger.pots[clinic], s.ledger.fee = pot{free: 1000}, GweiToWei(11)
	s.gas = ClaimPolicy{PriceWei: hiveWei(1), TimesGas: 20, MinimumWei: hiveWei(1_000_000)} // a HIVE for an ether
	s.pages.vouch(clinic, 200)
	p := s.start()
	if r, err := s.tick(t.Context(), p); err != nil || r.Vouchers != 0 || s.ledger.sent != 0 {
		t.Fatalf("200 gwei at a fee of 11: %+v, %v", r, err)
	}
	s.ledger.fee = GweiToWei(10)
	if r, err := s.tick(t.Context(), p); err != nil || r.Vouchers != 1 {
		t.Fatalf("200 gwei at a fee of 10: %+v, %v", r, err)
	}
	s.ledger.fee = GweiToWei(1000)
	s.pages.vouch(clinic, 1)
	if r, err := p.redeem(t.Context(), s.pages, whatever); err != nil || r.Vouchers != 1 {
		t.Fatalf("an operator says now: %+v, %v", r, err)
	}
}

// TestRedemptionKilledAtEachStep: whatever the moment, the chain pays a voucher once, and the
// next life of the node sends nothing for what was paid.
func TestRedemptionKilledAtEachStep(t *testing.T) {
	for name, step := range map[string]struct {
		lose, fails bool
		sent        int // transactions in all, the next life's included
	}{
		"before it was sent":                {fails: true, sent: 1},
		"sent, and its answer not heard":    {lose: true, sent: 1},
		"heard, and the chain not asked":    {sent: 1},
		"sent and heard, all of it on disk": {sent: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s, clinic := newPayScene(t), common.Address{1}
			s.ledger.pots[clinic] = pot{free: 400, reserved: 100}
			s.pages.vouch(clinic, 300)
			p := s.start()
			p.renew(t.Context(), s.pages)
			before := s.pages.rows[clinic]
			s.ledger.lose, s.ledger.fails = step.lose, step.fails
			_, err := p.redeemDue(t.Context(), s.pages)
			if (err != nil) != (step.lose || step.fails) {
				t.Fatal(err)
			}
			if name == "heard, and the chain not asked" {
				s.pages.rows[clinic] = before // the kill came before it was on disk
			}
			for range 3 { // the next life
				s.pages.now = s.pages.now.Add(coverRenewed)
				if _, err := s.tick(t.Context(), s.start()); err != nil {
					t.Fatal(err)
				}
			}
			if got := s.ledger.pots[clinic]; got != (pot{free: 200, reserved: 0, redeemed: 300}) || s.ledger.sent != step.sent {
				t.Errorf("the escrow holds %+v after %d transactions", got, s.ledger.sent)
			}
		})
	}
}

// TestRedemptionThatAReorgTakesBack is sent again.
func TestRedemptionThatAReorgTakesBack(t *testing.T) {
	s, clinic := newPayScene(t), common.Address{1}
	s.ledger.pots[clinic] = pot{free: 1000}
	s.pages.vouch(clinic, 300)
	p := s.start()
	before := maps.Clone(s.ledger.pots)
	if r, err := s.tick(t.Context(), p); err != nil || r.Vouchers != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	s.ledger.pots = before
	s.pages.now = s.pages.now.Add(paidRenewed)
	if r, err := s.tick(t.Context(), p); err != nil || r.PaidWei.Cmp(GweiToWei(300)) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestDepositThatIsShortPaysInPart, and the rest when there is more.
func TestDepositThatIsShortPaysInPart(t *testing.T) {
	s, clinic := newPayScene(t), common.Address{1}
	s.ledger.pots[clinic] = pot{free: 120}
	s.pages.vouch(clinic, 300)
	p := s.start()
	if r, err := s.tick(t.Context(), p); err != nil || r.PaidWei.Cmp(GweiToWei(120)) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	left := s.ledger.pots[clinic]
	left.free = 1000
	s.ledger.pots[clinic] = left
	s.pages.now = s.pages.now.Add(coverRenewed)
	if r, err := s.tick(t.Context(), p); err != nil || r.PaidWei.Cmp(GweiToWei(180)) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
}

// TestNothingIsPaidTwice: work, deposits of others that go, lost answers, crashes and
// reorganised chains in any order.
func TestNothingIsPaidTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newPayScene(t)
		s.rule.AboveGwei = 1
		clinics := []common.Address{{1}, {2}, {3}}
		for _, c := range clinics {
			s.ledger.pots[c] = pot{free: rapid.Uint64Range(0, 500).Draw(t, "free"), reserved: rapid.Uint64Range(0, 500).Draw(t, "reserved")}
		}
		p, saved := s.start(), maps.Clone(s.ledger.pots)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			clinic := rapid.SampledFrom(clinics).Draw(t, "clinic")
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0, 1:
				s.pages.vouch(clinic, rapid.Uint64Range(1, 100).Draw(t, "price"))
			case 2:
				_, err := s.tick(t.Context(), p)
				if err != nil && !errors.Is(err, errLostAnswer) {
					t.Fatal(err)
				}
			case 3:
				s.ledger.lose, s.ledger.fails = rapid.Bool().Draw(t, "lost"), rapid.Bool().Draw(t, "away")
			case 4:
				p = s.start()
			case 5:
				s.ledger.pots, saved = saved, maps.Clone(s.ledger.pots) // the other branch
			case 6:
				q := s.ledger.pots[clinic]
				q.free = rapid.Uint64Range(0, 500).Draw(t, "free") // another node redeems, the clinic deposits
				s.ledger.pots[clinic] = q
			}
			s.pages.now = s.pages.now.Add(coverRenewed)
			for _, c := range clinics {
				if s.ledger.pots[c].redeemed > s.pages.rows[c].VoucheredGwei {
					t.Fatalf("%d gwei paid of %d", s.ledger.pots[c].redeemed, s.pages.rows[c].VoucheredGwei)
				}
			}
		}
		s.ledger.lose, s.ledger.fails = false, false
		for _, c := range clinics {
			q := s.ledger.pots[c]
			q.free = 10_000
			s.ledger.pots[c] = q
			if err := p.cover(t.Context(), s.pages, c); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := p.redeem(t.Context(), s.pages, whatever); err != nil {
			t.Fatal(err)
		}
		for _, c := range clinics {
			if got := s.ledger.pots[c].redeemed; got != s.pages.rows[c].VoucheredGwei {
				t.Fatalf("in the end %d gwei are paid of %d", got, s.pages.rows[c].VoucheredGwei)
			}
		}
	})
}

// TestDepositsAreLookedUp: when a bid is considered, once a second at most and never more at
// once than are kept in mind; what is owed is looked at again from time to time.
func TestDepositsAreLookedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, clinic := newPayScene(t), common.Address{1}
		s.ledger.pots[clinic] = pot{free: 70, reserved: 30, redeemed: 5}
		s.pages.vouch(clinic, 200)
		p := s.start()
		p.now = time.Now
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); p.keep(ctx, s.pages) }()
		p.look(clinic)
		synctest.Wait()
		asked := time.Now()
		if got := s.pages.cover(clinic); got != (scheduler.Cover{FreeGwei: 70, ReservedGwei: 30, RedeemedGwei: 5, At: asked}) {
			t.Errorf("told %+v", got)
		}
		for range 10 * maxLooks { // a flood of offers
			p.look(clinic)
		}
		synctest.Wait()
		if got := s.ledger.looked.Load(); got != 1 {
			t.Errorf("%d looks within a second", got)
		}
		<-time.After(coverRenewed + 2*redeemEvery) // of the bubble's clock
		synctest.Wait()
		if got := s.pages.cover(clinic).At; got.Sub(asked) < coverRenewed || s.ledger.looked.Load() > 3 {
			t.Errorf("looked again after %v, %d times", got.Sub(asked), s.ledger.looked.Load())
		}
		cancel()
		<-done
	})
}

// TestPaymentTermsByPrice: what nobody says follows from the price.
func TestPaymentTermsByPrice(t *testing.T) {
	const price = 1000
	if got := (PaymentTerms{}).limits(price); got != scheduler.DefaultCreditLimits(price) {
		t.Errorf("by default %+v", got)
	}
	got := PaymentTerms{ExposureGwei: 7, UnsecuredGwei: 1_000_000}.limits(price)
	if got.ExposureGwei != 7 || got.UnsecuredGwei != 1_000_000 || got.TogetherGwei != 1_000_000 {
		t.Errorf("as the operator says %+v", got)
	}
	if got := (PaymentTerms{}).rule(price); got != (scheduler.RedeemRule{AboveGwei: 100 * price, LentGwei: 20 * price, After: scheduler.DefaultRedeemAfter}) {
		t.Errorf("redeemed by %+v", got)
	}
	if got := (PaymentTerms{}).rule(math.MaxUint64); got.AboveGwei < math.MaxUint64-redeemStudies {
		t.Errorf("the dearest node redeems above %d", got.AboveGwei)
	}
}
