// Package p2p builds the libp2p host of a role and keeps it connected. In: the role's key,
// its listen addresses, the peers it should know, and whom it lets in. Out: a host with
// bounded resources that is reached behind a NAT through relays, and loops that dial lost
// peers again and find those of the same network cable. It knows nothing of offers,
// receipts or studies.
package p2p

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/pnet"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/attest/identity"
)

// Above the high mark the least useful connections are closed, down to the low one. A node
// serves some clinics; at a clinic and at the coordinator all nodes of a region meet, and
// one that is cut there loses the work under way.
const (
	lowPeers, highPeers       = 64, 192
	lowHubPeers, highHubPeers = 1024, 1536
)

// Options of a host. The zero value takes everybody and is reached at its own addresses.
type Options struct {
	// Gate says who may connect; nil: everybody.
	Gate *Gate
	// Relays are peers that pass connections on to this host while it can't be reached at
	// its own addresses, which AutoNAT finds out. Direct connections are tried from there
	// by hole punching (DCUtR). None: no relay is asked.
	Relays []peer.AddrInfo
	// BehindNAT spares asking AutoNAT: the host is known not to be reachable, and announces
	// its relays from the start. KeepReserved must run for each of them.
	BehindNAT bool
	// Relay makes this host such a relay for others, and lets it tell others whether they
	// can be reached.
	Relay bool
	// Registered says whom a relay knows as a node of this network: see relayed for what
	// others may do. It may be called at any time and must not wait. nil: everybody.
	Registered func(peer.ID) bool
	// Hub is for a role that a whole region connects to: a clinic or a coordinator.
	Hub bool
	// SwarmKey is a pre-shared key: who does not have it can't even begin to talk. It rules
	// QUIC out and halves throughput. nil: none.
	SwarmKey pnet.PSK
	// Log is told once if the machine allows few connections; nil: nobody.
	Log *slog.Logger
}

// NewHost starts a libp2p host on the given multiaddresses. Bulk goes over TCP, which is
// 2.5 times faster here than QUIC; QUIC is spoken where an address asks for it. The caller
// closes it.
func NewHost(key *identity.Key, listen []string, o Options) (host.Host, error) {
	allowed := allowance(openFiles())
	if o.Log != nil && allowed < maxConnections {
		o.Log.Warn("this account may open few files, so few peers can be connected at once; allow more with ulimit -n, or LimitNOFILE of the service", "connections", allowed, "files_wanted", maxConnections+otherFiles)
	}
	limits, err := resources(allowed)
	if err != nil {
		return nil, err
	}
	conns, err := connmgr.NewConnManager(marks(o.Hub, allowed))
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	options := []libp2p.Option{
		libp2p.Identity(key.Libp2p()),
		libp2p.ListenAddrStrings(listen...),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.Security(noise.ID, noise.New),
		libp2p.ResourceManager(limits),
		libp2p.ConnectionManager(conns),
		libp2p.SwarmOpts(swarm.WithDialRanker(directFirst)),
		libp2p.UserAgent("medhive"),
	}
	quic := slices.ContainsFunc(listen, func(a string) bool { return strings.Contains(a, "/quic") })
	switch {
	case quic && o.SwarmKey != nil:
		return nil, fmt.Errorf("listen on %v: QUIC does not know pre-shared keys; listen on TCP only, or leave --swarm-key out", listen)
	case quic:
		options = append(options, libp2p.Transport(libp2pquic.NewTransport))
	case o.SwarmKey != nil:
		options = append(options, libp2p.PrivateNetwork(o.SwarmKey))
	}
	if o.Gate != nil {
		options = append(options, libp2p.ConnectionGater(o.Gate))
	}
	clients := newRelayed(o.Gate, o.Registered)
	h, err := libp2p.New(append(options, reach(o, clients)...)...)
	if err != nil {
		return nil, fmt.Errorf("listen on %v: %w; choose a free port with --listen", listen, err)
	}
	if o.Relay {
		h.Network().Notify(&network.NotifyBundle{DisconnectedF: clients.left})
	}
	return h, nil
}

// marks are the low and the high one of a role. Where fewer connections are allowed than
// they say, room is made before those are used up.
func marks(hub bool, allowed int) (low, high int) {
	low, high = lowPeers, highPeers
	if hub {
		low, high = lowHubPeers, highHubPeers
	}
	return min(low, allowed/2), min(high, allowed*3/4)
}

// reach is how a host is reached behind a NAT, and helps others to be.
func reach(o Options, clients *relayed) (options []libp2p.Option) {
	if o.Relay {
		options = append(options, libp2p.EnableRelayService(relay.WithResources(relayResources()), relay.WithACL(clients)),
			libp2p.EnableNATService(), libp2p.ForceReachabilityPublic())
	}
	switch {
	case o.BehindNAT:
		options = append(options, libp2p.ForceReachabilityPrivate(), libp2p.AddrsFactory(atRelays(o.Relays)), libp2p.EnableHolePunching())
	case len(o.Relays) > 0:
		options = append(options, libp2p.EnableAutoRelayWithStaticRelays(o.Relays, autorelay.WithBackoff(reserveRetry)), libp2p.EnableHolePunching())
	}
	return options
}

// Addresses are h's own addresses with its peer id: what another role dials.
func Addresses(h host.Host) []string {
	full, err := peer.AddrInfoToP2pAddrs(&peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()})
	if err != nil {
		return nil
	}
	text := make([]string, len(full))
	for i, a := range full {
		text[i] = a.String()
	}
	return text
}

// ParsePeers reads multiaddresses with peer ids, joining those of one peer.
func ParsePeers(addresses []string) ([]peer.AddrInfo, error) {
	parsed := make([]ma.Multiaddr, 0, len(addresses))
	var faults []error
	for _, text := range addresses {
		a, err := ma.NewMultiaddr(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("peer address %.200q: %w; write it as /ip4/HOST/tcp/PORT/p2p/ID", text, err))
			continue
		}
		parsed = append(parsed, a)
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	infos, err := peer.AddrInfosFromP2pAddrs(parsed...)
	if err != nil {
		return nil, fmt.Errorf("peer addresses: %w; each must end in /p2p/ID", err)
	}
	return infos, nil
}
