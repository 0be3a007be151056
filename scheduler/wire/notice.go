package wire

import (
	"fmt"
	"math"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// maxPlaces bounds the free places that a notice may claim; a larger claim counts as
// this many.
const maxPlaces = 1 << 16

// NewNotice is the message of n. Holdings beyond MaxHoldings are left out, so that the
// message stays under MaxOffer: name the most wanted first.
func NewNotice(n scheduler.Notice) *Notice {
	x := &Notice{
		Node: n.Node[:], Addresses: packAddresses(n.Addresses), Jurisdiction: n.Jurisdiction, Tier: uint32(n.Tier), Trust: uint32(n.Trust),
		Provider: n.Provider, MemoryBytes: n.MemoryBytes, PriceGwei: n.PriceGwei, Profile: n.Profile[:],
		Free: places(n.Free), StatFree: places(n.StatFree), IssuedMs: n.Issued.UnixMilli(), ExpiresMs: n.Expires.UnixMilli(),
	}
	for _, h := range n.Models[:min(len(n.Models), scheduler.MaxHoldings)] {
		x.Models = append(x.Models, &Holding{Package: h.Package[:], PromiseMs: h.Promise.Milliseconds()})
	}
	return x
}

func places(n int) uint32 { return uint32(min(max(n, 0), maxPlaces)) }

// Value checks every field of a notice and returns it as a domain value.
func (x *Notice) Value() (scheduler.Notice, error) {
	n := scheduler.Notice{
		Jurisdiction: x.Jurisdiction, Tier: uint8(min(x.Tier, math.MaxUint8)), Trust: scheduler.Trust(min(x.Trust, math.MaxUint8)),
		Provider: x.Provider, MemoryBytes: x.MemoryBytes, PriceGwei: x.PriceGwei,
		Free: int(min(x.Free, maxPlaces)), StatFree: int(min(x.StatFree, maxPlaces)),
		Issued: time.UnixMilli(x.IssuedMs), Expires: time.UnixMilli(x.ExpiresMs),
	}
	var err error
	if n.Node, err = Address("node", x.Node); err != nil {
		return n, err
	}
	if n.Profile, err = Digest("profile", x.Profile); err != nil {
		return n, err
	}
	if n.Addresses, err = unpackAddresses(x.Addresses); err != nil {
		return n, err
	}
	life := x.ExpiresMs - x.IssuedMs
	switch {
	case !scheduler.ValidRegion(n.Jurisdiction):
		return n, fmt.Errorf("notice: jurisdiction of %d bytes: %w", len(n.Jurisdiction), ErrMalformed)
	case n.Provider != "" && invalidProvider(n.Provider):
		return n, fmt.Errorf("notice: execution provider of %d bytes: %w", len(n.Provider), ErrMalformed)
	case n.MemoryBytes < 0:
		return n, fmt.Errorf("notice: %d bytes of memory: %w", n.MemoryBytes, ErrMalformed)
	case x.IssuedMs < 0 || x.IssuedMs > maxUnixMs || x.ExpiresMs > maxUnixMs || life <= 0 || life > scheduler.MaxNoticeLife.Milliseconds():
		return n, fmt.Errorf("notice: a life from %d to %d ms: %w", x.IssuedMs, x.ExpiresMs, ErrMalformed)
	case len(x.Models) > scheduler.MaxHoldings:
		return n, fmt.Errorf("notice: %d models, at most %d: %w", len(x.Models), scheduler.MaxHoldings, ErrMalformed)
	}
	for _, m := range x.Models {
		held, err := Digest("model package", m.GetPackage())
		if err != nil {
			return n, err
		}
		n.Models = append(n.Models, scheduler.Holding{Package: held, Promise: milliseconds(m.GetPromiseMs())})
	}
	return n, nil
}
