package scheduler

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func sampleNotice(n int) Notice {
	o := sampleOffer()
	return Notice{Node: common.BytesToAddress([]byte{1, byte(n >> 8), byte(n)}), Jurisdiction: "DE", Tier: 2, Trust: TrustDevice, Provider: "cpu",
		MemoryBytes: 1 << 30, PriceGwei: 1000, Models: []Holding{{Package: o.Package, Promise: time.Minute}}, Free: 1,
		Issued: epoch, Expires: epoch.Add(time.Minute)}
}

func TestEligibleNotice(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Offer, *Notice)
		want   error
	}{
		"exactly what is asked": {func(*Offer, *Notice) {}, nil},
		"expired":               {func(_ *Offer, n *Notice) { n.Expires = epoch }, ErrStale},
		"another model":         {func(_ *Offer, n *Notice) { n.Models = nil }, ErrModel},
		"tier":                  {func(_ *Offer, n *Notice) { n.Tier = 1 }, ErrTier},
		"trust":                 {func(_ *Offer, n *Notice) { n.Trust = TrustSoftware }, ErrTrust},
		"outside":               {func(_ *Offer, n *Notice) { n.Jurisdiction = "US" }, ErrResidency},
		"empty set fits nobody": {func(o *Offer, _ *Notice) { o.Residency = nil }, ErrResidency},
		"a tolerated provider":  {func(o *Offer, _ *Notice) { o.Providers = []string{"cuda", "cpu"} }, nil},
		"another provider":      {func(o *Offer, _ *Notice) { o.Providers = []string{"cuda"} }, ErrProvider},
		"price":                 {func(_ *Offer, n *Notice) { n.PriceGwei = 1001 }, ErrPrice},
		"memory":                {func(_ *Offer, n *Notice) { n.MemoryBytes-- }, ErrMemory},
		"too late":              {func(_ *Offer, n *Notice) { n.Models[0].Promise = time.Hour + 1 }, ErrDeadline},
		"full":                  {func(_ *Offer, n *Notice) { n.Free, n.StatFree = 0, 1 }, ErrBusy},
		"a place for STAT":      {func(o *Offer, n *Notice) { o.Class, n.Free, n.StatFree = STAT, 0, 1 }, nil},
		"full for STAT too":     {func(o *Offer, n *Notice) { o.Class, n.Free = STAT, 0 }, ErrBusy},
	} {
		t.Run(name, func(t *testing.T) {
			o, n := sampleOffer(), sampleNotice(1)
			c.change(&o, &n)
			if err := EligibleNotice(o, n, epoch); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if got, want := len(Shortlist(o, []Known{{Notice: n, Score: 1}}, 5, epoch)) == 1, c.want == nil; got != want {
				t.Errorf("on the shortlist: %v", got)
			}
		})
	}
}

func TestNoticeValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Notice)
		want   error
	}{
		"good":               {func(*Notice) {}, nil},
		"no node":            {func(n *Notice) { n.Node = common.Address{} }, ErrNotice},
		"no region":          {func(n *Notice) { n.Jurisdiction = "de" }, ErrNotice},
		"too many addresses": {func(n *Notice) { n.Addresses = make([]string, MaxAddresses+1) }, ErrNotice},
		"too many models":    {func(n *Notice) { n.Models = slices.Repeat(n.Models, MaxHoldings+1) }, ErrNotice},
		"a long provider":    {func(n *Notice) { n.Provider = "a provider of 21 bytes" }, ErrNotice},
		"negative places":    {func(n *Notice) { n.StatFree = -1 }, ErrNotice},
		"too many places":    {func(n *Notice) { n.Free = MaxPlaces + 1 }, ErrNotice},
		"a model of nothing": {func(n *Notice) { n.Models[0].Package = models.Digest{} }, ErrNotice},
		"no promise":         {func(n *Notice) { n.Models[0].Promise = 0 }, ErrNotice},
		"a long life":        {func(n *Notice) { n.Expires = epoch.Add(MaxNoticeLife + 1) }, ErrNotice},
		"a backward life":    {func(n *Notice) { n.Expires = epoch }, ErrNotice},
		"of the future":      {func(n *Notice) { n.Issued, n.Expires = epoch.Add(MaxClockSkew+1), epoch.Add(2*MaxClockSkew) }, ErrNotice},
		"within the skew":    {func(n *Notice) { n.Issued, n.Expires = epoch.Add(MaxClockSkew), epoch.Add(2*MaxClockSkew) }, nil},
		"expired":            {func(n *Notice) { n.Issued, n.Expires = epoch.Add(-time.Minute), epoch }, ErrStale},
	} {
		t.Run(name, func(t *testing.T) {
			n := sampleNotice(1)
			c.change(&n)
			if err := n.Validate(epoch); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// TestShortlistSpreadsTheWork: over many tasks equal nodes are asked equally often, a node
// at twice the price less often, one with a bad score hardly ever.
func TestShortlistSpreadsTheWork(t *testing.T) {
	const nodes, tasks, asks = 50, 4000, 5
	var known []Known
	for n := range nodes {
		known = append(known, Known{Notice: sampleNotice(n), Score: 1})
		known[n].Notice.PriceGwei = 500
	}
	known[0].Notice.PriceGwei, known[1].Score, known[2].Busy = 1000, 0.1, 9
	asked := make([]int, nodes)
	for n := range tasks {
		o := sampleOffer()
		o.Task = models.DigestOf(fmt.Append(nil, n))
		for _, at := range Shortlist(o, known, asks, epoch) {
			asked[at]++
		}
	}
	mean := float64(tasks*asks) / nodes // 400
	for n, count := range asked[3:] {
		if math.Abs(float64(count)-mean*nodes/(nodes-2.5)) > 5*math.Sqrt(mean) {
			t.Errorf("node %d is asked %d times, the mean is %.0f", n+3, count, mean)
		}
	}
	if asked[0] > asked[3]/2 || asked[1] > asked[3]/20 || asked[2] > asked[3]/4 {
		t.Errorf("dear %d, bad %d, busy %d times; equals %d", asked[0], asked[1], asked[2], asked[3])
	}
}

// TestShortlistAgainstUndercutting: a node that says it does everything for 1 gwei in no
// time gains no more than half the median would.
func TestShortlistAgainstUndercutting(t *testing.T) {
	const nodes, tasks = 200, 2000
	var known []Known
	for n := range nodes {
		known = append(known, Known{Notice: sampleNotice(n), Score: 1})
	}
	known[0].Notice.PriceGwei, known[0].Notice.Models = 1, []Holding{{Package: sampleOffer().Package, Promise: 1}}
	first := 0
	for n := range tasks {
		o := sampleOffer()
		o.Task, o.Class = models.DigestOf(fmt.Append(nil, n)), STAT
		if Shortlist(o, known, 1, epoch)[0] == 0 {
			first++
		}
	}
	// Its weight is 2^4.25 = 19 of 218.
	if share := float64(first) / tasks; share > 0.13 {
		t.Errorf("it is asked first in %.2f of all tasks", share)
	}
}

// TestShortlistAgainstUndercuttingNames: under nine names in ten an operator gains as little
// as under one, where ten or many operators are known.
func TestShortlistAgainstUndercuttingNames(t *testing.T) {
	for _, honest := range []int{10, 60} {
		var known []Known
		for n := range 10 * honest {
			known = append(known, Known{Notice: sampleNotice(n), Score: 1})
			if n >= honest {
				known[n].Operator = common.HexToAddress("0x99")
				known[n].Notice.PriceGwei, known[n].Notice.Models = 1, []Holding{{Package: sampleOffer().Package, Promise: 1}}
			}
		}
		s := Selection{pref: preferenceOf(STAT), seed: 1}
		for n, k := range known {
			promise, _ := k.Notice.promise(sampleOffer().Package)
			s.Add(n, k.Notice.PriceGwei, promise, 1, 0, Seat{Node: k.Notice.Node, Operator: k.Operator})
		}
		before := slices.Clone(s.ranks)
		s.weigh()
		name, other := s.ranks[honest].rank-before[honest].rank, s.ranks[0].rank-before[0].rank
		if gain := math.Exp(other - name); gain > 1.001*math.Exp2(4.25) {
			t.Errorf("among %d honest operators a name weighs %.3g times an honest node", honest, gain)
		}
	}
}

func TestShortlistOfManyNames(t *testing.T) {
	crowd := common.HexToAddress("0x99")
	var known []Known
	for n := range 100 {
		known = append(known, Known{Notice: sampleNotice(n), Score: 1, Operator: crowd})
	}
	for n := range 4 {
		known[n].Operator = common.Address{byte(n + 1)}
		known[n].Subnet = fmt.Sprint(n)
	}
	list := Shortlist(sampleOffer(), known, 5, epoch)
	if ofCrowd := slices.IndexFunc(list[:5], func(at int) bool { return at >= 4 }); len(list) != 5 || ofCrowd < 0 || len(slices.DeleteFunc(slices.Clone(list), func(at int) bool { return at >= 4 })) != 4 {
		t.Errorf("asked are %v, want the four others and one of the crowd", list)
	}
	if list := Shortlist(sampleOffer(), known[4:], 5, epoch); len(list) != 5 {
		t.Errorf("where there is nobody else, %d of the crowd are asked", len(list))
	}
}

func TestShortlistProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		known := make([]Known, rapid.IntRange(0, 30).Draw(t, "known"))
		for n := range known {
			known[n] = Known{Notice: sampleNotice(n), Score: rapid.Float64().Draw(t, "score"), Busy: rapid.Int().Draw(t, "busy"),
				Operator: common.Address{byte(rapid.IntRange(0, 4).Draw(t, "operator"))}, Subnet: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "subnet")}
			known[n].Notice.Free = rapid.IntRange(0, 1).Draw(t, "free")
			known[n].Notice.PriceGwei = rapid.Uint64().Draw(t, "price")
			known[n].Notice.Models[0].Promise = time.Duration(rapid.Int64().Draw(t, "promise"))
		}
		o, want := sampleOffer(), rapid.IntRange(-1, 8).Draw(t, "n")
		o.CeilingGwei, o.Class = math.MaxUint64, Class(rapid.Byte().Draw(t, "class"))
		list := Shortlist(o, known, want, epoch)
		eligible := 0
		for _, k := range known {
			if EligibleNotice(o, k.Notice, epoch) == nil && k.Score > 0 {
				eligible++
			}
		}
		if len(list) != min(max(want, 0), eligible) {
			t.Fatalf("%d on the list of %d eligible, %d wanted", len(list), eligible, want)
		}
		seen := map[int]bool{}
		for _, at := range list {
			if seen[at] || EligibleNotice(o, known[at].Notice, epoch) != nil || !(known[at].Score > 0) {
				t.Fatalf("%d should not be on the list", at)
			}
			seen[at] = true
		}
	})
}
