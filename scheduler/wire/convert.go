package wire

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ipfs/go-cid"
	"github.com/multiformats/go-multiaddr"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
)

// maxHPKEKey bounds a bid's public key: 32 bytes for X25519, room for hybrids.
const maxHPKEKey = 2048

// maxUnixMs keeps times where their arithmetic can't overflow: the year 9999.
const maxUnixMs = 253_402_300_799_000

// maxReason bounds every text that a peer may say, in bytes.
const maxReason = 200

// Reason trims a text for the wire, and one from the wire for a log: at most 200
// bytes of printable ASCII and spaces.
func Reason(text string) string {
	clean := make([]byte, 0, min(len(text), maxReason))
	for _, r := range text {
		if len(clean) == maxReason {
			break
		}
		if r < ' ' || r > '~' || r == utf8.RuneError {
			r = ' '
		}
		clean = append(clean, byte(r))
	}
	return string(clean)
}

// Digest reads 32 bytes.
func Digest(what string, b []byte) (models.Digest, error) {
	if len(b) != len(models.Digest{}) {
		return models.Digest{}, fmt.Errorf("%s has %d bytes, want %d: %w", what, len(b), len(models.Digest{}), ErrMalformed)
	}
	return models.Digest(b), nil
}

// Address reads 20 bytes.
func Address(what string, b []byte) (common.Address, error) {
	if len(b) != common.AddressLength {
		return common.Address{}, fmt.Errorf("%s has %d bytes, want %d: %w", what, len(b), common.AddressLength, ErrMalformed)
	}
	return common.BytesToAddress(b), nil
}

func packAddresses(texts []string) [][]byte {
	var packed [][]byte
	for _, text := range texts[:min(len(texts), scheduler.MaxAddresses)] {
		if a, err := multiaddr.NewMultiaddr(text); err == nil {
			packed = append(packed, a.Bytes())
		}
	}
	return packed
}

func unpackAddresses(packed [][]byte) ([]string, error) {
	if len(packed) > scheduler.MaxAddresses {
		return nil, fmt.Errorf("%d addresses, at most %d: %w", len(packed), scheduler.MaxAddresses, ErrMalformed)
	}
	texts := make([]string, 0, len(packed))
	for _, p := range packed {
		a, err := multiaddr.NewMultiaddrBytes(p)
		if err != nil {
			return nil, fmt.Errorf("address: %w", ErrMalformed)
		}
		texts = append(texts, a.String())
	}
	return texts, nil
}

// NewOffer is the message of o.
func NewOffer(o scheduler.Offer) (*Offer, error) {
	id, err := cid.Decode(o.Payload)
	if err != nil {
		return nil, fmt.Errorf("offer %s: payload address: %w", o.Task.Short(), err)
	}
	return &Offer{
		Task: o.Task[:], Package: o.Package[:], Clinic: o.Clinic[:], Addresses: packAddresses(o.Addresses),
		PayloadCid: id.Bytes(), PayloadBytes: o.PayloadBytes, MemoryBytes: o.MemoryBytes, Class: uint32(o.Class),
		DeadlineMs: o.Deadline.UnixMilli(), ExpiresMs: o.Expires.UnixMilli(), Residency: o.Residency,
		MinTier: uint32(o.MinTier), MinTrust: uint32(o.MinTrust), CeilingGwei: o.CeilingGwei, Round: o.Round, Threshold: o.Threshold,
		Providers: o.Providers,
	}, nil
}

// Value checks every field of an offer and returns it as a domain value.
func (x *Offer) Value() (scheduler.Offer, error) {
	o := scheduler.Offer{
		PayloadBytes: x.PayloadBytes, MemoryBytes: x.MemoryBytes, Class: scheduler.Class(min(x.Class, math.MaxUint8)),
		Deadline: time.UnixMilli(x.DeadlineMs), Expires: time.UnixMilli(x.ExpiresMs), Residency: x.Residency,
		MinTier: uint8(min(x.MinTier, math.MaxUint8)), MinTrust: scheduler.Trust(min(x.MinTrust, math.MaxUint8)),
		CeilingGwei: x.CeilingGwei, Round: x.Round, Threshold: x.Threshold, Providers: x.Providers,
	}
	var err error
	if o.Task, err = Digest("task", x.Task); err != nil {
		return o, err
	}
	if o.Package, err = Digest("package", x.Package); err != nil {
		return o, err
	}
	if o.Clinic, err = Address("clinic", x.Clinic); err != nil {
		return o, err
	}
	if o.Addresses, err = unpackAddresses(x.Addresses); err != nil {
		return o, err
	}
	if o.Payload, err = PayloadCID(x.PayloadCid); err != nil {
		return o, err
	}
	switch {
	case o.Class > scheduler.STAT:
		err = fmt.Errorf("class %d: %w", x.Class, ErrMalformed)
	case o.PayloadBytes <= 0 || o.PayloadBytes > scheduler.MaxPayloadBytes || o.MemoryBytes < 0:
		err = fmt.Errorf("payload of %d bytes, memory of %d: %w", o.PayloadBytes, o.MemoryBytes, ErrMalformed)
	case len(o.Residency) == 0 || len(o.Residency) > scheduler.MaxRegions || slices.ContainsFunc(o.Residency, invalidRegion):
		err = fmt.Errorf("residency set of %d: %w", len(o.Residency), ErrMalformed)
	case x.DeadlineMs < 0 || x.DeadlineMs > maxUnixMs || x.ExpiresMs < 0 || x.ExpiresMs > maxUnixMs:
		err = fmt.Errorf("deadline %d and expiry %d ms: %w", x.DeadlineMs, x.ExpiresMs, ErrMalformed)
	case o.Round == 0:
		err = fmt.Errorf("round 0: %w", ErrMalformed)
	case len(o.Providers) > scheduler.MaxProviders || slices.ContainsFunc(o.Providers, invalidProvider):
		err = fmt.Errorf("%d execution providers: %w", len(o.Providers), ErrMalformed)
	}
	return o, err
}

