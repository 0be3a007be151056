package wire

import (
	"context"
	"fmt"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
)

// The dialogues of the market, each a libp2p stream protocol.
const (
	BidProtocol    protocol.ID = "/medhive/bid/1"    // node → clinic: Bid; BidReply
	AwardProtocol  protocol.ID = "/medhive/award/1"  // clinic → node: Award; Accept; Grant
	FetchProtocol  protocol.ID = "/medhive/fetch/1"  // node → clinic: FetchRequest; FetchReply, raw chunks
	ReportProtocol protocol.ID = "/medhive/report/1" // node → clinic: (Progress or Failure; ProgressAck) …
	ResultProtocol protocol.ID = "/medhive/result/1" // node → clinic: ResultHeader; ResultReply; raw chunks; ResultAck
)

// Stream is one dialogue with a peer whose address its libp2p identity proves.
type Stream struct {
	network.Stream
	Reader
	Peer common.Address // who is at the other end
	key  *identity.Key
}

// Read reads raw bytes after a message; it resolves the embedded readers.
func (s *Stream) Read(p []byte) (int, error) { return s.Reader.Read(p) }

// Inbound wraps an inbound stream that must end within timeout.
func Inbound(raw network.Stream, key *identity.Key, timeout time.Duration) (*Stream, error) {
	from, err := identity.AddressOf(raw.Conn().RemotePeer())
	if err != nil {
		return nil, fmt.Errorf("stream of %s: %w", raw.Conn().RemotePeer(), err)
	}
	if err := raw.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, fmt.Errorf("stream of %s: set deadline: %w", from, err)
	}
	return &Stream{Stream: raw, Reader: NewReader(raw), Peer: from, key: key}, nil
}

// Dial opens a dialogue with a peer, at addresses if no connection stands yet.
func Dial(ctx context.Context, h host.Host, to peer.ID, addresses []string, id protocol.ID, key *identity.Key, timeout time.Duration) (*Stream, error) {
	for _, text := range addresses {
		if a, err := multiaddr.NewMultiaddr(text); err == nil {
			h.Peerstore().AddAddr(to, a, peerstore.TempAddrTTL)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := h.NewStream(ctx, to, id)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", id, err)
	}
	s, err := Inbound(raw, key, timeout)
	if err != nil {
		_ = raw.Reset()
		return nil, err
	}
	return s, nil
}

// Extend moves the stream's deadline to timeout from now.
func (s *Stream) Extend(timeout time.Duration) error {
	return s.SetDeadline(time.Now().Add(timeout))
}

// Send signs and sends one message.
func (s *Stream) Send(m proto.Message) error { return Write(s.Stream, m, s.key.ECDSA()) }

// HostAddresses are the texts of a host's own addresses, as many as a message
// carries, TCP before others: bulk goes over TCP.
func HostAddresses(h host.Host) []string {
	var tcp, other []string
	for _, a := range h.Addrs() {
		if _, err := a.ValueForProtocol(multiaddr.P_TCP); err == nil {
			tcp = append(tcp, a.String())
		} else {
			other = append(other, a.String())
		}
	}
	all := append(tcp, other...)
	return all[:min(len(all), scheduler.MaxAddresses)]
}
