package directory

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

var (
	epoch = time.Unix(1_700_000_000, 0)
	pkg   = models.DigestOf([]byte("package"))
)

func address(n int) (a common.Address) {
	binary.BigEndian.PutUint64(a[12:], uint64(n)+1)
	return a
}

func sampleNotice(n int) scheduler.Notice {
	return scheduler.Notice{
		Node: address(n), Addresses: []string{fmt.Sprintf("/ip6/2001:db8:%x::7/tcp/4001", n&0xffff)}, Jurisdiction: "DE", Tier: 4,
		Provider: "cpu", MemoryBytes: 1 << 30, PriceGwei: 500, Models: []scheduler.Holding{{Package: pkg, Promise: time.Minute}},
		Free: 2, StatFree: 1, Issued: epoch, Expires: epoch.Add(scheduler.MaxNoticeLife),
	}
}

func sampleOffer() scheduler.Offer {
	return scheduler.Offer{
		Task: models.DigestOf([]byte("task")), Package: pkg, Clinic: common.HexToAddress("0xc1"), Deadline: epoch.Add(time.Hour),
		Expires: epoch.Add(time.Minute), Residency: []string{"AT", "DE"}, MinTier: 2, CeilingGwei: 1000, MemoryBytes: 1 << 30, Round: 1,
	}
}

func TestObserve(t *testing.T) {
	later := epoch.Add(time.Minute)
	for name, c := range map[string]struct {
		change func(*scheduler.Notice)
		want   error
		len    int
	}{
		"a new node":         {func(*scheduler.Notice) {}, nil, 2},
		"a newer notice":     {func(n *scheduler.Notice) { n.Node, n.Issued = address(0), later }, nil, 1},
		"the same again":     {func(n *scheduler.Notice) { n.Node = address(0) }, scheduler.ErrStale, 1},
		"an older notice":    {func(n *scheduler.Notice) { n.Node, n.Issued = address(0), epoch.Add(-time.Second) }, scheduler.ErrNotice, 1},
		"an expired notice":  {func(n *scheduler.Notice) { n.Issued, n.Expires = epoch.Add(-time.Hour), epoch.Add(-59*time.Minute) }, scheduler.ErrStale, 1},
		"issued in a future": {func(n *scheduler.Notice) { n.Issued, n.Expires = later.Add(time.Hour), later.Add(61*time.Minute) }, scheduler.ErrNotice, 1},
		"no region":          {func(n *scheduler.Notice) { n.Jurisdiction = "" }, scheduler.ErrNotice, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := New(0)
			if err := d.Observe(sampleNotice(0), "p0", epoch); err != nil {
				t.Fatal(err)
			}
			n := sampleNotice(1)
			c.change(&n)
			if err := d.Observe(n, "p1", epoch); !errors.Is(err, c.want) || d.Len() != c.len {
				t.Errorf("%v and %d nodes, want %v and %d", err, d.Len(), c.want, c.len)
			}
		})
	}
}

