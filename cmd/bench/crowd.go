package main

import (
	"context"
	"fmt"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler/market"
)

const (
	// crowdRegion is where the crowd is, and a node by default.
	crowdRegion = "DE"
	// acquaintances are how many others each of a crowd knows, so that gossip's meshes are
	// made among all of them, and not of spokes around the process that is measured.
	acquaintances = 6
)

// crowd is a number of libp2p hosts that relay a region's market, as its other nodes and
// clinics do, and say nothing themselves.
type crowd struct {
	hosts   []host.Host
	markets []*market.Market
}

// newCrowd starts them on loopback and makes them known to each other.
func newCrowd(ctx context.Context, count int) (_ *crowd, err error) {
	c := &crowd{}
	defer func() {
		if err != nil {
			c.close()
		}
	}()
	for range count {
		key, err := identity.Generate()
		if err != nil {
			return nil, err
		}
		h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
		if err != nil {
			return nil, err
		}
		c.hosts = append(c.hosts, h)
		m, err := market.New(ctx, h, market.Options{})
		if err != nil {
			return nil, err
		}
		c.markets = append(c.markets, m)
		if err := m.Relay([]string{crowdRegion}); err != nil {
			return nil, err
		}
	}
	for n, h := range c.hosts {
		for step := 1; step <= min(acquaintances, count-1); step++ {
			other := c.hosts[(n+step)%count]
			if err := h.Connect(ctx, peer.AddrInfo{ID: other.ID(), Addrs: other.Addrs()}); err != nil {
				return nil, fmt.Errorf("crowd: %w", err)
			}
		}
	}
	return c, nil
}

// visit connects all of them to one peer.
func (c *crowd) visit(ctx context.Context, to peer.AddrInfo) error {
	for _, h := range c.hosts {
		if err := h.Connect(ctx, to); err != nil {
			return fmt.Errorf("connect the crowd to %v: %w", to, err)
		}
	}
	return nil
}

// connected is how many of them are connected to a peer.
func (c *crowd) connected(id peer.ID) int {
	count := 0
	for _, h := range c.hosts {
		if h.Network().Connectedness(id) == network.Connected {
			count++
		}
	}
	return count
}

func (c *crowd) close() {
	for _, m := range c.markets {
		_ = m.Close()
	}
	for _, h := range c.hosts {
		_ = h.Close()
	}
}
