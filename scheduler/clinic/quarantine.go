package clinic

import (
	"slices"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// SOP classes whose pixels carry text as a rule, by prefix of their UID (PS3.6 Annex A).
const (
	secondaryCapture  = "1.2.840.10008.5.1.4.1.1.7"
	ultrasound        = "1.2.840.10008.5.1.4.1.1.6"
	ultrasoundCine    = "1.2.840.10008.5.1.4.1.1.3"
	encapsulatedFiles = "1.2.840.10008.5.1.4.1.1.104"
)

// quarantined says why the pixels of a data set may show who the patient is, and
// what to do; ok is true if nothing speaks for that. PS3.15 E.1 leaves text in
// pixels to whoever sends the image, so doubt means that it stays.
func quarantined(elements []*dicom.Element) (what, do string, ok bool) {
	const review = "look at the image, black out any text, set BurnedInAnnotation to NO and submit it again"
	sopClass := first(elements, tag.SOPClassUID)
	kind, known := classOf(sopClass)
	is := func(class string) bool { return sopClass == class || strings.HasPrefix(sopClass, class+".") }
	switch {
	case is(secondaryCapture), is(ultrasound), is(ultrasoundCine), is(encapsulatedFiles):
		return "quarantined: screen captures, ultrasound and documents show names in their pixels",
			"submit the modality's own images, without captures", false
	case !known:
		return "SOP class is none of MR, CT, PET, CR, DX, MG or XA images, single-frame or enhanced", "submit the modality's original images", false
	case kind.plate && !strings.EqualFold(first(elements, tag.BurnedInAnnotation), "NO"):
		// Plates are marked with names more often than slices are.
		return "quarantined: the radiograph does not say that its pixels are free of text (BurnedInAnnotation NO)", review, false
	case strings.EqualFold(first(elements, tag.BurnedInAnnotation), "YES"):
		return "quarantined: the image says that text is burned into its pixels (BurnedInAnnotation YES)", review, false
	case find(elements, tag.ConversionType) != nil:
		return "quarantined: the image was captured from a screen or film (ConversionType)", review, false
	case slices.ContainsFunc(textOf(find(elements, tag.ImageType)), func(v string) bool { return strings.Contains(v, "SCREEN") }):
		return "quarantined: the image is a screen capture (ImageType)", review, false
	case !strings.HasPrefix(first(elements, tag.PhotometricInterpretation), "MONOCHROME"):
		return "quarantined: a colour picture in place of a slice", "submit the original grey-scale images", false
	}
	return "", "", true
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
