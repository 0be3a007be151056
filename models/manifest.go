// Package models is the model package format: a manifest, ONNX weights and a
// model card that belong together under one digest. In: files and bytes from
// publishers whom nobody has to trust. Out: a validated Package. It never runs
// a model and never reads a study.
package models

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Schema is the manifest version that this code reads and writes.
const Schema = "medhive.model/1"

// MaxManifestBytes bounds a manifest before it is parsed.
const MaxManifestBytes = 256 << 10

// Manifest says what a model is for, what it eats, what it returns and how its
// outputs are compared. It is JSON; manifest.schema.json describes it for editors.
type Manifest struct {
	Schema  string `json:"schema"`  // always Schema
	ID      string `json:"id"`      // lower-case words with hyphens: "t1-tissue"
	Version string `json:"version"` // semantic version: "1.0.0"
	Title   string `json:"title"`
	License string `json:"license"` // SPDX expression of the weights

	Task       string `json:"task,omitempty"`       // one of the Task constants; empty means Segmentation
	Dimensions int    `json:"dimensions,omitempty"` // 3 (a series, also when 0) or 2 (one picture)
	Publisher  string `json:"publisher,omitempty"`  // "ed25519:<base64 public key>" that must have signed the package

	Weights      Weights      `json:"weights"`
	IntendedUse  string       `json:"intended_use"`
	Limits       []string     `json:"limits"` // what it is not, in sentences for the reader
	Selection    Selection    `json:"selection"`
	Preprocess   []Step       `json:"preprocess"` // in order
	Input        Tensor       `json:"input"`
	Output       Tensor       `json:"output"`
	Fractional   bool         `json:"fractional,omitempty"` // the segmentation is delivered as the probability of each structure
	Labels       []Label      `json:"labels,omitempty"`     // every value that a segmentation can hold
	Classes      []Class      `json:"classes,omitempty"`    // of a classification or detection, in the output's order
	Postprocess  []Step       `json:"postprocess"`          // in order
	Measures     []Measure    `json:"measurements,omitempty"`
	AllowedAttrs []string     `json:"allowed_attributes"` // DICOM keywords that may leave the clinic
	Defaced      bool         `json:"defaced,omitempty"`  // the model's results were measured on heads without a face, and hold: a clinic may send those
	Providers    []string     `json:"providers"`          // permitted execution providers: "cpu", "cuda", …
	Tolerance    Tolerance    `json:"tolerance"`
	Requirements Requirements `json:"requirements"`
	Example      *Example     `json:"example,omitempty"`
}

// Weights names the ONNX file of the package.
type Weights struct {
	File   string `json:"file"`
	SHA256 Digest `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Selection says which series of a study the model takes.
type Selection struct {
	Modality     string  `json:"modality"`       // DICOM (0008,0060): "MR"; alternatives are parted by a slash: "CR/DX"
	MinSlices    int     `json:"min_slices"`     // fewer are refused
	MaxSpacingMM float64 `json:"max_spacing_mm"` // largest voxel edge that still makes sense
}

// Modalities are the alternatives of Modality, in order.
func (s Selection) Modalities() []string { return strings.Split(s.Modality, "/") }

// Takes reports whether a series of that modality is among the wanted ones.
func (s Selection) Takes(modality string) bool { return slices.Contains(s.Modalities(), modality) }

// Tensor names one input or output of the graph. Shape uses -1 for a dynamic edge. The
// last three edges of an image are k, j, i of the conformed volume (j, i where the model
// takes pictures), so that i runs fastest: a model trained on [L, I, A] arrays says
// orient to "AIL". What outputs look like is said at the Task constants.
type Tensor struct {
	Name  string  `json:"name"`
	Type  string  `json:"type"` // "float32" or "uint8"
	Shape []int64 `json:"shape"`
}

// Code is a coded concept (DICOM PS3.3 section 8.8): value, scheme and meaning.
type Code struct {
	Value   string `json:"value"`
	Scheme  string `json:"scheme"` // "SCT" for SNOMED CT
	Meaning string `json:"meaning"`
}

// Label is one value of the output. Background has value 0 and no Type.
type Label struct {
	Value    uint8   `json:"value"`
	Name     string  `json:"name"`
	Category *Code   `json:"category,omitempty"` // segmented property category, PS3.3 C.8.20.2
	Type     *Code   `json:"type,omitempty"`     // segmented property type
	Color    [3]byte `json:"color"`              // sRGB, for pictures
}

// Tolerance bounds how far two honest runs of this model may differ.
type Tolerance struct {
	MinDice        float64 `json:"min_dice"`                   // per label, between two providers
	MaxLabelMargin float64 `json:"max_label_margin,omitempty"` // labels may differ only where the two best scores of the graph are closer; 0, or a graph that gives labels: not asked
	MaxValueError  float64 `json:"max_value_error,omitempty"`  // of measurements, probabilities and scores: × max(1, |value|); 0 means 0.001
}

// Requirements bounds what one job needs.
type Requirements struct {
	MemoryBytes int64 `json:"memory_bytes"` // peak of the runner on a whole study
}

// ParseManifest reads and validates a manifest. Unknown keys are errors, so that
// a misspelt limit is never silently ignored.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if len(data) > MaxManifestBytes {
		return m, fmt.Errorf("manifest has %d bytes: the limit is %d", len(data), MaxManifestBytes)
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return m, fmt.Errorf("parse manifest: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return m, errors.New("parse manifest: something follows the JSON object; remove it")
	}
	return m, m.Validate()
}

// Structures are the labels other than background, in the manifest's order.
func (m Manifest) Structures() []Label {
	return slices.DeleteFunc(slices.Clone(m.Labels), func(l Label) bool { return l.Value == 0 })
}
