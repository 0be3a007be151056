package agreement

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
)

func tolerant(dice, value float64) models.Manifest {
	return models.Manifest{Tolerance: models.Tolerance{MinDice: dice, MaxValueError: value}}
}

// seen are findings of every kind.
func seen() inference.Findings {
	return inference.Findings{
		Segments: []inference.Segment{{Label: 1, Name: "Lung", VoxelCount: 10_000}, {Label: 2, Name: "Bone", VoxelCount: 500}},
		Measurements: []inference.Measurement{{Kind: models.MeasureVolume, Label: 1, Value: 10}, {Kind: models.MeasureValue, Value: 200},
			{Kind: models.MeasureMeanHU, Label: 1, Value: -800}},
		Probabilities: []inference.Probability{{Name: "PA", Value: 0.9}, {Name: "AP", Value: 0.1}},
		Boxes:         []inference.Box{{Name: "Nodule", Score: 0.8, Max: [3]float64{10, 10, 10}}, {Name: "Nodule", Score: 0.7, Min: [3]float64{50, 50, 0}, Max: [3]float64{60, 60, 0}}},
	}
}

func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		bend func(*inference.Findings)
		want string // empty: within tolerance
	}{
		"the same":              {func(*inference.Findings) {}, ""},
		"other times":           {func(f *inference.Findings) { f.Provider, f.Runtime = "cuda", "2.0.0" }, ""},
		"voxels at the limit":   {func(f *inference.Findings) { f.Segments[0].VoxelCount = 9_802 }, ""}, // 198 ≤ 0.01·19,802
		"voxels beyond it":      {func(f *inference.Findings) { f.Segments[0].VoxelCount = 9_801 }, "Lung has 9801 voxels"},
		"nothing was found":     {func(f *inference.Findings) { f.Segments[1].VoxelCount = 0 }, "Bone has 0 voxels"},
		"a structure is gone":   {func(f *inference.Findings) { f.Segments = f.Segments[:1] }, "Bone is missing"},
		"one more":              {func(f *inference.Findings) { f.Segments = append(f.Segments, inference.Segment{Label: 9}) }, "3 structures"},
		"another label":         {func(f *inference.Findings) { f.Segments[1].Label = 3 }, "Bone is missing"},
		"another outcome":       {func(f *inference.Findings) { f.Outcome = inference.Failed }, "outcome is failed"},
		"said in full":          {func(f *inference.Findings) { f.Outcome = inference.Completed }, ""},
		"volume at the limit":   {func(f *inference.Findings) { f.Measurements[0].Value = 10.2 }, ""},
		"volume beyond it":      {func(f *inference.Findings) { f.Measurements[0].Value = 10.3 }, "measurement 1"},
		"a value at the limit":  {func(f *inference.Findings) { f.Measurements[1].Value = 200.19 }, ""},
		"a value beyond it":     {func(f *inference.Findings) { f.Measurements[1].Value = 200.3 }, "measurement 2"},
		"HU by their extent":    {func(f *inference.Findings) { f.Measurements[2].Value = -790 }, ""},
		"HU of another sign":    {func(f *inference.Findings) { f.Measurements[2].Value = 800 }, "measurement 3"},
		"one figure less":       {func(f *inference.Findings) { f.Measurements = f.Measurements[1:] }, "2 measurements"},
		"another kind":          {func(f *inference.Findings) { f.Measurements[0].Kind = models.MeasureDiameter }, "measurement 1"},
		"probability near":      {func(f *inference.Findings) { f.Probabilities[0].Value = 0.9009 }, ""},
		"probability far":       {func(f *inference.Findings) { f.Probabilities[0].Value = 0.91 }, "PA has probability"},
		"classes swapped":       {func(f *inference.Findings) { slices.Reverse(f.Probabilities) }, "probability"},
		"no probabilities":      {func(f *inference.Findings) { f.Probabilities = nil }, "0 probabilities"},
		"boxes in other order":  {func(f *inference.Findings) { slices.Reverse(f.Boxes) }, ""},
		"a box moved by a hair": {func(f *inference.Findings) { f.Boxes[0].Max[0] = 10.05 }, ""},
		"a box moved":           {func(f *inference.Findings) { f.Boxes[0].Max[0] = 11 }, "box 1 of 2"},
		"another class":         {func(f *inference.Findings) { f.Boxes[1].Name = "Mass" }, "box 2 of 2"},
		"another score":         {func(f *inference.Findings) { f.Boxes[1].Score = 0.6 }, "box 2 of 2"},
		"a box more":            {func(f *inference.Findings) { f.Boxes = append(f.Boxes, f.Boxes[0]) }, "3 boxes"},
	} {
		got := seen()
		c.bend(&got)
		found := Sentences(Findings(BoundsOf(tolerant(0.99, 0.001)), seen(), got))
		if (found == "") != (c.want == "") || !strings.Contains(found, c.want) {
			t.Errorf("%s: %q; want %q", name, found, c.want)
		}
	}
}

// Two sets with a Dice of at least d always pass, however they overlap.
func TestDiceBoundHolds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		common := rapid.IntRange(1, 1_000_000).Draw(rt, "common")
		a := common + rapid.IntRange(0, 100_000).Draw(rt, "only a")
		b := common + rapid.IntRange(0, 100_000).Draw(rt, "only b")
		dice := 2 * float64(common) / float64(a+b)
		m := tolerant(min(1, max(1e-9, dice*(1-1e-12))), 0)
		one := func(n int) inference.Findings {
			return inference.Findings{Segments: []inference.Segment{{Label: 1, VoxelCount: n}}}
		}
		if found := Findings(BoundsOf(m), one(a), one(b)); len(found) > 0 {
			rt.Fatalf("Dice %v: %v", dice, found)
		}
	})
}
