package inbox

import (
	"encoding/binary"
)

// element is one data element as it is declared (PS3.5 section 7.1).
type element struct {
	tag    uint32
	vr     string // "" in implicit VR and for items
	length uint32
}

// walker goes through declared elements. It never believes a length that reaches past its
// data, goes into no sequence but to find its end, and reads a bounded number of elements.
type walker struct {
	data     []byte
	at       int
	all      bool // nothing follows data
	implicit bool
	order    binary.ByteOrder
	elements int // that may still follow
}

// short is what running out of data means.
func (w *walker) short() error {
	if w.all {
		return errForeign
	}
	return errMore
}

// next reads the header of the element at the walker.
func (w *walker) next() (element, error) {
	if w.elements--; w.elements < 0 {
		return element{}, errForeign
	}
	b := w.data[w.at:]
	if len(b) < 8 {
		return element{}, w.short()
	}
	e := element{tag: uint32(w.order.Uint16(b))<<16 | uint32(w.order.Uint16(b[2:]))}
	size := 8
	switch vr := string(b[4:6]); {
	case w.implicit || e.tag>>16 == tagItem>>16:
		e.length = w.order.Uint32(b[4:])
	case longVR(vr):
		if len(b) < 12 {
			return element{}, w.short()
		}
		e.vr, e.length, size = vr, w.order.Uint32(b[8:]), 12
	case vr[0] >= 'A' && vr[0] <= 'Z' && vr[1] >= 'A' && vr[1] <= 'Z':
		e.vr, e.length = vr, uint32(w.order.Uint16(b[6:]))
	default:
		return element{}, errForeign
	}
	w.at += size
	return e, nil
}

// longVR are the VRs with two reserved bytes and a 32-bit length (PS3.5 table 7.1-1).
func longVR(vr string) bool {
	switch vr {
	case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
		return true
	}
	return false
}

// value takes the bytes of e, which has a length.
func (w *walker) value(e element) ([]byte, error) {
	if e.length == undefinedLength {
		return nil, errForeign
	}
	if int64(e.length) > int64(len(w.data)-w.at) {
		return nil, w.short()
	}
	value := w.data[w.at : w.at+int(e.length)]
	w.at += int(e.length)
	return value, nil
}

// skip goes to the end of e.
func (w *walker) skip(e element) error {
	if e.length != undefinedLength {
		_, err := w.value(e)
		return err
	}
	return w.skipUndefined(e.vr == "UN", 0)
}

// skipUndefined goes to the end of a sequence of undefined length. One of VR UN holds
// Implicit VR Little Endian (PS3.5 section 6.2.2, note 2).
func (w *walker) skipUndefined(unknown bool, depth int) error {
	if depth > maxNesting {
		return errForeign
	}
	if unknown {
		implicit, order := w.implicit, w.order
		w.implicit, w.order = true, binary.LittleEndian
		defer func() { w.implicit, w.order = implicit, order }()
	}
	for {
		e, err := w.next()
		switch {
		case err != nil:
			return err
		case e.tag == tagSequenceEnd:
			return nil
		case e.tag != tagItem:
			return errForeign
		case e.length != undefinedLength:
			if err := w.skip(e); err != nil {
				return err
			}
		default:
			if err := w.skipItem(depth); err != nil {
				return err
			}
		}
	}
}

// skipItem goes to the end of an item of undefined length.
func (w *walker) skipItem(depth int) error {
	for {
		e, err := w.next()
		switch {
		case err != nil:
			return err
		case e.tag == tagItemEnd:
			return nil
		case e.length == undefinedLength:
			err = w.skipUndefined(e.vr == "UN", depth+1)
		default:
			err = w.skip(e)
		}
		if err != nil {
			return err
		}
	}
}
