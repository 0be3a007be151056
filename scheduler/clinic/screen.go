package clinic

import (
	"context"
	"math"
	"runtime"
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Reasons of the detector and of device rules.
const (
	seenText   = "the detector sees what looks like text in its pixels"
	deviceText = "images of this kind of device show text in their pixels"
)

// doubtful is a frame that a person has to look at.
type doubtful struct {
	HeldImage
	Wide, High int
	Grey       []byte // the picture, row by row; empty where another frame's picture stands for it
}

// screened says which frames of an object may show text. pixels are clean, and blacked out
// where the policy wants it; frames are those that leave, nil for all.
func (r *reading) screened(elements []*dicom.Element, pixels []byte, frames []int) ([]doubtful, error) {
	if r.policy.Released {
		return nil, nil
	}
	g, err := gridOf(elements)
	if err != nil {
		return nil, err
	}
	reasons := doubts(elements)
	if _, held := deviceRules(elements, r.devices); held {
		reasons = append(reasons, deviceText)
	}
	if frames == nil {
		frames = make([]int, g.frames)
		for n := range frames {
			frames[n] = n
		}
	}
	size := g.rows * g.columns * g.allocated / bitsPerByte
	var list []doubtful
	for _, n := range frames {
		if (n+1)*size > len(pixels) {
			return nil, &dcm.Refusal{What: "the image describes fewer frames than it takes", Do: exportAnew}
		}
		frame := pixels[n*size : (n+1)*size]
		regions, err := burnin.Find(g.frame(frame))
		if err != nil {
			return nil, err
		}
		why := reasons
		if len(regions) > 0 {
			why = append(slices.Clone(reasons), seenText)
		}
		if len(why) == 0 {
			continue
		}
		d := doubtful{HeldImage: HeldImage{
			SOPInstanceUID: first(elements, tag.SOPInstanceUID), Rows: g.rows, Columns: g.columns, Reasons: why, Regions: regions,
		}}
		if g.frames > 1 {
			d.Frame = n + 1
		}
		d.Wide, d.High, d.Grey = g.picture(frame, first(elements, tag.PhotometricInterpretation) == "MONOCHROME1")
		list = append(list, d)
	}
	return list, nil
}

// frame is what the detector looks at.
func (g grid) frame(frame []byte) burnin.Frame {
	f := burnin.Frame{Width: g.columns, Height: g.rows, Values: make([]int32, g.rows*g.columns)}
	shift := int64(0)
	if g.allocated == 32 && !g.signed {
		shift = math.MinInt32 // the order of values is what counts
	}
	for n := range f.Values {
		f.Values[n] = int32(g.value(frame, n) + shift)
	}
	return f
}

// inFull is how many of a hundred values a picture shows in full: those between are spread
// over all its levels, as a reader's window would.
const inFull = 99

// picture is a frame for a person's eye: 8 bits, no edge longer than MaxHeldEdge.
func (g grid) picture(frame []byte, inverse bool) (wide, high int, grey []byte) {
	wide, high, means := g.shrunk(frame)
	return wide, high, shades(means, spread(means), inverse)
}

// shrunk are the stored values of a frame, as the means of squares where an edge is longer
// than MaxHeldEdge.
func (g grid) shrunk(frame []byte) (wide, high int, means []float64) {
	step := max(1, (max(g.columns, g.rows)+MaxHeldEdge-1)/MaxHeldEdge)
	wide, high = (g.columns+step-1)/step, (g.rows+step-1)/step
	means = make([]float64, wide*high)
	for y := range high {
		for x := range wide {
			sum, count := 0.0, 0
			for j := y * step; j < min(g.rows, (y+1)*step); j++ {
				for i := x * step; i < min(g.columns, (x+1)*step); i++ {
					sum += float64(g.value(frame, j*g.columns+i))
					count++
				}
			}
			means[y*wide+x] = sum / float64(count)
		}
	}
	return wide, high, means
}

// spread shows all values but the outermost from black to white.
func spread(values []float64) func(v float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	edge := len(sorted) * (100 - inFull) / 200
	low, up := sorted[edge], sorted[len(sorted)-1-edge]
	if up <= low {
		low, up = sorted[0], sorted[len(sorted)-1]
	}
	return func(v float64) float64 {
		if up <= low {
			return 0
		}
		return (v - low) / (up - low)
	}
}

// shades are values as 8-bit grey; level says how bright each is, 0 to 1 or beyond.
func shades(values []float64, level func(float64) float64, inverse bool) []byte {
	grey := make([]byte, len(values))
	for n, v := range values {
		bright := min(1, max(0, level(v)))
		if inverse {
			bright = 1 - bright
		}
		grey[n] = byte(math.Round(bright * math.MaxUint8))
	}
	return grey
}

// screen looks at every object that would leave, a few side by side, and for the face where it
// is to go, and returns a *heldMessage for what is in doubt, nil if nothing is.
func (r *reading) screen(ctx context.Context) error {
	var all screening
	_, faceless, err := r.findFace()
	if err != nil {
		return err
	}
	all.add(faceless)
	at := 0
	for part := range slices.Chunk(r.taken, runtime.GOMAXPROCS(0)) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		found, faults := make([][]doubtful, len(part)), make([]error, len(part))
		var work errgroup.Group
		for n, t := range part {
			work.Go(func() error {
				_, _, found[n], faults[n] = r.looked(t, place(at+n, len(r.taken)))
				return nil
			})
		}
		_ = work.Wait() // no call returns an error; faults holds them in order
		for n := range part {
			if faults[n] != nil {
				return faults[n]
			}
			all.add(found[n])
		}
		at += len(part)
	}
	return all.error()
}

// looked decodes an object, blacks out what is to be, and says what of it is in doubt.
func (r *reading) looked(t taken, where string) (elements []*dicom.Element, pixels []byte, found []doubtful, err error) {
	object, err := t.Native(r.limits) // compressed pixels could hide what their header does not say
	if err != nil {
		return nil, nil, nil, at(where, err)
	}
	elements = object.Dataset.Elements
	if pixels, err = cleanPixels(elements, object.Pixels); err == nil {
		pixels, err = blackOut(elements, pixels, r.redactionsOf(elements))
	}
	if err != nil {
		return nil, nil, nil, &dcm.Refusal{What: "the pixels can't be read", Where: where, Do: "submit the series uncompressed, as the scanner made it", Err: err}
	}
	if found, err = r.screened(elements, pixels, t.frames); err != nil {
		return nil, nil, nil, at(where, err)
	}
	return elements, pixels, found, nil
}
