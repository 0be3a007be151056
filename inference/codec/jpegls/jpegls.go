// Package jpegls decodes JPEG-LS (ITU-T T.87), lossless and near-lossless, 2 to 16
// bits, its components by plane, by line or by sample. A codestream and the promised
// picture go in, native pixels come out. Beside the picture it holds a few lines and
// a table of the sample range. It never decodes mapping tables, restart intervals or
// vendors' colour transforms; those are refused in words.
package jpegls

import (
	"encoding/binary"

	"github.com/medhive/medhive/inference/codec/raster"
)

// Decode decodes one picture.
func Decode(want raster.Want, data []byte) (raster.Got, error) {
	d := &decoder{want: want, data: data}
	if err := d.run(); err != nil {
		return raster.Got{}, err
	}
	return raster.Got{Pixels: d.pixels, Precision: d.precision}, nil
}

// border is what a line buffer has beside the picture: one sample to the left and one
// to the right (T.87 figure A.2 reaches there).
const border = 2

// decodeScan decodes one scan line by line into the native pixels.
func (d *decoder) decodeScan(s *scan, parts []int, interleave int) error {
	width, height := d.want.Width, d.want.Height
	above, line := make([][]int32, len(parts)), make([][]int32, len(parts))
	for n := range parts {
		above[n], line[n] = make([]int32, width+border), make([]int32, width+border)
	}
	var index [3]int // the run index of each component (T.87 A.7.1, B.3)
	for y := range height {
		for n := range parts {
			line[n][0] = above[n][1]
			above[n][width+1] = above[n][width]
		}
		ok := true
		switch {
		case interleave == bySample:
			ok = s.sampleLine(line, above, width, &index[0])
		default:
			for n := range parts {
				ok = ok && s.line(line[n], above[n], width, &index[n])
			}
		}
		if !ok || s.bits.loaded < 0 {
			return raster.Damaged("JPEG-LS line %d of %d can't be decoded", y+1, height)
		}
		for n, part := range parts {
			d.storeLine(y, part, line[n][1:width+1])
		}
		above, line = line, above
	}
	d.at = s.bits.end()
	return nil
}

// storeLine writes a line of one component to its place among the native pixels.
func (d *decoder) storeLine(y, index int, line []int32) {
	cell, step := d.want.Cell, d.want.Components*d.want.Cell
	out := d.pixels[y*d.want.Width*step+index*cell:]
	if cell == 1 {
		for x, v := range line {
			out[x*step] = uint8(v)
		}
		return
	}
	for x, v := range line {
		binary.LittleEndian.PutUint16(out[x*step:], uint16(v))
	}
}
