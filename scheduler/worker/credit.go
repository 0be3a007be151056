package worker

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
)

// maxAccounts bounds the clinics whose debts are kept. An account is opened by a receipt, so
// by a whole job; it is money, so none is forgotten for another.
const maxAccounts = 16_384

// maxCovers bounds what is remembered of the deposits of clinics without an account.
const maxCovers = 1024

var errAccounts = errors.New("this node keeps as many clinics' accounts as it can and takes no new ones")

// accountBucket holds each clinic's account as JSON, by 32 bytes of the vouchers' domain and 20
// of the clinic's address: another escrow has paid nothing, and pays no voucher of this one.
var accountBucket = []byte("worker.accounts.v1")

// Payment is how clinics pay a node: by vouchers that an escrow on chain redeems.
type Payment struct {
	Domain attest.Domain // of vouchers, see attest.VoucherDomain
	// Limits are what the node risks; the zero value is scheduler.DefaultCreditLimits of the
	// node's price.
	Limits scheduler.CreditLimits
	// Escrow asks contract wallets about a voucher, as the escrow will. A wallet may say no later, so what
	// it signed counts only once it is paid. nil: only keys sign.
	Escrow attest.Wallets
	// Look is told of a clinic whose deposit is not known or known too long, when a bid for
	// it is considered. It must not block; Worker.Covered takes the answer. May be nil.
	Look func(clinic common.Address)
}

// account is what a node keeps of its money at one clinic.
type account struct {
	OwedGwei  uint64                `json:"owed_gwei"` // prices of accepted receipts since ever
	Voucher   *attest.SignedVoucher `json:"voucher,omitempty"`
	Cover     scheduler.Cover       `json:"cover,omitzero"`
	Peer      peer.ID               `json:"peer"`
	Addresses []string              `json:"addresses,omitempty"`
	Since     time.Time             `json:"since,omitzero"` // the oldest receipt that is not redeemed, as far as known
	Last      time.Time             `json:"last,omitzero"`  // the newest receipt
}

func (a account) vouchered() uint64 {
	if a.Voucher == nil {
		return 0
	}
	return a.Voucher.Voucher.TotalGwei
}

// revocable reports whether the voucher is a contract wallet's: see scheduler.Credit.
func (a account) revocable() bool { return a.Voucher != nil && a.Voucher.WalletSig != "" }

// unpaid reports whether receipts or vouchers are left that the escrow has not paid.
func (a account) unpaid() bool { return max(a.OwedGwei, a.vouchered()) > a.Cover.RedeemedGwei }

func (a account) credit(engagedGwei uint64, now time.Time) scheduler.Credit {
	held := a.Cover.Held(now)
	return scheduler.Credit{OwedGwei: a.OwedGwei, VoucheredGwei: a.vouchered(), RedeemedGwei: a.Cover.RedeemedGwei,
		EngagedGwei: engagedGwei, ReservedGwei: held.ReservedGwei, FreeGwei: held.FreeGwei, ThawingGwei: held.ThawingGwei, Revocable: a.revocable()}
}

// earned is the account after one more accepted receipt.
func (a account) earned(priceGwei uint64, now time.Time) account {
	if !a.unpaid() || a.Since.IsZero() {
		a.Since = now
	}
	a.OwedGwei, a.Last = scheduler.AddGwei(a.OwedGwei, priceGwei), now
	return a
}

// errRevocable says that a wallet's word would take the place of a key's, which nobody can
// take back.
var errRevocable = errors.New("the voucher is a contract wallet's, and one of the clinic's own key is not paid yet; it should sign with that key")

// with is the account with a voucher that was verified. alone says that no other job of the
// clinic is in hand: then a voucher over more than is owed means that this database is older
// than the clinic's, from a backup. Otherwise it speaks of the others.
func (a account) with(v *attest.SignedVoucher, alone bool) (account, error) {
	if err := scheduler.NextVoucher(a.vouchered(), v.Voucher.TotalGwei); err != nil {
		return a, err
	}
	if v.WalletSig != "" && !a.revocable() && a.vouchered() > a.Cover.RedeemedGwei {
		return a, errRevocable
	}
	a.Voucher = v
	if alone {
		a.OwedGwei = max(a.OwedGwei, v.Voucher.TotalGwei)
	}
	return a, nil
}

