package inference_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// analyze runs a phantom on a study.
func analyze(t *testing.T, pkg models.Package, tar []byte) inference.Result {
	t.Helper()
	rt, s := warm(t, pkg, 0)
	r, err := inference.Analyze(t.Context(), rt, s, pkg, tar, nil)
	if err != nil {
		t.Fatalf("%s: %v", pkg.Name(), err)
	}
	return r
}

func packed(t *testing.T, s phantom.Scan) []byte {
	t.Helper()
	tar, err := s.Tar()
	if err != nil {
		t.Fatal(err)
	}
	return tar
}

// ramp is a radiograph whose pixel at column i, row j is 3i + 7j.
func ramp(columns, rows int) phantom.Scan {
	return phantom.Scan{Modality: "CR", Columns: columns, Rows: rows, Slices: 1, SpacingMM: [3]float64{0.2, 0.3, 0},
		Value: func(i, j, _ int) int { return 3*i + 7*j }}
}

// The same model as labels, as scores, and in windows of either kind finds the same.
func TestScoresAndWindowsGiveTheSameLabels(t *testing.T) {
	tar := study(t, "small", testdata.SmallStudy())
	var want []inference.Segment
	for _, pkg := range []models.Package{phantom.Scores(0), phantom.Scores(40), phantom.Windows(40)} {
		got := analyze(t, pkg, tar)
		if want == nil {
			want = got.Findings.Segments
			if want[0].VoxelCount == 0 || want[1].VoxelCount == 0 {
				t.Fatalf("%+v; want voxels of both", want)
			}
		}
		if !slices.Equal(got.Findings.Segments, want) || got.Findings.Outcome != inference.Completed {
			t.Errorf("%s: %+v; want %+v", pkg.Name(), got.Findings.Segments, want)
		}
		checkFiles(t, got, segmented...)
	}
}

