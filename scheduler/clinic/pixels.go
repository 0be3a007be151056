package clinic

import (
	"encoding/binary"
	"errors"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// grid is what the pixels of one slice are made of (PS3.3 C.7.6.3).
type grid struct {
	rows, columns, frames, allocated, stored, high int
	signed                                         bool
}

func gridOf(elements []*dicom.Element) (grid, error) {
	g := grid{
		frames: max(1, number(elements, tag.NumberOfFrames)),
		rows:   number(elements, tag.Rows), columns: number(elements, tag.Columns), allocated: number(elements, tag.BitsAllocated),
		stored: number(elements, tag.BitsStored), high: number(elements, tag.HighBit), signed: number(elements, tag.PixelRepresentation) == 1,
	}
	switch {
	case g.rows < 1 || g.columns < 1 || number(elements, tag.SamplesPerPixel) != 1:
		return g, errors.New("rows, columns or samples per pixel are missing or out of range")
	case g.allocated != 8 && g.allocated != 16 && g.allocated != 32:
		return g, errors.New("bits allocated is not 8, 16 or 32")
	case g.stored < 1 || g.stored > g.allocated || g.high != g.stored-1:
		return g, errors.New("bits stored and high bit do not fit bits allocated")
	}
	return g, nil
}

// cleanPixels returns exactly the values that the image holds, little endian:
// bytes behind the last pixel go, and bits above the high bit, where old
// scanners kept overlays (PS3.5 section 8.1.1), become zero or the sign. The
// input is not changed; it is returned itself where it is clean.
func cleanPixels(elements []*dicom.Element, pixels []byte) ([]byte, error) {
	g, err := gridOf(elements)
	if err != nil {
		return nil, err
	}
	length := g.rows * g.columns * g.allocated / bitsPerByte
	if length < 1 || len(pixels)/length < g.frames {
		return nil, errors.New("there are fewer pixels than rows and columns say")
	}
	pixels = pixels[:length*g.frames]
	switch {
	case g.stored == g.allocated:
		return pixels, nil
	case g.allocated == 8:
		return cleanWords(pixels, 1, g, func(b []byte) uint32 { return uint32(b[0]) }, func(b []byte, v uint32) { b[0] = byte(v) }), nil
	case g.allocated == 16:
		return cleanWords(pixels, 2, g, func(b []byte) uint32 { return uint32(binary.LittleEndian.Uint16(b)) },
			func(b []byte, v uint32) { binary.LittleEndian.PutUint16(b, uint16(v)) }), nil
	default:
		return cleanWords(pixels, 4, g, binary.LittleEndian.Uint32, binary.LittleEndian.PutUint32), nil
	}
}

func cleanWords(pixels []byte, width int, g grid, load func([]byte) uint32, store func([]byte, uint32)) []byte {
	mask := uint32(1)<<g.stored - 1
	sign := uint32(1) << (g.stored - 1)
	whole := uint32(uint64(1)<<g.allocated - 1)
	copied := false
	for at := 0; at+width <= len(pixels); at += width {
		old := load(pixels[at:])
		clean := old & mask
		if g.signed && clean&sign != 0 {
			clean |= whole &^ mask
		}
		if clean == old {
			continue
		}
		if !copied {
			pixels, copied = append([]byte(nil), pixels...), true
		}
		store(pixels[at:], clean)
	}
	return pixels
}
