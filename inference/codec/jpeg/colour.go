package jpeg

import "encoding/binary"

// assemble upsamples the components, turns YCbCr into RGB where asked, and writes the
// native pixels.
func (d *decoder) assemble(toRGB bool) {
	d.pixels = make([]byte, d.want.Bytes())
	width := d.want.Width
	var lines [3][]uint16
	for n := range d.components {
		lines[n] = make([]uint16, width)
	}
	highest := int32(1)<<d.precision - 1
	up := make([]upsampler, len(d.components))
	for n := range d.components {
		up[n] = newUpsampler(&d.components[n], d.hMax, d.vMax)
	}
	for y := range d.want.Height {
		for n := range d.components {
			up[n].line(lines[n], y)
		}
		if toRGB {
			for x := range width {
				lines[0][x], lines[1][x], lines[2][x] = rgb(int32(lines[0][x]), int32(lines[1][x]), int32(lines[2][x]), highest)
			}
		}
		for n := range d.components {
			d.storeLine(y, n, lines[n], 0)
		}
	}
}

// Factors of PS3.3 C.7.6.3.1.2's inverse, times 65536.
const (
	crToR = 91881  // 1.402
	cbToG = 22554  // 0.344136
	crToG = 46802  // 0.714136
	cbToB = 116130 // 1.772
)

// rgb turns one pixel of full-range YCbCr into RGB.
func rgb(y, cb, cr, highest int32) (r, g, b uint16) {
	middle := (highest + 1) / 2
	cb, cr = cb-middle, cr-middle
	return clamp(y+(crToR*cr+1<<15)>>16, highest),
		clamp(y+(-cbToG*cb-crToG*cr+1<<15)>>16, highest),
		clamp(y+(cbToB*cb+1<<15)>>16, highest)
}

func clamp(v, highest int32) uint16 { return uint16(min(max(v, 0), highest)) }

// RGB turns native YBR_FULL pixels, colour by pixel in cells of 1 or 2 bytes, into RGB
// in place.
func RGB(pixels []byte, cell, stored int) {
	highest := int32(1)<<stored - 1
	for ; len(pixels) >= 3*cell; pixels = pixels[3*cell:] {
		if cell == 1 {
			r, g, b := rgb(int32(pixels[0]), int32(pixels[1]), int32(pixels[2]), highest)
			pixels[0], pixels[1], pixels[2] = uint8(r), uint8(g), uint8(b)
			continue
		}
		in := [3]int32{}
		for n := range in {
			in[n] = int32(binary.LittleEndian.Uint16(pixels[2*n:])) & highest
		}
		r, g, b := rgb(in[0], in[1], in[2], highest)
		binary.LittleEndian.PutUint16(pixels, r)
		binary.LittleEndian.PutUint16(pixels[2:], g)
		binary.LittleEndian.PutUint16(pixels[4:], b)
	}
}
