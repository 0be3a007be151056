package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multistream"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// errNoGrant says that the clinic does not give its key again.
var errNoGrant = errors.New("the node was restarted, and its clinic does not let it go on")

// clinicStart is how long a clinic's host may be up before, or after, the clinic itself is:
// it does not speak of grants then, and neither does one of an older version. Beyond this and
// a lease's term, no lease stands that nobody renewed.
const clinicStart = time.Minute

// takeUp resumes what a process before left: ciphertext that nobody needs is deleted, sealed
// results are sent, jobs go on if their clinics still hold the lease for this node.
func (w *Worker) takeUp(ctx context.Context) error {
	records, err := w.store.jobs()
	if err != nil {
		return err
	}
	litter, err := w.store.litter()
	if err != nil {
		return err
	}
	w.sweep(ctx, litter)
	w.sweepOrphans(ctx, records)
	for _, rec := range records {
		j := restored(ctx, rec)
		w.mu.Lock()
		w.jobs[rec.errand()] = j
		if j.slot {
			w.load.add(j.pending.place)
		}
		w.mu.Unlock()
		w.running.Go(func() { w.goOn(j) })
	}
	return nil
}

// restored is a job as its record has it. One that has no result yet holds its place from
// the start: it was promised.
func restored(ctx context.Context, rec record) *job {
	j := &job{rec: rec, done: make(chan struct{}), kept: make(chan struct{}), wake: make(chan struct{}, 1), taken: rec.Taken}
	j.task, j.fence, j.clinic = rec.Task, rec.Fence, rec.Clinic
	close(j.kept)
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	t := rec.Terms
	if t == nil {
		return j
	}
	j.accepted, j.lease, j.resultKey, j.commit = t.Accepted, t.Lease, t.ResultKey, t.Commit
	j.pending = &pending{
		offer: scheduler.Offer{Task: rec.Task, Package: t.Package, Clinic: rec.Clinic, Addresses: rec.Addresses, Payload: t.Payload,
			PayloadBytes: t.PayloadBytes, Class: t.Class, Deadline: t.Deadline},
		bid:    scheduler.Bid{Task: rec.Task, Package: t.Package, Clinic: rec.Clinic, PriceGwei: t.PriceGwei, Promise: t.Promise},
		clinic: rec.Peer, place: place{t.Class, t.Work}, model: Model{ManifestDigest: t.Manifest, WeightsDigest: t.Weights},
		lastFence: rec.Fence,
	}
	j.ticket = newTicket(t.Class, t.Accepted)
	j.slot = rec.Sealed == nil
	return j
}

// goOn takes a restored job to its end.
func (w *Worker) goOn(j *job) {
	if j.rec.Sealed != nil {
		defer w.forget(j)
		w.deliver(j.ctx, j)
		return
	}
	err := errors.New("the node was restarted") // a record of an older version says too little to go on
	if j.rec.Terms != nil {
		var key transfer.Key
		var manifest transfer.Manifest
		if key, manifest, err = w.regrant(j); err == nil {
			w.counters.count(func(s *Stats) { s.Resumed++ })
			w.emit(Resumed, j.task, Event{Clinic: j.clinic, Fence: j.fence, Text: "the clinic gave its key again"})
			w.work(j, key, manifest)
			return
		}
	}
	defer w.forget(j)
	if staysOnDisk(context.Cause(j.ctx)) {
		return // the next start asks again
	}
	if tellsClinic(err) {
		w.reportFailure(j.ctx, j.rec, err.Error())
	}
	w.settle(j, nil, err.Error())
}

// regrant asks the clinic for the content key of a job that it was given before a
// restart, until it answers or nobody wants the result any more.
func (w *Worker) regrant(j *job) (transfer.Key, transfer.Manifest, error) {
	var unspoken time.Time // since when the clinic is there and does not speak of grants
	for pause := firstPause; ; {
		key, manifest, err := w.askGrant(j)
		var foreign multistream.ErrNotSupported[protocol.ID]
		if !errors.As(err, &foreign) {
			unspoken = time.Time{}
		} else if unspoken.IsZero() {
			unspoken = w.Clock.Now()
		}
		switch {
		case err == nil, errors.Is(err, errNoGrant):
			return key, manifest, err
		case !unspoken.IsZero() && w.Clock.Now().Sub(unspoken) > clinicStart+j.lease:
			return key, manifest, fmt.Errorf("%w: it speaks an older version", errNoGrant)
		case !w.Clock.Now().Before(j.pending.offer.Deadline):
			return key, manifest, fmt.Errorf("the clinic was not reached before the deadline: %w", err)
		}
		w.Log.Debug("clinic not asked for its key; it is asked again", "task", j.task.Short(), "pause", pause, "error", err)
		pause = w.rest(j.ctx, j, pause)
		if j.ctx.Err() != nil {
			return key, manifest, context.Cause(j.ctx)
		}
	}
}

// askGrant is GrantRequest, then Grant or Refusal, as the node sees it.
func (w *Worker) askGrant(j *job) (key transfer.Key, manifest transfer.Manifest, err error) {
	recipient, err := transfer.NewRecipient()
	if err != nil {
		return key, manifest, err
	}
	s, err := wire.Dial(j.ctx, w.Host, j.rec.Peer, j.rec.Addresses, wire.GrantProtocol, w.Key, dialTimeout)
	if err != nil {
		return key, manifest, err
	}
	defer s.Close()
	defer context.AfterFunc(j.ctx, func() { _ = s.Reset() })()
	if err := s.Extend(replyTimeout); err != nil {
		return key, manifest, err
	}
	err = s.Send(&wire.GrantRequest{Task: j.task[:], Fence: j.fence, Clinic: j.clinic[:], HpkeKey: recipient.Public()})
	if err != nil {
		return key, manifest, err
	}
	grant, err := wire.Expect[*wire.Grant](s.Reader, wire.MaxBulk, j.clinic)
	var refused *wire.Refused
	if errors.As(err, &refused) {
		return key, manifest, fmt.Errorf("%w: %s", errNoGrant, wire.Reason(refused.Reason))
	}
	if err != nil {
		return key, manifest, err
	}
	key, manifest, err = w.openGrant(grant, j.award, recipient)
	if err != nil {
		return key, manifest, fmt.Errorf("%w: %w", errNoGrant, err) // it would be the same again
	}
	return key, manifest, nil
}

// newTicket queues a job by its class and the time of its acceptance.
func newTicket(class scheduler.Class, accepted time.Time) *ticket {
	return &ticket{Waiting: scheduler.Waiting{Class: class, Since: accepted}}
}
