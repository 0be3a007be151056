package market

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// refusal is a reason why gossip is refused, with a name for the counters.
type refusal struct{ name, text string }

// Error implements error.
func (r *refusal) Error() string { return r.text }

// Refusals that ignore a message: an honest peer may have forwarded it.
var (
	ErrIgnoreExpired   = &refusal{"expired", "message has expired"}
	ErrIgnoreAhead     = &refusal{"ahead", "message is of a time to come; check the clock of this machine"}
	ErrIgnoreVersion   = &refusal{"version", "message speaks another version"}
	ErrIgnoreNotListed = &refusal{"not-listed", "its author is not on the allow-list"}
	ErrIgnoreRate      = &refusal{"rate", "its author speaks faster than its rate"}
	ErrIgnoreReplayed  = &refusal{"replayed", "a newer notice of this node is known"}
)

// Refusals that reject a message and cost its sender score: no honest peer forwards it,
// because these checks need neither a clock nor a list and are the same everywhere.
var (
	ErrRejectSize      = &refusal{"size", "message is larger than 1 KiB"}
	ErrRejectSchema    = &refusal{"schema", "message is malformed"}
	ErrRejectRegion    = &refusal{"region", "message is on a topic outside its regions"}
	ErrRejectTier      = &refusal{"tier", "offer is on the topic of another tier"}
	ErrRejectAuthor    = &refusal{"author", "message's author is not the one that it names"}
	ErrRejectSignature = &refusal{"signature", "message's signature is not valid"}
)

var (
	ignored  = []*refusal{ErrIgnoreExpired, ErrIgnoreAhead, ErrIgnoreVersion, ErrIgnoreNotListed, ErrIgnoreRate, ErrIgnoreReplayed}
	rejected = []*refusal{ErrRejectSize, ErrRejectSchema, ErrRejectRegion, ErrRejectTier, ErrRejectAuthor, ErrRejectSignature}
)

// clockSkew is how far ahead an author's clock may be.
const clockSkew = 10 * time.Second

// validator is the pubsub.ValidatorEx of a kind of message, whose check returns the
// domain value.
func validator[T any](m *Market, count *flow, check func(topic string, author peer.ID, data []byte) (T, error)) pubsub.ValidatorEx {
	return func(_ context.Context, from peer.ID, message *pubsub.Message) pubsub.ValidationResult {
		author := message.GetFrom()
		value, err := check(message.GetTopic(), author, message.GetData())
		if err == nil {
			message.ValidatorData = value
			if author == m.self {
				count.published.Add(1)
			} else {
				count.accepted.Add(1)
			}
			return pubsub.ValidationAccept
		}
		reason := ErrRejectSchema
		errors.As(err, &reason)
		count.refused[reason].Add(1)
		m.options.Log.Debug("gossip refused", "peer", from.String(), "topic", message.GetTopic(), "reason", err)
		if slices.Contains(rejected, reason) {
			return pubsub.ValidationReject
		}
		if useless(reason, from == author) {
			m.useless.Add(1)
			m.burdens.add(from)
		}
		return pubsub.ValidationIgnore
	}
}

// useless reports whether an ignored message counts against the peer that sent it. Another
// version does not: an honest peer may be updated first. A rate and an author who is not
// listed count for the author alone: peers that each forward what the rate allows may
// forward more together, and one of them may be told of a registration first.
func useless(reason *refusal, fromAuthor bool) bool {
	switch reason {
	case ErrIgnoreExpired, ErrIgnoreAhead, ErrIgnoreReplayed:
		return true
	case ErrIgnoreRate, ErrIgnoreNotListed:
		return fromAuthor
	}
	return false
}

// parse runs the checks that are the same for every kind, cheapest first: size, version,
// schema, kind. The signature is not checked yet.
func parse[M proto.Message](data []byte) (envelope *wire.Envelope, message M, err error) {
	if len(data) > wire.MaxOffer {
		return nil, message, fmt.Errorf("%d bytes: %w", len(data), ErrRejectSize)
	}
	envelope, parsed, err := wire.Parse(data)
	if errors.Is(err, wire.ErrVersion) {
		return nil, message, fmt.Errorf("%w: %w", ErrIgnoreVersion, err)
	}
	if err != nil {
		return nil, message, fmt.Errorf("%w: %w", ErrRejectSchema, err)
	}
	message, ok := parsed.(M)
	if !ok {
		return nil, message, fmt.Errorf("%T where %T belongs: %w", parsed, message, ErrRejectSchema)
	}
	return envelope, message, nil
}

