package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// Refusals of an award. They reach the clinic as text.
var (
	errNotMine    = errors.New("this award is another node's")
	errNoBid      = errors.New("this node has no bid for the task; offer it again")
	errTerms      = errors.New("the award's terms are not those of the bid")
	errBusy       = errors.New("no place is free any more, or only for later than was promised")
	errGrant      = errors.New("the grant does not fit the award")
	errSuperseded = errors.New("the clinic awarded the task again")
	errStopping   = errors.New("the node is shutting down")
)

// maxLease bounds what a clinic may ask a node to wait between reports.
const maxLease = 10 * time.Minute

// promiseGrain is what a bid's promise may lose on the wire, which carries whole
// milliseconds.
const promiseGrain = time.Millisecond

// resultGrace is how long after its deadline a result is still offered.
const resultGrace = time.Hour

// award is a checked award.
type award struct {
	task      models.Digest
	fence     uint64
	clinic    common.Address
	lease     time.Duration
	resultKey []byte
	commit    bool // a replica: its result is shown after a commitment
	pending   *pending
}

func (a award) errand() errand { return errand{a.clinic, a.task} }

// takeAward is Award, Accept, Grant as the node sees it.
func (w *Worker) takeAward(ctx context.Context, s *wire.Stream) error {
	message, err := opening[*wire.Award](s, wire.MaxControl)
	if err != nil {
		return err
	}
	reply := &wire.Accept{Task: message.Task, Fence: message.Fence, Clinic: message.Clinic}
	a, err := w.checkAward(message, s)
	var j *job
	var fresh bool
	if err == nil {
		j, fresh, err = w.accept(ctx, a)
	}
	if err == nil {
		reply.Promise, err = w.promise(j)
	}
	if err != nil {
		w.counters.count(func(s *Stats) { s.Declined[word(err)]++ })
		reply.Reason = wire.Reason(err.Error())
		if sent := s.Send(reply); sent != nil {
			return errors.Join(err, sent)
		}
		return s.CloseWrite()
	}
	reply.Accepted = true
	key, manifest, err := w.awaitGrant(s, a, reply)
	if !fresh {
		return err // the job runs already; this was the clinic asking again
	}
	if err != nil {
		w.abandon(j)
		return err
	}
	w.mu.Lock()
	if _, known := w.patience[a.clinic]; known {
		w.change(a.clinic, func(c patience) patience { return patience{awarded: true, open: c.open} })
	}
	w.mu.Unlock()
	w.running.Go(func() { w.work(j, key, manifest) })
	return nil
}

// checkAward wants the award to be this node's, from the clinic it bid at, on the
// bid's terms.
func (w *Worker) checkAward(m *wire.Award, s *wire.Stream) (award, error) {
	var a award
	var err error
	if a.task, err = wire.Digest("task", m.Task); err != nil {
		return a, err
	}
	node, err := wire.Address("node", m.Node)
	if err != nil {
		return a, err
	}
	if a.clinic, err = wire.Address("clinic", m.Clinic); err != nil {
		return a, err
	}
	if node != w.Key.Address() || a.clinic != s.Peer {
		return a, errNotMine
	}
	if a.pending, err = w.remembered(a.errand(), s.Conn().RemotePeer()); err != nil {
		return a, err
	}
	payload, err := wire.PayloadCID(m.PayloadCid)
	if err != nil {
		return a, err
	}
	offer := a.pending.offer
	if m.PriceGwei != a.pending.bid.PriceGwei || string(m.Package) != string(offer.Package[:]) || payload != offer.Payload ||
		m.DeadlineMs != offer.Deadline.UnixMilli() || a.clinic != offer.Clinic {
		return a, errTerms
	}
	a.fence, a.lease, a.resultKey, a.commit = m.Fence, time.Duration(m.LeaseMs)*time.Millisecond, m.ResultKey, m.Commit
	if a.fence == 0 || a.lease <= 0 || a.lease > maxLease || !w.Clock.Now().Before(offer.Deadline) {
		return a, errTerms
	}
	return a, nil
}

