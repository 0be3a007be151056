package broker

import (
	"context"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// serve answers the nodes' dialogues.
func (b *Broker) serve() {
	for id, handle := range b.handlers() {
		b.Host.SetStreamHandler(id, func(raw network.Stream) {
			b.mu.Lock()
			if b.closed {
				b.mu.Unlock()
				_ = raw.Reset()
				return
			}
			b.running.Add(1)
			b.mu.Unlock()
			defer b.running.Done()
			defer context.AfterFunc(b.ctx, func() { _ = raw.Reset() })() // no peer keeps Close waiting
			if !b.awaitResume() {
				_ = raw.Reset() // the node tries again
				return
			}
			s, err := wire.Inbound(raw, b.Key, replyTimeout)
			if err == nil {
				err = handle(s)
			}
			if err != nil {
				b.Log.Debug("dialogue ended early", "protocol", string(id), "peer", raw.Conn().RemotePeer().String(), "error", err)
				_ = raw.Reset()
				return
			}
			_ = raw.Close()
		})
	}
}

// awaitResume holds what comes while the clinic starts, and reports whether it may be
// answered.
func (b *Broker) awaitResume() bool {
	select {
	case <-b.answering:
		return true
	default:
	}
	select {
	case <-b.answering:
		return true
	case <-b.Clock.After(replyTimeout):
	case <-b.ctx.Done():
	}
	return false
}

func (b *Broker) handlers() map[protocol.ID]func(*wire.Stream) error {
	return map[protocol.ID]func(*wire.Stream) error{
		wire.BidProtocol: b.serveBid, wire.FetchProtocol: b.serveFetch,
		wire.ReportProtocol: b.serveReports, wire.ResultProtocol: b.serveResult, wire.GrantProtocol: b.serveGrant,
		wire.VoucherProtocol: b.serveVoucher,
		wire.CommitProtocol:  b.serveCommit, wire.RecheckProtocol: b.serveRecheck,
	}
}

func (b *Broker) unserve() {
	for id := range b.handlers() {
		b.Host.RemoveStreamHandler(id)
	}
}

// addressed finds the task that a node's message names, if it was meant for us.
func (b *Broker) addressed(taskBytes, clinicBytes []byte) (*task, models.Digest, error) {
	id, err := wire.Digest("task", taskBytes)
	if err != nil {
		return nil, id, err
	}
	if clinic, err := wire.Address("clinic", clinicBytes); err != nil || clinic != b.Key.Address() {
		return nil, id, fmt.Errorf("the message is for another clinic: %w", wire.ErrMalformed)
	}
	t, err := b.find(id)
	return t, id, err
}

// serveBid takes a bid and answers when its round is decided.
func (b *Broker) serveBid(s *wire.Stream) error {
	message, err := wire.Expect[*wire.Bid](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	bid, err := message.Value()
	if err != nil {
		return err
	}
	if bid.Node != s.Peer {
		return fmt.Errorf("bid of %s on a stream of %s: %w", bid.Node, s.Peer, wire.ErrSignature)
	}
	reply := make(chan *wire.BidReply, 1)
	refuse := func(err error) error {
		return s.Send(&wire.BidReply{Task: message.Task, Reason: wire.Reason(err.Error())})
	}
	t, _, err := b.addressed(message.Task, message.Clinic)
	if err != nil {
		b.tally.count(func(st *Stats) { st.BidsRefused[criterion(err)]++ })
		return refuse(err)
	}
	in := bidder{bid: bid, peer: s.Conn().RemotePeer(), seat: scheduler.Seat{Subnet: subnetOf(s.Conn())}, reply: reply}
	if err := t.do(b.ctx, func() error { return t.take(in) }); err != nil {
		return refuse(err)
	}
	return b.answerBid(s, bid, reply)
}

// answerBid tells a bid's node how it went, while it holds a place for it.
func (b *Broker) answerBid(s *wire.Stream, bid scheduler.Bid, reply <-chan *wire.BidReply) error {
	if err := s.Extend(bid.Hold + replyTimeout); err != nil {
		return err
	}
	undecided := func(reason string) error { return s.Send(&wire.BidReply{Task: bid.Task[:], Reason: reason}) }
	select {
	case decided := <-reply:
		return s.Send(decided)
	case <-b.Clock.After(bid.Hold):
		return undecided("not decided while the slot was held; this bid is kept as a spare")
	case <-b.ctx.Done():
		return undecided("the clinic is shutting down")
	}
}

// serveFetch sends ciphertext to the leaseholder, and to nobody else.
func (b *Broker) serveFetch(s *wire.Stream) error {
	request, err := wire.Expect[*wire.FetchRequest](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	t, id, err := b.addressed(request.Task, request.Clinic)
	var manifestBytes []byte
	allowed := func() error {
		return t.do(b.ctx, func() error {
			if err := t.rec.Task.Holds(s.Peer, request.Fence, b.Clock.Now()); err != nil {
				return err
			}
			if t.rec.Task.State != scheduler.Running {
				return scheduler.ErrNoLease
			}
			manifestBytes = t.rec.PayloadManifest
			return nil
		})
	}
	if err == nil {
		err = allowed()
	}
	if err != nil {
		return s.Send(&wire.FetchReply{Task: request.Task, Reason: wire.Reason(err.Error())})
	}
	manifest, err := transfer.DecodeManifest(manifestBytes, scheduler.MaxPayloadBytes)
	if err != nil {
		return err
	}
	blob, err := b.Blobs.Open(b.ctx, payloadBlob(id))
	if err != nil {
		_ = s.Send(&wire.FetchReply{Task: request.Task, Reason: "the sealed payload is not on the clinic's disk"})
		return err
	}
	defer blob.Close()
	if err := s.Send(&wire.FetchReply{Task: request.Task, Granted: true}); err != nil {
		return err
	}
	next := int(min(request.FirstChunk, transfer.MaxChunks))
	if next < len(manifest.Chunks) {
		b.tally.count(func(st *Stats) { st.BytesResumed += uint64(manifest.Offset(next)) })
	}
	return transfer.Send(s.Stream, blob, manifest, next, func() error {
		if err := s.Extend(replyTimeout); err != nil {
			return err
		}
		if err := allowed(); err != nil {
			return err
		}
		size := uint64(manifest.Size(next))
		next++
		b.tally.count(func(st *Stats) { st.BytesSent += size })
		return nil
	})
}

// serveGrant wraps the content key anew for a leaseholder that was restarted, and counts
// as a report. Who holds no lease gets a refusal, and nothing that tells a key.
func (b *Broker) serveGrant(s *wire.Stream) error {
	request, err := wire.Expect[*wire.GrantRequest](s.Reader, wire.MaxControl, s.Peer)
	if err != nil {
		return err
	}
	refuse := func(err error) error {
		return s.Send(&wire.Refusal{Task: request.Task, Reason: wire.Reason(err.Error())})
	}
	t, _, err := b.addressed(request.Task, request.Clinic)
	if err != nil {
		return refuse(err)
	}
	var grant *wire.Grant
	var rec record
	err = t.do(b.ctx, func() error {
		next, err := t.renewed(s.Peer, request.Fence, b.Clock.Now())
		if err != nil {
			return err
		}
		if next.State != scheduler.Running {
			return scheduler.ErrNoLease
		}
		if grant, err = b.grantOf(t.rec, request.HpkeKey); err != nil {
			return err
		}
		t.rec.Task = next
		rec = t.rec
		b.emit(t.rec, Regranted, Event{Text: "it was restarted and begins again"})
		return nil
	})
	if err == nil {
		err = b.disclose(rec, Disclosure{To: s.Peer, Fence: request.Fence, Again: true})
	}
	if err != nil {
		return refuse(err)
	}
	b.tally.count(func(st *Stats) { st.Regrants++ })
	return s.Send(grant)
}

// serveReports takes progress and failures; each is answered, and progress renews
// the lease.
func (b *Broker) serveReports(s *wire.Stream) error {
	for {
		if err := s.Extend(max(replyTimeout, 3*b.Lease)); err != nil {
			return err
		}
		message, err := s.Next(wire.MaxControl)
		if err != nil {
			return err // the end of the stream is how a node stops reporting
		}
		if message.Signer != s.Peer {
			return fmt.Errorf("report signed by %s on a stream of %s: %w", message.Signer, s.Peer, wire.ErrSignature)
		}
		var ack *wire.ProgressAck
		switch m := message.Message.(type) {
		case *wire.Progress:
			ack = b.progress(s.Peer, m)
		case *wire.Failure:
			ack = b.failure(s.Peer, m)
		default:
			return fmt.Errorf("%v among reports: %w", message.Kind, wire.ErrMalformed)
		}
		if err := s.Send(ack); err != nil {
			return err
		}
	}
}

// progress renews a lease. The renewal itself is not written to disk: after a
// crash Resume grants a whole fresh lease, so no promise is broken.
func (b *Broker) progress(node common.Address, m *wire.Progress) *wire.ProgressAck {
	ack := &wire.ProgressAck{Task: m.Task, Fence: m.Fence}
	t, _, err := b.addressed(m.Task, m.Clinic)
	if err == nil {
		err = t.do(b.ctx, func() error {
			now := b.Clock.Now()
			next, err := t.renewed(node, m.Fence, now)
			if err != nil {
				return err
			}
			t.rec.Task = next
			t.observe(m, now)
			return nil
		})
	}
	if err != nil {
		ack.Reason = wire.Reason(err.Error())
		return ack
	}
	ack.Renewed = true
	return ack
}

// observe keeps the phases' beginnings and tells about the step.
func (t *task) observe(m *wire.Progress, now time.Time) {
	e := Event{Stage: wire.Reason(m.Stage), Done: float64(min(m.Permille, 1000)) / 1000}
	switch m.Phase {
	case wire.Phase_PHASE_FETCHING:
		t.b.emit(t.rec, Fetching, e)
		return
	case wire.Phase_PHASE_RUNNING:
		if t.phases.running.IsZero() {
			t.phases.running = now
		}
	case wire.Phase_PHASE_RETURNING:
		if t.phases.returning.IsZero() {
			t.phases.returning = now
		}
	}
	t.b.emit(t.rec, Progress, e)
}

// failure ends a lease whose node gave up.
func (b *Broker) failure(node common.Address, m *wire.Failure) *wire.ProgressAck {
	ack := &wire.ProgressAck{Task: m.Task, Fence: m.Fence}
	t, _, err := b.addressed(m.Task, m.Clinic)
	if err == nil {
		err = t.do(b.ctx, func() error {
			if err := t.rec.Task.Holds(node, m.Fence, b.Clock.Now()); err != nil {
				return err
			}
			return t.release(m.Fence, TryFailed, lossGaveUp, "the node gave up: "+m.Reason)
		})
	}
	if err != nil {
		ack.Reason = wire.Reason(err.Error())
	}
	return ack
}
