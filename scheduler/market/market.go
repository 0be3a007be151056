// Package market is the announcement board: clinics' offers and nodes' notices on
// gossipsub, offers in a topic per jurisdiction and tier, notices in one per
// jurisdiction. In: a libp2p host and what it has to say. Out: what others said and
// passed every check, from the cheapest to the dearest. It never carries a bid or a
// payload; those go on direct streams.
package market

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/common"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler"
)

// Gossip parameters, from measurements with 10 to 200 hosts.
const (
	maxMessageBytes = 16 << 10 // a whole gossip message of many parts; an offer is far smaller
	outboundQueue   = 512      // the default of 32 lost 5 % at 100 messages a second
	validateQueue   = 1024
	subscriberQueue = 2048
	// seenTTL outlives an offer, clocks that differ included; notices live longer and are
	// kept apart by newest.
	seenTTL = scheduler.MaxOfferLife + 30*time.Second
	// heartbeat is how soon a node that has just joined hears of an offer that was
	// published before it was in the mesh. The library's second is long beside a bid
	// window.
	heartbeat = 400 * time.Millisecond
	// peerPoll is how often a lonely clinic looks for a first node.
	peerPoll = 20 * time.Millisecond
)

// Options of New. The zero value is useful.
type Options struct {
	// Allow says which clinics' offers are taken; nil allows everyone. It is called for
	// each offer, so it must answer from memory.
	Allow func(clinic common.Address) bool
	// AllowNode says which nodes' notices are taken; as Allow.
	AllowNode func(node common.Address) bool
	Clock     scheduler.Clock
	Log       *slog.Logger
	// GossipOptions are appended last, for tests and simulations.
	GossipOptions []pubsub.Option
}

// Received is a valid offer and the peer that is its clinic.
type Received struct {
	Offer  scheduler.Offer
	Clinic peer.ID
}

// ReceivedNotice is a valid notice and the peer that is its node.
type ReceivedNotice struct {
	Notice scheduler.Notice
	Node   peer.ID
}

// Market is one host's membership. It is safe for concurrent use.
type Market struct {
	ctx     context.Context
	cancel  context.CancelFunc
	host    host.Host
	pubsub  *pubsub.PubSub
	self    peer.ID
	options Options
	readers sync.WaitGroup

	clinics, nodes       *buckets // of others
	ownOffers, ownNotice *buckets
	newest               *newest
	burdens              *burdens
	offers, notices      *flow
	useless              atomic.Uint64
	recalls              *buckets // questions of others for what was said before
	answering            answering

	mu     sync.Mutex // guards topics and closed
	topics map[string]*membership
	closed bool
}

// membership is one joined topic; relaying keeps this host in its mesh, so that
// small networks hold together.
type membership struct {
	topic     *pubsub.Topic
	stopRelay pubsub.RelayCancelFunc // nil: this host only speaks there
}

// New starts gossip on h. Close ends it.
func New(ctx context.Context, h host.Host, options Options) (*Market, error) {
	if options.Clock == nil {
		options.Clock = scheduler.SystemClock{}
	}
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	everyone := func(common.Address) bool { return true }
	if options.Allow == nil {
		options.Allow = everyone
	}
	if options.AllowNode == nil {
		options.AllowNode = everyone
	}
	ctx, cancel := context.WithCancel(ctx)
	m := &Market{
		ctx: ctx, cancel: cancel, host: h, self: h.ID(), options: options,
		clinics: newBuckets(options.Clock, offerRate), nodes: newBuckets(options.Clock, noticeRate),
		ownOffers: newBuckets(options.Clock, ownOfferRate), ownNotice: newBuckets(options.Clock, ownNoticeRate),
		newest: newNewest(), burdens: newBurdens(options.Clock), offers: newFlow(), notices: newFlow(),
		recalls: newBuckets(options.Clock, recallRate), answering: answering{of: map[string]int{}},
		topics: map[string]*membership{},
	}
	var err error
	m.pubsub, err = pubsub.NewGossipSub(ctx, h, append([]pubsub.Option{
		pubsub.WithMessageSignaturePolicy(pubsub.StrictSign),
		pubsub.WithMaxMessageSize(maxMessageBytes),
		pubsub.WithPeerOutboundQueueSize(outboundQueue),
		pubsub.WithValidateQueueSize(validateQueue),
		pubsub.WithSeenMessagesTTL(seenTTL),
		pubsub.WithMessageIdFn(contentID),
		pubsub.WithGossipSubParams(gossipParams()),
		pubsub.WithPeerScore(scoreParams(m.burdens.score)),
		pubsub.WithSubscriptionFilter(subscriptions{}),
		// An own offer goes to every connected member at once: a mesh takes a heartbeat
		// to form, and a node that has just come would miss the round.
		pubsub.WithFloodPublish(true),
	}, options.GossipOptions...)...)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start gossip: %w", err)
	}
	h.SetStreamHandler(RecallProtocol, m.serveRecall)
	m.readers.Go(m.report)
	return m, nil
}

