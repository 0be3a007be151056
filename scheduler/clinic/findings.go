package clinic

import (
	"math"
	"slices"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"
)

// ofResult is what of a manifest a result is held against, and what its report says
// of the model: names, codes and measurements, without weights' files, and of the steps
// those alone that say what counts in a fractional segmentation.
func ofResult(m models.Manifest) *models.Manifest {
	return &models.Manifest{
		ID: m.ID, Version: m.Version, Title: m.Title, Task: m.Task, Dimensions: m.Dimensions, IntendedUse: m.IntendedUse,
		Weights: models.Weights{SHA256: m.Weights.SHA256}, Labels: labelsOf(m), Classes: m.Classes, Measures: m.Measures,
		Fractional: m.Fractional, Postprocess: cutoffSteps(m),
	}
}

// statesFigures holds what the findings state beside their segments against what
// the model declares: measurements, probabilities and boxes of its own list only, and
// volumes that the segmentation has. Segments are held against the segmentation
// elsewhere.
func (id Identity) statesFigures(f inference.Findings) error {
	figures := len(f.Segments) + len(f.Measurements) + len(f.Probabilities) + len(f.Boxes)
	switch f.Outcome {
	case "", inference.Completed:
		if f.Reason != "" {
			return refuse("the findings give a reason for a failure that they don't report")
		}
	case inference.Failed, inference.NotApplicable:
		if figures > 0 {
			return refuse("the findings state figures of an analysis that gave none")
		}
		if f.Reason == "" || !readable(f.Reason, "LO") {
			return refuse("the findings don't say in words why there is no result")
		}
		return nil
	default:
		return refuse("the findings end in an outcome that does not exist")
	}
	if id.Manifest == nil { // vaulted before reports were: segments only
		if figures > len(f.Segments) {
			return refuse("the findings state figures that the model does not declare")
		}
		return nil
	}
	for _, check := range []func(inference.Findings) bool{id.measures, id.classifies, id.detects} {
		if !check(f) {
			return refuse("the findings state a figure that the model does not declare, or that can't be")
		}
	}
	return nil
}

// measures says that each measurement is declared, stands there once, and can be.
func (id Identity) measures(f inference.Findings) bool {
	declared := slices.Clone(id.Manifest.Measures)
	for _, v := range f.Measurements {
		n := slices.IndexFunc(declared, func(w models.Measure) bool {
			return w.Kind == v.Kind && w.Label == v.Label && w.Unit == v.Unit && w.Concept() == v.Code
		})
		if n < 0 || math.IsNaN(v.Value) || math.IsInf(v.Value, 0) || !id.possible(declared[n], v.Value, f.Segments) {
			return false
		}
		declared = slices.Delete(declared, n, n+1)
	}
	// A regression states each of its values.
	return id.Manifest.TaskKind() != models.Regression || len(declared) == 0
}

// possible says that a value can be one of its kind: a volume is that of the segment's
// voxels, which were counted, a share is no less than nothing and no more than all, and
// no length is longer than the whole image.
func (id Identity) possible(w models.Measure, value float64, segments []inference.Segment) bool {
	switch w.Kind {
	case models.MeasureVolume:
		for _, s := range segments {
			if s.Label == w.Label {
				return near(value, w.InUnit(s.VolumeML))
			}
		}
		return false
	case models.MeasureLowAttenuation:
		return value >= 0 && value <= w.InUnit(1)
	case models.MeasureDiameter:
		// Measured in the patient's axial plane, which need not be that of the slices.
		x, y, z := id.SpacingMM[0]*float64(id.Columns), id.SpacingMM[1]*float64(id.Rows), id.SpacingMM[2]*float64(id.Instances)
		diagonal := w.InUnit(math.Hypot(math.Hypot(x, y), z))
		return value >= 0 && (diagonal == 0 || value <= diagonal*(1+figureTolerance))
	}
	return true
}

// classifies says that the classes of a classification stand there in order, and
// nothing else does.
func (id Identity) classifies(f inference.Findings) bool {
	if id.Manifest.TaskKind() != models.Classification {
		return len(f.Probabilities) == 0
	}
	return slices.EqualFunc(f.Probabilities, id.Manifest.Classes, func(p inference.Probability, c models.Class) bool {
		return p.Name == c.Name && (p.Code == nil) == (c.Code == nil) && (p.Code == nil || *p.Code == *c.Code) && p.Value >= 0 && p.Value <= 1
	})
}

// detects says that boxes are of the classes of a detection.
func (id Identity) detects(f inference.Findings) bool {
	for _, b := range f.Boxes {
		if id.Manifest.TaskKind() != models.Detection || !slices.ContainsFunc(id.Manifest.Classes, func(c models.Class) bool { return c.Name == b.Name }) {
			return false
		}
	}
	return true
}

// contentsOf arranges checked findings for a report. volumes adds those of the
// segments that no declared measurement states.
func contentsOf(f inference.Findings, m models.Manifest, volumes bool) report.Contents {
	c := report.Contents{Outcome: f.Outcome, Reason: f.Reason}
	measured := map[uint8]bool{}
	for _, v := range f.Measurements {
		measured[v.Label] = measured[v.Label] || v.Kind == models.MeasureVolume
		name := ""
		for _, l := range m.Structures() {
			if l.Value == v.Label {
				name = l.Name
			}
		}
		c.Measurements = append(c.Measurements, report.Measurement{Concept: v.Code, Unit: v.Unit, Segment: v.Label, SegmentName: name, Value: v.Value})
	}
	if volumes && m.Axes() == 3 {
		volume := models.Measure{Kind: models.MeasureVolume, Unit: models.Code{Value: "ml", Scheme: "UCUM", Meaning: "milliliter"}}
		for _, s := range f.Segments {
			if !measured[s.Label] {
				c.Measurements = append(c.Measurements, report.Measurement{Concept: volume.Concept(), Unit: volume.Unit, Segment: s.Label, SegmentName: s.Name, Value: s.VolumeML})
			}
		}
	}
	for _, p := range f.Probabilities {
		c.Probabilities = append(c.Probabilities, report.Probability(p))
	}
	for _, b := range f.Boxes {
		c.Boxes = append(c.Boxes, report.Box(b))
	}
	return c
}
