package agent

import (
	"fmt"
	"math"
	"slices"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// defaultValueError is the manifest's max_value_error where it says nothing.
const defaultValueError = 0.001

// differences says how got lies outside what the manifest's tolerance allows around
// want, one sentence each; none means that they agree. It is a pure function.
//
// Findings hold extents, not voxels (labelDifferences compares those), so a Dice
// coefficient can't be computed from them; but it can be bounded. Dice = 2|A∩B| / (|A|+|B|) and |A∩B| ≤ min(|A|,|B|), so a Dice of
// d or more needs ||A|−|B|| ≤ (1−d)·(|A|+|B|). That is what is asked of extents and of
// what is measured on them. Other figures may differ by max_value_error × max(1, |value|).
func differences(m models.Manifest, want, got inference.Findings) (found []string) {
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	spread := 1 - m.Tolerance.MinDice
	valueError := m.Tolerance.MaxValueError
	if valueError <= 0 {
		valueError = defaultValueError
	}
	extent := func(a, b float64) bool { return math.Abs(a-b) <= spread*(math.Abs(a)+math.Abs(b)) }
	value := func(a, b float64) bool { return math.Abs(a-b) <= valueError*max(1, math.Abs(a)) }

	if a, b := outcome(want), outcome(got); a != b {
		say("the outcome is %s, expected %s", b, a)
		return found
	}
	if len(want.Segments) != len(got.Segments) {
		say("%d structures, expected %d", len(got.Segments), len(want.Segments))
	}
	for _, w := range want.Segments {
		n := slices.IndexFunc(got.Segments, func(s inference.Segment) bool { return s.Label == w.Label })
		if n < 0 {
			say("structure %s is missing", w.Name)
		} else if g := got.Segments[n]; !extent(float64(w.VoxelCount), float64(g.VoxelCount)) {
			say("%s has %d voxels, expected %d: no Dice of %g can come of that", w.Name, g.VoxelCount, w.VoxelCount, m.Tolerance.MinDice)
		}
	}
	if len(want.Measurements) != len(got.Measurements) {
		say("%d measurements, expected %d", len(got.Measurements), len(want.Measurements))
		return found
	}
	for n, w := range want.Measurements {
		g := got.Measurements[n]
		if g.Kind != w.Kind || g.Label != w.Label || !value(w.Value, g.Value) && (w.Kind == models.MeasureValue || !extent(w.Value, g.Value)) {
			say("measurement %d (%s) is %g %s, expected %g %s", n+1, w.Kind, g.Value, g.Unit.Value, w.Value, w.Unit.Value)
		}
	}
	if len(want.Probabilities) != len(got.Probabilities) {
		say("%d probabilities, expected %d", len(got.Probabilities), len(want.Probabilities))
		return found
	}
	for n, w := range want.Probabilities {
		if g := got.Probabilities[n]; g.Name != w.Name || !value(w.Value, g.Value) {
			say("%s has probability %g, expected %g", w.Name, g.Value, w.Value)
		}
	}
	return append(found, boxDifferences(m.Tolerance.MinDice, value, want.Boxes, got.Boxes)...)
}

// outcome fills in what findings leave out.
func outcome(f inference.Findings) string {
	if f.Outcome == "" {
		return inference.Completed
	}
	return f.Outcome
}

// boxDifferences looks for each expected box among those of its class that are not taken
// yet: the Dice of the two must reach minDice, the scores must agree.
func boxDifferences(minDice float64, value func(a, b float64) bool, want, got []inference.Box) (found []string) {
	if len(want) != len(got) {
		found = append(found, fmt.Sprintf("%d boxes, expected %d", len(got), len(want)))
	}
	taken := make([]bool, len(got))
	for n, w := range want {
		at := -1
		for i, g := range got {
			if !taken[i] && g.Name == w.Name && value(w.Score, g.Score) && boxDice(w, g) >= minDice {
				at = i
				break
			}
		}
		if at < 0 {
			found = append(found, fmt.Sprintf("box %d of %d (%s) is not there", n+1, len(want), w.Name))
			continue
		}
		taken[at] = true
	}
	return found
}

// boxDice is 2·|A∩B| / (|A|+|B|) over the axes in which either box has an extent; pictures
// have two of them. Two points in one place agree.
func boxDice(a, b inference.Box) float64 {
	common, sizeA, sizeB := 1.0, 1.0, 1.0
	for axis := range 3 {
		lengthA, lengthB := a.Max[axis]-a.Min[axis], b.Max[axis]-b.Min[axis]
		overlap := min(a.Max[axis], b.Max[axis]) - max(a.Min[axis], b.Min[axis])
		if overlap < 0 {
			return 0
		}
		if lengthA == 0 && lengthB == 0 {
			continue // flat in this axis, and in one plane
		}
		common, sizeA, sizeB = common*overlap, sizeA*lengthA, sizeB*lengthB
	}
	return 2 * common / (sizeA + sizeB)
}

// labelDifferences compares voxel by voxel. Of what is delivered, each structure must reach
// the manifest's Dice. Where the model's graph gives scores and the manifest names a
// margin, the labels before any step on connected parts may differ only where the expected
// ones hung by less than it. seen says in words how closely they agree. It is pure.
func labelDifferences(m models.Manifest, want, got labelmap.Set) (seen string, found []string) {
	delivered, err := labelmap.Compare(want.Delivered, got.Delivered)
	if err != nil {
		return "", []string{err.Error()}
	}
	lowest := 1.0
	for _, l := range m.Structures() {
		dice := delivered.Labels[l.Value].Dice()
		lowest = min(lowest, dice)
		if dice < m.Tolerance.MinDice {
			found = append(found, fmt.Sprintf("%s has a Dice of %.4f with what is expected; at least %g is wanted", l.Name, dice, m.Tolerance.MinDice))
		}
	}
	seen = fmt.Sprintf("voxel by voxel: Dice at least %.6g, %d voxels differ", lowest, delivered.Differ)
	margin := m.Tolerance.MaxLabelMargin
	switch {
	case margin == 0:
		return seen, found
	case want.Direct.IsZero() && got.Direct.IsZero():
		return seen + "; max_label_margin asks nothing of a graph without scores that argmax reduces", found
	case want.Margin != margin:
		return seen, append(found, fmt.Sprintf("the example was made for a max_label_margin of %g, the manifest says %g; make it anew with `medhive model example`", want.Margin, margin))
	}
	direct, err := labelmap.Compare(want.Direct, got.Direct)
	if err != nil {
		return seen, append(found, err.Error())
	}
	if direct.Certain > 0 {
		found = append(found, fmt.Sprintf("%d voxels have another label although their two best scores were at least %g apart", direct.Certain, margin))
	}
	return seen + fmt.Sprintf(", none of them where the scores were %g apart", margin), found
}
