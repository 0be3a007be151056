package dicom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// element reads the value that follows a header. cs is the character set in
// force, and is changed by Specific Character Set.
func (p *parser) element(h header, end int, cs *characterSet, depth int) (*dicom.Element, error) {
	if h.tag.Group == tagItem.Group {
		return nil, errUnknownStream
	}
	if h.vr == "" {
		h.vr = p.implicitVR(h)
	}
	if h.tag == tagPixelData && h.length == undefinedLength {
		// An icon in fragments: nobody reads it, and Encode could not write it.
		if _, err := p.fragments(end); err != nil {
			return nil, err
		}
		return newElement(h.tag, "OB", []byte{})
	}
	if h.vr == "UN" && h.length != undefinedLength {
		return p.unknown(h, end, *cs, depth)
	}
	if h.vr == "SQ" || h.length == undefinedLength {
		return p.sequence(h, end, *cs, depth)
	}
	element, err := p.value(h, *cs)
	if err != nil {
		return nil, err
	}
	switch h.tag {
	case tagCharacterSet:
		if *cs, err = parseCharacterSet(values(element)); err != nil {
			return nil, err
		}
	case tag.PixelRepresentation:
		p.signed = firstInt(element) == 1
	}
	return element, nil
}

// unknown reads a value of VR UN, which is in Implicit VR Little Endian (PS3.5 section
// 6.2.2). Archives that convert files put standard attributes into it, which are read
// as what they are; what does not fit stays bytes.
func (p *parser) unknown(h header, end int, cs characterSet, depth int) (*dicom.Element, error) {
	known := h
	if h.tag != tagCharacterSet && h.tag != tag.PixelRepresentation {
		known.vr = p.implicitVR(h)
	}
	if width := binaryWidth(known.vr); known.vr == "UN" || (width > 0 && int(h.length)%width != 0) {
		return p.value(h, cs)
	}
	implicit, big, at := p.implicit, p.big, p.at
	p.implicit, p.big = true, false
	defer func() { p.implicit, p.big = implicit, big }()
	if known.vr != "SQ" {
		return p.value(known, cs)
	}
	element, err := p.sequence(known, end, cs, depth)
	if err != nil {
		p.at = at
		return p.value(h, cs)
	}
	return element, nil
}

// implicitVR looks a VR up (PS3.5 section 7.1.3 and annex A.1).
func (p *parser) implicitVR(h header) string {
	if h.length == undefinedLength {
		return "SQ"
	}
	if h.tag.Element == 0 {
		return "UL"
	}
	if h.tag.Group%2 == 1 {
		if h.tag.Element >= 0x10 && h.tag.Element <= 0xFF {
			return "LO" // private creator, PS3.5 section 7.8.1
		}
		return "UN"
	}
	info, err := tag.Find(h.tag)
	if err != nil || len(info.VRs) == 0 {
		return "UN"
	}
	vr := info.VRs[0]
	for _, other := range info.VRs {
		if other == "OW" || (other == "SS" && p.signed) {
			vr = other
		}
	}
	if !shortVR(vr) && !longVR(vr) {
		return "UN"
	}
	return vr
}

// sequence reads items of a sequence of defined or undefined length. A value of
// VR UN and undefined length is a sequence in implicit VR (PS3.5 section 6.2.2).
func (p *parser) sequence(h header, end int, cs characterSet, depth int) (*dicom.Element, error) {
	if depth >= p.maxDepth {
		return nil, &Refusal{What: "sequences are nested deeper than allowed", Where: "attribute " + h.tag.String(), Do: exportAgain}
	}
	if h.vr != "SQ" && h.vr != "UN" {
		return nil, &Refusal{What: "value has no declared length", Where: "attribute " + h.tag.String(), Do: exportAgain}
	}
	if h.vr == "UN" {
		implicit, big := p.implicit, p.big
		p.implicit, p.big = true, false
		defer func() { p.implicit, p.big = implicit, big }()
	}
	if h.length != undefinedLength {
		end = p.at + int(h.length)
	}
	items := [][]*dicom.Element{}
	for p.at < end || h.length == undefinedLength {
		item, err := p.next(end)
		if err != nil {
			return nil, err
		}
		if item.tag == tagSequenceEnd && h.length == undefinedLength {
			break
		}
		if item.tag != tagItem {
			return nil, errUnknownStream
		}
		elements, err := p.item(item, end, cs, depth)
		if err != nil {
			return nil, err
		}
		items = append(items, elements)
	}
	return newElement(h.tag, "SQ", items)
}

