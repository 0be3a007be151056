package jpeg

import (
	"encoding/binary"

	"github.com/medhive/medhive/inference/codec/raster"
)

// Markers (T.81 table B.1).
const (
	markerSOF0 = 0xC0 // baseline
	markerSOF1 = 0xC1 // extended sequential
	markerSOF3 = 0xC3 // lossless
	markerDHT  = 0xC4
	markerJPG  = 0xC8 // reserved, in the middle of the SOF markers
	markerDAC  = 0xCC
	markerSOFF = 0xCF // the last SOF
	markerRST0 = 0xD0
	markerRST7 = 0xD7
	markerSOI  = 0xD8
	markerEOI  = 0xD9
	markerSOS  = 0xDA
	markerDQT  = 0xDB
	markerDNL  = 0xDC
	markerDRI  = 0xDD
	markerAPP0 = 0xE0
	markerAPPE = 0xEE // Adobe's
	markerTEM  = 0x01
)

// component is one component of the frame header.
type component struct {
	id            uint8
	h, v          int // sampling factors
	quant         uint8
	width, height int // samples that the picture has, not the padding of its blocks
	stride, lines int // of samples, padded to whole MCUs
	samples       []uint16
	coded         bool // a scan has filled it
}

// scanPart is one component of a scan header.
type scanPart struct {
	of     *component
	index  int // in the frame
	dc, ac *huffman
}

// decoder walks through the segments of one codestream.
type decoder struct {
	want       raster.Want
	data       []byte
	at         int
	process    uint8 // the SOF marker, 0 before it
	precision  int
	components []component
	hMax, vMax int
	restart    int // MCUs between restart markers, 0 for none
	quant      [4]*[64]uint16
	dc, ac     [4]*huffman
	jfif       bool
	adobe      int // the transform of Adobe's APP14, -1 without one
	pixels     []byte
}

// run reads segments until the picture is complete.
func (d *decoder) run() error {
	if len(d.data) < 4 || d.data[0] != 0xFF || d.data[1] != markerSOI {
		return raster.Damaged("it does not start as a JPEG does")
	}
	d.at = 2
	for {
		marker, ok := d.nextMarker()
		if !ok || marker == markerEOI {
			if d.complete() {
				return nil
			}
			return raster.Damaged("the JPEG ends before its picture does")
		}
		if marker == markerSOI || marker == markerTEM || (marker >= markerRST0 && marker <= markerRST7) {
			continue
		}
		body, ok := d.segment()
		if !ok {
			if d.complete() {
				return nil
			}
			return raster.Damaged("a JPEG segment is cut off")
		}
		if err := d.take(marker, body); err != nil {
			return err
		}
	}
}

// nextMarker skips to the next marker; after a scan that is the first one that
// doesn't belong to its entropy-coded bits.
func (d *decoder) nextMarker() (uint8, bool) {
	for d.at+1 < len(d.data) {
		if d.data[d.at] != 0xFF || d.data[d.at+1] == 0 || d.data[d.at+1] == 0xFF {
			d.at++
			continue
		}
		d.at += 2
		return d.data[d.at-1], true
	}
	return 0, false
}

// segment takes the length and the body that follow a marker.
func (d *decoder) segment() ([]byte, bool) {
	if d.at+2 > len(d.data) {
		return nil, false
	}
	length := int(binary.BigEndian.Uint16(d.data[d.at:]))
	if length < 2 || d.at+length > len(d.data) {
		return nil, false
	}
	body := d.data[d.at+2 : d.at+length]
	d.at += length
	return body, true
}

// take acts on one segment.
func (d *decoder) take(marker uint8, body []byte) error {
	switch {
	case marker == markerDHT:
		return d.takeHuffman(body)
	case marker == markerDQT:
		return d.takeQuant(body)
	case marker == markerDRI:
		if len(body) < 2 {
			return raster.Damaged("the JPEG restart interval is cut off")
		}
		d.restart = int(binary.BigEndian.Uint16(body))
	case marker == markerSOF0, marker == markerSOF1, marker == markerSOF3:
		return d.takeFrame(marker, body)
	case marker >= markerSOF0 && marker <= markerSOFF && marker != markerJPG && marker != markerDAC:
		return raster.Unsupported("JPEG process %d (progressive, hierarchical or arithmetic)", marker-markerSOF0)
	case marker == markerSOS:
		return d.takeScan(body)
	case marker == markerDNL:
		return raster.Unsupported("JPEG that gives its number of lines at the end")
	case marker == markerAPP0:
		d.jfif = d.jfif || (len(body) >= 5 && string(body[:5]) == "JFIF\x00")
	case marker == markerAPPE:
		if len(body) >= 12 && string(body[:5]) == "Adobe" {
			d.adobe = int(body[11])
		}
	}
	return nil
}

