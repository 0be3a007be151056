package wire

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
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
	AskProtocol    protocol.ID = "/medhive/ask/1"    // clinic → node: Offer; Bid or Refusal
	CancelProtocol protocol.ID = "/medhive/cancel/1" // clinic → node: Cancel; CancelAck
	GrantProtocol  protocol.ID = "/medhive/grant/1"  // node → clinic: GrantRequest; Grant or Refusal

	VoucherProtocol protocol.ID = "/medhive/voucher/1" // node → clinic: VoucherRequest; VoucherReply
	CommitProtocol  protocol.ID = "/medhive/commit/1"  // node → clinic: Commitment; CommitmentAck
	RecheckProtocol protocol.ID = "/medhive/recheck/1" // coordinator → clinic: RecheckRequest; RecheckGrant or Refusal, both ciphertexts
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

// Inbound wraps an inbound stream that must end within timeout. A message of a
// version that is not spoken here is answered with a Refusal that names the one that is.
func Inbound(raw network.Stream, key *identity.Key, timeout time.Duration) (*Stream, error) {
	from, err := identity.AddressOf(raw.Conn().RemotePeer())
	if err != nil {
		return nil, fmt.Errorf("stream of %s: %w", raw.Conn().RemotePeer(), err)
	}
	if err := raw.SetDeadline(time.Now().Add(timeout)); err != nil {
		return nil, fmt.Errorf("stream of %s: set deadline: %w", from, err)
	}
	s := &Stream{Stream: raw, Reader: NewReader(raw), Peer: from, key: key}
	s.Reader.foreign = func() {
		// A courtesy: whoever is gone by now does without it.
		_ = s.Send(&Refusal{Reason: ErrVersion.Error(), Version: Version})
	}
	return s, nil
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
	// The relays of this network carry whole studies, so a peer that is reached through one
	// is reached; a direct connection is taken where there is one.
	raw, err := h.NewStream(network.WithAllowLimitedConn(ctx, string(id)), to, id)
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

// HostAddresses are the texts of a host's own addresses, as many as a message carries and
// the most useful ones first: public before private, TCP before others (bulk goes over
// TCP). The machine's own loopback is named only where there is nothing else to dial
// directly. Behind a NAT only a relay leads to the host, so its first relayed address has
// the last place however many others there are.
func HostAddresses(h host.Host) []string {
	var direct, relayed []multiaddr.Multiaddr
	for _, a := range h.Addrs() {
		if _, err := a.ValueForProtocol(multiaddr.P_CIRCUIT); err == nil {
			relayed = append(relayed, a)
		} else {
			direct = append(direct, a)
		}
	}
	if slices.ContainsFunc(direct, func(a multiaddr.Multiaddr) bool { return !manet.IsIPLoopback(a) }) {
		direct = slices.DeleteFunc(direct, manet.IsIPLoopback)
	}
	for _, some := range [][]multiaddr.Multiaddr{direct, relayed} {
		slices.SortStableFunc(some, func(a, b multiaddr.Multiaddr) int { return cmp.Compare(distance(a), distance(b)) })
	}
	places := scheduler.MaxAddresses - min(len(relayed), 1)
	var texts []string
	for _, a := range slices.Concat(direct[:min(len(direct), places)], relayed) {
		texts = append(texts, a.String())
	}
	return texts[:min(len(texts), scheduler.MaxAddresses)]
}

// distance orders the addresses of one kind: the nearer, the sooner a stranger gets there.
func distance(a multiaddr.Multiaddr) (n int) {
	if manet.IsIPLoopback(a) {
		n += 4
	} else if manet.IsPrivateAddr(a) {
		n += 2
	}
	if _, err := a.ValueForProtocol(multiaddr.P_TCP); err != nil {
		n++
	}
	return n
}
