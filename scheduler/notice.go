package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/medhive/medhive/models"
)

// Holding is a package that a node holds and runs.
type Holding struct {
	Package models.Digest
	Promise time.Duration // from award to result, for a job that is alone there
}

// Notice is what a node says of itself to the clinics of its jurisdiction. It binds nobody:
// a clinic that knows it may ask the node directly, and the node answers with a bid.
type Notice struct {
	Node         common.Address
	Addresses    []string // multiaddresses where the node is asked
	Jurisdiction string   // ISO 3166-1 alpha-2
	Tier         uint8
	Trust        Trust
	Provider     string // execution provider that would run a job
	MemoryBytes  int64  // for one job
	PriceGwei    uint64
	Profile      models.Digest
	Models       []Holding // at most MaxHoldings
	Free         int       // places for any job
	StatFree     int       // places for a STAT job
	Issued       time.Time // a newer notice of the same node replaces an older one
	Expires      time.Time // at most MaxNoticeLife after Issued
}

// The refusals of notices, beside those of the match.
var (
	ErrBusy   = errors.New("the node has no free place for this class")
	ErrStale  = errors.New("the notice has expired or is older than one that is known")
	ErrNotice = errors.New("malformed notice")
)

// Validate checks a notice's form and its times at now; nil, ErrNotice or ErrStale.
func (n *Notice) Validate(now time.Time) error {
	switch {
	case n.Node == common.Address{}:
		return fmt.Errorf("no node: %w", ErrNotice)
	case !ValidRegion(n.Jurisdiction):
		return fmt.Errorf("jurisdiction %.8q: %w", n.Jurisdiction, ErrNotice)
	case len(n.Addresses) > MaxAddresses || len(n.Models) > MaxHoldings:
		return fmt.Errorf("%d addresses and %d models, at most %d and %d: %w", len(n.Addresses), len(n.Models), MaxAddresses, MaxHoldings, ErrNotice)
	case len(n.Provider) > MaxProviderName:
		return fmt.Errorf("provider's name of %d bytes: %w", len(n.Provider), ErrNotice)
	case n.MemoryBytes < 0 || n.Free < 0 || n.Free > MaxPlaces || n.StatFree < 0 || n.StatFree > MaxPlaces:
		return fmt.Errorf("%d bytes, %d and %d places: %w", n.MemoryBytes, n.Free, n.StatFree, ErrNotice)
	case n.Issued.After(now.Add(MaxClockSkew)):
		return fmt.Errorf("issued %v ahead of time: %w", n.Issued.Sub(now).Round(time.Second), ErrNotice)
	case !n.Expires.After(n.Issued) || n.Expires.Sub(n.Issued) > MaxNoticeLife:
		return fmt.Errorf("a life of %v, at most %v: %w", n.Expires.Sub(n.Issued), MaxNoticeLife, ErrNotice)
	case !now.Before(n.Expires):
		return ErrStale
	}
	for i, h := range n.Models {
		if h.Package.IsZero() || h.Promise <= 0 {
			return fmt.Errorf("model %d: %w", i, ErrNotice)
		}
	}
	return nil
}

// promise is what the node promises for a package.
func (n *Notice) promise(pkg models.Digest) (time.Duration, bool) {
	for _, h := range n.Models {
		if h.Package == pkg {
			return h.Promise, true
		}
	}
	return 0, false
}

// HasRoom reports whether the node said that a job of this class finds a place.
func (n *Notice) HasRoom(class Class) bool {
	return n.Free > 0 || class == STAT && n.StatFree > 0
}

// Means is what the notice says of its node for the holding at an index.
func (n *Notice) Means(holding int) Means {
	return Means{Tier: n.Tier, Trust: n.Trust, Jurisdiction: n.Jurisdiction, Provider: n.Provider,
		PriceGwei: n.PriceGwei, MemoryBytes: n.MemoryBytes, Promise: n.Models[holding].Promise}
}

// Fits checks what a notice says of its node against an offer, but not whether the node
// has a place just now: what a lottery's share is counted among. nil or a bare refusal.
func Fits(o *Offer, n *Notice, now time.Time) error {
	if !now.Before(n.Expires) {
		return ErrStale
	}
	at := slices.IndexFunc(n.Models, func(h Holding) bool { return h.Package == o.Package })
	if at < 0 {
		return ErrModel
	}
	m := n.Means(at)
	return o.Suits(&m, now)
}

// EligibleNotice checks whether it is worth to ask a node for a bid; nil or a named
// refusal. The bid is then judged by itself: a notice binds nobody.
func EligibleNotice(o Offer, n Notice, now time.Time) error {
	if err := Fits(&o, &n, now); err != nil {
		return err
	}
	if !n.HasRoom(o.Class) {
		return ErrBusy
	}
	return nil
}
