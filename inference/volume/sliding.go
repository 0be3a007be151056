package volume

import (
	"fmt"
	"math"
)

// Window says how a model that takes patches runs over a whole image: windows of Size
// voxels that share Overlap of their edge with the next, blended by weights that fall
// off from the centre (Gaussian) or are equal.
type Window struct {
	Size     [3]int
	Overlap  float64 // 0 to 0.9
	Gaussian bool
}

// Constants of MONAI's sliding_window_inference, whose results Slide gives.
const (
	sigmaScale    = 0.125 // of the window's edge
	leastWeight   = 1e-3  // of the largest, so that corners count
	maxWindowGrid = 1 << 20
)

// Importance is the weight of each voxel of a window in [k][j][i] order: all 1, or
// exp(−½ (x/σ)²) along each axis around the window's centre with σ = 0.125 × its edge,
// multiplied and at least 0.001.
func (w Window) Importance() []float32 {
	var along [3][]float64
	for n, edge := range w.Size {
		along[n] = make([]float64, edge)
		for i := range along[n] {
			along[n][i] = 1
			if w.Gaussian {
				x := (float64(i) - float64(edge-1)/2) / (sigmaScale * float64(edge))
				along[n][i] = math.Exp(-x * x / 2)
			}
		}
	}
	out := make([]float32, 0, w.Size[0]*w.Size[1]*w.Size[2])
	for _, c := range along[2] {
		for _, b := range along[1] {
			for _, a := range along[0] {
				out = append(out, float32(max(a*b*c, leastWeight)))
			}
		}
	}
	return out
}

// starts are the first voxels of the windows along one axis. The last window is moved
// back so that it ends with the image; an image shorter than the window lies in the
// middle of one that begins before it.
func (w Window) starts(axis, edge int) []int {
	size := w.Size[axis]
	if edge <= size {
		return []int{-((size - edge) / 2)}
	}
	step := max(1, int(float64(size)*(1-w.Overlap)))
	var list []int
	for at := 0; ; at += step {
		if at+size >= edge {
			return append(list, edge-size)
		}
		list = append(list, at)
	}
}

// Slide cuts img into windows and calls run for each, n of of: patch holds the window in
// [k][j][i] order, zero outside the image, and run fills scores, [channel][k][j][i].
// Blended scores come out plane by plane: plane gets [channel][j][i] of each k in order
// and may change them. Both slices are used again after the call.
//
// Only as many planes as a window is deep are kept: channels × depth × rows × columns.
// With a picture the windows move over columns and rows; Size[2] is the channels of
// img, all of which each patch holds, and the scores have depth 1.
func (w Window) Slide(img *Image, picture bool, channels int, run func(n, of int, patch, scores []float32) error, plane func(k int, scores []float32) error) error {
	if err := w.fits(img, channels, picture); err != nil {
		return err
	}
	starts := [3][]int{w.starts(0, img.Size[0]), w.starts(1, img.Size[1]), {0}}
	depth, planes := 1, 1
	if picture {
		w.Size[2] = 1
	} else {
		starts[2], depth, planes = w.starts(2, img.Size[2]), w.Size[2], img.Size[2]
	}
	of := len(starts[0]) * len(starts[1]) * len(starts[2])
	if of > maxWindowGrid {
		return fmt.Errorf("slide: %d windows; the limit is %d: %w", of, maxWindowGrid, ErrUnsuited)
	}
	b := newBlend(w, [2]int{img.Size[0], img.Size[1]}, min(depth, planes), channels)
	patchDepth := depth
	if picture {
		patchDepth = img.Size[2]
	}
	patch := make([]float32, w.Size[0]*w.Size[1]*patchDepth)
	scores := make([]float32, channels*w.Size[0]*w.Size[1]*depth)
	n := 0
	for z, k := range starts[2] {
		for _, j := range starts[1] {
			for _, i := range starts[0] {
				cut(patch, [3]int{w.Size[0], w.Size[1], patchDepth}, img, [3]int{i, j, k})
				if err := run(n, of, patch, scores); err != nil {
					return err
				}
				b.add(scores, [3]int{i, j, k})
				n++
			}
		}
		next := planes
		if z+1 < len(starts[2]) {
			next = starts[2][z+1]
		}
		if err := b.release(next, plane); err != nil {
			return err
		}
	}
	return nil
}

