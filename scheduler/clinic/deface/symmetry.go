package deface

import (
	"math"

	"github.com/medhive/medhive/inference/volume"
)

// Heads lean and look aside in their scans by up to about so many degrees.
const (
	mostTurn   = 20 // degrees
	coarseTurn = 5  // degrees between what is tried first
	fineTurn   = 1  // degrees between what is tried then
	mirrored   = 13 // of so many voxels of the brain one is looked at
)

// sideways is the direction from ear to ear, towards the patient's left: the normal of the
// plane through the middle of the brain in which the brain is most like its own reflection.
func (h *head) sideways() [3]float64 {
	var points [][3]float64
	var middle [3]float64
	for n, in := range h.brain.in {
		if !in || n%mirrored != 0 {
			continue
		}
		p := h.place(n)
		points = append(points, p)
		for axis := range 3 {
			middle[axis] += p[axis]
		}
	}
	for axis := range 3 {
		middle[axis] /= float64(max(1, len(points)))
	}
	index := h.indexer()
	alike := func(x [3]float64) (count int) {
		for _, p := range points {
			d := 2 * ((p[0]-middle[0])*x[0] + (p[1]-middle[1])*x[1] + (p[2]-middle[2])*x[2])
			if n := index([3]float64{p[0] - d*x[0], p[1] - d*x[1], p[2] - d*x[2]}); n >= 0 && h.brain.in[n] {
				count++
			}
		}
		return count
	}
	var yaw, roll float64
	for _, step := range []float64{coarseTurn, fineTurn} {
		reach := mostTurn / step
		if step == fineTurn {
			reach = coarseTurn / step
		}
		best, at := -1, [2]float64{}
		for a := -reach; a <= reach; a++ {
			for b := -reach; b <= reach; b++ {
				if count := alike(across(yaw+a*step, roll+b*step)); count > best {
					best, at = count, [2]float64{yaw + a*step, roll + b*step}
				}
			}
		}
		yaw, roll = at[0], at[1]
	}
	return across(yaw, roll)
}

// across is the patient's left of a head that looks aside and leans, in degrees.
func across(yaw, roll float64) [3]float64 {
	sy, cy := math.Sincos(yaw * math.Pi / 180)
	sr, cr := math.Sincos(roll * math.Pi / 180)
	return [3]float64{cy * cr, sy * cr, sr}
}

// indexer finds the voxel of a place in mm, -1 outside.
func (h *head) indexer() func(p [3]float64) int {
	patient := volume.Grid{Size: h.Size, Affine: [4][4]float64{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}}
	return func(p [3]float64) int {
		at := patient.Between([3]float64{p[0] + 0.5, p[1] + 0.5, p[2] + 0.5}, h.Grid) // whose places count edges
		i, j, k := int(math.Floor(at[0])), int(math.Floor(at[1])), int(math.Floor(at[2]))
		if i < 0 || j < 0 || k < 0 || i >= h.Size[0] || j >= h.Size[1] || k >= h.Size[2] {
			return -1
		}
		return (k*h.Size[1]+j)*h.Size[0] + i
	}
}
