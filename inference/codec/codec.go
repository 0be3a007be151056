// Package codec turns one compressed DICOM frame into native pixels: RLE, JPEG
// (baseline, extended, lossless), JPEG-LS and JPEG 2000, each in a sub-package of its
// own and in Go alone. In go the codestream of a frame and the shape that the DICOM
// header promises; out come little-endian pixels, colour by pixel, and what they are
// now. Every codestream comes from a stranger: its header is held against the promise
// before anything is allocated, memory stays within a small multiple of the frame,
// and no input makes Decode panic.
package codec

import (
	"fmt"
	"strings"

	"github.com/medhive/medhive/inference/codec/jpeg"
	"github.com/medhive/medhive/inference/codec/jpeg2000"
	"github.com/medhive/medhive/inference/codec/jpegls"
	"github.com/medhive/medhive/inference/codec/raster"
	"github.com/medhive/medhive/inference/codec/rle"
)

// Kinds of failure, to be told apart with errors.Is. No error holds data of a picture.
var (
	ErrUnsupported = raster.ErrUnsupported // a valid codestream that we do not decode
	ErrDamaged     = raster.ErrDamaged     // a codestream that breaks its standard or contradicts the frame
)

// Frame is the shape of one frame, as PS3.3 C.7.6.3 describes pixels.
type Frame struct {
	Rows, Columns int    // pixels
	Samples       int    // of one pixel: 1 or 3
	Allocated     int    // bits of one sample's cell: 8, 16 or 32
	Stored        int    // bits of the cell that carry the sample
	Signed        bool   // samples are two's complement
	Planar        bool   // colour by plane; compressed frames ignore it
	Photometric   string // PS3.3 C.7.6.3.1.2, for instance MONOCHROME2 or YBR_FULL_422
}

// Bytes is the length of the native frame.
func (f Frame) Bytes() int { return f.Rows * f.Columns * f.Samples * f.cell() }

// cell is the bytes of one sample.
func (f Frame) cell() int { return (f.Allocated + 7) / 8 }

// Limits of a frame. 65535 is what Rows and Columns (US) can hold; 256 MiB is six
// times the largest pictures that clinics make, digital mammograms of 24 megapixels.
const (
	maxEdge  = 65535
	maxBytes = 256 << 20
)

// check refuses shapes that no decoder should see.
func (f Frame) check() error {
	switch {
	case f.Rows < 1 || f.Rows > maxEdge || f.Columns < 1 || f.Columns > maxEdge:
		return raster.Damaged("a frame of %d rows and %d columns can't be", f.Rows, f.Columns)
	case f.Samples != 1 && f.Samples != 3:
		return raster.Unsupported("%d samples per pixel", f.Samples)
	case f.Allocated != 8 && f.Allocated != 16 && f.Allocated != 32:
		return raster.Unsupported("%d bits allocated", f.Allocated)
	case f.Stored < 1 || f.Stored > f.Allocated:
		return raster.Damaged("%d bits stored of %d allocated can't be", f.Stored, f.Allocated)
	case f.Bytes() > maxBytes:
		return raster.Unsupported("a frame of %d bytes", f.Bytes())
	}
	return nil
}

// Transfer syntaxes that Decode knows (PS3.6 table A-1).
const (
	RLELossless          = "1.2.840.10008.1.2.5"
	JPEGBaseline         = "1.2.840.10008.1.2.4.50"
	JPEGExtended         = "1.2.840.10008.1.2.4.51"
	JPEGLossless         = "1.2.840.10008.1.2.4.57"
	JPEGLosslessFirst    = "1.2.840.10008.1.2.4.70" // predictor 1
	JPEGLSLossless       = "1.2.840.10008.1.2.4.80"
	JPEGLSNearLossless   = "1.2.840.10008.1.2.4.81"
	JPEG2000LosslessOnly = "1.2.840.10008.1.2.4.90"
	JPEG2000             = "1.2.840.10008.1.2.4.91"
)

// decoder undoes one compression for one frame.
type decoder func(f Frame, want raster.Want, data []byte) (raster.Got, error)

