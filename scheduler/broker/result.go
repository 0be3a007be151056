package broker

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// Refusals of a result. Each ends the try; the task goes to the next bidder.
var (
	ErrReceipt    = errors.New("the receipt does not match the task; sign what was awarded and run")
	ErrOutputHash = errors.New("the result is not the one that the receipt names")
	// ErrNotJudged is of Config.Check alone: the clinic could not look at the result now.
	ErrNotJudged = errors.New("the clinic could not judge the result; it is to be sent again")
)

// maxReceiptBytes bounds a receipt's JSON on the wire.
const maxReceiptBytes = attest.MaxReceiptBytes

// claim is a result as its node announces it, with what it is judged by.
type claim struct {
	header  *wire.ResultHeader
	rec     record // the task as it was when the claim came
	lease   scheduler.Lease
	arrived time.Time
	receipt attest.Receipt
	sig     attest.Signature
}

// serveResult is ResultHeader, ResultReply, chunks, ResultAck. Whatever happens,
// the node learns whether it may forget the result.
func (b *Broker) serveResult(s *wire.Stream) error {
	header, err := wire.Expect[*wire.ResultHeader](s.Reader, wire.MaxBulk, s.Peer)
	if err != nil {
		return err
	}
	// Only the reply is refused here: a result that is not wanted is never read.
	turnAway := func(settled bool, reason string, receipt []byte) error {
		if err := s.Extend(replyTimeout); err != nil {
			return err
		}
		if err := s.Send(&wire.ResultReply{Task: header.Task, Settled: settled, Reason: wire.Reason(reason)}); err != nil {
			return err
		}
		return b.acknowledge(s, &wire.ResultAck{Task: header.Task, Fence: header.Fence, Settled: settled, Receipt: receipt, Reason: wire.Reason(reason)})
	}
	if receipt, ok := b.settledBefore(s.Peer, header); ok {
		return turnAway(true, "accepted before", receipt)
	}
	t, _, err := b.addressed(header.Task, header.Clinic)
	if err != nil {
		return turnAway(true, err.Error(), nil)
	}
	c := &claim{header: header}
	if err := t.do(b.ctx, func() error { return t.admit(s.Peer, c) }); err != nil {
		return turnAway(final(err), err.Error(), nil)
	}
	defer func() {
		_ = t.do(b.ctx, func() error { t.receivingDone(c.lease.Fence); return nil })
	}()
	if err := b.checkReceipt(c); err != nil {
		b.reject(t, c, err)
		return turnAway(true, err.Error(), nil)
	}
	raced, err := b.itsTurn(t, c)
	if err != nil {
		return turnAway(final(err), err.Error(), nil)
	}
	defer raced()
	free, err := b.placeFor(t, c)
	if err != nil {
		return turnAway(final(err), err.Error(), nil)
	}
	defer free()
	if err := s.Extend(replyTimeout); err != nil { // waiting was this clinic's doing
		return err
	}
	if err := s.Send(&wire.ResultReply{Task: header.Task, Wanted: true}); err != nil {
		return err
	}
	ack, err := b.takeResult(s, t, c, free)
	if err != nil {
		return err
	}
	raced() // a node that does not hang up keeps nobody waiting
	return b.acknowledge(s, ack)
}

// final reports whether a refusal will stay: then the node may forget its result.
func final(err error) bool {
	for _, lasting := range []error{scheduler.ErrStaleFence, scheduler.ErrNotHolder, scheduler.ErrNoLease, scheduler.ErrLapsed,
		scheduler.ErrFinal, scheduler.ErrTransition, scheduler.ErrCopyLost, ErrUnknownTask, wire.ErrMalformed} {
		if errors.Is(err, lasting) {
			return true
		}
	}
	return false
}

// settledBefore finds the verdict that this node got for this fence already: its
// acknowledgement may have been lost on the way.
func (b *Broker) settledBefore(node common.Address, h *wire.ResultHeader) ([]byte, bool) {
	id, err := wire.Digest("task", h.Task)
	if err != nil {
		return nil, false
	}
	r, err := b.store.load(id)
	if err != nil {
		return nil, false
	}
	given := r.Dispute
	if r.Receipt != nil {
		given = append(given, *r.Receipt)
	}
	for _, signed := range given {
		if signed.Receipt.Node == node && signed.Receipt.Fence == h.Fence {
			data, err := json.Marshal(signed)
			return data, err == nil
		}
	}
	return nil, false
}

