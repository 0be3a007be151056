package models

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"aead.dev/minisign"
)

// maxSums bounds the lines of SHA256SUMS: a package has at most five files beside it.
const maxSums = 16

// Sums are the digests of a package's files by name. Their text form is what sha256sum
// writes and `sha256sum -c` checks: 64 hex digits, two spaces, the name.
type Sums map[string]Digest

// Text is the one text form: sorted by name, so that equal sums have equal signatures.
func (s Sums) Text() []byte {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(s)) {
		d := s[name]
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(d[:]), name)
	}
	return b.Bytes()
}

// ParseSums reads the text form, in any order of lines.
func ParseSums(text []byte) (Sums, error) {
	fault := func(line int, what string) error {
		return fmt.Errorf("%s: line %d %s; ask the publisher for a whole package", SumsFile, line, what)
	}
	if len(text) > MaxSumsBytes {
		return nil, fault(1, "is the first of too many")
	}
	sums := Sums{}
	for n, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		digits, name, ok := strings.Cut(line, "  ")
		raw, err := hex.DecodeString(digits)
		switch {
		case !ok || err != nil || len(raw) != len(Digest{}) || digits != strings.ToLower(digits):
			return nil, fault(n+1, "is not 64 hex digits, two spaces and a name")
		case !filePattern.MatchString(name) || name == SumsFile || name == SignatureFile:
			return nil, fault(n+1, "names no file of a package")
		case !sums[name].IsZero():
			return nil, fault(n+1, "repeats a name")
		case n >= maxSums:
			return nil, fault(n+1, "is one too many")
		}
		sums[name] = Digest(raw)
	}
	return sums, nil
}

// Match reports how s differs from the files that were found.
func (s Sums) Match(found Sums) error {
	for _, name := range slices.Sorted(maps.Keys(found)) {
		switch listed, ok := s[name]; {
		case !ok:
			return fmt.Errorf("%s does not list %s", SumsFile, name)
		case listed != found[name]:
			return fmt.Errorf("%s has %s, %s lists %s", name, found[name], SumsFile, listed)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if _, ok := found[name]; !ok {
			return fmt.Errorf("%s lists %.80s, which the package does not have", SumsFile, name)
		}
	}
	return nil
}

// PublisherKey signs packages. Its text form is minisign's, without a password.
type PublisherKey struct{ key minisign.PrivateKey }

// NewPublisherKey makes a key from random, normally crypto/rand.Reader.
func NewPublisherKey(random io.Reader) (PublisherKey, error) {
	_, private, err := minisign.GenerateKey(random)
	if err != nil {
		return PublisherKey{}, fmt.Errorf("make publisher key: %w", err)
	}
	return PublisherKey{private}, nil
}

// ParsePublisherKey reads a secret key file as `minisign -G -W` or MarshalText writes it.
func ParsePublisherKey(text []byte) (k PublisherKey, err error) {
	if err := k.key.UnmarshalText(bytes.TrimSpace(text)); err != nil {
		return k, errors.New("read publisher key: this is no minisign secret key without a password; make one with `minisign -G -W`, or let `medhive model sign` make one")
	}
	return k, nil
}

// MarshalText is minisign's text form of the secret key.
func (k PublisherKey) MarshalText() ([]byte, error) { return k.key.MarshalText() }

// Publisher is the public half as manifests write it: "ed25519:" and base64.
func (k PublisherKey) Publisher() string {
	// minisign's text is base64 of algorithm (2 bytes), key id (8) and the key itself.
	raw, err := base64.StdEncoding.DecodeString(k.key.Public().(minisign.PublicKey).String())
	if err != nil {
		return "" // String encodes what this decodes
	}
	return publisherPrefix + base64.StdEncoding.EncodeToString(raw[minisignHeaderBytes:])
}

// Minisign is the public key as `minisign -V -P` takes it.
func (k PublisherKey) Minisign() string { return k.key.Public().(minisign.PublicKey).String() }

// Sign signs SHA256SUMS as minisign does (pre-hashed with BLAKE2b-512). comment is
// signed, too; give the package's name.
func (k PublisherKey) Sign(sums []byte, comment string) ([]byte, error) {
	r := minisign.NewReader(bytes.NewReader(sums))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return nil, fmt.Errorf("sign %s: %w", SumsFile, err)
	}
	return r.SignWithComments(k.key, strings.ReplaceAll(comment, "\n", " "), "medhive model package"), nil
}

// minisignHeaderBytes stand before the 32 bytes of a public key: "Ed" and the key's id.
const minisignHeaderBytes = 2 + 8

// errNoPublisher answers a signature that nobody can be held to.
var errNoPublisher = errors.New("the package has a signature but its manifest names no publisher; sign it again with `medhive model sign`")

// VerifySums checks a minisign signature over SHA256SUMS against the publisher of the
// manifest. The id that minisign gives keys is a mere hint and taken from the signature.
func VerifySums(publisher string, sums, signature []byte) error {
	if publisher == "" {
		return errNoPublisher
	}
	raw, err := publisherBytes(publisher)
	if err != nil {
		return err
	}
	wrong := fmt.Errorf("the signature of %s is not by the manifest's publisher, or the package was changed; fetch it again from its publisher", SumsFile)
	var s minisign.Signature
	if len(signature) > MaxSignatureBytes || s.UnmarshalText(signature) != nil {
		return wrong
	}
	header := binary.LittleEndian.AppendUint64([]byte("Ed"), s.KeyID)
	var public minisign.PublicKey
	if err := public.UnmarshalText([]byte(base64.StdEncoding.EncodeToString(append(header, raw...)))); err != nil {
		return wrong
	}
	r := minisign.NewReader(bytes.NewReader(sums))
	if _, err := io.Copy(io.Discard, r); err != nil {
		return fmt.Errorf("verify %s: %w", SumsFile, err)
	}
	if s.Algorithm == minisign.HashEdDSA && r.Verify(public, signature) || s.Algorithm == minisign.EdDSA && minisign.Verify(public, sums, signature) {
		return nil
	}
	return wrong
}

// ParsePublisher checks a publisher's key: "ed25519:" and base64 of 32 bytes, or a
// minisign public key ("RW…"). It returns the manifest's form.
func ParsePublisher(text string) (string, error) {
	if isPublisher(text) {
		return text, nil
	}
	var public minisign.PublicKey
	if strings.HasPrefix(text, publisherPrefix) || public.UnmarshalText([]byte(text)) != nil {
		return "", fmt.Errorf("publisher %.80q: want ed25519: and the base64 of 32 bytes, or a minisign public key", text)
	}
	raw, err := base64.StdEncoding.DecodeString(public.String())
	if err != nil {
		return "", err
	}
	return publisherPrefix + base64.StdEncoding.EncodeToString(raw[minisignHeaderBytes:]), nil
}

func publisherBytes(publisher string) ([]byte, error) {
	if !isPublisher(publisher) {
		return nil, fmt.Errorf("publisher %.80q: want ed25519: and the base64 of 32 bytes", publisher)
	}
	return base64.StdEncoding.DecodeString(strings.TrimPrefix(publisher, publisherPrefix))
}
