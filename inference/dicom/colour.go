package dicom

import (
	"math"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// paletteTags are descriptor and data of the red, green and blue table (PS3.3 C.7.6.3.1.5).
var paletteTags = [3][2]tag.Tag{
	{tag.RedPaletteColorLookupTableDescriptor, tag.RedPaletteColorLookupTableData},
	{tag.GreenPaletteColorLookupTableDescriptor, tag.GreenPaletteColorLookupTableData},
	{tag.BluePaletteColorLookupTableDescriptor, tag.BluePaletteColorLookupTableData},
}

// colours converts a decoded frame to red, green and blue in 0…255, each a plane of
// out, whatever the depth and the colour space of the file.
func colours(out []float32, raw []byte, f imageFormat, o *Object) *Refusal {
	pixels := len(out) / 3
	if f.Photometric == "PALETTE COLOR" {
		return paletteColours(out, raw, f, o)
	}
	low, high := f.storedRange()
	unit := maxColour / float64(high-low)
	f.samples(raw, func(n int, v int64) { out[n%3*pixels+n/3] = float32(float64(v-low) * unit) })
	switch f.Photometric {
	case "RGB":
		return nil
	case "YBR_FULL", "YBR_FULL_422":
		for n := range pixels {
			y, cb, cr := out[n], out[pixels+n]-128, out[2*pixels+n]-128
			out[n], out[pixels+n], out[2*pixels+n] = fromYBR(y, cb, cr)
		}
		return nil
	}
	return &Refusal{What: "colour space is not supported", Do: "export in RGB or YBR_FULL"}
}

const maxColour = 255

// fromYBR is the inverse of the matrix of PS3.3 C.7.6.3.1.2, held within 0…255.
func fromYBR(y, cb, cr float32) (r, g, b float32) {
	held := func(v float32) float32 { return float32(math.Round(float64(min(max(v, 0), maxColour)))) }
	return held(y + 1.402*cr), held(y - 0.344136*cb - 0.714136*cr), held(y + 1.772*cb)
}

// paletteColours looks each sample up in the three tables.
func paletteColours(out []float32, raw []byte, f imageFormat, o *Object) *Refusal {
	pixels := len(out) / 3
	for channel, tags := range paletteTags {
		descriptor := o.Element(tags[0])
		if o.Element(tags[1]) == nil && o.Element(tag.SegmentedRedPaletteColorLookupTableData) != nil {
			return &Refusal{What: "segmented colour palettes are not supported", Do: "export in RGB"}
		}
		table, from, refusal := readTable(descriptor, o.Element(tags[1]))
		if refusal != nil {
			return refusal
		}
		depth := float32(maxColour)
		if shape, _ := numbersOf(descriptor); shape[2] > 8 {
			depth = math.MaxUint16
		}
		s := scale{table: table, tableFrom: from}
		plane := out[channel*pixels:][:pixels]
		f.samples(raw, func(n int, v int64) { plane[n] = s.of(v) / depth * maxColour })
	}
	return nil
}
