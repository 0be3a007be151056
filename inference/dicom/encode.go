package dicom

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

const (
	// implementationUID names this writer (PS3.7 annex D.3.3.2); it is a UUID under
	// 2.25, which needs no registration (PS3.5 annex B.2).
	implementationUID = "2.25.302113744817634206150512768190526433281"
	// implementationVersion is at most 16 characters.
	implementationVersion = "MEDHIVE_1"

	utf8Term = "ISO_IR 192"
)

// Encode writes a data set and its native pixels as a Part 10 file in Explicit VR
// Little Endian. Elements are sorted here; text is UTF-8 and declared as ISO_IR
// 192, in sequence items too. Group 0002, group lengths, trailing padding and any
// Pixel Data among the elements are left out; pixels become Pixel Data if they are not nil. The
// data set must name SOP Class UID and SOP Instance UID.
func Encode(ds dicom.Dataset, pixels []byte) ([]byte, error) {
	class, instance := first(Find(ds.Elements, tag.SOPClassUID)), first(Find(ds.Elements, tag.SOPInstanceUID))
	if class == "" || instance == "" {
		return nil, errors.New("encode dicom: the data set lacks SOP Class UID or SOP Instance UID")
	}
	e := &encoder{out: make([]byte, 0, 8192+len(pixels))}
	e.out = append(e.out, make([]byte, preambleBytes)...)
	e.out = append(e.out, magic...)
	e.meta(class, instance)

	elements := slices.DeleteFunc(slices.Clone(ds.Elements), func(el *dicom.Element) bool {
		return el.Tag.Group == tag.MetadataGroup || el.Tag == tagPixelData || el.Tag == tagPadding
	})
	charset, err := newElement(tagCharacterSet, "CS", []string{utf8Term})
	if err != nil {
		return nil, err
	}
	elements = append(slices.DeleteFunc(elements, func(el *dicom.Element) bool { return el.Tag == tagCharacterSet }), charset)
	bits := firstInt(Find(elements, tag.BitsAllocated))
	slices.SortStableFunc(elements, byTag)
	after, _ := slices.BinarySearchFunc(elements, tagPixelData, func(el *dicom.Element, t tag.Tag) int { return el.Tag.Compare(t) })
	if err := e.elements(elements[:after], 0); err != nil {
		return nil, fmt.Errorf("encode dicom: %w", err)
	}
	if pixels != nil {
		vr := "OW"
		if bits <= 8 {
			vr = "OB"
		}
		if int64(len(pixels)) >= undefinedLength-1 {
			return nil, errors.New("encode dicom: pixel data needs 4 GiB or more; split the instance")
		}
		e.raw(tagPixelData, vr, pixels, 0)
	}
	if err := e.elements(elements[after:], 0); err != nil {
		return nil, fmt.Errorf("encode dicom: %w", err)
	}
	return e.out, nil
}

// encoder appends elements to out.
type encoder struct{ out []byte }

// meta writes group 0002 (PS3.10 section 7.1).
func (e *encoder) meta(class, instance string) {
	e.raw(tag.FileMetaInformationGroupLength, "UL", make([]byte, 4), 0)
	start := len(e.out)
	e.raw(tag.FileMetaInformationVersion, "OB", []byte{0, 1}, 0)
	e.raw(tag.MediaStorageSOPClassUID, "UI", []byte(class), 0)
	e.raw(tag.MediaStorageSOPInstanceUID, "UI", []byte(instance), 0)
	e.raw(tag.TransferSyntaxUID, "UI", []byte(explicitLittleEndian), 0)
	e.raw(tag.ImplementationClassUID, "UI", []byte(implementationUID), 0)
	e.raw(tag.ImplementationVersionName, "SH", []byte(implementationVersion), ' ')
	binary.LittleEndian.PutUint32(e.out[start-4:], uint32(len(e.out)-start))
}

// elements writes one data set or item in ascending order of tags.
func (e *encoder) elements(list []*dicom.Element, depth int) error {
	if depth > 2*DefaultLimits().MaxDepth {
		return errors.New("sequences are nested too deep")
	}
	sorted := slices.IsSortedFunc(list, byTag)
	if !sorted {
		list = slices.Clone(list)
		slices.SortStableFunc(list, byTag)
	}
	for n, el := range list {
		if n > 0 && list[n-1].Tag == el.Tag {
			return fmt.Errorf("attribute %s stands there twice", el.Tag)
		}
		if el.Tag.Element == 0 || (depth > 0 && el.Tag == tagCharacterSet) {
			continue // group lengths are retired; items inherit the character set
		}
		if err := e.element(el, depth); err != nil {
			return fmt.Errorf("attribute %s: %w", el.Tag, err)
		}
	}
	return nil
}

func byTag(a, b *dicom.Element) int { return a.Tag.Compare(b.Tag) }