// covered is the account after the chain was asked. The chain's word is taken as it is: where
// it says less than before, it has exchanged the blocks of a redemption, and the vouchers are
// to be redeemed again.
func (a account) covered(c scheduler.Cover) account {
	if c.RedeemedGwei > a.Cover.RedeemedGwei && a.unpaid() {
		a.Since = c.At // what is left is younger than what was paid
	}
	a.Cover = c
	return a
}

func putAccount(tx *bbolt.Tx, p *Payment, clinic common.Address, a account) error {
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	escrow := p.Domain.Separator()
	return tx.Bucket(accountBucket).Put(slices.Concat(escrow[:], clinic[:]), data)
}

// loadAccounts reads what clinics owe by the vouchers of one escrow; nobody where clinics
// don't pay by voucher.
func (s store) loadAccounts(p *Payment) (map[common.Address]account, error) {
	known := map[common.Address]account{}
	if p == nil {
		return known, nil
	}
	escrow := p.Domain.Separator()
	err := s.db.View(func(tx *bbolt.Tx) error {
		c := tx.Bucket(accountBucket).Cursor()
		for k, data := c.Seek(escrow[:]); bytes.HasPrefix(k, escrow[:]); k, data = c.Next() {
			var a account
			if err := json.Unmarshal(data, &a); err != nil {
				return fmt.Errorf("a clinic's account is damaged: %w; restore the database from its backup", err)
			}
			known[common.BytesToAddress(k[len(escrow):])] = a
		}
		return nil
	})
	return known, err
}

// accounts are what clinics owe. They are guarded by Worker.mu; whoever changes one on disk
// holds Worker.settling from reading it to writing it back.
type accounts struct {
	known  map[common.Address]account
	covers map[common.Address]scheduler.Cover // of clinics without an account

	unsecured uint64    // sum of known, beyond their reservations
	summed    time.Time // when; zero: not since known has changed
}

// lentFor is how long a clinic without a deposit counts among all of them after its newest
// receipt. What it owes is then as good as lost, and is its own affair: otherwise names that
// never come back would keep newcomers out for good.
const lentFor = 30 * 24 * time.Hour

// lent is what a clinic's reservation does not cover, as long as it counts for all clinics.
func (a account) lent(now time.Time) uint64 {
	if now.Sub(a.Last) >= lentFor {
		return 0
	}
	return a.credit(0, now).UnsecuredGwei()
}

// sumLife is how long the sum is kept where nothing changes but the age of the chain's words.
const sumLife = time.Minute

// set writes an account.
func (a *accounts) set(clinic common.Address, to account) {
	a.known[clinic], a.summed = to, time.Time{}
	delete(a.covers, clinic)
}

// of is a clinic's account, empty with its deposit where it has none.
func (a *accounts) of(clinic common.Address) account {
	if known, ok := a.known[clinic]; ok {
		return known
	}
	return account{Cover: a.covers[clinic]}
}

// othersUnsecured is what the reservations of all clinics but one do not cover. Each offer asks
// for it, so it is summed up only when it may have changed.
func (a *accounts) othersUnsecured(but common.Address, now time.Time) uint64 {
	if a.summed.IsZero() || now.Sub(a.summed) >= sumLife {
		a.unsecured, a.summed = 0, now
		for _, each := range a.known {
			a.unsecured = scheduler.AddGwei(a.unsecured, each.lent(now))
		}
	}
	own := a.known[but].lent(now)
	return a.unsecured - min(a.unsecured, own)
}

// engaged is what bids that keep a place and jobs that are not booked yet would cost a
// clinic; w.mu is held.
func (w *Worker) engaged(clinic common.Address) (gwei uint64) {
	for _, p := range w.pending {
		if p.reserved && p.offer.Clinic == clinic {
			gwei = scheduler.AddGwei(gwei, p.bid.PriceGwei)
		}
	}
	for _, j := range w.jobs {
		if j.clinic == clinic && !j.booked && j.rec.Terms != nil {
			gwei = scheduler.AddGwei(gwei, j.rec.Terms.PriceGwei)
		}
	}
	return gwei
}

