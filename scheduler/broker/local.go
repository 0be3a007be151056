package broker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// turns are the places of the clinic's own runner: one for any task and one more that only
// an emergency takes. Whoever waits holds no plaintext yet.
type turns struct{ any, stat chan struct{} }

func newTurns() turns { return turns{any: make(chan struct{}, 1), stat: make(chan struct{}, 1)} }

// take waits for a place; give returns it.
func (p turns) take(ctx context.Context, class scheduler.Class) (give func(), err error) {
	var stat chan struct{} // a nil channel is never ready
	if class == scheduler.STAT {
		stat = p.stat
	}
	select {
	case p.any <- struct{}{}:
		return func() { <-p.any }, nil
	case stat <- struct{}{}:
		return func() { <-p.stat }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// localRun is a task's turn on the clinic's own runner.
type localRun struct{ cancel context.CancelFunc }

// stopLocal ends the local run, if one is under way: a node was first.
func (t *task) stopLocal() {
	if t.local != nil {
		t.local.cancel()
		t.local = nil
	}
}

// runLocal starts the clinic's own runner, once, in the loop.
func (t *task) runLocal() error {
	if t.local != nil {
		return nil
	}
	if t.b.Local == nil {
		return t.localFailed("this clinic has none any more")
	}
	ctx, cancel := context.WithCancel(t.b.ctx)
	run := &localRun{cancel: cancel}
	t.local = run
	rec := t.rec.clone()
	t.b.emit(t.rec, LocalRun, Event{Text: "begins: no node has brought a result"})
	t.b.running.Go(func() {
		defer cancel()
		result, err := t.b.compute(ctx, t, rec)
		if err == nil {
			err = t.b.keepLocal(ctx, t, rec, run, result)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		_ = t.do(ctx, func() error { // an error here: the task has ended, or is tried again
			if t.local != run {
				return nil
			}
			t.local = nil
			return t.localFailed(err.Error())
		})
	})
	return nil
}

// localFailed leaves the task to the nodes, or ends it where no attempt is left.
func (t *task) localFailed(reason string) error {
	next, err := t.rec.Task.LocalFailed(wire.Reason(reason))
	if err != nil {
		return err
	}
	if err := t.save(func(r *record) { r.Task = next }); err != nil {
		return err
	}
	t.b.tally.count(func(s *Stats) { s.LocalFailed++ })
	t.b.emit(t.rec, LocalRun, Event{Text: "failed: " + wire.Reason(reason)})
	return nil
}

// compute decrypts the sealed payload and runs it.
func (b *Broker) compute(ctx context.Context, t *task, rec record) ([]byte, error) {
	give, err := b.runner.take(ctx, rec.Class)
	if err != nil {
		return nil, err
	}
	defer give()
	payload, err := b.readPayload(ctx, rec)
	defer func() { clear(payload) }()
	if err != nil {
		return nil, fmt.Errorf("read the sealed payload: %w", err)
	}
	result, err := b.Local(ctx, LocalJob{Task: rec.Task.ID, Package: rec.Package, Class: rec.Class, Payload: payload,
		Progress: func(stage string, done float64) {
			_ = t.do(ctx, func() error { // an error here: nobody waits for it any more
				b.emit(t.rec, Progress, Event{Node: b.Key.Address(), Stage: wire.Reason(stage), Done: min(1, max(0, done))})
				return nil
			})
		}})
	if err != nil {
		return nil, err
	}
	if int64(len(result)) > b.MaxResultBytes {
		return nil, fmt.Errorf("its result has %d bytes, the limit is %d", len(result), b.MaxResultBytes)
	}
	return result, nil
}

// readPayload is the payload's plaintext; what was decrypted is returned even on an error,
// to be wiped.
func (b *Broker) readPayload(ctx context.Context, rec record) ([]byte, error) {
	manifest, err := transfer.DecodeManifest(rec.PayloadManifest, scheduler.MaxPayloadBytes)
	if err != nil {
		return nil, err
	}
	if len(rec.ContentKey) != len(transfer.Key{}) {
		return nil, errors.New("the content key is not on record")
	}
	opener, err := transfer.NewOpener(manifest, transfer.Payload, rec.Task.ID, transfer.Key(rec.ContentKey))
	if err != nil {
		return nil, err
	}
	return b.readSealed(ctx, payloadBlob(rec.Task.ID), manifest, opener)
}

// keepLocal seals the result to the clinic itself and persists that the task has ended.
func (b *Broker) keepLocal(ctx context.Context, t *task, rec record, run *localRun, result []byte) error {
	recipient, err := transfer.LoadRecipient(rec.ResultKey)
	if err != nil {
		return err
	}
	var kept error
	err = t.do(ctx, func() error {
		if t.local != run {
			return nil // a node was first
		}
		fence := t.rec.Task.Fence // it can't rise any more: no node is asked while the clinic does it itself
		stored, err := b.sealLocal(ctx, rec.Task.ID, recipient, fence, result)
		if err != nil {
			return err
		}
		kept = t.concludeLocal(stored)
		return kept
	})
	if errors.Is(kept, scheduler.ErrCopyLost) {
		return t.do(ctx, func() error { t.over = true; return nil })
	}
	return err
}

func (b *Broker) sealLocal(ctx context.Context, id models.Digest, recipient transfer.Recipient, fence uint64, result []byte) (*resultRecord, error) {
	encapsulation, key, err := transfer.ResultKey(recipient.Public(), transfer.Binding{Task: id, Fence: fence, Node: b.Key.Address()})
	if err != nil {
		return nil, err
	}
	var manifest transfer.Manifest
	err = b.Blobs.Put(ctx, localBlob(id), func(w io.Writer) (err error) {
		manifest, err = transfer.Seal(w, result, transfer.Result, id, key)
		return err
	})
	if err != nil {
		return nil, err
	}
	encoded, err := manifest.Encode()
	return &resultRecord{Blob: localBlob(id), Encapsulation: encapsulation, Manifest: encoded, MadeAt: b.Clock.Now().UTC().Truncate(time.Millisecond)}, err
}

// concludeLocal ends the task with the clinic's own result, in the loop. A node that still
// held it is told, and its late result is refused.
func (t *task) concludeLocal(stored *resultRecord) error {
	b := t.b
	next, err := t.rec.Task.LocalResult(b.Clock.Now())
	if err != nil {
		return err
	}
	lease, held := t.rec.Task.Lease, t.held()
	err = t.save(func(r *record) {
		t.calledOff(r, lease, held, "the clinic made the result itself")
		r.Task, r.Result, r.Winner = next, stored, nil
	}, b.win(t.rec))
	if err != nil {
		return err
	}
	t.local = nil // its goroutine ends by itself
	t.left(lease, held, lossCalled)
	b.tally.count(func(s *Stats) { s.Results["local"]++ })
	b.emit(t.rec, LocalRun, Event{Text: "has made the result"})
	b.callOff(t.rec)
	if held {
		b.running.Go(func() { b.tellWithdrawn(t.id) })
	}
	return nil
}
