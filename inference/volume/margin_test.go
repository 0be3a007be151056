package volume

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestMarkUnsure(t *testing.T) {
	// Three channels of four voxels: apart, near at the top, near below the top, equal.
	scores := []float32{
		1, 2, 9, 3,
		5, 1.9, 1, 3,
		2, -1, 1.01, 3,
	}
	got := make([]bool, 4)
	MarkUnsure(got, scores, 3, 0.2)
	if want := []bool{false, true, false, true}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	MarkUnsure(got, scores[:4], 1, 0.2)
	if slices.Contains(got, true) {
		t.Error("one channel can't be unsure")
	}
}

// The marks are those that sorting the scores of each voxel gives; and moving every score
// by less than half the margin changes the label of no other voxel.
func TestMarkUnsureCoversRounding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, channels := rapid.IntRange(1, 50).Draw(t, "voxels"), rapid.IntRange(2, 5).Draw(t, "channels")
		score := rapid.Map(rapid.IntRange(-64, 64), func(v int) float32 { return float32(v) / 16 })
		scores := rapid.SliceOfN(score, n*channels, n*channels).Draw(t, "scores")
		const margin = 0.5
		marks := make([]bool, n)
		MarkUnsure(marks, scores, channels, margin)
		values := make([]uint8, channels)
		for c := range values {
			values[c] = uint8(c)
		}
		moved := slices.Clone(scores)
		step := rapid.Map(rapid.IntRange(-3, 3), func(v int) float32 { return float32(v) / 16 }) // 3/16 < margin/2
		for i := range moved {
			moved[i] += step.Draw(t, "step")
		}
		before, after := make([]uint8, n), make([]uint8, n)
		if err := Argmax(before, scores, values); err != nil {
			t.Fatal(err)
		}
		if err := Argmax(after, moved, values); err != nil {
			t.Fatal(err)
		}
		for i := range n {
			var of []float32
			for c := range channels {
				of = append(of, scores[c*n+i])
			}
			slices.Sort(of)
			if unsure := of[channels-1]-of[channels-2] < margin; unsure != marks[i] {
				t.Fatalf("voxel %d of %v: marked %v", i, of, marks[i])
			}
			if before[i] != after[i] && !marks[i] {
				t.Fatalf("voxel %d of %v changed from %d to %d and was called sure", i, of, before[i], after[i])
			}
		}
	})
}
