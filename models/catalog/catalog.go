// Package catalog is the list of models that this machine has: the reference model and
// the composed ones in the binary, the package folders below one directory, and the store. In: a directory
// that an operator filled, and a store that fetch filled. Out: verified packages by name
// or digest. It fetches nothing and runs nothing.
package catalog

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog/packages"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/models/store"
)

// Bounds of a package folder, checked before a byte is read.
const (
	MaxPackages     = 256
	MaxWeightsBytes = models.MaxWeightsBytes
	MaxCardBytes    = models.MaxCardBytes
)

// File names inside a package folder.
const (
	ManifestFile = models.ManifestFile
	CardFile     = models.CardFile
)

// Origins that are no folder's name.
const (
	BuiltIn = "built in"
	InStore = "store"
)

// Entry is one model of the catalog.
type Entry struct {
	Manifest models.Manifest
	Digest   models.Digest // of the package
	Origin   string        // BuiltIn, InStore, or the package's folder name
	Pinned   bool          // this version counts for its id, whatever newer ones are here
	Leaving  bool          // it goes as soon as nobody holds it, so nobody new should

	load func() (models.Package, error)
	read func(name string, limit int64) ([]byte, error) // another file of the package
}

// Name is "id@version".
func (e Entry) Name() string { return e.Manifest.ID + "@" + e.Manifest.Version }

// Catalog is a fixed list of models; it is safe for concurrent use.
type Catalog struct {
	entries []Entry // by id, the pinned version first, then the newest
	faults  []error
}

// Open reads the catalog without a store; see OpenWith.
func Open(dir string) (*Catalog, error) { return OpenWith(dir, nil) }

// OpenWith reads the catalog: the models in the binary, every folder in dir with a
// manifest.json, and the packages of the store, if it is not nil. An empty dir, or one
// that does not exist, counts as an empty folder. What can't be read is left out and
// listed in Faults.
func OpenWith(dir string, fetched *store.Store) (*Catalog, error) {
	c := &Catalog{}
	if err := c.addBuiltIn(); err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	if err := c.addFolders(dir); err != nil {
		return nil, err
	}
	pins, err := c.addStore(fetched)
	if err != nil {
		return nil, err
	}
	for i, e := range c.entries {
		c.entries[i].Pinned = pins[e.Manifest.ID] == e.Digest
	}
	slices.SortStableFunc(c.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Manifest.ID, b.Manifest.ID), cmp.Compare(rank(a), rank(b)), semver.Compare("v"+b.Manifest.Version, "v"+a.Manifest.Version))
	})
	return c, nil
}

func rank(e Entry) int {
	if e.Pinned {
		return 0
	}
	return 1
}

// addBuiltIn lists what the binary holds: the reference model and the composed ones.
func (c *Catalog) addBuiltIn() error {
	p, err := reference.Package()
	if err != nil {
		return err
	}
	c.entries = append(c.entries, builtIn(p, reference.File))
	composed, err := packages.All()
	if err != nil {
		return err
	}
	for _, e := range composed {
		c.entries = append(c.entries, builtIn(e.Package, e.File))
	}
	return nil
}

func builtIn(p models.Package, file func(name string) ([]byte, error)) Entry {
	return Entry{Manifest: p.Manifest, Digest: p.Digest(), Origin: BuiltIn,
		load: func() (models.Package, error) { return p, nil },
		read: func(name string, _ int64) ([]byte, error) { return file(name) },
	}
}

// addFolders lists the package folders in dir.
func (c *Catalog) addFolders(dir string) error {
	if dir == "" {
		return nil
	}
	folders, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open catalog: %w", err)
	}
	for _, f := range folders {
		folder := filepath.Join(dir, f.Name())
		if !isFile(filepath.Join(folder, ManifestFile)) {
			continue
		}
		if len(c.entries) > MaxPackages {
			return fmt.Errorf("open catalog: more than %d packages; move some away", MaxPackages)
		}
		if err := c.add(folder, f.Name()); err != nil {
			c.faults = append(c.faults, fmt.Errorf("package %s: %w; repair or remove the folder", f.Name(), err))
		}
	}
	return nil
}

// addStore lists the packages of the store and says which are pinned.
func (c *Catalog) addStore(fetched *store.Store) (map[string]models.Digest, error) {
	if fetched == nil {
		return nil, nil
	}
	records, err := fetched.List()
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	for _, r := range records {
		if err := c.add(r.Folder, InStore); err != nil {
			c.faults = append(c.faults, fmt.Errorf("package %s of the store: %w; remove it with `medhive model remove %s`", r.Name(), err, r.Digest))
		} else if last := &c.entries[len(c.entries)-1]; last.Digest == r.Digest {
			last.Leaving = r.Leaving
		}
	}
	pins, err := fetched.Pins()
	if err != nil {
		return nil, fmt.Errorf("open catalog: %w", err)
	}
	return pins, nil
}

