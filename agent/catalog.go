package agent

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/catalog"
	"github.com/medhive/medhive/models/store"
)

// storeFolder is where fetched packages lie below the home.
const storeFolder = "store"

// OpenStore opens the home's store of fetched packages and makes it if need be.
func OpenStore(home string) (*store.Store, error) {
	return store.Open(filepath.Join(home, storeFolder), nil)
}

// OpenCatalog lists the models of this home: the embedded reference model, the packages
// below home/models that somebody put there, and those of the store, if there are any.
func OpenCatalog(home string) (*catalog.Catalog, error) {
	folders := filepath.Join(home, "models")
	if _, err := os.Stat(filepath.Join(home, storeFolder)); errors.Is(err, fs.ErrNotExist) {
		return catalog.Open(folders)
	}
	packages, err := OpenStore(home)
	if err != nil {
		return nil, err
	}
	return catalog.OpenWith(folders, packages)
}

// packageOf finds the package with this manifest: receipts and verdicts name it, where the
// catalogue goes by the package's own digest. What can't be loaded is passed over.
func packageOf(c *catalog.Catalog, manifest models.Digest) (models.Package, bool) {
	for _, entry := range c.List() {
		if pkg, err := entry.Load(); err == nil && pkg.ManifestDigest() == manifest {
			return pkg, true
		}
	}
	return models.Package{}, false
}
