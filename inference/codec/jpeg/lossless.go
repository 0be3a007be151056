package jpeg

import (
	"encoding/binary"

	"github.com/medhive/medhive/inference/codec/raster"
)

// losslessScan decodes a scan of the lossless process (T.81 annex H) straight into the
// native picture. point is the point transform: the bits that the encoder dropped.
func (d *decoder) losslessScan(parts []scanPart, predictor int, point uint) error {
	if predictor < 1 || predictor > 7 {
		return raster.Damaged("JPEG lossless has no predictor %d", predictor)
	}
	if int(point) >= d.precision {
		return raster.Damaged("the JPEG point transform drops every bit")
	}
	for _, c := range d.components {
		if c.h != d.hMax || c.v != d.vMax {
			return raster.Unsupported("JPEG lossless with subsampled colours")
		}
	}
	width, height := d.want.Width, d.want.Height
	// A code has at least one bit, so a codestream this short can't hold the picture.
	if (len(d.data)-d.at)*8 < width*height*len(parts) {
		return raster.Damaged("the JPEG ends before its picture does")
	}
	if d.restart%width != 0 {
		return raster.Damaged("the JPEG restart interval is not whole lines")
	}
	if d.pixels == nil {
		d.pixels = make([]byte, d.want.Bytes())
	}
	s := losslessScan{
		parts: parts, predictor: predictor, point: point, width: width,
		start: uint16(1) << (d.precision - int(point) - 1),
		bits:  bitReader{data: d.data, at: d.at},
	}
	for n := range parts {
		s.above[n], s.line[n] = make([]uint16, width), make([]uint16, width)
	}
	left := d.restart
	for y := range height {
		fresh := y == 0
		if d.restart > 0 && left == 0 {
			if !s.bits.restart() {
				return raster.Damaged("a JPEG restart marker is missing")
			}
			left, fresh = d.restart, true
		}
		if !s.decodeLine(fresh) {
			return raster.Damaged("JPEG line %d of %d can't be decoded", y+1, height)
		}
		for n, part := range parts {
			d.storeLine(y, part.index, s.line[n], point)
			s.above[n], s.line[n] = s.line[n], s.above[n]
		}
		left -= width
	}
	d.at = s.bits.at
	return nil
}

// losslessScan is the state of one scan: the line above and the current one of each
// component, before the point transform is undone.
type losslessScan struct {
	parts       []scanPart
	predictor   int
	point       uint
	width       int
	start       uint16 // the prediction where there is nothing before
	bits        bitReader
	above, line [3][]uint16
}

// decodeLine decodes the next line of every component. The line after a restart is
// predicted from the left alone, its first sample from start.
func (s *losslessScan) decodeLine(fresh bool) bool {
	if len(s.parts) == 1 && !fresh {
		return s.decodeGrey()
	}
	for x := range s.width {
		for n := range s.parts {
			line, above := s.line[n], s.above[n]
			var guess uint16
			switch {
			case fresh && x == 0:
				guess = s.start
			case fresh:
				guess = line[x-1]
			case x == 0:
				guess = above[0]
			default:
				guess = predict(s.predictor, int32(line[x-1]), int32(above[x]), int32(above[x-1]))
			}
			difference, ok := s.difference(s.parts[n].dc)
			if !ok {
				return false
			}
			line[x] = guess + difference
		}
	}
	return !s.bits.overrun()
}

// decodeGrey is decodeLine for the common case, one component and a line above.
func (s *losslessScan) decodeGrey() bool {
	table, line, above := s.parts[0].dc, s.line[0], s.above[0]
	above = above[:len(line)]
	guess := above[0]
	for x := range line {
		difference, ok := s.difference(table)
		if !ok {
			return false
		}
		v := guess + difference
		line[x] = v
		if s.predictor == 1 {
			guess = v
		} else if x+1 < len(above) {
			guess = predict(s.predictor, int32(v), int32(above[x+1]), int32(above[x]))
		}
	}
	return !s.bits.overrun()
}

// predict is table H.1 of T.81: left, above, and above to the left.
func predict(predictor int, a, b, c int32) uint16 {
	switch predictor {
	case 1:
		return uint16(a)
	case 2:
		return uint16(b)
	case 3:
		return uint16(c)
	case 4:
		return uint16(a + b - c)
	case 5:
		return uint16(a + (b-c)>>1)
	case 6:
		return uint16(b + (a-c)>>1)
	}
	return uint16((a + b) >> 1)
}

// difference takes one difference, modulo 65536 (T.81 H.1.2.2).
func (s *losslessScan) difference(table *huffman) (uint16, bool) {
	if s.bits.loaded < 32 {
		s.bits.refill()
	}
	size, ok := table.next(&s.bits)
	if !ok || size > 16 {
		return 0, false
	}
	if size == 16 {
		return 1 << 15, true
	}
	return uint16(s.bits.receive(uint(size))), true
}

// storeLine writes a line of one component to its place among the native pixels.
func (d *decoder) storeLine(y, index int, line []uint16, point uint) {
	cell, step := d.want.Cell, d.want.Components*d.want.Cell
	out := d.pixels[y*d.want.Width*step+index*cell:]
	switch {
	case step == 2 && cell == 2:
		for _, v := range line {
			binary.LittleEndian.PutUint16(out, v<<point)
			out = out[2:]
		}
	case cell == 1:
		for x, v := range line {
			out[x*step] = uint8(v << point)
		}
	default:
		for x, v := range line {
			binary.LittleEndian.PutUint16(out[x*step:], v<<point)
		}
	}
}
