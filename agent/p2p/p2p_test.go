package p2p_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

func newHost(t *testing.T) host.Host {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

// notices when a peer connects.
func connected(h host.Host, to peer.ID) <-chan struct{} {
	seen := make(chan struct{}, 16)
	h.Network().Notify(&network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) {
		if c.RemotePeer() == to {
			seen <- struct{}{}
		}
	}})
	return seen
}

func wait(t *testing.T, what string, seen <-chan struct{}) {
	t.Helper()
	select {
	case <-seen:
	case <-t.Context().Done():
		t.Fatalf("%s: %v", what, t.Context().Err())
	case <-time.After(20 * time.Second):
		t.Fatalf("%s did not happen", what)
	}
}

func TestHostIsTheKey(t *testing.T) {
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	h, err := p2p.NewHost(key, []string{"/ip4/127.0.0.1/tcp/0"}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	address, err := identity.AddressOf(h.ID())
	if err != nil || address != key.Address() {
		t.Fatalf("host %s stands for %s (%v), want %s", h.ID(), address, err, key.Address())
	}
}

func TestLostPeerIsDialledAgain(t *testing.T) {
	a, b := newHost(t), newHost(t)
	infos, err := p2p.ParsePeers(p2p.Addresses(b))
	if err != nil {
		t.Fatal(err)
	}
	seen := connected(a, b.ID())
	ctx, cancel := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	loop.Go(func() { p2p.KeepConnected(ctx, a, infos, nil, 20*time.Millisecond, slog.New(slog.DiscardHandler)) })
	wait(t, "first connection", seen)
	if err := a.Network().ClosePeer(b.ID()); err != nil {
		t.Fatal(err)
	}
	wait(t, "connection after a cut", seen)
	cancel()
	loop.Wait()
}

func TestManyPeersOfOneAddressAreTaken(t *testing.T) {
	clinic := newHost(t)
	const bidders = 40 // the library's own limit is 8 a /32
	for range bidders {
		h := newHost(t)
		if err := h.Connect(t.Context(), peer.AddrInfo{ID: clinic.ID(), Addrs: clinic.Addrs()}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(clinic.Network().Peers()); n != bidders {
		t.Fatalf("%d of %d peers are connected", n, bidders)
	}
}

func TestBadPeerAddressSaysHowToWriteIt(t *testing.T) {
	for _, address := range []string{"", "localhost:9400", "/ip4/127.0.0.1/tcp/9400"} {
		_, err := p2p.ParsePeers([]string{address})
		if err == nil || !strings.Contains(err.Error(), "/p2p/ID") {
			t.Errorf("%q: got %v, want an error that shows the form", address, err)
		}
	}
}
