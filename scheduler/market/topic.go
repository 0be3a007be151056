package market

import (
	"fmt"
	"strings"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	pb "github.com/libp2p/go-libp2p-pubsub/pb"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler"
)

// MaxTier is the highest tier of a node; tiers count from 0.
const MaxTier = 4

const (
	offerPrefix  = "/medhive/1/offer/"
	noticePrefix = "/medhive/1/notice/"

	// MaxRegions is how many regions one host may relay: what a host says of its topics
	// to a new peer must fit one gossip message, at some 36 bytes a topic.
	MaxRegions = 64
	// maxSubscriptions is how many topics a peer may name in one message: those of
	// MaxRegions and some more.
	maxSubscriptions = 512
)

// OfferTopic is where tasks that ask for minTier or more are announced to the nodes in
// region: /medhive/1/offer/REGION/TIER.
func OfferTopic(region string, minTier uint8) string {
	return fmt.Sprintf("%s%s/%d", offerPrefix, region, minTier)
}

// NoticeTopic is where the nodes in region say what they hold: /medhive/1/notice/REGION.
func NoticeTopic(region string) string { return noticePrefix + region }

// offerTopicOf takes an offer topic's name apart.
func offerTopicOf(topic string) (region string, tier uint8, is bool) {
	rest, is := strings.CutPrefix(topic, offerPrefix)
	if !is || len(rest) != len("XX/0") || rest[2] != '/' || !scheduler.ValidRegion(rest[:2]) || rest[3] < '0' || rest[3] > '0'+MaxTier {
		return "", 0, false
	}
	return rest[:2], rest[3] - '0', true
}

// ours reports whether a topic is one of the market's.
func ours(topic string) bool {
	if region, is := strings.CutPrefix(topic, noticePrefix); is {
		return scheduler.ValidRegion(region)
	}
	_, _, is := offerTopicOf(topic)
	return is
}

// subscriptions remembers no topics of strangers but the market's own, and few at once:
// a library's default would keep whatever a peer invents.
type subscriptions struct{}

// CanSubscribe implements pubsub.SubscriptionFilter.
func (subscriptions) CanSubscribe(topic string) bool { return ours(topic) }

// FilterIncomingSubscriptions implements pubsub.SubscriptionFilter.
func (subscriptions) FilterIncomingSubscriptions(_ peer.ID, named []*pb.RPC_SubOpts) ([]*pb.RPC_SubOpts, error) {
	if len(named) > maxSubscriptions {
		return nil, pubsub.ErrTooManySubscriptions
	}
	return pubsub.FilterSubscriptions(named, ours), nil
}
