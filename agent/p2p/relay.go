package p2p

import (
	"net/netip"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// The limits of a relay. The library's (128 KiB, 2 min) reset a transfer of 1 MiB; a study
// has hundreds.
const (
	relayBytes        = 5 << 30 // of one circuit and direction: the largest payload and its frame
	relayTime         = time.Hour
	relayBuffer       = 64 << 10 // of a circuit and direction
	relayReservations = 1024     // peers behind NATs that one relay serves
	relayCircuits     = 128      // to and from one peer at once: a clinic has one to each of its nodes
	relayCircuitsAll  = 1024     // of all peers at once
	relayPerAddress   = 64       // reservations of one address: nodes of one site
	relayPerNetwork   = 512      // of one autonomous system: nodes at one provider
)

// Reservations of who is not registered: clinics, and whoever says to be one.
const (
	relayGuests           = 64
	relayGuestsPerAddress = 8
)

func relayResources() relay.Resources {
	r := relay.DefaultResources()
	r.Limit = &relay.RelayLimit{Duration: relayTime, Data: relayBytes}
	r.BufferSize, r.MaxReservations, r.MaxCircuits = relayBuffer, relayReservations, relayCircuits
	r.MaxReservationsPerIP, r.MaxReservationsPerASN = relayPerAddress, relayPerNetwork
	return r
}

// relayLimits makes room for those circuits, and bounds the buffers of all together: the
// relay takes them with a priority that is given four fifths of the memory.
func relayLimits(limits *rcmgr.PartialLimitConfig) {
	const (
		asks    = 64 // reservations and refusals that pass while all circuits stand
		memory  = relayCircuitsAll * 2 * relayBuffer * 5 / 4
		perPeer = relayCircuits + asks
		all     = 2*relayCircuitsAll + asks
	)
	limits.Service = map[string]rcmgr.ResourceLimits{relay.ServiceName: {Streams: all, StreamsInbound: all, StreamsOutbound: all, Memory: memory}}
	limits.ServicePeer = map[string]rcmgr.ResourceLimits{relay.ServiceName: {Streams: perPeer, StreamsInbound: perPeer, StreamsOutbound: perPeer}}
	limits.Protocol, limits.ProtocolPeer = map[protocol.ID]rcmgr.ResourceLimits{}, map[protocol.ID]rcmgr.ResourceLimits{}
	for _, id := range []protocol.ID{proto.ProtoIDv2Hop, proto.ProtoIDv2Stop} {
		limits.Protocol[id] = rcmgr.ResourceLimits{Streams: all, StreamsInbound: all, StreamsOutbound: all}
		limits.ProtocolPeer[id] = rcmgr.ResourceLimits{Streams: perPeer, StreamsInbound: perPeer, StreamsOutbound: perPeer}
	}
}

// relayed decides whom a relay serves; without it, it would carry the traffic of the whole
// internet. A circuit needs a registered node at one end at least: strangers can't talk to
// each other through it. A place is kept for each registered node, and for 64 others at
// most, 8 of one address: a clinic is nobody's to register, and one behind a NAT wants to
// be reached too. Who the gate keeps out gets nothing. It is safe for concurrent use.
type relayed struct {
	gate       *Gate
	registered func(peer.ID) bool
	now        func() time.Time

	mu     sync.Mutex // guards guests
	guests map[peer.ID]guest
}

// guest is a reservation of a peer that is not registered.
type guest struct {
	from  netip.Addr
	until time.Time
}

func newRelayed(gate *Gate, registered func(peer.ID) bool) *relayed {
	return &relayed{gate: gate, registered: registered, now: time.Now, guests: map[peer.ID]guest{}}
}

// knows reports whether a peer is of this network: named in its file, or registered.
func (r *relayed) knows(id peer.ID) bool {
	return r.registered == nil || r.gate.names(id) || r.registered(id)
}

// AllowReserve implements relay.ACLFilter.
func (r *relayed) AllowReserve(id peer.ID, at ma.Multiaddr) bool {
	if !r.gate.Allows(id) {
		return false
	}
	if r.knows(id) {
		r.forget(id) // it was registered since
		return true
	}
	ip, err := manet.ToIP(at)
	if err != nil {
		return false
	}
	from, _ := netip.AddrFromSlice(ip) // the zero value of a malformed one counts as one address
	from = site(from)
	r.mu.Lock()
	defer r.mu.Unlock()
	now, neighbours := r.now(), 0
	for other, g := range r.guests {
		switch {
		case other == id || now.After(g.until):
			delete(r.guests, other)
		case g.from == from:
			neighbours++
		}
	}
	if len(r.guests) >= relayGuests || neighbours >= relayGuestsPerAddress {
		return false
	}
	r.guests[id] = guest{from: from, until: now.Add(relayResources().ReservationTTL)}
	return true
}

// AllowConnect implements relay.ACLFilter.
func (r *relayed) AllowConnect(from peer.ID, _ ma.Multiaddr, to peer.ID) bool {
	return r.gate.Allows(from) && r.gate.Allows(to) && (r.knows(from) || r.knows(to))
}

// left frees the place of a guest, as the relay does, when its last connection ended.
func (r *relayed) left(n network.Network, c network.Conn) {
	if id := c.RemotePeer(); n.Connectedness(id) != network.Connected {
		r.forget(id)
	}
}

func (r *relayed) forget(id peer.ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.guests, id)
}

// site is what one guest can have many addresses of: the /56 of an IPv6 address.
func site(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		if prefix, err := a.Prefix(56); err == nil {
			return prefix.Addr()
		}
	}
	return a
}
