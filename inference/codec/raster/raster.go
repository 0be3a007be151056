// Package raster is what the decoders of inference/codec share: the picture that the
// DICOM header promises, what a codestream turned out to hold, and the two kinds of
// failure. A decoder compares its own header with Want before it allocates, and
// returns one byte slice of exactly Want.Bytes(). Nothing here decodes.
package raster

import (
	"errors"
	"fmt"
)

// ErrUnsupported is a codestream that obeys its standard in a way we do not decode.
var ErrUnsupported = errors.New("codestream is not supported")

// ErrDamaged is a codestream that breaks its standard or contradicts the DICOM header.
var ErrDamaged = errors.New("codestream is damaged")

// Unsupported wraps ErrUnsupported in words that hold no data of the picture.
func Unsupported(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnsupported, fmt.Sprintf(format, args...))
}

// Damaged wraps ErrDamaged in words that hold no data of the picture.
func Damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrDamaged, fmt.Sprintf(format, args...))
}

// Want is the picture that the DICOM header promises.
type Want struct {
	Width, Height int // samples
	Components    int // 1 or 3, interleaved by pixel
	Cell          int // bytes of one native sample: 1, 2 or 4
}

// Bytes is the length of the native picture.
func (w Want) Bytes() int { return w.Width * w.Height * w.Components * w.Cell }

// Check compares what a codestream's own header says with the promise.
func (w Want) Check(width, height, components, precision int) error {
	if width != w.Width || height != w.Height {
		return Damaged("it holds %d × %d samples where the DICOM header says %d × %d", width, height, w.Width, w.Height)
	}
	if components != w.Components {
		return Damaged("it holds %d components where the DICOM header says %d", components, w.Components)
	}
	if precision < 1 || precision > 8*w.Cell {
		return Damaged("its samples of %d bits do not fit the %d bits of the DICOM header", precision, 8*w.Cell)
	}
	return nil
}

// Got is a decoded picture.
type Got struct {
	Pixels    []byte // little-endian, colour by pixel, Want.Bytes() long
	Precision int    // bits of a sample as the codestream says; 0 where it does not
	Signed    bool   // samples are two's complement, sign-extended to the cell
	RGB       bool   // a colour transform of the codestream was undone
	// Steps is how many places, packets and code-blocks a decoder of packets went over,
	// also where it failed; 0 from the others, whose work is the samples.
	Steps int
}
