package enrolment

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/identity"
)

func (f *factory) host(key *identity.Key) host.Host {
	f.t.Helper()
	h, err := libp2p.New(libp2p.Identity(key.Libp2p()), libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = h.Close() }) // nothing is left to lose
	return h
}

// meets connects a host to the coordinator's.
func (f *factory) meets(h, coordinator host.Host) {
	f.t.Helper()
	if err := h.Connect(f.t.Context(), peer.AddrInfo{ID: coordinator.ID(), Addrs: coordinator.Addrs()}); err != nil {
		f.t.Fatal(err)
	}
}

// TestACopiedDiskIsNoticedByTheCoordinator: two machines with one key speak over real
// connections; both hear of each other, and so does the coordinator.
func TestACopiedDiskIsNoticedByTheCoordinator(t *testing.T) {
	f := newFactory(t)
	coordinator := f.host(newKey(t))
	f.server.Start(coordinator)
	key := newKey(t)
	f.registered[key.Address()] = [32]byte{}
	box, twin := f.host(key), f.host(key)
	f.meets(box, coordinator)
	f.meets(twin, coordinator)
	say := func(h host.Host, life string) []Flag {
		t.Helper()
		flags, err := Here(t.Context(), h, coordinator.ID(), life)
		if err != nil {
			t.Fatal(err)
		}
		f.now = f.now.Add(2 * time.Minute)
		return flags
	}
	if flags := append(say(box, "box"), say(twin, "twin")...); len(flags) > 0 {
		t.Fatalf("noticed too early: %v", flags)
	}
	for name, flags := range map[string][]Flag{"the box": say(box, "box"), "its twin": say(twin, "twin"), "the coordinator": f.server.Flags()} {
		if len(flags) != 1 || flags[0].Node != key.Address() || flags[0].Other != nil {
			t.Errorf("%s hears %v", name, flags)
		}
	}
	if _, err := Here(t.Context(), f.host(newKey(t)), coordinator.ID(), "x"); err == nil {
		t.Error("a peer that is not connected is heard")
	}
}

// TestStatementsTravel: what a vendor sends is found by the device; refusals arrive as such.
func TestStatementsTravel(t *testing.T) {
	f := newFactory(t)
	coordinator, vendor := f.host(newKey(t)), f.host(newKey(t))
	f.server.Start(coordinator)
	f.meets(vendor, coordinator)
	v := f.voucher(f.box("1"), nil)
	if _, err := Find(t.Context(), vendor, coordinator.ID(), v.Voucher.Device); !errors.Is(err, ErrNoVoucher) {
		t.Fatalf("found before it was sent: %v", err)
	}
	if err := Offer(t.Context(), vendor, coordinator.ID(), v); err != nil {
		t.Fatal(err)
	}
	if got, err := Find(t.Context(), vendor, coordinator.ID(), v.Voucher.Device); err != nil || got != v {
		t.Fatalf("found %+v, %v", got, err)
	}
	v.VendorSig[0]++
	var refused *Refusal
	if err := Offer(t.Context(), vendor, coordinator.ID(), v); !errors.As(err, &refused) {
		t.Errorf("a broken voucher: %v", err)
	}
	if err := Revoke(t.Context(), vendor, coordinator.ID(), attest.SignedDeviceRevocation{}); !errors.As(err, &refused) {
		t.Errorf("a revocation of nobody's: %v", err)
	}
}

// failing is a TPM of which one command fails.
type failing struct{ answer, quote error }

func (c failing) Answer(context.Context, Challenge) ([]byte, error)           { return nil, c.answer }
func (c failing) Quote(context.Context, [32]byte) (q attest.Quote, err error) { return q, c.quote }

// TestABrokenTPMIsTold: whose fault it is decides what a node tells its owner.
func TestABrokenTPMIsTold(t *testing.T) {
	f, fault := newFactory(t), errors.New("broken")
	key := newKey(t)
	coordinator, node := f.host(newKey(t)), f.host(key)
	f.server.Start(coordinator)
	f.meets(node, coordinator)
	b := f.box("1")
	v := f.voucher(b, nil)
	f.registered[key.Address()] = v.Voucher.Hash(f.domain)
	for name, c := range map[string]struct {
		chip failing
		want bool
	}{
		"no answer":                {failing{answer: fault}, true},
		"no quote":                 {failing{quote: fault}, true},
		"a wrong answer and quote": {failing{}, false},
	} {
		p := Prover{Key: key, Domain: f.domain, Voucher: v, Keys: b.keys, Chip: c.chip}
		_, err := p.Prove(t.Context(), node, coordinator.ID())
		var refused *Refusal
		if err == nil || errors.Is(err, ErrChip) != c.want || errors.As(err, &refused) == c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAPeerThatSaysNothing neither keeps others out nor the server open.
func TestAPeerThatSaysNothing(t *testing.T) {
	f := newFactory(t)
	coordinator, quiet, other := f.host(newKey(t)), f.host(newKey(t)), f.host(newKey(t))
	f.server.Start(coordinator)
	f.meets(quiet, coordinator)
	f.meets(other, coordinator)
	var held []network.Stream
	for range 3 {
		s, err := quiet.NewStream(context.Background(), coordinator.ID(), Protocol)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte{0}); err != nil { // the first byte of a frame that never comes
			break // the second stream of one peer is turned away
		}
		held = append(held, s)
	}
	v := f.voucher(f.box("1"), nil)
	if err := Offer(t.Context(), other, coordinator.ID(), v); err != nil {
		t.Fatalf("others wait: %v", err)
	}
	f.server.Close()
	for _, s := range held {
		_ = s.Reset()
	}
}
