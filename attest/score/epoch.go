package score

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
)

// Evidence is what one epoch proves about one node.
type Evidence struct {
	Node         common.Address
	Tier         int    // 0 unqualified to 4
	Registered   bool   // stands in the registry and is active there
	Jurisdiction string // ISO 3166-1 alpha-2, "" unknown
	Trust        Trust
	Efficiency   Efficiency // zero: the profile says nothing of it
	Before       Reputation // zero: a new node
	Jobs         []Job      // in the order in which they count
	Windows      []Window   // in any order
}

// Demand is what the coordinator saw offered on the market.
type Demand struct {
	Offers uint64 `json:"offers"`
	Unmet  uint64 `json:"unmet"` // of these, ended without an award
}

// Epoch is everything that scoring needs.
type Epoch struct {
	Seconds uint64   // length in chain time
	Pool    *big.Int // wei
	Before  Weights  // of the epoch before; zero: the initial ones
	Demand  Demand
	Nodes   []Evidence
}

// Gate says whether a node takes part, and if not, why.
type Gate string

// The states of the gate; every one but GateOpen makes the score 0.
const (
	GateOpen          Gate = "open"
	GateNotRegistered Gate = "not registered; register the node and keep it active"
	GateNoEvidence    Gate = "no accepted work and no answered challenge; keep the node reachable"
	GateQuality       Gate = "quality under the limit; accepted jobs lift it"
)

// Line is one node's score, explained.
type Line struct {
	Node         common.Address `json:"node"`
	Tier         int            `json:"tier"`
	Jurisdiction string         `json:"jurisdiction"`
	Trust        Trust          `json:"trust"`

	Accepted uint64 `json:"accepted"`
	Disputed uint64 `json:"disputed"`
	Late     uint64 `json:"late"`
	BusyMS   uint64 `json:"busy_ms"`
	Asked    uint64 `json:"asked"`
	Answered uint64 `json:"answered"`

	Factors    Shares     `json:"factors"`
	Reputation Reputation `json:"reputation"` // after the epoch
	Gate       Gate       `json:"gate"`
	Factor     Parts      `json:"factor"` // w·f
	Efficiency Efficiency `json:"efficiency,omitzero"`
	Score      uint64     `json:"score"` // tier weight · gate · w·f · thrift, in 1e-9
	Limit      Wei        `json:"limit_wei"`
	Reward     Wei        `json:"reward_wei"`
}

// Result is the scored epoch.
type Result struct {
	Signals Signals
	Weights Weights
	Lines   []Line // in the order of Epoch.Nodes
	Total   *big.Int
}

// maxEpochSeconds is ten years: a longer epoch is a clock's fault.
const maxEpochSeconds = 10 * 365 * 24 * 3600

// Compute scores an epoch:
//
//	weights = before moved by signals (Weights.Next)
//	score   = tierWeight · gate · (w·f) · thrift
//	reward  = min(pool · score / Σ score, limit of the tier)
//
// Σ reward ≤ pool. The same input gives the same output on every machine.
func Compute(p Parameters, e Epoch) (Result, error) {
	if err := e.validate(p); err != nil {
		return Result{}, err
	}
	lines := make([]Line, len(e.Nodes))
	for i, n := range e.Nodes {
		lines[i] = weigh(p, e, n)
	}
	here, live := census(lines)
	signals := signalsOf(e, lines, here, live)
	before := e.Before
	if before == (Weights{}) {
		before = InitialWeights(p)
	}
	weights := before.Next(p, signals)
	sum := new(big.Int)
	for i := range lines {
		l := &lines[i]
		l.Factors.N = network(scarcity(l.Jurisdiction, here[l.Jurisdiction], live), l.Trust)
		l.Factor = factor(weights, l.Factors)
		if l.Gate == GateOpen {
			l.Score = p.Tiers[l.Tier].Weight * uint64(l.Factor.times(p.thrift(l.Tier, l.Efficiency)))
		}
		sum.Add(sum, new(big.Int).SetUint64(l.Score))
	}
	total := new(big.Int)
	for i := range lines {
		l := &lines[i]
		l.Limit = Wei{limit(p, p.Tiers[l.Tier], l.Factor.times(p.thrift(l.Tier, l.Efficiency)), e.Seconds)}
		l.Reward = Wei{reward(e.Pool, l.Score, sum, l.Limit.Int)}
		total.Add(total, l.Reward.Int)
	}
	return Result{Signals: signals, Weights: weights, Lines: lines, Total: total}, nil
}