// admit checks the lease, in the loop; one result at a time.
func (t *task) admit(node common.Address, c *claim) error {
	if err := t.rec.Task.Holds(node, c.header.Fence, t.b.Clock.Now()); err != nil {
		return err
	}
	if t.rec.Task.State != scheduler.Running {
		return scheduler.ErrNoLease
	}
	if t.over {
		return scheduler.ErrCopyLost
	}
	if t.rec.Winner == nil {
		return scheduler.ErrNoLease
	}
	if !t.rec.revealable() {
		return ErrNotRevealed
	}
	if t.receiving {
		return errors.New("this result is coming in already")
	}
	t.receiving = true
	c.rec, c.lease, c.arrived = t.rec.clone(), t.rec.Task.Lease, t.b.Clock.Now()
	return nil
}

func (t *task) receivingDone(fence uint64) {
	if t.rec.Task.Lease.Fence == fence {
		t.receiving = false
	}
}

// checkReceipt holds every field of the receipt against the task.
func (b *Broker) checkReceipt(c *claim) error {
	h := c.header
	if len(h.Receipt) > maxReceiptBytes || len(h.ReceiptSignature) != len(attest.Signature{}) {
		return fmt.Errorf("receipt of %d bytes, signature of %d: %w", len(h.Receipt), len(h.ReceiptSignature), ErrReceipt)
	}
	if err := json.Unmarshal(h.Receipt, &c.receipt); err != nil {
		return fmt.Errorf("parse receipt: %w", ErrReceipt)
	}
	r := c.receipt
	if err := r.Validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	promised := c.rec.Winner.Bid.Promise
	for _, check := range []struct {
		ok   bool
		what string
	}{
		{r.Task == c.rec.Task.ID, "task"},
		{r.Fence == c.lease.Fence, "fencing number"},
		{r.Node == c.lease.Node, "node"},
		{r.Clinic == b.Key.Address(), "clinic"},
		{r.RequestHash == transfer.RequestHash(c.rec.PayloadManifest), "request hash"},
		{r.ManifestDigest == c.rec.Manifest, "manifest digest"},
		{r.WeightsDigest == c.rec.Weights, "weights digest"},
		{r.PriceGwei == c.rec.Winner.Bid.PriceGwei, "price"},
		// Its record of checks is kept by provider, and so is what decides whether it is checked.
		{c.rec.Winner.Bid.Provider == "" || r.Provider == c.rec.Winner.Bid.Provider, "execution provider"},
		{!r.Deadline.IsZero() && !r.Deadline.After(r.StartedAt.Add(promised)), "promised completion"},
	} {
		if !check.ok {
			return fmt.Errorf("its %s is another one: %w", check.what, ErrReceipt)
		}
	}
	c.sig = attest.Signature(h.ReceiptSignature)
	signer, err := attest.Recover(r.Hash(b.Domain), c.sig)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrReceipt, err)
	}
	if signer != c.lease.Node {
		return fmt.Errorf("it is signed by %s: %w", signer, ErrReceipt)
	}
	return c.rec.opens(r, h.Salt)
}

// reject ends the try of a node that sent something false.
func (b *Broker) reject(t *task, c *claim, why error) {
	b.Log.Warn("result refused", "task", c.rec.Task.ID.Short(), "node", c.lease.Node, "fence", c.lease.Fence, "reason", why)
	b.tally.count(func(s *Stats) { s.Results["refused"]++ })
	_ = t.do(b.ctx, func() error { return t.release(c.lease.Fence, TryFailed, lossRefused, "result refused: "+why.Error()) })
}

