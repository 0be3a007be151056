package models

import (
	"crypto/sha256"
	"fmt"
)

// Package is one model, whole and verified: what a node offers and a clinic asks for.
type Package struct {
	Manifest Manifest
	Weights  []byte // the ONNX file
	Card     string // Markdown

	digest   Digest
	manifest Digest
}

// NewPackage checks that the weights are the ones that the manifest names.
func NewPackage(manifestJSON, weights []byte, card string) (Package, error) {
	m, err := ParseManifest(manifestJSON)
	if err != nil {
		return Package{}, err
	}
	if got := DigestOf(weights); got != m.Weights.SHA256 || int64(len(weights)) != m.Weights.Bytes {
		return Package{}, fmt.Errorf("model %s %s: weights have %d bytes and %s, the manifest names %d bytes and %s; fetch the package again",
			m.ID, m.Version, len(weights), got, m.Weights.Bytes, m.Weights.SHA256)
	}
	return Package{Manifest: m, Weights: weights, Card: card, digest: DigestOfPackage(manifestJSON, m.Weights.SHA256), manifest: DigestOf(manifestJSON)}, nil
}

// DigestOfPackage addresses a package by its manifest file and the digest of its
// weights: SHA-256(SHA-256(manifest file) ‖ SHA-256(weights)).
func DigestOfPackage(manifestJSON []byte, weights Digest) Digest {
	manifest := DigestOf(manifestJSON)
	h := sha256.New()
	h.Write(manifest[:])
	h.Write(weights[:])
	return Digest(h.Sum(nil))
}

// Digest addresses the package, see DigestOfPackage. Offers, receipts and the store name a model by it.
func (p Package) Digest() Digest { return p.digest }

// ManifestDigest is the SHA-256 of the manifest file, byte for byte.
func (p Package) ManifestDigest() Digest { return p.manifest }

// Name is "id@version", for people.
func (p Package) Name() string { return p.Manifest.ID + "@" + p.Manifest.Version }
