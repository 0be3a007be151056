package clinic

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// AllowList is what may leave the clinic at all, after the profile: the
// attributes that a model's manifest names, and those without which the object
// is no valid instance. It can only narrow what the profile left.
type AllowList struct{ tags map[tag.Tag]bool }

// maxAllowedAttributes bounds a manifest's list; the data dictionary has about 5,000 keywords.
const maxAllowedAttributes = 512

// NewAllowList reads DICOM keywords (PS3.6), such as "SliceThickness".
func NewAllowList(keywords []string) (AllowList, error) {
	if len(keywords) > maxAllowedAttributes {
		return AllowList{}, fmt.Errorf("manifest allows %d attributes: the limit is %d", len(keywords), maxAllowedAttributes)
	}
	list := AllowList{tags: make(map[tag.Tag]bool, len(keywords))}
	for _, keyword := range keywords {
		info, err := tag.FindByKeyword(keyword)
		if err != nil || info.Keyword != keyword {
			return AllowList{}, fmt.Errorf("manifest allows %.64q, which is no DICOM keyword; correct allowed_attributes in the manifest", keyword)
		}
		list.tags[info.Tag] = true
	}
	return list, nil
}

// presence is how an attribute takes part in the structure of an instance.
type presence uint8

const (
	carried presence = iota // with its value, as the profile left it (Type 1)
	blank                   // always there; its value only if the manifest allows it (Type 2)
)

// UIDs of the SOP classes that MedHive sends out. Others are refused: their
// modules are not in structureOf.
const (
	mrImageStorage = "1.2.840.10008.5.1.4.1.1.4"
	ctImageStorage = "1.2.840.10008.5.1.4.1.1.2"
	crImageStorage = "1.2.840.10008.5.1.4.1.1.1"
	dxPresentation = "1.2.840.10008.5.1.4.1.1.1.1"
	dxProcessing   = "1.2.840.10008.5.1.4.1.1.1.1.1"
)

// isRadiograph says that a class is one of single projection images.
func isRadiograph(sopClass string) bool {
	return sopClass == crImageStorage || sopClass == dxPresentation || sopClass == dxProcessing
}

// structureOf lists the attributes of Type 1 and 2 in the image IODs that leave
// the clinic (PS3.3 A.2 CR, A.3 CT, A.4 MR, A.26 DX, and their modules in C.7 and C.8).
func structureOf(sopClass string) map[tag.Tag]presence {
	s := map[tag.Tag]presence{
		// Patient, General Study, General Series, Frame of Reference, General Equipment
		tag.PatientName: carried, tag.PatientID: carried, tag.PatientBirthDate: blank, tag.PatientSex: blank,
		tag.StudyInstanceUID: carried, tag.StudyDate: blank, tag.StudyTime: blank, tag.StudyID: blank,
		tag.AccessionNumber: blank, tag.ReferringPhysicianName: blank,
		tag.Modality: carried, tag.SeriesInstanceUID: carried, tag.SeriesNumber: blank, tag.PatientPosition: blank, tag.Laterality: blank,
		tag.FrameOfReferenceUID: carried, tag.PositionReferenceIndicator: blank, tag.Manufacturer: blank,
		// General Image, Image Plane, Image Pixel; rescale is what the numbers mean
		tag.ImageType: carried, tag.InstanceNumber: blank,
		tag.ImagePositionPatient: carried, tag.ImageOrientationPatient: carried, tag.PixelSpacing: carried, tag.SliceThickness: blank,
		tag.SamplesPerPixel: carried, tag.PhotometricInterpretation: carried, tag.Rows: carried, tag.Columns: carried,
		tag.BitsAllocated: carried, tag.BitsStored: carried, tag.HighBit: carried, tag.PixelRepresentation: carried,
		tag.RescaleIntercept: carried, tag.RescaleSlope: carried, tag.RescaleType: carried,
		tag.LossyImageCompression: carried, tag.LossyImageCompressionRatio: carried, tag.LossyImageCompressionMethod: carried,
		// SOP Common
		tag.SOPClassUID: carried, tag.SOPInstanceUID: carried,
	}
	switch sopClass {
	case mrImageStorage:
		s[tag.ScanningSequence], s[tag.SequenceVariant] = carried, carried
		for _, t := range []tag.Tag{tag.ScanOptions, tag.MRAcquisitionType, tag.RepetitionTime, tag.EchoTime, tag.EchoTrainLength} {
			s[t] = blank
		}
	case ctImageStorage:
		s[tag.KVP], s[tag.AcquisitionNumber] = blank, blank
	case crImageStorage, dxPresentation, dxProcessing:
		projection(s)
		for _, t := range []tag.Tag{tag.BodyPartExamined, tag.ViewPosition} {
			s[t] = blank
		}
	}
	if sopClass == dxPresentation || sopClass == dxProcessing {
		for _, t := range []tag.Tag{
			tag.PresentationIntentType, tag.ImageLaterality, tag.PixelIntensityRelationship, tag.PixelIntensityRelationshipSign,
			tag.PresentationLUTShape, tag.WindowCenter, tag.WindowWidth,
		} {
			s[t] = carried
		}
	}
	return s
}

// projection takes the attributes of slices out of a structure and puts those of
// radiographs in.
func projection(s map[tag.Tag]presence) {
	for _, t := range []tag.Tag{tag.PatientPosition, tag.PositionReferenceIndicator, tag.SliceThickness, tag.ImagePositionPatient, tag.ImageOrientationPatient} {
		delete(s, t)
	}
	s[tag.PatientOrientation] = blank
	s[tag.ImagerPixelSpacing], s[tag.BurnedInAnnotation] = carried, carried
	s[tag.NominalScannedPixelSpacing] = carried // of digitised film, by habit: else its lengths are unknown
}

