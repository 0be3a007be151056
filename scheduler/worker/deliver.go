package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multihash"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// Pauses between attempts to reach a clinic or the coordinator: doubled from the
// first to the last.
const (
	firstPause      = 250 * time.Millisecond
	lastPause       = time.Minute
	lastClinicPause = 15 * time.Second
)

// requestHash is the digest inside the payload's address.
func requestHash(payload string) (models.Digest, error) {
	id, err := cid.Decode(payload)
	if err != nil {
		return models.Digest{}, fmt.Errorf("payload address: %w", err)
	}
	hash, err := multihash.Decode(id.Hash())
	if err != nil || hash.Code != multihash.SHA2_256 || len(hash.Digest) != len(models.Digest{}) {
		return models.Digest{}, errors.New("payload address: want a SHA-256 CID")
	}
	return models.Digest(hash.Digest), nil
}

// deliver sends a sealed result until its clinic has settled it, it is too late,
// or ctx ends (then the next start goes on).
func (w *Worker) deliver(ctx context.Context, j *job) {
	began := w.Clock.Now()
	for pause := firstPause; ; {
		var ack *wire.ResultAck
		err := w.awaitReveal(ctx, j)
		if err == nil {
			ack, err = w.sendResult(ctx, j)
		}
		switch {
		case err == nil && ack.Settled:
			if err = w.settled(ctx, j, ack); err == nil {
				w.counters.count(func(s *Stats) { s.Deliver.observe(w.Clock.Now().Sub(began)) })
				return
			}
		case err == nil:
			err = errors.New(wire.Reason(ack.Reason))
		}
		switch cause := context.Cause(ctx); {
		case errors.Is(cause, errSuperseded), errors.Is(cause, errCancelled):
			w.settle(j, nil, cause.Error())
			return
		case cause != nil:
			return
		case !w.Clock.Now().Before(j.rec.GiveUp):
			w.settle(j, nil, "nothing valid came from the clinic in time: "+err.Error())
			return
		}
		w.Log.Debug("result not delivered; it is sent again", "task", j.rec.Task.Short(), "pause", pause, "error", err)
		pause = w.rest(ctx, j, pause)
	}
}

// sendResult is ResultHeader, ResultReply, chunks, ResultAck as the node sees it.
func (w *Worker) sendResult(ctx context.Context, j *job) (*wire.ResultAck, error) {
	rec := j.rec
	receipt, err := json.Marshal(rec.Sealed.Receipt)
	if err != nil {
		return nil, fmt.Errorf("encode receipt: %w", err)
	}
	manifest, err := transfer.DecodeManifest(rec.Sealed.Manifest, -1)
	if err != nil {
		return nil, err
	}
	s, err := wire.Dial(ctx, w.Host, rec.Peer, rec.Addresses, wire.ResultProtocol, w.Key, dialTimeout)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	if err := s.Extend(resultTimeout); err != nil {
		return nil, err
	}
	err = s.Send(&wire.ResultHeader{Task: rec.Task[:], Fence: rec.Fence, Clinic: rec.Clinic[:], Receipt: receipt,
		ReceiptSignature: rec.Sealed.Signature[:], Encapsulation: rec.Sealed.Encapsulation, Manifest: rec.Sealed.Manifest, Salt: rec.Sealed.Salt})
	if err != nil {
		return nil, err
	}
	reply, err := wire.Expect[*wire.ResultReply](s.Reader, wire.MaxControl, rec.Clinic)
	if err != nil {
		return nil, err
	}
	if reply.Wanted {
		blob, err := w.Blobs.Open(ctx, rec.Sealed.Blob)
		if err != nil {
			return nil, err
		}
		defer blob.Close()
		if err := transfer.Send(s.Stream, blob, manifest, 0, ctx.Err); err != nil {
			return nil, err
		}
		w.took(j)
	}
	return wire.Expect[*wire.ResultAck](s.Reader, wire.MaxControl, rec.Clinic)
}

// settled persists the clinic's verdict. An error says that its wallet could not be asked
// whether it signed: the result is kept and the clinic asked again.
func (w *Worker) settled(ctx context.Context, j *job, ack *wire.ResultAck) error {
	if len(ack.Receipt) == 0 {
		w.settle(j, nil, "the clinic refused the result: "+wire.Reason(ack.Reason))
		return nil
	}
	signed, err := attest.DecodeSignedReceipt(ack.Receipt)
	if err == nil {
		err = signed.VerifyWith(ctx, w.Domain, w.Wallets)
	}
	if w.Wallets != nil && errors.Is(err, attest.ErrUnchecked) {
		return err
	}
	if err == nil && signed.Receipt.Hash(w.Domain) != j.rec.Sealed.Receipt.Hash(w.Domain) {
		err = errors.New("it is about another receipt")
	}
	if err != nil {
		w.settle(j, nil, "the clinic's countersignature is not valid: "+err.Error())
		return nil
	}
	if w.Payment != nil && len(ack.Voucher) > 0 {
		if j.voucher, err = w.readVoucher(j.ctx, j.rec.Clinic, ack.Voucher); err != nil {
			j.voucher = nil
			w.refuseVoucher(j.rec.Clinic, err)
		}
	}
	w.settle(j, &signed, signed.Acceptance.Reason)
	return nil
}

