package market

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// RecallProtocol is how who joins late learns what was said before, from any member of the
// notices' topics. Asked: one byte, the number of regions, and the two letters of each.
// Answered: envelopes of notices, each after its length as a varint, until the end. The
// nodes' own signatures prove them, so the answering side is not trusted.
const RecallProtocol protocol.ID = "/medhive/notices/1"

const (
	maxRecalled = 4096             // notices of one answer, some 2 MiB
	recallLimit = 20 * time.Second // for one answer
	// recallStall is how long a reader may take for one piece of the answer, so that one that
	// has stopped reading soon makes room.
	recallStall      = 2 * time.Second
	recallPiece      = 32 << 10
	recallAtOnce     = 32 // answers that are given at one time, and
	recallFromSubnet = 4  // of them to the peers of one subnet
	// recalledPeers is how many members' answers are put together: one of them may know
	// little, or keep something back. Where one fails another is asked, up to triedPeers.
	recalledPeers = 3
	triedPeers    = 2 * recalledPeers
	// Where nobody has answered, all are asked again after a pause.
	recallTries = 3
	recallPause = 10 * time.Second
)

// recallRate is how often one peer is answered: it asks once when it starts.
var recallRate = rate{perSecond: 1.0 / 10, burst: 3}

// serveRecall answers one question; a stranger who asks too often is cut off.
func (m *Market) serveRecall(raw network.Stream) {
	if err := m.answerRecall(raw); err != nil {
		m.options.Log.Debug("recall not answered", "peer", raw.Conn().RemotePeer().String(), "reason", err)
		_ = raw.Reset()
		return
	}
	_ = raw.Close()
}

func (m *Market) answerRecall(raw network.Stream) error {
	who, err := identity.AddressOf(raw.Conn().RemotePeer())
	if err != nil {
		return err
	}
	if m.recalls.take(bucketOf{who: who}, 0) > 0 {
		return ErrIgnoreRate
	}
	end := time.Now().Add(recallLimit)
	if err := raw.SetDeadline(time.Now().Add(recallStall)); err != nil {
		return err
	}
	regions, err := readRegions(raw)
	if err != nil {
		return err
	}
	subnet := subnetOf(raw.Conn())
	if !m.answering.enter(subnet) {
		return errors.New("others are being answered")
	}
	defer m.answering.leave(subnet)
	w := bufio.NewWriterSize(unstalled{raw, end}, recallPiece)
	for _, envelope := range m.newest.known(regions, m.options.Clock.Now(), maxRecalled) {
		if _, err := w.Write(binary.AppendUvarint(nil, uint64(len(envelope)))); err != nil {
			return err
		}
		if _, err := w.Write(envelope); err != nil {
			return err
		}
	}
	return w.Flush()
}

// unstalled is a stream whose reader has recallStall for each piece, until end at the latest.
type unstalled struct {
	network.Stream
	end time.Time
}

func (u unstalled) Write(piece []byte) (int, error) {
	deadline := time.Now().Add(recallStall)
	if u.end.Before(deadline) {
		deadline = u.end
	}
	if err := u.SetWriteDeadline(deadline); err != nil {
		return 0, err
	}
	return u.Stream.Write(piece)
}

// answering counts the answers that are being given.
type answering struct {
	mu  sync.Mutex     // guards of
	all int            // answers
	of  map[string]int // answers by subnet; an unknown one, "", counts in all only
}

func (a *answering) enter(subnet string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all >= recallAtOnce || subnet != "" && a.of[subnet] >= recallFromSubnet {
		return false
	}
	a.all++
	a.of[subnet]++
	return true
}

func (a *answering) leave(subnet string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	if a.of[subnet]--; a.of[subnet] == 0 {
		delete(a.of, subnet)
	}
}

// subnetOf names the network that a connection comes from; empty where a relay or the machine
// itself stands in between.
func subnetOf(c network.Conn) string {
	address := c.RemoteMultiaddr()
	if _, err := address.ValueForProtocol(multiaddr.P_CIRCUIT); err == nil {
		return ""
	}
	ip, err := manet.ToIP(address)
	if err != nil {
		return ""
	}
	parsed, _ := netip.AddrFromSlice(ip)
	return scheduler.Subnet(parsed)
}

func readRegions(r io.Reader) ([]string, error) {
	var count [1]byte
	if _, err := io.ReadFull(r, count[:]); err != nil {
		return nil, fmt.Errorf("read regions: %w", err)
	}
	if count[0] > MaxRegions {
		return nil, fmt.Errorf("read regions: %d, at most %d", count[0], MaxRegions)
	}
	codes := make([]byte, 2*int(count[0]))
	if _, err := io.ReadFull(r, codes); err != nil {
		return nil, fmt.Errorf("read regions: %w", err)
	}
	var regions []string
	for ; len(codes) > 0; codes = codes[2:] {
		if !scheduler.ValidRegion(string(codes[:2])) {
			return nil, errors.New("read regions: not an ISO 3166-1 code")
		}
		regions = append(regions, string(codes[:2]))
	}
	return regions, nil
}

