package clinic

import (
	"bytes"
	"os"
	"path/filepath"
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
	if picture.SpacingMM != study.Picture.SpacingMM || picture.SpacingMM[0] != 0.2 {
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
	source, err := dcm.Encode(study.slices[0].Dataset, study.slices[0].Pixels)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{segmentationFile, reportFile} {
		conforms(t, delivered[name])
		sameStudy(t, delivered[name], source)
		if !bytes.Contains(delivered[name], []byte(study.slices[0].String(tag.SOPInstanceUID))) {
			t.Errorf("%s does not lead back to the plate", name)
		}
	}
	result.Findings.Segments[0].VoxelCount++
	refusedFor(t, d, ready.Task, result, "number of voxels")
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
		"a mammogram's class":       {[]*dicom.Element{textElement(tag.SOPClassUID, "UI", "1.2.840.10008.5.1.4.1.1.1.2")}, "SOP class"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := IntakePicture(t.Context(), radiograph(t, c.change...), pkg.Manifest.Selection, dcm.DefaultLimits())
			if !refused(err) || !strings.Contains(err.Error(), c.what) {
				t.Errorf("got %v, want a refusal that names %q", err, c.what)
			}
		})
	}
}