func TestOlderNoticeNeverReplaces(t *testing.T) {
	d, n := New(0), sampleNotice(0)
	n.Issued, n.PriceGwei = epoch.Add(2*time.Second), 900
	if err := d.Observe(n, "p", epoch.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	n.Issued, n.PriceGwei = epoch.Add(time.Second), 1
	if err := d.Observe(n, "p", epoch.Add(3*time.Second)); !errors.Is(err, scheduler.ErrStale) {
		t.Errorf("a replayed notice: %v", err)
	}
	if best := d.Best(sampleOffer(), 1, epoch.Add(3*time.Second), nil, nil); len(best) != 1 || best[0].Notice.PriceGwei != 900 {
		t.Errorf("known is now %+v", best)
	}
}

func TestBest(t *testing.T) {
	d := New(0)
	for n := range 20 {
		notice := sampleNotice(n)
		if n >= 10 {
			notice.Models[0].Package = models.DigestOf([]byte("another"))
		}
		if err := d.Observe(notice, peer.ID(fmt.Sprint(n)), epoch); err != nil {
			t.Fatal(err)
		}
	}
	best := d.Best(sampleOffer(), 5, epoch, nil, nil)
	if len(best) != 5 {
		t.Fatalf("%d nodes", len(best))
	}
	for _, e := range best {
		n := int(binary.BigEndian.Uint64(e.Notice.Node[12:])) - 1
		if e.Peer != peer.ID(fmt.Sprint(n)) || n >= 10 {
			t.Errorf("node %d is at %s", n, e.Peer)
		}
		d.Forget(e.Notice.Node)
	}
	if again := d.Best(sampleOffer(), 20, epoch, nil, nil); len(again) != 5 {
		t.Errorf("%d nodes are left, want 5", len(again))
	}
	only := address(int(binary.BigEndian.Uint64(d.Best(sampleOffer(), 1, epoch, nil, nil)[0].Notice.Node[12:])) - 1)
	trusted := func(a common.Address) float64 {
		if a == only {
			return 0.5
		}
		return 0
	}
	if best := d.Best(sampleOffer(), 5, epoch, trusted, nil); len(best) != 1 || best[0].Notice.Node != only {
		t.Errorf("%d nodes with a score, want one", len(best))
	}
	if late := d.Best(sampleOffer(), 5, epoch.Add(scheduler.MaxNoticeLife), nil, nil); len(late) != 0 {
		t.Errorf("%d expired nodes", len(late))
	}
}

// TestDirectoryAgainstList drives a directory at random beside a plain list of notices that
// is searched from end to end.
func TestDirectoryAgainstList(t *testing.T) {
	packages := []models.Digest{pkg, models.DigestOf([]byte("b")), models.DigestOf([]byte("c"))}
	regions := []string{"AT", "DE", "US"}
	rapid.Check(t, func(t *rapid.T) {
		d, list, now := New(0), map[common.Address]scheduler.Notice{}, epoch
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			who := rapid.IntRange(0, 12).Draw(t, "node")
			switch rapid.IntRange(0, 9).Draw(t, "step") {
			case 0:
				d.Forget(address(who))
				delete(list, address(who))
			case 1:
				now = now.Add(time.Duration(rapid.IntRange(1, 300).Draw(t, "seconds")) * time.Second)
			default:
				n := sampleNotice(who)
				n.Jurisdiction = rapid.SampledFrom(regions).Draw(t, "region")
				n.Tier, n.PriceGwei = uint8(rapid.IntRange(0, 4).Draw(t, "tier")), uint64(rapid.IntRange(1, 1200).Draw(t, "price"))
				n.Free, n.StatFree = rapid.IntRange(0, 1).Draw(t, "free"), rapid.IntRange(0, 1).Draw(t, "stat free")
				n.Models = nil
				for _, at := range rapid.SliceOfN(rapid.IntRange(0, 2), 0, 4).Draw(t, "models") {
					n.Models = append(n.Models, scheduler.Holding{Package: packages[at], Promise: time.Minute})
				}
				n.Issued = now.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "age")) * time.Second)
				n.Expires = n.Issued.Add(time.Duration(rapid.IntRange(61, 600).Draw(t, "life")) * time.Second)
				known, repeated := list[n.Node]
				err := d.Observe(n, peer.ID("p"), now)
				if repeated && now.Before(known.Expires) && (err == nil) != n.Issued.After(known.Issued) {
					t.Fatalf("issued %v after one of %v: %v", n.Issued, known.Issued, err)
				}
				if err == nil {
					list[n.Node] = n
				}
			}
			d.compare(t, list, now, rapid.SampledFrom(packages).Draw(t, "package"))
		}
	})
}

