package p2p_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"sync"
	"testing"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	pbv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/util"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

// circuit is h's address at a relay.
func circuit(t *testing.T, h host.Host) ma.Multiaddr {
	t.Helper()
	for _, a := range h.Addrs() {
		if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err == nil {
			return a
		}
	}
	t.Fatalf("no relay among %v", h.Addrs())
	return nil
}

// through dials to at its relay until it is reached, or ctx ends.
func through(ctx context.Context, from host.Host, to peer.ID, at ma.Multiaddr) error {
	for {
		from.Network().(interface{ Backoff() *swarm.DialBackoff }).Backoff().Clear(to)
		err := from.Connect(ctx, peer.AddrInfo{ID: to, Addrs: []ma.Multiaddr{at}})
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// hold connects h to a relay and keeps its place there until the test ends.
func hold(t *testing.T, h host.Host, relay peer.AddrInfo) {
	t.Helper()
	if err := h.Connect(within(t), relay); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var reserving sync.WaitGroup
	reserving.Go(func() { p2p.KeepReserved(ctx, h, relay, slog.New(slog.DiscardHandler)) })
	t.Cleanup(func() {
		stop()
		reserving.Wait()
	})
}

// A megabyte of a study is eight times what the library's relays let through.
func TestAPeerBehindANATIsReachedThroughARelay(t *testing.T) {
	relay := startHost(t, p2p.Options{Relay: true})
	clinic := startHost(t, p2p.Options{Relays: []peer.AddrInfo{info(relay)}, BehindNAT: true})
	node := startHost(t, p2p.Options{})
	const speak protocol.ID = "/medhive/test/1"
	study := bytes.Repeat([]byte("voxels.."), 1<<20/8)
	clinic.SetStreamHandler(speak, func(s network.Stream) {
		defer s.Close()
		_, _ = s.Write(study)
	})
	hold(t, clinic, info(relay))
	if err := through(within(t), node, clinic.ID(), circuit(t, clinic)); err != nil {
		t.Fatal(err)
	}
	if got := node.Network().Connectedness(clinic.ID()); got != network.Limited {
		t.Fatalf("connected as %v, want through the relay", got)
	}
	s, err := node.NewStream(network.WithAllowLimitedConn(within(t), "test"), clinic.ID(), speak)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := io.ReadAll(s)
	if err != nil || !bytes.Equal(got, study) {
		t.Errorf("%d of %d bytes came through the relay: %v", len(got), len(study), err)
	}
}

// A relay gives a place away when the connection to it ends.
func TestAPlaceAtARelayIsTakenAgainAfterACut(t *testing.T) {
	relay := startHost(t, p2p.Options{Relay: true})
	clinic := startHost(t, p2p.Options{Relays: []peer.AddrInfo{info(relay)}, BehindNAT: true})
	hold(t, clinic, info(relay))
	at := circuit(t, clinic)
	if err := through(within(t), startHost(t, p2p.Options{}), clinic.ID(), at); err != nil {
		t.Fatalf("before the cut: %v", err)
	}
	if err := relay.Network().ClosePeer(clinic.ID()); err != nil {
		t.Fatal(err)
	}
	if err := through(within(t), startHost(t, p2p.Options{}), clinic.ID(), at); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}

// A relay that was started again knows of no place, at the same address.
func TestAPlaceIsTakenAgainAtARestartedRelay(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	start := func() host.Host {
		t.Helper()
		h, err := p2p.NewHostIn(dir, key, []string{anyPort}, p2p.Options{Relay: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = h.Close() })
		return h
	}
	relay := start()
	first := info(relay)
	clinic := startHost(t, p2p.Options{Relays: []peer.AddrInfo{first}, BehindNAT: true})
	lost := make(chan struct{}, 1)
	clinic.Network().Notify(&network.NotifyBundle{DisconnectedF: func(_ network.Network, c network.Conn) {
		if c.RemotePeer() == first.ID {
			lost <- struct{}{}
		}
	}})
	hold(t, clinic, first)
	at := circuit(t, clinic)
	if err := through(within(t), startHost(t, p2p.Options{}), clinic.ID(), at); err != nil {
		t.Fatalf("before the restart: %v", err)
	}
	if err := relay.Close(); err != nil {
		t.Fatal(err)
	}
	wait(t, "the end of the relay", lost)
	if again := info(start()); again.String() != first.String() {
		t.Fatalf("the relay is at %v, was at %v", again, first)
	}
	if err := through(within(t), startHost(t, p2p.Options{}), clinic.ID(), at); err != nil {
		t.Errorf("after the restart: %v", err)
	}
}

// ask requests a circuit to a peer by hand, which one host can do many times.
func ask(t *testing.T, from host.Host, relay, to peer.ID) pbv2.Status {
	t.Helper()
	s, err := from.NewStream(within(t), relay, proto.ProtoIDv2Hop)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Reset() })
	kind := pbv2.HopMessage_CONNECT
	if err := util.NewDelimitedWriter(s).WriteMsg(&pbv2.HopMessage{Type: &kind, Peer: util.PeerInfoToPeerV2(peer.AddrInfo{ID: to})}); err != nil {
		t.Fatal(err)
	}
	var answer pbv2.HopMessage
	if err := util.NewDelimitedReader(s, 4096).ReadMsg(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.GetStatus()
}

// A clinic behind a NAT has a circuit to each of its nodes.
func TestAHundredNodesReachAClinicThroughOneRelay(t *testing.T) {
	relay := startHost(t, p2p.Options{Relay: true})
	clinic := startHost(t, p2p.Options{Relays: []peer.AddrInfo{info(relay)}, BehindNAT: true})
	if _, err := client.Reserve(within(t), clinic, info(relay)); err != nil {
		t.Fatal(err)
	}
	site := startHost(t, p2p.Options{})
	if err := site.Connect(within(t), info(relay)); err != nil {
		t.Fatal(err)
	}
	for n := range 100 {
		if status := ask(t, site, relay.ID(), clinic.ID()); status != pbv2.Status_OK {
			t.Fatalf("circuit %d: %v", n+1, status)
		}
	}
}

// A relay that carried the traffic of strangers to each other would be the whole internet's.
func TestARelayServesItsNetworkOnly(t *testing.T) {
	node := startHost(t, p2p.Options{})
	isNode := func(id peer.ID) bool { return id == node.ID() }
	relay := startHost(t, p2p.Options{Relay: true, Registered: isNode})
	clinic, stranger := startHost(t, p2p.Options{}), startHost(t, p2p.Options{})
	for _, h := range []host.Host{node, stranger} {
		if err := h.Connect(within(t), info(relay)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := client.Reserve(within(t), clinic, info(relay)); err != nil {
		t.Fatalf("a clinic gets no place: %v", err)
	}
	if status := ask(t, stranger, relay.ID(), clinic.ID()); status != pbv2.Status_PERMISSION_DENIED {
		t.Errorf("a stranger to a stranger: %v", status)
	}
	if status := ask(t, node, relay.ID(), clinic.ID()); status != pbv2.Status_OK {
		t.Errorf("a node to a clinic: %v", status)
	}
}