// add lists the package in folder after checking its manifest; the weights are read
// when the package is asked for.
func (c *Catalog) add(folder, origin string) error {
	text, err := models.ReadBounded(filepath.Join(folder, ManifestFile), models.MaxManifestBytes)
	if err != nil {
		return err
	}
	m, err := models.ParseManifest(text)
	if err != nil {
		return err
	}
	e := Entry{Manifest: m, Digest: models.DigestOfPackage(text, m.Weights.SHA256), Origin: origin}
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
	e.read = func(name string, limit int64) ([]byte, error) {
		return models.ReadBounded(filepath.Join(folder, name), limit)
	}
	c.entries = append(c.entries, e)
	return nil
}

// load reads and verifies a whole package folder.
func load(folder string, e Entry) (models.Package, error) {
	text, err := models.ReadBounded(filepath.Join(folder, ManifestFile), models.MaxManifestBytes)
	if err != nil {
		return models.Package{}, err
	}
	weights, err := models.ReadBounded(filepath.Join(folder, e.Manifest.Weights.File), MaxWeightsBytes)
	if err != nil {
		return models.Package{}, err
	}
	card, err := models.ReadBounded(filepath.Join(folder, CardFile), MaxCardBytes)
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

// List returns the models by id, the pinned version of each first, then the newest.
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

// Find returns the package named by ref: "id" (its pinned version, or else the newest), "id@version", or the
// package's digest in text form. The package is verified on each call.
func (c *Catalog) Find(ref string) (models.Package, error) {
	e, err := c.Entry(ref)
	if err != nil {
		return models.Package{}, err
	}
	return e.Load()
}

// ErrNoExample says that a package can't be tried out.
var ErrNoExample = errors.New("the package brings no example; make one with `medhive model example`")

// Example is what a package brings to be tried out with.
type Example struct {
	Study    []byte // a tar of DICOM instances
	Expected []byte // the findings that the model must give on it, as JSON
	Labels   []byte // and the labels (package labelmap); nil where the package has none
}

// Example returns the package's example, every file of it verified.
func (e Entry) Example() (out Example, err error) {
	if e.Manifest.Example == nil {
		return out, fmt.Errorf("model %s: %w", e.Name(), ErrNoExample)
	}
	of := *e.Manifest.Example
	for _, f := range []struct {
		models.ExampleFile
		to *[]byte
	}{{of.Input, &out.Study}, {of.Expected, &out.Expected}, {of.Labels, &out.Labels}} {
		if f.SHA256.IsZero() {
			continue // the labels, which not every package has
		}
		data, err := e.read(f.File, f.Bytes)
		if err != nil {
			return Example{}, fmt.Errorf("model %s: read its example %s: %w; fetch the package again", e.Name(), f.File, models.WithoutPath(err))
		}
		if got := models.DigestOf(data); got != f.SHA256 {
			return Example{}, fmt.Errorf("model %s: its example %s has %s, the manifest names %s; fetch the package again", e.Name(), f.File, got, f.SHA256)
		}
		*f.to = data
	}
	return out, nil
}

// Load reads and verifies the whole package.
func (e Entry) Load() (models.Package, error) {
	p, err := e.load()
	if err != nil {
		return models.Package{}, fmt.Errorf("load model %s: %w", e.Name(), err)
	}
	return p, nil
}

// OfFolder reads one package folder as an entry, wherever it lies.
func OfFolder(dir string) (Entry, error) {
	var c Catalog
	if err := c.add(dir, filepath.Base(dir)); err != nil {
		return Entry{}, fmt.Errorf("read package folder: %w", err)
	}
	return c.entries[0], nil
}

// Versions are the entries of one model id, in the catalog's order.
func (c *Catalog) Versions(id string) (entries []Entry) {
	for _, e := range c.entries {
		if e.Manifest.ID == id {
			entries = append(entries, e)
		}
	}
	return entries
}

// Offered are the entries that a node may offer: where a version is pinned, that one
// alone of its id. What is about to go is not among them.
func (c *Catalog) Offered() (entries []Entry) {
	for _, e := range c.entries {
		if e.Leaving {
			continue
		}
		if e.Pinned || !slices.ContainsFunc(c.Versions(e.Manifest.ID), func(v Entry) bool { return v.Pinned }) {
			entries = append(entries, e)
		}
	}
	return entries
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
