package score

import (
	"errors"
	"fmt"
)

// TierCount is the number of tiers with 0, unqualified.
const TierCount = 5

// Parameters are the numbers of the scoring. They are published with every
// epoch; a verifier compares them with those of its own version.
type Parameters struct {
	Shares          Shares          `json:"shares"`           // how the weight above the minimum is split when the network is calm; each ≤ One/2
	MinWeight       Parts           `json:"min_weight"`       // no factor weighs less
	Smoothing       uint64          `json:"smoothing"`        // the weights move 1/Smoothing of the way each epoch
	Alpha           uint64          `json:"alpha"`            // the α of a new node, in 1e-9
	Step            uint64          `json:"step"`             // what one job adds to α or β, in 1e-9
	Lambda          Parts           `json:"lambda"`           // what a job leaves of the past
	DisqualifyUnder Parts           `json:"disqualify_under"` // α/(α+β) below closes the gate
	Tiers           [TierCount]Tier `json:"tiers"`            // by tier number
	MonthSeconds    uint64          `json:"month_seconds"`    // the month of the bands
	WindowSeconds   uint64          `json:"window_seconds"`   // availability is a mean over windows of this length

	// Thrift says that efficiency counts and that profiles are read as this version reads
	// them. It is absent from epochs from before that, which recompute as published.
	Thrift bool `json:"thrift,omitempty"`

	// Conduct says that checks, broken promises and long absence count. It is absent from
	// epochs from before that, which recompute as published.
	Conduct Conduct `json:"conduct,omitzero"`
}

// Tier is what a tier number means for money.
type Tier struct {
	Weight   uint64 `json:"weight"`    // the middle of the band in HIVE
	LowHive  uint64 `json:"low_hive"`  // a month of a healthy node in a balanced network: from
	HighHive uint64 `json:"high_hive"` // … to; also the limit
}

// DefaultParameters are the numbers of this version.
//
// Reputation is Storj's beta model: α₀ = 1000, β₀ = 0, λ = 0.99, disqualified
// under 0.95. Step is (1−λ)·α₀ = 10, which keeps α+β at 1000, so that it is six
// straight failures that disqualify.
//
// Tier 0, unqualified, still runs, so it is paid; but its weight is under a
// tenth of tier 1's and its limit is 12 HIVE a month: ten unqualified machines
// together earn no more than the low end of one tier 1 band, so nobody gains by
// splitting a good machine into bad ones or by leaving the probe out.
func DefaultParameters() Parameters {
	return Parameters{
		Shares:    Shares{C: 350_000_000, A: 200_000_000, Q: 300_000_000, N: 150_000_000},
		MinWeight: 100_000_000,
		Smoothing: 8,
		Alpha:     1_000 * uint64(One),
		Step:      10 * uint64(One),
		Lambda:    990_000_000, DisqualifyUnder: 950_000_000,
		Tiers: [TierCount]Tier{
			{Weight: 12, LowHive: 0, HighHive: 12},
			{Weight: 135, LowHive: 120, HighHive: 150},
			{Weight: 350, LowHive: 300, HighHive: 400},
			{Weight: 800, LowHive: 700, HighHive: 900},
			{Weight: 3_000, LowHive: 2_500, HighHive: 3_500},
		},
		MonthSeconds:  30 * 24 * 3600,
		WindowSeconds: 12 * 3600,
		Thrift:        true,
		Conduct:       DefaultConduct(),
	}
}

// FirstParameters are the numbers of epochs from before efficiency counted.
func FirstParameters() Parameters {
	p := SecondParameters()
	p.Thrift = false
	return p
}

// ThirdParameters are the numbers of epochs from before readers counted.
func ThirdParameters() Parameters {
	p := DefaultParameters()
	p.Conduct.ReaderShare = 0
	return p
}

// SecondParameters are the numbers of epochs from before conduct counted.
func SecondParameters() Parameters {
	p := DefaultParameters()
	p.Conduct = Conduct{}
	return p
}

// ByConduct reports whether checks, broken promises and long absence count.
func (p *Parameters) ByConduct() bool { return p.Conduct != (Conduct{}) }

// Published reports whether p are the numbers of this version or of an earlier one: a
// verifier takes no others.
func (p Parameters) Published() bool {
	return p == DefaultParameters() || p == ThirdParameters() || p == SecondParameters() || p == FirstParameters()
}

// maxTokens bounds weights, bands and α, so that no sum of this package overflows.
const maxTokens = 1_000_000

// Validate checks that the formulas hold for these numbers.
func (p Parameters) Validate() error {
	s := p.Shares
	for _, share := range []Parts{s.C, s.A, s.Q, s.N} {
		if share > One/2 {
			return fmt.Errorf("parameters: a share is %s; want at most a half, or a weight could pass 0.5", share)
		}
	}
	if s.C+s.A+s.Q+s.N != One {
		return fmt.Errorf("parameters: shares sum to %s; want 1", s.C+s.A+s.Q+s.N)
	}
	if p.MinWeight == 0 || p.MinWeight > One/4 || p.Smoothing == 0 || p.Smoothing > maxTokens {
		return errors.New("parameters: want a minimum weight of at most a quarter and a smoothing of 1 to 1000000")
	}
	if p.Lambda > One || p.DisqualifyUnder > One || p.Alpha == 0 || p.Alpha > maxTokens*uint64(One) || p.Step > maxTokens*uint64(One) {
		return errors.New("parameters: want λ and the disqualification in 0 to 1, α more than 0")
	}
	if p.MonthSeconds == 0 || p.WindowSeconds == 0 {
		return errors.New("parameters: want a month and a window of more than 0 s")
	}
	if p.ByConduct() {
		if err := p.Conduct.validate(); err != nil {
			return err
		}
	}
	for n, t := range p.Tiers {
		if t.Weight > maxTokens || t.HighHive > maxTokens || t.LowHive > t.HighHive {
			return fmt.Errorf("parameters: tier %d: want low ≤ high ≤ %d and a weight in that range", n, maxTokens)
		}
	}
	return nil
}
