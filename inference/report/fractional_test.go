package report

import (
	"bytes"
	"math"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/testdata"
)

func TestProbabilitiesBecomeAFractionalSegmentation(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	white, grey := make([]float32, img.Voxels()), make([]float32, img.Voxels())
	plane := img.Size[0] * img.Size[1]
	white[0], white[1], white[plane*2+5] = 1, 0.5, 0.1
	data, err := FractionalSegmentation(series, [][]float32{white, grey}, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	path := keep(t, "fractional.dcm", data)
	conforms(t, path)
	object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if object.String(tag.SegmentationType) != "FRACTIONAL" || object.String(tag.SegmentationFractionalType) != "PROBABILITY" {
		t.Error("it is no segmentation of probabilities")
	}
	if most, _ := object.Int(tag.MaximumFractionalValue); most != 255 {
		t.Errorf("1 is kept as %d", most)
	}
	want := make([]byte, 2*plane)
	want[0], want[1], want[plane+5] = 255, 128, 26
	if got := object.Pixels[:2*plane]; !bytes.Equal(got, want) {
		t.Error("probabilities differ after reading the segmentation back")
	}
	if seen := checks(t, path)["fractional.dcm"]; seen["frames"] != 2.0 || seen["type"] != "FRACTIONAL" || seen["sum"] != 409.0 {
		t.Errorf("dcmjs reads %v", seen)
	}
	empty, err := FractionalSegmentation(series, [][]float32{grey, grey}, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "fractional-empty.dcm", empty))
	spoilt := func(v float32) []float32 {
		list := make([]float32, len(grey))
		list[7] = v
		return list
	}
	for name, volumes := range map[string][][]float32{
		"one volume missing": {white}, "one of another size": {white, grey[1:]},
		"more than certain": {spoilt(1.5), grey}, "less than none": {grey, spoilt(-0.1)}, "no number": {spoilt(float32(math.NaN())), grey},
	} {
		if _, err := FractionalSegmentation(series, volumes, manifest(), options()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// A step is within half of 1/255 of what it stands for, and only all-zero slices are left out.
func TestFractionsAreWithinHalfAStep(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		values := rapid.SliceOfN(rapid.Float32Range(0, 1), 12, 12).Draw(rt, "values")
		frames, pixels, err := packFractions([][]float32{values}, [3]int{2, 2, 3}, 1)
		if err != nil {
			rt.Fatal(err)
		}
		kept := map[int]bool{}
		for n, f := range frames {
			kept[f.slice] = true
			for at := range 4 {
				if d := math.Abs(float64(pixels[4*n+at])/maxFraction - float64(values[4*f.slice+at])); d > 0.5/maxFraction+1e-6 {
					rt.Fatalf("voxel %d is off by %g", at, d)
				}
			}
		}
		for n, v := range values {
			if v > 0.5/maxFraction+1e-6 && !kept[n/4] {
				rt.Fatalf("slice %d with %g is left out", n/4, v)
			}
		}
	})
}
