package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// negotiate starts the dialogue with the current leaseholder.
func (t *task) negotiate() {
	t.awarding = true
	rec, lease := t.rec, t.rec.Task.Lease
	t.b.running.Go(func() {
		err := t.b.dialogue(t, rec)
		if err == nil {
			return
		}
		_ = t.do(t.b.ctx, func() error { // an error here: the lease has moved on by itself
			return t.release(lease.Fence, TryFailed, "award: "+err.Error())
		})
	})
}

// dialogue is Award, Accept, Grant. The acceptance is persisted before the key
// leaves the clinic.
func (b *Broker) dialogue(t *task, rec record) error {
	if rec.Winner == nil {
		return errors.New("the winning bid is not on record")
	}
	lease, bid := rec.Task.Lease, rec.Winner.Bid
	s, err := wire.Dial(b.ctx, b.Host, rec.Winner.Peer, bid.Addresses, wire.AwardProtocol, b.Key, b.AwardTimeout)
	if err != nil {
		return err
	}
	defer s.Close()
	defer context.AfterFunc(b.ctx, func() { _ = s.Reset() })()
	award, err := b.awardOf(rec)
	if err != nil {
		return err
	}
	if err := s.Send(award); err != nil {
		return err
	}
	answer, err := wire.Expect[*wire.Accept](s.Reader, wire.MaxControl, lease.Node)
	if err != nil {
		return fmt.Errorf("no answer: %w", err)
	}
	switch {
	case s.Peer != lease.Node || answer.Fence != lease.Fence || !bytes.Equal(answer.Task, rec.Task.ID[:]):
		return fmt.Errorf("the answer is about another award: %w", wire.ErrMalformed)
	case !answer.Accepted:
		return fmt.Errorf("the node declined: %s", wire.Reason(answer.Reason))
	}
	grant, err := b.grantOf(rec)
	if err != nil {
		return err
	}
	if err := t.do(b.ctx, func() error { return t.accepted(lease) }); err != nil {
		return err
	}
	if err := s.Send(grant); err != nil {
		return fmt.Errorf("hand over the key: %w", err)
	}
	return nil
}

// accepted persists the node's yes, in the loop. A second yes after a restart of
// the clinic changes nothing.
func (t *task) accepted(lease scheduler.Lease) error {
	now := t.b.Clock.Now()
	next, err := t.rec.Task.Accept(lease.Node, lease.Fence, now, t.b.Lease)
	if err != nil {
		return err
	}
	t.phases.accepted = now
	offerToAward := t.rec.Phases.OfferToAward
	if !t.phases.offered.IsZero() {
		offerToAward = now.Sub(t.phases.offered)
	}
	if err := t.save(func(r *record) { r.Task, r.Phases.OfferToAward = next, offerToAward }); err != nil {
		return err
	}
	t.awarding = false
	t.b.emit(t.rec, Accepted, Event{Text: "the content key goes out, sealed to this node"})
	return nil
}

func (b *Broker) awardOf(rec record) (*wire.Award, error) {
	recipient, err := transfer.LoadRecipient(rec.ResultKey)
	if err != nil {
		return nil, err
	}
	lease, clinic := rec.Task.Lease, b.Key.Address()
	message, err := wire.NewOffer(rec.offer(clinic, nil, rec.Task.Deadline, 0))
	if err != nil {
		return nil, err
	}
	return &wire.Award{
		Task: rec.Task.ID[:], Fence: lease.Fence, Node: lease.Node[:], Clinic: clinic[:], Package: rec.Package[:],
		PriceGwei: rec.Winner.Bid.PriceGwei, LeaseMs: b.Lease.Milliseconds(), DeadlineMs: rec.Task.Deadline.UnixMilli(),
		PayloadCid: message.PayloadCid, ResultKey: recipient.Public(),
	}, nil
}

func (b *Broker) grantOf(rec record) (*wire.Grant, error) {
	if len(rec.ContentKey) != len(transfer.Key{}) {
		return nil, errors.New("the content key is not on record")
	}
	lease := rec.Task.Lease
	binding := transfer.Binding{Task: rec.Task.ID, Fence: lease.Fence, Node: lease.Node}
	wrapped, err := transfer.Wrap(transfer.Key(rec.ContentKey), rec.Winner.Bid.HPKEKey, binding)
	if err != nil {
		return nil, err
	}
	return &wire.Grant{Task: rec.Task.ID[:], Fence: lease.Fence, Node: lease.Node[:], WrappedKey: wrapped, Manifest: rec.PayloadManifest}, nil
}
