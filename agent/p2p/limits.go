package p2p

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
	ma "github.com/multiformats/go-multiaddr"
)

const (
	// maxConnections is how many peers may be connected at once; a region has fewer.
	maxConnections = 4096
	// otherFiles are left for databases, models and studies where files are scarce.
	otherFiles = 256
	// streamsEach is how many streams there may be for each connection: gossip takes two.
	streamsEach = 4
	// connectionBytes bounds the receive windows of one connection: 256 streams of 256 KiB,
	// which is what a relay needs that passes relayCircuits on over it.
	connectionBytes = 64 << 20
)

// allowance is how many connections a process has that may open so many files.
func allowance(files int) int {
	return min(maxConnections, max(files/2, files-otherFiles))
}

// perAddress is how many of those connections one address may hold: a seventh, so that
// neither silent nor talking ones of one address leave others without. 600 of 4096 are the
// bidders behind one hospital's address: the library's 8 per /32 refused 421 of 500 bids
// from one NAT.
func perAddress(connections int) int { return max(1, connections*600/maxConnections) }

// resources bounds a host that may have so many connections. Three quarters of them may
// be ones that have not said yet who they are: five times what one address may hold.
func resources(connections int) (network.ResourceManager, error) {
	scaling := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&scaling)
	scaled := scaling.AutoScale()
	count := func(n int) rcmgr.LimitVal { return rcmgr.LimitVal(n) }
	streams := streamsEach * connections
	custom := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{Conns: count(connections), ConnsInbound: count(connections * 7 / 8), ConnsOutbound: count(connections / 2), FD: count(connections),
			Streams: count(streams), StreamsInbound: count(streams * 3 / 4), StreamsOutbound: count(streams / 2)},
		Transient: rcmgr.ResourceLimits{Conns: count(connections * 3 / 4), ConnsInbound: count(connections * 3 / 4), ConnsOutbound: count(connections / 8), FD: count(connections * 3 / 4),
			Streams: count(streams / 8), StreamsInbound: count(streams / 8), StreamsOutbound: count(streams / 8)},
		Conn: rcmgr.ResourceLimits{Memory: connectionBytes},
	}
	relayLimits(&custom)
	perSubnet := rcmgr.WithLimitPerSubnet(
		[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: perAddress(connections)}},
		[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: perAddress(connections)}},
	)
	manager, err := rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(custom.Build(scaled)), perSubnet, rcmgr.WithConnRateLimiters(opening()))
	if err != nil {
		return nil, fmt.Errorf("resource limits: %w", err)
	}
	return manager, nil
}

// How fast one address may open connections. The library allows 16 at once and one in five
// seconds after them: 500 bidders behind a hospital's address would take 40 minutes.
const (
	openingsPerSecond = 50
	openingsAtOnce    = 600
)

func opening() *rate.Limiter {
	limit := rate.Limit{RPS: openingsPerSecond, Burst: openingsAtOnce}
	return &rate.Limiter{
		NetworkPrefixLimits: []rate.PrefixLimit{{Prefix: netip.MustParsePrefix("127.0.0.0/8")}, {Prefix: netip.MustParsePrefix("::1/128")}},
		SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: limit}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: limit}},
			GracePeriod:      time.Minute,
		},
	}
}

// When each kind of address is dialled, if those before have not answered.
const (
	quicAfter    = 250 * time.Millisecond
	relayedAfter = 500 * time.Millisecond
)

// directFirst dials TCP at once, QUIC after it and relays last: what carries bulk best is
// preferred. It is a network.DialRanker.
func directFirst(addresses []ma.Multiaddr) []network.AddrDelay {
	ranked := make([]network.AddrDelay, 0, len(addresses))
	for _, a := range addresses {
		var delay time.Duration
		if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err == nil {
			delay = relayedAfter
		} else if _, err := a.ValueForProtocol(ma.P_UDP); err == nil {
			delay = quicAfter
		}
		ranked = append(ranked, network.AddrDelay{Addr: a, Delay: delay})
	}
	return ranked
}