// takeResult stores the ciphertext, judges the plaintext and persists the outcome.
// The acknowledgement that it returns is true only because of what is on disk.
// uploaded is called when nothing more comes in.
func (b *Broker) takeResult(s *wire.Stream, t *task, c *claim, uploaded func()) (*wire.ResultAck, error) {
	ack := &wire.ResultAck{Task: c.header.Task, Fence: c.header.Fence}
	refuse := func(why error) (*wire.ResultAck, error) {
		b.reject(t, c, why)
		ack.Settled, ack.Reason = true, wire.Reason(why.Error())
		return ack, nil
	}
	opener, manifest, err := c.rec.resultOpener(b.MaxResultBytes, c.header.Encapsulation, c.header.Manifest, c.lease)
	if err != nil {
		return refuse(err)
	}
	blob := resultBlob(c.rec.Task.ID, c.lease.Fence)
	output, err := b.upload(s, t, c, opener, blob)
	uploaded()
	switch {
	case errors.Is(err, transfer.ErrTampered) || errors.Is(err, transfer.ErrWrongKey):
		return refuse(err)
	case err != nil:
		return nil, err // a cut: the node sends it again
	}
	if output != c.receipt.OutputHash {
		return refuse(errors.Join(ErrOutputHash, b.Blobs.Delete(b.ctx, blob)))
	}
	verdict := attest.Acceptance{Receipt: c.receipt.Hash(b.Domain), Accepted: true, At: b.Clock.Now().UTC().Truncate(time.Millisecond)}
	if err := b.judge(c, blob, manifest, opener); errors.Is(err, ErrNotJudged) {
		return nil, errors.Join(err, b.Blobs.Delete(context.WithoutCancel(b.ctx), blob)) // the node sends it again
	} else if err != nil {
		verdict.Accepted, verdict.Reason = false, wire.Reason(err.Error())
	}
	signed, err := b.countersign(c, verdict)
	if err != nil {
		return nil, err
	}
	encoded, err := json.Marshal(signed)
	if err != nil {
		return nil, fmt.Errorf("encode receipt: %w", err)
	}
	err = t.do(b.ctx, func() error { return t.conclude(c, signed, blob) })
	if err != nil {
		ack.Settled, ack.Reason = final(err), wire.Reason(err.Error())
		return ack, b.Blobs.Delete(context.WithoutCancel(b.ctx), blob)
	}
	if !verdict.Accepted && !b.keptDispute(c.rec.Task.ID, blob) {
		if err := b.Blobs.Delete(context.WithoutCancel(b.ctx), blob); err != nil {
			b.Log.Warn("disputed result not deleted; the next start tries again", "task", c.rec.Task.ID.Short(), "error", err)
		}
	}
	ack.Settled, ack.Receipt, ack.Reason = true, encoded, verdict.Reason
	return ack, nil
}

// upload takes the sealed result to disk, verified chunk by chunk, and returns the hash of
// its plaintext, of which it keeps nothing. The node must hold its lease at every chunk, and
// each chunk must come in time.
func (b *Broker) upload(s *wire.Stream, t *task, c *claim, opener *transfer.Opener, blob string) (models.Digest, error) {
	hash := sha256.New()
	err := b.Blobs.Put(b.ctx, blob, func(w io.Writer) error {
		_, err := transfer.Receive(b.ctx, io.TeeReader(s, w), func() { _ = s.CloseRead() }, opener, 0, func(_ int, part []byte) error {
			hash.Write(part)
			if err := t.allowed(b.ctx, c); err != nil {
				return err
			}
			return s.Extend(replyTimeout)
		})
		return err
	})
	return models.Digest(hash.Sum(nil)), err
}

// judge has the stored result looked at. Few are judged at once: only here the whole
// plaintext is in memory, and no node's slowness keeps it there.
func (b *Broker) judge(c *claim, blob string, m transfer.Manifest, opener *transfer.Opener) error {
	select {
	case b.judging <- struct{}{}:
		defer func() { <-b.judging }()
	case <-b.ctx.Done():
		return fmt.Errorf("the clinic is shutting down: %w", ErrNotJudged)
	}
	plain, err := b.readSealed(b.ctx, blob, m, opener)
	if err != nil {
		return fmt.Errorf("read the sealed result: %w: %w", ErrNotJudged, err)
	}
	return b.Check(c.rec.family(), c.receipt, plain)
}

