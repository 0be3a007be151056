// Package agreement says whether two results of one model on one study agree, as closely as
// the model's manifest asks. In: a manifest, and findings, labels or whole results, of which
// one is held to be right. Out: what differs, in sentences and in figures. It runs nothing,
// opens nothing, and judges nobody: a result that differs may still be the better one.
package agreement

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
)

// defaultValueError is the manifest's max_value_error where it says nothing.
const defaultValueError = 0.001

// Kind is what a difference is about.
type Kind string

// The kinds of differences.
const (
	Outcome     Kind = "outcome"     // one completed, the other did not
	Structure   Kind = "structure"   // a segmentation's extents or voxels
	Margin      Kind = "margin"      // labels where the model was sure
	Measurement Kind = "measurement" // a figure in a unit
	Probability Kind = "probability" // of a class
	Box         Kind = "box"         // of a detector
)

// Difference is one thing that lies outside of what is allowed.
type Difference struct {
	Kind Kind
	Text string // for a person
}

// Sentences joins the differences for a person; "" where there are none.
func Sentences(found []Difference) string {
	texts := make([]string, len(found))
	for n, d := range found {
		texts[n] = d.Text
	}
	return strings.Join(texts, "; ")
}

// Bounds are how far two honest results may lie apart.
type Bounds struct {
	Dice   float64 // least Dice coefficient of a structure, 0 to 1
	Value  float64 // of values, probabilities and scores: × max(1, |value|)
	Margin float64 // labels may differ only where the two best scores are closer; 0: not asked

	// Spare is how many voxels of a structure may differ whatever its Dice is. Where a
	// structure has a few dozen voxels, one that hangs in the balance would decide.
	Spare int
	// FloorHU is the least difference of two means in HU that counts. A mean of 0.2 HU would
	// else have to agree to 0.004 HU.
	FloorHU float64
}

// BoundsOf are the manifest's own, with nothing to spare: those of a package's example.
func BoundsOf(m models.Manifest) Bounds {
	b := Bounds{Dice: m.Tolerance.MinDice, Value: m.Tolerance.MaxValueError, Margin: m.Tolerance.MaxLabelMargin}
	if b.Value <= 0 {
		b.Value = defaultValueError
	}
	return b
}

// spread is how far two extents of a structure may differ, as a part of their sum.
//
// Findings hold extents, not voxels, so a Dice coefficient can't be computed from them; but
// it can be bounded. Dice = 2|A∩B| / (|A|+|B|) and |A∩B| ≤ min(|A|,|B|), so a Dice of d or
// more needs ||A|−|B|| ≤ (1−d)·(|A|+|B|). That is what is asked of extents and of what is
// measured on them.
func (b Bounds) spread(voxels int) float64 {
	spread := 1 - b.Dice
	if b.Spare > 0 && voxels > 0 {
		spread = max(spread, float64(b.Spare)/float64(voxels))
	}
	return spread
}

func (b Bounds) valueAgrees(want, got float64) bool {
	return math.Abs(want-got) <= b.Value*max(1, math.Abs(want))
}

// extentAgrees holds two figures to a part of their sum.
func extentAgrees(spread, want, got float64) bool {
	return math.Abs(want-got) <= spread*(math.Abs(want)+math.Abs(got))
}

// Findings says how got lies outside what b allows around want, one difference each; none
// means that they agree. It is a pure function.
func Findings(b Bounds, want, got inference.Findings) (found []Difference) {
	if from, to := OutcomeOf(want), OutcomeOf(got); from != to {
		return []Difference{{Outcome, fmt.Sprintf("the outcome is %s, expected %s", to, from)}}
	}
	found = b.segments(want.Segments, got.Segments)
	figures, comparable := b.measurements(want, got)
	if found = append(found, figures...); !comparable {
		return found
	}
	if len(want.Probabilities) != len(got.Probabilities) {
		return append(found, Difference{Probability, fmt.Sprintf("%d probabilities, expected %d", len(got.Probabilities), len(want.Probabilities))})
	}
	for n, w := range want.Probabilities {
		if g := got.Probabilities[n]; g.Name != w.Name || !b.valueAgrees(w.Value, g.Value) {
			found = append(found, Difference{Probability, fmt.Sprintf("%s has probability %g, expected %g", w.Name, g.Value, w.Value)})
		}
	}
	return append(found, b.boxes(want.Boxes, got.Boxes)...)
}

// OutcomeOf fills in what findings leave out.
func OutcomeOf(f inference.Findings) string {
	if f.Outcome == "" {
		return inference.Completed
	}
	return f.Outcome
}

// segments compares extents.
func (b Bounds) segments(want, got []inference.Segment) (found []Difference) {
	say := func(format string, args ...any) {
		found = append(found, Difference{Structure, fmt.Sprintf(format, args...)})
	}
	if len(want) != len(got) {
		say("%d structures, expected %d", len(got), len(want))
	}
	for _, w := range want {
		n := slices.IndexFunc(got, func(s inference.Segment) bool { return s.Label == w.Label })
		if n < 0 {
			say("structure %s is missing", w.Name)
			continue
		}
		g := got[n]
		if !extentAgrees(b.spread(w.VoxelCount+g.VoxelCount), float64(w.VoxelCount), float64(g.VoxelCount)) {
			say("%s has %d voxels, expected %d: no Dice of %g can come of that", w.Name, g.VoxelCount, w.VoxelCount, b.Dice)
		}
	}
	return found
}

// measurements compares figures; comparable says whether each had a counterpart.
func (b Bounds) measurements(want, got inference.Findings) (found []Difference, comparable bool) {
	if len(want.Measurements) != len(got.Measurements) {
		return []Difference{{Measurement, fmt.Sprintf("%d measurements, expected %d", len(got.Measurements), len(want.Measurements))}}, false
	}
	for n, w := range want.Measurements {
		g := got.Measurements[n]
		agrees := b.valueAgrees(w.Value, g.Value)
		if w.Kind != models.MeasureValue {
			spread := b.spread(voxelsOf(want, w.Label) + voxelsOf(got, w.Label))
			agrees = agrees || extentAgrees(spread, w.Value, g.Value)
		}
		if w.Kind == models.MeasureMeanHU {
			agrees = agrees || math.Abs(w.Value-g.Value) <= b.FloorHU
		}
		if g.Kind != w.Kind || g.Label != w.Label || !agrees {
			found = append(found, Difference{Measurement,
				fmt.Sprintf("measurement %d (%s) is %g %s, expected %g %s", n+1, w.Kind, g.Value, g.Unit.Value, w.Value, w.Unit.Value)})
		}
	}
	return found, true
}

// voxelsOf is the extent of a structure, 0 where the findings don't have it.
func voxelsOf(f inference.Findings, label uint8) int {
	for _, s := range f.Segments {
		if s.Label == label {
			return s.VoxelCount
		}
	}
	return 0
}
