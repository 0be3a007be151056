package hwprobe

import (
	"encoding/json"
	"fmt"

	"github.com/medhive/medhive/hwprobe/power"
)

// Tier is a machine's class: 0 is unqualified, 1 to 4 rise with the int8 rate.
type Tier int

// Unqualified machines take part without a tier's band of reward.
const Unqualified Tier = 0

// rule is one row of the tier table.
type rule struct {
	tier        Tier
	tops        float64 // sustained dense int8, 10¹²/s
	topsPerWatt float64 // the efficiency at which the reward is full
}

// rules is the network's tier table, lowest first.
func rules() []rule {
	return []rule{{1, 15, 2.5}, {2, 45, 3.2}, {3, 120, 3.8}, {4, 450, 4.5}}
}

// String is "tier 2" or "unqualified".
func (t Tier) String() string {
	if t == Unqualified {
		return "unqualified"
	}
	return fmt.Sprintf("tier %d", int(t))
}

// MarshalJSON writes the number, so that consumers can compare.
func (t Tier) MarshalJSON() ([]byte, error) { return json.Marshal(int(t)) }

// The names of rules.
const (
	RuleTOPS       = "tops"
	RuleEfficiency = "efficiency"
)

// Reason is one rule, whether the machine meets it, and the figures behind that.
type Reason struct {
	Rule string `json:"rule"` // RuleTOPS or RuleEfficiency
	Tier Tier   `json:"tier"` // whose rule it is
	Met  bool   `json:"met"`
	Text string `json:"text"` // for a person, with the gap where there is one
}

// TierFor is the highest row of the table whose TOPS a sustained dense int8 rate reaches.
func TierFor(tops float64) Tier {
	tier := Unqualified
	for _, r := range rules() {
		if tops >= r.tops {
			tier = r.tier
		}
	}
	return tier
}

// TierOf is the tier of a profile with its reasons: the highest row of the table whose
// TOPS the sustained median reaches. Efficiency (median TOPS over watts) never changes
// the tier; it scales the reward and is always listed, for this tier and the next.
func TierOf(p Profile) (Tier, []Reason) {
	tier, table := TierFor(p.TOPS.Median), rules()
	var reasons []Reason
	if tier > Unqualified {
		r := table[tier-1]
		reasons = append(reasons,
			Reason{RuleTOPS, r.tier, true, fmt.Sprintf("%s int8 TOPS sustained; %v needs %g", figure(p.TOPS.Median), r.tier, r.tops)},
			efficiency(p, r))
	}
	if int(tier) < len(table) {
		r := table[tier]
		reasons = append(reasons,
			Reason{RuleTOPS, r.tier, false, fmt.Sprintf("%s int8 TOPS sustained; %v needs %g, %s more (%.1f times this machine)",
				figure(p.TOPS.Median), r.tier, r.tops, figure(r.tops-p.TOPS.Median), ratio(r.tops, p.TOPS.Median))},
			efficiency(p, r))
	}
	return tier, reasons
}

// maxTOPSPerWatt is beyond every machine, whole or its chips alone: GPUs of 2026 reach
// 2 to 4 dense int8 TOPS/W, and the best accelerators of a few watts about 10.
const maxTOPSPerWatt = 30

// paysForWatts reports whether there is a power figure that the reward may divide by:
// from a sensor of the chips at least, and one that a machine can have.
func (p Profile) paysForWatts() bool {
	return p.Watts.Basis.Rank() >= power.Package.Rank() && p.Watts.Value > 0 && p.TOPS.Median/p.Watts.Value <= maxTOPSPerWatt
}

// efficiency compares TOPS per watt with a row's.
func efficiency(p Profile, r rule) Reason {
	if p.Watts.Basis.Rank() == 0 || p.Watts.Value <= 0 {
		return Reason{RuleEfficiency, r.tier, false, fmt.Sprintf("power is unmeasured; %v's reward is full from %g TOPS/W", r.tier, r.topsPerWatt)}
	}
	have := p.TOPS.Median / p.Watts.Value
	if have > maxTOPSPerWatt {
		return Reason{RuleEfficiency, r.tier, false, fmt.Sprintf("%s W for %s TOPS (%s) is no figure to divide by; %v's reward is full from %g TOPS/W",
			figure(p.Watts.Value), figure(p.TOPS.Median), p.Watts.Basis, r.tier, r.topsPerWatt)}
	}
	counts, part := have*allowance(p.Watts.Basis), ""
	if counts < have {
		part = fmt.Sprintf(", of which %s count", figure(counts))
	}
	return Reason{RuleEfficiency, r.tier, p.paysForWatts() && counts >= r.topsPerWatt,
		fmt.Sprintf("%s TOPS/W (dense int8; %s, %s W)%s; %v's reward is full from %g", figure(have), p.Watts.Basis, figure(p.Watts.Value), part, r.tier, r.topsPerWatt)}
}

// Efficiency is the reward's efficiency factor in [0,1]:
//
//	e = min(1, (median TOPS ÷ watts) · allowance(basis) ÷ the TOPS/W of the machine's own row)
//
// An unqualified machine is held to tier 1's row. Power that nobody measured gives 0, and
// so does a figure that an operator merely declares, or of a basis that this program
// doesn't know: a word must not be worth more than a sensor. Above 30 TOPS/W e is 0 as
// well: no machine computes that, so the sensor missed what did, or the figure is made up,
// and e stops at the row's 2.5 to 4.5 anyway, so that no honest machine loses by it. What
// an e of 0 costs is for the reward to say.
func Efficiency(p Profile) float64 {
	if !p.paysForWatts() {
		return 0
	}
	row := rules()[max(int(TierFor(p.TOPS.Median))-1, 0)]
	return min(1, p.TOPS.Median/p.Watts.Value*allowance(p.Watts.Basis)/row.topsPerWatt)
}

// ratio is a/b, and 0 where b is not positive.
func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// figure writes three significant digits.
func figure(x float64) string { return fmt.Sprintf("%.3g", x) }
