package jpeg

import "github.com/medhive/medhive/inference/codec/raster"

// sequentialScan decodes a scan of the baseline or extended process (T.81 F.2) into
// the samples of its components. An MCU holds h × v blocks of each component, or one
// block where the scan has one component (A.2).
func (d *decoder) sequentialScan(parts []scanPart) error {
	for _, part := range parts {
		part.of.samples = make([]uint16, part.of.stride*part.of.lines)
	}
	across, down := ceilDiv(d.want.Width, 8*d.hMax), ceilDiv(d.want.Height, 8*d.vMax)
	if len(parts) == 1 {
		across, down = ceilDiv(parts[0].of.width, 8), ceilDiv(parts[0].of.height, 8)
	}
	// A block has at least two codes of one bit.
	if (len(d.data)-d.at)*4 < across*down {
		return raster.Damaged("the JPEG ends before its picture does")
	}
	s := sequentialScan{bits: bitReader{data: d.data, at: d.at}, precision: d.precision}
	left := d.restart
	for y := range down {
		for x := range across {
			if d.restart > 0 && left == 0 {
				if !s.bits.restart() {
					return raster.Damaged("a JPEG restart marker is missing")
				}
				left, s.dc = d.restart, [3]int32{}
			}
			left--
			for n, part := range parts {
				h, v := part.of.h, part.of.v
				if len(parts) == 1 {
					h, v = 1, 1
				}
				for block := range h * v {
					at := (y*v+block/h)*8*part.of.stride + (x*h+block%h)*8
					if !s.block(part, n, d.quant[part.of.quant], at) {
						return raster.Damaged("a JPEG block of line %d can't be decoded", y*8+1)
					}
				}
			}
		}
		if s.bits.overrun() {
			return raster.Damaged("the JPEG ends before its picture does")
		}
	}
	d.at = s.bits.at
	return nil
}

// sequentialScan is the state of one scan.
type sequentialScan struct {
	bits      bitReader
	precision int
	dc        [3]int32 // the last DC coefficient of each component
	block64   [64]int32
}

// block decodes one block and writes its samples at a place of its component.
func (s *sequentialScan) block(part scanPart, n int, quant *[64]uint16, at int) bool {
	coefficients := &s.block64
	*coefficients = [64]int32{}
	if s.bits.loaded < 32 {
		s.bits.refill()
	}
	size, ok := part.dc.next(&s.bits)
	if !ok || size > 15 {
		return false
	}
	s.dc[n] += s.bits.receive(uint(size))
	coefficients[0] = s.dc[n] * int32(quant[0])
	only := true
	for k := 1; k < 64; k++ {
		if s.bits.loaded < 32 {
			s.bits.refill()
		}
		symbol, ok := part.ac.next(&s.bits)
		if !ok {
			return false
		}
		run, size := int(symbol>>4), uint(symbol&15)
		if size == 0 {
			if run < 15 { // end of block
				break
			}
			k += 15
			continue
		}
		k += run
		if k > 63 {
			return false
		}
		only = false
		place := zigzag[k]
		coefficients[place] = s.bits.receive(size) * int32(quant[place])
	}
	out := part.of.samples[at:]
	if only {
		flat(out, part.of.stride, coefficients[0], s.precision)
	} else {
		inverseDCT(out, part.of.stride, coefficients, s.precision)
	}
	return true
}
