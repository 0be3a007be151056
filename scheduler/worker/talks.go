package worker

import (
	"net/netip"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/scheduler/wire"
)

// Bounds of inbound streams. Those who are expected, because the node keeps a place for
// them, works for them, or has been paid by them, are bounded one by one; all others
// together, and by where they come from.
const (
	maxTalks       = 32              // of one peer at once
	maxTalkers     = 256             // peers that nobody expects, at once
	maxTalksOrigin = 64              // of unexpected peers from one address, or through one relay, at once
	firstWord      = 2 * time.Second // within which an unexpected peer says what it wants
)

// visit is one inbound stream.
type visit struct {
	from     peer.ID
	origin   netip.Prefix // of an unexpected peer
	expected bool
}

// talks counts the inbound streams; Worker.mu guards it.
type talks struct {
	peers     map[peer.ID]int
	strangers map[peer.ID]int // of them, those that were not expected
	origins   map[netip.Prefix]int
}

func newTalks() talks {
	return talks{peers: map[peer.ID]int{}, strangers: map[peer.ID]int{}, origins: map[netip.Prefix]int{}}
}

// enter counts a stream in, or refuses it.
func (t talks) enter(v visit) bool {
	if t.peers[v.from] >= maxTalks {
		return false
	}
	if !v.expected {
		if _, in := t.strangers[v.from]; !in && len(t.strangers) >= maxTalkers || t.origins[v.origin] >= maxTalksOrigin {
			return false
		}
		t.strangers[v.from]++
		t.origins[v.origin]++
	}
	t.peers[v.from]++
	return true
}

func (t talks) leave(v visit) {
	drop(t.peers, v.from)
	if !v.expected {
		drop(t.strangers, v.from)
		drop(t.origins, v.origin)
	}
}

// drop counts one down and forgets the last.
func drop[K comparable](counts map[K]int, k K) {
	if counts[k]--; counts[k] <= 0 {
		delete(counts, k)
	}
}

// origin is where a peer comes from: its address, or of IPv6 the /64 that one subscriber
// has; through a relay the relay's.
func origin(remote multiaddr.Multiaddr) netip.Prefix {
	ip, err := manet.ToIP(remote)
	if err != nil {
		return netip.Prefix{} // all of these together
	}
	address, _ := netip.AddrFromSlice(ip)
	address = address.Unmap()
	bits := address.BitLen()
	if address.Is6() {
		bits = 64
	}
	prefix, err := address.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// expects reports whether the node keeps a place for this clinic, has a job of its, or has
// been paid by it; w.mu is held.
func (w *Worker) expects(clinic common.Address) bool {
	if w.hasSettled(clinic) || w.patience[clinic].open > 0 {
		return true
	}
	for about := range w.jobs {
		if about.clinic == clinic {
			return true
		}
	}
	return false
}

// opening reads a dialogue's first message, and gives the rest of it its usual time.
func opening[M proto.Message](s *wire.Stream, limit int) (M, error) {
	message, err := wire.Expect[M](s.Reader, limit, s.Peer)
	if err != nil {
		return message, err
	}
	return message, s.Extend(replyTimeout)
}