// trusts says whether the node does one more job for a clinic at this price; w.mu is held.
func (w *Worker) trusts(clinic common.Address, priceGwei uint64, now time.Time) error {
	if w.Payment == nil {
		return nil
	}
	_, known := w.accounts.known[clinic]
	a := w.accounts.of(clinic)
	if !known && len(w.accounts.known) >= maxAccounts {
		return errAccounts
	}
	err := w.Payment.Limits.Allows(a.credit(w.engaged(clinic), now), w.accounts.othersUnsecured(clinic, now), priceGwei)
	fresh := coverFresh
	if err != nil {
		fresh = coverDoubted // the clinic may have deposited just now
	}
	if w.Payment.Look != nil && now.Sub(a.Cover.At) > fresh {
		w.Payment.Look(clinic)
	}
	return err
}

// coverFresh is how old a word of the chain may be before it is asked again, coverDoubted the
// same where a clinic is refused for it.
const (
	coverFresh   = 10 * time.Minute
	coverDoubted = 5 * time.Second
)

// Covered takes what the chain says of a clinic's deposit. It is on disk, for a clinic with an
// account, when Covered returns nil.
func (w *Worker) Covered(clinic common.Address, c scheduler.Cover) error {
	w.settling.Lock()
	defer w.settling.Unlock()
	w.mu.Lock()
	a, known := w.accounts.known[clinic]
	if !known {
		w.accounts.cover(clinic, c)
	}
	w.mu.Unlock()
	if !known {
		return nil
	}
	return w.putAccount(clinic, a.covered(c))
}

// cover remembers the deposit of a clinic without an account, the newest of them.
func (a *accounts) cover(clinic common.Address, c scheduler.Cover) {
	if _, known := a.covers[clinic]; !known && len(a.covers) >= maxCovers {
		var oldest *common.Address
		for other := range a.covers {
			if oldest == nil || a.covers[other].At.Before(a.covers[*oldest].At) {
				oldest = &other
			}
		}
		delete(a.covers, *oldest)
	}
	a.covers[clinic] = c
}

// putAccount writes an account, then knows it; w.settling is held.
func (w *Worker) putAccount(clinic common.Address, a account) error {
	if err := w.store.db.Update(func(tx *bbolt.Tx) error { return putAccount(tx, w.Payment, clinic, a) }); err != nil {
		return fmt.Errorf("persist the account of clinic %s: %w", clinic, err)
	}
	w.mu.Lock()
	w.accounts.set(clinic, a)
	w.mu.Unlock()
	return nil
}

// errVoucher says that a voucher is not what the clinic owes this node.
var errVoucher = errors.New("the voucher is not this clinic's for this node")

// readVoucher decodes and verifies a voucher that a clinic gave. Nothing of it is kept yet.
func (w *Worker) readVoucher(ctx context.Context, clinic common.Address, data []byte) (*attest.SignedVoucher, error) {
	v, err := attest.DecodeSignedVoucher(data)
	if err != nil {
		return nil, err
	}
	if v.Voucher.Clinic != clinic || v.Voucher.Node != w.Key.Address() {
		return nil, errVoucher
	}
	return &v, v.VerifyWith(ctx, w.Payment.Domain, w.Payment.Escrow)
}

// book is the account after a job's accepted receipt, with the voucher that came with it if
// there is one; w.mu and w.settling are held. A voucher that is refused leaves the receipt
// as it is: it is owed, and the clinic is asked for a better one.
func (w *Worker) book(j *job, receipt *attest.SignedReceipt, now time.Time) *account {
	if w.Payment == nil || receipt == nil || !receipt.Acceptance.Accepted {
		return nil
	}
	a := w.accounts.of(j.rec.Clinic).earned(receipt.Receipt.PriceGwei, now)
	a.Peer, a.Addresses = j.rec.Peer, j.rec.Addresses
	if j.voucher == nil {
		return &a
	}
	next, err := a.with(j.voucher, w.aloneIn(j.rec.Clinic, j))
	if err != nil {
		w.refuseVoucher(j.rec.Clinic, err)
	}
	return &next
}

