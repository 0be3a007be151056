package clinic

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// maxExactDepth is how deep sequences may lie in an object of the payload: more than any of
// its classes nests, and little enough for a stack.
const maxExactDepth = 16

var errInexact = errors.New("not in the one form in which objects leave")

// exact reads an object of the payload. It knows only the form that this clinic's writer
// has: Explicit VR Little Endian, lengths that are defined, native pixels. It shares nothing
// with the reader of strangers' files, so that what took that one over meets another. It
// judges little: who calls it writes the elements again and compares the bytes.
type exact struct {
	data []byte
	at   int
}

// Sizes of a Part 10 file (PS3.10 section 7.1): the preamble with its letters, and group
// 0002's first element, whose value is the length of the others.
const (
	exactPreamble    = 128 + len("DICM")
	exactGroupLength = 12
)

// readExact reads one object; pixels is nil if it has none.
func readExact(data []byte) (elements []*dicom.Element, pixels []byte, err error) {
	if len(data) < exactPreamble+exactGroupLength {
		return nil, nil, errInexact
	}
	meta := int64(binary.LittleEndian.Uint32(data[exactPreamble+exactGroupLength-4:]))
	start := int64(exactPreamble + exactGroupLength)
	if meta > int64(len(data))-start {
		return nil, nil, errInexact
	}
	x := exact{data: data, at: int(start + meta)}
	return x.set(len(data), 0)
}

// set reads a data set or an item that ends at end. Pixels belong to a top level.
func (x *exact) set(end, depth int) (elements []*dicom.Element, pixels []byte, err error) {
	if depth > maxExactDepth {
		return nil, nil, errInexact
	}
	for x.at < end {
		t, vr, value, err := x.next(end)
		if err != nil {
			return nil, nil, err
		}
		var e *dicom.Element
		switch {
		case t == tag.PixelData && depth == 0 && pixels == nil:
			pixels = value
			continue
		case vr == "SQ":
			e, err = x.sequence(t, value, depth)
		default:
			e, err = exactElement(t, vr, value)
		}
		if err != nil {
			return nil, nil, err
		}
		elements = append(elements, e)
	}
	return elements, pixels, nil
}

// next reads one element, and goes behind its value.
func (x *exact) next(end int) (t tag.Tag, vr string, value []byte, err error) {
	head := x.data[x.at:end]
	if len(head) < 8 {
		return t, vr, nil, errInexact
	}
	t = tag.Tag{Group: binary.LittleEndian.Uint16(head), Element: binary.LittleEndian.Uint16(head[2:])}
	vr = string(head[4:6])
	length, size := int64(binary.LittleEndian.Uint16(head[6:])), 8
	if slices.Contains(longVRs, vr) {
		if len(head) < 12 {
			return t, vr, nil, errInexact
		}
		length, size = int64(binary.LittleEndian.Uint32(head[8:])), 12
	}
	if length > int64(len(head)-size) {
		return t, vr, nil, errInexact
	}
	value = head[size : size+int(length)]
	x.at += size + int(length)
	return t, vr, value, nil
}

// longVRs have two reserved bytes and a length of 32 bits (PS3.5 table 7.1-1).
var longVRs = []string{"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}

// itemHead is how an item begins: its tag (FFFE,E000) and 32 bits of length.
const itemHead = 8

// sequence reads the items in value, which ends where x is.
func (x *exact) sequence(t tag.Tag, value []byte, depth int) (*dicom.Element, error) {
	end := x.at
	x.at -= len(value)
	items := [][]*dicom.Element{}
	for x.at < end {
		if end-x.at < itemHead || binary.LittleEndian.Uint32(x.data[x.at:]) != 0xE000FFFE {
			return nil, errInexact
		}
		length := int64(binary.LittleEndian.Uint32(x.data[x.at+4:]))
		x.at += itemHead
		if length > int64(end-x.at) {
			return nil, errInexact
		}
		item, _, err := x.set(x.at+int(length), depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return sequence(t, items...), nil
}

// exactElement reads a value by its VR.
func exactElement(t tag.Tag, vr string, value []byte) (*dicom.Element, error) {
	width := map[string]int{"US": 2, "SS": 2, "AT": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8}[vr]
	if width > 0 && len(value)%width != 0 {
		return nil, errInexact
	}
	le := binary.LittleEndian
	switch vr {
	case "US", "SS", "AT", "UL", "SL":
		list := make([]int, 0, len(value)/width)
		for ; len(value) > 0; value = value[width:] {
			switch vr {
			case "SS":
				list = append(list, int(int16(le.Uint16(value))))
			case "SL":
				list = append(list, int(int32(le.Uint32(value))))
			case "UL":
				list = append(list, int(le.Uint32(value)))
			default:
				list = append(list, int(le.Uint16(value)))
			}
		}
		return dataElement(t, vr, list), nil
	case "FL", "FD":
		list := make([]float64, 0, len(value)/width)
		for ; len(value) > 0; value = value[width:] {
			if vr == "FL" {
				list = append(list, float64(math.Float32frombits(le.Uint32(value))))
			} else {
				list = append(list, math.Float64frombits(le.Uint64(value)))
			}
		}
		return dataElement(t, vr, list), nil
	case "OB", "OD", "OF", "OL", "OV", "OW", "SV", "UN", "UV":
		return dataElement(t, vr, value), nil
	}
	if len(value) == 0 {
		return textElement(t, vr), nil
	}
	return textElement(t, vr, strings.Split(string(value), `\`)...), nil
}
