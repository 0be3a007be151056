package models

// The kinds of task, each with what the graph's output must be. N and C are fixed
// numbers in the manifest's shape, -1 stands for an edge of the image.
//
//	segmentation    uint8 labels [-1,-1,-1], leading edges of 1 allowed, or float32
//	                [1,C,-1,-1,-1]; one edge fewer where Dimensions is 2
//	classification  float32 [1,N] or [N]: one value per class, in the order of Classes
//	regression      float32 [1,N] or [N]: one value per measurement of kind "value", in order
//	detection       float32 [1,N,6] or [N,6] with Dimensions 2: i0, j0, i1, j1, score, class;
//	                [1,N,8] or [N,8] with 3: i0, j0, k0, i1, j1, k1, score, class. Corners are
//	                places in the input, where voxel n reaches from n to n+1; scores are 0–1,
//	                class counts from 0; a row of score 0 is empty
const (
	Segmentation   = "segmentation"
	Classification = "classification"
	Detection      = "detection"
	Regression     = "regression"
)

// TaskKind is Task with its default filled in.
func (m Manifest) TaskKind() string {
	if m.Task == "" {
		return Segmentation
	}
	return m.Task
}

// Axes is Dimensions with its default filled in: 3 for a series, 2 for one picture.
func (m Manifest) Axes() int {
	if m.Dimensions == 0 {
		return 3
	}
	return m.Dimensions
}

// Class is one answer of a classification, or one kind of box of a detection.
type Class struct {
	Name      string  `json:"name"`
	Code      *Code   `json:"code,omitempty"`
	Threshold float64 `json:"threshold,omitempty"` // 0–1: from here on the class counts as found
}

// The kinds of measurement.
const (
	MeasureVolume         = "volume"                // of the label, in ml or mm3
	MeasureDiameter       = "longest-diameter"      // largest distance within one slice of the label, in mm or cm
	MeasureMeanHU         = "mean-hu"               // mean of the source's modality units over the label
	MeasureLowAttenuation = "low-attenuation-share" // voxels of the label below Below, in percent of its voxels
	MeasureValue          = "value"                 // one value of a regression's output, in the declared order
)

// Measure is one figure that the model's result states.
type Measure struct {
	Kind  string  `json:"kind"`
	Label uint8   `json:"label,omitempty"` // the structure that is measured; 0 for kind "value"
	Code  *Code   `json:"code,omitempty"`  // what is measured
	Unit  Code    `json:"unit"`            // UCUM: "ml", "mm", "[hnsf'U]", "%", "1"
	Below float64 `json:"below,omitempty"` // of a low-attenuation share, in HU; exclusive
}

// Concept is Code, or the usual code of the kind where there is none.
func (w Measure) Concept() Code {
	switch {
	case w.Code != nil:
		return *w.Code
	case w.Kind == MeasureVolume:
		return Code{Value: "118565006", Scheme: "SCT", Meaning: "Volume"}
	case w.Kind == MeasureDiameter:
		return Code{Value: "103339001", Scheme: "SCT", Meaning: "Long Axis"}
	case w.Kind == MeasureMeanHU:
		return Code{Value: "112031", Scheme: "DCM", Meaning: "Attenuation Coefficient"}
	}
	if w.Kind == MeasureLowAttenuation {
		return Code{Value: "low-attenuation", Scheme: "99MEDHIVE", Meaning: "Share of low attenuation"}
	}
	return Code{Value: w.Kind, Scheme: "99MEDHIVE", Meaning: w.Kind}
}

// scales say what one unit of a kind's own figure (ml, mm, HU, share of 1) is in the
// units that a manifest may ask for, by UCUM code. A mean keeps the values' own unit.
func scales(kind string) map[string]float64 {
	switch kind {
	case MeasureVolume:
		return map[string]float64{"ml": 1, "mL": 1, "cm3": 1, "mm3": 1000}
	case MeasureDiameter:
		return map[string]float64{"mm": 1, "cm": 0.1}
	case MeasureLowAttenuation:
		return map[string]float64{"%": 100, "1": 1}
	}
	return nil
}

// InUnit brings a figure in ml, mm or a share of 1 to the measurement's unit.
func (w Measure) InUnit(v float64) float64 {
	if scale, ok := scales(w.Kind)[w.Unit.Value]; ok {
		return v * scale
	}
	return v
}

// Example names the study that a package brings and what the model must find in it.
type Example struct {
	Input    ExampleFile `json:"input"`    // a tar of DICOM instances
	Expected ExampleFile `json:"expected"` // findings.json, as a result holds it
	// Labels are those of a segmentation, voxel by voxel (package labelmap); zero in
	// packages that were made before there were any, of which extents alone are compared.
	Labels ExampleFile `json:"labels,omitzero"`
}

// Files are those that are there, small ones first.
func (e Example) Files() []ExampleFile {
	files := []ExampleFile{e.Expected}
	if !e.Labels.SHA256.IsZero() {
		files = append(files, e.Labels)
	}
	return append(files, e.Input)
}

// ExampleFile is one file beside the manifest.
type ExampleFile struct {
	File   string `json:"file"`
	SHA256 Digest `json:"sha256"`
	Bytes  int64  `json:"bytes"`
}
