package market

import (
	"context"
	"fmt"
	"slices"
	"sync"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/scheduler"
)

// Subscribe delivers the region's offers for a node of this tier, its own excepted, until
// ctx or the market ends; then the channel is closed. A reader that lags loses offers,
// which the next round brings again.
func (m *Market) Subscribe(ctx context.Context, region string, tier uint8) (<-chan Received, error) {
	var topics []*pubsub.Topic
	for t := range int(tier) + 1 {
		topic, err := m.offerTopic(region, uint8(t))
		if err != nil {
			return nil, err
		}
		topics = append(topics, topic)
	}
	return read(ctx, m, topics, func(o scheduler.Offer, from peer.ID) Received { return Received{o, from} },
		func(context.Context, func(Received)) {})
}

// Notices delivers what the nodes of the regions say of themselves, and first what others
// remember of it, until ctx or the market ends; then the channel is closed. A reader that
// lags loses notices, which their nodes repeat.
func (m *Market) Notices(ctx context.Context, regions []string) (<-chan ReceivedNotice, error) {
	regions = slices.Compact(slices.Sorted(slices.Values(regions)))
	if len(regions) > MaxRegions {
		return nil, fmt.Errorf("hear the notices of %d regions: at most %d", len(regions), MaxRegions)
	}
	var topics []*pubsub.Topic
	for _, region := range regions {
		topic, err := m.noticeTopic(region, true)
		if err != nil {
			return nil, err
		}
		topics = append(topics, topic)
	}
	return read(ctx, m, topics, func(n scheduler.Notice, from peer.ID) ReceivedNotice { return ReceivedNotice{n, from} },
		func(ctx context.Context, hand func(ReceivedNotice)) { m.recall(ctx, regions, topics, hand) })
}

// read merges the messages of topics that others wrote, and what before has to hand on.
func read[V, R any](ctx context.Context, m *Market, topics []*pubsub.Topic, received func(V, peer.ID) R, before func(context.Context, func(R))) (<-chan R, error) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(m.ctx, cancel)
	subs := make([]*pubsub.Subscription, 0, len(topics))
	end := func() {
		stop()
		cancel()
		for _, sub := range subs {
			sub.Cancel()
		}
	}
	for _, topic := range topics {
		sub, err := topic.Subscribe(pubsub.WithBufferSize(subscriberQueue))
		if err != nil {
			end()
			return nil, fmt.Errorf("subscribe to %s: %w", topic, err)
		}
		subs = append(subs, sub)
	}
	out := make(chan R)
	hand := func(r R) {
		select {
		case out <- r:
		case <-ctx.Done():
		}
	}
	m.readers.Go(func() {
		defer close(out)
		defer end()
		var each sync.WaitGroup
		each.Go(func() { before(ctx, hand) })
		for _, sub := range subs {
			each.Go(func() {
				for {
					message, err := sub.Next(ctx)
					if err != nil {
						return
					}
					value, ok := message.ValidatorData.(V)
					if !ok || message.GetFrom() == m.self {
						continue
					}
					hand(received(value, message.GetFrom()))
				}
			})
		}
		each.Wait()
	})
	return out, nil
}
