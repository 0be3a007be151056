package dicom

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// Native returns the instance with its pixels in memory as Explicit VR Little Endian
// has them: compressed frames decoded, colour by pixel, the stored bits at the bottom of
// their cell, and the attributes that describe them corrected. It is what Encode can
// write. An instance that is so already, or has no pixels, is returned itself; o is not
// changed. The error is a *Refusal.
func (o *Object) Native(lim Limits) (*Object, error) {
	switch {
	case o.fragments != nil:
		return o.decompress(lim.OrDefault())
	case o.onDisk != nil:
		pixels, refusal := o.onDisk.read(0, int64(o.onDisk.length), new([]byte))
		if refusal != nil {
			return nil, refusal
		}
		native := *o
		native.Pixels, native.onDisk = pixels, nil
		return native.lowered()
	}
	return o.lowered()
}

// lowered moves stored bits that do not begin at bit 0 down, which PS3.5 section 8.1.1
// allowed until 2014. What is no usable image stays as it is.
func (o *Object) lowered() (*Object, error) {
	format, refusal := o.format()
	by := format.high + 1 - format.Stored
	if refusal != nil || by == 0 || format.Allocated == 1 {
		return o, nil
	}
	width := format.Allocated / 8
	pixels := make([]byte, len(o.Pixels)/width*width)
	var cell [4]byte
	for at := 0; at < len(pixels); at += width {
		copy(cell[:], o.Pixels[at:at+width])
		binary.LittleEndian.PutUint32(cell[:], binary.LittleEndian.Uint32(cell[:])>>by)
		copy(pixels[at:at+width], cell[:width])
	}
	format.high = format.Stored - 1
	if format.Signed {
		signExtend(pixels, format.Frame)
	}
	elements, err := describedAs(o.Dataset.Elements, format, false)
	if err != nil {
		return nil, &Refusal{What: "image can't be described", Do: exportExplicit, Err: err}
	}
	native := *o
	native.Pixels, native.PixelOffset, native.Dataset.Elements = pixels, 0, elements
	return &native, nil
}

// decompress decodes every frame.
func (o *Object) decompress(lim Limits) (*Object, error) {
	format, refusal := o.format()
	if refusal != nil {
		return nil, refusal
	}
	if total := int64(format.frames) * int64(format.Bytes()); total > lim.MaxFileBytes || total/int64(format.frames) > math.MaxInt32 {
		return nil, &Refusal{What: "image is too large when decompressed", Where: fmt.Sprintf("%d MiB, the limit is %d", total>>20, lim.MaxFileBytes>>20), Do: "send the series that matters only"}
	}
	native := &Object{Meta: o.Meta, TransferSyntaxUID: explicitLittleEndian}
	shape := format
	for n := range format.frames {
		raw, now, refusal := o.frame(format, n, new([]byte))
		if refusal != nil {
			return nil, refusal
		}
		if n == 0 {
			shape = now
			native.Pixels = make([]byte, 0, format.frames*len(raw))
		}
		if now != shape {
			return nil, &Refusal{What: "frames differ in how they are stored", Where: frameOf(n, format.frames), Do: exportExplicit}
		}
		native.Pixels = append(native.Pixels, raw...)
	}
	elements, err := describedAs(o.Dataset.Elements, shape, lossy(o.TransferSyntaxUID))
	if err != nil {
		return nil, &Refusal{What: "image can't be described", Do: exportExplicit, Err: err}
	}
	native.Dataset.Elements = elements
	return native.lowered()
}

// describedAs puts the image pixel module of a decoded frame into a copy of the list.
// What was lossy once stays marked so (PS3.3 C.7.6.1.1.5).
func describedAs(elements []*dicom.Element, f imageFormat, lossy bool) ([]*dicom.Element, error) {
	sign := 0
	if f.Signed {
		sign = 1
	}
	number := func(v int) []int { return []int{v} }
	replaced := map[tag.Tag]any{
		tag.PhotometricInterpretation: []string{f.Photometric},
		tag.BitsAllocated:             number(f.Allocated),
		tag.BitsStored:                number(f.Stored),
		tag.HighBit:                   number(f.high),
		tag.PixelRepresentation:       number(sign),
	}
	if f.Samples > 1 && !f.Planar {
		replaced[tag.PlanarConfiguration] = number(0)
	}
	if lossy && Find(elements, tag.LossyImageCompression) == nil {
		replaced[tag.LossyImageCompression] = []string{"01"}
	}
	out := slices.DeleteFunc(slices.Clone(elements), func(e *dicom.Element) bool {
		_, again := replaced[e.Tag]
		return again || e.Tag == tagExtendedOffsets || e.Tag == tagExtendedLengths
	})
	for t, value := range replaced {
		e, err := NewElement(t, value)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	slices.SortStableFunc(out, byTag)
	return out, nil
}
