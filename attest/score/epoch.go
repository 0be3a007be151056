package score

import (
	"errors"
	"fmt"
	"math"
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

	// The rest counts by Parameters.Conduct alone.
	Standing  Standing // before the epoch; zero: a new node
	Checks    []Check  // in the order in which they count, as Settle leaves them
	Unchecked uint64   // checks that could not be made
}

// Demand is what the coordinator saw offered on the market.
type Demand struct {
	Offers uint64 `json:"offers"`
	Unmet  uint64 `json:"unmet"` // of these, ended without an award
}

// Epoch is everything that scoring needs.
type Epoch struct {
	Seconds uint64   // length in chain time
	To      uint64   // its end, chain time in unix seconds
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
	GateChecks        Gate = "checks of its work failed; valid checks lift it"
	GatePromises      Gate = "promised results did not come; delivered ones lift it"
	GateUptime        Gate = "uptime under the limit for longer than the grace; answered challenges lift it"
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

	// By Parameters.Conduct; absent before.
	Checked   uint64   `json:"checked,omitempty"`   // coordinators' checks that came to a verdict
	Failed    uint64   `json:"failed,omitempty"`    // of these, not valid
	Compared  uint64   `json:"compared,omitempty"`  // clinics' replicas that came to a verdict
	Differed  uint64   `json:"differed,omitempty"`  // of these, not valid
	Unchecked uint64   `json:"unchecked,omitempty"` // checks that could not be made: neither for the node nor against it
	Lapsed    uint64   `json:"lapsed,omitempty"`    // broken promises that count
	Read      uint64   `json:"read,omitempty"`      // results that readers judged
	Rejected  uint64   `json:"rejected,omitempty"`  // of these, not accepted
	Standing  Standing `json:"standing,omitzero"`   // after the epoch
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
	if p.ByConduct() && (e.To == 0 || e.To > math.MaxInt64) {
		return fmt.Errorf("epoch that ends at %d: want its end in chain time", e.To)
	}
	return e.validateNodes()
}

// maxModel bounds α and β: more than any parameters let them grow to.
const maxModel = 2 * maxTokens * uint64(One)

// validateNodes needs a set of addresses only where nodes are not in their order.
func (e Epoch) validateNodes() error {
	var seen map[common.Address]bool
	for i := range e.Nodes { // by index: evidence is large
		if i > 0 && e.Nodes[i-1].Node.Cmp(e.Nodes[i].Node) > 0 {
			seen = make(map[common.Address]bool, len(e.Nodes))
			break
		}
	}
	for i := range e.Nodes {
		n := &e.Nodes[i]
		if n.Tier < 0 || n.Tier >= TierCount {
			return fmt.Errorf("node %s: tier %d; want 0 to %d", n.Node, n.Tier, TierCount-1)
		}
		if seen[n.Node] || seen == nil && i > 0 && e.Nodes[i-1].Node == n.Node {
			return fmt.Errorf("node %s stands there twice; join its evidence", n.Node)
		}
		for _, r := range [...]Reputation{n.Before, n.Standing.Checks, n.Standing.Promises} {
			if r.Alpha > maxModel || r.Beta > maxModel {
				return fmt.Errorf("node %s: reputation out of range; take the one of the epoch before", n.Node)
			}
		}
		if seen != nil {
			seen[n.Node] = true
		}
	}
	return nil
}
