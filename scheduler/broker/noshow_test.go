package broker

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/multiformats/go-multiaddr"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// stoppedClock stands still until it is set.
type stoppedClock struct{ now time.Time }

func (c *stoppedClock) Now() time.Time                       { return c.now }
func (c *stoppedClock) After(time.Duration) <-chan time.Time { return nil }

func newAbsences(clock scheduler.Clock) *absences {
	return &absences{clock: clock, nodes: map[common.Address]strike{}}
}

func TestStrikesFade(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	a, node := newAbsences(clock), common.HexToAddress("0x01")
	for n, want := range []int{1, 2, 3, 4, 5, 6, 6, 6} {
		a.set(node, a.with(node, 1))
		if got := a.weight(node); got != want {
			t.Errorf("strike %d weighs %d, want %d", n+1, got, want)
		}
	}
	for n, want := range []int{3, 2, 1, 0} {
		clock.now = clock.now.Add(strikeHalfLife)
		if got := a.weight(node); got != want {
			t.Errorf("after %d half-lives %d, want %d", n+1, got, want)
		}
	}
	a.set(node, a.with(node, keptPromise))
	if a.len() != 0 {
		t.Error("a kept promise did not forgive the rest")
	}
	clock.now = clock.now.Add(-24 * time.Hour) // the clock was set back
	a.set(node, strike{Weight: 2, At: clock.now.Add(48 * time.Hour)})
	if got := a.weight(node); got != 2 {
		t.Errorf("a strike of the future weighs %d, want 2", got)
	}
}

func TestMemoryOfStrikesIsBounded(t *testing.T) {
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	a := newAbsences(clock)
	worst := common.HexToAddress("0xffff")
	a.set(worst, a.with(worst, maxStrikes))
	for n := range maxAbsent + 100 {
		node := common.BytesToAddress([]byte{1, byte(n >> 8), byte(n)})
		dropped, full := a.set(node, a.with(node, 0.5))
		if full && (dropped == worst || dropped == node) {
			t.Fatal("the worst or the newest was dropped")
		}
	}
	if a.len() != maxAbsent || a.weight(worst) != maxStrikes {
		t.Errorf("%d nodes, the worst weighs %d", a.len(), a.weight(worst))
	}
}

func TestStrikesStayInRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
		a, node := newAbsences(clock), common.HexToAddress("0x01")
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			clock.now = clock.now.Add(time.Duration(rapid.Int64Range(-1e12, 1e13).Draw(t, "passing")))
			a.set(node, a.with(node, rapid.SampledFrom([]float64{keptPromise, 0.5, 1}).Draw(t, "weight")))
			if w := a.weight(node); w < 0 || w > maxStrikes {
				t.Fatalf("weight %d", w)
			}
		}
	})
}

func TestStrikesArePersisted(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "state.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	clock := &stoppedClock{time.Unix(1_800_000_000, 0)}
	s, err := openStore(db, [32]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	b := &Broker{store: s, absent: newAbsences(clock)}
	node := common.HexToAddress("0x01")
	b.strikeNode(node, 1)
	known, err := s.absences(clock)
	if err != nil || known.weight(node) != 1 {
		t.Errorf("weighs %d, %v", known.weight(node), err)
	}
	b.strikeNode(node, keptPromise)
	if known, err = s.absences(clock); err != nil || known.len() != 0 {
		t.Errorf("%d nodes, %v", known.len(), err)
	}
}

// connectionFrom is a connection as subnetOf sees it.
type connectionFrom struct {
	network.Conn
	address multiaddr.Multiaddr
}

func (c connectionFrom) RemoteMultiaddr() multiaddr.Multiaddr { return c.address }

func TestSubnetOfAConnection(t *testing.T) {
	const relay = "/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA/p2p-circuit"
	for address, want := range map[string]string{
		"/ip4/203.0.113.7/tcp/4001":                      "203.0.113.0/24",
		"/ip4/203.0.113.99/udp/4001/quic-v1":             "203.0.113.0/24",
		"/ip6/2001:db8:1:2::3/tcp/4001":                  "2001:db8:1::/48",
		"/ip6/::ffff:203.0.113.7/tcp/4001":               "203.0.113.0/24",
		"/ip4/127.0.0.1/tcp/4001":                        "",
		"/ip4/203.0.113.7/tcp/4001" + relay:              "",
		"/dns4/node.example/tcp/4001":                    "",
		"/ip6zone/eth0/ip6/fe80::1/tcp/4001":             "",
		"/ip4/10.1.2.3/tcp/4001":                         "10.1.2.0/24",
		"/ip4/203.0.113.7/udp/4001/quic-v1/webtransport": "203.0.113.0/24",
		"/ip6/2001:db8:1:ffff:ffff::1/udp/4001/quic-v1":  "2001:db8:1::/48",
		"/ip6/2001:db8:2::1/tcp/4001":                    "2001:db8:2::/48",
		"/ip4/203.0.114.7/tcp/4001":                      "203.0.114.0/24",
	} {
		a, err := multiaddr.NewMultiaddr(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := subnetOf(connectionFrom{address: a}); got != want {
			t.Errorf("%s is in %q, want %q", address, got, want)
		}
	}
}

// One subnet never has two copies of a task, and a seat that was left is free.
func TestSeatsOfCopies(t *testing.T) {
	parent := models.DigestOf([]byte("parent"))
	b := &Broker{seats: map[models.Digest]seats{}}
	copyOf := func(n int) record {
		return record{Task: scheduler.Task{ID: scheduler.CopyID(parent, n)}, Parent: parent, Copy: n}
	}
	seat := func(n byte, subnet string) scheduler.Seat {
		return scheduler.Seat{Node: common.BytesToAddress([]byte{n}), Subnet: subnet}
	}
	if err := b.sit(copyOf(0), seat(1, "203.0.113.0/24")); err != nil {
		t.Fatal(err)
	}
	if err := b.sit(copyOf(1), seat(2, "203.0.113.0/24")); err == nil {
		t.Error("two copies are in one subnet")
	}
	if err := b.sit(copyOf(1), seat(1, "198.51.100.0/24")); err == nil {
		t.Error("two copies are on one node")
	}
	b.rise(copyOf(0))
	if err := b.sit(copyOf(1), seat(2, "203.0.113.0/24")); err != nil {
		t.Errorf("the seat was left: %v", err)
	}
	if err := b.sit(record{Task: scheduler.Task{ID: parent}}, seat(2, "203.0.113.0/24")); err != nil {
		t.Errorf("a task without copies sits anywhere: %v", err)
	}
}

// A full list of bids makes room for a network that has none, not for a crowded one.
func TestCrowdedSubnetGivesWay(t *testing.T) {
	tk := &task{id: models.DigestOf([]byte("task"))}
	bid := func(n int, subnet string) bidder {
		node := common.BytesToAddress([]byte{1, byte(n)})
		return bidder{bid: scheduler.Bid{Node: node}, seat: scheduler.Seat{Node: node, Operator: node, Subnet: subnet}}
	}
	for n := range maxBids {
		bids, err := tk.roomFor(bid(n, "203.0.113.0/24"))
		if err != nil {
			t.Fatal(err)
		}
		tk.bids = append(bids, bid(n, "203.0.113.0/24"))
	}
	if _, err := tk.roomFor(bid(100, "203.0.113.0/24")); err == nil {
		t.Error("a crowded subnet got one more place")
	}
	bids, err := tk.roomFor(bid(101, "198.51.100.0/24"))
	if err != nil || len(bids) != maxBids-1 {
		t.Errorf("%d bids are left, %v", len(bids), err)
	}
}
