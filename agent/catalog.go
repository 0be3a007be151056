package agent

import (
	"path/filepath"

	"github.com/medhive/medhive/models/catalog"
)

// OpenCatalog lists the models of this home: the embedded reference model and the
// packages below home/models, if there are any.
func OpenCatalog(home string) (*catalog.Catalog, error) {
	return catalog.Open(filepath.Join(home, "models"))
}
