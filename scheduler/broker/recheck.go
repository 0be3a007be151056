package broker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// A coordinator may ask a clinic to let a task be run again. A clinic that allows it keeps
// what it sealed, and what came back, for a while after the delivery, and gives the keys to
// its coordinators alone: each task once, and no more of them than an Allowance says.

// Rechecks are what a clinic keeps so that coordinators may run tasks again. The zero value
// keeps nothing and refuses.
type Rechecks struct {
	Keep time.Duration // after the delivery
	// Bytes of ciphertext of delivered tasks at most, the oldest goes first; and of refused
	// results at most. 0: DefaultRecheckBytes.
	Bytes int64
	// Coordinators are who may ask.
	Coordinators []common.Address
}

// Defaults of Rechecks.
const (
	// DefaultRecheckKeep is longer than it takes a receipt to reach the coordinator and a
	// re-run to have its turn.
	DefaultRecheckKeep  = time.Hour
	DefaultRecheckBytes = 4 << 30
)

// maxDisputedKept is how many refused results of one task are kept: with more, it is the clinic
// that is odd.
const maxDisputedKept = 2

// forgetEvery is how often what was kept is looked through.
const forgetEvery = time.Minute

var errNotKept = errors.New("this clinic has nothing to run again: it does not allow it, or the time is over")

// keepsPayload reports whether an ended task's payload may still be wanted: for one more copy
// or to be run again.
func (b *Broker) keepsPayload(r record) bool {
	switch r.Task.State {
	case scheduler.Resulted:
		return r.Commit || b.Rechecks.Keep > 0
	case scheduler.Delivered:
		return !r.KeptUntil.IsZero()
	}
	return false
}

// keepsDispute reports whether one more refused result of an open task is kept, so that a
// coordinator may say who was right. All refused results together take no more room than what
// is kept of delivered tasks may: nodes can send rubbish faster than tasks end.
func (b *Broker) keepsDispute(r record, refused resultRecord) bool {
	if b.Rechecks.Keep <= 0 || len(r.Disputed) >= maxDisputedKept {
		return false
	}
	records, err := b.store.pending()
	if err != nil {
		return false
	}
	total := refused.bytes()
	for _, other := range records {
		for _, d := range other.Disputed {
			total += d.Result.bytes()
		}
	}
	return total <= b.Rechecks.room()
}

// room is how many bytes may be kept.
func (k Rechecks) room() int64 { return cmp.Or(k.Bytes, DefaultRecheckBytes) }

// keptDispute reports whether a refused result stays on disk.
func (b *Broker) keptDispute(id models.Digest, blob string) bool {
	r, err := b.store.load(id)
	return err == nil && slices.Contains(r.answers(), blob)
}

// keep notes, within the delivery's change, until when the task may be run again; false:
// nothing of it is kept.
func (b *Broker) keep(r *record) bool {
	if b.Rechecks.Keep <= 0 || r.Receipt == nil || r.ContentKey == nil {
		return false
	}
	r.KeptUntil = b.Clock.Now().Add(b.Rechecks.Keep).UTC().Round(0)
	return true
}