// narrow returns the elements that may leave, sorted, with empty ones for the
// missing attributes of Type 2.
func (a AllowList) narrow(elements []*dicom.Element, p *profile, sopClass string) []*dicom.Element {
	structure := structureOf(sopClass)
	kept := make([]*dicom.Element, 0, len(structure)+len(a.tags))
	seen := make(map[tag.Tag]bool, len(elements))
	for _, e := range elements {
		part, structural := structure[e.Tag]
		if seen[e.Tag] || !structural && !a.tags[e.Tag] { // a tag that comes twice is no valid data set: the first counts
			continue
		}
		seen[e.Tag] = true
		if structural && part == blank && !a.tags[e.Tag] {
			kept = append(kept, absent(e.Tag))
		} else if clean := a.judge(e, p); clean != nil {
			kept = append(kept, clean)
		} else if structural {
			kept = append(kept, absent(e.Tag))
		}
	}
	for t, part := range structure {
		if part == blank && !seen[t] {
			kept = append(kept, absent(t))
		}
	}
	slices.SortFunc(kept, byTag)
	return kept
}

// absent is an element of zero length with the dictionary's VR.
func absent(t tag.Tag) *dicom.Element {
	return empty(&dicom.Element{Tag: t, RawValueRepresentation: dictionaryVR(t)})
}

// judge returns e if its value is of the kind that its VR promises, nil if not.
// A text field with a number's VR is where identifiers hide.
func (a AllowList) judge(e *dicom.Element, p *profile) *dicom.Element {
	if !standardVR(e) {
		return nil
	}
	if e.Tag == tag.ImageType {
		return imageType(e)
	}
	values := textOf(e)
	switch vr := vrOf(e); vr {
	case "SQ":
		return a.inside(e, p)
	case "UI":
		return e
	case "US", "UL", "SS", "SL", "AT", "FL", "FD":
		if e.Value.ValueType() != dicom.Ints && e.Value.ValueType() != dicom.Floats {
			return nil
		}
		return e
	case "DS", "IS":
		if vr == "DS" {
			values = shortened(values)
		}
		if slices.ContainsFunc(values, notNumber) {
			return nil
		}
	case "CS":
		if slices.ContainsFunc(values, func(v string) bool { return !codeString.MatchString(v) || p.echoes(v) }) {
			return nil
		}
	default:
		if e.Tag == tag.PatientName || e.Tag == tag.PatientID { // the pseudonym
			return e
		}
		if !isFreeText(vr) || slices.ContainsFunc(values, p.echoes) {
			return nil
		}
	}
	return textElement(e.Tag, vrOf(e), values...)
}

// inside narrows the items of a sequence that the manifest allows: only what the
// manifest names survives there.
func (a AllowList) inside(e *dicom.Element, p *profile) *dicom.Element {
	items, _ := itemsOf(e)
	kept := make([][]*dicom.Element, len(items))
	for n, item := range items {
		for _, inner := range item {
			if !a.tags[inner.Tag] {
				continue
			}
			if clean := a.judge(inner, p); clean != nil {
				kept[n] = append(kept[n], clean)
			}
		}
		slices.SortFunc(kept[n], byTag)
	}
	return sequence(e.Tag, kept...)
}

// codeString is the repertoire of CS (PS3.5 section 6.2).
var codeString = regexp.MustCompile(`^[A-Z0-9 _]{0,16}$`)

// maxNumberText is the length of the longest decimal string (DS, PS3.5 section 6.2).
const maxNumberText = 16

// maxLongDecimal is the length of a float64 with all its digits, and some.
const maxLongDecimal = 32

// decimal is the repertoire of DS and, without point and exponent, of IS.
var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// shortened writes decimals anew that are longer than DICOM allows, as converters
// leave them: without its position a slice is lost.
func shortened(values []string) []string {
	list := slices.Clone(values)
	for n, v := range list {
		if len(v) <= maxNumberText || len(v) > maxLongDecimal || !decimal.MatchString(v) {
			continue
		}
		if number, err := strconv.ParseFloat(v, 64); err == nil {
			list[n] = dcm.DecimalString(number)
		}
	}
	return list
}

func notNumber(v string) bool {
	return v != "" && (len(v) > maxNumberText || !decimal.MatchString(v))
}

// isFreeText names the VRs of text that a person may have typed, other than names.
func isFreeText(vr string) bool {
	return slices.Contains([]string{"LO", "SH", "LT", "ST", "UT", "UC"}, vr)
}

// imageWords are the defined terms of Image Type (PS3.3 C.7.6.1.1.2, C.8.3.1.1.1,
// C.8.2.1.1.1) and the habits of the large vendors.
func imageWord(v string) bool {
	return slices.Contains([]string{
		"ORIGINAL", "DERIVED", "PRIMARY", "SECONDARY", "OTHER", "AXIAL", "LOCALIZER", "MPR", "REFORMATTED", "PROJECTION IMAGE",
		"M", "P", "R", "I", "M_FFE", "M_SE", "FFE", "SE", "IR", "NORM", "ND", "DIS2D", "DIS3D", "FM", "MAG", "PHASE MAP", "NONE", "VOLUME", "MEAN",
	}, v)
}

// imageType keeps the terms of Image Type that are known, and says OTHER for the rest.
func imageType(e *dicom.Element) *dicom.Element {
	values := textOf(e)
	for n, v := range values {
		if !imageWord(v) {
			values[n] = "OTHER"
		}
	}
	return textElement(e.Tag, "CS", values...)
}