func (p *parser) item(h header, end int, cs characterSet, depth int) ([]*dicom.Element, error) {
	if h.length != undefinedLength {
		end = p.at + int(h.length)
	}
	var elements []*dicom.Element
	for p.at < end || h.length == undefinedLength {
		inner, err := p.next(end)
		if err != nil {
			return nil, err
		}
		if inner.tag == tagItemEnd && h.length == undefinedLength {
			break
		}
		element, err := p.element(inner, end, &cs, depth+1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	return elements, nil
}

// value reads a value of defined length that is not a sequence.
func (p *parser) value(h header, cs characterSet) (*dicom.Element, error) {
	raw := p.data[p.at : p.at+int(h.length) : p.at+int(h.length)]
	p.at += int(h.length)
	switch h.vr {
	case "OB", "OD", "OF", "OL", "OV", "OW", "UN", "SV", "UV":
		if p.big {
			raw = swapped(raw, wordBytes(h.vr))
		}
		return newElement(h.tag, h.vr, raw)
	}
	if p.parsed -= len(raw); p.parsed < 0 {
		return nil, &Refusal{What: "header holds more text and numbers than allowed", Where: "attribute " + h.tag.String(), Do: exportAgain}
	}
	width := binaryWidth(h.vr)
	if width == 0 {
		return newElement(h.tag, h.vr, splitText(h.vr, raw, cs))
	}
	if len(raw)%width != 0 {
		return nil, &Refusal{What: "value has a length that its type does not allow", Where: "attribute " + h.tag.String(), Do: exportAgain}
	}
	if h.vr == "FL" || h.vr == "FD" {
		return newElement(h.tag, h.vr, floats(p.order(), raw, width))
	}
	return newElement(h.tag, h.vr, integers(p.order(), h.vr, raw, width))
}

// wordBytes is the size of the words in a value that stays bytes.
func wordBytes(vr string) int {
	switch vr {
	case "OW":
		return 2
	case "OF", "OL":
		return 4
	case "OD", "OV", "SV", "UV":
		return 8
	}
	return 1
}

// binaryWidth is the size of one number, 0 for text. An attribute tag (AT) is kept
// as pairs of group and element, as the library does.
func binaryWidth(vr string) int {
	switch vr {
	case "US", "SS", "AT":
		return 2
	case "UL", "SL", "FL":
		return 4
	case "FD":
		return 8
	}
	return 0
}

func integers(order binary.ByteOrder, vr string, raw []byte, width int) []int {
	list := make([]int, 0, len(raw)/width)
	for ; len(raw) >= width; raw = raw[width:] {
		switch vr {
		case "US", "AT":
			list = append(list, int(order.Uint16(raw)))
		case "SS":
			list = append(list, int(int16(order.Uint16(raw))))
		case "UL":
			list = append(list, int(order.Uint32(raw)))
		case "SL":
			list = append(list, int(int32(order.Uint32(raw))))
		}
	}
	return list
}

func floats(order binary.ByteOrder, raw []byte, width int) []float64 {
	list := make([]float64, 0, len(raw)/width)
	for ; len(raw) >= width; raw = raw[width:] {
		if width == 4 {
			list = append(list, float64(math.Float32frombits(order.Uint32(raw))))
		} else {
			list = append(list, math.Float64frombits(order.Uint64(raw)))
		}
	}
	return list
}

// splitText decodes a text value, removes its padding and splits it at backslashes
// where the VR allows several values (PS3.5 section 6.4).
func splitText(vr string, raw []byte, cs characterSet) []string {
	raw = bytes.TrimRight(raw, "\x00 ")
	if len(raw) == 0 {
		return []string{}
	}
	text := ""
	if codedText(vr) {
		text = cs.decode(raw, vr)
	} else {
		text = characterSet{}.decode(raw, vr)
	}
	switch vr {
	case "ST", "LT", "UT", "UR":
		return []string{text}
	}
	list := strings.Split(text, `\`)
	for n := range list {
		list[n] = strings.Trim(list[n], " \x00")
	}
	return list
}

// newElement makes an element of the library's model.
func newElement(t tag.Tag, vr string, data any) (*dicom.Element, error) {
	value, err := dicom.NewValue(data)
	if err != nil {
		return nil, fmt.Errorf("make element %s: %w", t, err)
	}
	return &dicom.Element{Tag: t, ValueRepresentation: tag.GetVRKind(t, vr), RawValueRepresentation: vr, Value: value}, nil
}
