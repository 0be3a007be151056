package dicom

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/codec"
)

// hasPixels says whether the instance is an image.
func (o *Object) hasPixels() bool { return o.Pixels != nil || o.fragments != nil || o.onDisk != nil }

// nativeBytes is the length of uncompressed pixels.
func (o *Object) nativeBytes() int {
	if o.onDisk != nil {
		return o.onDisk.length
	}
	return len(o.Pixels)
}

// declaredFrames is Number of Frames, 1 where it is absent (PS3.3 C.7.6.6).
func (o *Object) declaredFrames() (int, *Refusal) {
	e := o.Element(tag.NumberOfFrames)
	if e == nil || len(values(e)) == 0 {
		return 1, nil
	}
	// Zero is what some single-frame writers put there.
	if count, ok := o.Int(tag.NumberOfFrames); ok && count >= 0 {
		return max(count, 1), nil
	}
	return 0, &Refusal{What: "number of frames is not a number", Do: exportAgain}
}

// FrameCount is how many frames the instance holds: 0 if it has no pixels, or fewer
// than its header declares.
func (o *Object) FrameCount() int {
	if o.fragments != nil {
		return len(o.fragments.frames)
	}
	format, refusal := o.format()
	if refusal != nil {
		return 0
	}
	return format.frames
}

// Frame returns frame n, from 0: little-endian, colour by pixel, Rows × Columns ×
// Samples per Pixel samples of Bits Allocated each. Compressed frames are decoded,
// uncompressed YBR_FULL_422 becomes YBR_FULL, and 1-bit samples become one byte
// each. The bytes may alias the file. The error is a *Refusal.
func (o *Object) Frame(n int) ([]byte, error) {
	format, refusal := o.format()
	if refusal != nil {
		return nil, refusal
	}
	pixels, _, refusal := o.frame(format, n, new([]byte))
	if refusal != nil {
		return nil, refusal
	}
	return pixels, nil
}

// imageFormat is the image pixel module (PS3.3 C.7.6.3) of an instance.
type imageFormat struct {
	codec.Frame
	high   int // bit of a sample's cell that is its most significant one
	frames int
}

// Limits of one frame: what US can hold, and memory.
const (
	maxEdge       = 65535
	maxFrameBytes = 1 << 30
)

// format reads the image pixel module and checks that all frames are there.
func (o *Object) format() (imageFormat, *Refusal) {
	integer := func(t tag.Tag) int { v, _ := o.Int(t); return v }
	f := imageFormat{Frame: codec.Frame{
		Rows: integer(tag.Rows), Columns: integer(tag.Columns), Samples: max(integer(tag.SamplesPerPixel), 1),
		Allocated: integer(tag.BitsAllocated), Stored: integer(tag.BitsStored),
		Signed:      integer(tag.PixelRepresentation) == 1,
		Planar:      integer(tag.PlanarConfiguration) == 1,
		Photometric: o.String(tag.PhotometricInterpretation),
	}}
	if !o.hasPixels() {
		if o.Element(tag.FloatPixelData) != nil || o.Element(tag.DoubleFloatPixelData) != nil {
			return f, &Refusal{What: "image holds floating-point numbers", Do: "send the original image, not a map computed from it"}
		}
		return f, &Refusal{What: "file holds no image", Do: "send the images of the study"}
	}
	if f.Rows < 1 || f.Columns < 1 || f.Rows > maxEdge || f.Columns > maxEdge {
		return f, &Refusal{What: "image has no rows or columns", Do: exportAgain}
	}
	if f.Samples != 1 && f.Samples != 3 {
		return f, &Refusal{What: "image has an unusual number of colours", Where: fmt.Sprintf("%d samples per pixel", f.Samples), Do: "send the original image"}
	}
	high, ok := o.Int(tag.HighBit)
	if f.high = high; !ok {
		f.high = f.Stored - 1
	}
	switch f.Allocated {
	case 1, 8, 16, 32:
	default:
		return f, &Refusal{What: "bit depth is not supported", Where: fmt.Sprintf("%d bits allocated", f.Allocated), Do: "export with 8 or 16 bits allocated"}
	}
	if f.Stored < 1 || f.Stored > f.Allocated || f.high < f.Stored-1 || f.high >= f.Allocated {
		return f, &Refusal{What: "bit depth contradicts itself", Where: fmt.Sprintf("%d bits stored of %d, high bit %d", f.Stored, f.Allocated, f.high), Do: exportAgain}
	}
	if f.Bytes() > maxFrameBytes {
		return f, &Refusal{What: "image is too large", Where: fmt.Sprintf("%d × %d pixels", f.Columns, f.Rows), Do: "send it at a lower resolution"}
	}
	var refusal *Refusal
	if f.frames, refusal = o.declaredFrames(); refusal != nil {
		return f, refusal
	}
	if o.fragments != nil {
		return f, o.fragments.refused
	}
	if have := o.nativeBytes(); f.frames > 8*have || (int64(f.frames)*f.bits(have)+7)/8 > int64(have) {
		return f, &Refusal{What: "image is truncated", Where: fmt.Sprintf("%d bytes of pixels for %d frame(s) of %d × %d", have, f.frames, f.Columns, f.Rows), Do: exportAgain}
	}
	return f, nil
}

