package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

const (
	preambleBytes = 128
	magic         = "DICM"

	implicitLittleEndian = "1.2.840.10008.1.2"
	explicitLittleEndian = "1.2.840.10008.1.2.1"
	deflatedExplicit     = "1.2.840.10008.1.2.1.99"
	explicitBigEndian    = "1.2.840.10008.1.2.2"

	// maxParsedBytes bounds the values of one instance that are turned into
	// strings and numbers, which take more memory than the file; images, tables
	// and private blobs stay bytes and do not count.
	maxParsedBytes = 8 << 20
)

// Parse reads one instance. Every declared length, depth and count is checked
// against what is there before anything is allocated for it, and the pixels are
// not copied: Object.Pixels and byte values alias f.Data. The data set follows
// the model of github.com/suyashkumar/dicom; its reader is not used, because it
// allocates by declared length, panics on some real files and decodes only part
// of the character sets. The error is always a *Refusal.
func Parse(f File, lim Limits) (object *Object, err error) {
	defer func() {
		if recover() != nil {
			object, err = nil, &Refusal{What: "file broke the reader", Do: exportAgain}
		}
	}()
	lim = lim.orDefault()
	if int64(len(f.Data)) > lim.MaxFileBytes {
		return nil, &Refusal{What: "file is too large", Where: fmt.Sprintf("%d bytes, the limit is %d", len(f.Data), lim.MaxFileBytes), Do: "send the series that matters only"}
	}
	if len(f.Data) < preambleBytes+len(magic) || string(f.Data[preambleBytes:preambleBytes+len(magic)]) != magic {
		return nil, &Refusal{What: "file is not DICOM", Do: "send the DICOM files of the study (Part 10 files, as on an exported disc)"}
	}
	p := &parser{cursor: cursor{data: f.Data, at: preambleBytes + len(magic), elements: lim.MaxElements}, maxDepth: lim.MaxDepth, parsed: maxParsedBytes}
	object = &Object{}
	if err := p.meta(object); err != nil {
		return nil, err
	}
	elements, err := p.dataset(object, len(f.Data))
	if err != nil {
		return nil, err
	}
	object.Dataset.Elements = elements
	return object, nil
}

// parser builds elements from declared ones.
type parser struct {
	cursor
	maxDepth int
	parsed   int // bytes that may still be turned into strings and numbers
	signed   bool
}

// meta reads the file meta information, group 0002, always Explicit Little Endian.
func (p *parser) meta(o *Object) error {
	var meta []*dicom.Element
	for len(p.data)-p.at >= 8 && binary.LittleEndian.Uint16(p.data[p.at:]) == tag.MetadataGroup {
		h, err := p.next(len(p.data))
		if err != nil {
			return err
		}
		if h.length == undefinedLength {
			return errUnknownStream
		}
		element, err := p.value(h, characterSet{})
		if err != nil {
			return err
		}
		meta = append(meta, element)
	}
	o.Meta = meta
	for _, e := range meta {
		if e.Tag == tag.TransferSyntaxUID {
			o.TransferSyntaxUID = first(e)
		}
	}
	switch o.TransferSyntaxUID {
	case explicitLittleEndian:
	case implicitLittleEndian:
		p.implicit = true
	case "":
		return &Refusal{What: "file names no transfer syntax", Do: exportExplicit}
	default:
		return &Refusal{What: "transfer syntax " + syntaxName(o.TransferSyntaxUID) + " is not supported yet", Do: exportExplicit}
	}
	return nil
}

// syntaxName names a transfer syntax for a person; an unknown UID is not repeated,
// as it could carry anything.
func syntaxName(uid string) string {
	switch {
	case uid == deflatedExplicit:
		return "Deflated Explicit VR Little Endian"
	case uid == explicitBigEndian:
		return "Explicit VR Big Endian"
	case strings.HasPrefix(uid, "1.2.840.10008.1.2.4.5"), uid == "1.2.840.10008.1.2.4.70":
		return "JPEG"
	case uid == "1.2.840.10008.1.2.4.80", uid == "1.2.840.10008.1.2.4.81":
		return "JPEG-LS"
	case strings.HasPrefix(uid, "1.2.840.10008.1.2.4.9"):
		return "JPEG 2000"
	case strings.HasPrefix(uid, "1.2.840.10008.1.2.4.10"):
		return "MPEG"
	case uid == "1.2.840.10008.1.2.5":
		return "RLE Lossless"
	}
	return "of the file"
}

// dataset reads the elements after the meta information.
func (p *parser) dataset(o *Object, end int) ([]*dicom.Element, error) {
	elements := make([]*dicom.Element, 0, 128)
	cs := characterSet{}
	for p.at < end {
		h, err := p.next(end)
		if err != nil {
			return nil, err
		}
		if h.tag == tagPixelData {
			if h.length == undefinedLength {
				return nil, &Refusal{What: "pixel data is encapsulated, though the transfer syntax says it is not", Do: exportExplicit}
			}
			o.Pixels = p.data[p.at : p.at+int(h.length) : p.at+int(h.length)]
			o.PixelOffset = p.at
			p.at += int(h.length)
			continue
		}
		element, err := p.element(h, end, &cs, 0)
		if err != nil {
			return nil, err
		}
		elements = append(elements, element)
	}
	return elements, nil
}

// element reads the value that follows a header. cs is the character set in
// force, and is changed by Specific Character Set.
func (p *parser) element(h header, end int, cs *characterSet, depth int) (*dicom.Element, error) {
	if h.tag.Group == tagItem.Group {
		return nil, errUnknownStream
	}
	if h.vr == "" {
		h.vr = p.implicitVR(h)
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
		implicit := p.implicit
		p.implicit = true
		defer func() { p.implicit = implicit }()
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
		return newElement(h.tag, h.vr, floats(raw, width))
	}
	return newElement(h.tag, h.vr, integers(h.vr, raw, width))
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

func integers(vr string, raw []byte, width int) []int {
	list := make([]int, 0, len(raw)/width)
	for ; len(raw) >= width; raw = raw[width:] {
		switch vr {
		case "US", "AT":
			list = append(list, int(binary.LittleEndian.Uint16(raw)))
		case "SS":
			list = append(list, int(int16(binary.LittleEndian.Uint16(raw))))
		case "UL":
			list = append(list, int(binary.LittleEndian.Uint32(raw)))
		case "SL":
			list = append(list, int(int32(binary.LittleEndian.Uint32(raw))))
		}
	}
	return list
}

func floats(raw []byte, width int) []float64 {
	list := make([]float64, 0, len(raw)/width)
	for ; len(raw) >= width; raw = raw[width:] {
		if width == 4 {
			list = append(list, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw))))
		} else {
			list = append(list, math.Float64frombits(binary.LittleEndian.Uint64(raw)))
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
		text = cs.decode(raw)
	} else {
		text = characterSet{}.decode(raw)
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

// asRefusal finds the refusal in an error or makes one of it.
func asRefusal(err error) *Refusal {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	return &Refusal{What: "file cannot be read", Do: exportAgain, Err: err}
}
