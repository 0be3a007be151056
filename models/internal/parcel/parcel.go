// Package parcel packs small model packages for the tests of models: folders of a few
// bytes that verify, signed or not. Only tests import it; no product code may.
package parcel

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/medhive/medhive/models"
)

// Parcel says what to pack.
type Parcel struct {
	ID, Version string
	Weights     []byte
	Card        string               // none where empty
	Study       []byte               // of the example; none where empty
	Key         *models.PublisherKey // nobody signs where nil
}

// Manifest is a valid manifest around the parcel's bytes.
func (p Parcel) Manifest() models.Manifest {
	code := func(value, meaning string) *models.Code {
		return &models.Code{Value: value, Scheme: "SCT", Meaning: meaning}
	}
	m := models.Manifest{
		Schema: models.Schema, ID: p.ID, Version: p.Version, Title: "Test", License: "MIT",
		Weights:     models.Weights{File: "w.onnx", SHA256: models.DigestOf(p.Weights), Bytes: int64(len(p.Weights))},
		IntendedUse: "Tests.", Limits: []string{"Not a medical device."},
		Selection:  models.Selection{Modality: "CT", MinSlices: 1, MaxSpacingMM: 5},
		Preprocess: []models.Step{{Op: "orient", To: "RAS"}},
		Input:      models.Tensor{Name: "x", Type: "float32", Shape: []int64{1, 1, -1, -1, -1}},
		Output:     models.Tensor{Name: "y", Type: "uint8", Shape: []int64{-1, -1, -1}},
		Labels: []models.Label{{Name: "Background"},
			{Value: 1, Name: "Lung", Category: code("123037004", "Anatomical Structure"), Type: code("39607008", "Lung")}},
		Postprocess:  []models.Step{{Op: "argmax-in-graph"}},
		AllowedAttrs: []string{"Rows"}, Providers: []string{"cpu"},
		Tolerance:    models.Tolerance{MinDice: 0.99},
		Requirements: models.Requirements{MemoryBytes: 1 << 30},
	}
	if p.Key != nil {
		m.Publisher = p.Key.Publisher()
	}
	if len(p.Study) > 0 {
		expected := []byte("{}")
		m.Example = &models.Example{
			Input:    models.ExampleFile{File: "study.tar", SHA256: models.DigestOf(p.Study), Bytes: int64(len(p.Study))},
			Expected: models.ExampleFile{File: "findings.json", SHA256: models.DigestOf(expected), Bytes: int64(len(expected))},
		}
	}
	return m
}

// Write packs the parcel into dir and returns the package's digest.
func (p Parcel) Write(dir string) (models.Digest, error) {
	m := p.Manifest()
	text, err := json.Marshal(m)
	if err != nil {
		return models.Digest{}, err
	}
	files := map[string][]byte{models.ManifestFile: text, m.Weights.File: p.Weights}
	if p.Card != "" {
		files[models.CardFile] = []byte(p.Card)
	}
	if m.Example != nil {
		files[m.Example.Input.File], files[m.Example.Expected.File] = p.Study, []byte("{}")
	}
	if err := writeAll(dir, files); err != nil {
		return models.Digest{}, err
	}
	if p.Key != nil {
		sums, err := models.SumFolder(dir)
		if err != nil {
			return models.Digest{}, err
		}
		signature, err := p.Key.Sign(sums.Text(), p.ID)
		if err != nil {
			return models.Digest{}, err
		}
		if err := writeAll(dir, map[string][]byte{models.SumsFile: sums.Text(), models.SignatureFile: signature}); err != nil {
			return models.Digest{}, err
		}
	}
	return models.DigestOfPackage(text, m.Weights.SHA256), nil
}

func writeAll(dir string, files map[string][]byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return fmt.Errorf("pack a parcel: %w", err)
		}
	}
	return nil
}

// NewKey makes a publisher.
func NewKey() (*models.PublisherKey, error) {
	key, err := models.NewPublisherKey(rand.Reader)
	return &key, err
}
