package score

import "math/big"

// factor is w·f = w_c·c + w_a·a + w_q·q + w_n·n, in [0, One].
func factor(w Weights, f Shares) Parts {
	return w.C.times(f.C) + w.A.times(f.A) + w.Q.times(f.Q) + w.N.times(f.N)
}

// limit is the most that a node may earn in an epoch of the given length, in wei:
//
//	⌊ high · w·f · seconds / month ⌋
//
// the upper end of its tier's band, pro-rated to the epoch and to w·f, in which the
// caller has put what efficiency leaves. Without
// the last term a rich pool would pay a bad node and a good one the same.
func limit(p Parameters, t Tier, factor Parts, epochSeconds uint64) *big.Int {
	v := hive(t.HighHive)
	v.Mul(v, new(big.Int).SetUint64(uint64(factor)))
	v.Mul(v, new(big.Int).SetUint64(epochSeconds))
	return v.Div(v, new(big.Int).Mul(new(big.Int).SetUint64(uint64(One)), new(big.Int).SetUint64(p.MonthSeconds)))
}

// reward is min(⌊pool·score/sum⌋, limit) in wei; 0 when the sum is 0. What
// limits and rounding leave stays in the pool and is not handed round: a bound
// that neighbours could be paid through would not be one.
func reward(pool *big.Int, score uint64, sum, limit *big.Int) *big.Int {
	if sum.Sign() == 0 {
		return new(big.Int)
	}
	v := new(big.Int).Mul(pool, new(big.Int).SetUint64(score))
	if v.Div(v, sum); v.Cmp(limit) > 0 {
		v.Set(limit)
	}
	return v
}
