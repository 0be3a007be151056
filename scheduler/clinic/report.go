package clinic

import (
	"image"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/report"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Bounds of a report and a capture, before they are parsed.
const (
	maxReportBytes  = 16 << 20                   // 100,000 referenced slices have 13 MB
	maxCaptureBytes = 3*maxPicturePixels + 1<<20 // samples and a header
)

// structuredReport checks a node's report and says which of wants it states. It must say
// exactly what that one says, refer to nothing but the source and the result's own
// segmentation, and name no other series as the source.
func (r *restorer) structuredReport(data []byte, segmentation made, wants []report.Statement, lim dcm.Limits) (which int, own made, err error) {
	if len(data) > maxReportBytes {
		return 0, made{}, refuse("the structured report is longer than any that speaks of this study")
	}
	if segmentation.instance != "" {
		r.made[segmentation.series], r.made[segmentation.instance] = true, true
	}
	kept, pixels, err := r.read(reportFile, data, lim)
	if err != nil {
		return 0, made{}, err
	}
	if first(kept, tag.SOPClassUID) != comprehensive3DSR || first(kept, tag.Modality) != "SR" || pixels != nil {
		return 0, made{}, refuse("the structured report is of another class of object")
	}
	if first(kept, tag.PreliminaryFlag) != "PRELIMINARY" || first(kept, tag.VerificationFlag) != "UNVERIFIED" {
		return 0, made{}, refuse("the structured report does not say that it is preliminary and unverified")
	}
	got, err := report.ReadStatement(kept, *r.id.Manifest)
	if err != nil {
		return 0, made{}, because("the structured report holds what a report of this model does not say", err)
	}
	if which = slices.IndexFunc(wants, func(want report.Statement) bool { return want.Agrees(got) == nil }); which < 0 {
		return 0, made{}, because("the structured report does not say what the findings say", wants[0].Agrees(got))
	}
	if err := r.evidence(kept, segmentation); err != nil {
		return 0, made{}, err
	}
	return which, madeOf(kept), nil
}

// sourceSeries is the concept of the content item that names the series that was
// segmented (PS3.16 TID 1411).
const sourceSeries = "121232"

// evidence wants every reference of a report to lead into the clinic's study and
// series, or to the segmentation. UIDs are the clinic's own already.
func (r *restorer) evidence(elements []*dicom.Element, segmentation made) error {
	elsewhere := refuse("the structured report refers to another study or series than the one that was sent")
	studies := dcm.Items(find(elements, tag.CurrentRequestedProcedureEvidenceSequence))
	if len(studies) != 1 || first(studies[0], tag.StudyInstanceUID) != r.id.StudyUID {
		return elsewhere
	}
	for _, series := range dcm.Items(find(studies[0], tag.ReferencedSeriesSequence)) {
		if uid := first(series, tag.SeriesInstanceUID); uid != r.id.SeriesUID && (uid == "" || uid != segmentation.series) {
			return elsewhere
		}
	}
	return r.named(elements, elsewhere)
}

// named walks the content items that name something by a UID alone.
func (r *restorer) named(item []*dicom.Element, elsewhere error) error {
	if uid := first(item, tag.UID); uid != "" {
		concepts := dcm.Items(find(item, tag.ConceptNameCodeSequence))
		source := len(concepts) == 1 && first(concepts[0], tag.CodeValue) == sourceSeries
		if source != (uid == r.id.SeriesUID) || !source && !madeUID.MatchString(uid) {
			return elsewhere
		}
	}
	for _, child := range dcm.Items(find(item, tag.ContentSequence)) {
		if err := r.named(child, elsewhere); err != nil {
			return err
		}
	}
	return nil
}

// capture checks a node's capture and returns its picture without the band at its foot:
// what the node painted there may be anything.
func (r *restorer) capture(data []byte, lim dcm.Limits) (image.Image, made, error) {
	if len(data) > maxCaptureBytes {
		return nil, made{}, refuse("the secondary capture is larger than any screen")
	}
	kept, pixels, err := r.read(captureFile, data, lim)
	if err != nil {
		return nil, made{}, err
	}
	if first(kept, tag.SOPClassUID) != secondaryCapture || first(kept, tag.Modality) != "OT" {
		return nil, made{}, refuse("the secondary capture is of another class of object")
	}
	rows, columns := number(kept, tag.Rows), number(kept, tag.Columns)
	switch {
	case rows < 1 || columns < 1 || max(rows, columns) > maxPictureEdge || rows*columns > maxPicturePixels:
		return nil, made{}, refuse("the secondary capture has no sensible size")
	case first(kept, tag.PhotometricInterpretation) != "RGB" || number(kept, tag.SamplesPerPixel) != 3 || number(kept, tag.PlanarConfiguration) != 0 ||
		number(kept, tag.BitsAllocated) != bitsPerByte || number(kept, tag.BitsStored) != bitsPerByte || number(kept, tag.HighBit) != bitsPerByte-1 || number(kept, tag.PixelRepresentation) != 0:
		return nil, made{}, refuse("the secondary capture's pixels are not RGB with 8 bits a sample")
	case len(pixels)+len(pixels)%2 != rows*columns*3+rows*columns*3%2:
		return nil, made{}, refuse("the secondary capture's pixels have another length than its rows and columns need")
	case first(kept, tag.BurnedInAnnotation) != "YES":
		return nil, made{}, refuse("the secondary capture does not say that text is burned in")
	}
	picture, err := report.Unbanded(pixels, columns, rows)
	if err != nil {
		return nil, made{}, because("the secondary capture shows no picture", err)
	}
	return picture, madeOf(kept), nil
}
