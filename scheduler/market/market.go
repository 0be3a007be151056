// Package market is the announcement board: offers on gossipsub, one topic per
// jurisdiction. In: a libp2p host and offers to publish. Out: offers of others
// that passed size, expiry, schema, allow-list, rate and signature checks, in
// that order. It never carries a bid or a payload; those go on direct streams.
package market

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ethereum/go-ethereum/common"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// Gossip parameters, from measurements with 10 to 200 hosts.
const (
	maxMessageBytes = 16 << 10 // a whole gossip message; an offer is far smaller
	outboundQueue   = 512      // the default of 32 lost 5 % at 100 messages a second
	validateQueue   = 1024
	subscriberQueue = 2048
	seenTTL         = scheduler.MaxOfferLife + 30*time.Second
	// heartbeat is how soon a node that has just joined hears of an offer that was
	// published before it was in the mesh. The library's second is long beside a bid
	// window.
	heartbeat = 400 * time.Millisecond
	// peerPoll is how often a lonely clinic looks for a first node.
	peerPoll = 20 * time.Millisecond
)

// Options of New. The zero value is useful.
type Options struct {
	// Allow says which clinics' offers are taken; nil allows everyone.
	Allow func(clinic common.Address) bool
	Clock scheduler.Clock
	Log   *slog.Logger
	// GossipOptions are appended last, for tests and simulations.
	GossipOptions []pubsub.Option
}

// Received is a valid offer and the peer that is its clinic.
type Received struct {
	Offer  scheduler.Offer
	Clinic peer.ID
}

// Market is one host's membership. It is safe for concurrent use.
type Market struct {
	ctx     context.Context
	cancel  context.CancelFunc
	pubsub  *pubsub.PubSub
	self    peer.ID
	options Options
	buckets *buckets
	readers sync.WaitGroup

	mu     sync.Mutex // guards topics and closed
	topics map[string]*membership
	closed bool
}

// membership is one joined topic; relaying keeps this host in its mesh, so that
// small networks hold together.
type membership struct {
	topic     *pubsub.Topic
	stopRelay pubsub.RelayCancelFunc
}

// New starts gossip on h. Close ends it.
func New(ctx context.Context, h host.Host, options Options) (*Market, error) {
	if options.Clock == nil {
		options.Clock = scheduler.SystemClock{}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Allow == nil {
		options.Allow = func(common.Address) bool { return true }
	}
	ctx, cancel := context.WithCancel(ctx)
	ps, err := pubsub.NewGossipSub(ctx, h, append([]pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithMaxMessageSize(maxMessageBytes),
		pubsub.WithPeerOutboundQueueSize(outboundQueue),
		pubsub.WithValidateQueueSize(validateQueue),
		pubsub.WithSeenMessagesTTL(seenTTL),
		pubsub.WithMessageIdFn(contentID),
		pubsub.WithGossipSubParams(gossipParams()),
		pubsub.WithPeerScore(scoreParams()),
		// An own offer goes to every connected member at once: a mesh takes a heartbeat
		// to form, and a node that has just come would miss the round.
		pubsub.WithFloodPublish(true),
	}, options.GossipOptions...)...)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	return &Market{
		ctx: ctx, cancel: cancel, pubsub: ps, self: h.ID(), options: options,
		buckets: newBuckets(options.Clock), topics: map[string]*membership{},
	}, nil
}

// gossipParams are the library's with a faster heartbeat.
func gossipParams() pubsub.GossipSubParams {
	params := pubsub.DefaultGossipSubParams()
	params.HeartbeatInterval = heartbeat
	return params
}

// contentID makes a message's id its content, so that a copy is a duplicate
// whoever sends it. The topic counts: one offer goes to several regions.
func contentID(m *pb.Message) string {
	h := sha256.New()
	h.Write([]byte(m.GetTopic()))
	h.Write([]byte{0})
	h.Write(m.GetData())
	return string(h.Sum(nil))
}

// Topic is where offers for nodes in region are announced.
func Topic(region string) string { return "/medhive/1/offer/" + region }

