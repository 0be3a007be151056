package chain

import (
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestAmountsAreReadToTheLastWei(t *testing.T) {
	for text, wei := range map[string]string{
		"0": "0", "1": "1000000000000000000", "12.5": "12500000000000000000", "0.000000000000000001": "1", "007": "7000000000000000000",
	} {
		got, err := ParseHive(text)
		if err != nil || got.String() != wei {
			t.Errorf("%s: %v, %v; want %s", text, got, err, wei)
		}
	}
	for _, text := range []string{"", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", "0x1", " 1", "1.0000000000000000001", "99999999999999999999999999999999999999999999999999999999999999999999999999"} {
		if got, err := ParseHive(text); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}

func TestAmountsAreReadAsTheyAreWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wei := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "wei"))
		got, err := ParseHive(FormatHive(wei))
		if err != nil || got.Cmp(wei) != 0 {
			t.Fatalf("%s became %v: %v", wei, got, err)
		}
	})
}
