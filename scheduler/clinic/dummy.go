package clinic

import "github.com/suyashkumar/dicom"

// Dummy texts are the same at every clinic and for every patient, so that they
// say nothing. Dates are in 1900, where no scanner was.
const (
	dummyText     = "ANONYMIZED"
	dummyDate     = "19000101"
	dummyTime     = "000000"
	dummyDateTime = "19000101000000"
	dummyAge      = "000Y"
	dummyNumber   = "0"
)

// widestNumber is the size of one number of the widest binary VRs, and a whole count of the others.
const widestNumber = 8

// dummy replaces the value of e by one that is valid for its VR and says nothing
// (code D). A sequence keeps the shape of its first item, with a dummy in every
// leaf; a UID becomes another one.
func (p *profile) dummy(e *dicom.Element) *dicom.Element {
	vr := vrOf(e)
	switch vr {
	case "SQ":
		items, ok := itemsOf(e)
		if !ok || len(items) == 0 {
			return sequence(e.Tag)
		}
		var leaves []*dicom.Element
		for _, leaf := range items[0] {
			if !outright(leaf) {
				leaves = append(leaves, p.dummy(leaf))
			}
		}
		return sequence(e.Tag, leaves)
	case "UI":
		return p.remap(e)
	case "DA":
		return textElement(e.Tag, vr, dummyDate)
	case "TM":
		return textElement(e.Tag, vr, dummyTime)
	case "DT":
		return textElement(e.Tag, vr, dummyDateTime)
	case "AS":
		return textElement(e.Tag, vr, dummyAge)
	case "DS", "IS":
		return textElement(e.Tag, vr, dummyNumber)
	case "FL", "FD":
		return dataElement(e.Tag, vr, []float64{0})
	case "US", "UL", "SS", "SL":
		return dataElement(e.Tag, vr, []int{0})
	case "AT":
		return dataElement(e.Tag, vr, []int{0, 0}) // group and element
	case "OB", "OW", "UN", "OF", "OL", "OD", "OV", "SV", "UV":
		return dataElement(e.Tag, vr, make([]byte, widestNumber))
	default:
		return textElement(e.Tag, vr, dummyText)
	}
}

// empty gives e a value of zero length (code Z).
func empty(e *dicom.Element) *dicom.Element {
	switch vr := vrOf(e); vr {
	case "SQ":
		return sequence(e.Tag)
	case "FL", "FD":
		return dataElement(e.Tag, vr, []float64{})
	case "US", "UL", "SS", "SL", "AT":
		return dataElement(e.Tag, vr, []int{})
	case "OB", "OW", "UN", "OF", "OL", "OD", "OV", "SV", "UV":
		return dataElement(e.Tag, vr, []byte{})
	default:
		return textElement(e.Tag, vr)
	}
}
