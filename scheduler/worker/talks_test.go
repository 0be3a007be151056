package worker

import (
	"fmt"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

func TestOrigin(t *testing.T) {
	for remote, want := range map[string]string{
		"/ip4/192.0.2.7/tcp/4001":       "192.0.2.7/32",
		"/ip4/192.0.2.7/udp/1/quic-v1":  "192.0.2.7/32",
		"/ip6/2001:db8:1:2:3::4/tcp/1":  "2001:db8:1:2::/64",
		"/ip6/::ffff:192.0.2.7/tcp/1":   "192.0.2.7/32",
		"/dns4/clinic.example/tcp/4001": "invalid Prefix",
		"/ip4/198.51.100.1/tcp/1/p2p/QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG/p2p-circuit": "198.51.100.1/32",
	} {
		if got := origin(multiaddr.StringCast(remote)).String(); got != want {
			t.Errorf("%s comes from %s, want %s", remote, got, want)
		}
	}
}

// However many strangers come, they are bounded together, by origin and by peer, and never
// keep out a peer that is expected.
func TestStrangersDoNotShutTheDoor(t *testing.T) {
	in := newTalks()
	visitor := func(n int, address string) visit {
		return visit{from: peer.ID(fmt.Sprint(n)), origin: origin(multiaddr.StringCast("/ip4/" + address + "/tcp/1"))}
	}
	var all []visit
	enter := func(v visit) bool {
		entered := in.enter(v)
		if entered {
			all = append(all, v)
		}
		return entered
	}
	for n := range 10 * maxTalksOrigin {
		if entered := enter(visitor(n, "192.0.2.7")); entered != (n < maxTalksOrigin) {
			t.Fatalf("stream %d from one address: %v", n, entered)
		}
	}
	for n := range 3 * maxTalks {
		if entered := enter(visitor(0, "192.0.2.8")); entered != (n < maxTalks-1) { // it has one from the other address
			t.Fatalf("stream %d of one peer: %v", n, entered)
		}
	}
	for n := range 2 * maxTalkers {
		if entered := enter(visitor(1000+n, fmt.Sprintf("198.51.%d.%d", n/256, n%256))); entered != (n < maxTalkers-maxTalksOrigin) {
			t.Fatalf("stranger %d: %v", n, entered)
		}
	}
	for n := range 2 * maxTalks {
		if entered := enter(visit{from: "the clinic", expected: true}); entered != (n < maxTalks) {
			t.Fatalf("stream %d of an expected peer: %v", n, entered)
		}
	}
	for _, v := range all {
		in.leave(v)
	}
	if len(in.peers)+len(in.strangers)+len(in.origins) > 0 {
		t.Errorf("remembered of those who left: %+v", in)
	}
}

func TestWhoIsExpected(t *testing.T) {
	w := bare(1, 5)
	stranger, bids, lost, works, paid := fresh(0), fresh(1), fresh(2), fresh(3), fresh(4)
	w.clinics[paid] = conduct{Signed: 1}
	w.jobs[errand{clinic: works}] = &job{}
	for n, clinic := range []common.Address{bids, lost} {
		p, err := bidFor(w, clinic, n)
		if err != nil {
			t.Fatal(err)
		}
		if clinic == lost {
			w.unreserve(p, true)
		}
	}
	for clinic, want := range map[common.Address]bool{stranger: false, bids: true, lost: false, works: true, paid: true} {
		if got := w.expects(clinic); got != want {
			t.Errorf("clinic %s is expected: %v", clinic, got)
		}
	}
}
