package inference

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// answer is what a model gave, whichever its task asks for.
type answer struct {
	labels *volume.Labels // segmentation, on the conformed grid; nil of a fractional one
	shares *volume.Shares // fractional segmentation, on the conformed grid
	values []float64      // classification or regression, in the manifest's order
	boxes  []volume.Box   // detection, in voxels of the conformed grid
}

// Infer runs the model. It does nothing where Prepare found the study unsuited.
func (a *Analysis) Infer(ctx context.Context, sess *ort.Session) error {
	if a.outcome != Completed {
		return nil
	}
	err := a.stage(ctx, StageInference, func() (err error) {
		switch a.pkg.Manifest.TaskKind() {
		case models.Segmentation:
			a.answer.labels, a.answer.shares, err = a.segment(ctx, sess)
		case models.Detection:
			a.answer.boxes, err = a.detect(ctx, sess)
		default:
			a.answer.values, err = a.evaluate(ctx, sess)
		}
		return err
	})
	if a.answer.boxes == nil {
		a.conformed = nil // its memory is free for the report
	} else {
		a.conformed.Data = nil
	}
	return err
}

// inputShape is the tensor of an image: [1,1,k,j,i], or [1,channels,j,i] of a picture.
// That is volume's own order, so nothing moves.
func inputShape(m models.Manifest, size [3]int) []int64 {
	if m.Axes() == 2 {
		return []int64{1, int64(size[2]), int64(size[1]), int64(size[0])}
	}
	return []int64{1, 1, int64(size[2]), int64(size[1]), int64(size[0])}
}

// outputShape is that of a segmentation's output over size voxels: the manifest's rank,
// its channels, and the image's edges at the end.
func outputShape(m models.Manifest, size [3]int) []int64 {
	edges := []int64{int64(size[2]), int64(size[1]), int64(size[0])}[3-m.Axes():]
	shape := slices.Repeat([]int64{1}, len(m.Output.Shape)-len(edges))
	if m.Output.Type == "float32" {
		shape[len(shape)-1] = m.Output.Shape[len(shape)-1]
	}
	return append(shape, edges...)
}

// window is the manifest's sliding-window step, if it has one.
func window(m models.Manifest) (volume.Window, bool) {
	if len(m.Preprocess) == 0 {
		return volume.Window{}, false
	}
	s := m.Preprocess[len(m.Preprocess)-1]
	w := volume.Window{Size: [3]int{1, 1, 1}, Overlap: s.Overlap, Gaussian: s.Kind == "gaussian"}
	copy(w.Size[:], s.Size)
	return w, s.Op == "sliding-window"
}

// segment labels each voxel of the conformed image, or gives its shares where the
// manifest says that the segmentation is fractional.
func (a *Analysis) segment(ctx context.Context, sess *ort.Session) (*volume.Labels, *volume.Shares, error) {
	m, img := a.pkg.Manifest, a.conformed
	grid := img.Grid
	if m.Axes() == 2 {
		grid.Size[2] = 1
	}
	chain := newReduction(m, grid)
	a.markMargin(&chain)
	if w, sliding := window(m); sliding {
		return chain.labels, chain.shares, errors.Join(a.slide(ctx, sess, w, chain), a.examineDirect(chain))
	}
	in := []ort.Tensor{ort.Floats(inputShape(m, img.Size), img.Data)}
	if m.Output.Type == "uint8" {
		return chain.labels, nil, sess.Run(ctx, in, []ort.Tensor{ort.Bytes(outputShape(m, grid.Size), chain.labels.Data)})
	}
	scores := make([]float32, len(chain.values)*grid.Voxels())
	if err := sess.Run(ctx, in, []ort.Tensor{ort.Floats(outputShape(m, grid.Size), scores)}); err != nil {
		return nil, nil, err
	}
	return chain.labels, chain.shares, errors.Join(chain.reduce(0, scores), a.examineDirect(chain))
}

// slide labels the image window by window; each is a place where the work can end.
func (a *Analysis) slide(ctx context.Context, sess *ort.Session, w volume.Window, chain reduction) error {
	m, picture := a.pkg.Manifest, a.pkg.Manifest.Axes() == 2
	in, out := w.Size, w.Size
	if picture {
		in[2] = a.conformed.Size[2]
	}
	shapeIn, shapeOut := inputShape(m, in), outputShape(m, out)
	var votes []uint8 // of a graph that gives labels
	if m.Output.Type == "uint8" {
		votes = make([]uint8, out[0]*out[1]*out[2])
	}
	run := func(n, of int, patch, scores []float32) error {
		if n > 0 {
			a.progress(StageInference, float64(n)/float64(of))
		}
		input := []ort.Tensor{ort.Floats(shapeIn, patch)}
		if votes == nil {
			return sess.Run(ctx, input, []ort.Tensor{ort.Floats(shapeOut, scores)})
		}
		if err := sess.Run(ctx, input, []ort.Tensor{ort.Bytes(shapeOut, votes)}); err != nil {
			return err
		}
		return chain.vote(scores, votes)
	}
	area := a.conformed.Size[0] * a.conformed.Size[1]
	return w.Slide(a.conformed, picture, len(chain.values), run, func(k int, scores []float32) error {
		return chain.reduce(k*area, scores)
	})
}

// reduction turns scores into labels or shares, as the manifest's postprocessing says.
type reduction struct {
	steps  []models.Step
	values []uint8        // the label of each channel
	labels *volume.Labels // one of these two is filled
	shares *volume.Shares

	unsure []bool  // voxels whose two best scores are closer than margin; nil where nobody asks
	margin float32 // in the graph's own units
}