// compare asks directory and list the same, and looks into the directory's own books.
func (d *Directory) compare(t *rapid.T, list map[common.Address]scheduler.Notice, now time.Time, wanted models.Digest) {
	for _, class := range []scheduler.Class{scheduler.Routine, scheduler.STAT} {
		o := sampleOffer()
		o.Package, o.Class, o.Deadline = wanted, class, now.Add(time.Hour)
		var known []scheduler.Known
		fits := 0
		for _, n := range list {
			known = append(known, scheduler.Known{Notice: n, Score: 1, Subnet: subnetOf(n.Addresses)})
			if scheduler.Fits(&o, &n, now) == nil {
				fits++
			}
		}
		if got := d.Known(o, now); got != fits {
			t.Fatalf("%d known, %d in the list", got, fits)
		}
		want, got := scheduler.Shortlist(o, known, 4, now), d.Best(o, 4, now, nil, nil)
		if len(want) != len(got) {
			t.Fatalf("%d best, %d of the list", len(got), len(want))
		}
		for at := range want {
			if got[at].Notice.Node != known[want[at]].Notice.Node {
				t.Fatalf("rank %d is %s, in the list %s", at, got[at].Notice.Node, known[want[at]].Notice.Node)
			}
		}
	}
	slots, subnets, operators := 0, 0, 0
	for k, shelf := range d.shelves {
		slots += len(shelf)
		for place, s := range shelf {
			if s.node.places[s.holding] != place || s.node.Notice.Models[s.holding].Package != k.pkg || d.nodes[s.node.Notice.Node] != s.node {
				t.Fatalf("shelf %v is untidy at %d", k, place)
			}
		}
	}
	for _, n := range d.subnets {
		subnets += n
	}
	for _, n := range d.operators {
		operators += n
	}
	holdings := 0
	for at, n := range d.all {
		holdings += len(n.Notice.Models)
		if n.at != at {
			t.Fatalf("node %d stands at %d", n.at, at)
		}
	}
	if slots != holdings || len(d.all) != len(d.nodes) || subnets != len(d.all) || operators != len(d.all) {
		t.Fatalf("%d slots of %d holdings, %d of %d nodes, %d in subnets, %d of operators", slots, holdings, len(d.all), len(d.nodes), subnets, operators)
	}
}

func TestExpiredAreSweptOut(t *testing.T) {
	d := New(0)
	for n := range 100 {
		if err := d.Observe(sampleNotice(n), "", epoch); err != nil {
			t.Fatal(err)
		}
	}
	later := epoch.Add(time.Hour)
	for n := range 60 {
		notice := sampleNotice(1000 + n)
		notice.Issued, notice.Expires = later, later.Add(time.Minute)
		if err := d.Observe(notice, "", later); err != nil {
			t.Fatal(err)
		}
	}
	if d.Len() != 60 {
		t.Errorf("%d nodes, want the 60 that live", d.Len())
	}
}

// TestFloodFromOneSubnet: names that one network makes up displace each other, not the
// honest nodes.
func TestFloodFromOneSubnet(t *testing.T) {
	const honest, limit = 100, 500
	d := New(limit)
	for n := range honest {
		if err := d.Observe(sampleNotice(n), "", epoch); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 20_000 {
		forged := sampleNotice(honest + n)
		forged.Addresses = []string{fmt.Sprintf("/ip4/192.0.2.%d/tcp/1", n&255)}
		_ = d.Observe(forged, "", epoch) // refused or not, it may not cost the honest their place
		if d.Len() > limit {
			t.Fatalf("%d nodes, the limit is %d", d.Len(), limit)
		}
	}
	left := 0
	for n := range honest {
		if d.nodes[address(n)] != nil {
			left++
		}
	}
	if left < honest-1 { // one is lost when all eight of a sample are honest: 20,000 · (1/5)^8 = 0.05
		t.Errorf("%d of %d honest nodes are left", left, honest)
	}
	lone := sampleNotice(30_000)
	lone.Addresses = []string{"/ip4/203.0.113.9/tcp/1"}
	if err := d.Observe(lone, "", epoch); err != nil {
		t.Errorf("a node of an empty subnet: %v", err)
	}
}

func TestNewcomerOfTheMostCrowdedSubnetIsRefused(t *testing.T) {
	d := New(10)
	for n := range 10 {
		notice := sampleNotice(n)
		if err := d.Observe(notice, "", epoch); err != nil {
			t.Fatal(err)
		}
	}
	d.subnets["198.51.100.0/24"] = 3
	notice := sampleNotice(99)
	notice.Addresses = []string{"/ip4/198.51.100.1/tcp/1"}
	if err := d.Observe(notice, "", epoch); !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want %v", err, ErrFull)
	}
}

func TestConcurrentUse(t *testing.T) {
	d := New(50)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := range 300 {
				_ = d.Observe(sampleNotice(worker*1000+n), "", epoch)
				d.Best(sampleOffer(), 5, epoch, nil, nil)
				d.Known(sampleOffer(), epoch)
				d.Forget(address(worker*1000 + n - 40))
			}
		})
	}
	all.Wait()
	if d.Len() > 50 {
		t.Errorf("%d nodes", d.Len())
	}
}