// authored checks that gossip's author, the envelope's signer and the one whom the message
// names are one. Gossip has proven the author, so a stranger can neither speak in
// another's name nor empty another's bucket.
func authored(author peer.ID, envelope *wire.Envelope, named common.Address) error {
	address, err := identity.AddressOf(author)
	if err != nil || address != named || common.BytesToAddress(envelope.Signer) != named {
		return ErrRejectAuthor
	}
	return nil
}

func signed(envelope *wire.Envelope) error {
	if _, err := envelope.Verify(); err != nil {
		return fmt.Errorf("%w: %w", ErrRejectSignature, err)
	}
	return nil
}

// checkOffer runs the checks from cheap to dear: size, schema, topic, author, life,
// allow-list, the clinic's bucket, signature.
func (m *Market) checkOffer(topic string, author peer.ID, data []byte) (scheduler.Offer, error) {
	var none scheduler.Offer
	envelope, message, err := parse[*wire.Offer](data)
	if err != nil {
		return none, err
	}
	offer, err := message.Value()
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSchema, err)
	}
	region, tier, ok := offerTopicOf(topic)
	if !ok || !slices.Contains(offer.Residency, region) {
		return none, ErrRejectRegion
	}
	if tier != offer.MinTier {
		return none, fmt.Errorf("asks for tier %d: %w", offer.MinTier, ErrRejectTier)
	}
	if err := authored(author, envelope, offer.Clinic); err != nil {
		return none, err
	}
	now := m.options.Clock.Now()
	if !now.Before(offer.Expires) {
		return none, ErrIgnoreExpired
	}
	if offer.Expires.After(now.Add(scheduler.MaxOfferLife + clockSkew)) {
		return none, ErrIgnoreAhead // or lives too long: gossip would forget it and take it again
	}
	if !m.options.Allow(offer.Clinic) {
		return none, ErrIgnoreNotListed
	}
	if author != m.self && m.clinics.take(bucketOf{offer.Clinic, region}, 0) > 0 {
		return none, ErrIgnoreRate
	}
	return offer, signed(envelope)
}

// checkNotice runs the checks from cheap to dear: size, schema, topic, author, life,
// allow-list, replay, the node's bucket, signature.
func (m *Market) checkNotice(topic string, author peer.ID, data []byte) (scheduler.Notice, error) {
	var none scheduler.Notice
	envelope, message, err := parse[*wire.Notice](data)
	if err != nil {
		return none, err
	}
	notice, err := message.Value()
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSchema, err)
	}
	if NoticeTopic(notice.Jurisdiction) != topic {
		return none, ErrRejectRegion
	}
	if err := authored(author, envelope, notice.Node); err != nil {
		return none, err
	}
	now := m.options.Clock.Now()
	if err := m.timely(notice, now); err != nil {
		return none, err
	}
	if author == m.self {
		m.newest.note(notice.Node, saidOf(notice, data), now) // for those who join late
		return notice, signed(envelope)
	}
	if !m.newest.news(notice.Node, notice.Issued) {
		return none, ErrIgnoreReplayed
	}
	if m.nodes.take(bucketOf{notice.Node, notice.Jurisdiction}, 0) > 0 {
		return none, ErrIgnoreRate
	}
	if err := signed(envelope); err != nil {
		return none, err
	}
	if !m.newest.note(notice.Node, saidOf(notice, data), now) { // a newer one was quicker, or there is no room
		return none, ErrIgnoreReplayed
	}
	return notice, nil
}

// timely checks what of a notice depends on when and where it is heard, and its tier.
func (m *Market) timely(notice scheduler.Notice, now time.Time) error {
	switch {
	case notice.Tier > MaxTier:
		return fmt.Errorf("tier %d: %w", notice.Tier, ErrRejectSchema)
	case !now.Before(notice.Expires):
		return ErrIgnoreExpired
	case notice.Issued.After(now.Add(clockSkew)):
		return ErrIgnoreAhead
	case !m.options.AllowNode(notice.Node):
		return ErrIgnoreNotListed
	}
	return nil
}
