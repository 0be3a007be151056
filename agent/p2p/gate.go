package p2p

import (
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

// Gate decides who may connect, in both directions. It is libp2p's ConnectionGater, asked
// once a handshake has proven who a peer is.
type Gate struct {
	static map[peer.ID]bool
	denied map[peer.ID]bool
	allow  func(peer.ID) bool
}

// NewGate lets the static peers in whatever allow says, and the denied ones never; allow
// (nil: everybody) is asked for the others, may be called at any time and must not wait.
func NewGate(static []peer.AddrInfo, denied []peer.ID, allow func(peer.ID) bool) *Gate {
	g := &Gate{static: map[peer.ID]bool{}, denied: map[peer.ID]bool{}, allow: allow}
	for _, info := range static {
		g.static[info.ID] = true
	}
	for _, id := range denied {
		g.denied[id] = true
	}
	return g
}

// Allows reports whether a peer may be connected.
func (g *Gate) Allows(id peer.ID) bool {
	switch {
	case g == nil:
		return true
	case g.denied[id]:
		return false
	case g.static[id] || g.allow == nil:
		return true
	}
	return g.allow(id)
}

// names reports whether a peer is one of the static ones.
func (g *Gate) names(id peer.ID) bool { return g != nil && g.static[id] }

// InterceptPeerDial implements connmgr.ConnectionGater.
func (g *Gate) InterceptPeerDial(id peer.ID) bool { return g.Allows(id) }

// InterceptAddrDial implements connmgr.ConnectionGater.
func (g *Gate) InterceptAddrDial(peer.ID, ma.Multiaddr) bool { return true }

// InterceptAccept implements connmgr.ConnectionGater; who comes is not known yet.
func (g *Gate) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured implements connmgr.ConnectionGater.
func (g *Gate) InterceptSecured(_ network.Direction, id peer.ID, _ network.ConnMultiaddrs) bool {
	return g.Allows(id)
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *Gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
