// Package jpeg decodes the JPEG processes of DICOM (ITU-T T.81): baseline with 8 bits,
// extended sequential with 8 or 12 (Huffman), and lossless with 2 to 16 bits, all
// seven predictors. A codestream and the promised picture go in, native pixels come
// out. It uses integers only, so every machine gets the same pixels. It never decodes
// progressive, hierarchical or arithmetic codestreams.
package jpeg

import "github.com/medhive/medhive/inference/codec/raster"

// Decode decodes one picture; which process it is, the codestream says. ybr tells that
// the DICOM header calls the colours YBR; it decides where the codestream is silent.
// Colours of the lossy processes come out as RGB, those of the lossless one as they
// were stored.
func Decode(want raster.Want, ybr bool, data []byte) (raster.Got, error) {
	d := &decoder{want: want, data: data, adobe: -1}
	if err := d.run(); err != nil {
		return raster.Got{}, err
	}
	if d.process == markerSOF3 {
		return raster.Got{Pixels: d.pixels, Precision: d.precision}, nil
	}
	rgb := len(d.components) == 3 && d.isYCbCr(ybr)
	d.assemble(rgb)
	return raster.Got{Pixels: d.pixels, Precision: d.precision, RGB: len(d.components) == 3}, nil
}

// isYCbCr says whether the three components are luminance and two colour differences.
// Adobe's and JFIF's markers say so; so do components named R, G and B. Otherwise the
// DICOM header does (PS3.5 8.2.1).
func (d *decoder) isYCbCr(ybr bool) bool {
	c := d.components
	switch {
	case d.adobe >= 0:
		return d.adobe == 1
	case d.jfif:
		return true
	case c[0].id == 'R' && c[1].id == 'G' && c[2].id == 'B':
		return false
	}
	return ybr
}
