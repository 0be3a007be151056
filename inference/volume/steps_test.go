package volume

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/medhive/medhive/models"
)

// FuzzSteps throws steps with arbitrary parameters at images with arbitrary values: an
// error is fine, a panic, a grid that is not filled or a changed input is not.
func FuzzSteps(f *testing.F) {
	f.Add(uint8(0), 1.5, 0.0, 1.0, 2, 3, 4, float32(7), false)
	f.Add(uint8(3), 0.5, -1.0, math.Inf(1), 0, -3, 1<<40, float32(math.NaN()), true)
	f.Add(uint8(9), 1e-300, 1e300, 0.0, 8, 8, 8, float32(math.Inf(-1)), false)
	f.Fuzz(func(t *testing.T, which uint8, a, b, c float64, i, j, k int, value float32, picture bool) {
		if max(i, j, k) > 64 || a > 0 && a < 0.2 || b > 0 && b < 0.2 || c > 0 && c < 0.2 {
			return // larger grids take long and show nothing else
		}
		all := []models.Step{
			{Op: "resample", SpacingMM: [3]float64{a, b, c}, Kernel: "spline"}, {Op: "resample", SpacingMM: [3]float64{a, b, c}, Kernel: "linear"},
			{Op: "resize", Size: []int{i, j}, Kernel: "linear"}, {Op: "rgb", Kind: "repeat"}, {Op: "rgb", Kind: "grey"},
			{Op: "clip", Low: a, High: b}, {Op: "window", Low: a, High: b}, {Op: "normalise", Kind: "min-max"},
			{Op: "normalise", Kind: "percentile", Low: a, High: b}, {Op: "normalise", Kind: "z-score"},
			{Op: "normalise", Kind: "z-score", Of: "foreground", Above: a}, {Op: "normalise", Kind: "mean-std", Mean: []float64{a}, Std: []float64{b}},
			{Op: "crop-foreground", Above: a, Margin: i}, {Op: "pad", Multiple: i, Where: "centre"}, {Op: "pad", Margin: i}, {Op: "pad", Size: []int{i, j, k}, Value: c},
			{Op: "orient", To: "SRP"}, {Op: "sliding-window"}, {Op: "unheard of"},
		}
		img := &Image{Grid: straight([3]int{5, 4, 3}, [3]float64{1, 2, 1.5}), Data: make([]float32, 60)}
		for n := range img.Data {
			img.Data[n] = float32(n%7) + value*float32(n%2)
		}
		before := slices.Clone(img.Data)
		run := Conform
		if picture {
			run = ConformPicture
		}
		steps := []models.Step{all[int(which)%len(all)], all[int(which>>4)%len(all)]}
		out, err := run(img, steps)
		if err == nil && out.Validate() != nil {
			t.Fatalf("%+v: %v", steps, out.Validate())
		}
		if !slices.EqualFunc(before, img.Data, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
			t.Fatalf("%+v changed the input", steps)
		}
	})
}

// What the image's content rules out is told apart from a step that is wrong.
func TestUnsuitedImages(t *testing.T) {
	flat := &Image{Grid: straight([3]int{4, 4, 2}, [3]float64{1, 1, 1}), Data: make([]float32, 32)}
	for name, c := range map[string]struct {
		step models.Step
		want bool
	}{
		"min-max of one value":    {models.Step{Op: "normalise", Kind: "min-max"}, true},
		"percentile of one value": {models.Step{Op: "normalise", Kind: "percentile", High: 99}, true},
		"z-score of one value":    {models.Step{Op: "normalise", Kind: "z-score"}, true},
		"no foreground":           {models.Step{Op: "crop-foreground", Above: 1}, true},
		"grey of two channels":    {models.Step{Op: "rgb", Kind: "grey"}, true},
		"unknown step":            {models.Step{Op: "sharpen"}, false},
		"window upside down":      {models.Step{Op: "window", Low: 1}, false},
	} {
		_, err := Conform(flat, []models.Step{c.step})
		if err == nil || errors.Is(err, ErrUnsuited) != c.want {
			t.Errorf("%s: %v; unsuited: want %v", name, err, c.want)
		}
	}
}
