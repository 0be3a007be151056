package clinic

import (
	"slices"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// SOP classes whose pixels carry text as a rule, by prefix of their UID (PS3.6 Annex A).
const (
	secondaryCapture  = "1.2.840.10008.5.1.4.1.1.7"
	ultrasound        = "1.2.840.10008.5.1.4.1.1.6"
	ultrasoundCine    = "1.2.840.10008.5.1.4.1.1.3"
	encapsulatedFiles = "1.2.840.10008.5.1.4.1.1.104"
)

// unsendable is what no person can release: an object that the clinic has no way to send.
// It is nil for what may leave once its pixels are free of doubt.
func unsendable(elements []*dicom.Element) *dcm.Refusal {
	sopClass := first(elements, tag.SOPClassUID)
	_, known := classOf(sopClass)
	is := func(class string) bool { return sopClass == class || strings.HasPrefix(sopClass, class+".") }
	switch {
	case is(secondaryCapture), is(ultrasound), is(ultrasoundCine), is(encapsulatedFiles):
		return &dcm.Refusal{What: "quarantined: screen captures, ultrasound and documents show names in their pixels", Do: "submit the modality's own images, without captures"}
	case !known:
		return &dcm.Refusal{What: "SOP class is none of MR, CT, PET, CR, DX, MG or XA images, single-frame or enhanced", Do: "submit the modality's original images"}
	case !strings.HasPrefix(first(elements, tag.PhotometricInterpretation), "MONOCHROME"):
		return &dcm.Refusal{What: "quarantined: a colour picture in place of a slice", Do: "submit the original grey-scale images"}
	}
	return nil
}

// doubts say why the pixels of an image may show who the patient is, by its header alone.
// PS3.15 E.1 leaves text in pixels to whoever sends the image, so doubt means that it stays
// until a person has looked at it.
func doubts(elements []*dicom.Element) (reasons []string) {
	kind, _ := classOf(first(elements, tag.SOPClassUID))
	annotated := first(elements, tag.BurnedInAnnotation)
	switch {
	case strings.EqualFold(annotated, "YES"):
		reasons = append(reasons, "the image says that text is burned into its pixels (no BurnedInAnnotation NO)")
	case kind.plate && !strings.EqualFold(annotated, "NO"):
		// Plates are marked with names more often than slices are.
		reasons = append(reasons, "the radiograph does not say that its pixels are free of text (BurnedInAnnotation NO)")
	}
	if find(elements, tag.ConversionType) != nil {
		reasons = append(reasons, "the image was captured from a screen or film (ConversionType)")
	}
	if slices.ContainsFunc(textOf(find(elements, tag.ImageType)), func(v string) bool { return strings.Contains(v, "SCREEN") }) {
		reasons = append(reasons, "the image is a screen capture (ImageType)")
	}
	return reasons
}

// deviceRules are the regions that the image's device writes text into, and whether a rule
// without a region holds the image back.
func deviceRules(elements []*dicom.Element, rules []burnin.Device) (regions []burnin.Rectangle, held bool) {
	header := burnin.Header{
		Manufacturer: first(elements, tag.Manufacturer), Model: first(elements, tag.ManufacturerModelName),
		Description: first(elements, tag.SeriesDescription), ImageType: textOf(find(elements, tag.ImageType)),
		BurnedIn: strings.EqualFold(first(elements, tag.BurnedInAnnotation), "YES"),
		Rows:     number(elements, tag.Rows), Columns: number(elements, tag.Columns),
	}
	for _, rule := range rules {
		if rule.Fits(header) {
			regions, held = append(regions, rule.Regions...), held || len(rule.Regions) == 0
		}
	}
	return regions, held
}

// remapped says that the stored values mean something only through a table (Modality
// LUT, PS3.3 C.11.1), which does not leave the clinic: a node would see other numbers.
func remapped(elements []*dicom.Element) *dcm.Refusal {
	if len(dcm.Items(find(elements, tag.ModalityLUTSequence))) == 0 {
		return nil
	}
	return &dcm.Refusal{
		What: "the image gives its values through a table (Modality LUT), which can't be sent with it",
		Do:   "export it with the table applied, or with a rescale slope and intercept, and submit that",
	}
}
