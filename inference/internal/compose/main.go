// Command compose writes the models of the catalogue that nobody trained: graphs put
// together by hand from thresholds, filters and sums. In: a folder for the packages and
// the ONNX Runtime library. Out: one folder per model with its manifest, its graph, an
// example study and what the model finds in it; the card beside them is written by a
// person. Run it from the folder inference by `go generate`.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// The files of a package folder, beside CARD.md.
const (
	manifestFile = "manifest.json"
	weightsFile  = "model.onnx"
	studyFile    = "study.tar"
	expectedFile = "findings.json"
	labelsFile   = "labels.bin"
)

// composed is a model before its digests are known.
type composed struct {
	manifest models.Manifest
	graph    graph.Model
	example  phantom.Scan
}

func catalogue() []composed {
	return []composed{
		{lungBoneManifest(), lungBoneGraph(), phantom.Chest()},
		{radiographManifest(), radiographGraph(), phantom.Radiograph()},
	}
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compose:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("want the folder of the packages; run go generate in the folder inference")
	}
	for _, c := range catalogue() {
		files, err := c.files(context.Background())
		if err != nil {
			return fmt.Errorf("%s: %w", c.manifest.ID, err)
		}
		folder := filepath.Join(args[0], c.manifest.ID)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		for name, data := range files {
			if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, folder)
	}
	return nil
}

// files makes the package's files. The findings are the model's own on its example.
func (c composed) files(ctx context.Context) (map[string][]byte, error) {
	weights := c.graph.Encode()
	study, err := c.example.Tar()
	if err != nil {
		return nil, err
	}
	m := c.manifest
	m.Weights = models.Weights{File: weightsFile, SHA256: models.DigestOf(weights), Bytes: int64(len(weights))}
	found, labels, err := find(ctx, m, weights, study)
	if err != nil {
		return nil, err
	}
	file := func(name string, data []byte) models.ExampleFile {
		return models.ExampleFile{File: name, SHA256: models.DigestOf(data), Bytes: int64(len(data))}
	}
	m.Example = &models.Example{Input: file(studyFile, study), Expected: file(expectedFile, found)}
	files := map[string][]byte{weightsFile: weights, studyFile: study, expectedFile: found}
	if labels != nil {
		m.Example.Labels, files[labelsFile] = file(labelsFile, labels), labels
	}
	manifest, err := indented(m)
	if err != nil {
		return nil, err
	}
	files[manifestFile] = manifest
	if _, err := models.ParseManifest(manifest); err != nil {
		return nil, err
	}
	return files, nil
}

// find runs the model on its example and gives findings and, of a segmentation, labels.
// What depends on the machine is left out.
func find(ctx context.Context, m models.Manifest, weights, study []byte) (found, labels []byte, err error) {
	manifest, err := json.Marshal(m)
	if err != nil {
		return nil, nil, err
	}
	pkg, err := models.NewPackage(manifest, weights, "")
	if err != nil {
		return nil, nil, err
	}
	r, err := analyze(ctx, pkg, study)
	if err != nil {
		return nil, nil, err
	}
	for _, f := range r.Files {
		if f.Name == inference.LabelsFile {
			labels = f.Data
		}
	}
	f := r.Findings
	f.Provider, f.Runtime, f.Phases = "", "", nil
	found, err = indented(f)
	return found, labels, err
}

func analyze(ctx context.Context, pkg models.Package, study []byte) (r inference.Result, err error) {
	lib, err := ort.Locate("")
	if err != nil {
		return r, err
	}
	rt, err := ort.Open(lib)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, rt.Close()) }()
	s, err := inference.NewSession(rt, pkg, ort.CPU, 0)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return inference.Examine(ctx, rt, s, pkg, study, nil)
}

// indented is JSON for people to read.
func indented(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return out.Bytes(), err
}
