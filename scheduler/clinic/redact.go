package clinic

import (
	"encoding/binary"
	"image"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// named refuses a policy that blacks out regions which the images lack: what was written wrong
// would leave the text in. A region of every image must meet every one.
func (p Policy) named(objects []taken) *dcm.Refusal {
	for _, r := range p.Redactions {
		met := 0
		for n, t := range objects {
			if r.SOPInstanceUID != "" && r.SOPInstanceUID != t.String(tag.SOPInstanceUID) {
				continue
			}
			met++
			if elements := t.Dataset.Elements; r.X >= number(elements, tag.Columns) || r.Y >= number(elements, tag.Rows) || r.Frame > max(1, number(elements, tag.NumberOfFrames)) {
				return &dcm.Refusal{What: "a region to black out lies outside its image", Where: place(n, len(objects)), Do: "draw the region again on the image's picture"}
			}
		}
		if met == 0 {
			return &dcm.Refusal{What: "a region to black out belongs to an image that is not among those to be sent", Do: "draw the region again on an image of the quarantine"}
		}
	}
	return nil
}

// redactionsOf are those of a policy that are about an object, and what devices like its own
// write into their images.
func (r *reading) redactionsOf(elements []*dicom.Element) []Redaction {
	own := first(elements, tag.SOPInstanceUID)
	var list []Redaction
	for _, red := range r.policy.Redactions {
		if red.SOPInstanceUID == "" || red.SOPInstanceUID == own {
			list = append(list, red)
		}
	}
	regions, _ := deviceRules(elements, r.devices)
	for _, d := range regions {
		list = append(list, Redaction{SOPInstanceUID: own, X: d[0], Y: d[1], Width: d[2], Height: d[3]})
	}
	return list
}

// blackOut returns clean pixels (see cleanPixels) with the regions filled, in new memory if
// any is. What is filled in is the darkest value of the frame, so that no value leaves its
// range: the least, or the greatest of a MONOCHROME1 image.
func blackOut(elements []*dicom.Element, pixels []byte, regions []Redaction) ([]byte, error) {
	if len(regions) == 0 {
		return pixels, nil
	}
	g, err := gridOf(elements)
	if err != nil {
		return nil, err
	}
	pixels = slices.Clone(pixels)
	size := g.rows * g.columns * g.allocated / bitsPerByte
	inverse := first(elements, tag.PhotometricInterpretation) == "MONOCHROME1"
	for n := range g.frames {
		frame := pixels[n*size : (n+1)*size]
		darkest, known := int64(0), false
		for _, r := range regions {
			if r.Frame != 0 && r.Frame != n+1 {
				continue
			}
			if !known {
				darkest, known = g.extreme(frame, inverse), true
			}
			g.fill(frame, image.Rect(r.X, r.Y, r.X+r.Width, r.Y+r.Height), darkest)
		}
	}
	return pixels, nil
}

// value is the stored value of pixel n of a frame, whose bits above the high bit are clean.
func (g grid) value(frame []byte, n int) int64 {
	switch g.allocated {
	case 8:
		if g.signed {
			return int64(int8(frame[n]))
		}
		return int64(frame[n])
	case 16:
		v := binary.LittleEndian.Uint16(frame[2*n:])
		if g.signed {
			return int64(int16(v))
		}
		return int64(v)
	}
	v := binary.LittleEndian.Uint32(frame[4*n:])
	if g.signed {
		return int64(int32(v))
	}
	return int64(v)
}

// set gives pixel n of a frame a stored value.
func (g grid) set(frame []byte, n int, v int64) {
	switch g.allocated {
	case 8:
		frame[n] = byte(v)
	case 16:
		binary.LittleEndian.PutUint16(frame[2*n:], uint16(v))
	default:
		binary.LittleEndian.PutUint32(frame[4*n:], uint32(v))
	}
}

// extreme is the least stored value of a frame, or the greatest.
func (g grid) extreme(frame []byte, greatest bool) int64 {
	found := g.value(frame, 0)
	for n := 1; n < g.rows*g.columns; n++ {
		if v := g.value(frame, n); greatest == (v > found) {
			found = v
		}
	}
	return found
}

// fill sets the pixels of a rectangle, as far as it lies in the frame.
func (g grid) fill(frame []byte, r image.Rectangle, v int64) {
	r = r.Intersect(image.Rect(0, 0, g.columns, g.rows))
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			g.set(frame, y*g.columns+x, v)
		}
	}
}
