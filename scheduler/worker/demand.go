package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler/wire"
)

// Pauses between two demands of one clinic, doubled from the first to the last. A voucher
// comes with each receipt, but what a clinic compares is on it only after its verdict: a demand
// is for that, and for what went wrong: a cut at the wrong moment, a clinic that was restored
// from a backup, one that keeps its word back.
const (
	firstDemand = 5 * time.Second
	lastDemand  = time.Hour
)

// demand is when a clinic is asked for its voucher next.
type demand struct {
	next  time.Time
	pause time.Duration
}

// errNoVoucher says that a clinic gives no voucher, in its words.
var errNoVoucher = errors.New("the clinic gives no voucher")

// demandVouchers asks clinics for vouchers over what they owe, until ctx ends.
func (w *Worker) demandVouchers(ctx context.Context) {
	if w.Payment == nil {
		return
	}
	waiting := map[common.Address]demand{}
	for {
		clinic, wait := w.nextDemand(waiting)
		var due <-chan time.Time // nil blocks: nobody owes a voucher
		if wait > 0 {
			due = w.Clock.After(wait)
		}
		if clinic == (common.Address{}) || wait > 0 {
			select {
			case <-ctx.Done():
				return
			case <-w.unvouched:
			case <-due:
			}
			continue
		}
		d := waiting[clinic]
		before := w.voucheredBy(clinic)
		err := w.demandOf(ctx, clinic)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			w.Log.Debug("no voucher; the clinic is asked again", "clinic", clinic, "pause", d.pause, "reason", err)
		}
		if w.voucheredBy(clinic) > before {
			d.pause = firstDemand // it pays: what is still owed is being judged
		}
		waiting[clinic] = demand{next: w.Clock.Now().Add(d.pause), pause: min(2*d.pause, lastDemand)}
	}
}

// voucheredBy is what a clinic has promised so far, in gwei.
func (w *Worker) voucheredBy(clinic common.Address) uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	a := w.accounts.known[clinic]
	return a.vouchered()
}

// nextDemand is who is to be asked next, and how long until then; the zero address where
// nobody owes a voucher. It forgets who owes none.
func (w *Worker) nextDemand(waiting map[common.Address]demand) (next common.Address, wait time.Duration) {
	now := w.Clock.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for clinic := range waiting {
		if a := w.accounts.known[clinic]; a.OwedGwei <= a.vouchered() {
			delete(waiting, clinic)
		}
	}
	for clinic, a := range w.accounts.known {
		if a.OwedGwei <= a.vouchered() {
			continue
		}
		d, known := waiting[clinic]
		if !known {
			d = demand{next: now, pause: firstDemand}
			waiting[clinic] = d
		}
		if left := d.next.Sub(now); next == (common.Address{}) || left < wait {
			next, wait = clinic, left
		}
	}
	return next, max(0, wait)
}

// demandOf is VoucherRequest and VoucherReply as the node sees it. What the clinic gives is on
// disk when it returns nil.
func (w *Worker) demandOf(ctx context.Context, clinic common.Address) error {
	w.mu.Lock()
	a := w.accounts.known[clinic]
	w.mu.Unlock()
	node := w.Key.Address()
	request := &wire.VoucherRequest{Clinic: clinic[:], Node: node[:], OwedGwei: a.OwedGwei}
	if a.Voucher != nil {
		shown, err := json.Marshal(a.Voucher)
		if err != nil {
			return fmt.Errorf("encode voucher: %w", err)
		}
		request.Voucher = shown
	}
	s, err := wire.Dial(ctx, w.Host, a.Peer, a.Addresses, wire.VoucherProtocol, w.Key, dialTimeout)
	if err != nil {
		return err
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := s.Extend(replyTimeout); err != nil {
		return err
	}
	if err := s.Send(request); err != nil {
		return err
	}
	reply, err := wire.Expect[*wire.VoucherReply](s.Reader, wire.MaxControl, clinic)
	if err != nil {
		return err
	}
	if len(reply.Voucher) == 0 {
		return fmt.Errorf("%w: %s", errNoVoucher, wire.Reason(reply.Reason))
	}
	v, err := w.readVoucher(ctx, clinic, reply.Voucher)
	if err != nil {
		w.refuseVoucher(clinic, err)
		return err
	}
	return w.keepVoucher(clinic, v)
}

// keepVoucher persists a verified voucher that came without a receipt.
func (w *Worker) keepVoucher(clinic common.Address, v *attest.SignedVoucher) error {
	w.settling.Lock()
	defer w.settling.Unlock()
	w.mu.Lock()
	a := w.accounts.known[clinic]
	before, revocable := a.vouchered(), a.revocable()
	a, err := a.with(v, w.aloneIn(clinic, nil))
	w.mu.Unlock()
	if err != nil {
		w.refuseVoucher(clinic, err)
		return err
	}
	if a.vouchered() == before && a.revocable() == revocable {
		return nil
	}
	if err := w.putAccount(clinic, a); err != nil {
		return err
	}
	w.tellVoucher(clinic, v.Voucher.TotalGwei)
	return nil
}

// tellVoucher says that a clinic has promised so much in all.
func (w *Worker) tellVoucher(clinic common.Address, totalGwei uint64) {
	w.counters.count(func(s *Stats) { s.Vouchers++ })
	w.Events(Event{Time: w.Clock.Now(), Kind: Voucher, Clinic: clinic, Price: totalGwei})
	w.stir() // it may bid for this clinic again
}

// tellAccount says what became of a clinic's account with a receipt, and has the clinic asked
// where its voucher is missing or says too little.
func (w *Worker) tellAccount(clinic common.Address, came *attest.SignedVoucher) {
	w.mu.Lock()
	a := w.accounts.known[clinic]
	w.mu.Unlock()
	if came != nil && came == a.Voucher {
		w.tellVoucher(clinic, came.Voucher.TotalGwei)
	}
	if a.OwedGwei > a.vouchered() {
		select {
		case w.unvouched <- struct{}{}:
		default:
		}
	}
}
