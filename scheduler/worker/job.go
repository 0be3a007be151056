package worker

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
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
	ctx      context.Context // ends on shutdown, revocation, cancellation or a newer award
	cancel   context.CancelCauseFunc
	done     chan struct{}
	kept     chan struct{} // closed when its record is on disk
	wake     chan struct{} // holds one: its clinic may be reached again
	ticket   *ticket       // guarded by Worker.mu; nil for a result of an earlier life
	// Guarded by Worker.mu:
	slot     bool // it holds its bid's place
	stage    string
	progress float64   // of the stage
	taken    time.Time // when the clinic had the whole sealed result first
	booked   bool      // its receipt is in its clinic's account

	voucher *attest.SignedVoucher // that came with its receipt, verified; nil: none. Set before settle
}

func newJob(ctx context.Context, a award, now time.Time) *job {
	o, p := a.pending.offer, a.pending
	j := &job{award: a, accepted: now, done: make(chan struct{}), kept: make(chan struct{}), wake: make(chan struct{}, 1), slot: true, ticket: newTicket(p.place.class, now), rec: record{
		Task: a.task, Fence: a.fence, Clinic: a.clinic, Peer: p.clinic, Addresses: o.Addresses, GiveUp: o.Deadline.Add(resultGrace),
		Terms: &terms{
			Package: o.Package, Manifest: p.model.ManifestDigest, Weights: p.model.WeightsDigest, Payload: o.Payload, PayloadBytes: o.PayloadBytes,
			Class: o.Class, Deadline: o.Deadline, PriceGwei: p.bid.PriceGwei, Promise: p.bid.Promise, Work: p.place.work, Lease: a.lease,
			ResultKey: a.resultKey, Accepted: now, Commit: a.commit,
		},
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
	if cause := context.Cause(j.ctx); cause != nil {
		if staysOnDisk(cause) {
			return
		}
		err = cause
	}
	if tellsClinic(err) {
		w.reportFailure(j.ctx, j.rec, err.Error())
	}
	w.settle(j, nil, err.Error())
}

func (w *Worker) releaseSlot(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if j.slot {
		j.slot = false
		w.load.remove(j.pending.place)
		w.stir()
	}
}

// produce waits for the job's turn and computes, again if an emergency took the place.
func (w *Worker) produce(j *job, key transfer.Key, manifest transfer.Manifest, r *reporter) error {
	for {
		queued := w.Clock.Now()
		run, ended, err := w.takeTurn(j, func() {
			w.counters.count(func(s *Stats) { s.Queued++ })
			w.emit(Queued, j.task, Event{Clinic: j.clinic, Fence: j.fence, Text: "it waits for its turn"})
			r.report(wire.Phase_PHASE_QUEUED, "queue", 0)
		})
		if err != nil {
			return err
		}
		w.counters.count(func(s *Stats) { s.Wait.observe(w.Clock.Now().Sub(queued)) })
		err = w.attempt(run, j, key, manifest, r)
		stopped := context.Cause(run)
		ended()
		if err == nil || context.Cause(j.ctx) != nil || !errors.Is(stopped, errPreempted) {
			return err
		}
		w.counters.count(func(s *Stats) { s.Preempted++ })
		w.emit(Preempted, j.task, Event{Clinic: j.clinic, Fence: j.fence, Text: errPreempted.Error()})
	}
}

// attempt fetches, executes, signs and persists the sealed result.
func (w *Worker) attempt(run context.Context, j *job, key transfer.Key, manifest transfer.Manifest, r *reporter) error {
	r.report(wire.Phase_PHASE_FETCHING, "fetch", 0)
	payload, err := transfer.NewVessel(manifest.PlainBytes) // plaintext lives as long as it is needed, and nowhere else
	if err != nil {
		return err
	}
	defer func() {
		if err := payload.Close(); err != nil {
			w.Log.Error("memory of a payload not given back", "task", j.task.Short(), "error", err)
		}
	}()
	began := w.Clock.Now()
	err = w.fetch(run, j, key, manifest, payload, func(done float64) { r.report(wire.Phase_PHASE_FETCHING, "fetch", done) })
	if err != nil {
		return err
	}
	r.report(wire.Phase_PHASE_RUNNING, "run", 0)
	started := w.Clock.Now()
	out, err := w.execute(run, j, payload.Bytes(), func(stage string, done float64) { r.report(wire.Phase_PHASE_RUNNING, stage, done) })
	if err != nil {
		return err
	}
	finished := w.Clock.Now()
	w.counters.count(func(s *Stats) {
		s.Fetch.observe(started.Sub(began))
		s.Run.observe(finished.Sub(started))
	})
	r.report(wire.Phase_PHASE_RETURNING, "return", 0)
	return w.seal(j, out, started, finished)
}

// errFetch says that the clinic will not send the payload, however often it is asked.
var errFetch = errors.New("the clinic does not send the payload")

// fetch collects the payload, over several streams if the connection is cut. A clinic that
// can't be reached is tried again until the deadline: an outage drops no work, and if the
// lease does not outlast it, the clinic says so.
func (w *Worker) fetch(run context.Context, j *job, key transfer.Key, manifest transfer.Manifest, into *transfer.Vessel, progress func(done float64)) error {
	opener, err := transfer.NewOpener(manifest, transfer.Payload, j.task, key)
	if err != nil {
		return err
	}
	tally, err := transfer.FetchInto(run, opener, into, maxCuts, func(ctx context.Context, first int) (io.ReadCloser, error) {
		for pause := firstPause; ; {
			s, err := w.openFetch(ctx, j, first)
			if err == nil || errors.Is(err, errFetch) || ctx.Err() != nil || !w.Clock.Now().Before(j.pending.offer.Deadline) {
				return s, err
			}
			w.Log.Debug("payload not fetched; it is asked for again", "task", j.task.Short(), "pause", pause, "error", err)
			pause = w.rest(ctx, j, pause)
		}
	}, progress)
	w.counters.count(func(s *Stats) {
		s.FetchedBytes += uint64(tally.Received)
		s.RefetchedBytes += uint64(tally.Twice)
	})
	return err
}

// openFetch opens one stream of ciphertext from a chunk on.
func (w *Worker) openFetch(ctx context.Context, j *job, first int) (io.ReadCloser, error) {
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
}

func granted(s *wire.Stream, j *job) error {
	reply, err := wire.Expect[*wire.FetchReply](s.Reader, wire.MaxControl, j.clinic)
	if err == nil && !reply.Granted {
		err = fmt.Errorf("%w: %s", errFetch, wire.Reason(reply.Reason))
	}
	if refused := (*wire.Refused)(nil); errors.As(err, &refused) {
		err = fmt.Errorf("%w: %w", errFetch, err)
	}
	return err
}

// execute runs the Executor; its panic is a failed try and nothing more.
func (w *Worker) execute(run context.Context, j *job, payload []byte, progress func(string, float64)) (out Output, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the executor crashed")
			w.Log.Error("executor panicked", "task", j.task.Short(), "panic", fmt.Sprintf("%T", r))
		}
	}()
	out, err = w.Executor.Execute(run, Job{Task: j.task, PackageDigest: j.pending.offer.Package, Class: j.pending.place.class, Payload: payload}, progress)
	if err == nil {
		err = context.Cause(run)
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
	blob := resultBlob(j.errand(), j.fence)
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
	if j.commit {
		rec.Sealed.Salt = make([]byte, saltBytes) // on disk before its commitment leaves: a restart opens the same one
		rand.Read(rec.Sealed.Salt)                // never fails, see crypto/rand
	}
	if err := w.store.putJob(rec); err != nil {
		return err
	}
	j.rec.Sealed = rec.Sealed // only this field: the reporter reads the others
	w.emit(Sealed, j.task, Event{Clinic: j.clinic, Fence: j.fence, Text: fmt.Sprintf("%d bytes, by %s on %s", len(out.Result), out.Runtime, out.Provider)})
	return nil
}

// resultBlob names a sealed result in the ciphertext store.
func resultBlob(about errand, fence uint64) string {
	name := models.DigestOf(slices.Concat(about.clinic[:], about.task[:]))
	return fmt.Sprintf("%s.%d.sealed", hex.EncodeToString(name[:]), fence)
}

// staysOnDisk reports whether a job that ended for this cause is left for the next process:
// the node is stopping, and nobody has given the job up. The lease decides whether it goes on.
func staysOnDisk(cause error) bool {
	for _, given := range []error{errSuperseded, errRevoked, errCancelled, errPaused} {
		if errors.Is(cause, given) {
			return false
		}
	}
	return cause != nil
}

// wholeMilli cuts a time to what a receipt's signature covers.
func wholeMilli(t time.Time) time.Time { return time.UnixMilli(t.UnixMilli()).UTC() }
