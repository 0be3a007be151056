package report

import (
	"bytes"
	"slices"
	"strconv"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/testdata"
)

const (
	crStorage         = "1.2.840.10008.5.1.4.1.1.1"
	enhancedMRStorage = "1.2.840.10008.5.1.4.1.1.4.1"
)

// sourceFile writes an image of 16 bits a pixel under UIDs of its own.
func sourceFile(t *testing.T, class, modality string, columns, rows, frames int, fill func(*builder)) dicom.File {
	t.Helper()
	b := &builder{}
	b.text(tag.SOPClassUID, class)
	b.text(tag.SOPInstanceUID, "1.2.3.4.5")
	b.text(tag.StudyInstanceUID, "1.2.3.4")
	b.text(tag.SeriesInstanceUID, "1.2.3.4.1")
	b.text(tag.PatientName, "Grüber^Änne")
	b.text(tag.PatientID, "P-1")
	b.text(tag.StudyDate, "20260301")
	b.text(tag.Modality, modality)
	b.ints(tag.SamplesPerPixel, 1)
	b.text(tag.PhotometricInterpretation, "MONOCHROME2")
	b.ints(tag.Rows, rows)
	b.ints(tag.Columns, columns)
	b.ints(tag.BitsAllocated, 16)
	b.ints(tag.BitsStored, 16)
	b.ints(tag.HighBit, 15)
	b.ints(tag.PixelRepresentation, 0)
	fill(b)
	if b.err != nil {
		t.Fatal(b.err)
	}
	data, err := dicom.Encode(lib.Dataset{Elements: b.elements}, make([]byte, 2*rows*columns*frames))
	if err != nil {
		t.Fatal(err)
	}
	return dicom.File{Name: "1.dcm", Data: data}
}

// chest is a radiograph without a frame of reference.
func chest(t *testing.T) *dicom.Picture {
	t.Helper()
	file := sourceFile(t, crStorage, "CR", 96, 80, 1, func(b *builder) { b.text(tag.ImagerPixelSpacing, "0.2", "0.1") })
	picture, err := dicom.ReadPicture([]dicom.File{file}, dicom.Selection{Modality: "CR"}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return picture
}

// enhanced is an Enhanced MR of four frames.
func enhanced(t *testing.T) *dicom.Series {
	t.Helper()
	const frames = 4
	file := sourceFile(t, enhancedMRStorage, "MR", 64, 48, frames, func(b *builder) {
		b.text(tag.FrameOfReferenceUID, "1.2.3.4.9")
		b.text(tag.NumberOfFrames, strconv.Itoa(frames))
		b.items(tag.SharedFunctionalGroupsSequence, func(i *builder) {
			i.items(tag.PlaneOrientationSequence, func(o *builder) { o.text(tag.ImageOrientationPatient, "1", "0", "0", "0", "1", "0") })
			i.items(tag.PixelMeasuresSequence, func(o *builder) {
				o.text(tag.SliceThickness, "2")
				o.text(tag.PixelSpacing, "1", "1")
			})
		})
		var fills []func(*builder)
		for n := range frames {
			fills = append(fills, func(i *builder) {
				i.items(tag.PlanePositionSequence, func(o *builder) { o.text(tag.ImagePositionPatient, "0", "0", strconv.Itoa(2*n)) })
			})
		}
		b.items(tag.PerFrameFunctionalGroupsSequence, fills...)
	})
	series, err := dicom.ReadSeries([]dicom.File{file}, dicom.Selection{Modality: "MR"}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return series
}

func TestFramesOfOneObjectAreReferencedByNumber(t *testing.T) {
	series := enhanced(t)
	labels := &volume.Labels{Grid: series.Grid, Data: make([]uint8, series.Grid.Voxels())}
	plane := labels.Size[0] * labels.Size[1]
	labels.Data[1*plane+7], labels.Data[3*plane+9] = 1, 1
	data, err := Segmentation(series, labels, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "seg-enhanced.dcm", data))
	seg, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var numbers []string
	for _, frame := range seg.Sequence(tag.PerFrameFunctionalGroupsSequence) {
		numbers = append(numbers, child(t, frame, tag.DerivationImageSequence, tag.SourceImageSequence, tag.ReferencedFrameNumber))
	}
	if !slices.Equal(numbers, []string{"2", "4"}) {
		t.Errorf("frames %v are referenced, want 2 and 4", numbers)
	}
	referenced := dicom.Items(dicom.Find(seg.Sequence(tag.ReferencedSeriesSequence)[0], tag.ReferencedInstanceSequence))
	if len(referenced) != 1 {
		t.Errorf("one object is listed %d times", len(referenced))
	}
	report, err := StructuredReport(SeriesSource(series), options().Segmentation(), volumes(), manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "sr-enhanced.dcm", report))
}