// bits is the length of one native frame in bits. YBR_FULL_422 has two colour samples
// for two pixels (PS3.3 C.7.6.3.1.2), but not in files that only claim it: have tells.
func (f imageFormat) bits(have int) int64 {
	bits := int64(f.Rows) * int64(f.Columns) * int64(f.Samples) * int64(f.Allocated)
	if f.halved(have) {
		return bits / 3 * 2
	}
	return bits
}

// halved says whether native pixels of have bytes are really YBR_FULL_422.
func (f imageFormat) halved(have int) bool {
	return f.Photometric == "YBR_FULL_422" && f.Samples == 3 && f.Allocated == 8 && f.Columns%2 == 0 && have/f.frames < f.Bytes()
}

// frame decodes frame n and says what its samples are. buffer is for pixels that have
// to be read from disk; the result may be in it.
func (o *Object) frame(f imageFormat, n int, buffer *[]byte) ([]byte, imageFormat, *Refusal) {
	if n < 0 || n >= f.frames {
		return nil, f, &Refusal{What: "image has no such frame", Where: fmt.Sprintf("frame %d of %d", n+1, f.frames), Do: "ask for a frame that is there"}
	}
	if o.fragments != nil {
		return o.decompressed(f, n)
	}
	bits := f.bits(o.nativeBytes())
	from, to := int64(n)*bits, int64(n+1)*bits
	raw, refusal := o.native(from/8, (to+7)/8, buffer)
	if refusal != nil {
		return nil, f, refusal
	}
	switch {
	case f.Allocated == 1:
		raw = unpackedBits(raw, from%8, f.Rows*f.Columns*f.Samples)
	case f.halved(o.nativeBytes()):
		raw = upsampled(raw)
		f.Photometric, f.Planar = "YBR_FULL", false
	case f.Samples == 3 && f.Planar:
		raw = interleaved(raw, f.Allocated/8)
		f.Planar = false
	}
	return raw, f, nil
}

// native gives the bytes from–to of uncompressed pixels.
func (o *Object) native(from, to int64, buffer *[]byte) ([]byte, *Refusal) {
	if o.onDisk == nil {
		return o.Pixels[from:to:to], nil
	}
	return o.onDisk.read(from, to, buffer)
}

