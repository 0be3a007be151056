package dicom

import (
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/volume"
)

// pixelFormat is how one slice stores its samples (PS3.3 C.7.6.3).
type pixelFormat struct {
	rows, columns     int
	allocated, stored int // bits
	signed            bool
	slope, intercept  float64 // stored value × slope + intercept (PS3.3 C.11.1)
}

// readFormat checks the image pixel module and that the pixels are all there.
func readFormat(o *Object) (pixelFormat, *Refusal) {
	var f pixelFormat
	integer := func(t tag.Tag) int { v, _ := o.Int(t); return v }
	f.rows, f.columns = integer(tag.Rows), integer(tag.Columns)
	f.allocated, f.stored = integer(tag.BitsAllocated), integer(tag.BitsStored)
	f.signed = integer(tag.PixelRepresentation) == 1
	if f.rows < 1 || f.columns < 1 {
		return f, &Refusal{What: "slice has no rows or columns", Do: exportAgain}
	}
	if samples := integer(tag.SamplesPerPixel); samples != 1 {
		return f, &Refusal{What: "slice is in colour", Do: "send the original greyscale series"}
	}
	if o.String(tag.PhotometricInterpretation) != "MONOCHROME2" {
		return f, &Refusal{What: "slice is not stored as MONOCHROME2", Do: "send the original greyscale series"}
	}
	if frames, ok := o.Int(tag.NumberOfFrames); ok && frames != 1 {
		return f, &Refusal{What: "multi-frame image is not supported yet", Do: "export as one file per slice"}
	}
	if (f.allocated != 8 && f.allocated != 16) || f.stored < 1 || f.stored > f.allocated || integer(tag.HighBit) != f.stored-1 {
		return f, &Refusal{What: "bit depth is not supported", Where: fmt.Sprintf("%d bits stored of %d", f.stored, f.allocated), Do: "export with 8 or 16 bits, high bit at the top of the stored bits"}
	}
	if want := f.rows * f.columns * f.allocated / 8; len(o.Pixels) < want {
		return f, &Refusal{What: "slice is truncated", Where: fmt.Sprintf("%d of %d bytes of pixels", len(o.Pixels), want), Do: exportAgain}
	}
	f.slope, f.intercept = 1, 0
	if slope, ok := o.Float64s(tag.RescaleSlope); ok && slope[0] != 0 {
		f.slope = slope[0]
	}
	if intercept, ok := o.Float64s(tag.RescaleIntercept); ok {
		f.intercept = intercept[0]
	}
	return f, nil
}

// Image decodes the pixels to one volume, rescaled to modality units.
func (s *Series) Image() (*volume.Image, error) {
	img := &volume.Image{Grid: s.Grid, Data: make([]float32, s.Grid.Voxels())}
	plane := s.Grid.Size[0] * s.Grid.Size[1]
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k, in := range s.Instances {
		group.Go(func() error {
			format, refusal := readFormat(in.Object)
			if refusal != nil {
				return refusal.at("slice %d of %d", k+1, len(s.Instances))
			}
			if format.rows*format.columns != plane {
				return &Refusal{What: "slices differ in their matrix size", Where: fmt.Sprintf("slice %d of %d", k+1, len(s.Instances)), Do: exportAgain}
			}
			format.decode(img.Data[k*plane:(k+1)*plane], in.Object.Pixels)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, asRefusal(err)
	}
	return img, nil
}

// decode converts stored samples. Bits above the stored ones, where old files keep
// overlays, are dropped.
func (f pixelFormat) decode(out []float32, raw []byte) {
	slope, intercept := float32(f.slope), float32(f.intercept)
	shift := 32 - f.stored
	if f.allocated == 8 {
		raw = raw[:len(out)]
		for n, b := range raw {
			out[n] = f.sample(uint32(b), shift)*slope + intercept
		}
		return
	}
	raw = raw[:2*len(out)]
	if !f.signed && slope == 1 && intercept == 0 {
		mask := uint16(1<<f.stored - 1)
		for n := range out {
			out[n] = float32(binary.LittleEndian.Uint16(raw[2*n:]) & mask)
		}
		return
	}
	for n := range out {
		out[n] = f.sample(uint32(binary.LittleEndian.Uint16(raw[2*n:])), shift)*slope + intercept
	}
}

// sample keeps the stored bits and extends the sign.
func (f pixelFormat) sample(v uint32, shift int) float32 {
	if f.signed {
		return float32(int32(v<<shift) >> shift)
	}
	return float32(v << shift >> shift)
}
