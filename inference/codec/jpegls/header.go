package jpegls

import (
	"encoding/binary"
	"math/bits"

	"github.com/medhive/medhive/inference/codec/raster"
)

// Markers (T.87 table C.1, T.81 table B.1).
const (
	markerSOI   = 0xD8
	markerEOI   = 0xD9
	markerSOS   = 0xDA
	markerDRI   = 0xDD
	markerAPP8  = 0xE8 // where HP's encoder notes a colour transform
	markerSOF55 = 0xF7
	markerLSE   = 0xF8
)

// Interleaving of the components of a scan (T.87 table C.4).
const (
	byPlane  = 0 // one component a scan
	byLine   = 1
	bySample = 2
)

// preset holds the coding parameters of an LSE segment; zero asks for the default
// (T.87 C.2.4.1.1).
type preset struct{ maxval, t1, t2, t3, reset int }

// decoder walks through the segments of one codestream.
type decoder struct {
	want      raster.Want
	data      []byte
	at        int
	precision int // 0 before the frame header
	ids       []uint8
	coded     []bool
	preset    preset
	pixels    []byte
}

// run reads segments until the picture is complete.
func (d *decoder) run() error {
	if len(d.data) < 4 || d.data[0] != 0xFF || d.data[1] != markerSOI {
		return raster.Damaged("it does not start as a JPEG-LS does")
	}
	d.at = 2
	for {
		marker, ok := d.nextMarker()
		if !ok || marker == markerEOI {
			return raster.Damaged("the JPEG-LS ends before its picture does")
		}
		if d.at+2 > len(d.data) {
			return raster.Damaged("a JPEG-LS segment is cut off")
		}
		length := int(binary.BigEndian.Uint16(d.data[d.at:]))
		if length < 2 || d.at+length > len(d.data) {
			return raster.Damaged("a JPEG-LS segment is cut off")
		}
		body := d.data[d.at+2 : d.at+length]
		d.at += length
		if err := d.take(marker, body); err != nil {
			return err
		}
		if d.complete() {
			return nil
		}
	}
}

// nextMarker skips to the next marker.
func (d *decoder) nextMarker() (uint8, bool) {
	for d.at+1 < len(d.data) {
		if d.data[d.at] != 0xFF || d.data[d.at+1] < 0x80 || d.data[d.at+1] == 0xFF {
			d.at++
			continue
		}
		d.at += 2
		return d.data[d.at-1], true
	}
	return 0, false
}

// take acts on one segment.
func (d *decoder) take(marker uint8, body []byte) error {
	switch marker {
	case markerSOF55:
		return d.takeFrame(body)
	case markerLSE:
		return d.takePreset(body)
	case markerSOS:
		return d.takeScan(body)
	case markerDRI:
		for _, v := range body {
			if v != 0 {
				return raster.Unsupported("JPEG-LS with restart intervals")
			}
		}
	case markerAPP8:
		if len(body) >= 5 && string(body[:4]) == "mrfx" && body[4] != 0 {
			return raster.Unsupported("JPEG-LS with a vendor's colour transform")
		}
	}
	return nil
}

// takeFrame reads the frame header and holds it against the promise.
func (d *decoder) takeFrame(body []byte) error {
	if d.precision != 0 {
		return raster.Damaged("it has two JPEG-LS frame headers")
	}
	if len(body) < 6 || len(body) < 6+3*int(body[5]) {
		return raster.Damaged("the JPEG-LS frame header is cut off")
	}
	precision := int(body[0])
	height, width := int(binary.BigEndian.Uint16(body[1:])), int(binary.BigEndian.Uint16(body[3:]))
	if err := d.want.Check(width, height, int(body[5]), precision); err != nil {
		return err
	}
	if precision < 2 || precision > 16 {
		return raster.Unsupported("JPEG-LS with %d bits", precision)
	}
	for n := range int(body[5]) {
		part := body[6+3*n:]
		if part[1] != 0x11 {
			return raster.Unsupported("JPEG-LS with subsampled colours")
		}
		d.ids = append(d.ids, part[0])
	}
	d.precision, d.coded = precision, make([]bool, len(d.ids))
	return nil
}

// takePreset reads an LSE segment.
func (d *decoder) takePreset(body []byte) error {
	const parameters = 1 // the kind of segment; 2 to 4 are mapping tables and large sizes
	if len(body) < 1 || body[0] != parameters {
		return raster.Unsupported("JPEG-LS with mapping tables or oversize dimensions")
	}
	if len(body) < 11 {
		return raster.Damaged("JPEG-LS parameters are cut off")
	}
	at := func(n int) int { return int(binary.BigEndian.Uint16(body[1+2*n:])) }
	d.preset = preset{maxval: at(0), t1: at(1), t2: at(2), t3: at(3), reset: at(4)}
	return nil
}

