package clinic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/runner"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// viewMessage asks for a frame of one image as a person sees it.
type viewMessage struct {
	Frame  int        `json:"frame"` // from 0
	Limits dcm.Limits `json:"limits"`
}

// view is a frame as pixels: the daemon makes the PNG.
type view struct {
	Wide int    `json:"wide"`
	High int    `json:"high"`
	Grey []byte `json:"grey"` // row by row, 8 bits
}

// maxViewBytes bounds a view as it is told: its pixels in base 64, and its size.
const maxViewBytes = 2*MaxHeldEdge*MaxHeldEdge + 1<<10

// View is a frame of one image of a study, from 0, for the clinic's own screens: an 8-bit
// PNG with no edge longer than MaxHeldEdge, windowed as its header says. A door with a
// confined child has the file read there. Refusals say why there is nothing to be seen.
func (d *Door) View(ctx context.Context, file []byte, frame int) (picture []byte, err error) {
	var v view
	if d.child == nil {
		v, err = viewOf(file, frame, d.limits)
	} else {
		v, err = d.viewApart(ctx, file, frame)
	}
	if err != nil {
		return nil, fmt.Errorf("show the image: %w", err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, &image.Gray{Pix: v.Grey, Stride: v.Wide, Rect: image.Rect(0, 0, v.Wide, v.High)}); err != nil {
		return nil, fmt.Errorf("show the image: %w", err)
	}
	return out.Bytes(), nil
}

func (d *Door) viewApart(ctx context.Context, file []byte, frame int) (v view, err error) {
	if int64(len(file)) > d.limits.MaxFileBytes {
		return v, &dcm.Refusal{What: "the image is too large to be shown", Do: "look at it in the archive's viewer"}
	}
	cell, err := runner.OpenCell(ctx, runner.CellOptions{
		Command: d.child.Command, Timeout: d.child.Timeout, MemoryBytes: copiesOfObject*d.limits.MaxFileBytes + workspaceMemory,
	})
	if err != nil {
		return v, err
	}
	far := &remote{cell: cell, limits: d.limits, log: d.child.Log}
	err = sendJSON(cell, wordView, viewMessage{Frame: frame, Limits: d.limits})
	if err == nil {
		err = send(cell, wordObject, file)
	}
	if err == nil {
		err = hearJSON(cell, d.limits, wordView, &v)
	}
	if err == nil && !v.valid() {
		err = errStrange
	}
	return v, errors.Join(far.understood(err, "the image broke the process that shows it", "look at it in the archive's viewer"), cell.Close())
}

// valid says that v is a picture, whoever made it.
func (v view) valid() bool {
	return v.Wide > 0 && v.High > 0 && max(v.Wide, v.High) <= MaxHeldEdge && len(v.Grey) == v.Wide*v.High
}

// serveView reads one image for the daemon.
func serveView(in io.Reader, out io.Writer, m viewMessage) error {
	lim := m.Limits.OrDefault()
	_, file, err := hear(in, lim, wordObject)
	if err != nil {
		return err
	}
	v, err := viewOf(file, m.Frame, lim)
	if err != nil {
		return errors.Join(sendJSON(out, wordRefusal, messageOf(err)), untilEnd(in))
	}
	return errors.Join(sendJSON(out, wordView, v), untilEnd(in))
}

// viewOf makes a picture of one frame, from 0.
func viewOf(file []byte, frame int, lim dcm.Limits) (v view, err error) {
	object, err := dcm.Parse(dcm.File{Data: file}, lim)
	if err != nil {
		return v, err
	}
	elements, pixels, err := oneFrame(object, frame, lim)
	if err != nil {
		return v, err
	}
	if !strings.HasPrefix(first(elements, tag.PhotometricInterpretation), "MONOCHROME") {
		return v, &dcm.Refusal{What: "the image is in colour", Do: "look at it in the archive's viewer"}
	}
	g, err := gridOf(elements)
	if err == nil {
		pixels, err = cleanPixels(elements, pixels)
	}
	if err != nil {
		return v, &dcm.Refusal{What: "the pixels can't be read", Do: "look at the image in the archive's viewer", Err: err}
	}
	var values []float64
	v.Wide, v.High, values = g.shrunk(pixels)
	w := windowOf(object.Dataset.Elements, frame)
	level := w.level
	if w.width == 0 {
		level = spread(values)
	}
	v.Grey = shades(values, level, first(elements, tag.PhotometricInterpretation) == "MONOCHROME1")
	return v, nil
}

// oneFrame decodes one frame, and says what it is as of an image that has no other.
func oneFrame(o *dcm.Object, n int, lim dcm.Limits) (elements []*dicom.Element, pixels []byte, err error) {
	if n < 0 || n >= max(1, o.FrameCount()) {
		return nil, nil, &dcm.Refusal{What: "the image has fewer frames", Do: "choose another one"}
	}
	if o.FrameCount() <= 1 {
		native, err := o.Native(lim)
		if err != nil {
			return nil, nil, err
		}
		return native.Dataset.Elements, native.Pixels, nil
	}
	if pixels, err = o.Frame(n); err != nil {
		return nil, nil, err
	}
	for _, e := range o.Dataset.Elements {
		switch e.Tag {
		case tag.NumberOfFrames:
			e = textElement(e.Tag, "IS", "1")
		case tag.BitsAllocated: // decoded frames may have another
			if count := number(o.Dataset.Elements, tag.Rows) * number(o.Dataset.Elements, tag.Columns); count > 0 {
				e = dataElement(e.Tag, "US", []int{bitsPerByte * (len(pixels) / count)})
			}
		}
		elements = append(elements, e)
	}
	return elements, pixels, nil
}

// window is how a header wants its stored values seen.
type window struct {
	slope, intercept float64 // to what the window is of (PS3.3 C.11.1)
	centre, width    float64 // a width of 0: the header has none
	function         string  // VOI LUT Function (PS3.3 C.11.2.1.3); empty is LINEAR
}

// windowOf reads the first window of a frame, from 0: of its own functional groups, of those
// that all frames share, or of the image.
func windowOf(elements []*dicom.Element, frame int) window {
	places := [][]*dicom.Element{elements}
	for _, t := range []tag.Tag{tag.SharedFunctionalGroupsSequence, tag.PerFrameFunctionalGroupsSequence} {
		items, n := dcm.Items(find(elements, t)), 0
		if t == tag.PerFrameFunctionalGroupsSequence {
			n = frame
		}
		if n < len(items) {
			for _, group := range []tag.Tag{tag.PixelValueTransformationSequence, tag.FrameVOILUTSequence} {
				if inner := dcm.Items(find(items[n], group)); len(inner) > 0 {
					places = append(places, inner[0])
				}
			}
		}
	}
	w := window{slope: 1}
	for _, p := range places { // the nearest comes last
		o := dcm.Object{Dataset: dicom.Dataset{Elements: p}}
		for t, to := range map[tag.Tag]*float64{tag.RescaleSlope: &w.slope, tag.RescaleIntercept: &w.intercept, tag.WindowCenter: &w.centre, tag.WindowWidth: &w.width} {
			if list, ok := o.Float64s(t); ok {
				*to = list[0]
			}
		}
		if f := first(p, tag.VOILUTFunction); f != "" {
			w.function = f
		}
	}
	if !(w.width > 0) || math.IsInf(w.width, 0) || w.slope == 0 || w.function != "LINEAR_EXACT" && w.function != "SIGMOID" && w.width < 1 {
		w.width = 0
	}
	return w
}

// level is how bright a stored value is, from 0 to 1 and beyond (PS3.3 C.11.2.1.2.1 and
// C.11.2.1.3).
func (w window) level(stored float64) float64 {
	v := stored*w.slope + w.intercept
	switch {
	case w.function == "SIGMOID":
		return 1 / (1 + math.Exp(-4*(v-w.centre)/w.width))
	case w.function == "LINEAR_EXACT":
		return (v-w.centre)/w.width + 0.5
	case w.width <= 1: // a step
		if v <= w.centre-0.5 {
			return 0
		}
		return 1
	}
	return (v-(w.centre-0.5))/(w.width-1) + 0.5
}
