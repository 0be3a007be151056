package models

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
)

var (
	idPattern       = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	versionPattern  = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?$`)
	filePattern     = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	orientPattern   = regexp.MustCompile(`^[LRAPSI]{3}$`)
	modalityPattern = regexp.MustCompile(`^[A-Z]{2,16}(/[A-Z]{2,16}){0,7}$`)
)

// Bounds of the lists of a manifest: a reader of results relies on them.
const (
	MaxClasses  = 256
	MaxMeasures = 256
)

// publisherPrefix names the kind of key, so that a second one can be told apart later.
const (
	publisherPrefix   = "ed25519:"
	publisherKeyBytes = 32
)

// maxExampleBytes bounds the example study of a package.
const maxExampleBytes = 256 << 20

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
	want(slices.Contains([]string{"", Segmentation, Classification, Detection, Regression}, m.Task), "task %.40q: want segmentation, classification, detection or regression", m.Task)
	want(m.Axes() == 2 || m.Axes() == 3, "dimensions %d: want 2 or 3", m.Dimensions)
	want(m.Publisher == "" || isPublisher(m.Publisher), "publisher: want ed25519: and the base64 of a public key of 32 bytes")
	want(m.IntendedUse != "" && len(m.Limits) > 0, "intended_use and limits must say what the model is for and what it is not")
	want(filePattern.MatchString(m.Weights.File), "weights.file %.80q: want a plain file name", m.Weights.File)
	want(m.Weights.Bytes > 0 && !m.Weights.SHA256.IsZero(), "weights need bytes and sha256")
	want(modalityPattern.MatchString(m.Selection.Modality) && m.Selection.MinSlices > 0 && m.Selection.MaxSpacingMM > 0, "selection needs modality, min_slices and max_spacing_mm")
	want(len(m.AllowedAttrs) > 0 && len(m.Providers) > 0, "allowed_attributes and providers must not be empty")
	want(!m.Defaced || m.Axes() == 3 && slices.ContainsFunc(m.Selection.Modalities(), func(v string) bool { return v == "MR" || v == "CT" }),
		"defaced: a face is removed from series of MR or CT alone")
	want(m.Requirements.MemoryBytes > 0, "requirements.memory_bytes must be set")
	want(m.Tolerance.MinDice > 0 && m.Tolerance.MinDice <= 1, "tolerance.min_dice %v: want more than 0, at most 1", m.Tolerance.MinDice)
	want(m.Tolerance.MaxLabelMargin >= 0 && !math.IsInf(m.Tolerance.MaxLabelMargin, 0), "tolerance.max_label_margin %v: want 0 or more", m.Tolerance.MaxLabelMargin)
	faults = append(faults, m.validateTensors(), m.validateAnswers(), m.validateFractional(), m.validateMeasures(), m.validateExample(),
		validatePreprocess(m.Preprocess, m.Axes(), m.TaskKind()), validatePostprocess(m.Postprocess, m.TaskKind(), m.Output.Type, m.Labels))
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("manifest %s %s: %w", m.ID, m.Version, err)
	}
	return nil
}

func isPublisher(text string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, publisherPrefix))
	return strings.HasPrefix(text, publisherPrefix) && err == nil && len(key) == publisherKeyBytes
}

// validateTensors holds input and output to what the Task constants say.
func (m Manifest) validateTensors() error {
	axes := m.Axes()
	in := m.Input
	if in.Name == "" || in.Type != "float32" || len(in.Shape) != axes+2 {
		if axes == 2 {
			return errors.New("input: want a float32 tensor of four edges [1,C,H,W]")
		}
		return errors.New("input: want a float32 tensor of five edges [1,1,D,H,W]")
	}
	if channels := in.Shape[1]; axes == 2 && channels != 1 && channels != 3 {
		return fmt.Errorf("input: %d channels; want 1 or 3", channels)
	}
	if n := len(m.Preprocess) - 1; n >= 0 && m.Preprocess[n].Op == "sliding-window" && len(m.Preprocess[n].Size) == axes {
		for i, edge := range m.Preprocess[n].Size {
			if want := in.Shape[axes+1-i]; want >= 0 && want != int64(edge) {
				return fmt.Errorf("input: its edges %v are not those of the sliding window %v", in.Shape, m.Preprocess[n].Size)
			}
		}
	}
	out := m.Output
	if out.Name == "" {
		return errors.New("output: has no name")
	}
	switch task := m.TaskKind(); {
	case task == Segmentation && out.Type == "uint8":
		if len(out.Shape) < axes || len(out.Shape) > axes+2 {
			return fmt.Errorf("output: want a uint8 tensor of labels of %d to %d edges", axes, axes+2)
		}
	case out.Type != "float32":
		return fmt.Errorf("output: type %.20q; want float32, or uint8 for the labels of a segmentation", out.Type)
	case task == Segmentation:
		if len(out.Shape) != axes+2 || out.Shape[1] != int64(m.outputChannels()) {
			return fmt.Errorf("output: want a float32 tensor of %d edges with %d channels", axes+2, m.outputChannels())
		}
	case task == Detection:
		edges := out.Shape
		if len(edges) == 3 && edges[0] == 1 {
			edges = edges[1:]
		}
		if width := int64(2*axes + 2); len(edges) != 2 || edges[0] < 1 || edges[0] > MaxDetections || edges[1] != width {
			return fmt.Errorf("output: want a float32 tensor [1,N,%d] of at most %d rows", width, MaxDetections)
		}
	default:
		n := int64(len(m.Classes))
		if task == Regression {
			n = int64(len(m.Values()))
		}
		if last := len(out.Shape) - 1; last < 0 || last > 1 || out.Shape[last] != n || last == 1 && out.Shape[0] != 1 {
			return fmt.Errorf("output: want a float32 tensor [1,%d], as many as there are classes or values", n)
		}
	}
	return nil
}

// MaxDetections bounds the rows of a detector's output.
const MaxDetections = 100_000

// outputChannels is how many channels a float output of a segmentation has: one per
// label with argmax, one per structure with threshold.
func (m Manifest) outputChannels() int {
	if slices.ContainsFunc(m.Postprocess, func(s Step) bool { return s.Op == "threshold" }) {
		return len(m.Structures())
	}
	return len(m.Labels)
}

// validateAnswers checks labels or classes, whichever the task gives.
func (m Manifest) validateAnswers() error {
	switch m.TaskKind() {
	case Segmentation:
		if len(m.Classes) > 0 {
			return errors.New("classes: a segmentation has labels")
		}
		return validateLabels(m.Labels)
	case Regression:
		if len(m.Classes) > 0 {
			return errors.New("classes: a regression has measurements of kind value")
		}
	default:
		if err := validateClasses(m.Classes); err != nil {
			return err
		}
	}
	if len(m.Labels) > 0 {
		return fmt.Errorf("labels: a %s has none", m.TaskKind())
	}
	return nil
}

func validateClasses(classes []Class) error {
	if len(classes) == 0 || len(classes) > MaxClasses {
		return fmt.Errorf("classes: %d; want 1 to %d", len(classes), MaxClasses)
	}
	seen := map[string]bool{}
	for n, c := range classes {
		if c.Name == "" || seen[c.Name] || !(c.Threshold >= 0 && c.Threshold <= 1) {
			return fmt.Errorf("classes: number %d needs a name of its own and a threshold from 0 to 1", n+1)
		}
		seen[c.Name] = true
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

// validateMeasures checks that each measurement names what it measures.
func (m Manifest) validateMeasures() error {
	if len(m.Measures) > MaxMeasures {
		return fmt.Errorf("measurements: %d; at most %d", len(m.Measures), MaxMeasures)
	}
	task := m.TaskKind()
	if task == Regression && len(m.Values()) == 0 {
		return errors.New("measurements: a regression needs at least one of kind value")
	}
	for n, w := range m.Measures {
		known := slices.ContainsFunc(m.Structures(), func(l Label) bool { return l.Value == w.Label })
		var ok bool
		switch w.Kind {
		case MeasureVolume:
			ok = task == Segmentation && known && m.Axes() == 3
		case MeasureDiameter, MeasureMeanHU, MeasureLowAttenuation:
			ok = task == Segmentation && known
		case MeasureValue:
			ok = task == Regression && w.Label == 0 && w.Code != nil
		}
		if allowed := scales(w.Kind); allowed != nil && ok {
			_, ok = allowed[w.Unit.Value]
		}
		if !ok || w.Unit.Value == "" {
			return fmt.Errorf("measurements: number %d (%.40q) is unknown, does not fit a %s, or lacks its label, its code or a unit that fits", n+1, w.Kind, task)
		}
	}
	return nil
}

func (m Manifest) validateExample() error {
	if m.Example == nil {
		return nil
	}
	if m.Example.Labels != (ExampleFile{}) && (m.TaskKind() != Segmentation || m.Example.Labels.SHA256.IsZero()) {
		return errors.New("example: labels are those of a segmentation, with their sha256")
	}
	for _, f := range m.Example.Files() {
		if !filePattern.MatchString(f.File) || f.SHA256.IsZero() || f.Bytes < 1 || f.Bytes > maxExampleBytes {
			return fmt.Errorf("example: each file needs a plain name, sha256 and bytes up to %d", maxExampleBytes)
		}
	}
	return nil
}

// Values are the measurements of kind "value": what a regression's output holds, in order.
func (m Manifest) Values() []Measure {
	return slices.DeleteFunc(slices.Clone(m.Measures), func(w Measure) bool { return w.Kind != MeasureValue })
}
