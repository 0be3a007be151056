package broker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"

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
	Keep  time.Duration // after the delivery
	Bytes int64         // of ciphertext at most; the oldest goes first
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
	r, err := b.recheckable(s.Peer, request)
	var grant *wire.RecheckGrant
	if err == nil {
		grant, err = b.recheckGrant(r, s.Peer, request.HpkeKey)
	}
	if err == nil {
		err = b.grant(r.Task.ID, s.Peer)
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
	}{{payloadBlob(r.Task.ID), r.PayloadManifest}, {r.Result.Blob, r.Result.Manifest}} {
		if err := b.sendKept(s, part.blob, part.manifest); err != nil {
			return err
		}
	}
	return nil
}

// recheckable finds the task, if it is kept and whoever asks may have it.
func (b *Broker) recheckable(who common.Address, m *wire.RecheckRequest) (record, error) {
	id, err := wire.Digest("task", m.Task)
	if err != nil {
		return record{}, err
	}
	if clinic, err := wire.Address("clinic", m.Clinic); err != nil || clinic != b.Key.Address() {
		return record{}, wire.ErrMalformed
	}
	if !slices.Contains(b.Rechecks.Coordinators, who) {
		return record{}, errNotKept
	}
	r, err := b.store.load(id)
	if err != nil {
		return r, errNotKept
	}
	whole := r.Receipt != nil && r.Result != nil && r.ContentKey != nil && r.ResultKey != nil && r.Result.Manifest != nil
	if !whole || !b.keepsPayload(r) || r.Receipt.Receipt.Fence != m.Fence {
		return r, errNotKept
	}
	return r, nil
}

// recheckGrant wraps the keys of the payload and of the result to the coordinator, each bound
// to the task, its fence and the coordinator's name.
func (b *Broker) recheckGrant(r record, coordinator common.Address, to []byte) (*wire.RecheckGrant, error) {
	lease := b.leaseOf(r)
	recipient, err := transfer.LoadRecipient(r.ResultKey)
	if err != nil {
		return nil, err
	}
	resultKey, err := recipient.ResultKey(r.Result.Encapsulation, transfer.Binding{Task: r.Task.ID, Fence: lease.Fence, Node: lease.Node})
	if err != nil {
		return nil, err
	}
	binding := transfer.Binding{Task: r.Task.ID, Fence: lease.Fence, Node: coordinator}
	payload, err := transfer.Wrap(transfer.Key(r.ContentKey), to, binding)
	if err != nil {
		return nil, err
	}
	result, err := transfer.Wrap(resultKey, to, binding)
	if err != nil {
		return nil, err
	}
	return &wire.RecheckGrant{Task: r.Task.ID[:], Fence: lease.Fence, PayloadKey: payload, PayloadManifest: r.PayloadManifest,
		ResultKey: result, ResultManifest: r.Result.Manifest}, nil
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
		if now.Before(r.KeptUntil) && total <= cmp.Or(b.Rechecks.Bytes, DefaultRecheckBytes) && b.Rechecks.Keep > 0 {
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
		if m, err := transfer.DecodeManifest(r.Result.Manifest, -1); err == nil {
			size += m.PlainBytes
		}
	}
	return size
}

// drop forgets the keys of a delivered task and deletes its ciphertext.
func (b *Broker) drop(ctx context.Context, id models.Digest) error {
	blob := ""
	_, err := b.store.update(id, func(r *record) error {
		if r.Result != nil {
			blob = r.Result.Blob
		}
		r.KeptUntil = time.Time{}
		r.forgetDelivered()
		return nil
	})
	if err != nil {
		return err
	}
	err = b.Blobs.Delete(ctx, payloadBlob(id))
	if blob != "" {
		err = errors.Join(err, b.Blobs.Delete(ctx, blob))
	}
	return err
}
