package agent

import (
	"fmt"
	"math"
	"math/big"
	"time"

	"github.com/medhive/medhive/attest/score"
)

// EpochReward is what one epoch earned this node, and by which factor, in wei of HIVE. Of the
// reward r of a factor w·f = Σ wᵢ·fᵢ, factor i has earned r · wᵢ·fᵢ / (w·f): the score is
// linear in it, and what tier and efficiency take or give they take of all alike. What
// remains of whole wei goes to the largest.
type EpochReward struct {
	Epoch           uint64     `json:"epoch"`
	Day             string     `json:"day"` // in which it ended (UTC)
	RewardWei       *big.Int   `json:"reward_wei"`
	ComputeWei      *big.Int   `json:"compute_wei"`
	AvailabilityWei *big.Int   `json:"availability_wei"`
	QualityWei      *big.Int   `json:"quality_wei"`
	NetworkWei      *big.Int   `json:"network_wei"`
	Gate            score.Gate `json:"gate"`
}

// rewardOf splits a published line; pure.
func rewardOf(p PublishedScore) EpochReward {
	r := EpochReward{Epoch: p.Epoch, Day: time.Unix(int64(min(p.To, math.MaxInt32)), 0).UTC().Format(time.DateOnly), RewardWei: new(big.Int), Gate: p.Line.Gate}
	if p.Line.Reward.Int != nil {
		r.RewardWei.Set(p.Line.Reward.Int)
	}
	f, w := p.Line.Factors, p.Weights
	parts := splitReward(r.RewardWei, [4]*big.Int{product(w.C, f.C), product(w.A, f.A), product(w.Q, f.Q), product(w.N, f.N)})
	r.ComputeWei, r.AvailabilityWei, r.QualityWei, r.NetworkWei = parts[0], parts[1], parts[2], parts[3]
	return r
}

func product(a, b score.Parts) *big.Int {
	return new(big.Int).Mul(new(big.Int).SetUint64(uint64(a)), new(big.Int).SetUint64(uint64(b)))
}

// splitReward divides in proportion; the largest share gets what remains of whole wei, and the
// first all where every share is 0.
func splitReward(reward *big.Int, shares [4]*big.Int) (parts [4]*big.Int) {
	total, left, largest := new(big.Int), new(big.Int).Set(reward), 0
	for i, s := range shares {
		total.Add(total, s)
		if s.Cmp(shares[largest]) > 0 {
			largest = i
		}
	}
	for i, s := range shares {
		parts[i] = new(big.Int)
		if total.Sign() > 0 {
			parts[i].Div(parts[i].Mul(reward, s), total)
			left.Sub(left, parts[i])
		}
	}
	parts[largest].Add(parts[largest], left)
	return parts
}

// Money is what an operator reckons with. Nobody quotes HIVE for them: the rate is their own.
type Money struct {
	Currency string  `json:"currency,omitempty"` // a word, such as EUR
	PerHIVE  float64 `json:"per_hive,omitempty"` // of the currency; 0: not known
	PerKWh   float64 `json:"per_kwh,omitempty"`  // what power costs, of the currency; 0: not known
}

// Check says what can't be meant.
func (m Money) Check() error {
	for name, v := range map[string]float64{"hive-rate": m.PerHIVE, "power-price": m.PerKWh} {
		if !(v >= 0) || math.IsInf(v, 1) {
			return fmt.Errorf("%s %v: want a number from 0 up", name, v)
		}
	}
	if len(m.Currency) > maxCurrency {
		return fmt.Errorf("currency %.20q: want a short word, such as EUR", m.Currency)
	}
	return nil
}

// maxCurrency is the length of a currency's name in bytes.
const maxCurrency = 12

// weiPerHIVE is ERC-20's usual 18 decimals.
const weiPerHIVE = 1e18

// Value is what an amount of HIVE is worth by the operator's rate.
func (m Money) Value(wei *big.Int) float64 {
	if wei == nil {
		return 0
	}
	hive, _ := new(big.Rat).SetFrac(wei, big.NewInt(weiPerHIVE)).Float64()
	return hive * m.PerHIVE
}

// joulesPerKWh is by definition of the watt-hour.
const joulesPerKWh = 3.6e6

// Power is what so much energy costs.
func (m Money) Power(joules float64) float64 { return joules / joulesPerKWh * m.PerKWh }
