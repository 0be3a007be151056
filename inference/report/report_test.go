package report

import (
	"bytes"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// steps are the preprocessing of a model in the way of MeshNet.
func steps() []models.Step {
	return []models.Step{
		{Op: "orient", To: "LIA"},
		{Op: "resample", SpacingMM: [3]float64{1, 1, 1}, Kernel: "linear"},
		{Op: "normalise", Kind: "min-max"},
		{Op: "crop-foreground", Above: 0.05},
		{Op: "pad", Multiple: 8},
	}
}

func manifest() models.Manifest {
	structure := &models.Code{Value: "123037004", Scheme: "SCT", Meaning: "Anatomical Structure"}
	return models.Manifest{
		ID: "t1-tissue", Version: "1.0.0", Title: "White and grey matter of the brain from a T1-weighted MR scan",
		Labels: []models.Label{
			{Value: 0, Name: "Background"},
			{Value: 1, Name: "White matter", Category: structure, Type: &models.Code{Value: "389080008", Scheme: "SCT", Meaning: "White Matter"}, Color: [3]byte{245, 215, 110}},
			{Value: 2, Name: "Grey matter", Category: structure, Type: &models.Code{Value: "389081007", Scheme: "SCT", Meaning: "Gray Matter"}, Color: [3]byte{90, 160, 220}},
		},
	}
}

func options() Options {
	return Options{
		Seed: models.DigestOf([]byte("a task")), SoftwareVersion: "0.1.0",
		Now: time.Date(2026, 3, 4, 5, 6, 7, 89000000, time.UTC),
	}
}

func readStudy(tb testing.TB, study []byte) (*dicom.Series, *volume.Image) {
	tb.Helper()
	files, err := dicom.LoadZip(study, dicom.DefaultLimits())
	if err != nil {
		tb.Fatal(err)
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR"}, dicom.DefaultLimits())
	if err != nil {
		tb.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		tb.Fatal(err)
	}
	return series, img
}

// threshold stands in for a model: two ranges of grey values inside a ball, as
// brain would be, so that the result has the size and the edges of a real one.
func threshold(tb testing.TB, img *volume.Image) *volume.Labels {
	tb.Helper()
	conformed, err := volume.Conform(img, steps())
	if err != nil {
		tb.Fatal(err)
	}
	labels := &volume.Labels{Grid: conformed.Grid, Data: make([]uint8, len(conformed.Data))}
	size := conformed.Size
	for n, v := range conformed.Data {
		i, j, k := n%size[0]-size[0]/2, n/size[0]%size[1]-size[1]*2/5, n/(size[0]*size[1])-size[2]/2
		switch ball := i*i+j*j+k*k*2/3 < 55*55; {
		case ball && v > 0.41 && v < 0.6:
			labels.Data[n] = 1
		case ball && v > 0.25 && v <= 0.41:
			labels.Data[n] = 2
		}
	}
	return labels
}

func mapped(tb testing.TB, img *volume.Image) *volume.Labels {
	tb.Helper()
	labels, err := volume.MapLabels(threshold(tb, img), img.Grid)
	if err != nil {
		tb.Fatal(err)
	}
	return labels
}

// tool fails with what to install where a program is missing: a validator that did
// not run has validated nothing.
func tool(t *testing.T, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: apt-get install %s", name, pkg)
	}
	return path
}

func TestSegmentationIsValidForDciodvfy(t *testing.T) {
	for name, c := range map[string]struct {
		study      []byte
		anonymised bool
	}{
		"whole head": {testdata.T1Study(), false},
		"small":      {testdata.SmallStudy(), false},
		"small, without any attribute of patient, visit and equipment": {testdata.SmallStudy(), true},
	} {
		t.Run(name, func(t *testing.T) {
			series, img := readStudy(t, c.study)
			if c.anonymised {
				anonymise(series)
			}
			data, err := Segmentation(series, mapped(t, img), manifest(), options())
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(t.TempDir(), "seg.dcm")
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(tool(t, "dciodvfy", "dicom3tools"), path).CombinedOutput()
			if err != nil || bytes.Contains(out, []byte("Error")) {
				t.Fatalf("dciodvfy: %v\n%s", err, out)
			}
		})
	}
}

// anonymise keeps of each slice what an allow-list for a model would keep.
func anonymise(series *dicom.Series) {
	for _, in := range series.Instances {
		in.Object.Dataset.Elements = slices.DeleteFunc(in.Object.Dataset.Elements, func(e *lib.Element) bool {
			return e.Tag.Group == 0x10 || e.Tag.Group == 0x32 || e.Tag.Group == 0x40 || (e.Tag.Group == 8 && e.Tag.Element > 0x18) ||
				e.Tag == tag.StudyID || e.Tag == tag.PositionReferenceIndicator
		})
	}
}

// child follows a path of sequences, each to its first item, to a text value.
func child(t *testing.T, elements []*lib.Element, path ...tag.Tag) string {
	t.Helper()
	for _, sequence := range path[:len(path)-1] {
		items := dicom.Items(dicom.Find(elements, sequence))
		if len(items) != 1 {
			t.Fatalf("sequence %v has %d items, want one", sequence, len(items))
		}
		elements = items[0]
	}
	e := dicom.Find(elements, path[len(path)-1])
	if e == nil {
		t.Fatalf("attribute %v is missing", path)
	}
	return strings.Trim(e.Value.String(), "[]")
}

// TestSegmentationReadsBackBitForBit reads with the library's own parser, which
// shares no code with the writer.
func TestSegmentationReadsBackBitForBit(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	labels := mapped(t, img)
	data, err := Segmentation(series, labels, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	got, err := lib.Parse(bytes.NewReader(data), int64(len(data)), nil, lib.SkipProcessingPixelDataValue())
	if err != nil {
		t.Fatal(err)
	}
	source := series.Instances[0].Object
	for attribute, want := range map[tag.Tag]string{
		tag.PatientName: source.String(tag.PatientName), tag.PatientID: source.String(tag.PatientID), tag.StudyInstanceUID: series.StudyUID,
	} {
		if child(t, got.Elements, attribute) != want {
			t.Errorf("%v was not copied from the source", attribute)
		}
	}
	if child(t, got.Elements, tag.ReferencedSeriesSequence, tag.SeriesInstanceUID) != series.UID {
		t.Error("another series is referenced")
	}
	if text := child(t, got.Elements, tag.SeriesDescription); !strings.HasSuffix(text, Warning) || !strings.Contains(text, "t1-tissue 1.0.0") {
		t.Errorf("series description is %q", text)
	}
	bits := lib.MustGetPixelDataInfo(dicom.Find(got.Elements, tag.PixelData).Value).UnprocessedValueData
	if !bytes.Equal(rebuild(t, series, labels, got.Elements, bits), labels.Data) {
		t.Error("labels differ after reading the segmentation back")
	}
}

// rebuild paints every frame's set bits onto an empty volume.
func rebuild(t *testing.T, series *dicom.Series, labels *volume.Labels, elements []*lib.Element, bits []byte) []uint8 {
	t.Helper()
	slice := map[string]int{}
	for k, in := range series.Instances {
		slice[in.UID] = k
	}
	plane := labels.Size[0] * labels.Size[1]
	rebuilt := make([]uint8, len(labels.Data))
	for n, frame := range dicom.Items(dicom.Find(elements, tag.PerFrameFunctionalGroupsSequence)) {
		segment, err := strconv.Atoi(child(t, frame, tag.SegmentIdentificationSequence, tag.ReferencedSegmentNumber))
		if err != nil {
			t.Fatal(err)
		}
		k := slice[child(t, frame, tag.DerivationImageSequence, tag.SourceImageSequence, tag.ReferencedSOPInstanceUID)]
		empty := true
		for at := range plane {
			if bit := n*plane + at; bits[bit/8]>>(bit%8)&1 == 1 {
				rebuilt[k*plane+at], empty = uint8(segment), false
			}
		}
		if empty {
			t.Errorf("frame %d is empty", n+1)
		}
	}
	return rebuilt
}

func TestSegmentationIsParsedByOurReader(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	data, err := Segmentation(series, mapped(t, img), manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	again, err := Segmentation(series, mapped(t, img), manifest(), options())
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("the same result twice gives different bytes (%v)", err)
	}
	object, err := dicom.Parse(dicom.File{Name: "seg.dcm", Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if object.String(tag.Modality) != "SEG" || len(object.Sequence(tag.SegmentSequence)) != 2 || object.Pixels == nil {
		t.Error("segmentation lacks its modality, segments or pixels")
	}
}

func TestSegmentationWithoutStructuresHasOneEmptyFrame(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	empty := &volume.Labels{Grid: img.Grid, Data: make([]uint8, img.Voxels())}
	data, err := Segmentation(series, empty, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := object.Int(tag.NumberOfFrames); n != 1 {
		t.Errorf("%d frames", n)
	}
}

func TestSegmentationRefusesLabelsOfAnotherGridOrModel(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	elsewhere := &volume.Labels{Grid: img.Grid, Data: make([]uint8, img.Voxels())}
	elsewhere.Affine[0][3]++
	if _, err := Segmentation(series, elsewhere, manifest(), options()); err == nil {
		t.Error("labels on a shifted grid were taken")
	}
	unknown := &volume.Labels{Grid: img.Grid, Data: make([]uint8, img.Voxels())}
	unknown.Data[7] = 99
	if _, err := Segmentation(series, unknown, manifest(), options()); err == nil {
		t.Error("a label that the manifest lacks was taken")
	}
}

func TestCIELabOfKnownColors(t *testing.T) {
	// L*a*b* at D50 of sRGB primaries, in the integers of PS3.3 C.10.7.1.1.
	for name, c := range map[string]struct {
		rgb  [3]byte
		want [3]float64
	}{
		"white": {[3]byte{255, 255, 255}, [3]float64{100, 0, 0}},
		"black": {[3]byte{}, [3]float64{0, 0, 0}},
		"red":   {[3]byte{255, 0, 0}, [3]float64{54.29, 80.81, 69.89}},
		"blue":  {[3]byte{0, 0, 255}, [3]float64{29.57, 68.30, -112.03}},
	} {
		got := cieLab(c.rgb)
		for n, scale := range [3]float64{100, 255, 255} {
			v := float64(got[n]) / 65535 * scale
			if n > 0 {
				v -= 128
			}
			if v < c.want[n]-0.1 || v > c.want[n]+0.1 {
				t.Errorf("%s: component %d is %.2f, want %.2f", name, n, v, c.want[n])
			}
		}
	}
}

func TestOverlayIsAPictureOfUsefulSize(t *testing.T) {
	for name, study := range map[string][]byte{"whole head": testdata.T1Study(), "small": testdata.SmallStudy()} {
		_, img := readStudy(t, study)
		data, err := Overlay(img, mapped(t, img), manifest())
		if err != nil {
			t.Fatal(err)
		}
		if folder := os.Getenv("MEDHIVE_KEEP"); folder != "" {
			if err := os.WriteFile(filepath.Join(folder, name+".png"), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if picture.Bounds().Dx() < minimumWidth {
			t.Errorf("%s: picture is %v", name, picture.Bounds())
		}
	}
}

func BenchmarkSegmentation(b *testing.B) {
	series, img := readStudy(b, testdata.T1Study())
	labels := mapped(b, img)
	for b.Loop() {
		if _, err := Segmentation(series, labels, manifest(), options()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOverlay(b *testing.B) {
	_, img := readStudy(b, testdata.T1Study())
	labels := mapped(b, img)
	for b.Loop() {
		if _, err := Overlay(img, labels, manifest()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkGeometryPath is everything but the model: parse, decode, conform, map back.
func BenchmarkGeometryPath(b *testing.B) {
	files, err := dicom.LoadZip(testdata.T1Study(), dicom.DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR"}, dicom.DefaultLimits())
		if err != nil {
			b.Fatal(err)
		}
		img, err := series.Image()
		if err != nil {
			b.Fatal(err)
		}
		conformed, err := volume.Conform(img, steps())
		if err != nil {
			b.Fatal(err)
		}
		if _, err := volume.MapLabels(&volume.Labels{Grid: conformed.Grid, Data: make([]uint8, conformed.Voxels())}, img.Grid); err != nil {
			b.Fatal(err)
		}
	}
}
