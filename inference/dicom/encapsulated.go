package dicom

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/suyashkumar/dicom/pkg/tag"
)

var (
	tagExtendedOffsets = tag.Tag{Group: 0x7FE0, Element: 0x0001} // Extended Offset Table
	tagExtendedLengths = tag.Tag{Group: 0x7FE0, Element: 0x0002} // Extended Offset Table Lengths
)

// encapsulated is Pixel Data in fragments (PS3.5 section A.4). Slices alias the file.
type encapsulated struct {
	table     []byte   // Basic Offset Table
	fragments [][]byte // values of the items after it
	starts    []uint64 // of each fragment's item, counted from the first one's

	frames  []frameSpan // which fragments make a frame; see findFrames
	refused *Refusal    // why there are none
}

// frameSpan is the fragments from the first to before the second number.
type frameSpan struct{ from, to int }

// fragments reads the items of encapsulated Pixel Data. A missing delimiter at the
// end of the file is forgiven: every item before it is whole.
func (p *parser) fragments(end int) (*encapsulated, error) {
	e := &encapsulated{}
	first, tabled := 0, false
	for p.at < end {
		start := p.at
		h, err := p.next(end)
		if err != nil {
			return nil, err
		}
		if h.tag == tagSequenceEnd {
			break
		}
		if h.tag != tagItem {
			return nil, errUnknownStream
		}
		if h.length == undefinedLength {
			return nil, &Refusal{What: "a pixel fragment has no declared length", Do: exportAgain}
		}
		value := p.data[p.at : p.at+int(h.length) : p.at+int(h.length)]
		p.at += int(h.length)
		if !tabled {
			e.table, first, tabled = value, p.at, true
			continue
		}
		e.fragments = append(e.fragments, value)
		e.starts = append(e.starts, uint64(start-first))
	}
	return e, nil
}

// findFrames groups the fragments to frames, as far as the data set tells.
func (o *Object) findFrames() {
	e := o.fragments
	if e == nil {
		return
	}
	count, refusal := o.declaredFrames()
	if refusal == nil {
		e.frames, refusal = e.group(count, bytesOf(o, tagExtendedOffsets), bytesOf(o, tagExtendedLengths))
	}
	e.refused = refusal
}

// group applies what PS3.5 section A.4 says, the surest sign first: a single frame
// takes everything; an offset table that points at items, basic or extended
// (PS3.3 C.7.6.3.1.8); one fragment for each frame; and, where a writer left the
// table empty or wrong, the markers that begin and end a JPEG, JPEG-LS or JPEG 2000
// codestream.
func (e *encapsulated) group(count int, offsets, lengths []byte) ([]frameSpan, *Refusal) {
	n := len(e.fragments)
	if count > n {
		return nil, &Refusal{What: "image is truncated", Where: fmt.Sprintf("%d fragments for %d frames", n, count), Do: exportAgain}
	}
	if count == 1 {
		return []frameSpan{{0, n}}, nil
	}
	if frames := e.byTable(count, e.table, 4); frames != nil {
		return frames, nil
	}
	if frames := e.byTable(count, offsets, 8); frames != nil && len(lengths) == len(offsets) {
		return frames, nil
	}
	if count == n {
		frames := make([]frameSpan, n)
		for at := range frames {
			frames[at] = frameSpan{at, at + 1}
		}
		return frames, nil
	}
	if frames := e.byMarkers(); len(frames) == count {
		return frames, nil
	}
	return nil, &Refusal{What: "frames can't be told apart in the compressed image", Where: fmt.Sprintf("%d fragments for %d frames without a usable offset table", n, count), Do: exportExplicit}
}

// byTable reads an offset table with entries of width bytes; nil if it does not
// point at the first fragment of each frame in their order.
func (e *encapsulated) byTable(count int, table []byte, width int) []frameSpan {
	if len(table) != width*count {
		return nil
	}
	frames := make([]frameSpan, count)
	at := 0
	for n := range frames {
		offset := uint64(0)
		if width == 4 {
			offset = uint64(binary.LittleEndian.Uint32(table[4*n:]))
		} else {
			offset = binary.LittleEndian.Uint64(table[8*n:])
		}
		for at < len(e.starts) && e.starts[at] < offset {
			at++
		}
		if at == len(e.starts) || e.starts[at] != offset || (n == 0) != (at == 0) || (n > 0 && frames[n-1].from == at) {
			return nil
		}
		frames[n].from = at
		if n > 0 {
			frames[n-1].to = at
		}
	}
	frames[count-1].to = len(e.fragments)
	return frames
}

// byMarkers begins a frame at each fragment that begins a codestream behind one that
// ended: SOI (FFD8) or SOC (FF4F) after EOI or EOC (both FFD9).
func (e *encapsulated) byMarkers() []frameSpan {
	var frames []frameSpan
	for n, fragment := range e.fragments {
		begins := bytes.HasPrefix(fragment, []byte{0xFF, 0xD8}) || bytes.HasPrefix(fragment, []byte{0xFF, 0x4F})
		switch {
		case n == 0 && !begins:
			return nil
		case n == 0 || (begins && endsCodestream(e.fragments[n-1])):
			frames = append(frames, frameSpan{n, n + 1})
		default:
			frames[len(frames)-1].to = n + 1
		}
	}
	return frames
}

// endsCodestream looks for the end marker before the padding to an even length.
func endsCodestream(fragment []byte) bool {
	return bytes.HasSuffix(bytes.TrimRight(fragment, "\x00"), []byte{0xFF, 0xD9})
}

// codestream joins the fragments of frame n; it aliases the file if there is one.
func (e *encapsulated) codestream(n int) []byte {
	span := e.frames[n]
	if span.to-span.from == 1 {
		return e.fragments[span.from]
	}
	return bytes.Join(e.fragments[span.from:span.to], nil)
}

// bytesOf is the value of a binary element, nil if it is something else.
func bytesOf(o *Object, t tag.Tag) []byte {
	e := o.Element(t)
	if e == nil || e.Value == nil {
		return nil
	}
	raw, _ := e.Value.GetValue().([]byte)
	return raw
}