// aloneIn reports whether no job of this clinic but one is in hand; w.mu is held.
func (w *Worker) aloneIn(clinic common.Address, but *job) bool {
	for _, j := range w.jobs {
		if j != but && j.clinic == clinic && !j.booked {
			return false
		}
	}
	return true
}

func (w *Worker) refuseVoucher(clinic common.Address, why error) {
	w.counters.count(func(s *Stats) { s.VouchersRefused++ })
	w.Log.Warn("voucher refused; the clinic is asked for another", "clinic", clinic, "reason", why)
}

// Account is where a node stands with one clinic, in gwei of HIVE.
type Account struct {
	Clinic        common.Address        `json:"clinic"`
	OwedGwei      uint64                `json:"owed_gwei"`      // by accepted receipts, since ever
	VoucheredGwei uint64                `json:"vouchered_gwei"` // of that, by the newest voucher
	Cover         scheduler.Cover       `json:"cover"`          // by the escrow, as last seen
	EngagedGwei   uint64                `json:"engaged_gwei"`   // bids and jobs in hand
	ExposureGwei  uint64                `json:"exposure_gwei"`
	UnsecuredGwei uint64                `json:"unsecured_gwei"`
	PayableGwei   uint64                `json:"payable_gwei"`          // what a redemption pays now
	LentGwei      uint64                `json:"lent_gwei,omitempty"`   // of it, what is not reserved for the node
	Revocable     bool                  `json:"revocable,omitempty"`   // only a contract wallet stands by the voucher
	Stopped       string                `json:"stopped,omitempty"`     // why the node bids for it no more
	Since         time.Time             `json:"since,omitzero"`        // the oldest receipt that is not redeemed
	LastReceipt   time.Time             `json:"last_receipt,omitzero"` // the newest
	Voucher       *attest.SignedVoucher `json:"voucher,omitempty"`
}

// Accounts lists the clinics that owe or owed something, by address.
func (w *Worker) Accounts() []Account {
	now := w.Clock.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]Account, 0, len(w.accounts.known))
	for _, clinic := range slices.SortedFunc(maps.Keys(w.accounts.known), common.Address.Cmp) {
		a := w.accounts.known[clinic]
		c := a.credit(w.engaged(clinic), now)
		row := Account{Clinic: clinic, OwedGwei: a.OwedGwei, VoucheredGwei: a.vouchered(), Cover: a.Cover, EngagedGwei: c.EngagedGwei,
			ExposureGwei: c.ExposureGwei(), UnsecuredGwei: c.UnsecuredGwei(), PayableGwei: c.PayableGwei(), LentGwei: c.LentGwei(), Revocable: a.revocable(), LastReceipt: a.Last, Voucher: a.Voucher}
		if a.unpaid() {
			row.Since = a.Since
		}
		if w.Payment != nil {
			if err := w.Payment.Limits.Allows(c, w.accounts.othersUnsecured(clinic, now), w.Tariff().PriceGwei); err != nil {
				row.Stopped = err.Error()
			}
		}
		list = append(list, row)
	}
	return list
}

// Limits are the credit limits in force; zero where clinics don't pay by voucher.
func (w *Worker) Limits() scheduler.CreditLimits {
	if w.Payment == nil {
		return scheduler.CreditLimits{}
	}
	return w.Payment.Limits
}

// fillPayment sets the limits that are left to the default, in a copy.
func (c *Config) fillPayment() error {
	if c.Payment == nil {
		return nil
	}
	p := *c.Payment
	if p.Domain.Registry == (common.Address{}) {
		return errors.New("start worker: the domain of vouchers names no escrow")
	}
	usual := scheduler.DefaultCreditLimits(c.PriceGwei)
	p.Limits.ExposureGwei = cmp.Or(p.Limits.ExposureGwei, usual.ExposureGwei)
	p.Limits.UnsecuredGwei = cmp.Or(p.Limits.UnsecuredGwei, usual.UnsecuredGwei)
	p.Limits.TogetherGwei = cmp.Or(p.Limits.TogetherGwei, usual.TogetherGwei)
	c.Payment = &p
	return nil
}
