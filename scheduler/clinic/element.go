package clinic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// newElement makes an element from a value that dicom.NewValue takes.
func newElement(t tag.Tag, vr string, data any) (*dicom.Element, error) {
	value, err := dicom.NewValue(data)
	if err != nil {
		return nil, fmt.Errorf("element %s: %w", t, err)
	}
	return &dicom.Element{Tag: t, ValueRepresentation: tag.GetVRKind(t, vr), RawValueRepresentation: vr, Value: value}, nil
}

// textElement cannot fail: strings are a value of every element.
func textElement(t tag.Tag, vr string, values ...string) *dicom.Element {
	if values == nil {
		values = []string{}
	}
	e, err := newElement(t, vr, values)
	if err != nil {
		panic(err)
	}
	return e
}

// sequence makes an element of VR SQ.
func sequence(t tag.Tag, items ...[]*dicom.Element) *dicom.Element {
	if items == nil {
		items = [][]*dicom.Element{}
	}
	e, err := newElement(t, "SQ", items)
	if err != nil {
		panic(err)
	}
	return e
}

// dataElement makes an element of ints, floats or bytes, which are values of every element.
func dataElement[T []int | []float64 | []byte](t tag.Tag, vr string, data T) *dicom.Element {
	e, err := newElement(t, vr, data)
	if err != nil {
		panic(err)
	}
	return e
}

// itemsOf returns the items of a sequence; ok is false for any other value.
func itemsOf(e *dicom.Element) (items [][]*dicom.Element, ok bool) {
	if e.Value == nil || e.Value.ValueType() != dicom.Sequences {
		return nil, false
	}
	for _, item := range e.Value.GetValue().([]*dicom.SequenceItemValue) {
		items = append(items, item.GetValue().([]*dicom.Element))
	}
	return items, true
}

// textOf returns the strings of an element without their padding; nil for any other value.
func textOf(e *dicom.Element) []string {
	if e == nil || e.Value == nil || e.Value.ValueType() != dicom.Strings {
		return nil
	}
	raw := e.Value.GetValue().([]string)
	values := make([]string, len(raw))
	for n, v := range raw {
		values[n] = strings.Trim(v, " \x00")
	}
	return values
}

// find returns the element with tag t at the top level of elements, or nil.
func find(elements []*dicom.Element, t tag.Tag) *dicom.Element {
	for _, e := range elements {
		if e.Tag == t {
			return e
		}
	}
	return nil
}

// first returns the first string of the element with tag t, or "".
func first(elements []*dicom.Element, t tag.Tag) string {
	if values := textOf(find(elements, t)); len(values) > 0 {
		return values[0]
	}
	return ""
}

// vrOf is the element's own VR, or the dictionary's where the transfer syntax names none.
func vrOf(e *dicom.Element) string {
	if e.RawValueRepresentation != "" {
		return e.RawValueRepresentation
	}
	return dictionaryVR(e.Tag)
}

// dictionaryVR is the VR of PS3.6, "UN" for an unknown tag.
func dictionaryVR(t tag.Tag) string {
	if info, err := tag.Find(t); err == nil && len(info.VRs) > 0 {
		return info.VRs[0]
	}
	return "UN"
}

// standardVR says that e has a VR that PS3.6 gives its tag.
func standardVR(e *dicom.Element) bool {
	info, err := tag.Find(e.Tag)
	return err == nil && slices.Contains(info.VRs, vrOf(e))
}

// byTag orders elements as PS3.5 section 7.1 wants them in a file.
func byTag(a, b *dicom.Element) int { return a.Tag.Compare(b.Tag) }
