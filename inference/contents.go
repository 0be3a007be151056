package inference

import (
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"
)

// contents is what a report states of the findings: the measurements, and the volume of
// each structure for which the manifest asks none.
func (f Findings) contents(m models.Manifest) report.Contents {
	c := report.Contents{Outcome: f.Outcome, Reason: f.Reason}
	names, measured := map[uint8]string{}, map[uint8]bool{}
	for _, l := range m.Structures() {
		names[l.Value] = l.Name
	}
	for _, v := range f.Measurements {
		measured[v.Label] = measured[v.Label] || v.Kind == models.MeasureVolume
		c.Measurements = append(c.Measurements, report.Measurement{Concept: v.Code, Unit: v.Unit, Segment: v.Label, SegmentName: names[v.Label], Value: v.Value})
	}
	if m.Axes() == 3 {
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
