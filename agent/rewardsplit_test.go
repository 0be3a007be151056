package agent

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/attest/epoch"
	"github.com/medhive/medhive/attest/score"
)

func TestARewardIsSplitByWhatEarnedIt(t *testing.T) {
	p := PublishedScore{ScoreHead: ScoreHead{Epoch: 7, To: 1_795_219_200, Weights: score.Weights{C: score.One / 2, A: score.One / 4, Q: score.One / 4}},
		Line: epoch.Line{Line: score.Line{Gate: score.GateOpen, Factors: score.Shares{C: score.One, A: score.One, Q: 0, N: score.One}, Reward: score.Wei{Int: big.NewInt(301)}}}}
	r := rewardOf(p)
	if r.Day != "2026-11-21" || r.ComputeWei.Int64() != 201 || r.AvailabilityWei.Int64() != 100 || r.QualityWei.Sign() != 0 || r.NetworkWei.Sign() != 0 {
		t.Errorf("%+v", r)
	}
	if closed := rewardOf(PublishedScore{}); closed.RewardWei.Sign() != 0 || closed.ComputeWei.Sign() != 0 {
		t.Errorf("%+v of nothing", closed)
	}
}

func TestNoWeiIsLostOrMadeBySplitting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		reward := new(big.Int).SetUint64(rapid.Uint64().Draw(t, "reward"))
		var shares [4]*big.Int
		for i := range shares {
			shares[i] = new(big.Int).SetUint64(rapid.Uint64Range(0, 1<<40).Draw(t, "share"))
		}
		parts, sum := splitReward(reward, shares), new(big.Int)
		for i, p := range parts {
			if p.Sign() < 0 {
				t.Fatalf("part %d is %v", i, p)
			}
			if shares[i].Sign() == 0 && p.Sign() != 0 && anyShare(shares) {
				t.Fatalf("factor %d earned %v by nothing", i, p)
			}
			sum.Add(sum, p)
		}
		if sum.Cmp(reward) != 0 {
			t.Fatalf("the parts of %v come to %v", reward, sum)
		}
	})
}

// anyShare reports whether one of them is more than nothing.
func anyShare(shares [4]*big.Int) bool {
	for _, s := range shares {
		if s.Sign() > 0 {
			return true
		}
	}
	return false
}

func TestWhatPowerCosts(t *testing.T) {
	m := Money{Currency: "EUR", PerHIVE: 0.5, PerKWh: 0.3}
	if got := m.Power(7.2e6); got < 0.5999 || got > 0.6001 {
		t.Errorf("2 kWh cost %v", got)
	}
	if got := m.Value(GweiToWei(3_000_000_000)); got < 1.4999 || got > 1.5001 {
		t.Errorf("3 HIVE are worth %v", got)
	}
	if (Money{PerKWh: -1}).Check() == nil || (Money{Currency: "a very long currency"}).Check() == nil || m.Check() != nil {
		t.Error("what can't be meant is taken, or what can is not")
	}
}
