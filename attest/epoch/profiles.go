package epoch

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
)

// ErrForeignProfile marks a profile that its node signed but that was made for another
// one, or for nobody.
var ErrForeignProfile = errors.New("the profile is another node's")

// ReadProfile is the hardware profile of a statement. A profile that this version can't
// read is hwprobe.ErrProfile. One of version 2 names its node, and where that isn't the
// node that signed it is ErrForeignProfile: else a copy of a good machine's profile would
// serve everybody. Version 1 names nobody.
func ReadProfile(s attest.ProfileStatement) (hwprobe.Profile, error) {
	p, err := hwprobe.ReadProfile(s.Profile)
	if err != nil {
		return hwprobe.Profile{}, fmt.Errorf("profile of %s: %w", s.Node, err)
	}
	named := p.Identity.Node
	if p.Version >= hwprobe.ProfileVersion && (!common.IsHexAddress(named) || common.HexToAddress(named) != s.Node) {
		return hwprobe.Profile{}, fmt.Errorf("profile of %s: it names %.42q: %w; probe this machine and sign that", s.Node, named, ErrForeignProfile)
	}
	return p, nil
}

// mops is 10¹² operations a second in the unit of examinations.
const mops = 1e6

// reading is what an epoch takes from a profile. The zero value is a profile of version 1
// that is unqualified.
type reading struct {
	tier       int              // by the figures, not the one that the profile claims
	efficiency score.Efficiency // not Known for version 1, which says nothing of it
	claimMOPS  uint64           // int8 rate in 10⁶ operations a second, to the nearest; 0 where it is no claim
}

// readingOf reads a profile by the rules of p. One that can't be read, or is another
// node's, is unqualified.
func readingOf(p score.Parameters, s attest.ProfileStatement) reading {
	if !p.Thrift {
		return reading{tier: firstTier(s.Profile)}
	}
	profile, err := ReadProfile(s)
	if err != nil {
		return reading{efficiency: score.Efficiency{Known: true}}
	}
	r := reading{tier: int(hwprobe.TierFor(profile.TOPS.Median))}
	if profile.TOPS.Median > 0 && profile.TOPS.Median <= mops {
		r.claimMOPS = uint64(math.Round(profile.TOPS.Median * mops))
	}
	if profile.Version >= hwprobe.ProfileVersion {
		// Products and quotients of float64 are the same on every machine; nothing is added
		// here that a compiler could fuse.
		r.efficiency = score.Efficiency{Known: true, Share: score.Parts(hwprobe.Efficiency(profile) * float64(score.One))}
	}
	return r
}

// profiles enters the epoch's profiles and returns those that count, by node. One of
// version 1 does not replace one of version 2: nothing is gained by knowing less.
func (g *gathered) profiles(in Inputs, byNode map[common.Address]*score.Evidence) map[common.Address]reading {
	read := map[common.Address]reading{}
	for _, p := range in.Profiles {
		e := byNode[p.Statement.Node]
		if e == nil {
			continue
		}
		state, r := g.before[e.Node], readingOf(in.Parameters, p.Statement)
		if state.Efficiency.Known && !r.efficiency.Known {
			continue
		}
		state.ProfileDigest, state.Efficiency = p.Statement.ProfileDigest, r.efficiency
		g.before[e.Node], read[e.Node] = state, r
		e.Tier = r.tier
	}
	return read
}

// firstTier is the tier of a profile as epochs of score.FirstParameters read it: version 1
// with its very types and without bounds, so that each still has the tier that was
// published. Anything else was unqualified.
func firstTier(profile json.RawMessage) int {
	var p struct {
		Version int
		CPU     struct {
			Model, Arch    string
			Cores, Threads int
			ISA            []string
		}
		MemoryBytes uint64 `json:"memory_bytes"`
		TOPS        struct {
			Median, Best, Seconds    float64
			Windows, Threads         int
			Provider, Runtime, Basis string
		}
		Watts struct {
			Value       float64
			Basis, Note string
		}
		Tier    int
		Reasons []struct {
			Rule, Text string
			Tier       int
			Met        bool
		}
	}
	if err := json.Unmarshal(profile, &p); err != nil || p.Version != 1 {
		return int(hwprobe.Unqualified)
	}
	return int(hwprobe.TierFor(p.TOPS.Median))
}