// takeScan reads a scan header and decodes what follows it.
func (d *decoder) takeScan(body []byte) error {
	if d.precision == 0 {
		return raster.Damaged("a JPEG-LS scan comes before the frame header")
	}
	if len(body) < 1 || body[0] < 1 || int(body[0]) > len(d.ids) || len(body) < 4+2*int(body[0]) {
		return raster.Damaged("a JPEG-LS scan header can't be")
	}
	var parts []int
	for n := range int(body[0]) {
		index := -1
		for i, id := range d.ids {
			if id == body[1+2*n] && !d.coded[i] && index < 0 {
				index = i
			}
		}
		if index < 0 {
			return raster.Damaged("a JPEG-LS scan names a component that isn't")
		}
		if body[2+2*n] != 0 {
			return raster.Unsupported("JPEG-LS with mapping tables")
		}
		d.coded[index] = true
		parts = append(parts, index)
	}
	last := body[1+2*int(body[0]):]
	near, interleave := int(last[0]), int(last[1])
	if len(parts) == 1 {
		interleave = byPlane
	} else if interleave != byLine && interleave != bySample {
		return raster.Damaged("JPEG-LS components of one scan are not interleaved")
	}
	if last[2] != 0 {
		return raster.Unsupported("JPEG-LS with a point transform")
	}
	s, err := d.newScan(near)
	if err != nil {
		return err
	}
	if d.pixels == nil {
		d.pixels = make([]byte, d.want.Bytes())
	}
	return d.decodeScan(s, parts, interleave)
}

// newScan derives the parameters of a scan (T.87 C.2.4.1.1.1 and A.2.1).
func (d *decoder) newScan(near int) (*scan, error) {
	highest := 1<<d.precision - 1
	maxval := d.preset.maxval
	if maxval == 0 {
		maxval = highest
	}
	if maxval > highest || near > min(255, maxval/2) {
		return nil, raster.Damaged("JPEG-LS parameters can't be")
	}
	p := defaults(maxval, near)
	for _, set := range []struct {
		to   *int
		from int
	}{{&p.t1, d.preset.t1}, {&p.t2, d.preset.t2}, {&p.t3, d.preset.t3}, {&p.reset, d.preset.reset}} {
		if set.from != 0 {
			*set.to = set.from
		}
	}
	if p.t1 < near+1 || p.t1 > p.t2 || p.t2 > p.t3 || p.t3 > maxval || p.reset < 3 || p.reset > max(255, maxval) {
		return nil, raster.Damaged("JPEG-LS parameters can't be")
	}
	s := &scan{maxval: int32(maxval), near: int32(near), step: int32(2*near + 1), reset: int32(p.reset)}
	s.span = int32((maxval+2*near)/(2*near+1) + 1)
	s.long = bits.Len(uint(s.span - 1))
	depth := max(2, bits.Len(uint(maxval)))
	s.limit = 2 * (depth + max(8, depth))
	s.level = make([]int8, 2*maxval+1)
	for n := range s.level {
		s.level[n] = quantise(n-maxval, near, p)
	}
	start := context{a: max(2, (s.span+32)/64), n: 1}
	for n := range s.contexts {
		s.contexts[n] = start
	}
	s.runs[0], s.runs[1] = start, start
	s.bits = bitReader{data: d.data, at: d.at}
	return s, nil
}

// defaults are the thresholds and the reset interval that T.87 table C.3 gives.
func defaults(maxval, near int) preset {
	const basic1, basic2, basic3, reset = 3, 7, 21, 64
	within := func(v, low int) int {
		if v < low || v > maxval {
			return low
		}
		return v
	}
	p := preset{reset: reset}
	if maxval >= 128 {
		factor := (min(maxval, 4095) + 128) / 256
		p.t1 = within(factor*(basic1-2)+2+3*near, near+1)
		p.t2 = within(factor*(basic2-3)+3+5*near, p.t1)
		p.t3 = within(factor*(basic3-4)+4+7*near, p.t2)
		return p
	}
	factor := 256 / (maxval + 1)
	p.t1 = within(max(2, basic1/factor+3*near), near+1)
	p.t2 = within(max(3, basic2/factor+5*near), p.t1)
	p.t3 = within(max(4, basic3/factor+7*near), p.t2)
	return p
}

// quantise puts a gradient into one of nine levels, -4 to 4 (T.87 A.3.3).
func quantise(gradient, near int, p preset) int8 {
	size := max(gradient, -gradient)
	var level int8
	switch {
	case size <= near:
		return 0
	case size < p.t1:
		level = 1
	case size < p.t2:
		level = 2
	case size < p.t3:
		level = 3
	default:
		level = 4
	}
	if gradient < 0 {
		return -level
	}
	return level
}

// complete says whether scans have filled every component.
func (d *decoder) complete() bool {
	for _, coded := range d.coded {
		if !coded {
			return false
		}
	}
	return d.precision != 0
}
