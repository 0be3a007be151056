package sim_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p"
	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/quicreuse"
	"github.com/marcopolo/simnet"
	"github.com/quic-go/quic-go"
	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest/identity"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/transfer"
)

// link is every member's line to the net.
var link = simnet.LinkSettings{BitsPerSecond: 100_000_000}

// Bounds of idle connections, as the agent's own hosts have them.
const lowPeers, highPeers = 64, 192

// member is one host with its own key, disk and gossip.
type member struct {
	index  int
	key    *identity.Key
	host   host.Host
	market *market.Market
	db     *bbolt.DB
	blobs  *shelf
	quic   *quicreuse.ConnManager
	ctx    context.Context    // of what the member runs
	stop   context.CancelFunc // ends it
	runs   sync.WaitGroup
	knows  []peer.AddrInfo // whom it dials again when they are lost
}

func (m *member) address() common.Address { return m.key.Address() }

func (m *member) info() peer.AddrInfo {
	return peer.AddrInfo{ID: m.host.ID(), Addrs: m.host.Addrs()}
}

// newMember starts a host with an empty disk.
func (w *world) newMember(index int) *member {
	w.t.Helper()
	return w.memberAs(index, w.keys[index], &shelf{blobs: map[string][]byte{}})
}

// memberAs starts a host with a key and a disk that may have seen an earlier life.
func (w *world) memberAs(index int, key *identity.Key, blobs *shelf) *member {
	w.t.Helper()
	m := &member{index: index, key: key, blobs: blobs}
	conns, err := connmgr.NewConnManager(lowPeers, highPeers)
	must(w.t, err)
	m.host, err = libp2p.New(
		libp2p.Identity(key.Libp2p()),
		libp2p.ListenAddrStrings(fmt.Sprintf("/ip4/%s/udp/%d/quic-v1", addressOf(index), port)),
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.QUICReuse(func(reset quic.StatelessResetKey, token quic.TokenGeneratorKey) (*quicreuse.ConnManager, error) {
			m.quic, err = quicreuse.NewConnManager(reset, token, w.simulated(index)...)
			return m.quic, err
		}),
		libp2p.ConnectionManager(conns),
		libp2p.ResourceManager(&network.NullResourceManager{}),
		libp2p.DisableIdentifyAddressDiscovery(), // it keeps timers that stall virtual time
		libp2p.DisableRelay(), libp2p.DisableMetrics(), libp2p.Ping(false),
	)
	must(w.t, err)
	m.ctx, m.stop = context.WithCancel(context.Background())
	// A disk of its own for each; without waiting for it, since virtual time does not.
	m.db, err = bbolt.Open(filepath.Join(w.dir, fmt.Sprintf("%d.db", index)), 0o600,
		&bbolt.Options{NoSync: true, NoGrowSync: true, NoFreelistSync: true, InitialMmapSize: 1 << 16})
	must(w.t, err)
	return m
}

// join makes m an honest member of gossip.
func (w *world) join(m *member) {
	w.t.Helper()
	var err error
	m.market, err = market.New(m.ctx, m.host, market.Options{Allow: w.registry.clinic, AllowNode: w.registry.node, GossipOptions: []pubsub.Option{pubsub.WithRawTracer(&tracer{ledger: w.ledger, index: m.index})}})
	must(w.t, err)
}

// simulated puts a host's packets on the simulated net.
func (w *world) simulated(index int) []quicreuse.Option {
	return []quicreuse.Option{
		quicreuse.OverrideSourceIPSelector(func() (quicreuse.SourceIPSelector, error) { return ownIP(index), nil }),
		quicreuse.OverrideListenUDP(func(_ string, at *net.UDPAddr) (net.PacketConn, error) {
			conn := w.net.NewEndpoint(at, simnet.NodeBiDiLinkSettings{Downlink: link, Uplink: link})
			return &radio{SimConn: conn, weather: w.weather, index: index}, nil
		}),
	}
}

// ownIP is a machine with one address.
type ownIP int

// PreferredSourceIPForDestination implements quicreuse.SourceIPSelector.
func (i ownIP) PreferredSourceIPForDestination(*net.UDPAddr) (net.IP, error) {
	return net.ParseIP(addressOf(int(i))), nil
}

// leave ends everything that runs on the member.
func (m *member) leave() {
	m.stop()
	m.runs.Wait()
	if m.market != nil {
		_ = m.market.Close()
	}
	_ = m.host.Close()
	_ = m.quic.Close()
	_ = m.db.Close()
}

// shelf is a BlobStore in memory: the disk of a simulated member.
type shelf struct {
	mu    sync.Mutex // guards blobs
	blobs map[string][]byte
}

// Put implements transfer.BlobStore.
func (s *shelf) Put(_ context.Context, name string, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.blobs[name] = b.Bytes()
	return nil
}

type volume struct{ *bytes.Reader }

func (volume) Close() error { return nil }

// Open implements transfer.BlobStore.
func (s *shelf) Open(_ context.Context, name string) (transfer.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, ok := s.blobs[name]
	if !ok {
		return nil, transfer.ErrNoBlob
	}
	return volume{bytes.NewReader(b)}, nil
}

// Delete implements transfer.BlobStore.
func (s *shelf) Delete(_ context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.blobs, name)
	return nil
}

// List implements transfer.BlobStore.
func (s *shelf) List(context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.blobs)), nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// remember makes m dial others now and whenever they are lost.
func (m *member) remember(others ...*member) {
	for _, o := range others {
		if o != m && !slices.ContainsFunc(m.knows, func(i peer.AddrInfo) bool { return i.ID == o.host.ID() }) {
			m.knows = append(m.knows, o.info())
		}
	}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