// recall hands on what members of the topics remember, once there is one.
func (m *Market) recall(ctx context.Context, regions []string, topics []*pubsub.Topic, hand func(ReceivedNotice)) {
	for range recallTries {
		if m.awaitPeer(ctx, topics...) != nil || m.recallOnce(ctx, regions, topics, hand) {
			return
		}
		select {
		case <-m.options.Clock.After(recallPause):
		case <-ctx.Done():
			return
		}
	}
}

// recallOnce asks several members at a time and reports whether one of them has answered.
func (m *Market) recallOnce(ctx context.Context, regions []string, topics []*pubsub.Topic, hand func(ReceivedNotice)) bool {
	seen := map[peer.ID]bool{}
	var peers []peer.ID
	for _, topic := range topics {
		for _, p := range topic.ListPeers() {
			if !seen[p] {
				seen[p] = true
				peers = append(peers, p)
			}
		}
	}
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	peers = peers[:min(len(peers), triedPeers)]
	left := make(chan peer.ID, len(peers))
	for _, p := range peers {
		left <- p
	}
	close(left)
	var answered atomic.Bool
	var asking sync.WaitGroup
	for range min(len(peers), recalledPeers) {
		asking.Go(func() {
			for p := range left {
				count, err := m.recallFrom(ctx, p, regions, hand)
				m.options.Log.Debug("notices recalled", "peer", p.String(), "count", count, "reason", err)
				if err == nil {
					answered.Store(true)
					return
				}
			}
		})
	}
	asking.Wait()
	return answered.Load()
}

// recallFrom asks one member and hands on what holds, until the end or the first thing
// that no honest member sends.
func (m *Market) recallFrom(ctx context.Context, from peer.ID, regions []string, hand func(ReceivedNotice)) (count int, err error) {
	ctx, cancel := context.WithTimeout(ctx, recallLimit)
	defer cancel()
	raw, err := m.host.NewStream(network.WithAllowLimitedConn(ctx, string(RecallProtocol)), from, RecallProtocol)
	if err != nil {
		return 0, fmt.Errorf("recall notices: %w", err)
	}
	defer func() { _ = raw.Reset() }()
	stop := context.AfterFunc(ctx, func() { _ = raw.Reset() })
	defer stop()
	question := []byte{byte(len(regions))}
	for _, region := range regions {
		question = append(question, region...)
	}
	if _, err := raw.Write(question); err != nil {
		return 0, fmt.Errorf("recall notices: ask: %w", err)
	}
	r := bufio.NewReader(raw)
	for range maxRecalled {
		size, err := binary.ReadUvarint(r)
		if errors.Is(err, io.EOF) {
			return count, nil
		}
		if err != nil {
			return count, fmt.Errorf("recall notices: %w", err)
		}
		if size > wire.MaxOffer {
			return count, fmt.Errorf("recall notices: %d bytes: %w", size, ErrRejectSize)
		}
		data := make([]byte, size)
		if _, err := io.ReadFull(r, data); err != nil {
			return count, fmt.Errorf("recall notices: %w", err)
		}
		notice, err := m.checkRecalled(regions, data)
		if errors.Is(err, errNoNews) {
			continue
		}
		if err != nil {
			return count, fmt.Errorf("recall notices: %w", err)
		}
		m.notices.recalled.Add(1)
		count++
		hand(notice)
	}
	return count, nil
}

// errNoNews says that a recalled notice is of no use, and no lie.
var errNoNews = errors.New("the notice is no news")

// checkRecalled judges a notice that somebody else remembered. What gossip's own signature
// proves elsewhere, the node's signature proves here.
func (m *Market) checkRecalled(regions []string, data []byte) (ReceivedNotice, error) {
	var none ReceivedNotice
	envelope, message, err := parse[*wire.Notice](data)
	if errors.Is(err, ErrIgnoreVersion) {
		return none, errNoNews
	}
	if err != nil {
		return none, err
	}
	notice, err := message.Value()
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSchema, err)
	}
	if !slices.Contains(regions, notice.Jurisdiction) {
		return none, ErrRejectRegion
	}
	now := m.options.Clock.Now()
	if err := m.timely(notice, now); errors.Is(err, ErrRejectSchema) {
		return none, err
	} else if err != nil || !m.newest.news(notice.Node, notice.Issued) {
		return none, errNoNews
	}
	signer, err := envelope.Verify()
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSignature, err)
	}
	if signer != notice.Node {
		return none, ErrRejectAuthor
	}
	from, err := envelope.Peer()
	if err != nil {
		return none, fmt.Errorf("%w: %w", ErrRejectSignature, err)
	}
	if from == m.self || !m.newest.note(notice.Node, saidOf(notice, data), now) {
		return none, errNoNews
	}
	return ReceivedNotice{Notice: notice, Node: from}, nil
}