func TestPicturesNeedNoFrameOfReference(t *testing.T) {
	picture := chest(t)
	labels := &volume.Labels{Grid: volume.Grid{Size: [3]int{picture.Columns, picture.Rows, 1}}, Data: make([]uint8, picture.Columns*picture.Rows)}
	labels.Data[11], labels.Data[12] = 1, 2
	seg, err := PictureSegmentation(picture, labels, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, keep(t, "seg-picture.dcm", seg))
	m := manifest()
	m.Dimensions = 2
	src := PictureSource(picture)
	for name, c := range map[string]struct {
		reference Reference
		contents  Contents
	}{
		"segments": {options().Segmentation(), volumes()},
		"values":   {Reference{}, regression()},
		"box":      {Reference{}, Contents{Boxes: []Box{{Name: "Nodule", Score: 0.5, Min: [3]float64{3, 4}, Max: [3]float64{30.5, 40.25}}}}},
		"failed":   {Reference{}, Contents{Outcome: Failed, Reason: "no answer"}},
	} {
		t.Run(name, func(t *testing.T) {
			data, err := StructuredReport(src, c.reference, c.contents, m, options())
			if err != nil {
				t.Fatal(err)
			}
			conforms(t, keep(t, "sr-picture-"+name+".dcm", data))
			object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.contents.State(m, c.reference != Reference{})
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadStatement(object.Dataset.Elements, m)
			if err != nil {
				t.Fatal(err)
			}
			if err := want.Agrees(got); err != nil {
				t.Error(err)
			}
		})
	}
}

// What a clinic writes of a source by its references alone says what one writes of the
// source itself, but for the patient.
func TestReferredSourcesAreReportedTheSame(t *testing.T) {
	series, _ := readStudy(t, testdata.SmallStudy())
	boxes := Contents{Boxes: []Box{{Name: "Nodule", Score: 0.5, Min: [3]float64{3, 4}, Max: [3]float64{30.5, 40.25, 1}}}}
	for name, src := range map[string]Source{"series": SeriesSource(series), "picture": PictureSource(chest(t))} {
		for _, c := range []struct {
			reference Reference
			contents  Contents
		}{{options().Segmentation(), volumes()}, {Reference{}, regression()}, {Reference{}, boxes}, {Reference{}, Contents{Outcome: Failed, Reason: "no answer"}}} {
			told := func(src Source) []byte {
				data, err := StructuredReport(src, c.reference, c.contents, manifest(), options())
				if err != nil {
					t.Fatal(err)
				}
				object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
				if err != nil {
					t.Fatal(err)
				}
				spoken := []*lib.Element{object.Element(tag.SOPClassUID), object.Element(tag.SOPInstanceUID), object.Element(tag.CurrentRequestedProcedureEvidenceSequence), object.Element(tag.ContentSequence)}
				if data, err = dicom.Encode(lib.Dataset{Elements: spoken}, nil); err != nil {
					t.Fatal(err)
				}
				return data
			}
			if !bytes.Equal(told(src), told(src.Referred(name == "picture"))) {
				t.Errorf("%s, %+v: the report says something else", name, c.contents)
			}
		}
	}
}