// gossipParams are the library's with a faster heartbeat.
func gossipParams() pubsub.GossipSubParams {
	params := pubsub.DefaultGossipSubParams()
	params.HeartbeatInterval = heartbeat
	return params
}

// contentID makes a message's id its topic, author and content, so that a copy is a
// duplicate whoever sends it. The topic counts, because one offer goes to several
// regions. The author counts, because the library remembers an id before this market has
// checked the message: without it an enemy could be first to say another's offer in its
// own name, be refused, and so keep the true one from being heard.
func contentID(m *pb.Message) string {
	h := sha256.New()
	for _, part := range [][]byte{[]byte(m.GetTopic()), m.GetFrom()} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(part)))
		h.Write(size[:])
		h.Write(part)
	}
	h.Write(m.GetData())
	return string(h.Sum(nil))
}

// offerTopic is the topic of a region and tier, joined, validated and relayed.
func (m *Market) offerTopic(region string, tier uint8) (*pubsub.Topic, error) {
	if !scheduler.ValidRegion(region) || tier > MaxTier {
		return nil, fmt.Errorf("join market of %.8q, tier %d: want an ISO 3166-1 code such as DE and a tier of 0 to %d", region, tier, MaxTier)
	}
	return m.join(OfferTopic(region, tier), validator(m, m.offers, m.checkOffer), true)
}

// noticeTopic is the topic of a region's notices, joined and validated. Only clinics and
// relays also pass them on: were each node to do so, a thousand nodes would each hear and
// check what a thousand say.
func (m *Market) noticeTopic(region string, relayed bool) (*pubsub.Topic, error) {
	if !scheduler.ValidRegion(region) {
		return nil, fmt.Errorf("join notices of %.8q: want an ISO 3166-1 code such as DE", region)
	}
	return m.join(NoticeTopic(region), validator(m, m.notices, m.checkNotice), relayed)
}

func (m *Market) join(name string, validate pubsub.ValidatorEx, relayed bool) (*pubsub.Topic, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, errors.New("join market: it is closed")
	}
	member, ok := m.topics[name]
	if !ok {
		if err := m.pubsub.RegisterTopicValidator(name, validate); err != nil {
			return nil, fmt.Errorf("join %s: %w", name, err)
		}
		topic, err := m.pubsub.Join(name)
		if err != nil {
			return nil, fmt.Errorf("join %s: %w", name, err)
		}
		if err := topic.SetScoreParams(topicScoreParams()); err != nil {
			return nil, fmt.Errorf("join %s: %w", name, err)
		}
		member = &membership{topic: topic}
		m.topics[name] = member
	}
	if relayed && member.stopRelay == nil {
		stop, err := member.topic.Relay()
		if err != nil {
			return nil, fmt.Errorf("join %s: %w", name, err)
		}
		member.stopRelay = stop
	}
	return member.topic, nil
}

// Relay passes on every offer and notice of the regions until Close, without reading them:
// with few nodes a mesh needs somebody in the middle.
func (m *Market) Relay(regions []string) error {
	if len(regions) > MaxRegions {
		return fmt.Errorf("relay %d regions: at most %d; let a second host relay the others", len(regions), MaxRegions)
	}
	for _, region := range regions {
		for tier := range uint8(MaxTier + 1) {
			if _, err := m.offerTopic(region, tier); err != nil {
				return err
			}
		}
		if _, err := m.noticeTopic(region, true); err != nil {
			return err
		}
	}
	return nil
}

// Peers is how many other members of the regions' markets this host can send to at once,
// nodes of any tier and relays; a peer in two regions counts once.
func (m *Market) Peers(regions []string) int {
	var topics []*pubsub.Topic
	for _, region := range regions {
		if topic, err := m.offerTopic(region, 0); err == nil { // every node reads tier 0
			topics = append(topics, topic)
		}
	}
	return members(topics)
}

func members(topics []*pubsub.Topic) int {
	seen := map[peer.ID]bool{}
	for _, topic := range topics {
		for _, p := range topic.ListPeers() {
			seen[p] = true
		}
	}
	return len(seen)
}

// Close leaves every topic and waits for the subscribers' goroutines.
func (m *Market) Close() error {
	m.host.RemoveStreamHandler(RecallProtocol)
	m.mu.Lock()
	m.closed = true
	for _, member := range m.topics {
		if member.stopRelay != nil {
			member.stopRelay()
		}
	}
	m.mu.Unlock()
	m.cancel()
	m.readers.Wait()
	return nil
}
