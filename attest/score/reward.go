package score

import "math/big"

// factor is w·f = w_c·c + w_a·a + w_q·q + w_n·n, in [0, One].
func factor(w Weights, f Shares) Parts {
	return w.C.times(f.C) + w.A.times(f.A) + w.Q.times(f.Q) + w.N.times(f.N)
}

// payer works out limits and rewards of up to a given number of lines without allocating
// each by itself.
type payer struct {
	p      *Parameters
	pool   *big.Int
	sum    *big.Int
	month  *big.Int            // One · month, in seconds
	bands  [TierCount]*big.Int // high · seconds, in wei·s
	v, rem big.Int
	ints   []big.Int
	words  []big.Word
}

func newPayer(p Parameters, e Epoch, sum *big.Int, lines int) *payer {
	const amounts, wordsEach = 2, 4 // limit and reward, each under 2^128
	y := &payer{p: &p, pool: e.Pool, sum: sum, ints: make([]big.Int, amounts*lines), words: make([]big.Word, 0, amounts*wordsEach*lines)}
	y.month = new(big.Int).Mul(new(big.Int).SetUint64(uint64(One)), new(big.Int).SetUint64(p.MonthSeconds))
	for tier := range y.bands {
		y.bands[tier] = new(big.Int).Mul(hive(p.Tiers[tier].HighHive), new(big.Int).SetUint64(e.Seconds))
	}
	return y
}

// line fills what the network decides: n, w·f, score, limit and reward.
func (y *payer) line(l *Line, b brief, w Weights) {
	l.Factors.N = Parts(b.n)
	l.Factor = factor(w, l.Factors)
	l.Score = b.score(y.p, l.Factor, l.Efficiency)
	limit := y.limit(l.Tier, l.Factor.times(y.p.thrift(l.Tier, l.Efficiency)))
	l.Limit, l.Reward = Wei{limit}, Wei{y.reward(l.Score, limit)}
}

// limit is the most that a node may earn in the epoch, in wei:
//
//	⌊ high · w·f · seconds / month ⌋
//
// the upper end of its tier's band, pro-rated to the epoch and to w·f, in which the
// caller has put what efficiency leaves. Without
// the last term a rich pool would pay a bad node and a good one the same.
func (y *payer) limit(tier int, factor Parts) *big.Int {
	y.v.SetUint64(uint64(factor))
	y.v.Mul(&y.v, y.bands[tier])
	y.v.QuoRem(&y.v, y.month, &y.rem)
	return y.keep()
}

// reward is min(⌊pool·score/sum⌋, limit) in wei; 0 when the sum is 0. What
// limits and rounding leave stays in the pool and is not handed round: a bound
// that neighbours could be paid through would not be one.
func (y *payer) reward(score uint64, limit *big.Int) *big.Int {
	y.v.SetUint64(score)
	if score != 0 {
		y.v.Mul(&y.v, y.pool)
		if y.v.QuoRem(&y.v, y.sum, &y.rem); y.v.Cmp(limit) > 0 {
			y.v.Set(limit)
		}
	}
	return y.keep()
}

// keep copies v out of the scratch room.
func (y *payer) keep() *big.Int {
	if len(y.ints) == 0 {
		return new(big.Int).Set(&y.v)
	}
	n := &y.ints[0]
	y.ints = y.ints[1:]
	if bits := y.v.Bits(); len(bits) > 0 {
		at := len(y.words)
		y.words = append(y.words, bits...)
		n.SetBits(y.words[at:len(y.words):len(y.words)])
	}
	return n
}