func (b *Broker) countersign(c *claim, verdict attest.Acceptance) (attest.SignedReceipt, error) {
	sig, err := attest.Sign(verdict.Hash(b.Domain), b.Key.ECDSA())
	if err != nil {
		return attest.SignedReceipt{}, fmt.Errorf("countersign receipt: %w", err)
	}
	return attest.SignedReceipt{Receipt: c.receipt, NodeSig: c.sig, Acceptance: verdict, ClinicSig: sig}, nil
}

// conclude persists the verdict, in the loop: the fence is checked once more in
// the same breath as the write.
func (t *task) conclude(c *claim, signed attest.SignedReceipt, blob string) error {
	b, now := t.b, t.b.Clock.Now()
	if !signed.Acceptance.Accepted {
		if err := t.rec.Task.Holds(c.lease.Node, c.lease.Fence, now); err != nil {
			return err
		}
		refused := resultRecord{Blob: blob, Encapsulation: c.header.Encapsulation, Manifest: c.header.Manifest}
		keeps := b.keepsDispute(t.rec, refused)
		err := t.save(func(r *record) {
			r.Dispute = append(r.Dispute, signed)
			if keeps {
				r.Contested = true
				r.Disputed = append(r.Disputed, disputedResult{Fence: c.lease.Fence, Result: refused, Promise: r.promised()})
			}
		})
		if err != nil {
			return err
		}
		b.tally.count(func(s *Stats) { s.Results["disputed"]++ })
		return t.release(c.lease.Fence, TryFailed, lossDisputed, "result disputed: "+signed.Acceptance.Reason)
	}
	next, err := t.rec.Task.Result(c.lease.Node, c.lease.Fence, now)
	if err != nil {
		return err
	}
	phases := t.measured(c, now)
	with := []func(*bbolt.Tx) error{b.win(t.rec), func(tx *bbolt.Tx) error { return markProven(tx, c.lease.Node, now) }}
	if !t.rec.Commit { // what is compared is charged by its verdict
		with = append(with, b.charge(c.lease.Node, signed.Receipt.PriceGwei, now))
	}
	err = t.save(func(r *record) {
		r.Task, r.Receipt, r.Phases, r.Uncharged = next, &signed, phases, r.Commit
		r.Result = &resultRecord{Blob: blob, Encapsulation: c.header.Encapsulation, Manifest: c.header.Manifest}
	}, with...)
	if errors.Is(err, scheduler.ErrCopyLost) {
		t.over = true // the loop withdraws it, if the winner has not yet
	}
	if err != nil {
		return err
	}
	t.stopLocal()
	b.hold(c.lease.Node, -1)
	b.strikeNode(c.lease.Node, keptPromise)
	b.proven.add(c.lease.Node)
	b.tally.count(func(s *Stats) { s.Results["accepted"]++ })
	b.emit(t.rec, Returned, Event{Text: "decrypted, hash matches the receipt, checked"})
	b.emit(t.rec, Receipt, Event{Price: signed.Receipt.PriceGwei, Text: "signed by the node, countersigned by the clinic"})
	b.callOff(t.rec)
	b.unread.add(t.id)
	return nil
}

// measured are the phases at the moment of acceptance. A short run's reports may
// be overtaken by its result; then the receipt's own times stand in.
func (t *task) measured(c *claim, now time.Time) Phases {
	phases, p := t.rec.Phases, t.phases
	if p.accepted.IsZero() {
		return phases // the clinic was restarted in between
	}
	returning := p.returning
	if returning.IsZero() || returning.After(c.arrived) {
		returning = c.arrived
	}
	running := p.running
	if running.IsZero() {
		running = returning.Add(-c.receipt.FinishedAt.Sub(c.receipt.StartedAt))
	}
	if running.Before(p.accepted) {
		running = p.accepted
	}
	phases.Transfer, phases.Inference, phases.Result = running.Sub(p.accepted), max(0, returning.Sub(running)), now.Sub(returning)
	return phases
}
