package p2p

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
)

// open counts how many of n inbound connections of one address are let in.
func open(t *testing.T, limits network.ResourceManager, n int, address string) (taken int) {
	t.Helper()
	at := ma.StringCast(address)
	for range n {
		if _, err := limits.OpenConnection(network.DirInbound, true, at); err == nil {
			taken++
		}
	}
	return taken
}

// The library's own limits let 16 of them open, and eight stay.
func TestFiveHundredNodesBehindOneAddressReachAClinic(t *testing.T) {
	limits, err := resources(maxConnections)
	if err != nil {
		t.Fatal(err)
	}
	defer limits.Close()
	const hospital = "/ip4/203.0.113.7/tcp/9400"
	if n := open(t, limits, 500, hospital); n != 500 {
		t.Fatalf("%d of 500 nodes were let in", n)
	}
	if n := open(t, limits, 2000, hospital); n > 100 {
		t.Errorf("of 2000 more from the same address %d were let in", n)
	}
}

// Connections that never say who they are count before anybody is known, and files are what
// a small machine runs out of first.
func TestSilentConnectionsOfOneAddressLeaveRoomForOthers(t *testing.T) {
	for _, files := range []int{1024, 4096, 1 << 20} {
		connections := allowance(files)
		if connections >= files || connections < files/2 && connections != maxConnections {
			t.Errorf("%d files allow %d connections", files, connections)
		}
		limits, err := resources(connections)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 3 {
			if taken := open(t, limits, 600, fmt.Sprintf("/ip4/203.0.113.%d/tcp/9400", n)); taken != perAddress(connections) {
				t.Errorf("%d files: a flooding address has %d connections, want %d", files, taken, perAddress(connections))
			}
		}
		if n := open(t, limits, 50, "/ip4/198.51.100.9/tcp/9400"); n != 50 {
			t.Errorf("%d files: beside three flooding addresses %d of 50 bidders are let in", files, n)
		}
		limits.Close()
	}
}

// Where a region meets, nobody is cut off; a node needs few, and few files make it fewer.
func TestHowManyPeersStay(t *testing.T) {
	for _, c := range []struct {
		hub                bool
		allowed, low, high int
	}{
		{false, maxConnections, 64, 192},
		{true, maxConnections, 1024, 1536},
		{true, allowance(1024), 384, 576},
		{false, allowance(1024), 64, 192},
	} {
		if low, high := marks(c.hub, c.allowed); low != c.low || high != c.high {
			t.Errorf("hub %v with %d connections: %d to %d, want %d to %d", c.hub, c.allowed, low, high, c.low, c.high)
		}
	}
	if maxConnections < 2*highHubPeers {
		t.Error("a clinic's high mark leaves no room for newcomers")
	}
}

func TestPatience(t *testing.T) {
	now, every := time.Unix(1_000_000, 0), 10*time.Second
	var p patience
	for n, want := range []time.Duration{10, 20, 40, 80, 160, 320, 600, 600} {
		p = p.after(now, every, false, 0.5)
		if got := p.next.Sub(now); got != want*time.Second {
			t.Errorf("after %d failures %v, want %v", n+1, got, want*time.Second)
		}
	}
	if early, late := p.after(now, every, false, 0).next.Sub(now), p.after(now, every, false, 1).next.Sub(now); early != 8*time.Minute || late != 12*time.Minute {
		t.Errorf("between %v and %v, want 10 minutes ± 20 %%", early, late)
	}
	if p = p.after(now, every, true, 0.5); !p.next.IsZero() {
		t.Errorf("a static peer waits until %v", p.next)
	}
}
