package inference_test

import (
	"slices"
	"testing"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/testdata"
)

// examined runs a phantom on a study and gives its labels, if the result has any.
func examined(t *testing.T, pkg models.Package, tar []byte) (inference.Result, *labelmap.Set) {
	t.Helper()
	rt, s := warm(t, pkg, 0)
	r, err := inference.Examine(t.Context(), rt, s, pkg, tar, nil)
	if err != nil {
		t.Fatalf("%s: %v", pkg.Name(), err)
	}
	n := slices.IndexFunc(r.Files, func(f dicom.File) bool { return f.Name == inference.LabelsFile })
	if n < 0 {
		return r, nil
	}
	set, err := labelmap.Decode(r.Files[n].Data)
	if err != nil {
		t.Fatal(err)
	}
	return r, &set
}

// What Examine gives is what the findings count; an ordinary job gives no labels.
func TestExamineGivesTheLabels(t *testing.T) {
	tar := study(t, "small", testdata.SmallStudy())
	var direct labelmap.Volume
	for _, pkg := range []models.Package{phantom.Thresholds(), phantom.Scores(0), phantom.Scores(40)} {
		pkg.Manifest.Tolerance.MaxLabelMargin = 0.01
		r, set := examined(t, pkg, tar)
		if set == nil {
			t.Fatalf("%s: no labels", pkg.Name())
		}
		c, err := labelmap.Compare(set.Delivered, set.Delivered)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.Findings.Segments {
			if c.Labels[s.Label].Want != s.VoxelCount || s.VoxelCount == 0 {
				t.Errorf("%s: %d voxels of %s in the labels, %d in the findings", pkg.Name(), c.Labels[s.Label].Want, s.Name, s.VoxelCount)
			}
		}
		if pkg.Manifest.Output.Type == "uint8" {
			if !set.Direct.IsZero() || set.Margin != 0 {
				t.Errorf("%s has no scores, yet direct labels", pkg.Name())
			}
			continue
		}
		if set.Margin != 0.01 || set.Direct.IsZero() {
			t.Fatalf("%s: margin %v, direct labels %v", pkg.Name(), set.Margin, set.Direct.Size)
		}
		if direct.IsZero() {
			direct = set.Direct
		}
		if whole, err := labelmap.Compare(direct, set.Direct); err != nil || whole.Certain > 0 {
			t.Errorf("%s: in windows %d voxels differ where the scores were far apart: %v", pkg.Name(), whole.Certain, err)
		}
	}
	if got := analyze(t, phantom.Scores(0), tar); slices.ContainsFunc(got.Files, func(f dicom.File) bool { return f.Name == inference.LabelsFile }) {
		t.Error("a clinic's job was given labels")
	}
}

// The voxels that the scores of Scores hang at are those near a threshold: Dim has x − Low
// against a background of 0.
func TestExamineMarksTheUnsure(t *testing.T) {
	tar := study(t, "small", testdata.SmallStudy())
	counts := map[float64]int{}
	for _, margin := range []float64{0, 0.001, 0.05} {
		pkg := phantom.Scores(0)
		pkg.Manifest.Tolerance.MaxLabelMargin = margin
		_, set := examined(t, pkg, tar)
		// Against nothing but background, what differs without being certain was unsure.
		empty, err := labelmap.Pack(set.Direct.Size, make([]uint8, len(set.Direct.Labels())), nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := labelmap.Compare(set.Direct, empty)
		if err != nil {
			t.Fatal(err)
		}
		counts[margin] = c.Differ - c.Certain
	}
	if counts[0] != 0 || counts[0.001] >= counts[0.05] || counts[0.05] == 0 {
		t.Errorf("unsure voxels by margin: %v", counts)
	}
}

// Other tasks have no labels to examine.
func TestExamineOfNoSegmentation(t *testing.T) {
	if _, set := examined(t, phantom.Brightness(), packed(t, ramp(64, 48))); set != nil {
		t.Error("labels of a classification")
	}
}
