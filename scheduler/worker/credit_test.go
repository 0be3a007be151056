package worker

import (
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

func over(totalGwei uint64) *attest.SignedVoucher {
	return &attest.SignedVoucher{Voucher: attest.Voucher{TotalGwei: totalGwei}}
}

func TestAccountOfAnotherJobsVoucher(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	a := account{}.earned(10, now)
	a, err := a.with(over(30), false) // it tells of two more that are in hand
	if err != nil || a.OwedGwei != 10 || a.vouchered() != 30 {
		t.Fatalf("%+v, %v", a, err)
	}
	a = a.earned(10, now).earned(10, now)
	if c := a.credit(0, now); a.OwedGwei != 30 || c.UnsignedGwei() != 0 || c.SignedGwei() != 30 {
		t.Errorf("%+v", a)
	}
	if _, err := a.with(over(29), true); !errors.Is(err, scheduler.ErrFalling) {
		t.Errorf("a voucher that falls: %v", err)
	}
	// This node was restored from a backup: nothing is in hand, and the clinic knows of more.
	if a, err = a.with(over(50), true); err != nil || a.OwedGwei != 50 {
		t.Errorf("%+v, %v", a, err)
	}
}

// TestWalletsVoucherCountsOncePaid: a wallet says yes now and no when the voucher is redeemed.
func TestWalletsVoucherCountsOncePaid(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	word := func(gwei uint64) *attest.SignedVoucher { v := over(gwei); v.WalletSig = "mine"; return v }
	a, err := account{}.earned(10, now).covered(scheduler.Cover{ReservedGwei: 100, At: now}).with(word(10), true)
	if err != nil {
		t.Fatal(err)
	}
	if c := a.credit(0, now); c.UnsignedGwei() != 10 || c.ExposureGwei() != 10 || c.PayableGwei() != 10 {
		t.Errorf("before it is paid: %+v", c)
	}
	a = a.covered(scheduler.Cover{ReservedGwei: 90, RedeemedGwei: 10, At: now})
	if c := a.credit(0, now); c.UnsignedGwei() != 0 || c.ExposureGwei() != 0 || c.PayableGwei() != 0 {
		t.Errorf("once it is paid: %+v", c)
	}
	if a, err = a.earned(10, now).with(over(20), true); err != nil || a.credit(0, now).ExposureGwei() != 0 {
		t.Errorf("a key's word after a wallet's: %+v, %v", a, err)
	}
	if _, err = a.earned(10, now).with(word(30), true); !errors.Is(err, errRevocable) {
		t.Errorf("a wallet's word in the place of a key's that is not paid: %v", err)
	}
	paid := a.covered(scheduler.Cover{RedeemedGwei: 20, At: now})
	if _, err = paid.earned(10, now).with(word(30), true); err != nil {
		t.Errorf("a wallet's word after a key's that is paid: %v", err)
	}
}

func TestAccountWaitsSinceTheOldestUnpaid(t *testing.T) {
	begin := time.UnixMilli(1_800_000_000_000)
	later := begin.Add(time.Hour)
	a := account{}.earned(10, begin).earned(10, later)
	if !a.Since.Equal(begin) {
		t.Errorf("since %v", a.Since)
	}
	a = a.covered(scheduler.Cover{RedeemedGwei: 15, At: later})
	if !a.Since.Equal(later) || !a.unpaid() {
		t.Errorf("%+v", a)
	}
	if a = a.covered(scheduler.Cover{RedeemedGwei: 0, At: later}); a.Cover.RedeemedGwei != 0 || !a.unpaid() {
		t.Error("what a reorganised chain has not paid counts as paid")
	}
	a = a.covered(scheduler.Cover{RedeemedGwei: 20, At: later})
	if a.unpaid() {
		t.Error("all was paid")
	}
	if a = a.earned(1, later.Add(time.Hour)); !a.Since.Equal(later.Add(time.Hour)) {
		t.Errorf("since %v", a.Since)
	}
}

func TestEarningsByDay(t *testing.T) {
	s, _ := newStore(t)
	w := &Worker{store: s}
	first := time.Date(2026, 3, 1, 23, 59, 0, 0, time.UTC)
	second := first.Add(2 * time.Minute)
	put := func(at time.Time, model, clinic byte, price uint64) {
		t.Helper()
		r := receipt(price, true)
		r.Receipt.Clinic = common.Address{clinic}
		if err := s.db.Update(func(tx *bbolt.Tx) error { return putEarned(tx, models.Digest{model}, r, at) }); err != nil {
			t.Fatal(err)
		}
	}
	put(first, 1, 1, 100)
	put(second, 1, 1, 10)
	put(second, 1, 2, 20)
	put(second, 1, 2, 30)
	put(second, 2, 2, 5)
	list, err := w.Earnings(time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		day      int
		model    byte
		receipts uint64
		clinics  int
		gwei     uint64
	}
	var got []row
	for _, e := range list {
		got = append(got, row{e.Day.Day(), e.Model[0], e.Receipts, e.Clinics, e.Gwei})
	}
	want := []row{{2, 1, 3, 2, 60}, {2, 2, 1, 1, 5}, {1, 1, 1, 1, 100}}
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for n := range want {
		if got[n] != want[n] {
			t.Errorf("line %d: got %v, want %v", n, got[n], want[n])
		}
	}
	if list, err = w.Earnings(second); err != nil || len(list) != 2 {
		t.Errorf("since the second day: %d lines, %v", len(list), err)
	}
	put(first.AddDate(0, 0, daysKept+2), 9, 9, 1) // a few old sums go with each new one
	if list, err = w.Earnings(time.Time{}); err != nil || len(list) != 1 {
		t.Errorf("%d lines are left, %v", len(list), err)
	}
}

func TestCoversOfStrangersAreBounded(t *testing.T) {
	a := accounts{known: map[common.Address]account{}, covers: map[common.Address]scheduler.Cover{}}
	at := time.UnixMilli(1_800_000_000_000)
	name := func(n int) common.Address { return common.BigToAddress(big.NewInt(int64(n + 1))) }
	for n := range maxCovers + 10 {
		a.cover(name(n), scheduler.Cover{FreeGwei: 1, At: at.Add(time.Duration(n) * time.Second)})
	}
	if len(a.covers) != maxCovers {
		t.Errorf("%d are remembered", len(a.covers))
	}
	if _, known := a.covers[name(9)]; known {
		t.Error("an old one was kept for a new one")
	}
	if a.of(name(maxCovers)).Cover.FreeGwei != 1 {
		t.Error("a new one is not known")
	}
}

// TestOthersUnsecured: what one clinic owes is its own affair, what all owe is the node's.
func TestOthersUnsecured(t *testing.T) {
	now := time.UnixMilli(1_800_000_000_000)
	a := accounts{covers: map[common.Address]scheduler.Cover{}, known: map[common.Address]account{
		{1}: account{}.earned(10, now),
		{2}: account{}.earned(20, now).covered(scheduler.Cover{ReservedGwei: 5, FreeGwei: 1000, At: now}),
		{3}: account{}.earned(40, now).covered(scheduler.Cover{ReservedGwei: 40, At: now}),
	}}
	if got := a.othersUnsecured(common.Address{1}, now); got != 15 {
		t.Errorf("got %d, want 15", got)
	}
	if got := a.othersUnsecured(common.Address{9}, now); got != 25 {
		t.Errorf("got %d, want 25", got)
	}
	if got := a.othersUnsecured(common.Address{9}, now.Add(scheduler.CoverLife)); got != 70 {
		t.Errorf("when the chain has been silent for a day: %d, want 70", got)
	}
	a.set(common.Address{4}, account{}.earned(100, now))
	if got := a.othersUnsecured(common.Address{9}, now); got != 125 {
		t.Errorf("after one more: %d, want 125", got)
	}
	if got := a.othersUnsecured(common.Address{9}, now.Add(lentFor)); got != 0 {
		t.Errorf("of names that did not come back for a month: %d", got)
	}
}

// BenchmarkTrusts is what credit adds to a look at an offer, on a node with as many accounts
// as it keeps.
func BenchmarkTrusts(b *testing.B) {
	now := time.UnixMilli(1_800_000_000_000)
	w := &Worker{Config: Config{Payment: &Payment{Limits: scheduler.DefaultCreditLimits(1000)}},
		accounts: accounts{known: map[common.Address]account{}, covers: map[common.Address]scheduler.Cover{}}}
	var clinics []common.Address
	for n := range maxAccounts {
		clinic := common.BigToAddress(big.NewInt(int64(n + 1)))
		clinics = append(clinics, clinic)
		w.accounts.set(clinic, account{}.earned(10, now).covered(scheduler.Cover{ReservedGwei: 1 << 40, At: now}))
	}
	n := 0
	for b.Loop() {
		if err := w.trusts(clinics[n%len(clinics)], 1000, now); err != nil {
			b.Fatal(err)
		}
		n++
	}
}
