package market

import (
	"context"
	"errors"
	"fmt"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// awaitPeer returns when a message can be sent to a member of any of the topics. It asks
// rather than listens: the library tells that a peer has joined before it has a queue to
// that peer, and drops what is published in between.
func (m *Market) awaitPeer(ctx context.Context, topics ...*pubsub.Topic) error {
	if members(topics) > 0 {
		return nil
	}
	ticker := time.NewTicker(peerPoll)
	defer ticker.Stop()
	for members(topics) == 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("no other member of this market is connected; check the bootstrap peers: %w", context.Cause(ctx))
		case <-m.ctx.Done():
			return errors.New("the market is closed")
		}
	}
	return nil
}

// Publish announces an offer to the nodes of its tier in every region of its residency
// set. It waits, as long as ctx lets it, until at least one of the topics has another
// member, and while this host's own rate is used up; an emergency has a reserve.
func (m *Market) Publish(ctx context.Context, o scheduler.Offer, key *identity.Key) error {
	message, err := wire.NewOffer(o)
	if err != nil {
		return err
	}
	data, err := wire.Encode(message, key.ECDSA())
	if err != nil {
		return err
	}
	if len(data) > wire.MaxOffer {
		return fmt.Errorf("publish offer %s: %d bytes, the limit is %d; name fewer regions or addresses: %w", o.Task.Short(), len(data), wire.MaxOffer, wire.ErrSize)
	}
	if len(o.Residency) == 0 {
		return fmt.Errorf("publish offer %s: its residency set is empty; name where it may run", o.Task.Short())
	}
	topics := make([]*pubsub.Topic, len(o.Residency))
	for n, region := range o.Residency {
		if topics[n], err = m.offerTopic(region, o.MinTier); err != nil {
			return fmt.Errorf("publish offer %s: %w", o.Task.Short(), err)
		}
	}
	if err := m.awaitPeer(ctx, topics...); err != nil {
		return fmt.Errorf("publish offer %s in %v: %w", o.Task.Short(), o.Residency, err)
	}
	reserve := float64(statReserve)
	if o.Class == scheduler.STAT {
		reserve = 0
	}
	for n, topic := range topics {
		if err := m.pace(ctx, bucketOf{o.Clinic, o.Residency[n]}, reserve); err != nil {
			return fmt.Errorf("publish offer %s in %s: %w", o.Task.Short(), o.Residency[n], err)
		}
		if err := topic.Publish(ctx, data); err != nil {
			return fmt.Errorf("publish offer %s in %s: %w", o.Task.Short(), o.Residency[n], err)
		}
	}
	return nil
}

// pace waits for a token of the own rate: what is published faster is ignored everywhere.
func (m *Market) pace(ctx context.Context, own bucketOf, reserve float64) error {
	for {
		wait := m.ownOffers.take(own, reserve)
		if wait == 0 {
			return nil
		}
		select {
		case <-m.options.Clock.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("wait for a turn: offers leave at %v a second and region: %w", ownOfferRate.perSecond, context.Cause(ctx))
		case <-m.ctx.Done():
			return errors.New("the market is closed")
		}
	}
}

// ErrTooSoon says that a node announces itself faster than others listen.
var ErrTooSoon = errors.New("notices follow each other too fast; say the newest state later")

// Announce says a node's notice to every clinic and relay of its jurisdiction that is
// connected; this host does not hear other nodes' notices for that. It waits, as long as
// ctx lets it, until there is one. A notice must be issued later than the one
// before. Beyond a burst of five and one in 22 s it returns ErrTooSoon.
func (m *Market) Announce(ctx context.Context, n scheduler.Notice, key *identity.Key) error {
	data, err := wire.Encode(wire.NewNotice(n), key.ECDSA())
	if err != nil {
		return err
	}
	if len(data) > wire.MaxOffer {
		return fmt.Errorf("announce node: %d bytes, the limit is %d; name fewer addresses or models: %w", len(data), wire.MaxOffer, wire.ErrSize)
	}
	topic, err := m.noticeTopic(n.Jurisdiction, false)
	if err != nil {
		return fmt.Errorf("announce node: %w", err)
	}
	if err := m.awaitPeer(ctx, topic); err != nil {
		return fmt.Errorf("announce node in %s: %w", n.Jurisdiction, err)
	}
	if wait := m.ownNotice.take(bucketOf{n.Node, n.Jurisdiction}, 0); wait > 0 {
		return fmt.Errorf("announce node: in %v: %w", wait.Round(time.Second), ErrTooSoon)
	}
	if err := topic.Publish(ctx, data); err != nil {
		return fmt.Errorf("announce node in %s: %w", n.Jurisdiction, err)
	}
	return nil
}