func invalidRegion(code string) bool { return !scheduler.ValidRegion(code) }

// invalidProvider reports whether name can't be an execution provider's: small letters,
// digits and dashes, and not too many of them.
func invalidProvider(name string) bool {
	return name == "" || len(name) > scheduler.MaxProviderName || strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// PayloadCID reads a binary CID of at most 64 bytes.
func PayloadCID(b []byte) (string, error) {
	if len(b) > 64 {
		return "", fmt.Errorf("payload address of %d bytes: %w", len(b), ErrMalformed)
	}
	id, err := cid.Cast(b)
	if err != nil {
		return "", fmt.Errorf("payload address: %w", ErrMalformed)
	}
	return id.String(), nil
}

// NewBid is the message of b.
func NewBid(b scheduler.Bid) *Bid {
	return &Bid{
		Task: b.Task[:], Package: b.Package[:], Round: b.Round, Node: b.Node[:], Clinic: b.Clinic[:], PriceGwei: b.PriceGwei,
		PromiseMs: b.Promise.Milliseconds(), HoldMs: b.Hold.Milliseconds(), Tier: uint32(b.Tier), Trust: uint32(b.Trust),
		Jurisdiction: b.Jurisdiction, MemoryBytes: b.MemoryBytes, Profile: b.Profile[:], HpkeKey: b.HPKEKey, Addresses: packAddresses(b.Addresses),
		Provider: b.Provider,
	}
}

// milliseconds reads a duration of 0 to 24 h.
func milliseconds(ms int64) time.Duration {
	return time.Duration(min(max(ms, 0), (24*time.Hour).Milliseconds())) * time.Millisecond
}

// Value checks every field of a bid and returns it as a domain value.
func (x *Bid) Value() (scheduler.Bid, error) {
	b := scheduler.Bid{
		Round: x.Round, PriceGwei: x.PriceGwei, Promise: milliseconds(x.PromiseMs), Hold: min(milliseconds(x.HoldMs), scheduler.MaxBidHold),
		Tier: uint8(min(x.Tier, math.MaxUint8)), Trust: scheduler.Trust(min(x.Trust, math.MaxUint8)), Jurisdiction: x.Jurisdiction,
		MemoryBytes: x.MemoryBytes, HPKEKey: x.HpkeKey, Provider: x.Provider,
	}
	var err error
	if b.Task, err = Digest("task", x.Task); err != nil {
		return b, err
	}
	if b.Package, err = Digest("package", x.Package); err != nil {
		return b, err
	}
	if b.Profile, err = Digest("profile", x.Profile); err != nil {
		return b, err
	}
	if b.Node, err = Address("node", x.Node); err != nil {
		return b, err
	}
	if b.Clinic, err = Address("clinic", x.Clinic); err != nil {
		return b, err
	}
	if b.Addresses, err = unpackAddresses(x.Addresses); err != nil {
		return b, err
	}
	if len(b.HPKEKey) == 0 || len(b.HPKEKey) > maxHPKEKey || !scheduler.ValidRegion(b.Jurisdiction) {
		return b, fmt.Errorf("bid: key of %d bytes, jurisdiction of %d: %w", len(b.HPKEKey), len(b.Jurisdiction), ErrMalformed)
	}
	if b.Provider != "" && invalidProvider(b.Provider) { // a node may name none
		return b, fmt.Errorf("bid: execution provider of %d bytes: %w", len(b.Provider), ErrMalformed)
	}
	return b, nil
}
