package p2p

import (
	"fmt"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
	ma "github.com/multiformats/go-multiaddr"
)

func TestARelayHasFewPlacesForWhoIsNotRegistered(t *testing.T) {
	isNode := func(id peer.ID) bool { return id[0] == 'n' }
	r := newRelayed(NewGate([]peer.AddrInfo{{ID: "first"}}, []peer.ID{"denied"}, nil), isNode)
	now := time.Unix(1_000_000, 0)
	r.now = func() time.Time { return now }
	at := func(site, host int) ma.Multiaddr {
		return ma.StringCast(fmt.Sprintf("/ip4/203.0.%d.%d/tcp/9400", site, host))
	}
	if r.AllowReserve("denied", at(9, 9)) || !r.AllowReserve("first", at(9, 9)) {
		t.Error("the network file does not count")
	}
	taken := 0
	for n := range 3 * relayGuestsPerAddress {
		if r.AllowReserve(peer.ID(fmt.Sprint("x", n)), at(0, 0)) {
			taken++
		}
	}
	if taken != relayGuestsPerAddress {
		t.Errorf("one address has %d places, want %d", taken, relayGuestsPerAddress)
	}
	for n := range 2 * relayGuests {
		if r.AllowReserve(peer.ID(fmt.Sprint("y", n)), at(1, n)) {
			taken++
		}
	}
	if taken != relayGuests {
		t.Errorf("strangers have %d places, want %d", taken, relayGuests)
	}
	if !r.AllowReserve("x0", at(0, 0)) {
		t.Error("who has a place can't renew it")
	}
	for n := range 2 * relayGuests {
		if !r.AllowReserve(peer.ID(fmt.Sprint("n", n)), at(0, 0)) {
			t.Fatalf("registered node %d gets no place because of strangers", n)
		}
	}
	if r.forget("x0"); !r.AllowReserve("z", at(2, 0)) {
		t.Error("who left keeps the place")
	}
	if now = now.Add(2 * time.Hour); !r.AllowReserve("late", at(3, 0)) || len(r.guests) != 1 {
		t.Errorf("%d places are held by reservations that ended", len(r.guests)-1)
	}
	six := func(host string) ma.Multiaddr { return ma.StringCast("/ip6/2001:db8:0:1" + host + "/tcp/9400") }
	for n := range relayGuestsPerAddress {
		r.AllowReserve(peer.ID(fmt.Sprint("six", n)), six(fmt.Sprintf("%d::%d", n, n)))
	}
	if r.AllowReserve("sixth", six("9::1")) {
		t.Error("each address of one IPv6 site has places of its own")
	}
}

func TestWhoMayTalkThroughARelay(t *testing.T) {
	r := newRelayed(NewGate(nil, []peer.ID{"denied"}, nil), func(id peer.ID) bool { return id == "node" })
	at := ma.StringCast("/ip4/203.0.113.7/tcp/9400")
	for _, c := range []struct {
		from, to peer.ID
		want     bool
	}{
		{"node", "clinic", true},
		{"clinic", "node", true},
		{"stranger", "clinic", false},
		{"stranger", "another", false},
		{"denied", "node", false},
		{"node", "denied", false},
	} {
		if got := r.AllowConnect(c.from, at, c.to); got != c.want {
			t.Errorf("%s to %s: %v", c.from, c.to, got)
		}
	}
}
