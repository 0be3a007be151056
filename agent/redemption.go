package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/chain"
	"github.com/medhive/medhive/scheduler/worker"
)

// redemption is one go at sending vouchers to the chain. The chain passes over what it has
// paid already, and nothing is sent where it would pay nothing. payments.redeeming is held.
type redemption struct {
	*payments
	books  books
	worth  worthFunc
	report RedeemReport
	errs   []error
	ended  bool // the chain is away, or a transaction's end is not known: nothing more is sent
}

func (r *redemption) done() (RedeemReport, error) {
	if r.report.Vouchers > 0 {
		r.log.Info("vouchers redeemed", "clinics", r.report.Vouchers, "wei", r.report.PaidWei, "recipient", r.report.Recipient, "gas", r.report.GasUsed)
	}
	return r.report, errors.Join(r.errs...)
}

// send redeems what is payable of accounts, the largest first, in transactions that are worth
// it. What contract wallets signed goes apart: a wallet's answer may change between the
// question and the block, and cost more gas than anybody expected.
func (r *redemption) send(ctx context.Context, accounts []worker.Account) {
	if r.ended {
		return
	}
	var keys, wallets []worker.Account
	for _, a := range accounts {
		switch {
		case a.PayableGwei == 0 || a.Voucher == nil:
		case a.Revocable:
			wallets = append(wallets, a)
		default:
			keys = append(keys, a)
		}
	}
	for _, list := range [][]worker.Account{keys, wallets} {
		slices.SortStableFunc(list, func(a, b worker.Account) int { return cmp.Compare(b.PayableGwei, a.PayableGwei) })
		for batch := range slices.Chunk(list, redeemAtOnce) {
			if !r.sendBatch(ctx, batch) {
				break // the batches that follow are worth less
			}
			if r.ended {
				return
			}
		}
	}
}

// sendBatch sends one transaction; where the chain refuses it, two of half its vouchers each,
// down to the one that is at fault. It says whether it was worth it.
func (r *redemption) sendBatch(ctx context.Context, batch []worker.Account) bool {
	vouchers := make([]attest.SignedVoucher, len(batch))
	for n, a := range batch {
		vouchers[n] = *a.Voucher
	}
	now, err := r.worth(ctx, vouchers)
	if err == nil && !now {
		return false
	}
	paid := map[common.Address]bool{}
	if err == nil {
		var mined chain.Mined
		var redeemed []chain.Redemption
		if mined, redeemed, err = r.escrow.Redeem(ctx, r.key, vouchers); err == nil && mined.Tx != (common.Hash{}) {
			r.report.Tx, r.report.GasUsed = append(r.report.Tx, mined.Tx), r.report.GasUsed+mined.GasUsed
		}
		for _, x := range redeemed {
			paid[x.Clinic] = true
			r.report.Vouchers, r.report.Recipient = r.report.Vouchers+1, x.Recipient
			r.report.PaidWei.Add(r.report.PaidWei, x.PaidWei)
		}
	}
	// The chain is asked in either case: after an error it may have paid all the same.
	for _, a := range batch {
		if coverErr := r.cover(ctx, r.books, a.Clinic); coverErr != nil {
			r.ended, err = true, errors.Join(err, coverErr)
			break
		}
	}
	if r.ended = r.ended || errors.Is(err, chain.ErrSent) || errors.Is(err, chain.ErrReplaced) || ctx.Err() != nil; r.ended {
		r.errs = append(r.errs, err)
		return true
	}
	left := r.unpaid(batch)
	switch {
	case err != nil && len(left) == 0: // it paid, and its answer was lost
		r.errs = append(r.errs, err)
	case err == nil:
		for _, a := range batch {
			r.judge(a, slices.ContainsFunc(left, func(l worker.Account) bool { return l.Clinic == a.Clinic }) && !paid[a.Clinic])
		}
	case len(batch) == 1:
		r.errs = append(r.errs, fmt.Errorf("voucher of clinic %s: %w", batch[0].Clinic, err))
		r.judge(batch[0], len(left) > 0)
	default:
		r.log.Debug("vouchers are redeemed in smaller parts", "vouchers", len(batch), "error", err)
		for half := range slices.Chunk(left, (len(batch)+1)/2) {
			if r.sendBatch(ctx, half); r.ended {
				break
			}
		}
	}
	return true
}

// unpaid is the batch as it stands now, without what was paid meanwhile.
func (r *redemption) unpaid(batch []worker.Account) (left []worker.Account) {
	for _, now := range r.books.Accounts() {
		if now.PayableGwei > 0 && slices.ContainsFunc(batch, func(a worker.Account) bool { return a.Clinic == now.Clinic }) {
			left = append(left, now)
		}
	}
	return left
}

// judge notes whether a clinic's voucher paid nothing though it should have.
func (r *redemption) judge(a worker.Account, failed bool) {
	if !failed {
		delete(r.sour, a.Clinic)
		return
	}
	s := sour{pause: min(max(firstSour, 2*r.sour[a.Clinic].pause), lastSour)}
	s.next = r.now().Add(s.pause)
	if _, known := r.sour[a.Clinic]; !known {
		r.log.Warn("a clinic's voucher does not pay; it is tried again, apart from the others", "clinic", a.Clinic, "pause", s.pause)
	}
	r.sour[a.Clinic] = s
}
