package inference_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// shared turns a package of scores into one of probabilities.
func shared(pkg models.Package) models.Package {
	pkg.Manifest.Fractional = true
	return pkg
}

// expected are the shares that phantom.Scores gives an image, by hand: softmax of 0,
// x − Low and (x − Low) + 1000 (x − High), where x is the value scaled to 0–1.
func expected(img *volume.Image) [2][]float64 {
	low, high := slices.Min(img.Data), slices.Max(img.Data)
	var shares [2][]float64
	for _, v := range img.Data {
		x := float64((v - low) / (high - low))
		dim := x - phantom.Low
		bright := dim + 1000*(x-phantom.High)
		most := max(0, dim, bright)
		sum := math.Exp(-most) + math.Exp(dim-most) + math.Exp(bright-most)
		shares[0] = append(shares[0], math.Exp(dim-most)/sum)
		shares[1] = append(shares[1], math.Exp(bright-most)/sum)
	}
	return shares
}

// delivered are the shares of each structure that a result's segmentation holds, on the
// grid of the source.
func delivered(t *testing.T, r inference.Result, img *volume.Image, instances []dicom.Instance) [2][]uint8 {
	t.Helper()
	object, err := dicom.Parse(r.Files[0], dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if r.Files[0].Name != inference.SegmentationFile || object.String(tag.SegmentationType) != "FRACTIONAL" {
		t.Fatalf("%s is of type %q", r.Files[0].Name, object.String(tag.SegmentationType))
	}
	only := func(elements []*lib.Element, t tag.Tag) []*lib.Element {
		return dicom.Items(dicom.Find(elements, t))[0]
	}
	slice := map[string]int{}
	for k, in := range instances {
		slice[in.UID] = k
	}
	shares := [2][]uint8{make([]uint8, img.Voxels()), make([]uint8, img.Voxels())}
	plane := img.Size[0] * img.Size[1]
	for n, frame := range object.Sequence(tag.PerFrameFunctionalGroupsSequence) {
		segment := dicom.Find(only(frame, tag.SegmentIdentificationSequence), tag.ReferencedSegmentNumber).Value.GetValue().([]int)[0]
		source := dicom.Object{Dataset: lib.Dataset{Elements: only(only(frame, tag.DerivationImageSequence), tag.SourceImageSequence)}}
		k := slice[source.String(tag.ReferencedSOPInstanceUID)]
		copy(shares[segment-1][k*plane:], object.Pixels[n*plane:][:plane])
	}
	return shares
}

// What is delivered are the model's probabilities, what is counted is what they say, and
// windows change neither by more than a step.
func TestProbabilitiesAreDelivered(t *testing.T) {
	tar := study(t, "small", testdata.SmallStudy())
	files, err := dicom.OpenTar(tar, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR"}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	img := sourceImage(t, tar)
	want := expected(img)
	for name, pkg := range map[string]models.Package{"whole": shared(phantom.Scores(0)), "windows": shared(phantom.Scores(40))} {
		t.Run(name, func(t *testing.T) {
			r := analyze(t, pkg, tar)
			checkFiles(t, r, segmented...)
			got := delivered(t, r, img, series.Instances)
			middling := 0
			for s := range want {
				for n, p := range want[s] {
					if got, want := float64(got[s][n]), p*models.ShareLevels; math.Abs(got-want) > 1 {
						t.Fatalf("structure %d, voxel %d: share %v, want %v", s+1, n, got, want)
					}
					if got[s][n] > 0 && got[s][n] < 255 {
						middling++
					}
				}
			}
			if middling < img.Voxels()/2 {
				t.Errorf("only %d shares are neither 0 nor 255", middling)
			}
			counts := [2]int{}
			for n := range img.Voxels() {
				dim, bright := int(got[0][n]), int(got[1][n])
				switch rest := models.ShareLevels - dim - bright; {
				case dim >= bright && dim > rest:
					counts[0]++
				case bright > dim && bright > rest:
					counts[1]++
				}
			}
			for s, segment := range r.Findings.Segments {
				if segment.VoxelCount != counts[s] || counts[s] == 0 || math.Abs(segment.VolumeML-float64(counts[s])*img.VoxelML()) > 1e-6 {
					t.Errorf("%s: %+v, but %d voxels of the segmentation count", segment.Name, segment, counts[s])
				}
			}
		})
	}
}

// A model that says "probability" and gives scores has failed.
func TestScoresAreNoProbabilities(t *testing.T) {
	pkg := shared(phantom.Scores(0))
	pkg.Manifest.Postprocess = []models.Step{{Op: "argmax"}}
	r := analyze(t, pkg, study(t, "small", testdata.SmallStudy()))
	if r.Findings.Outcome != inference.Failed || !strings.Contains(r.Findings.Reason, "outside 0 to 1") {
		t.Errorf("%+v", r.Findings)
	}
	checkFiles(t, r, inference.ReportFile)
}

// A segmentation that a result has no room for is a result that says so.
func TestSegmentationsBeyondAResultAreToldOf(t *testing.T) {
	pkg := shared(phantom.Scores(0))
	rt, s := warm(t, pkg, 0)
	a := inference.NewAnalysis(pkg, study(t, "small", testdata.SmallStudy()), nil)
	a.SetRoom(100_000)
	if err := a.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.Infer(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	r, err := a.Report(t.Context(), rt, s)
	if err != nil {
		t.Fatal(err)
	}
	if f := r.Findings; f.Outcome != inference.NotApplicable || !strings.Contains(f.Reason, "has room for 100000") || len(f.Segments) > 0 || f.Model != "scores" {
		t.Errorf("%+v", f)
	}
	checkFiles(t, r, inference.ReportFile)
}
