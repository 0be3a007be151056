package dicom

import (
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// Object is one parsed instance. Text is UTF-8, whatever the file's character set
// was. Pixel Data is not among the elements; Frame gives it, whatever its encoding.
type Object struct {
	Dataset           dicom.Dataset    // without group 0002 and without Pixel Data
	Meta              []*dicom.Element // group 0002
	TransferSyntaxUID string
	// Pixels are native and little-endian; they alias the file where they stand in it
	// so. nil if there are none, if they are compressed, or if they were left on disk
	// (see OpenFiles); Frame and Native give them in each case.
	Pixels      []byte
	PixelOffset int // where Pixels begins in the file, 0 where it does not stand there

	fragments *encapsulated // compressed pixels, nil if there are none
	onDisk    *section      // uncompressed pixels that were left on disk, or nil
}

// Element returns the first top-level element with the tag, or nil.
func (o *Object) Element(t tag.Tag) *dicom.Element { return Find(o.Dataset.Elements, t) }

// Find returns the first element with the tag in one data set or sequence item, or nil.
func Find(elements []*dicom.Element, t tag.Tag) *dicom.Element {
	for _, e := range elements {
		if e.Tag == t {
			return e
		}
	}
	return nil
}

// String returns the first value of a text attribute, "" if there is none.
func (o *Object) String(t tag.Tag) string { return first(o.Element(t)) }

// Strings returns the values of a text attribute.
func (o *Object) Strings(t tag.Tag) []string { return values(o.Element(t)) }

// Float64s returns the values of a numeric attribute, also of decimal and integer
// strings; false if it is absent, empty or no number.
func (o *Object) Float64s(t tag.Tag) ([]float64, bool) { return numbersOf(o.Element(t)) }

// numbersOf is Float64s of an element, which may be nil.
func numbersOf(e *dicom.Element) ([]float64, bool) {
	if e == nil || e.Value == nil {
		return nil, false
	}
	switch v := e.Value.GetValue().(type) {
	case []float64:
		for _, number := range v {
			if number-number != 0 { // neither NaN nor infinite
				return nil, false
			}
		}
		return v, len(v) > 0
	case []int:
		list := make([]float64, len(v))
		for n := range v {
			list[n] = float64(v[n])
		}
		return list, len(v) > 0
	case []string:
		list := make([]float64, len(v))
		for n, text := range v {
			number, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil || number-number != 0 {
				return nil, false
			}
			list[n] = number
		}
		return list, len(v) > 0
	}
	return nil, false
}

// Int returns the first value of an integer attribute; false if it has none.
func (o *Object) Int(t tag.Tag) (int, bool) {
	list, ok := o.Float64s(t)
	if !ok || list[0] != float64(int(list[0])) {
		return 0, false
	}
	return int(list[0]), true
}

// Sequence returns the items of a sequence, nil if it is absent.
func (o *Object) Sequence(t tag.Tag) [][]*dicom.Element { return Items(o.Element(t)) }

// Items returns the items of a sequence element, nil for any other element.
func Items(e *dicom.Element) [][]*dicom.Element {
	if e == nil || e.Value == nil || e.Value.ValueType() != dicom.Sequences {
		return nil
	}
	list, ok := e.Value.GetValue().([]*dicom.SequenceItemValue)
	if !ok {
		return nil
	}
	items := make([][]*dicom.Element, len(list))
	for n, item := range list {
		items[n], _ = item.GetValue().([]*dicom.Element)
	}
	return items
}

// NewElement makes an element with the dictionary's VR. Data is []string, []int,
// []float64, []byte or, for a sequence, [][]*dicom.Element. A tag that the
// dictionary does not know, or data of another type, is an error.
func NewElement(t tag.Tag, data any) (*dicom.Element, error) {
	return dicom.NewElement(t, data)
}

// NewPrivateElement makes an element with the given VR.
func NewPrivateElement(t tag.Tag, vr string, data any) (*dicom.Element, error) {
	return newElement(t, vr, data)
}

// values are the values of a text element.
func values(e *dicom.Element) []string {
	if e == nil || e.Value == nil || e.Value.ValueType() != dicom.Strings {
		return nil
	}
	list, _ := e.Value.GetValue().([]string)
	return slices.Clip(list)
}

func first(e *dicom.Element) string {
	if list := values(e); len(list) > 0 {
		return list[0]
	}
	return ""
}

func firstInt(e *dicom.Element) int {
	if e != nil && e.Value != nil {
		if list, ok := e.Value.GetValue().([]int); ok && len(list) > 0 {
			return list[0]
		}
	}
	return 0
}
