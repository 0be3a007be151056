package volume

import (
	"fmt"
	"math"
)

// MapLabels brings labels from the grid on which a model worked to the source
// grid: each source voxel takes the label of the nearest conformed voxel; outside
// it is background (0). Where the grids differ only by turns, flips and whole
// shifts, the copy is exact.
func MapLabels(labels *Labels, source Grid) (*Labels, error) {
	if err := labels.Validate(); err != nil {
		return nil, fmt.Errorf("map labels: %w", err)
	}
	if err := source.Validate(); err != nil {
		return nil, fmt.Errorf("map labels to the source: %w", err)
	}
	m := indexMap(source, labels.Grid)
	if l, ok := asLattice(m, source.Size); ok {
		return &Labels{Grid: source, Data: gather(labels.Data, labels.Size, source.Size, l)}, nil
	}
	out := &Labels{Grid: source, Data: make([]uint8, source.Voxels())}
	if axis, ok := alongAxes(m, source.Size); ok {
		takeNearest(out, labels, m, axis)
		return out, nil
	}
	size := labels.Size
	parallel(0, source.Size[2], func(k int) {
		for j := range source.Size[1] {
			start := apply(m, [3]float64{0, float64(j), float64(k)})
			row := out.Data[(k*source.Size[1]+j)*source.Size[0]:][:source.Size[0]]
			for n := range row {
				i := int(math.Floor(start[0] + float64(n)*m[0][0] + 0.5))
				j := int(math.Floor(start[1] + float64(n)*m[1][0] + 0.5))
				k := int(math.Floor(start[2] + float64(n)*m[2][0] + 0.5))
				if uint(i) < uint(size[0]) && uint(j) < uint(size[1]) && uint(k) < uint(size[2]) {
					row[n] = labels.Data[(k*size[1]+j)*size[0]+i]
				}
			}
		}
	})
	return out, nil
}

// alongAxes recognises an index map under which each target axis runs along one source
// axis, whatever the spacing, and says which: so it is after turning and resampling.
func alongAxes(m [4][4]float64, size [3]int) (axis [3]int, ok bool) {
	const negligible = 1e-9 // voxels over the whole grid
	used := [3]bool{}
	for target := range 3 {
		found := false
		for source := range 3 {
			if math.Abs(m[source][target])*float64(size[target]) < negligible {
				continue
			}
			if found || used[source] {
				return axis, false
			}
			axis[target], found, used[source] = source, true, true
		}
		if !found {
			return axis, false
		}
	}
	return axis, true
}

// takeNearest fills out from tables, one per axis, of where the nearest voxel lies.
func takeNearest(out, labels *Labels, m [4][4]float64, axis [3]int) {
	strides := [3]int{1, labels.Size[0], labels.Size[0] * labels.Size[1]}
	var table [3][]int // offset of the nearest label along one axis, −1 outside
	for n, source := range axis {
		table[n] = make([]int, out.Size[n])
		for t := range table[n] {
			at := int(math.Floor(m[source][3] + float64(t)*m[source][n] + 0.5))
			if table[n][t] = at * strides[source]; at < 0 || at >= labels.Size[source] {
				table[n][t] = -1
			}
		}
	}
	first, last := inside(table[0])
	columns := table[0][first:last]
	parallel(0, out.Size[2], func(k int) {
		if table[2][k] < 0 {
			return
		}
		for j, offset := range table[1] {
			if offset < 0 {
				continue
			}
			source := labels.Data[table[2][k]+offset:]
			row := out.Data[(k*out.Size[1]+j)*out.Size[0]+first:][:len(columns)]
			for i, c := range columns {
				row[i] = source[c]
			}
		}
	})
}

// inside is the half-open range of the offsets that are not −1; they lie together.
func inside(table []int) (first, last int) {
	for first < len(table) && table[first] < 0 {
		first++
	}
	last = first
	for last < len(table) && table[last] >= 0 {
		last++
	}
	return first, last
}

// Count says how many voxels each value has.
func (l *Labels) Count() [math.MaxUint8 + 1]int {
	plane := l.Size[0] * l.Size[1]
	counts := make([][math.MaxUint8 + 1]int, l.Size[2])
	parallel(0, l.Size[2], func(k int) {
		c := &counts[k]
		values := l.Data[k*plane:][:plane]
		for n := 0; n < len(values); {
			// Labels come in runs: counting them is faster than counting voxels.
			from, v := n, values[n]
			for n < len(values) && values[n] == v {
				n++
			}
			c[v] += n - from
		}
	})
	var total [math.MaxUint8 + 1]int
	for k := range counts {
		for v, n := range counts[k] {
			total[v] += n
		}
	}
	return total
}
