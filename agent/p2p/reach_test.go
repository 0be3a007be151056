package p2p_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/agent/p2p"
	"github.com/medhive/medhive/attest/identity"
)

const anyPort = "/ip4/127.0.0.1/tcp/0"

func startHost(t *testing.T, o p2p.Options, listen ...string) host.Host {
	t.Helper()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if len(listen) == 0 {
		listen = []string{anyPort}
	}
	h, err := p2p.NewHost(key, listen, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h
}

func info(h host.Host) peer.AddrInfo { return peer.AddrInfo{ID: h.ID(), Addrs: h.Addrs()} }

// within bounds a step that must not hang.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestAGateKeepsADeniedPeerOut(t *testing.T) {
	friend, stranger, foe := startHost(t, p2p.Options{}), startHost(t, p2p.Options{}), startHost(t, p2p.Options{})
	gate := p2p.NewGate([]peer.AddrInfo{info(friend)}, []peer.ID{foe.ID()}, func(peer.ID) bool { return false })
	guarded := startHost(t, p2p.Options{Gate: gate})
	if err := friend.Connect(within(t), info(guarded)); err != nil {
		t.Errorf("a static peer: %v", err)
	}
	for name, h := range map[string]host.Host{"not on the list": stranger, "denied": foe} {
		// The handshake ends before the gate speaks, so it may look connected for a moment.
		_ = h.Connect(within(t), info(guarded))
		if _, err := h.NewStream(within(t), guarded.ID(), "/ipfs/ping/1.0.0"); err == nil {
			t.Errorf("%s: it was let in", name)
		}
		if err := guarded.Connect(within(t), info(h)); err == nil {
			t.Errorf("%s: it was dialled", name)
		}
	}
	if everybody := (*p2p.Gate)(nil); !everybody.Allows(stranger.ID()) {
		t.Error("no gate refuses")
	}
}

func swarmKey(t *testing.T, digits string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "swarm.key")
	if err := os.WriteFile(path, []byte("/key/swarm/psk/1.0.0/\n/base16/\n"+digits+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASwarmKeyShutsStrangersOut(t *testing.T) {
	key, err := p2p.ReadSwarmKey(swarmKey(t, strings.Repeat("0a", 32)))
	if err != nil {
		t.Fatal(err)
	}
	a, b, stranger := startHost(t, p2p.Options{SwarmKey: key}), startHost(t, p2p.Options{SwarmKey: key}), startHost(t, p2p.Options{})
	if err := a.Connect(within(t), info(b)); err != nil {
		t.Error(err)
	}
	if err := stranger.Connect(within(t), info(b)); err == nil {
		t.Error("who has no key is connected")
	}
	own, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p2p.NewHost(own, []string{"/ip4/127.0.0.1/udp/0/quic-v1"}, p2p.Options{SwarmKey: key}); err == nil || !strings.Contains(err.Error(), "TCP only") {
		t.Errorf("QUIC with a swarm key: %v", err)
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), swarmKey(t, "0a")} {
		if _, err := p2p.ReadSwarmKey(path); err == nil || !strings.Contains(err.Error(), "swarm key") {
			t.Errorf("%v", err)
		}
	}
}

func TestQUICIsSpokenWhereAnAddressAsksForIt(t *testing.T) {
	both := startHost(t, p2p.Options{}, anyPort, "/ip4/127.0.0.1/udp/0/quic-v1")
	other := startHost(t, p2p.Options{}, anyPort, "/ip4/127.0.0.1/udp/0/quic-v1")
	if err := other.Connect(within(t), info(both)); err != nil {
		t.Fatal(err)
	}
	for _, c := range other.Network().ConnsToPeer(both.ID()) {
		if c.ConnState().Transport != "tcp" {
			t.Errorf("connected over %s: bulk belongs on TCP", c.ConnState().Transport)
		}
	}
	var udp []ma.Multiaddr
	for _, a := range both.Addrs() {
		if strings.Contains(a.String(), "quic") {
			udp = append(udp, a)
		}
	}
	third := startHost(t, p2p.Options{}, "/ip4/127.0.0.1/udp/0/quic-v1")
	if err := third.Connect(within(t), peer.AddrInfo{ID: both.ID(), Addrs: udp}); err != nil {
		t.Errorf("over QUIC: %v", err)
	}
}

// keep runs the reconnect loop until the returned function is called.
func keep(t *testing.T, h host.Host, static []peer.AddrInfo, path string) (stop func()) {
	t.Helper()
	book, err := p2p.OpenBook(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var loop sync.WaitGroup
	loop.Go(func() {
		p2p.KeepConnected(ctx, h, static, book, 50*time.Millisecond, slog.New(slog.DiscardHandler))
	})
	return func() {
		cancel()
		loop.Wait()
	}
}

// Three roles that found each other through a first peer are whole again without it: it
// was the only one that anybody was told of.
func TestANetworkOutlivesItsFirstPeer(t *testing.T) {
	first, clinic := startHost(t, p2p.Options{}), startHost(t, p2p.Options{})
	dir := t.TempDir()
	key, err := identity.Generate()
	if err != nil {
		t.Fatal(err)
	}
	node, err := p2p.NewHostIn(dir, key, []string{anyPort}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// They meet as a bid lets them.
	if err := node.Connect(within(t), info(clinic)); err != nil {
		t.Fatal(err)
	}
	seen := connected(node, first.ID())
	book := filepath.Join(dir, "peers.json")
	stop := keep(t, node, []peer.AddrInfo{info(first)}, book)
	wait(t, "the first peer", seen)
	for { // until a round after the meeting has written the book
		data, err := os.ReadFile(book)
		if err == nil && strings.Contains(string(data), clinic.ID().String()) {
			break
		}
		if t.Context().Err() != nil {
			t.Fatal("the book was not written")
		}
	}
	stop()
	if err := node.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := p2p.NewHostIn(dir, key, []string{anyPort}, p2p.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	back := connected(again, clinic.ID())
	stop = keep(t, again, []peer.AddrInfo{info(first)}, book)
	defer stop()
	wait(t, "the peer that was met", back)
}

func TestABookThatIsNoBookIsEmpty(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peers.json")
	for _, text := range []string{"", "[", `{"id":1}`, `[{"id":"x","addresses":["y"]}]`, strings.Repeat(" ", 1<<20)} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := p2p.OpenBook(path); err != nil {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

// Roles on one cable find each other by multicast. Where this machine has no interface
// that multicasts, that is said.
func TestRolesOfALocalNetworkFindEachOther(t *testing.T) {
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	multicast := false
	for _, i := range interfaces {
		addresses, err := i.Addrs()
		multicast = multicast || err == nil && len(addresses) > 0 && i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0
	}
	if !multicast {
		t.Log("no interface here multicasts: nothing to find by it")
		return
	}
	quiet := slog.New(slog.DiscardHandler)
	a, b := startHost(t, p2p.Options{}, "/ip4/0.0.0.0/tcp/0"), startHost(t, p2p.Options{}, "/ip4/0.0.0.0/tcp/0")
	seen := connected(a, b.ID())
	for _, h := range []host.Host{a, b} {
		lan, err := p2p.FindOnLAN(h, quiet)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = lan.Close() })
	}
	wait(t, "a peer of the local network", seen)
}
