package inbox

import (
	"encoding/binary"
	"errors"
)

// ErrNotRead says that of an object nothing could be told.
var ErrNotRead = errors.New("the head of the object can't be read")

// Peek tells the attributes of an object's top level, up to its pixels: tag as
// group<<16|element, VR ("" where the transfer syntax names none), and the value without
// its padding. It is the inbox's own reader of heads, which a stranger's
// file meets in this process anyway: it goes into no sequence, and is bounded in bytes and
// elements. Values of more than maxTextBytes are passed over. What stands behind something that can't be
// read is not told; ErrNotRead says that nothing was. file is a whole Part 10 file.
func Peek(file []byte, tell func(tag uint32, vr string, value []byte)) error {
	h := head{values: map[uint32][]byte{}}
	if err := h.readMeta(file, true); err != nil {
		return ErrNotRead
	}
	w := walker{data: file[h.meta:], all: true, elements: maxElements, order: binary.LittleEndian}
	switch {
	case h.syntax == "1.2.840.10008.1.2":
		w.implicit = true
	case h.syntax == "1.2.840.10008.1.2.2":
		w.order = binary.BigEndian
	case h.syntax == "1.2.840.10008.1.2.1.99":
		w.data, _ = inflated(w.data, true)
	case !plainUID(h.syntax):
		return ErrNotRead
	}
	told := 0
	for w.at < len(w.data) {
		e, err := w.next()
		if err != nil || e.tag == tagPixelData {
			break
		}
		if e.vr == "SQ" || e.length == undefinedLength || e.length > maxTextBytes {
			if err := w.skip(e); err != nil {
				break
			}
			continue
		}
		value, err := w.value(e)
		if err != nil {
			break
		}
		tell(e.tag, e.vr, []byte(trimmed(value)))
		told++
	}
	if told == 0 {
		return ErrNotRead
	}
	return nil
}
