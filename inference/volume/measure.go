package volume

import (
	"fmt"
	"math"
	"slices"
)

// Region sums up a label on an image.
type Region struct {
	Voxels int
	Mean   float64 // of the image's values; NaN without voxels
	Below  int     // voxels whose value is under the limit
}

// Measure looks at the image's values where labels have a value, and counts those under
// a limit. Both lie on one grid.
func Measure(img *Image, labels *Labels, value uint8, below float64) (Region, error) {
	if img.Size != labels.Size || len(img.Data) != len(labels.Data) {
		return Region{}, fmt.Errorf("measure: image of %v voxels, labels of %v", img.Size, labels.Size)
	}
	plane := img.Size[0] * img.Size[1]
	parts, sums := make([]Region, img.Size[2]), make([]float64, img.Size[2])
	limit := float32(below)
	parallel(0, img.Size[2], func(k int) {
		p, sum := Region{}, 0.0
		values := img.Data[k*plane:][:plane]
		for n, l := range labels.Data[k*plane:][:plane] {
			if l != value {
				continue
			}
			p.Voxels++
			sum += float64(values[n])
			if values[n] < limit {
				p.Below++
			}
		}
		parts[k], sums[k] = p, sum
	})
	var r Region
	sum := 0.0
	for k, p := range parts {
		r.Voxels += p.Voxels
		r.Below += p.Below
		sum += sums[k]
	}
	r.Mean = sum / float64(r.Voxels)
	return r, nil
}

// Diameter is the longest distance between two points of a label within one slice.
type Diameter struct {
	MM    float64
	Slice int           // index along the axis that Axis names
	Axis  int           // of the grid, that runs closest to head–foot; 2 in a picture
	Ends  [2][3]float64 // voxel indices of the two points
}

// LongestDiameter is the largest in-plane axial diameter, in mm: the longest straight
// line between two points of the label's outline within one slice across the grid axis
// that runs closest to head–foot. A voxel's outline runs through the middles of its four
// edges within the slice, half a spacing from its centre, where the surface mesh of a
// binary mask lies, so that one voxel is as long as its larger spacing. The ends may be
// in two parts of the label. Found exactly on convex hulls by rotating calipers; 0 for
// a label without voxels.
func LongestDiameter(labels *Labels, value uint8) Diameter {
	axes, _ := labels.nearestAxes()
	across := slices.Index(axes[:], 2)
	if labels.Size[2] == 1 {
		across = 2 // a picture, or a single slice
	}
	u, v := (across+1)%3, (across+2)%3
	metric := newPlaneMetric(labels.Grid, u, v)
	best := make([]Diameter, labels.Size[across])
	parallel(0, labels.Size[across], func(n int) {
		outline := outlineOf(labels, value, across, n, u, v)
		a, b, mm := farthest(outline, metric)
		best[n] = Diameter{MM: mm, Slice: n, Axis: across}
		if mm > 0 {
			for end, p := range [2]point{a, b} {
				best[n].Ends[end][across] = float64(n)
				best[n].Ends[end][u], best[n].Ends[end][v] = float64(p.u)/2, float64(p.v)/2
			}
		}
	})
	longest := best[0]
	for _, d := range best {
		if d.MM > longest.MM {
			longest = d
		}
	}
	return longest
}

// point is a place in a slice in half voxels, so that it stays a whole number.
type point struct{ u, v int }

// planeMetric measures in a slice whose axes need not be perpendicular.
type planeMetric struct{ uu, uv, vv float64 } // mm² per half voxel

func newPlaneMetric(g Grid, u, v int) planeMetric {
	var m planeMetric
	for row := range 3 {
		m.uu += g.Affine[row][u] * g.Affine[row][u] / 4
		m.uv += g.Affine[row][u] * g.Affine[row][v] / 4
		m.vv += g.Affine[row][v] * g.Affine[row][v] / 4
	}
	return m
}

// square is the squared distance in mm².
func (m planeMetric) square(a, b point) float64 {
	du, dv := float64(a.u-b.u), float64(a.v-b.v)
	return m.uu*du*du + 2*m.uv*du*dv + m.vv*dv*dv
}

// outlineOf lists the points of the outline that can lie on the hull, sorted by v and u:
// of each row of the slice its two ends, and above and below the first and last voxel.
func outlineOf(labels *Labels, value uint8, across, n, u, v int) []point {
	strides := [3]int{1, labels.Size[0], labels.Size[0] * labels.Size[1]}
	var list []point
	for b := range labels.Size[v] {
		at := n*strides[across] + b*strides[v]
		first, last := -1, -1
		for a := range labels.Size[u] {
			if labels.Data[at+a*strides[u]] == value {
				if first < 0 {
					first = a
				}
				last = a
			}
		}
		if first < 0 {
			continue
		}
		list = append(list,
			point{2 * first, 2*b - 1}, point{2 * last, 2*b - 1},
			point{2*first - 1, 2 * b}, point{2*last + 1, 2 * b},
			point{2 * first, 2*b + 1}, point{2 * last, 2*b + 1})
	}
	slices.SortFunc(list, func(a, b point) int {
		if a.v != b.v {
			return a.v - b.v
		}
		return a.u - b.u
	})
	return slices.Compact(list)
}

// farthest finds the two points that lie farthest apart: they are corners of the convex
// hull, and opposite to each other for some direction (Shamos 1978).
func farthest(points []point, m planeMetric) (a, b point, mm float64) {
	h := hull(points)
	if len(h) < 2 {
		return a, b, 0
	}
	most := -1.0
	see := func(p, q point) {
		if d := m.square(p, q); d > most {
			a, b, most = p, q, d
		}
	}
	opposite := 1
	for n, p := range h {
		next := h[(n+1)%len(h)]
		// Go on while the opposite corner moves away from the edge p–next.
		for turn(p, next, h[(opposite+1)%len(h)]) > turn(p, next, h[opposite]) {
			opposite = (opposite + 1) % len(h)
		}
		see(p, h[opposite])
		see(next, h[opposite])
		// Where the next one is as far, the edges are parallel and it counts as well.
		other := h[(opposite+1)%len(h)]
		see(p, other)
		see(next, other)
	}
	return a, b, math.Sqrt(most)
}

// turn is twice the signed area of the triangle o, a, b: above 0 where b lies to the left.
// Areas keep their order under every affine map, so half voxels serve for mm.
func turn(o, a, b point) int { return (a.u-o.u)*(b.v-o.v) - (a.v-o.v)*(b.u-o.u) }

// hull is Andrew's monotone chain over sorted points, counter-clockwise, without corners
// on a straight line.
func hull(points []point) []point {
	if len(points) < 3 {
		return points
	}
	chain := make([]point, 0, 2*len(points))
	grow := func(p point, least int) {
		for len(chain) >= least+2 && turn(chain[len(chain)-2], chain[len(chain)-1], p) <= 0 {
			chain = chain[:len(chain)-1]
		}
		chain = append(chain, p)
	}
	for _, p := range points {
		grow(p, 0)
	}
	lower := len(chain)
	for n := len(points) - 2; n >= 0; n-- {
		grow(points[n], lower-1)
	}
	return chain[:len(chain)-1]
}