// decompressed decodes frame n by its transfer syntax.
func (o *Object) decompressed(f imageFormat, n int) ([]byte, imageFormat, *Refusal) {
	name := syntaxName(o.TransferSyntaxUID)
	if !codec.Supported(o.TransferSyntaxUID) {
		return nil, f, &Refusal{What: "transfer syntax " + name + " is not supported", Do: exportExplicit}
	}
	pixels, out, err := codec.Decode(o.TransferSyntaxUID, f.Frame, o.fragments.codestream(n))
	switch {
	case errors.Is(err, codec.ErrUnsupported):
		return nil, f, &Refusal{What: "this kind of " + name + " is not supported", Where: frameOf(n, f.frames), Do: exportExplicit, Err: err}
	case err != nil:
		return nil, f, &Refusal{What: name + " image is damaged", Where: frameOf(n, f.frames), Do: exportAgain, Err: err}
	case len(pixels) != out.Bytes() || out.Rows != f.Rows || out.Columns != f.Columns || out.Samples != f.Samples || out.Planar:
		return nil, f, &Refusal{What: name + " image is not what its header says", Where: frameOf(n, f.frames), Do: exportAgain}
	}
	if o.TransferSyntaxUID != codec.RLELossless {
		f.high = out.Stored - 1 // JPEG codes samples; RLE the cells that hold them
	}
	if f.Signed && o.TransferSyntaxUID != codec.RLELossless {
		// Some writers code two's complement as unsigned samples and say only in the
		// data set what they mean.
		out.Signed = true
		signExtend(pixels, out)
	}
	f.Frame = out
	return pixels, f, nil
}

// signExtend makes the bits above the stored ones those of the sign.
func signExtend(pixels []byte, f codec.Frame) {
	switch f.Allocated {
	case 8:
		for n, v := range pixels {
			pixels[n] = byte(int8(v<<(8-f.Stored)) >> (8 - f.Stored))
		}
	case 16:
		for at := 0; at+2 <= len(pixels); at += 2 {
			v := binary.LittleEndian.Uint16(pixels[at:]) << (16 - f.Stored)
			binary.LittleEndian.PutUint16(pixels[at:], uint16(int16(v)>>(16-f.Stored)))
		}
	case 32:
		for at := 0; at+4 <= len(pixels); at += 4 {
			v := binary.LittleEndian.Uint32(pixels[at:]) << (32 - f.Stored)
			binary.LittleEndian.PutUint32(pixels[at:], uint32(int32(v)>>(32-f.Stored)))
		}
	}
}

func frameOf(n, frames int) string { return fmt.Sprintf("frame %d of %d", n+1, frames) }

// unpackedBits makes a byte of each bit from the given one on; the first pixel is the
// least significant bit, and frames follow without a gap (PS3.5 section 8.1.1).
func unpackedBits(raw []byte, from int64, count int) []byte {
	out := make([]byte, count)
	for n := range out {
		at := from + int64(n)
		out[n] = raw[at/8] >> (at % 8) & 1
	}
	return out
}

// interleaved turns colour by plane into colour by pixel.
func interleaved(raw []byte, width int) []byte {
	out := make([]byte, len(raw))
	pixels := len(raw) / 3 / width
	for plane := range 3 {
		from := raw[plane*pixels*width:]
		for n := range pixels {
			copy(out[(3*n+plane)*width:][:width], from[n*width:])
		}
	}
	return out
}

// upsampled gives each pixel of Y1 Y2 Cb Cr its own three samples.
func upsampled(raw []byte) []byte {
	out := make([]byte, 0, len(raw)/2*3)
	for ; len(raw) >= 4; raw = raw[4:] {
		out = append(out, raw[0], raw[2], raw[3], raw[1], raw[2], raw[3])
	}
	return out
}

// samples widens the values of a decoded frame: bits above the high bit, where old
// files keep overlays, and below the stored ones are dropped, and the sign extended.
func (f imageFormat) samples(raw []byte, take func(n int, v int64)) {
	below, unused := f.high+1-f.Stored, 64-f.Stored
	if f.Allocated == 1 {
		below = 0 // frame has made a byte of each bit
	}
	width := (f.Allocated + 7) / 8
	for n := range len(raw) / width {
		var v uint64
		switch width {
		case 1:
			v = uint64(raw[n])
		case 2:
			v = uint64(binary.LittleEndian.Uint16(raw[2*n:]))
		case 4:
			v = uint64(binary.LittleEndian.Uint32(raw[4*n:]))
		}
		v = v >> below << unused
		if f.Signed {
			take(n, int64(v)>>unused)
		} else {
			take(n, int64(v>>unused))
		}
	}
}