func (e *encoder) element(el *dicom.Element, depth int) error {
	vr := el.RawValueRepresentation
	if !shortVR(vr) && !longVR(vr) {
		vr = "UN"
		if info, err := tag.Find(el.Tag); err == nil && len(info.VRs) > 0 && (shortVR(info.VRs[0]) || longVR(info.VRs[0])) {
			vr = info.VRs[0]
		}
	}
	if el.Value == nil {
		e.raw(el.Tag, vr, nil, 0)
		return nil
	}
	switch v := el.Value.GetValue().(type) {
	case []*dicom.SequenceItemValue:
		return e.sequence(el.Tag, v, depth)
	case []string:
		return e.bounded(el.Tag, vr, []byte(strings.ToValidUTF8(strings.Join(v, `\`), "\uFFFD")))
	case []byte:
		return e.bounded(el.Tag, vr, v)
	case []int:
		value, err := packInts(vr, v)
		if err != nil {
			return err
		}
		return e.bounded(el.Tag, vr, value)
	case []float64:
		value, err := packFloats(vr, v)
		if err != nil {
			return err
		}
		return e.bounded(el.Tag, vr, value)
	}
	return fmt.Errorf("a value of type %T cannot be written", el.Value.GetValue())
}

// bounded writes a value whose length fits its VR, padded as the VR asks.
func (e *encoder) bounded(t tag.Tag, vr string, value []byte) error {
	if (!longVR(vr) && len(value) > math.MaxUint16-1) || int64(len(value)) >= undefinedLength-1 {
		return fmt.Errorf("%d bytes do not fit VR %s", len(value), vr)
	}
	pad := byte(' ')
	if vr == "UI" || longVR(vr) && vr != "UC" && vr != "UR" && vr != "UT" {
		pad = 0
	}
	e.raw(t, vr, value, pad)
	return nil
}

// raw writes header, value and padding.
func (e *encoder) raw(t tag.Tag, vr string, value []byte, pad byte) {
	e.head(t, vr, len(value)+len(value)%2)
	e.out = append(e.out, value...)
	if len(value)%2 != 0 {
		e.out = append(e.out, pad)
	}
}

func (e *encoder) head(t tag.Tag, vr string, length int) {
	le := binary.LittleEndian
	e.out = le.AppendUint16(le.AppendUint16(e.out, t.Group), t.Element)
	e.out = append(e.out, vr...)
	if longVR(vr) {
		e.out = le.AppendUint32(append(e.out, 0, 0), uint32(length))
	} else {
		e.out = le.AppendUint16(e.out, uint16(length))
	}
}

// sequence writes items with defined lengths, which are filled in afterwards.
func (e *encoder) sequence(t tag.Tag, items []*dicom.SequenceItemValue, depth int) error {
	e.head(t, "SQ", 0)
	start := len(e.out)
	for _, item := range items {
		elements, ok := item.GetValue().([]*dicom.Element)
		if !ok {
			return errors.New("a sequence item holds no elements")
		}
		le := binary.LittleEndian
		e.out = le.AppendUint16(le.AppendUint16(e.out, tagItem.Group), tagItem.Element)
		e.out = le.AppendUint32(e.out, 0)
		from := len(e.out)
		if err := e.elements(elements, depth+1); err != nil {
			return err
		}
		if err := e.patch(from); err != nil {
			return err
		}
	}
	return e.patch(start)
}

// patch writes the length of what began at from into the four bytes before it.
func (e *encoder) patch(from int) error {
	length := len(e.out) - from
	if int64(length) >= undefinedLength-1 {
		return errors.New("a sequence needs 4 GiB or more")
	}
	binary.LittleEndian.PutUint32(e.out[from-4:], uint32(length))
	return nil
}

func packInts(vr string, list []int) ([]byte, error) {
	width := binaryWidth(vr)
	low, high := 0, 0
	switch vr {
	case "US", "AT":
		high = math.MaxUint16
	case "SS":
		low, high = math.MinInt16, math.MaxInt16
	case "UL":
		high = math.MaxUint32
	case "SL":
		low, high = math.MinInt32, math.MaxInt32
	default:
		return nil, fmt.Errorf("integers cannot be written as VR %s", vr)
	}
	out := make([]byte, 0, width*len(list))
	for _, v := range list {
		if v < low || v > high {
			return nil, fmt.Errorf("an integer does not fit VR %s", vr)
		}
		if width == 2 {
			out = binary.LittleEndian.AppendUint16(out, uint16(v))
		} else {
			out = binary.LittleEndian.AppendUint32(out, uint32(v))
		}
	}
	return out, nil
}

func packFloats(vr string, list []float64) ([]byte, error) {
	var out []byte
	for _, v := range list {
		switch vr {
		case "FL":
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
		case "FD":
			out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
		default:
			return nil, fmt.Errorf("floating-point numbers cannot be written as VR %s", vr)
		}
	}
	return out, nil
}

// maxDecimal is the length of the longest decimal string (DS, PS3.5 section 6.2).
const maxDecimal = 16

// decimalDigits are as many as always fit: a sign, a point and an exponent of five
// characters may stand beside them.
const decimalDigits = 12

// DecimalString writes a finite number as a decimal string of at most 16 characters
// (DS, PS3.5 section 6.2), with 12 significant digits where they fit.
func DecimalString(v float64) string {
	for digits := decimalDigits; digits > 1; digits-- {
		if text := strconv.FormatFloat(v, 'g', digits, 64); len(text) <= maxDecimal {
			return text
		}
	}
	return strconv.FormatFloat(v, 'g', 1, 64)
}