// serveRecheck is RecheckRequest; RecheckGrant and both ciphertexts, or Refusal.
func (b *Broker) serveRecheck(s *wire.Stream) error {
	request, err := wire.Expect[*wire.RecheckRequest](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	r, answer, err := b.recheckable(s.Peer, request)
	var grant *wire.RecheckGrant
	if err == nil {
		grant, err = b.recheckGrant(r, answer, s.Peer, request.HpkeKey)
	}
	if err == nil {
		err = b.grant(r.Task.ID, s.Peer)
	}
	if err == nil {
		err = b.disclose(r, Disclosure{To: s.Peer, Fence: request.Fence, Recheck: true})
	}
	if err != nil {
		b.tally.count(func(st *Stats) { st.Rechecks["refused"]++ })
		return s.Send(&wire.Refusal{Task: request.Task, Reason: wire.Reason(err.Error())})
	}
	b.tally.count(func(st *Stats) { st.Rechecks["granted"]++ })
	b.Log.Info("a coordinator was given a task to run it again", "task", r.Task.ID.Short(), "coordinator", s.Peer)
	if err := s.Send(grant); err != nil {
		return err
	}
	for _, part := range []struct {
		blob     string
		manifest []byte
	}{{payloadBlob(r.Task.ID), r.PayloadManifest}, {answer.result.Blob, answer.result.Manifest}} {
		if err := b.sendKept(s, part.blob, part.manifest); err != nil {
			return err
		}
	}
	return nil
}

// answered is a result that a node signed, accepted or refused.
type answered struct {
	receipt attest.Receipt
	result  resultRecord
	promise attest.Pledge // the node's, to this lease; zero: none is known
}

// promised is the current winner's promise; zero: none is known.
func (r record) promised() attest.Pledge {
	if r.Winner == nil {
		return attest.Pledge{}
	}
	return r.Winner.Promise
}

// answer is the result under a fence, if its ciphertext is kept.
func (r record) answer(fence uint64) (answered, bool) {
	if r.Receipt != nil && r.Receipt.Receipt.Fence == fence && r.Result != nil && r.Result.Manifest != nil {
		return answered{r.Receipt.Receipt, *r.Result, r.promised()}, true
	}
	for _, d := range r.Disputed {
		for _, s := range r.Dispute {
			if d.Fence == fence && s.Receipt.Fence == fence {
				return answered{s.Receipt, d.Result, d.Promise}, true
			}
		}
	}
	return answered{}, false
}

// recheckable finds the task and its result, if they are kept and whoever asks may have them.
func (b *Broker) recheckable(who common.Address, m *wire.RecheckRequest) (r record, a answered, err error) {
	id, err := wire.Digest("task", m.Task)
	if err != nil {
		return r, a, err
	}
	if clinic, err := wire.Address("clinic", m.Clinic); err != nil || clinic != b.Key.Address() {
		return r, a, wire.ErrMalformed
	}
	if !slices.Contains(b.Rechecks.Coordinators, who) {
		return r, a, errNotKept
	}
	if r, err = b.store.load(id); err != nil {
		return r, a, errNotKept
	}
	a, ok := r.answer(m.Fence)
	open := !r.Task.State.Final() && r.Task.State != scheduler.Resulted // a refused result's task goes on
	if !ok || !open && !b.keepsPayload(r) || r.ContentKey == nil || r.ResultKey == nil || r.PayloadManifest == nil {
		return r, a, errNotKept
	}
	return r, a, nil
}

// recheckGrant wraps the keys of the payload and of the result to the coordinator, each bound
// to the task, its fence and the coordinator's name, and consents to its judgement.
func (b *Broker) recheckGrant(r record, a answered, coordinator common.Address, to []byte) (*wire.RecheckGrant, error) {
	fence := a.receipt.Fence
	recipient, err := transfer.LoadRecipient(r.ResultKey)
	if err != nil {
		return nil, err
	}
	resultKey, err := recipient.ResultKey(a.result.Encapsulation, transfer.Binding{Task: r.Task.ID, Fence: fence, Node: a.receipt.Node})
	if err != nil {
		return nil, err
	}
	binding := transfer.Binding{Task: r.Task.ID, Fence: fence, Node: coordinator}
	payload, err := transfer.Wrap(transfer.Key(r.ContentKey), to, binding)
	if err != nil {
		return nil, err
	}
	result, err := transfer.Wrap(resultKey, to, binding)
	if err != nil {
		return nil, err
	}
	consent := attest.Consent{Receipt: a.receipt.Hash(b.Domain), Clinic: a.receipt.Clinic, Checker: coordinator}
	signed, err := attest.Sign(consent.Hash(b.Domain), b.Key.ECDSA())
	if err != nil {
		return nil, err
	}
	var promise []byte
	if !a.promise.IsZero() {
		if promise, err = a.promise.AppendBinary(nil); err != nil {
			return nil, err
		}
	}
	return &wire.RecheckGrant{Task: r.Task.ID[:], Fence: fence, PayloadKey: payload, PayloadManifest: r.PayloadManifest,
		ResultKey: result, ResultManifest: a.result.Manifest, Consent: signed[:], Promise: promise}, nil
}

func (b *Broker) sendKept(s *wire.Stream, name string, encoded []byte) error {
	manifest, err := transfer.DecodeManifest(encoded, -1)
	if err != nil {
		return err
	}
	blob, err := b.Blobs.Open(b.ctx, name)
	if err != nil {
		return err
	}
	defer blob.Close()
	return transfer.Send(s.Stream, blob, manifest, 0, func() error { return s.Extend(replyTimeout) })
}

// forget lets go of what was kept for re-runs once its time is over, or there is too much,
// until the clinic closes.
func (b *Broker) forget() {
	for {
		if err := b.forgetKept(); err != nil {
			b.Log.Warn("what was kept for re-runs is still there; it is tried again", "error", err)
		}
		select {
		case <-b.Clock.After(forgetEvery):
		case <-b.ctx.Done():
			return
		}
	}
}

func (b *Broker) forgetKept() error {
	records, err := b.store.pending()
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(records, func(r record) bool { return r.KeptUntil.IsZero() })
	slices.SortFunc(kept, func(a, c record) int { return c.KeptUntil.Compare(a.KeptUntil) }) // the newest first
	now, total := b.Clock.Now(), int64(0)
	var errs []error
	for _, r := range kept {
		total += r.keptBytes()
		if now.Before(r.KeptUntil) && total <= b.Rechecks.room() && b.Rechecks.Keep > 0 {
			continue
		}
		errs = append(errs, b.drop(b.ctx, r.Task.ID))
	}
	return errors.Join(errs...)
}

// keptBytes is about what a task's ciphertexts take.
func (r record) keptBytes() int64 {
	size := r.PayloadBytes
	if r.Result != nil {
		size += r.Result.bytes()
	}
	for _, d := range r.Disputed {
		size += d.Result.bytes()
	}
	return size
}

// bytes is about what a result's ciphertext takes; 0 once its manifest is dropped.
func (r resultRecord) bytes() int64 {
	m, err := transfer.DecodeManifest(r.Manifest, -1)
	if err != nil {
		return 0
	}
	return m.PlainBytes
}

// drop forgets the keys of a delivered task and deletes its ciphertext.
func (b *Broker) drop(ctx context.Context, id models.Digest) error {
	var answers []string
	_, err := b.store.update(id, func(r *record) error {
		answers = r.answers()
		r.KeptUntil = time.Time{}
		r.forgetDelivered()
		return nil
	})
	if err != nil {
		return err
	}
	return b.deleteAll(ctx, append(answers, payloadBlob(id)))
}

// deleteAll deletes ciphertexts; what can't be deleted is swept at the next start.
func (b *Broker) deleteAll(ctx context.Context, names []string) (err error) {
	for _, name := range names {
		err = errors.Join(err, b.Blobs.Delete(ctx, name))
	}
	return err
}
