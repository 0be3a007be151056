package update

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
)

// Digest is a SHA-256, in hexadecimal on paper.
type Digest [sha256.Size]byte

// MarshalText is the digest in hexadecimal.
func (d Digest) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, d[:]), nil }

// UnmarshalText takes 64 hexadecimal digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(d) {
		return fmt.Errorf("a SHA-256 has %d hexadecimal digits, and not %d", hex.EncodedLen(len(d)), len(text))
	}
	if _, err := hex.Decode(d[:], text); err != nil {
		return fmt.Errorf("read a SHA-256: %w", err)
	}
	return nil
}

// String is the digest in hexadecimal.
func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// shareDomain keeps the hash of a share apart from every other use of an address.
const shareDomain = "medhive rollout v1"

// hundredths are the steps that the machines of a network are told apart by.
const hundredths = 100 * 100

// Share is where in the rollout of a version a machine stands, in hundredths of a percent, from
// 0 to 9999: the first eight bytes of SHA-256(domain, 0, address in lower case, 0, version), modulo
// 10 000. Another version shuffles the machines anew, so that none is always the first.
func Share(address, version string) int {
	sum := sha256.Sum256([]byte(shareDomain + "\x00" + strings.ToLower(address) + "\x00" + version))
	return int(binary.BigEndian.Uint64(sum[:8]) % hundredths)
}

// Within says whether a machine may take a version that percent of all machines may take. Who
// was within stays so as the percentage grows.
func Within(percent int, address, version string) bool { return Share(address, version) < percent*100 }
