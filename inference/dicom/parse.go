package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

const (
	preambleBytes = 128
	magic         = "DICM"

	// maxParsedBytes bounds the values of one instance that are turned into
	// strings and numbers, which take more memory than the file; images, tables
	// and private blobs stay bytes and do not count.
	maxParsedBytes = 8 << 20
)

// Parse reads one instance in any transfer syntax that PS3.5 annex A lists but
// video. Every declared length, depth and count is checked against what is there
// before anything is allocated for it, and the pixels are not copied where they can
// be used as they are: Object.Pixels and byte values alias f.Data. The data set
// follows the model of github.com/suyashkumar/dicom; its reader is not used, because
// it allocates by declared length, panics on some real files and decodes only part
// of the character sets. Whether the pixels can be used is not looked at before they
// are asked for. The error is always a *Refusal.
func Parse(f File, lim Limits) (*Object, error) {
	lim = lim.OrDefault()
	var unpacked atomic.Int64
	return parse(f, lim, &unpacked)
}

// parse is Parse with a count of the bytes that deflated files of one study
// unpacked to, which lim.MaxTotalBytes bounds.
func parse(f File, lim Limits, unpacked *atomic.Int64) (*Object, error) {
	if f.disk != nil {
		return f.disk.parse(lim, unpacked)
	}
	return parseBytes(f.Data, nil, lim, unpacked)
}

// parseBytes parses an instance, or its first bytes where the rest is on disk.
func parseBytes(data []byte, disk *diskFile, lim Limits, unpacked *atomic.Int64) (object *Object, err error) {
	defer func() {
		if recover() != nil {
			object, err = nil, &Refusal{What: "file broke the reader", Do: exportAgain}
		}
	}()
	if int64(len(data)) > lim.MaxFileBytes {
		return nil, &Refusal{What: "file is too large", Where: fmt.Sprintf("%d bytes, the limit is %d", len(data), lim.MaxFileBytes), Do: "send the series that matters only"}
	}
	if !isPart10(data) {
		return nil, &Refusal{What: "file is not DICOM", Do: "send the DICOM files of the study (Part 10 files, as on an exported disc)"}
	}
	p := &parser{cursor: cursor{data: data, at: preambleBytes + len(magic), elements: lim.MaxElements}, maxDepth: lim.MaxDepth, parsed: maxParsedBytes, disk: disk}
	object = &Object{}
	if err := p.meta(object); err != nil {
		return nil, err
	}
	if err := p.enter(object.TransferSyntaxUID, lim, unpacked); err != nil {
		return nil, err
	}
	elements, err := p.dataset(object, len(p.data))
	if err != nil {
		return nil, err
	}
	object.Dataset.Elements = elements
	object.findFrames()
	return object, nil
}

// parser builds elements from declared ones.
type parser struct {
	cursor
	maxDepth     int
	parsed       int // bytes that may still be turned into strings and numbers
	signed       bool
	encapsulated bool      // the transfer syntax stores pixels in fragments
	inflated     bool      // data is no longer the file's own
	disk         *diskFile // where data goes on, nil if it does not
}

// meta reads the file meta information, group 0002, always Explicit Little Endian.
func (p *parser) meta(o *Object) error {
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
		o.Meta = append(o.Meta, element)
	}
	o.TransferSyntaxUID = first(Find(o.Meta, tag.TransferSyntaxUID))
	return nil
}

// enter sets the encoding of what follows the meta information.
func (p *parser) enter(uid string, lim Limits, unpacked *atomic.Int64) error {
	switch syntax := syntaxOf(uid); syntax {
	case syntaxImplicit:
		p.implicit = true
	case syntaxExplicit:
	case syntaxBigEndian:
		p.big = true
	case syntaxDeflated:
		data, err := inflate(p.data[p.at:], lim, unpacked)
		if err != nil {
			return err
		}
		p.data, p.at, p.inflated = data, 0, true
	case syntaxEncapsulated:
		p.encapsulated = true
	default:
		if uid == "" {
			return &Refusal{What: "file names no transfer syntax", Do: exportExplicit}
		}
		return &Refusal{What: "transfer syntax " + syntaxName(uid) + " is not supported", Do: exportExplicit}
	}
	return nil
}

// dataset reads the elements after the meta information.
func (p *parser) dataset(o *Object, end int) ([]*dicom.Element, error) {
	elements := make([]*dicom.Element, 0, 128)
	cs := characterSet{}
	// Some writers round the file up with zeros, or blank what they removed at its end.
	content := p.at + len(bytes.TrimRight(p.data[p.at:end], "\x00"))
	for p.at < content {
		if p.disk != nil && p.onlyPixelsRemain() {
			o.onDisk = &section{file: p.disk, offset: int64(p.at), length: int(p.disk.size) - p.at}
			return elements, nil
		}
		h, err := p.next(end)
		if err != nil {
			return nil, err
		}
		if h.tag == tagPixelData {
			if err := p.pixels(o, elements, h, end); err != nil {
				return nil, err
			}
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

// pixels takes the top-level Pixel Data. elements are those before it.
func (p *parser) pixels(o *Object, elements []*dicom.Element, h header, end int) error {
	if o.Pixels != nil || o.fragments != nil {
		return &Refusal{What: "file holds pixel data twice", Do: exportAgain}
	}
	if h.length == undefinedLength {
		if !p.encapsulated {
			return &Refusal{What: "pixel data is encapsulated, though the transfer syntax says it is not", Do: exportExplicit}
		}
		fragments, err := p.fragments(end)
		o.fragments = fragments
		return err
	}
	// Some writers leave native pixels native under a compressed transfer syntax;
	// PS3.5 section A.4 has no place for them, and guessing would be one.
	if p.encapsulated {
		return &Refusal{What: "pixel data is not encapsulated, though the transfer syntax says it is", Do: exportExplicit}
	}
	raw := p.data[p.at : p.at+int(h.length) : p.at+int(h.length)]
	if !p.inflated {
		o.PixelOffset = p.at
	}
	p.at += int(h.length)
	if p.big {
		raw = swapped(raw, pixelWordBytes(h.vr, firstInt(Find(elements, tag.BitsAllocated))))
		o.PixelOffset = 0
	}
	o.Pixels = raw
	return nil
}

// pixelWordBytes is the unit in which Big Endian pixels are turned: whole samples,
// but for samples of up to 8 bits in OW the 16-bit words that hold them (PS3.5
// section 8.1.2 and annex A.3).
func pixelWordBytes(vr string, allocated int) int {
	switch {
	case allocated > 8 && allocated%8 == 0 && allocated <= 64:
		return allocated / 8
	case vr == "OW":
		return 2
	}
	return 1
}

// swapped turns every word of width bytes around in a copy; a cut last word stays.
func swapped(raw []byte, width int) []byte {
	if width < 2 {
		return raw
	}
	out := slices.Clone(raw)
	for at := 0; at+width <= len(out); at += width {
		slices.Reverse(out[at : at+width])
	}
	return out
}

// asRefusal finds the refusal in an error or makes one of it.
func asRefusal(err error) *Refusal {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	return &Refusal{What: "file cannot be read", Do: exportAgain, Err: err}
}