// takeHuffman reads a DHT segment (T.81 B.2.4.2).
func (d *decoder) takeHuffman(body []byte) error {
	for len(body) > 0 {
		if len(body) < 17 {
			return raster.Damaged("a Huffman table is cut off")
		}
		class, id := body[0]>>4, body[0]&15
		counts := [16]uint8(body[1:17])
		total := 0
		for _, n := range counts {
			total += int(n)
		}
		if class > 1 || id > 3 || total > 256 || len(body) < 17+total {
			return raster.Damaged("a Huffman table can't be")
		}
		table := &d.dc[id]
		if class == 1 {
			table = &d.ac[id]
		}
		// A scan is over before the next table comes, so its room can be used again.
		if *table == nil {
			*table = new(huffman)
		}
		if !(*table).build(counts, body[17:17+total]) {
			return raster.Damaged("a Huffman table has too many codes")
		}
		body = body[17+total:]
	}
	return nil
}

// takeQuant reads a DQT segment (T.81 B.2.4.1).
func (d *decoder) takeQuant(body []byte) error {
	for len(body) > 0 {
		wide, id := int(body[0]>>4), body[0]&15
		body = body[1:]
		if wide > 1 || id > 3 || len(body) < 64<<wide {
			return raster.Damaged("a quantisation table can't be")
		}
		table := new([64]uint16)
		for n := range table {
			if wide == 1 {
				table[zigzag[n]] = binary.BigEndian.Uint16(body[2*n:])
			} else {
				table[zigzag[n]] = uint16(body[n])
			}
		}
		d.quant[id] = table
		body = body[64<<wide:]
	}
	return nil
}

// takeFrame reads a frame header (T.81 B.2.2), holds it against the promise, and only
// then allocates.
func (d *decoder) takeFrame(process uint8, body []byte) error {
	if d.process != 0 {
		return raster.Damaged("it has two JPEG frame headers")
	}
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return raster.Damaged("the JPEG frame header is cut off")
	}
	d.process, d.precision = process, int(body[0])
	height, width := int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if err := d.want.Check(width, height, int(body[5]), d.precision); err != nil {
		return err
	}
	if process == markerSOF3 && (d.precision < 2 || d.precision > 16) || process != markerSOF3 && d.precision != 8 && d.precision != 12 {
		return raster.Unsupported("JPEG process %d with %d bits", process-markerSOF0, d.precision)
	}
	for n := range int(body[5]) {
		part := body[6+3*n:]
		c := component{id: part[0], h: int(part[1] >> 4), v: int(part[1] & 15), quant: part[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.quant > 3 {
			return raster.Damaged("a JPEG component can't be")
		}
		if len(d.components) > 0 && c.id == d.components[0].id || len(d.components) > 1 && c.id == d.components[1].id {
			return raster.Damaged("two JPEG components have one name")
		}
		d.hMax, d.vMax = max(d.hMax, c.h), max(d.vMax, c.v)
		d.components = append(d.components, c)
	}
	d.layOut(width, height)
	return nil
}

// layOut finds the size of each component (T.81 A.1.1). A single component has MCUs
// of one block whatever its sampling factors say.
func (d *decoder) layOut(width, height int) {
	if len(d.components) == 1 {
		d.components[0].h, d.components[0].v, d.hMax, d.vMax = 1, 1, 1, 1
	}
	for n := range d.components {
		c := &d.components[n]
		c.width, c.height = ceilDiv(width*c.h, d.hMax), ceilDiv(height*c.v, d.vMax)
		c.stride, c.lines = ceilDiv(width, 8*d.hMax)*8*c.h, ceilDiv(height, 8*d.vMax)*8*c.v
	}
}

// takeScan reads a scan header (T.81 B.2.3) and decodes what follows it.
func (d *decoder) takeScan(body []byte) error {
	if d.process == 0 {
		return raster.Damaged("a JPEG scan comes before the frame header")
	}
	if len(body) < 1 || body[0] < 1 || int(body[0]) > len(d.components) || len(body) < 4+2*int(body[0]) {
		return raster.Damaged("a JPEG scan header can't be")
	}
	parts := make([]scanPart, 0, 3)
	for n := range int(body[0]) {
		id, tables := body[1+2*n], body[2+2*n]
		part := scanPart{index: -1}
		for i := range d.components {
			if d.components[i].id == id {
				part.of, part.index = &d.components[i], i
			}
		}
		if part.index < 0 || part.of.coded || tables>>4 > 3 || tables&15 > 3 {
			return raster.Damaged("a JPEG scan names a component or table that isn't")
		}
		part.of.coded = true
		part.dc, part.ac = d.dc[tables>>4], d.ac[tables&15]
		if part.dc == nil || d.process != markerSOF3 && (part.ac == nil || d.quant[part.of.quant] == nil) {
			return raster.Damaged("a JPEG scan lacks its tables")
		}
		parts = append(parts, part)
	}
	last := body[1+2*int(body[0]):]
	if d.process == markerSOF3 {
		return d.losslessScan(parts, int(last[0]), uint(last[2]&15))
	}
	return d.sequentialScan(parts)
}

// complete says whether scans have filled every component.
func (d *decoder) complete() bool {
	for _, c := range d.components {
		if !c.coded {
			return false
		}
	}
	return len(d.components) > 0
}