// settle ends a job on disk and in the books; receipt is nil when it brought none. That a
// clinic took a result for nothing counts against it, whatever its reason.
func (w *Worker) settle(j *job, receipt *attest.SignedReceipt, reason string) {
	now := w.Clock.Now()
	// Also where a result was sealed and not recorded.
	end := ending{receipt: receipt, clinic: j.rec.Clinic, litter: j.rec.blob()}
	if receipt == nil {
		end.owed = j.rec.owed(now, wire.Reason(reason))
	}
	w.settling.Lock() // one after the other: each conduct builds on the one before
	totals, err := w.persistEnd(j, end, now)
	w.settling.Unlock()
	if err != nil {
		w.Log.Error("end of a job not persisted; the next start asks the clinic again", "task", j.rec.Task.Short(), "error", err)
		return
	}
	w.mu.Lock()
	w.totals = totals
	w.mu.Unlock()
	w.sweep(context.WithoutCancel(j.ctx), []string{end.litter})
	w.tellEnd(j, end, reason)
}

// sweep deletes ciphertext that nobody needs; the next job's end notes that it is gone.
func (w *Worker) sweep(ctx context.Context, names []string) {
	for _, name := range names {
		if err := w.Blobs.Delete(ctx, name); err != nil {
			w.Log.Warn("sealed result not deleted; the next start tries again", "error", err)
			continue
		}
		w.mu.Lock()
		w.swept = append(w.swept, name)
		w.mu.Unlock()
	}
}

// persistEnd writes a job's end with the clinic's conduct from now on; w.settling is held.
func (w *Worker) persistEnd(j *job, end ending, now time.Time) (Totals, error) {
	w.mu.Lock()
	end.at, end.model, end.payment, end.account = now, j.rec.model(), w.Payment, w.book(j, end.receipt, now)
	end.swept = slices.Clone(w.swept)
	c, known := w.clinics[end.clinic]
	switch {
	case end.receipt != nil:
		c = c.signed(now)
		end.conduct = &c
	case end.owed != nil:
		c = c.unsigned(now)
		end.conduct = &c
	}
	if end.conduct != nil && !known && len(w.clinics) >= maxClinics {
		end.forgotten = leastMissed(w.clinics, now)
	}
	w.mu.Unlock()
	totals, err := w.store.settle(j.rec.errand(), end)
	if err != nil {
		return totals, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.swept = w.swept[len(end.swept):]
	if end.account != nil {
		j.booked = true
		w.accounts.set(end.clinic, *end.account)
	}
	if end.conduct == nil {
		return totals, nil
	}
	if end.forgotten != nil {
		delete(w.clinics, *end.forgotten)
	}
	w.clinics[end.clinic] = c
	return totals, nil
}

// tellEnd counts and tells how a job ended.
func (w *Worker) tellEnd(j *job, end ending, reason string) {
	e := Event{Clinic: j.rec.Clinic, Fence: j.rec.Fence, Text: wire.Reason(reason)}
	if end.owed != nil {
		w.counters.count(func(s *Stats) { s.Unsigned++ })
		w.emit(Unsigned, j.rec.Task, e)
	}
	if end.receipt == nil {
		w.counters.count(func(s *Stats) { s.Failed++ })
		w.emit(Failed, j.rec.Task, e)
		return
	}
	w.counters.count(func(s *Stats) { s.Receipts++ })
	e.Price = end.receipt.Receipt.PriceGwei
	w.emit(Receipt, j.rec.Task, e)
	w.tellAccount(j.rec.Clinic, j.voucher)
	select {
	case w.outbox <- struct{}{}:
	default:
	}
}

// forward hands receipts to the coordinator, the oldest first, until ctx ends. A
// coordinator's outage delays receipts and nothing else.
func (w *Worker) forward(ctx context.Context) {
	pause := firstPause
	for ctx.Err() == nil {
		key, receipt, err := w.store.firstReceipt()
		if err == nil && receipt == nil {
			select {
			case <-ctx.Done():
			case <-w.outbox:
			}
			continue
		}
		if err == nil {
			err = w.Forward(ctx, *receipt)
		}
		if err == nil {
			err = w.store.dropReceipt(key)
		}
		if err == nil {
			pause = firstPause
			w.emit(Forwarded, receipt.Receipt.Task, Event{Clinic: receipt.Receipt.Clinic, Fence: receipt.Receipt.Fence})
			continue
		}
		w.Log.Debug("receipt not forwarded; it is kept and sent again", "pause", pause, "error", err)
		select {
		case <-ctx.Done():
		case <-w.Clock.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}