// accept takes a place and persists the promise. The same award again yields the
// same job, not fresh; one with a higher fence replaces the job before.
func (w *Worker) accept(ctx context.Context, a award) (j *job, fresh bool, err error) {
	for {
		w.mu.Lock()
		old := w.jobs[a.errand()]
		if old == nil {
			break
		}
		w.mu.Unlock()
		switch {
		case old.fence == a.fence:
			select {
			case <-old.kept: // the yes is not said before it is on disk, the second time neither
				return old, false, nil
			case <-old.done:
				continue
			case <-ctx.Done():
				return nil, false, errStopping
			}
		case old.fence > a.fence:
			return nil, false, scheduler.ErrStaleFence
		}
		old.cancel(errSuperseded)
		select {
		case <-old.done:
		case <-ctx.Done():
			return nil, false, errStopping
		}
	}
	p := a.pending
	if a.fence <= p.lastFence {
		w.mu.Unlock()
		return nil, false, scheduler.ErrStaleFence
	}
	switch {
	case w.closing:
		w.mu.Unlock()
		return nil, false, errStopping
	case w.mode == Paused:
		w.mu.Unlock()
		return nil, false, errPaused
	case p.reserved:
		p.reserved = false // the bid's place becomes the job's
		close(p.taken)
		w.change(p.offer.Clinic, func(c patience) patience { c.open--; return c })
	case w.trusts(a.clinic, p.bid.PriceGwei, w.Clock.Now()) != nil:
		w.mu.Unlock()
		return nil, false, scheduler.ErrExposure // since it bid, the clinic has used its credit up
	case w.load.admits(p.place.class, w.Capacity+w.Queue, w.StatPlaces) && w.load.promise(p.place, w.StatPlaces) <= p.bid.Promise+promiseGrain:
		w.load.add(p.place) // the bid was kept as a spare, and its promise still holds
	default:
		w.mu.Unlock()
		return nil, false, errBusy
	}
	p.lastFence = a.fence
	j = newJob(ctx, a, w.Clock.Now())
	w.jobs[j.errand()] = j
	w.mu.Unlock()
	if err := w.store.putJob(j.rec); err != nil {
		w.forget(j)
		return nil, false, err
	}
	close(j.kept)
	w.counters.count(func(s *Stats) { s.Awards++ })
	w.emit(Awarded, a.task, Event{Clinic: a.clinic, Fence: a.fence, Text: fmt.Sprintf("lease %v", a.lease)})
	return j, true, nil
}

// promise signs that this node will bring the result: the clinic shows it if nothing comes.
func (w *Worker) promise(j *job) ([]byte, error) {
	p := attest.Promise{Task: j.task, Fence: j.fence, Node: w.Key.Address(), Clinic: j.clinic, At: j.accepted.UTC().Truncate(time.Millisecond)}
	sig, err := attest.Sign(p.Hash(w.Domain), w.Key.ECDSA())
	if err != nil {
		return nil, err
	}
	return attest.Pledge{At: p.At, NodeSig: sig}.AppendBinary(nil)
}

// awaitGrant says yes and opens the content key that comes back.
func (w *Worker) awaitGrant(s *wire.Stream, a award, yes *wire.Accept) (transfer.Key, transfer.Manifest, error) {
	var key transfer.Key
	var manifest transfer.Manifest
	if err := s.Send(yes); err != nil {
		return key, manifest, err
	}
	grant, err := wire.Expect[*wire.Grant](s.Reader, wire.MaxBulk, a.clinic)
	if err != nil {
		return key, manifest, fmt.Errorf("no grant: %w", err)
	}
	return w.openGrant(grant, a, a.pending.key)
}

// openGrant wants the grant to be the award's and its manifest that of the offer, and
// opens the content key.
func (w *Worker) openGrant(grant *wire.Grant, a award, recipient transfer.Recipient) (key transfer.Key, manifest transfer.Manifest, err error) {
	node := w.Key.Address()
	if string(grant.Task) != string(a.task[:]) || grant.Fence != a.fence || string(grant.Node) != string(node[:]) ||
		transfer.CID(grant.Manifest) != a.pending.offer.Payload {
		return key, manifest, errGrant
	}
	if manifest, err = transfer.DecodeManifest(grant.Manifest, min(w.MaxPayloadBytes, a.pending.offer.PayloadBytes)); err != nil {
		return key, manifest, err
	}
	key, err = recipient.Unwrap(grant.WrappedKey, transfer.Binding{Task: a.task, Fence: a.fence, Node: node})
	return key, manifest, err
}

// abandon gives up a job that never started. Its clinic is told: it may think that the
// grant has arrived. Where it is the node that stops, the next process asks for the grant.
func (w *Worker) abandon(j *job) {
	if staysOnDisk(context.Cause(j.ctx)) {
		w.forget(j)
		return
	}
	const reason = "the award was not completed"
	w.reportFailure(j.ctx, j.rec, reason)
	w.settle(j, nil, reason)
	w.forget(j)
}

// forget removes a job from memory and returns its place.
func (w *Worker) forget(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if j.slot {
		j.slot = false
		w.load.remove(j.pending.place)
	}
	if w.jobs[j.errand()] == j {
		delete(w.jobs, j.errand())
	}
	j.cancel(nil)
	close(j.done)
	w.stir()
}
