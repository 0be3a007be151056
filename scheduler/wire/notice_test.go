package wire

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

func sampleNotice() scheduler.Notice {
	issued := time.UnixMilli(1_800_000_000_000)
	return scheduler.Notice{
		Node: common.HexToAddress("0x01"), Addresses: []string{"/ip4/192.0.2.2/tcp/4001"}, Jurisdiction: "DE", Tier: 3, Trust: scheduler.TrustDevice,
		Provider: "cpu", MemoryBytes: 1 << 33, PriceGwei: 1234, Profile: models.DigestOf([]byte("profile")), Free: 2, StatFree: 3,
		Models: []scheduler.Holding{{Package: models.DigestOf([]byte("package")), Promise: 7 * time.Second}},
		Issued: issued, Expires: issued.Add(scheduler.MaxNoticeLife),
	}
}

func TestNoticeSurvivesTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := sampleNotice()
		want.Tier, want.Trust = rapid.Byte().Draw(t, "tier"), scheduler.Trust(rapid.Byte().Draw(t, "trust"))
		want.Provider = rapid.StringMatching(`[a-z0-9-]{0,16}`).Draw(t, "provider")
		want.PriceGwei, want.MemoryBytes = rapid.Uint64().Draw(t, "price"), rapid.Int64Min(0).Draw(t, "memory")
		want.Free, want.StatFree = rapid.IntRange(0, maxPlaces).Draw(t, "free"), rapid.IntRange(0, maxPlaces).Draw(t, "free for STAT")
		want.Expires = want.Issued.Add(time.Duration(rapid.Int64Range(1, scheduler.MaxNoticeLife.Milliseconds()).Draw(t, "life")) * time.Millisecond)
		want.Models = nil
		for n := range rapid.IntRange(0, scheduler.MaxHoldings).Draw(t, "models") {
			want.Models = append(want.Models, scheduler.Holding{Package: models.DigestOf(fmt.Append(nil, n)), Promise: time.Duration(n) * time.Millisecond})
		}
		got, err := NewNotice(want).Value()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("came out as %+v, %v", got, err)
		}
	})
}

func TestLargestNoticeFitsGossip(t *testing.T) {
	n := sampleNotice()
	n.Addresses = []string{"/ip6/2001:db8::ffff/tcp/65535", "/ip6/2001:db8::fffe/tcp/65535", "/ip4/203.0.113.255/tcp/65535", "/dns4/a-rather-long-name.node.example.org/tcp/65535"}
	n.Provider, n.MemoryBytes, n.PriceGwei, n.Free, n.StatFree = "a-long-provider-", math.MaxInt64, math.MaxUint64, math.MaxInt, math.MaxInt
	for i := range scheduler.MaxHoldings + 3 { // those beyond the limit are left out
		n.Models = append(n.Models, scheduler.Holding{Package: models.DigestOf(fmt.Append(nil, i)), Promise: 24 * time.Hour})
	}
	m := NewNotice(n)
	if len(m.Models) != scheduler.MaxHoldings {
		t.Errorf("%d models are named, want %d", len(m.Models), scheduler.MaxHoldings)
	}
	if size := len(encoded(t, m)); size > MaxOffer {
		t.Errorf("%d bytes, the limit is %d", size, MaxOffer)
	}
	if got, err := m.Value(); err != nil || got.Free != maxPlaces {
		t.Errorf("read as %+v, %v", got, err)
	}
}

func TestNoticeValueRefuses(t *testing.T) {
	for name, change := range map[string]func(*Notice){
		"no node":               func(n *Notice) { n.Node = nil },
		"short profile":         func(n *Notice) { n.Profile = n.Profile[1:] },
		"five addresses":        func(n *Notice) { n.Addresses = append(n.Addresses, make([][]byte, 4)...) },
		"address noise":         func(n *Notice) { n.Addresses[0] = []byte{1, 2, 3} },
		"nowhere":               func(n *Notice) { n.Jurisdiction = "" },
		"lower-case region":     func(n *Notice) { n.Jurisdiction = "de" },
		"provider with space":   func(n *Notice) { n.Provider = "c p u" },
		"long provider":         func(n *Notice) { n.Provider = "seventeen-letters" },
		"negative memory":       func(n *Notice) { n.MemoryBytes = -1 },
		"13 models":             func(n *Notice) { n.Models = make([]*Holding, scheduler.MaxHoldings+1) },
		"an empty model":        func(n *Notice) { n.Models = append(n.Models, &Holding{}) },
		"no life":               func(n *Notice) { n.ExpiresMs = n.IssuedMs },
		"a life backwards":      func(n *Notice) { n.ExpiresMs = 0 },
		"too long a life":       func(n *Notice) { n.ExpiresMs = n.IssuedMs + scheduler.MaxNoticeLife.Milliseconds() + 1 },
		"before 1970":           func(n *Notice) { n.IssuedMs = -1 },
		"a life that overflows": func(n *Notice) { n.IssuedMs, n.ExpiresMs = math.MinInt64, math.MaxInt64 },
		"after all time":        func(n *Notice) { n.IssuedMs, n.ExpiresMs = math.MaxInt64-1, math.MaxInt64 },
	} {
		t.Run(name, func(t *testing.T) {
			m := NewNotice(sampleNotice())
			change(m)
			if _, err := m.Value(); !errors.Is(err, ErrMalformed) {
				t.Errorf("got %v", err)
			}
		})
	}
}
