// Package rle decodes DICOM's RLE Lossless (PS3.5 annex G): a header of 16 numbers,
// then one PackBits segment per byte of a sample and component, most significant
// byte first. One frame's bytes go in, native pixels come out; the output is
// allocated once, from the DICOM header, and never by what the segments claim.
package rle

import (
	"encoding/binary"

	"github.com/medhive/medhive/inference/codec/raster"
)

// headerBytes is the RLE header of PS3.5 G.5: the number of segments and 15 offsets.
const headerBytes = 64

// Decode undoes RLE for one frame. Bytes that a segment has after its last sample
// are ignored; a segment with too few is damage.
func Decode(want raster.Want, data []byte) (raster.Got, error) {
	if len(data) < headerBytes {
		return raster.Got{}, raster.Damaged("the RLE header is cut off")
	}
	segments := int(binary.LittleEndian.Uint32(data))
	if segments != want.Components*want.Cell {
		return raster.Got{}, raster.Damaged("it holds %d RLE segments where the DICOM header asks for %d", segments, want.Components*want.Cell)
	}
	var bounds [16]int
	for n := range segments {
		bounds[n] = int(binary.LittleEndian.Uint32(data[4+4*n:]))
	}
	bounds[segments] = len(data)
	for n := range segments {
		if bounds[n] < headerBytes || bounds[n] > bounds[n+1] {
			return raster.Got{}, raster.Damaged("RLE segment %d has no place in the frame", n+1)
		}
	}
	pixels := make([]byte, want.Bytes())
	samples := want.Width * want.Height
	plane := pixels
	if segments > 1 {
		plane = make([]byte, samples)
	}
	for n := range segments {
		if !unpack(plane[:samples], data[bounds[n]:bounds[n+1]]) {
			return raster.Got{}, raster.Damaged("RLE segment %d ends too early", n+1)
		}
		if segments == 1 {
			break
		}
		component, significance := n/want.Cell, n%want.Cell
		scatter(pixels[component*want.Cell+want.Cell-1-significance:], plane, segments)
	}
	return raster.Got{Pixels: pixels}, nil
}

// scatter writes a plane of bytes to every stride-th place.
func scatter(out, plane []byte, stride int) {
	if stride == 2 {
		for n, v := range plane[:len(plane)-1] {
			out[2*n] = v
		}
		out[2*(len(plane)-1)] = plane[len(plane)-1]
		return
	}
	at := 0
	for _, v := range plane {
		out[at] = v
		at += stride
	}
}

// unpack undoes PackBits (PS3.5 G.3.2) until out is full. It says whether it was.
func unpack(out, in []byte) bool {
	for len(out) > 0 {
		if len(in) == 0 {
			return false
		}
		control := int(in[0])
		in = in[1:]
		switch {
		case control < 128: // that many and one literal bytes
			n := min(control+1, len(out))
			if n > len(in) {
				return false
			}
			copy(out[:n], in)
			out, in = out[n:], in[min(control+1, len(in)):]
		case control > 128: // one byte, repeated
			if len(in) == 0 {
				return false
			}
			n, v := min(257-control, len(out)), in[0]
			run := out[:n]
			for i := range run {
				run[i] = v
			}
			out, in = out[n:], in[1:]
		}
	}
	return true
}