func newReduction(m models.Manifest, grid volume.Grid) reduction {
	r := reduction{steps: m.Postprocess}
	list := m.Labels
	if slices.ContainsFunc(m.Postprocess, func(s models.Step) bool { return s.Op == "threshold" }) {
		list = m.Structures()
	}
	for _, l := range list {
		r.values = append(r.values, l.Value)
	}
	if !m.Fractional {
		r.labels = &volume.Labels{Grid: grid, Data: make([]uint8, grid.Voxels())}
		return r
	}
	r.shares = &volume.Shares{Grid: grid}
	for range m.Structures() {
		r.shares.Data = append(r.shares.Data, make([]uint8, grid.Voxels()))
	}
	return r
}

// reduce fills the voxels from number from on; scores are [channel][voxel] and are used
// up. Where the graph gave labels, the scores are their votes and the most votes win.
func (r reduction) reduce(from int, scores []float32) error {
	voxels := len(scores) / len(r.values)
	if r.unsure != nil {
		volume.MarkUnsure(r.unsure[from:][:voxels], scores, len(r.values), r.margin)
	}
	for _, s := range r.steps {
		switch s.Op {
		case "softmax":
			volume.Softmax(scores, len(r.values))
		case "sigmoid":
			volume.Sigmoid(scores)
		case "threshold":
			if r.labels != nil {
				return volume.Threshold(r.labels.Data[from:][:voxels], scores, r.values, float32(s.Above))
			}
		}
	}
	if r.labels != nil {
		return volume.Argmax(r.labels.Data[from:][:voxels], scores, r.values)
	}
	structure := 0
	for c, value := range r.values {
		if value == 0 {
			continue // the background's share is what the others leave
		}
		if err := volume.Quantise(r.shares.Data[structure][from:][:voxels], scores[c*voxels:][:voxels]); err != nil {
			return err
		}
		structure++
	}
	return nil
}

// vote gives the channel of each voxel's label a score of 1.
func (r reduction) vote(scores []float32, labels []uint8) error {
	var channel [math.MaxUint8 + 1]int
	for c, v := range r.values {
		channel[v] = c + 1
	}
	clear(scores)
	for n, v := range labels {
		c := channel[v] - 1
		if c < 0 {
			return unlisted(int(v))
		}
		scores[c*len(labels)+n] = 1
	}
	return nil
}

func unlisted(label int) error {
	return fmt.Errorf("the model gave label %d, which its manifest does not list; ask its publisher", label)
}

// evaluate runs a classification or regression and gives its finite values.
func (a *Analysis) evaluate(ctx context.Context, sess *ort.Session) ([]float64, error) {
	m := a.pkg.Manifest
	raw, err := a.run(ctx, sess)
	if err != nil {
		return nil, err
	}
	for _, s := range m.Postprocess {
		switch s.Op {
		case "softmax":
			volume.Softmax(raw, len(raw))
		case "sigmoid":
			volume.Sigmoid(raw)
		}
	}
	values := make([]float64, len(raw))
	for n, v := range raw {
		values[n] = float64(v)
		if m.TaskKind() == models.Classification && !(v >= 0 && v <= 1) {
			return nil, fmt.Errorf("class %d has %v, which is no probability; %w", n+1, v, volume.ErrNotFinite)
		}
		if math.Abs(values[n]) > maxFigure || v != v {
			return nil, fmt.Errorf("value %d: %w", n+1, volume.ErrNotFinite)
		}
	}
	return values, nil
}

// run gives the output of a model whose output has a fixed shape.
func (a *Analysis) run(ctx context.Context, sess *ort.Session) ([]float32, error) {
	m := a.pkg.Manifest
	n := int64(1)
	for _, edge := range m.Output.Shape {
		n *= edge // fixed and bounded by the manifest's validation
	}
	out := make([]float32, n)
	err := sess.Run(ctx,
		[]ort.Tensor{ort.Floats(inputShape(m, a.conformed.Size), a.conformed.Data)},
		[]ort.Tensor{ort.Floats(m.Output.Shape, out)})
	return out, err
}

// detect reads the rows of a detector and suppresses overlaps where the manifest says so.
func (a *Analysis) detect(ctx context.Context, sess *ort.Session) ([]volume.Box, error) {
	m := a.pkg.Manifest
	raw, err := a.run(ctx, sess)
	if err != nil {
		return nil, err
	}
	axes := m.Axes()
	width := 2*axes + 2
	boxes := []volume.Box{}
	for at := 0; at < len(raw); at += width {
		row := raw[at:][:width]
		score, class := row[width-2], row[width-1]
		if score == 0 {
			continue
		}
		b := volume.Box{Class: int(class), Score: float64(score), Max: [3]float64{2: 1}}
		sound := score > 0 && score <= 1 && class >= 0 && int(class) < len(m.Classes) && float32(b.Class) == class
		for n := range axes {
			b.Min[n], b.Max[n] = float64(row[n]), float64(row[axes+n])
			sound = sound && b.Min[n] <= b.Max[n] && math.Abs(b.Min[n]) < maxPlace && math.Abs(b.Max[n]) < maxPlace
		}
		if !sound {
			return nil, fmt.Errorf("box %d has a score, class or corner that is out of range; %w", at/width+1, volume.ErrNotFinite)
		}
		boxes = append(boxes, b)
	}
	for _, s := range m.Postprocess {
		if s.Op == "nms" {
			boxes = volume.Suppress(boxes, s.Overlap, s.Above, s.Count)
		}
	}
	if len(boxes) > maxBoxes {
		boxes = volume.Suppress(boxes, 1, 0, maxBoxes) // the best ones
	}
	return boxes, nil
}
