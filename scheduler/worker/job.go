package worker

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// job is one accepted award on its way.
type job struct {
	award
	rec      record
	accepted time.Time
	ctx      context.Context // ends on shutdown, revocation or a newer award
	cancel   context.CancelCauseFunc
	done     chan struct{}
	slot     bool // it holds its bid's place; guarded by Worker.mu
	stage    string
	progress float64 // of the stage, both guarded by Worker.mu
}

func newJob(ctx context.Context, a award, now time.Time) *job {
	j := &job{award: a, accepted: now, done: make(chan struct{}), slot: true, rec: record{
		Task: a.task, Fence: a.fence, Clinic: a.clinic, Peer: a.pending.clinic, Addresses: a.pending.offer.Addresses,
		GiveUp: a.pending.offer.Deadline.Add(resultGrace),
	}}
	j.ctx, j.cancel = context.WithCancelCause(ctx)
	return j
}

// work takes an accepted job to its end.
func (w *Worker) work(j *job, key transfer.Key, manifest transfer.Manifest) {
	defer w.forget(j)
	r := w.startReporter(j)
	err := w.produce(j, key, manifest, r)
	w.releaseSlot(j)
	if err == nil {
		w.deliver(j.ctx, j)
		r.stop()
		return
	}
	r.stop()
	reason := err.Error()
	if cause := context.Cause(j.ctx); cause != nil {
		reason = cause.Error()
		if errors.Is(cause, context.Canceled) {
			reason = errStopping.Error()
		}
	}
	if !errors.Is(context.Cause(j.ctx), errSuperseded) && !errors.Is(context.Cause(j.ctx), errRevoked) {
		w.reportFailure(j.ctx, j.rec, reason)
	}
	w.settle(j, nil, reason)
}

func (w *Worker) releaseSlot(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if j.slot {
		j.slot = false
		w.load.remove(j.pending.place)
	}
}

// produce fetches, executes, signs and persists the sealed result.
func (w *Worker) produce(j *job, key transfer.Key, manifest transfer.Manifest, r *reporter) error {
	r.report(wire.Phase_PHASE_FETCHING, "fetch", 0)
	payload, err := w.fetch(j, key, manifest, func(done float64) { r.report(wire.Phase_PHASE_FETCHING, "fetch", done) })
	if err != nil {
		return err
	}
	defer clear(payload) // plaintext lives as long as it is needed
	r.report(wire.Phase_PHASE_RUNNING, "run", 0)
	started := w.Clock.Now()
	out, err := w.execute(j, payload, func(stage string, done float64) { r.report(wire.Phase_PHASE_RUNNING, stage, done) })
	if err != nil {
		return err
	}
	finished := w.Clock.Now()
	r.report(wire.Phase_PHASE_RETURNING, "return", 0)
	return w.seal(j, out, started, finished)
}

// fetch collects the payload, over several streams if the connection is cut.
func (w *Worker) fetch(j *job, key transfer.Key, manifest transfer.Manifest, progress func(done float64)) ([]byte, error) {
	opener, err := transfer.NewOpener(manifest, transfer.Payload, j.task, key)
	if err != nil {
		return nil, err
	}
	return transfer.Fetch(j.ctx, opener, maxCuts, func(ctx context.Context, first int) (io.ReadCloser, error) {
		s, err := wire.Dial(ctx, w.Host, j.rec.Peer, j.rec.Addresses, wire.FetchProtocol, w.Key, dialTimeout)
		if err != nil {
			return nil, err
		}
		stop := context.AfterFunc(ctx, func() { _ = s.Reset() })
		defer stop()
		err = s.Send(&wire.FetchRequest{Task: j.task[:], Fence: j.fence, Clinic: j.clinic[:], FirstChunk: uint32(first)})
		if err == nil {
			err = granted(s, j)
		}
		if err == nil {
			err = s.Extend(resultTimeout)
		}
		if err != nil {
			_ = s.Reset()
			return nil, err
		}
		return s, nil
	}, progress)
}

func granted(s *wire.Stream, j *job) error {
	reply, err := wire.Expect[*wire.FetchReply](s.Reader, wire.MaxControl, j.clinic)
	if err == nil && !reply.Granted {
		err = fmt.Errorf("the clinic refused: %s", wire.Reason(reply.Reason))
	}
	return err
}

// execute runs the Executor; its panic is a failed try and nothing more.
func (w *Worker) execute(j *job, payload []byte, progress func(string, float64)) (out Output, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the executor crashed")
			w.Log.Error("executor panicked", "task", j.task.Short(), "panic", fmt.Sprintf("%T", r))
		}
	}()
	out, err = w.Executor.Execute(j.ctx, Job{Task: j.task, PackageDigest: j.pending.offer.Package, Class: j.pending.place.class, Payload: payload}, progress)
	if err == nil {
		err = context.Cause(j.ctx)
	}
	if err == nil && len(out.Result) == 0 {
		err = errors.New("the executor returned an empty result")
	}
	return out, err
}

// seal encrypts the result to the clinic, signs the receipt and persists both;
// from here on a crash loses nothing.
func (w *Worker) seal(j *job, out Output, started, finished time.Time) error {
	model := j.pending.model // also where the node has stopped offering it meanwhile
	node := w.Key.Address()
	encapsulation, key, err := transfer.ResultKey(j.resultKey, transfer.Binding{Task: j.task, Fence: j.fence, Node: node})
	if err != nil {
		return err
	}
	var manifest transfer.Manifest
	blob := fmt.Sprintf("%s.%d.sealed", hex.EncodeToString(j.task[:]), j.fence)
	err = w.Blobs.Put(j.ctx, blob, func(dst io.Writer) (err error) {
		manifest, err = transfer.Seal(dst, out.Result, transfer.Result, j.task, key)
		return err
	})
	if err != nil {
		return err
	}
	encoded, err := manifest.Encode()
	if err != nil {
		return err
	}
	request, err := requestHash(j.pending.offer.Payload)
	if err != nil {
		return err
	}
	receipt := attest.Receipt{
		Task: j.task, Fence: j.fence, Node: node, Clinic: j.clinic, RequestHash: request,
		ManifestDigest: model.ManifestDigest, WeightsDigest: model.WeightsDigest, Provider: out.Provider, Runtime: out.Runtime,
		OutputHash: models.DigestOf(out.Result), StartedAt: wholeMilli(started), FinishedAt: wholeMilli(finished),
		Deadline: wholeMilli(j.accepted.Add(j.pending.bid.Promise)), EnergyMilliJ: out.EnergyMilliJ, EnergyBasis: out.EnergyBasis,
		PriceGwei: j.pending.bid.PriceGwei,
	}
	if receipt.EnergyBasis == "" {
		receipt.EnergyBasis = "unmeasured"
	}
	if err := receipt.Validate(); err != nil {
		return err
	}
	sig, err := attest.Sign(receipt.Hash(w.Domain), w.Key.ECDSA())
	if err != nil {
		return err
	}
	rec := j.rec
	rec.Sealed = &sealed{Blob: blob, Encapsulation: encapsulation, Manifest: encoded, Receipt: receipt, Signature: sig}
	if err := w.store.putJob(rec); err != nil {
		return err
	}
	j.rec.Sealed = rec.Sealed // only this field: the reporter reads the others
	w.emit(Sealed, j.task, Event{Clinic: j.clinic, Fence: j.fence, Text: fmt.Sprintf("%d bytes, by %s on %s", len(out.Result), out.Runtime, out.Provider)})
	return nil
}

// wholeMilli cuts a time to what a receipt's signature covers.
func wholeMilli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
