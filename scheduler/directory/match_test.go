package directory

import (
	"encoding/binary"
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"
	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// matchGoal is how many matches a second the broker's core makes at least, on one core
// with 1,000 known nodes.
const matchGoal = 1500

// crowd is a directory of many nodes that hold the package, in two regions and of all
// tiers; a tenth has no place free.
func crowd(t testing.TB, nodes int) *Directory {
	t.Helper()
	d := New(nodes)
	for n := range nodes {
		notice := sampleNotice(n)
		notice.Jurisdiction = []string{"AT", "DE"}[n%2]
		notice.Tier = uint8(n % 5)
		notice.PriceGwei = 500 + uint64(n*7919%500)
		notice.Models[0].Promise = time.Duration(20+n*104729%100) * time.Second
		if n%10 == 0 {
			notice.Free = 0
		}
		if err := d.Observe(notice, peer.ID(fmt.Sprint(n)), epoch); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// match is what the broker's core does from an offer to its award: how many could do it,
// the lottery's share, whom to ask, the bids judged, and one of them chosen.
func match(d *Directory, o scheduler.Offer, bids []scheduler.Bid, draw float64) (entries []Entry, chosen int) {
	o.Threshold = scheduler.Threshold(d.Known(o, epoch), scheduler.LotteryWanted, o.Round)
	entries = d.Best(o, 5, epoch, func(common.Address) float64 { return 0.99 }, func(common.Address) int { return 1 })
	var candidates []scheduler.Candidate
	for _, bid := range bids {
		bid.Task = o.Task
		if scheduler.Eligible(o, bid, epoch) == nil {
			candidates = append(candidates, scheduler.Candidate{Bid: bid, Score: 0.99, Operator: bid.Node})
		}
	}
	return entries, scheduler.Choose(o.Class, candidates, draw)
}

// sampleBids are as many bids as a lottery aims at, one in four of which does not suit.
func sampleBids(o scheduler.Offer) []scheduler.Bid {
	var bids []scheduler.Bid
	for n := range scheduler.LotteryWanted {
		bids = append(bids, scheduler.Bid{Task: o.Task, Package: o.Package, Node: address(n), Clinic: o.Clinic, PriceGwei: 600 + uint64(n),
			Promise: time.Minute, Tier: uint8(1 + n%4), Jurisdiction: "DE", MemoryBytes: o.MemoryBytes})
	}
	return bids
}

// processorTime is what this process has had of all cores. On one core with the machine to
// itself it is the time on the clock.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkMatch holds the core's rate with 1,000 known nodes against its goal, and tells
// what ten times as many cost.
func BenchmarkMatch(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	cost := map[int]time.Duration{}
	for _, nodes := range []int{1_000, 10_000} {
		d, o := crowd(b, nodes), sampleOffer()
		bids := sampleBids(o)
		rounds := max(1, b.N*1_000/nodes)
		start := processorTime(b)
		for n := range rounds {
			binary.BigEndian.PutUint64(o.Task[:], uint64(n))
			if entries, chosen := match(d, o, bids, 0.5); len(entries) != 5 || chosen < 0 {
				b.Fatalf("%d entries, bid %d chosen", len(entries), chosen)
			}
		}
		cost[nodes] = (processorTime(b) - start) / time.Duration(rounds)
	}
	b.ReportMetric(float64(time.Second)/float64(cost[1_000]), "value")
	b.ReportMetric(matchGoal, "against")
	b.ReportMetric(float64(cost[10_000])/float64(cost[1_000]), "times-at-10000")
}

// TestCostOfTenThousand counts the nodes that a match looks at. Every known node that holds
// the package in the task's regions is looked at once, others never; what is left is to
// order them, n log n.
func TestCostOfTenThousand(t *testing.T) {
	for _, nodes := range []int{1_000, 10_000} {
		d := crowd(t, nodes)
		for n := range nodes { // as many that hold another package, or stand elsewhere
			notice := sampleNotice(nodes + n)
			if n%2 == 0 {
				notice.Models[0].Package = models.DigestOf([]byte("another"))
			} else {
				notice.Jurisdiction = "US"
			}
			d.limit++
			if err := d.Observe(notice, "", epoch); err != nil {
				t.Fatal(err)
			}
		}
		o := sampleOffer()
		o.MinTier = 0
		visits := 0
		for range d.holders(&o) {
			visits++
		}
		if visits != nodes {
			t.Errorf("%d nodes looked at of %d that hold the package", visits, nodes)
		}
		scored := 0
		d.Best(o, 5, epoch, func(common.Address) float64 { scored++; return 1 }, nil)
		if want := nodes - nodes/10; scored != want {
			t.Errorf("%d scores asked for, want %d, one for each free node", scored, want)
		}
	}
}

func TestMatchAsTheBrokerMakesIt(t *testing.T) {
	d, o := crowd(t, 1_000), sampleOffer()
	o.Class, o.MinTier = scheduler.STAT, 3
	entries, chosen := match(d, o, sampleBids(o), 0.5)
	if len(entries) != 5 || chosen < 0 {
		t.Fatalf("%d entries, bid %d", len(entries), chosen)
	}
	for _, e := range entries {
		if err := scheduler.EligibleNotice(o, e.Notice, epoch); err != nil {
			t.Errorf("%s: %v", e.Notice.Node, err)
		}
	}
	if known := d.Known(o, epoch); known != 400 { // two of five tiers
		t.Errorf("%d known, want 400", known)
	}
	if threshold := scheduler.Threshold(d.Known(o, epoch), scheduler.LotteryWanted, 1); threshold == math.MaxUint64 {
		t.Error("400 nodes may bid at once")
	}
	o.Residency = []string{"US"}
	if entries, _ := match(d, o, nil, 0.5); len(entries) != 0 {
		t.Errorf("%d nodes outside the residency set", len(entries))
	}
	o.Residency = []string{"DE", "DE"}
	if twice := d.Known(o, epoch); twice != 200 || slices.Contains(o.Residency, "AT") {
		t.Errorf("%d known where a region is named twice, want 200", twice)
	}
}
