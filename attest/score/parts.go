package score

import (
	"bytes"
	"fmt"
	"math/big"
	"math/bits"
)

// Parts is a share in parts per billion: 0 is nothing, One is all.
type Parts uint64

// One is the whole.
const One Parts = 1_000_000_000

// String writes the share as a decimal fraction, for people.
func (p Parts) String() string { return fmt.Sprintf("%d.%09d", p/One, p%One) }

// ratio is ⌊a·One/b⌋ limited to One; 0 when b is 0.
func ratio(a, b uint64) Parts {
	if b == 0 {
		return 0
	}
	return Parts(mulDiv(min(a, b), uint64(One), b))
}

// times is ⌊p·q⌋ for shares of at most One.
func (p Parts) times(q Parts) Parts { return Parts(mulDiv(uint64(p), uint64(q), uint64(One))) }

// mulDiv is ⌊a·b/c⌋ over a 128-bit product. The quotient must fit 64 bits,
// which holds wherever a ≤ c or b ≤ c.
func mulDiv(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	quotient, _ := bits.Div64(hi, lo, c)
	return quotient
}

// Wei is an amount of 10⁻¹⁸ HIVE. Its JSON form is a decimal string, because
// most JSON readers round numbers beyond 2⁵³. A nil Int is 0 wei.
type Wei struct{ *big.Int }

// maxWeiDigits is the length of 2²⁵⁶ in decimal digits.
const maxWeiDigits = 78

// MarshalText implements encoding.TextMarshaler.
func (w Wei) MarshalText() ([]byte, error) {
	if w.Int == nil {
		return []byte("0"), nil
	}
	return w.Append(nil, 10), nil
}

// MarshalJSON shadows big.Int's, which would write a number.
func (w Wei) MarshalJSON() ([]byte, error) {
	text, err := w.MarshalText()
	return []byte(`"` + string(text) + `"`), err
}

// UnmarshalText implements encoding.TextUnmarshaler. It reads 0 to 2²⁵⁶−1.
func (w *Wei) UnmarshalText(text []byte) error {
	v, ok := new(big.Int).SetString(string(text[:min(len(text), maxWeiDigits+1)]), 10)
	const wordBits = 256
	if !ok || len(text) > maxWeiDigits || v.Sign() < 0 || v.BitLen() > wordBits {
		return fmt.Errorf("wei %.90q: want a decimal number of 0 to 2^256-1", text)
	}
	w.Int = v
	return nil
}

// UnmarshalJSON shadows big.Int's; it reads a string.
func (w *Wei) UnmarshalJSON(data []byte) error {
	text, ok := bytes.CutPrefix(data, []byte(`"`))
	text, closed := bytes.CutSuffix(text, []byte(`"`))
	if !ok || !closed {
		return fmt.Errorf("wei %.90q: want a decimal number in quotes", data)
	}
	return w.UnmarshalText(text)
}

// weiPerHive is 10¹⁸: HIVE has 18 decimals.
const weiPerHive = 1_000_000_000_000_000_000

// hive is a number of whole tokens in wei.
func hive(tokens uint64) *big.Int {
	return new(big.Int).Mul(new(big.Int).SetUint64(tokens), big.NewInt(weiPerHive))
}
