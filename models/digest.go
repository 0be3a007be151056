package models

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// digestPrefix names the hash, so that a second one can be told apart later.
const digestPrefix = "sha256:"

// Digest is a SHA-256 value. Its text form is "sha256:" and 64 lower-case hex digits.
type Digest [sha256.Size]byte

// DigestOf hashes data.
func DigestOf(data []byte) Digest { return sha256.Sum256(data) }

// ParseDigest reads the text form. The prefix may be missing; anything else is an error.
func ParseDigest(text string) (Digest, error) {
	var d Digest
	raw, err := hex.DecodeString(strings.TrimPrefix(text, digestPrefix))
	if err != nil || len(raw) != len(d) {
		return d, fmt.Errorf("digest %.80q: want %s and 64 hex digits", text, digestPrefix)
	}
	copy(d[:], raw)
	return d, nil
}

// String is the text form.
func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

// Short is the first eight hex digits, for people and logs.
func (d Digest) Short() string { return hex.EncodeToString(d[:4]) }

// IsZero reports whether d was never set.
func (d Digest) IsZero() bool { return d == Digest{} }

// MarshalText implements encoding.TextMarshaler.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Digest) UnmarshalText(text []byte) error {
	parsed, err := ParseDigest(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
