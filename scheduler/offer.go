package scheduler

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/medhive/medhive/models"
)

// Class is a task's priority.
type Class uint8

// The priority classes, from patient to pressing.
const (
	Routine Class = iota
	Urgent
	STAT
)

// String is the class's name for people.
func (c Class) String() string {
	if names := [...]string{"routine", "urgent", "STAT"}; int(c) < len(names) {
		return names[c]
	}
	return fmt.Sprintf("class %d", uint8(c))
}

// ParseClass reads a class's name, in small or capital letters.
func ParseClass(name string) (Class, error) {
	for c := range STAT + 1 {
		if strings.EqualFold(name, c.String()) {
			return c, nil
		}
	}
	return Routine, fmt.Errorf("priority %.20q: want routine, urgent or stat", name)
}

// Trust is how far a node's claims about itself are backed.
type Trust uint8

// The trust levels.
const (
	TrustSoftware Trust = iota // only its own key speaks for it
	TrustDevice                // a TPM key and a vendor's voucher
	TrustEnclave               // a TEE's attestation
)

// Limits of one offer and bid; beyond them they are refused.
const (
	MaxRegions      = 16               // residency set
	MaxAddresses    = 4                // multiaddresses of one peer in a message
	MaxOfferLife    = 2 * time.Minute  // gossip's seen-TTL must outlive it
	MaxPayloadBytes = 4 << 30          // 4 GiB
	MaxBidHold      = 30 * time.Second // how long a bid may keep a slot
	MaxProviders    = 8                // execution providers that an offer tolerates
	MaxProviderName = 16               // bytes of one's name
	MaxHoldings     = 12               // models of one notice, which stays under 1 KiB
	MaxNoticeLife   = 10 * time.Minute // a node repeats its notice three times as often
	MaxClockSkew    = time.Minute      // how far ahead a sender's clock may be
	MaxPlaces       = 4096             // free places that one notice may claim
)

// Offer is what the network learns about a task. It holds no patient data and no
// free text.
type Offer struct {
	Task, Package models.Digest
	Clinic        common.Address
	Addresses     []string // multiaddresses where the clinic takes bids
	Payload       string   // CIDv1 of the ciphertext's manifest
	PayloadBytes  int64    // plaintext size at most, see CoarseBytes
	MemoryBytes   int64    // what the model needs for one job
	Class         Class
	Deadline      time.Time // of the task
	Expires       time.Time // of this announcement
	Residency     []string  // ISO 3166-1 alpha-2; empty never matches
	MinTier       uint8
	MinTrust      Trust
	CeilingGwei   uint64
	Round         uint32
	Threshold     uint64 // lottery: only nodes whose draw is below it bid
	// Providers are the execution providers whose results are tolerated, such as "cpu";
	// none named: any.
	Providers []string
}

// Bid is a node's answer to an offer. The node has reserved a slot for Hold.
type Bid struct {
	Task, Package models.Digest
	Round         uint32
	Node, Clinic  common.Address
	PriceGwei     uint64
	Promise       time.Duration // from award to result, as the node expects
	Hold          time.Duration
	Tier          uint8
	Trust         Trust
	Jurisdiction  string
	MemoryBytes   int64
	Provider      string        // execution provider that would run it
	Profile       models.Digest // of the node's hardware profile
	HPKEKey       []byte        // X25519 public key that the content key is wrapped to
	Addresses     []string      // where the node takes its award
}

// Refusals of the match. Each names the criterion.
var (
	ErrModel     = errors.New("the node does not hold this model package")
	ErrTier      = errors.New("the node's tier is below the task's")
	ErrTrust     = errors.New("the node's trust level is below the task's")
	ErrResidency = errors.New("the node's jurisdiction is not in the task's residency set")
	ErrPrice     = errors.New("the price is above the task's ceiling")
	ErrMemory    = errors.New("the node has less memory than the model needs")
	ErrDeadline  = errors.New("the promised completion is after the deadline")
	ErrOtherTask = errors.New("the bid is for another task, clinic or package")
	ErrLottery   = errors.New("the node did not win this round's lottery")
	ErrProvider  = errors.New("the task does not tolerate the node's execution provider")
)

// ValidRegion reports whether code has the form of an ISO 3166-1 alpha-2 code.
func ValidRegion(code string) bool {
	return len(code) == 2 && code[0] >= 'A' && code[0] <= 'Z' && code[1] >= 'A' && code[1] <= 'Z'
}

