package deface

import (
	"slices"

	"github.com/medhive/medhive/inference/volume"
)

// mask marks voxels of a small grid, [k][j][i].
type mask struct {
	size [3]int
	in   []bool
}

func newMask(size [3]int) mask { return mask{size, make([]bool, size[0]*size[1]*size[2])} }

// where marks the voxels whose value is from low to high.
func where(img *volume.Image, low, high float32) mask {
	m := newMask(img.Size)
	for n, v := range img.Data {
		m.in[n] = v >= low && v <= high
	}
	return m
}

func (m mask) count() int {
	n := 0
	for _, in := range m.in {
		if in {
			n++
		}
	}
	return n
}

// and leaves what o marks too.
func (m mask) and(o mask) mask {
	out := newMask(m.size)
	for n := range m.in {
		out.in[n] = m.in[n] && o.in[n]
	}
	return out
}

// inverted marks the others.
func (m mask) inverted() mask {
	out := newMask(m.size)
	for n := range m.in {
		out.in[n] = !m.in[n]
	}
	return out
}

// grown marks also what lies within a cube of so many voxels around a marked one, axis by axis.
func (m mask) grown(by int) mask {
	out := mask{m.size, slices.Clone(m.in)}
	stride := [3]int{1, m.size[0], m.size[0] * m.size[1]}
	for axis, step := range stride {
		from := slices.Clone(out.in)
		for n := range out.in {
			at := n / step % m.size[axis]
			for d := -by; d <= by && !out.in[n]; d++ {
				if at+d >= 0 && at+d < m.size[axis] {
					out.in[n] = from[n+d*step]
				}
			}
		}
	}
	return out
}

// shrunk is what stays if all within so many voxels of an unmarked one goes. What lies
// beyond the grid counts as marked: a neck that it cuts is no surface.
func (m mask) shrunk(by int) mask { return m.inverted().grown(by).inverted() }

// largest leaves the largest part that hangs together (26 neighbours).
func (m mask) largest() mask {
	labels := &volume.Labels{Grid: volume.Grid{Size: m.size, Affine: [4][4]float64{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}}, Data: make([]uint8, len(m.in))}
	for n, in := range m.in {
		if in {
			labels.Data[n] = 1
		}
	}
	volume.KeepLargest(labels, 1, 1)
	out := newMask(m.size)
	for n, v := range labels.Data {
		out.in[n] = v == 1
	}
	return out
}

// filled marks also what unmarked voxels enclose: those that can't be reached from the
// border of the grid.
func (m mask) filled() mask {
	outside := newMask(m.size)
	var edge []int
	visit := func(n int) {
		if !m.in[n] && !outside.in[n] {
			outside.in[n] = true
			edge = append(edge, n)
		}
	}
	stride := [3]int{1, m.size[0], m.size[0] * m.size[1]}
	border := func(n int) bool {
		for axis, step := range stride {
			if at := n / step % m.size[axis]; at == 0 || at == m.size[axis]-1 {
				return true
			}
		}
		return false
	}
	for n := range m.in {
		if border(n) {
			visit(n)
		}
	}
	for len(edge) > 0 {
		n := edge[len(edge)-1]
		edge = edge[:len(edge)-1]
		for axis, step := range stride {
			if at := n / step % m.size[axis]; at > 0 {
				visit(n - step)
			}
			if at := n / step % m.size[axis]; at < m.size[axis]-1 {
				visit(n + step)
			}
		}
	}
	return outside.inverted()
}