// join returns the topic of region, joined, validated and relayed.
func (m *Market) join(region string) (*pubsub.Topic, error) {
	if !scheduler.ValidRegion(region) {
		return nil, fmt.Errorf("join market of %.8q: want an ISO 3166-1 code such as DE", region)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errors.New("join market: it is closed")
	}
	if member, ok := m.topics[region]; ok {
		return member.topic, nil
	}
	name := Topic(region)
	if err := m.pubsub.RegisterTopicValidator(name, m.validate); err != nil {
		return nil, fmt.Errorf("join market of %s: %w", region, err)
	}
	topic, err := m.pubsub.Join(name)
	if err != nil {
		return nil, fmt.Errorf("join market of %s: %w", region, err)
	}
	if err := topic.SetScoreParams(topicScoreParams()); err != nil {
		return nil, fmt.Errorf("join market of %s: %w", region, err)
	}
	stop, err := topic.Relay()
	if err != nil {
		return nil, fmt.Errorf("join market of %s: %w", region, err)
	}
	m.topics[region] = &membership{topic: topic, stopRelay: stop}
	return topic, nil
}

// Peers is how many other members of the regions' topics this host can send to
// at once; a peer in two regions counts once.
func (m *Market) Peers(regions []string) int {
	seen := map[peer.ID]bool{}
	for _, region := range regions {
		topic, err := m.join(region)
		if err != nil {
			continue
		}
		for _, p := range topic.ListPeers() {
			seen[p] = true
		}
	}
	return len(seen)
}

// Publish announces an offer in every region of its residency set. It waits, as
// long as ctx lets it, until at least one topic has another member.
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
	if err := m.awaitPeer(ctx, o.Residency); err != nil {
		return fmt.Errorf("publish offer %s: no other member of the market of %v is connected; check the bootstrap peers: %w", o.Task.Short(), o.Residency, err)
	}
	for _, region := range o.Residency {
		topic, err := m.join(region)
		if err != nil {
			return err
		}
		if err := topic.Publish(ctx, data); err != nil {
			return fmt.Errorf("publish offer %s in %s: %w", o.Task.Short(), region, err)
		}
	}
	return nil
}

// awaitPeer returns when an offer can be sent to a member of any of the regions'
// topics. It asks rather than listens: the library tells that a peer has joined
// before it has a queue to that peer, and drops what is published in between.
func (m *Market) awaitPeer(ctx context.Context, regions []string) error {
	for _, region := range regions {
		if _, err := m.join(region); err != nil {
			return err
		}
	}
	ticker := time.NewTicker(peerPoll)
	defer ticker.Stop()
	for m.Peers(regions) == 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-m.ctx.Done():
			return errors.New("the market is closed")
		}
	}
	return nil
}

// Subscribe delivers the region's offers, its own excepted, until ctx or the
// market ends; then the channel is closed. A reader that lags loses offers, which
// the next round brings again.
func (m *Market) Subscribe(ctx context.Context, region string) (<-chan Received, error) {
	topic, err := m.join(region)
	if err != nil {
		return nil, err
	}
	sub, err := topic.Subscribe(pubsub.WithBufferSize(subscriberQueue))
	if err != nil {
		return nil, fmt.Errorf("subscribe to the market of %s: %w", region, err)
	}
	out := make(chan Received)
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(m.ctx, cancel)
	m.readers.Go(func() {
		defer close(out)
		defer sub.Cancel()
		defer cancel()
		defer stop()
		for {
			message, err := sub.Next(ctx)
			if err != nil {
				return
			}
			offer, ok := message.ValidatorData.(scheduler.Offer)
			if !ok || message.GetFrom() == m.self {
				continue
			}
			select {
			case out <- Received{Offer: offer, Clinic: message.GetFrom()}:
			case <-ctx.Done():
				return
			}
		}
	})
	return out, nil
}

// Close leaves every topic and waits for the subscribers' goroutines.
func (m *Market) Close() error {
	m.mu.Lock()
	m.closed = true
	for _, member := range m.topics {
		member.stopRelay()
	}
	m.mu.Unlock()
	m.cancel()
	m.readers.Wait()
	return nil
}