// fits checks what Slide is asked for before memory is taken.
func (w Window) fits(img *Image, channels int, picture bool) error {
	if err := img.Validate(); err != nil {
		return fmt.Errorf("slide: %w", err)
	}
	if picture {
		w.Size[2] = 1
	}
	if !(w.Overlap >= 0 && w.Overlap < 1) || channels < 1 {
		return fmt.Errorf("slide: overlap %v and %d channels are out of range", w.Overlap, channels)
	}
	voxels := channels
	for _, edge := range w.Size {
		if edge < 1 || edge > MaxVoxels/voxels {
			return fmt.Errorf("slide: a window of %v voxels and %d channels is out of range", w.Size, channels)
		}
		voxels *= edge
	}
	return nil
}

// cut copies the window that begins at from, zero outside the image.
func cut(patch []float32, size [3]int, img *Image, from [3]int) {
	plane := size[0] * size[1]
	left, right := max(0, -from[0]), min(size[0], img.Size[0]-from[0])
	parallel(0, size[2], func(k int) {
		for j := range size[1] {
			row := patch[k*plane+j*size[0]:][:size[0]]
			y, z := j+from[1], k+from[2]
			if y < 0 || y >= img.Size[1] || z < 0 || z >= img.Size[2] {
				clear(row)
				continue
			}
			clear(row[:left])
			clear(row[right:])
			copy(row[left:right], img.Data[(z*img.Size[1]+y)*img.Size[0]+from[0]+left:])
		}
	})
}

// blend adds up weighted windows on the planes first … first+depth-1.
type blend struct {
	window     Window
	importance []float32
	edge       [2]int // columns, rows of the image
	channels   int
	first      int
	sums       [][]float32 // of each plane, [channel][j][i]
	weights    [][]float32 // of each plane, [j][i]
}

func newBlend(w Window, edge [2]int, depth, channels int) *blend {
	b := &blend{window: w, importance: w.Importance(), edge: edge, channels: channels, sums: make([][]float32, depth), weights: make([][]float32, depth)}
	area := edge[0] * edge[1]
	for n := range depth {
		b.sums[n], b.weights[n] = make([]float32, channels*area), make([]float32, area)
	}
	return b
}

// add takes the scores of the window that begins at from.
func (b *blend) add(scores []float32, from [3]int) {
	size := b.window.Size
	area, columns := b.edge[0]*b.edge[1], b.edge[0]
	plane := size[0] * size[1]
	volume := plane * size[2]
	left, right := max(0, -from[0]), min(size[0], columns-from[0])
	parallel(0, size[2], func(k int) {
		z := from[2] + k - b.first
		if z < 0 || z >= len(b.sums) {
			return // outside the image
		}
		for j := max(0, -from[1]); j < min(size[1], b.edge[1]-from[1]); j++ {
			at := k*plane + j*size[0]
			to := (from[1]+j)*columns + from[0]
			importance := b.importance[at:][left:right]
			weights := b.weights[z][to+left : to+right]
			for i, v := range importance {
				weights[i] += v
			}
			for c := range b.channels {
				values := scores[c*volume+at:][left:right]
				sums := b.sums[z][c*area+to+left : c*area+to+right]
				for i, v := range importance {
					sums[i] += v * values[i]
				}
			}
		}
	})
}

// release hands out the planes below next, which no later window touches, and makes
// their memory room for the planes that follow.
func (b *blend) release(next int, plane func(k int, scores []float32) error) error {
	count := next - b.first
	for n := range count {
		sums, weights := b.sums[n], b.weights[n]
		area := len(weights)
		spread(area, func(from, to int) {
			for c := range b.channels {
				values := sums[c*area+from : c*area+to]
				for i, w := range weights[from:to] {
					values[i] /= w
				}
			}
		})
		if err := plane(b.first+n, sums); err != nil {
			return err
		}
		clear(sums)
		clear(weights)
	}
	b.sums = append(b.sums[count:], b.sums[:count]...)
	b.weights = append(b.weights[count:], b.weights[:count]...)
	b.first = next
	return nil
}
