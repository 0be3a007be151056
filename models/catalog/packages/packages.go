// Package packages holds the composed models of the catalogue inside the binary: graphs
// that nobody trained, which show a CT and a radiograph through the whole network. In:
// nothing. Out: verified packages and their files. inference/internal/compose writes
// them; their cards say what they are worth.
package packages

import (
	"embed"
	"fmt"
	"path"

	"github.com/medhive/medhive/models"
)

//go:embed ct-lung-bone radiograph-quality
var files embed.FS

// Embedded is one package folder of this binary.
type Embedded struct {
	models.Package
	folder string
}

// All returns the composed models by id. It fails only where the build mixed files that
// don't belong together; `go generate ./inference` repairs that.
func All() ([]Embedded, error) {
	folders, err := files.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("composed models: %w", err)
	}
	var list []Embedded
	for _, f := range folders {
		e := Embedded{folder: f.Name()}
		manifest, err := e.File(models.ManifestFile)
		if err != nil {
			return nil, err
		}
		m, err := models.ParseManifest(manifest)
		if err != nil {
			return nil, fmt.Errorf("composed model %s: %w", e.folder, err)
		}
		weights, err := e.File(m.Weights.File)
		if err != nil {
			return nil, err
		}
		card, err := e.File(models.CardFile)
		if err != nil {
			return nil, err
		}
		if e.Package, err = models.NewPackage(manifest, weights, string(card)); err != nil {
			return nil, fmt.Errorf("composed model %s: %w", e.folder, err)
		}
		list = append(list, e)
	}
	return list, nil
}

// File reads one file of the package folder.
func (e Embedded) File(name string) ([]byte, error) {
	data, err := files.ReadFile(path.Join(e.folder, path.Base(name)))
	if err != nil {
		return nil, fmt.Errorf("composed model %s: %w", e.folder, err)
	}
	return data, nil
}
