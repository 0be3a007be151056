package agreement

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// Labels may differ within the Dice and, where the model gives scores, only where it was
// unsure.
func TestLabelDifferences(t *testing.T) {
	size := [3]int{10, 10, 1}
	pack := func(unsure []bool, bend func([]uint8)) labelmap.Volume {
		labels := make([]uint8, 100)
		for i := range 50 {
			labels[i] = 1
		}
		if bend != nil {
			bend(labels)
		}
		v, err := labelmap.Pack(size, labels, unsure)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	hanging := make([]bool, 100)
	hanging[50], hanging[51] = true, true
	one := func(at int) func([]uint8) { return func(l []uint8) { l[at] = 1 - l[at] } }
	many := func(l []uint8) { clear(l[:20]) }
	small, err := labelmap.Pack([3]int{5, 20, 1}, make([]uint8, 100), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := labelmap.Set{Delivered: pack(nil, nil), Direct: pack(hanging, nil), Margin: 0.002}
	noScores := labelmap.Set{Delivered: want.Delivered}
	for name, c := range map[string]struct {
		margin    float64
		want, got labelmap.Set
		differs   string // empty: it passes
		seen      string
	}{
		"the same":                 {0.002, want, want, "", "Dice at least 1, 0 voxels differ, none of them"},
		"one that hung":            {0.002, want, labelmap.Set{Delivered: pack(nil, one(50)), Direct: pack(nil, one(50))}, "", "1 voxels differ"},
		"one that was sure":        {0.002, want, labelmap.Set{Delivered: pack(nil, one(60)), Direct: pack(nil, one(60))}, "1 voxels have another label although", ""},
		"nobody asks for a margin": {0, want, labelmap.Set{Delivered: pack(nil, one(60)), Direct: pack(nil, one(60))}, "", "1 voxels differ"},
		"too many":                 {0, want, labelmap.Set{Delivered: pack(nil, many)}, "Lung has a Dice of 0.7500", ""},
		"no scores":                {0.002, noScores, noScores, "", "asks nothing of a graph without scores"},
		"made for another margin":  {0.005, want, want, "make it anew", ""},
		"another grid":             {0.002, want, labelmap.Set{Delivered: small}, "grid of [5 20 1] voxels, expected [10 10 1]", ""},
		"no scores any more":       {0.002, want, noScores, "grid of [0 0 0]", ""},
	} {
		m := tolerant(0.9, 0)
		m.Labels = []models.Label{{Value: 0, Name: "Background"}, {Value: 1, Name: "Lung"}}
		m.Tolerance.MaxLabelMargin = c.margin
		seen, found := Labels(m, BoundsOf(m), c.want, c.got)
		text := Sentences(found)
		if (text == "") != (c.differs == "") || !strings.Contains(text, c.differs) || !strings.Contains(seen, c.seen) {
			t.Errorf("%s: %q, %q; want %q, %q", name, text, seen, c.differs, c.seen)
		}
	}
}
