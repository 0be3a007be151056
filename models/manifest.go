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
	"regexp"
	"slices"
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

	Weights      Weights      `json:"weights"`
	IntendedUse  string       `json:"intended_use"`
	Limits       []string     `json:"limits"` // what it is not, in sentences for the reader
	Selection    Selection    `json:"selection"`
	Preprocess   []Step       `json:"preprocess"` // in order
	Input        Tensor       `json:"input"`
	Output       Tensor       `json:"output"`
	Labels       []Label      `json:"labels"`             // every value that the output can hold
	Postprocess  []Step       `json:"postprocess"`        // in order
	AllowedAttrs []string     `json:"allowed_attributes"` // DICOM keywords that may leave the clinic
	Providers    []string     `json:"providers"`          // permitted execution providers: "cpu", "cuda", …
	Tolerance    Tolerance    `json:"tolerance"`
	Requirements Requirements `json:"requirements"`
}

// Weights names the ONNX file of the package.
type Weights struct {
	File   string `json:"file"`
	SHA256 Digest `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}

// Selection says which series of a study the model takes.
type Selection struct {
	Modality     string  `json:"modality"`       // DICOM (0008,0060): "MR"
	MinSlices    int     `json:"min_slices"`     // fewer are refused
	MaxSpacingMM float64 `json:"max_spacing_mm"` // largest voxel edge that still makes sense
}

// Step is one declared transformation. Op decides which of the other fields count:
//
//	orient           To        three of L/R, A/P, S/I: where i, j and k increase towards
//	resample         SpacingMM [i, j, k] in mm; Kernel "linear" or "nearest"
//	normalise        Kind      "min-max" (to 0–1) or "percentile" (Low, High in percent, clipped to 0–1)
//	crop-foreground  Above     threshold on the values as they are then; Margin in voxels
//	pad              Multiple  every edge is filled with zeros up to a multiple of it
//	argmax-in-graph  –         the output already holds labels
type Step struct {
	Op        string     `json:"op"`
	To        string     `json:"to,omitempty"`
	SpacingMM [3]float64 `json:"spacing_mm,omitzero"`
	Kernel    string     `json:"kernel,omitempty"`
	Kind      string     `json:"kind,omitempty"`
	Low       float64    `json:"low,omitempty"`
	High      float64    `json:"high,omitempty"`
	Above     float64    `json:"above,omitempty"`
	Margin    int        `json:"margin,omitempty"`
	Multiple  int        `json:"multiple,omitempty"`
}

// Tensor names one input or output of the graph. Shape uses -1 for a dynamic edge. Its
// last three edges are k, j, i of the conformed volume, so that i runs fastest: a model
// trained on [L, I, A] arrays says orient to "AIL".
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
	MinDice        float64 `json:"min_dice"`         // per label, between two providers
	MaxLabelMargin float64 `json:"max_label_margin"` // labels may differ only where the top two logits are closer
}

// Requirements bounds what one job needs.
type Requirements struct {
	MemoryBytes int64 `json:"memory_bytes"` // peak of the runner on a whole study
}

var (
	idPattern      = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	versionPattern = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$`)
	filePattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	orientPattern  = regexp.MustCompile(`^[LRAPSI]{3}$`)
)

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

// Validate checks every field that a runner relies on and names each fault.
func (m Manifest) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	want(m.Schema == Schema, "schema %q: want %q", m.Schema, Schema)
	want(idPattern.MatchString(m.ID) && len(m.ID) <= 64, "id %.80q: want lower-case words joined by hyphens, at most 64 characters", m.ID)
	want(versionPattern.MatchString(m.Version) && len(m.Version) <= 64, "version %.80q: want a semantic version such as 1.0.0", m.Version)
	want(m.License != "", "license is empty: name its SPDX identifier")
	want(m.IntendedUse != "" && len(m.Limits) > 0, "intended_use and limits must say what the model is for and what it is not")
	want(filePattern.MatchString(m.Weights.File), "weights.file %.80q: want a plain file name", m.Weights.File)
	want(m.Weights.Bytes > 0 && !m.Weights.SHA256.IsZero(), "weights need bytes and sha256")
	want(m.Selection.Modality != "" && m.Selection.MinSlices > 0 && m.Selection.MaxSpacingMM > 0, "selection needs modality, min_slices and max_spacing_mm")
	want(m.Input.Name != "" && m.Input.Type == "float32" && len(m.Input.Shape) == 5, "input: want a float32 tensor of five edges [1,1,D,H,W]")
	want(m.Output.Name != "" && m.Output.Type == "uint8" && len(m.Output.Shape) >= 3, "output: want a uint8 tensor of labels")
	want(len(m.AllowedAttrs) > 0 && len(m.Providers) > 0, "allowed_attributes and providers must not be empty")
	want(m.Requirements.MemoryBytes > 0, "requirements.memory_bytes must be set")
	want(m.Tolerance.MinDice > 0 && m.Tolerance.MinDice <= 1, "tolerance.min_dice %v: want more than 0, at most 1", m.Tolerance.MinDice)
	faults = append(faults, validateLabels(m.Labels), validateSteps(m.Preprocess, preprocessOps), validateSteps(m.Postprocess, postprocessOps))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("manifest %s %s: %w", m.ID, m.Version, err)
	}
	return nil
}

func validateLabels(labels []Label) error {
	seen := map[uint8]bool{}
	for _, l := range labels {
		if seen[l.Value] {
			return fmt.Errorf("labels: value %d stands there twice", l.Value)
		}
		seen[l.Value] = true
		if l.Name == "" || (l.Value != 0 && (l.Type == nil || l.Category == nil)) {
			return fmt.Errorf("labels: value %d needs a name, and a category and type code unless it is background", l.Value)
		}
	}
	if !seen[0] || len(seen) < 2 {
		return errors.New("labels: want background (0) and at least one structure")
	}
	return nil
}

var (
	preprocessOps  = []string{"orient", "resample", "normalise", "crop-foreground", "pad"}
	postprocessOps = []string{"argmax-in-graph"}
)

func validateSteps(steps []Step, known []string) error {
	for n, s := range steps {
		ok := slices.Contains(known, s.Op)
		switch s.Op {
		case "orient":
			ok = ok && orientPattern.MatchString(s.To)
		case "resample":
			ok = ok && min(s.SpacingMM[0], s.SpacingMM[1], s.SpacingMM[2]) > 0 && slices.Contains([]string{"linear", "nearest"}, s.Kernel)
		case "normalise":
			ok = ok && (s.Kind == "min-max" || s.Kind == "percentile" && s.Low >= 0 && s.High > s.Low && s.High <= 100)
		case "crop-foreground":
			ok = ok && s.Margin >= 0
		case "pad":
			ok = ok && s.Multiple > 0 && s.Multiple <= 256
		}
		if !ok {
			return fmt.Errorf("step %d (%.40q): unknown, or a parameter is missing or out of range; known are %v", n+1, s.Op, known)
		}
	}
	return nil
}

// Structures are the labels other than background, in the manifest's order.
func (m Manifest) Structures() []Label {
	return slices.DeleteFunc(slices.Clone(m.Labels), func(l Label) bool { return l.Value == 0 })
}