// Between two windows the work can be stopped, and progress says how far it is.
func TestWindowsStopAndTell(t *testing.T) {
	pkg := phantom.Scores(24)
	rt, s := warm(t, pkg, 0)
	ctx, cancel := context.WithCancel(t.Context())
	var heard []float64
	_, err := inference.Analyze(ctx, rt, s, pkg, study(t, "small", testdata.SmallStudy()), func(stage string, done float64) {
		if stage != inference.StageInference {
			return
		}
		if heard = append(heard, done); len(heard) == 4 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || len(heard) != 4 || !slices.IsSorted(heard) || heard[3] <= 0 || heard[3] >= 1 {
		t.Errorf("%v after %v", err, heard)
	}
}

func TestRegression(t *testing.T) {
	scan := ramp(30, 20)
	got := analyze(t, phantom.Mean(), packed(t, scan)).Findings
	for n, want := range []float64{3*14.5 + 7*9.5, 3*29 + 7*19} {
		if m := got.Measurements[n]; m.Kind != models.MeasureValue || math.Abs(m.Value-want) > 1e-3 || m.Code.Value != []string{"mean", "largest"}[n] {
			t.Errorf("%+v; want %v", m, want)
		}
	}
	if len(got.Measurements) != 2 || len(got.Segments) != 0 || got.SeriesUID == "" {
		t.Errorf("%+v", got)
	}
}

func TestClassification(t *testing.T) {
	scan := ramp(2, 1) // 0 and 3: mean 1.5
	r := analyze(t, phantom.Brightness(), packed(t, scan))
	light := math.Exp(1.5) / (1 + math.Exp(1.5))
	for n, want := range []float64{1 - light, light} {
		if p := r.Findings.Probabilities[n]; p.Name != []string{"Dark", "Light"}[n] || math.Abs(p.Value-want) > 1e-6 {
			t.Errorf("%+v; want %v", p, want)
		}
	}
	checkFiles(t, r, pictured...)
}

// pictured are the files of what was found in a picture, beside a segmentation.
var pictured = []string{inference.OverlayFile, inference.ReportFile, inference.CaptureFile}

// Boxes come back in the picture's own pixels: the model sees it at half its columns and
// a quarter of its rows.
func TestDetection(t *testing.T) {
	pkg := phantom.Boxes(
		[6]float32{1, 1, 4, 3, 0.5, 0},
		[6]float32{1, 1, 4, 3.1, 0.9, 0},   // suppresses the first
		[6]float32{1, 1, 4, 3, 0.4, 1},     // another class stays
		[6]float32{12, 5, 20, 12, 0.8, 1},  // reaches outside
		[6]float32{0, 0, 1, 1, 0.05, 0},    // too weak
		[6]float32{-5, -5, -1, -1, 0, 300}) // an empty row
	r := analyze(t, pkg, packed(t, ramp(32, 32)))
	want := []inference.Box{
		{Name: "Round", Score: 0.9, Min: [3]float64{2, 4, 0}, Max: [3]float64{8, 12.4, 0}},
		{Name: "Square", Score: 0.8, Min: [3]float64{24, 20, 0}, Max: [3]float64{32, 32, 0}},
		{Name: "Square", Score: 0.4, Min: [3]float64{2, 4, 0}, Max: [3]float64{8, 12, 0}},
	}
	near := func(a, b inference.Box) bool {
		close := a.Name == b.Name && math.Abs(a.Score-b.Score) < 1e-6
		for n := range 3 {
			close = close && math.Abs(a.Min[n]-b.Min[n]) < 1e-5 && math.Abs(a.Max[n]-b.Max[n]) < 1e-5
		}
		return close
	}
	if !slices.EqualFunc(r.Findings.Boxes, want, near) {
		t.Errorf("%+v; want %+v", r.Findings.Boxes, want)
	}
	checkFiles(t, r, pictured...)
}

// A disc and a dot: the dot is dropped, the disc is as wide as it is.
func TestSegmentationOfAPicture(t *testing.T) {
	scan := phantom.Scan{Modality: "CR", Columns: 80, Rows: 60, Slices: 1, SpacingMM: [3]float64{0.5, 0.5, 0}, Value: func(i, j, _ int) int {
		if (i-30)*(i-30)+(j-30)*(j-30) <= 400 || i == 70 && j == 5 {
			return 500
		}
		return 0
	}}
	r := analyze(t, phantom.Shadows(100, 900), packed(t, scan))
	checkFiles(t, r, segmented...)
	f := r.Findings
	voxels := 0
	for n := range 80 * 60 {
		if i, j := n%80-30, n/80-30; i*i+j*j <= 400 {
			voxels++
		}
	}
	if f.Segments[0].VoxelCount != voxels || f.Segments[1].VoxelCount != 0 || f.Segments[0].VolumeML != 0 {
		t.Errorf("%+v; want %d pixels", f.Segments, voxels)
	}
	if len(f.Measurements) != 1 || math.Abs(f.Measurements[0].Value-20.5) > 0.1 {
		t.Errorf("%+v; want 20.5 mm: 41 pixels", f.Measurements)
	}
	scan.SpacingMM = [3]float64{}
	if f := analyze(t, phantom.Shadows(100, 900), packed(t, scan)).Findings; len(f.Measurements) != 0 {
		t.Errorf("%+v without a pixel spacing", f.Measurements)
	}
}

// What can't be used, but was read, is an outcome with a reason and no figures.
func TestOutcomesOtherThanCompleted(t *testing.T) {
	flat := ramp(16, 8)
	flat.Value = func(int, int, int) int { return 7 }
	normalised := phantom.Mean()
	normalised.Manifest.Preprocess = []models.Step{{Op: "normalise", Kind: "min-max"}}
	fixed := phantom.Mean()
	fixed.Manifest.Input.Shape = []int64{1, 1, 8, -1}
	colour := phantom.Shadows(1, 2)
	colour.Manifest.Preprocess = []models.Step{{Op: "rgb", Kind: "repeat"}, {Op: "sliding-window", Size: []int{8, 8}, Kind: "constant"}}
	wild := phantom.Boxes([6]float32{0, 0, 1, 1, 0.5, 9})
	unbounded := phantom.Brightness()
	unbounded.Manifest.Postprocess = nil
	for name, c := range map[string]struct {
		pkg     models.Package
		scan    phantom.Scan
		outcome string
		reason  string
	}{
		"flat picture":      {normalised, flat, inference.NotApplicable, "preprocess"},
		"three channels":    {colour, ramp(16, 9), inference.NotApplicable, "edge 2"},
		"another size":      {fixed, ramp(16, 9), inference.NotApplicable, "edge 3"},
		"class out of list": {wild, flat, inference.Failed, "box 1"},
		"no probability":    {unbounded, flat, inference.Failed, "class 2"},
	} {
		r := analyze(t, c.pkg, packed(t, c.scan))
		f := r.Findings
		if f.Outcome != c.outcome || !strings.Contains(f.Reason, c.reason) || len(f.Measurements)+len(f.Boxes)+len(f.Probabilities) > 0 {
			t.Errorf("%s: %+v; want %s for %q", name, f, c.outcome, c.reason)
		}
		if f.Provider != ort.CPU || f.Model != c.pkg.Manifest.ID {
			t.Errorf("%s: %+v does not say what ran", name, f)
		}
		checkFiles(t, r, inference.ReportFile)
	}
}
