// Package catalog is the list of models that this machine has: the reference model in
// the binary and the package folders below one directory. In: a directory that an
// operator filled. Out: verified packages by name or digest. It fetches nothing and
// runs nothing.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/reference"
)

// Bounds of a package folder, checked before a byte is read.
const (
	MaxPackages     = 256
	MaxWeightsBytes = 2 << 30
	MaxCardBytes    = 1 << 20
)

// File names inside a package folder.
const (
	ManifestFile = "manifest.json"
	CardFile     = "CARD.md"
)

// Entry is one model of the catalog.
type Entry struct {
	Manifest models.Manifest
	Digest   models.Digest // of the package
	Origin   string        // "built in", or the package's folder name

	load func() (models.Package, error)
}

// Name is "id@version".
func (e Entry) Name() string { return e.Manifest.ID + "@" + e.Manifest.Version }

// Catalog is a fixed list of models; it is safe for concurrent use.
type Catalog struct {
	entries []Entry // by id, then newest version first
	faults  []error
}

// Open reads the catalog: the reference model and every folder in dir with a
// manifest.json. An empty dir, or one that does not exist, leaves the reference model
// alone. A folder that can't be read is left out and listed in Faults.
func Open(dir string) (*Catalog, error) {
	p, err := reference.Package()
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	c := &Catalog{entries: []Entry{{p.Manifest, p.Digest(), "built in", func() (models.Package, error) { return p, nil }}}}
	if dir == "" {
		return c, nil
	}
	folders, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w; make the folder readable or name another", err)
	}
	for _, f := range folders {
		folder := filepath.Join(dir, f.Name())
		if !isFile(filepath.Join(folder, ManifestFile)) {
			continue
		}
		if len(c.entries) > MaxPackages {
			return nil, fmt.Errorf("open catalog: more than %d packages; move some away", MaxPackages)
		}
		if err := c.add(folder); err != nil {
			c.faults = append(c.faults, fmt.Errorf("package %s: %w; repair or remove the folder", f.Name(), err))
		}
	}
	slices.SortStableFunc(c.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Manifest.ID, b.Manifest.ID), semver.Compare("v"+b.Manifest.Version, "v"+a.Manifest.Version))
	})
	return c, nil
}

// add lists the package in folder after checking its manifest; the weights are read
// when the package is asked for.
func (c *Catalog) add(folder string) error {
	text, err := readBounded(filepath.Join(folder, ManifestFile), models.MaxManifestBytes)
	if err != nil {
		return err
	}
	m, err := models.ParseManifest(text)
	if err != nil {
		return err
	}
	e := Entry{Manifest: m, Digest: models.DigestOfPackage(text, m.Weights.SHA256), Origin: filepath.Base(folder)}
	for _, other := range c.entries {
		if other.Digest == e.Digest {
			return nil // the same package twice is one package
		}
		if other.Name() == e.Name() {
			return fmt.Errorf("%s is already there (%s) with other content; give it another version", e.Name(), other.Origin)
		}
	}
	if !isFile(filepath.Join(folder, m.Weights.File)) {
		return fmt.Errorf("weights %s are missing", m.Weights.File)
	}
	e.load = func() (models.Package, error) { return load(folder, e) }
	c.entries = append(c.entries, e)
	return nil
}

// load reads and verifies a whole package folder.
func load(folder string, e Entry) (models.Package, error) {
	text, err := readBounded(filepath.Join(folder, ManifestFile), models.MaxManifestBytes)
	if err != nil {
		return models.Package{}, err
	}
	weights, err := readBounded(filepath.Join(folder, e.Manifest.Weights.File), MaxWeightsBytes)
	if err != nil {
		return models.Package{}, err
	}
	card, err := readBounded(filepath.Join(folder, CardFile), MaxCardBytes)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return models.Package{}, err
	}
	p, err := models.NewPackage(text, weights, string(card))
	if err != nil {
		return models.Package{}, err
	}
	if p.Digest() != e.Digest {
		return models.Package{}, fmt.Errorf("model %s changed on disk since the catalog was opened; restart to use it", e.Name())
	}
	return p, nil
}

// List returns the models by id, the newest version of each first.
func (c *Catalog) List() []Entry { return slices.Clone(c.entries) }

// Faults lists the folders that were left out, each with its reason and a remedy.
func (c *Catalog) Faults() []error { return slices.Clone(c.faults) }

// Entry looks a model up as Find does, without reading its weights.
func (c *Catalog) Entry(ref string) (Entry, error) {
	digest, err := models.ParseDigest(ref)
	byDigest := err == nil
	for _, e := range c.entries {
		if byDigest && e.Digest == digest || e.Manifest.ID == ref || e.Name() == ref {
			return e, nil
		}
	}
	names := make([]string, len(c.entries))
	for i, e := range c.entries {
		names[i] = e.Name()
	}
	return Entry{}, fmt.Errorf("model %.120q is not here; choose one of %s", ref, strings.Join(names, ", "))
}

// Find returns the package named by ref: "id" (its newest version), "id@version", or the
// package's digest in text form. The package is verified on each call.
func (c *Catalog) Find(ref string) (models.Package, error) {
	e, err := c.Entry(ref)
	if err != nil {
		return models.Package{}, err
	}
	p, err := e.load()
	if err != nil {
		return models.Package{}, fmt.Errorf("load model %s: %w", e.Name(), err)
	}
	return p, nil
}

// readBounded reads a file of at most limit bytes, whatever its size claims.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
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

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
