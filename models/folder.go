package models

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The files of a package folder that have a fixed name. Weights and example have the
// names that the manifest gives them.
const (
	ManifestFile  = "manifest.json"
	CardFile      = "CARD.md"
	SumsFile      = "SHA256SUMS"         // digests of all other files, as sha256sum writes them
	SignatureFile = "SHA256SUMS.minisig" // the publisher's signature over SumsFile
)

// Bounds of a package's files, checked before a byte is read.
const (
	MaxWeightsBytes   = 2 << 30 // what a protobuf message can hold
	MaxCardBytes      = 1 << 20
	MaxSumsBytes      = 4 << 10
	MaxSignatureBytes = 2 << 10
)

// Part is one file that a manifest asks for or allows. Bytes is its exact size where
// SHA256 is set, and otherwise a limit.
type Part struct {
	Name     string
	SHA256   Digest
	Bytes    int64
	Optional bool
}

// Parts lists the files of the package beside the manifest and the sums, in the order in
// which they are worth fetching: small ones first.
func (m Manifest) Parts() []Part {
	parts := []Part{{Name: CardFile, Bytes: MaxCardBytes, Optional: true}}
	if m.Example != nil {
		for _, f := range m.Example.Files() {
			parts = append(parts, Part{Name: f.File, SHA256: f.SHA256, Bytes: f.Bytes})
		}
	}
	return append(parts, Part{Name: m.Weights.File, SHA256: m.Weights.SHA256, Bytes: m.Weights.Bytes})
}

// Bytes is how much room the package needs at most.
func (m Manifest) Bytes() int64 {
	total := int64(MaxManifestBytes + MaxSumsBytes + MaxSignatureBytes)
	for _, p := range m.Parts() {
		total += p.Bytes
	}
	return total
}

// Check refuses a manifest whose files would lie on top of each other or outgrow a
// package, before any of them is asked for.
func (m Manifest) Check() error {
	taken := map[string]bool{ManifestFile: true, SumsFile: true, SignatureFile: true}
	for _, p := range m.Parts() {
		if taken[p.Name] {
			return fmt.Errorf("manifest %s %s: two files are called %.80q; give each its own name", m.ID, m.Version, p.Name)
		}
		taken[p.Name] = true
	}
	if m.Weights.Bytes > MaxWeightsBytes {
		return fmt.Errorf("manifest %s %s: weights of %d bytes; the limit is %d", m.ID, m.Version, m.Weights.Bytes, int64(MaxWeightsBytes))
	}
	return nil
}

// Checked is a package folder whose every file was held to its digest.
type Checked struct {
	Manifest Manifest
	Digest   Digest // of the package
	Bytes    int64  // of all files
	Sums     bool   // SHA256SUMS is there and names exactly these files
	Signed   bool   // and the manifest's publisher signed it
}

// Name is "id@version".
func (c Checked) Name() string { return c.Manifest.ID + "@" + c.Manifest.Version }

// VerifyFolder reads every file of the package in dir once, in bounded memory, and holds
// it to the manifest, to SHA256SUMS where that is there, and that to the publisher's
// signature where that is there. Files that no manifest names are left alone, but not
// covered by anything. A signature that does not fit is an error, never "unsigned".
func VerifyFolder(dir string) (Checked, error) {
	var c Checked
	text, err := ReadBounded(filepath.Join(dir, ManifestFile), MaxManifestBytes)
	if err != nil {
		return c, fmt.Errorf("read manifest: %w", WithoutPath(err))
	}
	if c.Manifest, err = ParseManifest(text); err != nil {
		return c, err
	}
	if err := c.Manifest.Check(); err != nil {
		return c, err
	}
	c.Digest, c.Bytes = DigestOfPackage(text, c.Manifest.Weights.SHA256), int64(len(text))
	found := Sums{ManifestFile: DigestOf(text)}
	for _, part := range c.Manifest.Parts() {
		digest, size, err := digestFile(filepath.Join(dir, part.Name), part.Bytes)
		if part.Optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return c, fmt.Errorf("model %s: read %s: %w; fetch the package again", c.Name(), part.Name, WithoutPath(err))
		}
		if !part.SHA256.IsZero() && (digest != part.SHA256 || size != part.Bytes) {
			return c, fmt.Errorf("model %s: %s has %d bytes and %s, the manifest names %d bytes and %s; fetch the package again",
				c.Name(), part.Name, size, digest, part.Bytes, part.SHA256)
		}
		found[part.Name] = digest
		c.Bytes += size
	}
	return c, c.verifySums(dir, found)
}

// verifySums holds the files that were found to SHA256SUMS, and that to its signature.
func (c *Checked) verifySums(dir string, found Sums) error {
	text, err := ReadBounded(filepath.Join(dir, SumsFile), MaxSumsBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("model %s: read %s: %w", c.Name(), SumsFile, WithoutPath(err))
	}
	listed, err := ParseSums(text)
	if err != nil {
		return fmt.Errorf("model %s: %w", c.Name(), err)
	}
	if err := listed.Match(found); err != nil {
		return fmt.Errorf("model %s: %w; sign the package again, or fetch it again", c.Name(), err)
	}
	c.Sums, c.Bytes = true, c.Bytes+int64(len(text))
	signature, err := ReadBounded(filepath.Join(dir, SignatureFile), MaxSignatureBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("model %s: read %s: %w", c.Name(), SignatureFile, WithoutPath(err))
	}
	if err := VerifySums(c.Manifest.Publisher, text, signature); err != nil {
		return fmt.Errorf("model %s: %w", c.Name(), err)
	}
	c.Signed, c.Bytes = true, c.Bytes+int64(len(signature))
	return nil
}

// digestFile hashes a file of at most limit bytes without holding it.
func digestFile(path string, limit int64) (Digest, int64, error) {
	f, err := openPlain(path)
	if err != nil {
		return Digest{}, 0, err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(h, io.LimitReader(f, limit+1))
	if err != nil {
		return Digest{}, 0, err
	}
	if n > limit {
		return Digest{}, 0, fmt.Errorf("it has more than %d bytes", limit)
	}
	return Digest(h.Sum(nil)), n, nil
}

// ReadBounded reads a plain file of at most limit bytes, whatever its size claims.
func ReadBounded(path string, limit int64) ([]byte, error) {
	f, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", filepath.Base(path), limit)
	}
	return data, nil
}

// openPlain opens a regular file: a pipe or device in its place would never end.
func openPlain(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", filepath.Base(path))
	}
	return os.Open(path)
}

// WithoutPath takes the paths out of a file system's error: where things lie on a
// machine is nobody else's business, and the file's name is said already.
func WithoutPath(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	var linkError *os.LinkError
	if errors.As(err, &linkError) {
		return linkError.Err
	}
	return err
}

// SumFolder hashes the files of the package in dir, whatever SHA256SUMS says of them now.
func SumFolder(dir string) (Sums, error) {
	text, err := ReadBounded(filepath.Join(dir, ManifestFile), MaxManifestBytes)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", WithoutPath(err))
	}
	m, err := ParseManifest(text)
	if err != nil {
		return nil, err
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	sums := Sums{ManifestFile: DigestOf(text)}
	for _, part := range m.Parts() {
		digest, _, err := digestFile(filepath.Join(dir, part.Name), part.Bytes)
		if part.Optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", part.Name, WithoutPath(err))
		}
		sums[part.Name] = digest
	}
	return sums, nil
}
