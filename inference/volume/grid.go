// Package volume is geometry on voxel grids: where a voxel lies in the patient,
// and how an image is turned, resampled, cropped and padded for a model and its
// labels brought back. In: values in memory. Out: new values; nothing is shared
// with the input unless a function says so. It knows no file format and no model.
package volume

import (
	"errors"
	"fmt"
	"math"
)

// MaxVoxels bounds a grid: 1024³, four times a 0.5 mm whole head.
const MaxVoxels = 1 << 30

// Grid places voxels in the patient. Size counts voxels along i (columns), j
// (rows) and k (slices). Affine maps the centre of voxel (i,j,k,1) to mm in the
// patient's LPS system (DICOM PS3.3 C.7.6.2.1.1): x grows to the patient's left, y
// to the back, z to the head.
type Grid struct {
	Size   [3]int
	Affine [4][4]float64
}

// Image is a grid of values in [k][j][i] order.
type Image struct {
	Grid
	Data []float32
}

// Labels is a grid of label values in [k][j][i] order.
type Labels struct {
	Grid
	Data []uint8
}

// Validate reports a grid that cannot be computed with.
func (g Grid) Validate() error {
	voxels := 1
	for _, n := range g.Size {
		if n < 1 || n > MaxVoxels/voxels {
			return fmt.Errorf("grid of %v voxels: every edge must be at least 1 and the product at most %d", g.Size, MaxVoxels)
		}
		voxels *= n
	}
	for _, row := range g.Affine {
		for _, v := range row {
			if math.IsNaN(v) || math.Abs(v) > 1e6 {
				return errors.New("grid affine holds a value that is no position in mm")
			}
		}
	}
	if g.Affine[3] != [4]float64{0, 0, 0, 1} {
		return errors.New("grid affine must end in the row 0 0 0 1")
	}
	if spacing := g.Spacing(); math.Abs(g.determinant()) < 1e-3*spacing[0]*spacing[1]*spacing[2] || min(spacing[0], spacing[1], spacing[2]) < 1e-6 {
		return errors.New("grid axes lie in one plane")
	}
	return nil
}

// Validate reports an image whose data does not fill its grid.
func (img *Image) Validate() error { return validateData(img.Grid, len(img.Data)) }

// Validate reports labels whose data does not fill their grid.
func (l *Labels) Validate() error { return validateData(l.Grid, len(l.Data)) }

func validateData(g Grid, have int) error {
	if err := g.Validate(); err != nil {
		return err
	}
	if have != g.Voxels() {
		return fmt.Errorf("grid of %v voxels holds %d values", g.Size, have)
	}
	return nil
}

// Voxels is the number of voxels.
func (g Grid) Voxels() int { return g.Size[0] * g.Size[1] * g.Size[2] }

// VoxelML is the volume of one voxel in millilitres (1 ml = 1000 mm³).
func (g Grid) VoxelML() float64 { return math.Abs(g.determinant()) / 1000 }

// Spacing is the distance in mm between neighbours along i, j and k.
func (g Grid) Spacing() [3]float64 {
	var s [3]float64
	for axis := range 3 {
		s[axis] = math.Sqrt(g.Affine[0][axis]*g.Affine[0][axis] + g.Affine[1][axis]*g.Affine[1][axis] + g.Affine[2][axis]*g.Affine[2][axis])
	}
	return s
}

// Position is the place in mm (LPS) of a voxel index, which may lie between voxels.
func (g Grid) Position(index [3]float64) [3]float64 { return apply(g.Affine, index) }

func (g Grid) determinant() float64 {
	a := g.Affine
	return a[0][0]*(a[1][1]*a[2][2]-a[1][2]*a[2][1]) -
		a[0][1]*(a[1][0]*a[2][2]-a[1][2]*a[2][0]) +
		a[0][2]*(a[1][0]*a[2][1]-a[1][1]*a[2][0])
}

// shifted moves the origin to the given voxel index.
func (g Grid) shifted(index [3]float64) Grid {
	origin := g.Position(index)
	for row := range 3 {
		g.Affine[row][3] = origin[row]
	}
	return g
}

func apply(m [4][4]float64, v [3]float64) [3]float64 {
	var out [3]float64
	for row := range 3 {
		out[row] = m[row][0]*v[0] + m[row][1]*v[1] + m[row][2]*v[2] + m[row][3]
	}
	return out
}

// indexMap maps voxel indices of one valid grid to those of another: to⁻¹ · from.
func indexMap(from, to Grid) [4][4]float64 {
	inverse := invert(to)
	var m [4][4]float64
	for row := range 3 {
		for column := range 4 {
			for n := range 4 {
				m[row][column] += inverse[row][n] * from.Affine[n][column]
			}
		}
	}
	m[3][3] = 1
	return m
}

// invert is the inverse affine by cofactors; the grid must be valid.
func invert(g Grid) [4][4]float64 {
	a, det := g.Affine, g.determinant()
	var inv [4][4]float64
	for row := range 3 {
		for column := range 3 {
			r1, r2 := (column+1)%3, (column+2)%3
			c1, c2 := (row+1)%3, (row+2)%3
			inv[row][column] = (a[r1][c1]*a[r2][c2] - a[r1][c2]*a[r2][c1]) / det
		}
	}
	for row := range 3 {
		inv[row][3] = -(inv[row][0]*a[0][3] + inv[row][1]*a[1][3] + inv[row][2]*a[2][3])
	}
	inv[3][3] = 1
	return inv
}

// Between maps a place on this grid to another one. Places count edges: voxel n reaches
// from n to n+1.
func (g Grid) Between(place [3]float64, other Grid) [3]float64 {
	return shiftedBy(apply(indexMap(g, other), shiftedBy(place, -0.5)), 0.5)
}

// Around is the smallest upright box in mm (LPS) around a box of places on this grid,
// where voxel n reaches from n to n+1.
func (g Grid) Around(from, to [3]float64) (low, high [3]float64) {
	low = [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}
	high = [3]float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
	for corner := range 8 {
		p := from
		for n := range 3 {
			if corner>>n&1 == 1 {
				p[n] = to[n]
			}
		}
		p = g.Position(shiftedBy(p, -0.5))
		for n := range 3 {
			low[n], high[n] = min(low[n], p[n]), max(high[n], p[n])
		}
	}
	return low, high
}

func shiftedBy(p [3]float64, by float64) [3]float64 {
	return [3]float64{p[0] + by, p[1] + by, p[2] + by}
}
