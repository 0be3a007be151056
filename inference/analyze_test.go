package inference_test

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// warm loads the runtime and a package's model.
func warm(t testing.TB, pkg models.Package, threads int) (*ort.Runtime, *ort.Session) {
	t.Helper()
	lib, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	rt, err := ort.Open(lib)
	if err != nil {
		t.Fatal(err)
	}
	s, err := inference.NewSession(rt, pkg, ort.CPU, threads)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), rt.Close()); err != nil {
			t.Error(err)
		}
	})
	return rt, s
}

func study(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	tar, err := phantom.Study(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return tar
}

// The answer of the threshold model can be computed without ONNX Runtime and without
// the way there and back; turning, cropping and padding lose no voxel.
func TestAnalyzeThresholds(t *testing.T) {
	pkg := phantom.Thresholds()
	rt, s := warm(t, pkg, 0)
	tar := study(t, "small", testdata.SmallStudy())
	type word struct {
		stage string
		done  float64
	}
	var heard []word
	got, err := inference.Analyze(t.Context(), rt, s, pkg, tar, func(stage string, done float64) { heard = append(heard, word{stage, done}) })
	if err != nil {
		t.Fatal(err)
	}
	var expected []word
	for _, stage := range []string{inference.StageReading, inference.StagePreprocess, inference.StageInference, inference.StageReport} {
		expected = append(expected, word{stage, 0}, word{stage, 1})
		if got.Findings.Phases[stage] <= 0 {
			t.Errorf("phase %s took no time", stage)
		}
	}
	if !slices.Equal(heard, expected) {
		t.Errorf("progress %v; want %v", heard, expected)
	}
	f := got.Findings
	if f.Model != "thresholds" || f.Version != "1.0.0" || f.Weights != pkg.Manifest.Weights.SHA256 || f.Provider != ort.CPU || f.Runtime != rt.Version() || f.SeriesUID == "" {
		t.Errorf("%+v", f)
	}
	img := sourceImage(t, tar)
	low, high := slices.Min(img.Data), slices.Max(img.Data)
	var dim, bright int
	for _, v := range img.Data {
		switch v = (v - low) / (high - low); {
		case v > phantom.High:
			bright++
		case v > phantom.Low:
			dim++
		}
	}
	for i, want := range []int{dim, bright} {
		seg := f.Segments[i]
		if seg.VoxelCount != want {
			t.Errorf("%s: %d voxels; by hand %d", seg.Name, seg.VoxelCount, want)
		}
		if ml := float64(seg.VoxelCount) * 8 / 1000; math.Abs(seg.VolumeML-ml) > 1e-6*ml { // 2 mm voxels have 8 µl
			t.Errorf("%s: %v ml; want %v", seg.Name, seg.VolumeML, ml)
		}
	}
	checkFiles(t, got, segmented...)
}

func sourceImage(t testing.TB, tar []byte) *volume.Image {
	t.Helper()
	files, err := dicom.ReadTar(bytes.NewReader(tar), dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// checkFiles wants DICOM files, a picture, and an encoding that comes back whole.
func checkFiles(t *testing.T, r inference.Result, want ...string) {
	t.Helper()
	var names []string
	for _, f := range r.Files {
		names = append(names, f.Name)
		if strings.HasSuffix(f.Name, ".dcm") {
			if _, err := dicom.Parse(f, dicom.DefaultLimits()); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		} else if _, err := png.Decode(bytes.NewReader(f.Data)); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if !slices.Equal(names, want) {
		t.Errorf("files %v; want %v", names, want)
	}
	text, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := inference.DecodeResult(text)
	if err != nil || !reflect.DeepEqual(back, r) {
		t.Errorf("encoded and decoded: %v", err)
	}
}

// segmented are the files of a segmentation of a series.
var segmented = []string{inference.SegmentationFile, inference.OverlayFile, inference.ReportFile, inference.CaptureFile}

func TestAnalyzeRefusesBadStudies(t *testing.T) {
	pkg := phantom.Thresholds()
	rt, s := warm(t, pkg, 0)
	bad, err := testdata.Bad()
	if err != nil {
		t.Fatal(err)
	}
	studies := map[string][]byte{"nothing": nil, "no tar": bytes.Repeat([]byte("x"), 2048)}
	for _, b := range bad {
		studies[b.Name] = study(t, b.Name, b.Data)
	}
	for name, tar := range studies {
		_, err := inference.Analyze(t.Context(), rt, s, pkg, tar, nil)
		var refusal *dicom.Refusal
		if !errors.As(err, &refusal) || refusal.What == "" || refusal.Do == "" {
			t.Errorf("%s: %v; want a refusal that says what and what to do", name, err)
		}
	}
}

func TestAnalyzeEndsWithItsContext(t *testing.T) {
	pkg := phantom.Endless()
	rt, s := warm(t, pkg, 0)
	tar := study(t, "small", testdata.SmallStudy())
	ctx, cancel := context.WithCancel(t.Context())
	_, err := inference.Analyze(ctx, rt, s, pkg, tar, func(stage string, done float64) {
		if stage == inference.StageInference {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), inference.StageInference) {
		t.Errorf("cancelled during inference: %v", err)
	}
	if _, err := inference.Analyze(ctx, rt, s, pkg, tar, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
}

func TestNewSessionHoldsTheModelToItsManifest(t *testing.T) {
	rt, _ := warm(t, phantom.Thresholds(), 0)
	for name, bend := range map[string]func(*models.Manifest){
		"provider": func(m *models.Manifest) { m.Providers = []string{"cuda"} },
		"input":    func(m *models.Manifest) { m.Input.Name = "t2" },
		"output":   func(m *models.Manifest) { m.Output.Type = "float32" },
	} {
		pkg := phantom.Thresholds()
		bend(&pkg.Manifest)
		if s, err := inference.NewSession(rt, pkg, ort.CPU, 0); err == nil || !strings.Contains(err.Error(), pkg.Name()) {
			t.Errorf("another %s: %v", name, err)
			s.Close()
		}
	}
}

// A model that gives labels which its manifest does not list is not believed.
func TestAnalyzeRefusesUnlistedLabels(t *testing.T) {
	pkg := phantom.Thresholds()
	rt, s := warm(t, pkg, 0)
	pkg.Manifest.Labels = pkg.Manifest.Labels[:2]
	_, err := inference.Analyze(t.Context(), rt, s, pkg, study(t, "small", testdata.SmallStudy()), nil)
	if err == nil || !strings.Contains(err.Error(), "label 2") {
		t.Errorf("%v; want an error that names label 2", err)
	}
}
