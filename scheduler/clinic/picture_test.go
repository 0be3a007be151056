package clinic

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// radiograph is a folder with one chest plate, without a frame of reference.
func radiograph(t *testing.T, change ...*dicom.Element) string {
	t.Helper()
	const rows, columns = 80, 96
	ds := slice(textElement(tag.SOPClassUID, "UI", crImageStorage), textElement(tag.Modality, "CS", "CR"),
		textElement(tag.BurnedInAnnotation, "CS", "NO"), textElement(tag.ImagerPixelSpacing, "DS", "0.2", "0.1"), textElement(tag.BodyPartExamined, "CS", "CHEST"),
		dataElement(tag.Rows, "US", []int{rows}), dataElement(tag.Columns, "US", []int{columns}),
		dataElement(tag.BitsAllocated, "US", []int{16}), dataElement(tag.BitsStored, "US", []int{12}), dataElement(tag.HighBit, "US", []int{11}))
	var kept []*dicom.Element
	for _, e := range ds.Elements {
		switch e.Tag {
		case tag.FrameOfReferenceUID, tag.PositionReferenceIndicator, tag.ImagePositionPatient, tag.ImageOrientationPatient, tag.PixelSpacing, tag.SliceThickness,
			tag.ScanningSequence, tag.SequenceVariant, tag.ScanOptions, tag.MRAcquisitionType, tag.RepetitionTime, tag.EchoTime, tag.EchoTrainLength, tag.PatientPosition:
		default:
			kept = append(kept, e)
		}
	}
	ds = dicom.Dataset{Elements: kept}
	for _, e := range change {
		ds = with(ds, e)
	}
	data, err := dcm.Encode(ds, make([]byte, rows*columns*2))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "plate.dcm"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func pictureModel(t *testing.T) models.Package {
	return measuring(t, func(m *models.Manifest) {
		m.Dimensions, m.Selection.Modality, m.Measures = 2, "DX/CR", nil
		m.Preprocess = []models.Step{{Op: "normalise", Kind: "min-max"}}
		m.Input.Shape, m.Output.Shape = []int64{1, 1, -1, -1}, []int64{-1, -1}
	})
}

// A radiograph goes out and its segmentation and report come home.
func TestPicturesGoOutAndComeHome(t *testing.T) {
	d, pkg := newDoor(t), pictureModel(t)
	study, err := IntakePicture(t.Context(), radiograph(t), pkg.Manifest.Selection, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	ready := prepare(t, d, study, pkg)
	files, err := dcm.ReadTar(bytes.NewReader(ready.Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, files[0].Data)
	picture, err := dcm.ReadPicture(files, dcm.Selection{Modality: "CR"}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if picture.SpacingMM != readOf(study).picture.SpacingMM || picture.SpacingMM[0] != 0.2 {
		t.Errorf("the spacing became %v", picture.SpacingMM)
	}
	labels := &volume.Labels{Grid: volume.Grid{Size: [3]int{picture.Columns, picture.Rows, 1}}, Data: make([]uint8, picture.Columns*picture.Rows)}
	labels.Data[5], labels.Data[6] = 1, 1
	options := report.Options{Seed: ready.RequestHash, Now: stamp(), SoftwareVersion: "test"}
	seg, err := report.PictureSegmentation(picture, labels, pkg.Manifest, options)
	if err != nil {
		t.Fatal(err)
	}
	sr, err := report.StructuredReport(report.PictureSource(picture), options.Segmentation(), report.Contents{}, pkg.Manifest, options)
	if err != nil {
		t.Fatal(err)
	}
	result := inference.Result{
		Findings: inference.Findings{Model: pkg.Manifest.ID, Version: pkg.Manifest.Version, Weights: pkg.Manifest.Weights.SHA256, Provider: "cpu", Runtime: "1.30.0", SeriesUID: picture.SeriesUID},
		Files:    []dcm.File{{Name: segmentationFile, Data: seg}, {Name: reportFile, Data: sr}},
	}
	for n, l := range pkg.Manifest.Structures() {
		result.Findings.Segments = append(result.Findings.Segments, inference.Segment{Label: l.Value, Name: l.Name, Code: *l.Type, VoxelCount: 2 - 2*n})
	}
	delivered := restored(t, d, ready.Task, result)
	source, err := dcm.Encode(imagesOf(study)[0].Dataset, imagesOf(study)[0].Pixels)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{segmentationFile, reportFile} {
		conforms(t, delivered[name])
		sameStudy(t, delivered[name], source)
		if !bytes.Contains(delivered[name], []byte(imagesOf(study)[0].String(tag.SOPInstanceUID))) {
			t.Errorf("%s does not lead back to the plate", name)
		}
	}
	result.Findings.Segments[0].VoxelCount++
	refusedFor(t, d, ready.Task, result, "number of voxels")
}

// What a node needs to know of the pixels goes with them: what film was scanned at, and
// what compression took away.
func TestRadiographsKeepWhatTheirPixelsMean(t *testing.T) {
	d, pkg := newDoor(t), pictureModel(t)
	change := []*dicom.Element{
		textElement(tag.ImagerPixelSpacing, "DS"), textElement(tag.NominalScannedPixelSpacing, "DS", "0.4", "0.3"),
		textElement(tag.LossyImageCompression, "CS", "01"), textElement(tag.LossyImageCompressionRatio, "DS", "12.5"), textElement(tag.LossyImageCompressionMethod, "CS", "ISO_10918_1"),
	}
	study, err := IntakePicture(t.Context(), radiograph(t, change...), pkg.Manifest.Selection, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	files, err := dcm.ReadTar(bytes.NewReader(prepare(t, d, study, pkg).Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, files[0].Data)
	sent := parsed(t, files[0].Data)
	for _, e := range change[1:] {
		if got, want := sent.Strings(e.Tag), textOf(e); !slices.Equal(got, want) {
			t.Errorf("%v is sent as %q, want %q", e.Tag, got, want)
		}
	}
	picture, err := dcm.ReadPicture(files, dcm.Selection{Modality: "CR"}, dcm.DefaultLimits())
	if err != nil || picture.SpacingMM != readOf(study).picture.SpacingMM || picture.SpacingMM != [2]float64{0.4, 0.3} {
		t.Errorf("the node reads %v (%v)", picture, err)
	}
}

// One image of each of two modalities that the model takes leaves open which is meant.
func TestMixedRadiographsAreNotGuessedAmong(t *testing.T) {
	pkg := pictureModel(t)
	dir := radiograph(t)
	add := func(change ...*dicom.Element) {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(radiograph(t, change...), "plate.dcm"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, first(change, tag.SOPInstanceUID)+".dcm"), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	take := func() error {
		_, err := IntakePicture(t.Context(), dir, pkg.Manifest.Selection, dcm.DefaultLimits())
		return err
	}
	uid := func(value string) *dicom.Element { return textElement(tag.SOPInstanceUID, "UI", value) }
	add(uid("1.2.3.1"), textElement(tag.Modality, "CS", "MG"), textElement(tag.SeriesInstanceUID, "UI", "1.2.3.10")) // not the model's
	if err := take(); err != nil {
		t.Fatalf("one image that the model takes: %v", err)
	}
	add(uid("1.2.3.2"), textElement(tag.Modality, "CS", "DX"), textElement(tag.SOPClassUID, "UI", dxPresentation), textElement(tag.SeriesInstanceUID, "UI", "1.2.3.20"))
	if err := take(); !refused(err) || !strings.Contains(err.Error(), "more than one image") || !strings.Contains(err.Error(), "submit the one") {
		t.Errorf("a CR beside a DX: got %v", err)
	}
}

func TestRadiographsThatMayShowANameStay(t *testing.T) {
	pkg := pictureModel(t)
	for name, c := range map[string]struct {
		change []*dicom.Element
		what   string
	}{
		"no word of burned-in text": {[]*dicom.Element{textElement(tag.BurnedInAnnotation, "CS")}, "BurnedInAnnotation NO"},
		"burned-in text":            {[]*dicom.Element{textElement(tag.BurnedInAnnotation, "CS", "YES")}, "BurnedInAnnotation NO"},
		"a screen capture":          {[]*dicom.Element{textElement(tag.SOPClassUID, "UI", secondaryCapture)}, "quarantined"},
		"another modality":          {[]*dicom.Element{textElement(tag.Modality, "CS", "MG")}, "MG"},
		"values by a table": {[]*dicom.Element{sequence(tag.ModalityLUTSequence, []*dicom.Element{
			dataElement(tag.LUTDescriptor, "US", []int{1, 0, 16}), dataElement(tag.LUTData, "US", []int{7})})}, "Modality LUT"},
		"an eye's class": {[]*dicom.Element{textElement(tag.SOPClassUID, "UI", "1.2.840.10008.5.1.4.1.1.77.1.5.1")}, "SOP class"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := IntakePicture(t.Context(), radiograph(t, c.change...), pkg.Manifest.Selection, dcm.DefaultLimits())
			if !refused(err) || !strings.Contains(err.Error(), c.what) {
				t.Errorf("got %v, want a refusal that names %q", err, c.what)
			}
		})
	}
}
