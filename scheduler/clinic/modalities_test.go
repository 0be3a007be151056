package clinic

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// projections are single images of the modalities beside CR, with what their classes ask
// for, and a text that must not leave.
func projections() map[string][]*dicom.Element {
	dx := []*dicom.Element{
		textElement(tag.PatientOrientation, "CS", "L", "F"), textElement(tag.PresentationIntentType, "CS", "FOR PROCESSING"), textElement(tag.ImageLaterality, "CS", "L"),
		textElement(tag.PixelIntensityRelationship, "CS", "LIN"), dataElement(tag.PixelIntensityRelationshipSign, "SS", []int{1}),
		textElement(tag.RescaleIntercept, "DS", "0"), textElement(tag.RescaleSlope, "DS", "1"), textElement(tag.RescaleType, "LO", "US"), textElement(tag.PresentationLUTShape, "CS", "IDENTITY"),
		textElement(tag.LossyImageCompression, "CS", "00"), textElement(tag.DetectorDescription, "LT", secretLabel),
	}
	return map[string][]*dicom.Element{
		"DX": append(slices.Clone(dx), textElement(tag.SOPClassUID, "UI", dxProcessing), textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", ""),
			coded(tag.AnatomicRegionSequence, "T-D3000", "SRT", "Chest")),
		"MG": append(slices.Clone(dx), textElement(tag.SOPClassUID, "UI", mgProcessing), textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", ""),
			textElement(tag.PositionerType, "CS", "MAMMOGRAPHIC"), textElement(tag.OrganExposed, "CS", "BREAST"), textElement(tag.BreastImplantPresent, "CS", "NO"),
			coded(tag.AnatomicRegionSequence, "T-04000", "SRT", "Breast"),
			sequence(tag.ViewCodeSequence, []*dicom.Element{
				textElement(tag.CodeValue, "SH", "R-10242"), textElement(tag.CodingSchemeDesignator, "SH", "SRT"), textElement(tag.CodeMeaning, "LO", "cranio-caudal"),
				sequence(tag.ViewModifierCodeSequence),
			})),
		"XA": {textElement(tag.SOPClassUID, "UI", xaImageStorage), textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", "SINGLE PLANE"),
			textElement(tag.PixelIntensityRelationship, "CS", "LIN"), textElement(tag.RadiationSetting, "CS", "GR"), textElement(tag.KVP, "DS", "80"),
			textElement(tag.XRayTubeCurrent, "IS", "100"), textElement(tag.ExposureTime, "IS", "5"), textElement(tag.PositionerPrimaryAngle, "DS", "30"), textElement(tag.PositionerSecondaryAngle, "DS", "0"),
			textElement(tag.ImageComments, "LT", secretLabel)},
	}
}

// Each modality that a manifest may ask for leaves as a valid object with the same pixels.
func TestProjectionsOfEachModalityLeave(t *testing.T) {
	for modality, change := range projections() {
		t.Run(modality, func(t *testing.T) {
			d := newDoor(t)
			pkg := pictureModel(t)
			pkg = measuring(t, func(m *models.Manifest) { *m = pkg.Manifest; m.Selection.Modality = modality })
			path := radiograph(t, append(change, textElement(tag.Modality, "CS", modality))...)
			study, err := IntakePicture(t.Context(), path, pkg.Manifest.Selection, dcm.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			ready := prepare(t, d, study, pkg)
			files, err := dcm.ReadTar(bytes.NewReader(ready.Payload), dcm.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			conforms(t, files[0].Data)
			picture, err := dcm.ReadPicture(files, dcm.Selection{Modality: modality}, dcm.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			if own := readOf(study).picture; !slices.Equal(picture.Data, own.Data) || picture.SpacingMM != own.SpacingMM {
				t.Error("the node reads another picture")
			}
			if bytes.Contains(ready.Payload, []byte("Sonnenschein")) {
				t.Error("a comment is in the payload")
			}
			// Doubt about text in the pixels keeps it here.
			_, err = IntakePicture(t.Context(), radiograph(t, append(change, textElement(tag.Modality, "CS", modality), textElement(tag.BurnedInAnnotation, "CS"))...), pkg.Manifest.Selection, dcm.DefaultLimits())
			if !refused(err) {
				t.Errorf("without a word about burned-in text: %v", err)
			}
		})
	}
}

// A PET series keeps what its numbers mean: units, corrections, and a scale of each slice.
func TestPETSlicesLeaveWithTheirScales(t *testing.T) {
	dir := t.TempDir()
	for n := range 4 {
		ds := slice(textElement(tag.SOPClassUID, "UI", petStorage), textElement(tag.Modality, "CS", "PT"), textElement(tag.SOPInstanceUID, "UI", fmt.Sprintf("1.2.3.20240311.5%d", n)),
			textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY"), textElement(tag.ImagePositionPatient, "DS", "0", "0", fmt.Sprint(3*n)), textElement(tag.InstanceNumber, "IS", fmt.Sprint(n+1)),
			textElement(tag.RescaleIntercept, "DS", "0"), textElement(tag.RescaleSlope, "DS", fmt.Sprint(1.5+float64(n))), textElement(tag.Units, "CS", "BQML"), textElement(tag.CountsSource, "CS", "EMISSION"),
			textElement(tag.SeriesType, "CS", "STATIC", "IMAGE"), words(tag.NumberOfSlices, 4), textElement(tag.DecayCorrection, "CS", "START"), textElement(tag.DecayFactor, "DS", "1.1"),
			textElement(tag.FrameReferenceTime, "DS", "1000"), words(tag.ImageIndex, n+1), textElement(tag.CorrectedImage, "CS", "DECY", "ATTN"),
			textElement(tag.SeriesDate, "DA", "20240311"), textElement(tag.SeriesTime, "TM", "101112"), textElement(tag.AcquisitionDate, "DA", "20240311"),
			dataElement(tag.BitsStored, "US", []int{16}), dataElement(tag.HighBit, "US", []int{15}), dataElement(tag.PixelRepresentation, "US", []int{1}),
			sequence(tag.RadiopharmaceuticalInformationSequence, []*dicom.Element{textElement(tag.Radiopharmaceutical, "LO", secretLabel)}))
		ds.Elements = slices.DeleteFunc(ds.Elements, func(e *dicom.Element) bool { return e.Tag == tag.ScanningSequence || e.Tag == tag.SequenceVariant })
		data, err := dcm.Encode(ds, []byte{1, byte(n), 2, 0, 3, 0, 4, 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(n)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d, pkg := newDoor(t), enhancedModel(t, "PT")
	study := takeIn(t, dir, pkg)
	ready := prepare(t, d, study, pkg)
	files, err := dcm.ReadTar(bytes.NewReader(ready.Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		conforms(t, f.Data)
	}
	sameSeries(t, study, files, "PT")
	sent := parsed(t, files[0].Data)
	if sent.String(tag.Units) != "BQML" || sent.String(tag.DecayCorrection) != "START" {
		t.Errorf("units %q, decay %q", sent.String(tag.Units), sent.String(tag.DecayCorrection))
	}
	for _, secret := range []string{"Sonnenschein", "20240311", "10111"} {
		if bytes.Contains(ready.Payload, []byte(secret)) {
			t.Errorf("%q is in the payload", secret)
		}
	}
}