// Tolerates reports whether results of an execution provider are taken; where the offer
// names none, every provider's are.
func (o Offer) Tolerates(provider string) bool {
	return len(o.Providers) == 0 || slices.Contains(o.Providers, provider)
}

// Means is what a node has to offer for one package, as its bid or its notice says it.
type Means struct {
	Tier         uint8
	Trust        Trust
	Jurisdiction string
	Provider     string
	PriceGwei    uint64
	MemoryBytes  int64
	Promise      time.Duration
}

// Suits checks means against what an offer asks for; nil or a named refusal. It is bare,
// since a shortlist asks it of thousands of nodes; Eligible adds the figures.
func (o *Offer) Suits(m *Means, now time.Time) error {
	switch {
	case m.Tier < o.MinTier:
		return ErrTier
	case m.Trust < o.MinTrust:
		return ErrTrust
	case !ValidRegion(m.Jurisdiction) || !slices.Contains(o.Residency, m.Jurisdiction):
		return ErrResidency
	case !o.Tolerates(m.Provider):
		return ErrProvider
	case m.PriceGwei > o.CeilingGwei:
		return ErrPrice
	case m.MemoryBytes < o.MemoryBytes:
		return ErrMemory
	case m.Promise <= 0 || now.Add(m.Promise).After(o.Deadline):
		return ErrDeadline
	}
	return nil
}

// refusal wraps what Suits said in the figures behind it; nil stays nil.
func (o *Offer) refusal(m *Means, err error) error {
	var figures string
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrTier):
		figures = fmt.Sprintf("tier %d, task needs %d", m.Tier, o.MinTier)
	case errors.Is(err, ErrTrust):
		figures = fmt.Sprintf("trust level %d, task needs %d", m.Trust, o.MinTrust)
	case errors.Is(err, ErrResidency):
		figures = fmt.Sprintf("jurisdiction %.8q", m.Jurisdiction)
	case errors.Is(err, ErrProvider):
		figures = fmt.Sprintf("provider %.16q", m.Provider)
	case errors.Is(err, ErrPrice):
		figures = fmt.Sprintf("price %d gwei, ceiling %d gwei", m.PriceGwei, o.CeilingGwei)
	case errors.Is(err, ErrMemory):
		figures = fmt.Sprintf("%d bytes of memory, model needs %d", m.MemoryBytes, o.MemoryBytes)
	default:
		figures = fmt.Sprintf("promised in %v", m.Promise)
	}
	return fmt.Errorf("%s: %w", figures, err)
}

// Eligible checks a bid against its offer at the clinic; nil or a named refusal.
func Eligible(o Offer, b Bid, now time.Time) error {
	switch {
	case b.Task != o.Task || b.Clinic != o.Clinic:
		return ErrOtherTask
	case b.Package != o.Package:
		return fmt.Errorf("bid for package %s, task needs %s: %w", b.Package.Short(), o.Package.Short(), ErrModel)
	}
	m := Means{Tier: b.Tier, Trust: b.Trust, Jurisdiction: b.Jurisdiction, Provider: b.Provider,
		PriceGwei: b.PriceGwei, MemoryBytes: b.MemoryBytes, Promise: b.Promise}
	return o.refusal(&m, o.Suits(&m, now))
}

// WantsBid is the node's side of the same match: the bid that it would make is
// checked against the offer, and the lottery must let it through.
func WantsBid(o Offer, b Bid, now time.Time) error {
	if err := Eligible(o, b, now); err != nil {
		return err
	}
	if !now.Before(o.Expires) {
		return fmt.Errorf("the offer has expired: %w", ErrDeadline)
	}
	if !Drawn(o.Task, o.Round, o.Clinic, b.Node, o.Threshold) {
		return ErrLottery
	}
	return nil
}

// sizeSteps are the sizes between n and 2n that an offer tells apart.
const sizeSteps = 8

// CoarseBytes is the size that an offer of a payload of n bytes says, 1 to MaxPayloadBytes: up to
// an eighth more. Two copies of one study, or two submissions of it, are not told by their
// exact size from other offers that the network hears.
func CoarseBytes(n int64) int64 {
	step := int64(1)
	for 2*sizeSteps*step <= n {
		step *= 2
	}
	return min((n+step-1)/step*step, MaxPayloadBytes)
}
