package dimse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// Data sets of messages, not of images: identifiers of queries and lists of references. They
// are small, flat but for one sequence, and in one of the two plain syntaxes.

// tag is group and element number.
type tag uint32

// Attributes that we write or read.
const (
	tagCharacterSet       tag = 0x00080005
	tagStudyDate          tag = 0x00080020
	tagStudyTime          tag = 0x00080030
	tagAccession          tag = 0x00080050
	tagLevel              tag = 0x00080052
	tagModalities         tag = 0x00080061
	tagStudyDescription   tag = 0x00081030
	tagReferencedClass    tag = 0x00081150
	tagReferencedInstance tag = 0x00081155
	tagTransaction        tag = 0x00081195
	tagFailureReason      tag = 0x00081197
	tagFailed             tag = 0x00081198
	tagReferenced         tag = 0x00081199
	tagPatientName        tag = 0x00100010
	tagPatientID          tag = 0x00100020
	tagStudyUID           tag = 0x0020000D
	tagSeriesUID          tag = 0x0020000E
	tagStudyInstances     tag = 0x00201208
	tagItem               tag = 0xFFFEE000
	tagItemEnd            tag = 0xFFFEE00D
	tagSequenceEnd        tag = 0xFFFEE0DD
)

// Bounds on a message's data set.
const (
	maxIdentifier = 64 << 10 // of a query's answer
	// maxReferences bounds a list of instances in bytes: some 15,000 instances.
	maxReferences = 2 << 20
	// maxElements bounds what those bytes become in memory: elements and items together,
	// of some 70 bytes each.
	maxElements = 64 << 10
	maxDepth    = 4
	undefined   = 0xFFFFFFFF
)

var errDataSet = errors.New("data set is damaged")

// element is one attribute: a value, or the items of a sequence.
type element struct {
	tag   tag
	vr    string // two letters, for writing
	value []byte
	items [][]element
}

// find gives the value of an attribute without padding.
func find(set []element, t tag) string {
	for _, e := range set {
		if e.tag == t {
			return strings.Trim(string(e.value), " \x00")
		}
	}
	return ""
}

// items gives the items of a sequence.
func items(set []element, t tag) [][]element {
	for _, e := range set {
		if e.tag == t {
			return e.items
		}
	}
	return nil
}

// text makes an element of characters, padded to an even length.
func text(t tag, vr, value string) element {
	if len(value)%2 == 1 {
		if vr == "UI" {
			value += "\x00"
		} else {
			value += " "
		}
	}
	return element{tag: t, vr: vr, value: []byte(value)}
}

// encodeSet writes elements, which stand in ascending order. Sequences have explicit lengths.
func encodeSet(set []element, syntax string) []byte {
	var out []byte
	for _, e := range set {
		value := e.value
		if e.vr == "SQ" {
			value = nil
			for _, item := range e.items {
				body := encodeSet(item, syntax)
				value = appendTag(value, tagItem)
				value = binary.LittleEndian.AppendUint32(value, uint32(len(body)))
				value = append(value, body...)
			}
		}
		out = appendTag(out, e.tag)
		switch {
		case syntax == implicitLittleEndian:
			out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
		case e.vr == "SQ":
			out = append(out, 'S', 'Q', 0, 0)
			out = binary.LittleEndian.AppendUint32(out, uint32(len(value)))
		default:
			out = append(out, e.vr...)
			out = binary.LittleEndian.AppendUint16(out, uint16(len(value)))
		}
		out = append(out, value...)
	}
	return out
}

func appendTag(out []byte, t tag) []byte {
	out = binary.LittleEndian.AppendUint16(out, uint16(t>>16))
	return binary.LittleEndian.AppendUint16(out, uint16(t))
}

// reader walks a data set in memory.
type reader struct {
	rest     []byte
	explicit bool
	budget   *int // elements and items that may still come
}

// decodeSet reads a whole data set.
func decodeSet(data []byte, syntax string) ([]element, error) {
	budget := maxElements
	r := &reader{rest: data, explicit: syntax == explicitLittleEndian, budget: &budget}
	set, err := r.set(0, false)
	if err == nil && len(r.rest) > 0 {
		err = errDataSet
	}
	return set, err
}

