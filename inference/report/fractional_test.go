package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// fractional is the manifest of a model that gives probabilities.
func fractional() models.Manifest {
	m := manifest()
	m.Fractional = true
	m.Postprocess = []models.Step{{Op: "sigmoid"}, {Op: "threshold", Above: 0.5}}
	return m
}

// soft gives each structure of mapped labels a share that falls off over the slices and
// columns around it, so that every value from 0 to 255 occurs and structures overlap.
func soft(tb testing.TB, img *volume.Image) *volume.Shares {
	tb.Helper()
	labels := mapped(tb, img)
	shares := &volume.Shares{Grid: img.Grid, Data: [][]uint8{make([]uint8, img.Voxels()), make([]uint8, img.Voxels())}}
	for n, v := range labels.Data {
		if v > 0 {
			shares.Data[v-1][n] = uint8(128 + n%128)
			shares.Data[2-v][n] = uint8(n % 61)
		}
	}
	return shares
}

// planes are the frames of a read segmentation of bytes, by segment and source instance.
func planes(t *testing.T, elements []*lib.Element, pixels []byte, plane int) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	for n, frame := range dicom.Items(dicom.Find(elements, tag.PerFrameFunctionalGroupsSequence)) {
		at := child(t, frame, tag.SegmentIdentificationSequence, tag.ReferencedSegmentNumber) + " " +
			child(t, frame, tag.DerivationImageSequence, tag.SourceImageSequence, tag.ReferencedSOPInstanceUID)
		if found[at] != nil {
			t.Errorf("segment and instance %s have two frames", at)
		}
		found[at] = pixels[n*plane:][:plane]
	}
	return found
}

// TestFractionalSegmentation reads with the library's own parser, which shares no code
// with the writer, and lets dciodvfy and dcmjs look at the same bytes.
func TestFractionalSegmentation(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	shares := soft(t, img)
	data, err := FractionalSegmentation(series, shares, fractional(), options())
	if err != nil {
		t.Fatal(err)
	}
	path := keep(t, "seg-fractional.dcm", data)
	conforms(t, path)
	consistent(t, path)

	got, err := lib.Parse(bytes.NewReader(data), int64(len(data)), nil, lib.SkipProcessingPixelDataValue())
	if err != nil {
		t.Fatal(err)
	}
	for attribute, want := range map[tag.Tag]string{
		tag.SegmentationType: "FRACTIONAL", tag.SegmentationFractionalType: "PROBABILITY", tag.MaximumFractionalValue: "255",
		tag.BitsAllocated: "8", tag.BitsStored: "8", tag.HighBit: "7", tag.PixelRepresentation: "0", tag.PhotometricInterpretation: "MONOCHROME2",
	} {
		if have := child(t, got.Elements, attribute); have != want {
			t.Errorf("%v is %q, want %q", attribute, have, want)
		}
	}
	for _, segment := range dicom.Items(dicom.Find(got.Elements, tag.SegmentSequence)) {
		if text := child(t, segment, tag.SegmentDescription); !strings.Contains(text, "at least 128/255") {
			t.Errorf("a segment says of its figures %q", text)
		}
	}
	plane := img.Size[0] * img.Size[1]
	found := planes(t, got.Elements, lib.MustGetPixelDataInfo(dicom.Find(got.Elements, tag.PixelData).Value).UnprocessedValueData, plane)
	sum := 0
	for s, share := range shares.Data {
		for k, in := range series.Instances {
			want := share[k*plane:][:plane]
			for _, v := range want {
				sum += int(v)
			}
			have, there := found[string(rune('1'+s))+" "+in.UID]
			if there != slices.ContainsFunc(want, func(v uint8) bool { return v > 0 }) || there && !bytes.Equal(have, want) {
				t.Errorf("segment %d on slice %d: other shares than were written", s+1, k+1)
			}
		}
	}
	seen := checks(t, path)["seg-fractional.dcm"]
	if seen["type"] != "FRACTIONAL" || seen["fractional"] != "PROBABILITY" || seen["maximum"] != 255.0 || seen["sum"] != float64(sum) || seen["frames"] != float64(len(found)) {
		t.Errorf("dcmjs reads %v; want a sum of %d in %d frames", seen, sum, len(found))
	}
}

func TestFractionalPictureSegmentation(t *testing.T) {
	picture := chest(t)
	m := fractional()
	m.Dimensions, m.Labels = 2, m.Labels[:2]
	m.Postprocess = []models.Step{{Op: "softmax"}, {Op: "argmax"}}
	shares := &volume.Shares{Grid: volume.Grid{Size: [3]int{picture.Columns, picture.Rows, 1}}, Data: [][]uint8{make([]uint8, picture.Columns*picture.Rows)}}
	shares.Data[0][17] = 200
	data, err := FractionalPictureSegmentation(picture, shares, m, options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "seg-picture-fractional.dcm", data))
	object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if object.Pixels[17] != 200 || object.String(tagSegmentsOverlap) != "NO" || !strings.Contains(child(t, object.Sequence(tag.SegmentSequence)[0], tag.SegmentDescription), "background") {
		t.Error("the share, that one segment overlaps with none, or how its figures count, is not as it should be")
	}
}

func TestSharesOfNothingGiveOneEmptyFrame(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	none := &volume.Shares{Grid: img.Grid, Data: [][]uint8{make([]uint8, img.Voxels()), make([]uint8, img.Voxels())}}
	data, err := FractionalSegmentation(series, none, fractional(), options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "seg-fractional-empty.dcm", data))
	object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := object.Int(tag.NumberOfFrames); n != 1 || len(object.Pixels) != img.Size[0]*img.Size[1] || slices.Max(object.Pixels) != 0 {
		t.Errorf("%d frames of %d bytes", n, len(object.Pixels))
	}
}

func TestSharesThatDontFitAreRefused(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	one := make([]uint8, img.Voxels())
	elsewhere := img.Grid
	elsewhere.Affine[0][3]++
	for name, c := range map[string]struct {
		shares volume.Shares
		m      models.Manifest
	}{
		"another place":    {volume.Shares{Grid: elsewhere, Data: [][]uint8{one, one}}, fractional()},
		"one structure":    {volume.Shares{Grid: img.Grid, Data: [][]uint8{one}}, fractional()},
		"voxels missing":   {volume.Shares{Grid: img.Grid, Data: [][]uint8{one, one[1:]}}, fractional()},
		"a model of masks": {volume.Shares{Grid: img.Grid, Data: [][]uint8{one, one}}, manifest()},
	} {
		if _, err := FractionalSegmentation(series, &c.shares, c.m, options()); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	picture := chest(t)
	if _, err := FractionalPictureSegmentation(picture, &volume.Shares{Grid: volume.Grid{Size: [3]int{1, 1, 1}}, Data: [][]uint8{{1}, {1}}}, fractional(), options()); err == nil {
		t.Error("shares of another picture were taken")
	}
}

func BenchmarkFractionalSegmentation(b *testing.B) {
	series, img := readStudy(b, testdata.T1Study())
	shares := soft(b, img)
	for b.Loop() {
		if _, err := FractionalSegmentation(series, shares, fractional(), options()); err != nil {
			b.Fatal(err)
		}
	}
}