// decoderOf is nil for a transfer syntax that Decode does not know. Which JPEG process
// or which JPEG 2000 wavelet a codestream uses, it says itself; files that name the
// neighbouring transfer syntax are common.
func decoderOf(transferSyntaxUID string) decoder {
	switch transferSyntaxUID {
	case RLELossless:
		return func(_ Frame, want raster.Want, data []byte) (raster.Got, error) {
			return rle.Decode(want, data)
		}
	case JPEGBaseline, JPEGExtended, JPEGLossless, JPEGLosslessFirst:
		return func(f Frame, want raster.Want, data []byte) (raster.Got, error) {
			return jpeg.Decode(want, strings.HasPrefix(f.Photometric, "YBR"), data)
		}
	case JPEGLSLossless, JPEGLSNearLossless:
		return func(_ Frame, want raster.Want, data []byte) (raster.Got, error) {
			return jpegls.Decode(want, data)
		}
	case JPEG2000LosslessOnly, JPEG2000:
		return func(_ Frame, want raster.Want, data []byte) (raster.Got, error) {
			return jpeg2000.Decode(want, data)
		}
	}
	return nil
}

// Supported says whether Decode knows the encapsulated transfer syntax.
func Supported(transferSyntaxUID string) bool { return decoderOf(transferSyntaxUID) != nil }

// Decode turns the codestream of one frame (its fragments joined) into native pixels:
// little-endian, colour by pixel, exactly out.Bytes() long. out is f with what is now
// different: Planar is false; Stored is the codestream's precision where that is less;
// Signed is true where the codestream says so; Photometric is RGB where colours were
// stored for lossy compression or mixed by it, and YBR_FULL where a lossless codestream
// holds YBR (see RGB). Bits above the stored ones mean nothing, and the sign is to be
// extended from the highest stored one, as in every native frame.
// Errors wrap ErrUnsupported or ErrDamaged.
func Decode(transferSyntaxUID string, f Frame, data []byte) (pixels []byte, out Frame, err error) {
	decode := decoderOf(transferSyntaxUID)
	if decode == nil {
		return nil, f, raster.Unsupported("transfer syntax is not one of a compressed image")
	}
	if err := f.check(); err != nil {
		return nil, f, fmt.Errorf("decode frame: %w", err)
	}
	defer func() {
		// The decoders check what they index. What they missed must still not end the
		// process that reads other clinics' studies.
		if r := recover(); r != nil {
			pixels, out, err = nil, f, fmt.Errorf("decode frame: %w", raster.Damaged("it broke the decoder"))
		}
	}()
	want := raster.Want{Width: f.Columns, Height: f.Rows, Components: f.Samples, Cell: f.cell()}
	got, err := decode(f, want, data)
	if err != nil {
		return nil, f, fmt.Errorf("decode frame: %w", err)
	}
	return got.Pixels, f.as(got), nil
}

// as describes the decoded pixels.
func (f Frame) as(got raster.Got) Frame {
	f.Planar = false
	f.Signed = f.Signed || got.Signed
	if got.Precision > 0 {
		f.Stored = min(f.Stored, got.Precision)
	}
	switch {
	case got.RGB, f.Photometric == "YBR_RCT", f.Photometric == "YBR_ICT":
		f.Photometric = "RGB"
	case f.Photometric == "YBR_FULL_422":
		f.Photometric = "YBR_FULL" // decoded, every pixel has its own colour
	}
	return f
}

// RGB turns native YBR_FULL pixels (colour by pixel, 8 or 16 bits allocated, PS3.3
// C.7.6.3.1.2) into RGB in place, and says what they are now. Pixels of other kinds
// stay as they are.
func RGB(f Frame, pixels []byte) Frame {
	if f.Photometric != "YBR_FULL" || f.Samples != 3 || f.Planar || f.Signed || f.Allocated > 16 {
		return f
	}
	jpeg.RGB(pixels, f.cell(), f.Stored)
	f.Photometric = "RGB"
	return f
}