// head reads tag, and length after the VR where there is one.
func (r *reader) head() (t tag, vr string, length uint32, err error) {
	if *r.budget--; *r.budget < 0 {
		return 0, "", 0, fmt.Errorf("%w: more than %d elements", errDataSet, maxElements)
	}
	if len(r.rest) < 8 {
		return 0, "", 0, fmt.Errorf("%w: it ends within an element", errDataSet)
	}
	t = tag(binary.LittleEndian.Uint16(r.rest))<<16 | tag(binary.LittleEndian.Uint16(r.rest[2:]))
	if !r.explicit || t>>16 == 0xFFFE {
		length = binary.LittleEndian.Uint32(r.rest[4:])
		r.rest = r.rest[8:]
		return t, "", length, nil
	}
	vr = string(r.rest[4:6])
	switch vr {
	case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
		if len(r.rest) < 12 {
			return 0, "", 0, fmt.Errorf("%w: it ends within an element", errDataSet)
		}
		length = binary.LittleEndian.Uint32(r.rest[8:])
		r.rest = r.rest[12:]
	default:
		length = uint32(binary.LittleEndian.Uint16(r.rest[6:]))
		r.rest = r.rest[8:]
	}
	return t, vr, length, nil
}

// set reads elements to the end of r, or to the end mark of an item without length.
func (r *reader) set(depth int, marked bool) ([]element, error) {
	var set []element
	for len(r.rest) > 0 {
		t, vr, length, err := r.head()
		if err != nil {
			return nil, err
		}
		if t == tagItemEnd && marked {
			return set, nil
		}
		if t>>16 == 0xFFFE {
			return nil, fmt.Errorf("%w: an item without its sequence", errDataSet)
		}
		e := element{tag: t, vr: vr}
		switch {
		case vr == "UN" && length == undefined: // a sequence in Implicit VR, PS3.5 section 6.2.2
			r.explicit = false
			e.items, err = r.sequence(length, depth)
			r.explicit = true
		case vr == "SQ", length == undefined, vr == "" && (t == tagReferenced || t == tagFailed):
			e.items, err = r.sequence(length, depth)
		default:
			e.value, err = r.cut(length)
		}
		if err != nil {
			return nil, err
		}
		set = append(set, e)
	}
	if marked {
		return nil, fmt.Errorf("%w: an item without its end", errDataSet)
	}
	return set, nil
}

// cut takes the next bytes.
func (r *reader) cut(length uint32) ([]byte, error) {
	if uint64(length) > uint64(len(r.rest)) {
		return nil, fmt.Errorf("%w: a value of %d bytes where %d are left", errDataSet, length, len(r.rest))
	}
	value := r.rest[:length]
	r.rest = r.rest[length:]
	return value, nil
}

// sequence reads items of a sequence of a length, or to its end mark.
func (r *reader) sequence(length uint32, depth int) ([][]element, error) {
	if depth == maxDepth {
		return nil, fmt.Errorf("%w: sequences more than %d deep", errDataSet, maxDepth)
	}
	within := r
	if length != undefined {
		body, err := r.cut(length)
		if err != nil {
			return nil, err
		}
		within = &reader{rest: body, explicit: r.explicit, budget: r.budget}
	}
	var list [][]element
	for length == undefined || len(within.rest) > 0 {
		t, _, size, err := within.head()
		if err != nil {
			return nil, err
		}
		if t == tagSequenceEnd && length == undefined {
			return list, nil
		}
		if t != tagItem {
			return nil, fmt.Errorf("%w: a sequence of something else than items", errDataSet)
		}
		item := within
		if size != undefined {
			body, err := within.cut(size)
			if err != nil {
				return nil, err
			}
			item = &reader{rest: body, explicit: r.explicit, budget: r.budget}
		}
		set, err := item.set(depth+1, size == undefined)
		if err != nil {
			return nil, err
		}
		list = append(list, set)
	}
	return list, nil
}

// decodeText gives a value as UTF-8. Of the character sets UTF-8 and Latin 1 are known, what
// the others have beyond ASCII becomes U+FFFD: we ask for UTF-8, and match by UIDs.
func decodeText(value, characterSet string) string {
	if characterSet == "ISO_IR 100" {
		if decoded, err := charmap.ISO8859_1.NewDecoder().String(value); err == nil {
			return decoded
		}
	}
	if characterSet == "ISO_IR 192" || characterSet == "" {
		return strings.ToValidUTF8(value, "\uFFFD")
	}
	var out strings.Builder
	for n := range len(value) {
		if value[n] < 0x80 {
			out.WriteByte(value[n])
		} else {
			out.WriteRune('\uFFFD')
		}
	}
	return out.String()
}

// value gives the bytes of an attribute, nil where it is absent.
func value(set []element, t tag) []byte {
	for _, e := range set {
		if e.tag == t {
			return e.value
		}
	}
	return nil
}