func (e Epoch) validate(p Parameters) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if e.Seconds == 0 || e.Seconds > maxEpochSeconds {
		return fmt.Errorf("epoch of %d s: want 1 s to ten years; check the chain's time", e.Seconds)
	}
	if e.Pool == nil || e.Pool.Sign() < 0 {
		return errors.New("epoch without a pool: want 0 wei or more")
	}
	if e.Demand.Unmet > e.Demand.Offers {
		return fmt.Errorf("demand: %d unmet of %d offers; count every offer", e.Demand.Unmet, e.Demand.Offers)
	}
	if e.Before != (Weights{}) {
		if err := e.Before.Validate(p); err != nil {
			return err
		}
	}
	seen := make(map[common.Address]bool, len(e.Nodes))
	for _, n := range e.Nodes {
		if n.Tier < 0 || n.Tier >= TierCount {
			return fmt.Errorf("node %s: tier %d; want 0 to %d", n.Node, n.Tier, TierCount-1)
		}
		if seen[n.Node] {
			return fmt.Errorf("node %s stands there twice; join its evidence", n.Node)
		}
		if bound := 2 * maxTokens * uint64(One); n.Before.Alpha > bound || n.Before.Beta > bound {
			return fmt.Errorf("node %s: reputation out of range; take the one of the epoch before", n.Node)
		}
		seen[n.Node] = true
	}
	return nil
}

// weigh fills what concerns a node alone: counts, c, a, q and the gate.
func weigh(p Parameters, e Epoch, n Evidence) Line {
	l := Line{Node: n.Node, Tier: n.Tier, Jurisdiction: n.Jurisdiction, Trust: n.Trust, Efficiency: n.Efficiency, Reputation: n.Before, Gate: GateOpen}
	if l.Reputation == (Reputation{}) {
		l.Reputation = Reputation{Alpha: p.Alpha}
	}
	for _, j := range n.Jobs {
		l.Reputation = l.Reputation.After(p, j.Accepted)
		switch {
		case !j.Accepted:
			l.Disputed++
		case j.Late:
			l.Accepted++
			l.Late++
		default:
			l.Accepted++
		}
	}
	for _, w := range n.Windows {
		l.Asked += w.Asked
		l.Answered += min(w.Answered, w.Asked)
	}
	l.BusyMS = busyMS(n.Jobs)
	l.Factors.C = compute(l.BusyMS, e.Seconds)
	l.Factors.A = availability(n.Windows, l.Accepted)
	l.Factors.Q = quality(l.Reputation, l.Accepted, l.Late)
	switch {
	case !n.Registered:
		l.Gate = GateNotRegistered
	case l.Accepted == 0 && l.Answered == 0:
		l.Gate = GateNoEvidence
	case l.Reputation.Value() < p.DisqualifyUnder:
		l.Gate = GateQuality
	}
	return l
}

// census counts the live nodes (gate open) in all and by jurisdiction: a
// thousand dead registrations must not make a place look crowded.
func census(lines []Line) (here map[string]uint64, live uint64) {
	here = map[string]uint64{}
	for _, l := range lines {
		if l.Gate == GateOpen {
			here[l.Jurisdiction]++
			live++
		}
	}
	return here, live
}

// signalsOf reads the network's lacks off the lines. Nodes that are not
// registered move nothing: strangers must not steer the weights.
func signalsOf(e Epoch, lines []Line, here map[string]uint64, live uint64) Signals {
	s := Signals{UnmetOffers: ratio(e.Demand.Unmet, e.Demand.Offers)}
	var available, asked, accepted, disputed uint64
	for _, l := range lines {
		if l.Gate == GateNotRegistered {
			continue
		}
		accepted, disputed = accepted+l.Accepted, disputed+l.Disputed
		if l.Asked > 0 {
			asked++
			available += uint64(l.Factors.A)
		}
	}
	if asked > 0 {
		s.Outage = One - Parts(available/asked)
	}
	s.Disputes = ratio(disputed, accepted+disputed)
	for _, count := range here { // a sum of whole numbers: the order is of no matter
		share := ratio(count, live)
		s.Concentration += share.times(share)
	}
	return s
}
