// Package phantom makes what the tests of inference put into the machine, as a phantom
// is put into a scanner: small models whose answer is known, and the studies of testdata
// packed as a clinic sends them. Tests import it, and the tool that composes the models
// of the catalogue; no product code may.
package phantom

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// The thresholds of Thresholds, on values from 0 to 1.
const (
	Low  = 0.3
	High = 0.6
)

// Thresholds is a package whose model labels voxels above Low with 1 and above High with
// 2. It works on the study's own voxels, so what it gives can be computed by hand.
func Thresholds() models.Package {
	return pack("thresholds", thresholds("t1", nil), 512<<20, models.Step{Op: "orient", To: "AIL"})
}

// Endless is a package whose model takes many seconds, in steps of milliseconds.
func Endless() models.Package {
	const steps = 1000
	var chain []graph.Node
	from := "t1"
	for n := range steps {
		to := fmt.Sprintf("wave%d", n)
		chain = append(chain, graph.Node{Op: "Sin", Inputs: []string{from}, Outputs: []string{to}})
		from = to
	}
	return pack("endless", thresholds(from, chain), 512<<20, millimetres())
}

// Greedy is a package whose model wants memory for 1,000 copies of the image.
func Greedy() models.Package {
	m := thresholds("copies", []graph.Node{{Op: "Tile", Inputs: []string{"t1", "repeats"}, Outputs: []string{"copies"}}})
	var raw []byte
	for _, n := range []uint64{1, 1, 10, 10, 10} {
		raw = binary.LittleEndian.AppendUint64(raw, n)
	}
	m.Constants = append(m.Constants, graph.Constant{Value: graph.Value{Name: "repeats", Type: graph.Int64, Shape: []int64{5}}, Raw: raw})
	return pack("greedy", m, 256<<20, millimetres())
}

// thresholds labels the value named from; before stand nodes that compute it from "t1".
func thresholds(from string, before []graph.Node) graph.Model {
	toByte := map[string]int64{"to": int64(graph.Uint8)}
	return graph.Model{
		Nodes: append(before, []graph.Node{
			{Op: "Greater", Inputs: []string{from, "low"}, Outputs: []string{"above low"}},
			{Op: "Greater", Inputs: []string{from, "high"}, Outputs: []string{"above high"}},
			{Op: "Cast", Inputs: []string{"above low"}, Outputs: []string{"one"}, Ints: toByte},
			{Op: "Cast", Inputs: []string{"above high"}, Outputs: []string{"another"}, Ints: toByte},
			{Op: "Add", Inputs: []string{"one", "another"}, Outputs: []string{"sum"}},
			{Op: "Squeeze", Inputs: []string{"sum", "axes"}, Outputs: []string{"labels"}},
		}...),
		Inputs:  []graph.Value{{Name: "t1", Type: graph.Float32, Shape: []int64{1, 1, -1, -1, -1}}},
		Outputs: []graph.Value{{Name: "labels", Type: graph.Uint8, Shape: []int64{-1, -1, -1}}},
		Constants: []graph.Constant{floats("low", nil, Low), floats("high", nil, High),
			{Value: graph.Value{Name: "axes", Type: graph.Int64, Shape: []int64{2}}, Raw: binary.LittleEndian.AppendUint64(make([]byte, 8), 1)}},
	}
}

// millimetres resamples to 1 mm, which makes the small study eight times larger.
func millimetres() models.Step {
	return models.Step{Op: "resample", SpacingMM: [3]float64{1, 1, 1}, Kernel: "linear"}
}

// pack wraps a model into a package. The geometry step comes before those that every
// package has: values to 0–1, air cut off, edges to multiples of 8.
func pack(id string, m graph.Model, memoryBytes int64, geometry models.Step) models.Package {
	manifest := plain(id)
	manifest.Preprocess = []models.Step{
		geometry, {Op: "normalise", Kind: "min-max"}, {Op: "crop-foreground", Above: 0.05}, {Op: "pad", Multiple: 8}}
	manifest.Requirements.MemoryBytes = memoryBytes
	return seal(manifest, m)
}

// plain is a manifest of a segmentation into Dim and Bright, without preprocessing.
func plain(id string) models.Manifest {
	code := func(meaning string) *models.Code {
		return &models.Code{Value: "85756007", Scheme: "SCT", Meaning: meaning}
	}
	return models.Manifest{
		Schema: models.Schema, ID: id, Version: "1.0.0", Title: "Phantom", License: "Apache-2.0",
		IntendedUse: "Tests.", Limits: []string{"Not a model of anything."},
		Selection: models.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3},
		Input:     models.Tensor{Name: "t1", Type: "float32", Shape: []int64{1, 1, -1, -1, -1}},
		Output:    models.Tensor{Name: "labels", Type: "uint8", Shape: []int64{-1, -1, -1}},
		Labels: []models.Label{{Value: 0, Name: "Background"},
			{Value: 1, Name: "Dim", Category: code("Tissue"), Type: code("Tissue"), Color: [3]byte{200, 200, 0}},
			{Value: 2, Name: "Bright", Category: code("Tissue"), Type: code("Tissue"), Color: [3]byte{0, 200, 200}}},
		Postprocess:  []models.Step{{Op: "argmax-in-graph"}},
		AllowedAttrs: []string{"PixelData"}, Providers: []string{"cpu"},
		Tolerance: models.Tolerance{MinDice: 0.99}, Requirements: models.Requirements{MemoryBytes: 512 << 20},
	}
}

// seal adds the weights to a manifest.
func seal(m models.Manifest, g graph.Model) models.Package {
	return repack(m, g.Encode())
}

// repack makes a package of a manifest and weights.
func repack(m models.Manifest, weights []byte) models.Package {
	m.Weights = models.Weights{File: m.ID + ".onnx", SHA256: models.DigestOf(weights), Bytes: int64(len(weights))}
	manifest, err := json.Marshal(m)
	if err != nil {
		panic(err) // a literal that can't be written is a mistake in this file
	}
	p, err := models.NewPackage(manifest, weights, "")
	if err != nil {
		panic(err)
	}
	return p
}

// Study packs a file of testdata as a tar, unchecked: a zip's entries, or one file.
func Study(name string, data []byte) ([]byte, error) {
	var files []dicom.File
	if archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); err == nil {
		for _, entry := range archive.File {
			if entry.FileInfo().IsDir() {
				continue
			}
			r, err := entry.Open()
			if err != nil {
				return nil, err
			}
			content, err := io.ReadAll(r)
			if err := r.Close(); err != nil {
				return nil, err
			}
			if err != nil {
				return nil, err
			}
			files = append(files, dicom.File{Name: entry.Name, Data: content})
		}
	} else {
		files = []dicom.File{{Name: name, Data: data}}
	}
	var out bytes.Buffer
	err := dicom.WriteTar(&out, files)
	return out.Bytes(), err
}
