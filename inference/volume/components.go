package volume

import (
	"cmp"
	"slices"
)

// Components are the connected parts of one label. Two voxels belong together where
// they share a face, an edge or a corner: 26 neighbours in a volume, 8 in a picture.
// They are numbered from 1 in the order in which [k][j][i] meets them, as
// scipy.ndimage.label does with a full structure.
type Components struct {
	Voxels []int // of each component; number n is Voxels[n-1]

	runs   []run
	number []int32 // of each run, from 0
	size   [3]int
}

// run is voxels of one label in one row: columns from … to-1 of row j + rows·k.
type run struct {
	row      int32
	from, to int32
}

// FindComponents labels the parts by union-find over runs: it looks at each voxel once.
// Values of labels other than value count as outside. The labels must be valid.
func FindComponents(labels *Labels, value uint8) *Components {
	c := &Components{size: labels.Size}
	rows, slabs := labels.Size[1], labels.Size[2]
	found := make([][]run, slabs)
	parallel(0, slabs, func(k int) { found[k] = runsOf(labels, value, k) })
	total := 0
	for _, list := range found {
		total += len(list)
	}
	c.runs = make([]run, 0, total)
	starts := make([]int32, rows*slabs+1) // first run of each row
	for _, list := range found {
		for _, r := range list {
			c.runs = append(c.runs, r)
			starts[r.row+1]++
		}
	}
	for n := range rows * slabs {
		starts[n+1] += starts[n]
	}
	parent := make([]int32, total)
	for n := range parent {
		parent[n] = int32(n)
	}
	for k := range slabs {
		for j := range rows {
			row := k*rows + j
			// Of the neighbouring rows, four come before this one.
			if j > 0 {
				c.join(parent, starts, row, row-1)
			}
			if k == 0 {
				continue
			}
			for near := max(0, j-1); near <= min(rows-1, j+1); near++ {
				c.join(parent, starts, row, row-rows+near-j)
			}
		}
	}
	c.count(parent)
	return c
}

// runsOf lists the runs of one slice in order.
func runsOf(labels *Labels, value uint8, k int) []run {
	columns, rows := labels.Size[0], labels.Size[1]
	var list []run
	for j := range rows {
		line := labels.Data[(k*rows+j)*columns:][:columns]
		for i := 0; i < columns; i++ {
			if line[i] != value {
				continue
			}
			from := i
			for i < columns && line[i] == value {
				i++
			}
			list = append(list, run{row: int32(k*rows + j), from: int32(from), to: int32(i)})
		}
	}
	return list
}

// join unites the runs of two rows that touch, also by a corner.
func (c *Components) join(parent, starts []int32, row, other int) {
	a, b := starts[row], starts[other]
	for a < starts[row+1] && b < starts[other+1] {
		x, y := c.runs[a], c.runs[b]
		if x.from <= y.to && y.from <= x.to {
			unite(parent, a, b)
		}
		if x.to < y.to {
			a++
		} else {
			b++
		}
	}
}

// root halves the path on its way.
func root(parent []int32, n int32) int32 {
	for parent[n] != n {
		parent[n] = parent[parent[n]]
		n = parent[n]
	}
	return n
}

// unite keeps the smaller root, so that a root is its component's first run.
func unite(parent []int32, a, b int32) {
	a, b = root(parent, a), root(parent, b)
	if a < b {
		parent[b] = a
	} else {
		parent[a] = b
	}
}

// count numbers the roots in order and adds up their runs.
func (c *Components) count(parent []int32) {
	c.number = parent
	for n := range parent {
		up := parent[n] // above n, so it holds its number already, unless n is a root
		if int(up) == n {
			c.Voxels = append(c.Voxels, 0)
			c.number[n] = int32(len(c.Voxels) - 1)
		} else {
			c.number[n] = c.number[up]
		}
		c.Voxels[c.number[n]] += int(c.runs[n].to - c.runs[n].from)
	}
}

// remove sets the components for which gone is true to background.
func (c *Components) remove(labels *Labels, gone []bool) {
	columns := c.size[0]
	for n, r := range c.runs {
		if gone[c.number[n]] {
			clear(labels.Data[int(r.row)*columns:][r.from:r.to])
		}
	}
}

// Numbers writes each voxel's component, 0 outside.
func (c *Components) Numbers() []int32 {
	out := make([]int32, c.size[0]*c.size[1]*c.size[2])
	for n, r := range c.runs {
		line := out[int(r.row)*c.size[0]:][r.from:r.to]
		for i := range line {
			line[i] = c.number[n] + 1
		}
	}
	return out
}

// KeepLargest leaves the count largest components of a label, the first among equals,
// and makes the others background, in place.
func KeepLargest(labels *Labels, value uint8, count int) {
	c := FindComponents(labels, value)
	order := make([]int, len(c.Voxels))
	for n := range order {
		order[n] = n
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(c.Voxels[b], c.Voxels[a]) })
	gone := make([]bool, len(order))
	for _, n := range order[min(count, len(order)):] {
		gone[n] = true
	}
	c.remove(labels, gone)
}

// DropSmaller makes components of a label below ml millilitres background, in place.
func DropSmaller(labels *Labels, value uint8, ml float64) {
	c := FindComponents(labels, value)
	gone := make([]bool, len(c.Voxels))
	for n, voxels := range c.Voxels {
		gone[n] = float64(voxels)*labels.VoxelML() < ml
	}
	c.remove(labels, gone)
}

// DropBorder makes components of a label background that touch the first or last column
// or row of any slice, in place: air around a patient does, a lung does not. The first
// and the last slice don't count, since organs are cut there.
func DropBorder(labels *Labels, value uint8) {
	c := FindComponents(labels, value)
	gone := make([]bool, len(c.Voxels))
	for n, r := range c.runs {
		j := int(r.row) % c.size[1]
		if r.from == 0 || int(r.to) == c.size[0] || j == 0 || j == c.size[1]-1 {
			gone[c.number[n]] = true
		}
	}
	c.remove(labels, gone)
}
