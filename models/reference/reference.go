// Package reference holds the project's own model, t1-tissue, inside the binary: white
// and grey matter of a T1-weighted head scan. In: nothing. Out: the verified package.
// It is trained by the scripts in training/ and described in CARD.md; it is no medical
// device and never runs here.
package reference

// New weights find other voxels, so the example's findings are recorded after stamping.
//go:generate go run ./stamp
//go:generate go run ../../cmd/medhive model example . example.tar --picture=

import (
	"embed"
	"fmt"

	"github.com/medhive/medhive/models"
)

//go:embed manifest.json t1-tissue.onnx CARD.md example.*
var files embed.FS

// Package returns the reference model. It fails only where the build mixed a manifest
// and weights that don't belong together; `go generate ./models/reference` repairs that.
func Package() (models.Package, error) {
	manifest, err := files.ReadFile("manifest.json")
	if err != nil {
		return models.Package{}, fmt.Errorf("reference model: %w", err)
	}
	weights, err := files.ReadFile("t1-tissue.onnx")
	if err != nil {
		return models.Package{}, fmt.Errorf("reference model: %w; train it as training/README.md says", err)
	}
	card, err := files.ReadFile("CARD.md")
	if err != nil {
		return models.Package{}, fmt.Errorf("reference model: %w", err)
	}
	p, err := models.NewPackage(manifest, weights, string(card))
	if err != nil {
		return models.Package{}, fmt.Errorf("reference model: %w", err)
	}
	return p, nil
}

// File returns a file of the package by name; see models.Manifest.Parts.
func File(name string) ([]byte, error) { return files.ReadFile(name) }
