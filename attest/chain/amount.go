package chain

import (
	"fmt"
	"math/big"
	"strings"
)

// hiveDecimals is how many decimals a HIVE has; ether has as many.
const hiveDecimals = 18

// maxAmountText bounds an amount in words: 2^256 wei have 60 digits before the point.
const maxAmountText = 80

// ParseHive reads an amount of HIVE, or of ether, in decimal digits with at most 18
// after a point, and returns it in wei. Nothing is rounded.
func ParseHive(text string) (*big.Int, error) {
	whole, part, pointed := strings.Cut(text, ".")
	digits := whole + part
	if len(text) > maxAmountText || whole == "" || (pointed && part == "") || len(part) > hiveDecimals || strings.Trim(digits, "0123456789") != "" {
		return nil, fmt.Errorf("amount %.80q: write whole tokens, with at most %d decimals, such as 12.5", text, hiveDecimals)
	}
	wei, ok := new(big.Int).SetString(digits+strings.Repeat("0", hiveDecimals-len(part)), 10)
	if !ok || wei.BitLen() > 256 {
		return nil, fmt.Errorf("amount %.80q is beyond any balance", text)
	}
	return wei, nil
}

// FormatHive is ParseHive's inverse; it drops zeros at the end.
func FormatHive(wei *big.Int) string {
	sign, digits := "", wei.String()
	if wei.Sign() < 0 {
		sign, digits = "-", digits[1:]
	}
	if len(digits) <= hiveDecimals {
		digits = strings.Repeat("0", hiveDecimals+1-len(digits)) + digits
	}
	whole, part := digits[:len(digits)-hiveDecimals], strings.TrimRight(digits[len(digits)-hiveDecimals:], "0")
	if part == "" {
		return sign + whole
	}
	return sign + whole + "." + part
}
