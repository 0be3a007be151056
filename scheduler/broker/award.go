package broker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// What ends the dialogue of an award, by whose doing.
var (
	errDeclined = errors.New("the node declined")
	errClinic   = errors.New("this clinic could not make the award")
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
		loss := lossSilent
		switch {
		case errors.Is(err, errClinic):
			loss = lossCalled
		case errors.Is(err, errDeclined) && t.b.Clock.Now().After(rec.Winner.At.Add(rec.Winner.Bid.Hold)):
			loss = lossSpare
		case errors.Is(err, errDeclined):
			loss = lossDeclined
		}
		_ = t.do(t.b.ctx, func() error { // an error here: the lease has moved on by itself
			return t.release(lease.Fence, TryFailed, loss, "award: "+err.Error())
		})
	})
}

// dialogue is Award, Accept, Grant. The acceptance is persisted before the key
// leaves the clinic.
func (b *Broker) dialogue(t *task, rec record) error {
	if rec.Winner == nil {
		return fmt.Errorf("the winning bid is not on record: %w", errClinic)
	}
	lease, bid := rec.Task.Lease, rec.Winner.Bid
	s, err := wire.Dial(b.ctx, b.Host, rec.Winner.Peer, bid.Addresses, wire.AwardProtocol, b.Key, b.awardTimeout(rec.Class))
	if err != nil {
		return err
	}
	defer s.Close()
	defer context.AfterFunc(b.ctx, func() { _ = s.Reset() })()
	award, err := b.awardOf(rec)
	if err != nil {
		return fmt.Errorf("%w: %w", errClinic, err)
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
		return fmt.Errorf("%w: %s", errDeclined, wire.Reason(answer.Reason))
	}
	pledge, err := b.pledgeOf(answer, lease, rec.Task.ID)
	if err != nil {
		return fmt.Errorf("%w: %w", errDeclined, err)
	}
	grant, err := b.grantOf(rec, bid.HPKEKey)
	if err != nil {
		return fmt.Errorf("%w: %w", errClinic, err)
	}
	if err := t.do(b.ctx, func() error { return t.accepted(lease, pledge) }); err != nil {
		return fmt.Errorf("%w: %w", errClinic, err)
	}
	if err := b.disclose(rec, Disclosure{To: lease.Node, Fence: lease.Fence}); err != nil {
		return fmt.Errorf("%w: %w", errClinic, err)
	}
	if err := s.Send(grant); err != nil {
		return fmt.Errorf("hand over the key: %w", err)
	}
	return nil
}

// pledgeOf wants the node's signature under its promise: a yes that nobody could show
// afterwards is none.
func (b *Broker) pledgeOf(yes *wire.Accept, lease scheduler.Lease, task models.Digest) (attest.Pledge, error) {
	var pledge attest.Pledge
	err := pledge.UnmarshalBinary(yes.Promise)
	if err == nil {
		err = pledge.Verify(b.Domain, attest.Promise{Task: task, Fence: lease.Fence, Node: lease.Node, Clinic: b.Key.Address()})
	}
	if err != nil {
		return pledge, fmt.Errorf("its yes came without a valid promise: %w", err)
	}
	return pledge, nil
}

// accepted persists the node's yes and its promise, in the loop. A second yes after a
// restart of the clinic changes nothing.
func (t *task) accepted(lease scheduler.Lease, pledge attest.Pledge) error {
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
	err = t.save(func(r *record) {
		r.Task, r.Phases.OfferToAward = next, offerToAward
		if r.Winner != nil {
			bound := *r.Winner // memory shares the old one
			bound.Promise = pledge
			r.Winner = &bound
		}
	})
	if err != nil {
		return err
	}
	t.awarding, t.since, t.unanswered = false, now, 0
	t.b.tally.awarded(t.rec.Class, offerToAward)
	t.b.emit(t.rec, Accepted, Event{Text: "the content key goes out, sealed to this node"})
	return nil
}

// awardTimeout is how long a node has for its yes: an emergency waits half as long.
func (b *Broker) awardTimeout(class scheduler.Class) time.Duration {
	if class == scheduler.STAT {
		return b.AwardTimeout / 2
	}
	return b.AwardTimeout
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
		PayloadCid: message.PayloadCid, ResultKey: recipient.Public(), Commit: rec.binds(),
	}, nil
}

// grantOf wraps the content key to the leaseholder's key.
func (b *Broker) grantOf(rec record, hpkeKey []byte) (*wire.Grant, error) {
	if len(rec.ContentKey) != len(transfer.Key{}) {
		return nil, errors.New("the content key is not on record")
	}
	lease := rec.Task.Lease
	binding := transfer.Binding{Task: rec.Task.ID, Fence: lease.Fence, Node: lease.Node}
	wrapped, err := transfer.Wrap(transfer.Key(rec.ContentKey), hpkeKey, binding)
	if err != nil {
		return nil, err
	}
	return &wire.Grant{Task: rec.Task.ID[:], Fence: lease.Fence, Node: lease.Node[:], WrappedKey: wrapped, Manifest: rec.PayloadManifest}, nil
}
