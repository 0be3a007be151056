package dicom

import (
	"encoding/binary"
	"fmt"

	"github.com/suyashkumar/dicom/pkg/tag"
)

const undefinedLength = 0xFFFFFFFF

var (
	tagItem          = tag.Tag{Group: 0xFFFE, Element: 0xE000}
	tagItemEnd       = tag.Tag{Group: 0xFFFE, Element: 0xE00D}
	tagSequenceEnd   = tag.Tag{Group: 0xFFFE, Element: 0xE0DD}
	tagCharacterSet  = tag.SpecificCharacterSet
	tagPixelData     = tag.PixelData
	tagPadding       = tag.Tag{Group: 0xFFFC, Element: 0xFFFC} // Data Set Trailing Padding, PS3.10 section 7.2
	errCutInHeader   = &Refusal{What: "file is cut off inside an element header", Do: exportAgain}
	errUnknownStream = &Refusal{What: "data is not the DICOM encoding that its header declares", Do: exportAgain}
)

// header is one element as it is declared (PS3.5 section 7.1).
type header struct {
	tag    tag.Tag
	vr     string // two letters; "" for items and in implicit VR
	length uint32
}

// cursor walks declared elements; it never reads past end and never believes a
// length that reaches past the enclosing scope.
type cursor struct {
	data     []byte
	at       int
	implicit bool
	big      bool // Explicit VR Big Endian (PS3.5 annex A.3, retired)
	elements int  // how many more may follow
}

// order is the byte order of lengths and numbers.
func (c *cursor) order() binary.ByteOrder {
	if c.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

// longVR are the VRs with two reserved bytes and a 32-bit length (PS3.5 table 7.1-1).
func longVR(vr string) bool {
	switch vr {
	case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
		return true
	}
	return false
}

// shortVR are the VRs with a 16-bit length (PS3.5 table 7.1-2).
func shortVR(vr string) bool {
	switch vr {
	case "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT",
		"PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US":
		return true
	}
	return false
}

// next reads the header at the cursor, inside a scope that ends at end.
func (c *cursor) next(end int) (header, error) {
	if c.elements--; c.elements < 0 {
		return header{}, &Refusal{What: "file holds more data elements than allowed", Do: exportAgain}
	}
	if end-c.at < 8 {
		return header{}, errCutInHeader
	}
	order := c.order()
	b := c.data[c.at:]
	h := header{tag: tag.Tag{Group: order.Uint16(b), Element: order.Uint16(b[2:])}}
	c.at += 8
	switch {
	case c.implicit || h.tag.Group == tagItem.Group:
		h.length = order.Uint32(b[4:])
	case shortVR(string(b[4:6])):
		h.vr = vrName(b[4:6])
		h.length = uint32(order.Uint16(b[6:]))
	case longVR(string(b[4:6])):
		if end-c.at < 4 {
			return header{}, errCutInHeader
		}
		h.vr = vrName(b[4:6])
		h.length = order.Uint32(b[8:])
		c.at += 4
	default:
		return header{}, errUnknownStream
	}
	if h.length != undefinedLength && int64(h.length) > int64(end-c.at) {
		return header{}, &Refusal{
			What: "value is longer than the data that holds it",
			Where: fmt.Sprintf("attribute %s declares %d bytes where %d remain",
				h.tag, h.length, end-c.at),
			Do: exportAgain,
		}
	}
	return h, nil
}

// vrName returns the VR without allocating for each element.
func vrName(b []byte) string {
	for _, known := range [...]string{"CS", "UI", "DS", "LO", "SH", "IS", "US", "DA", "TM", "PN", "SQ", "OB", "OW", "UN", "LT", "ST", "UT", "UL", "FD", "FL"} {
		if string(b) == known {
			return known
		}
	}
	return string(b)
}
