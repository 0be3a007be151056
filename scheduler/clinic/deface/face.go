// Package deface finds the face in a scan of the head and says what of it to blank. In: one
// MR or CT volume with its place in the patient. Out: a plane; all that lies before and below
// it is the face, the brain lies behind it. It works by geometry and brightness alone,
// without a model, and refuses where it can't tell face from brain. It changes no image.
package deface

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/medhive/medhive/inference/volume"
)

// Plane parts the face from the rest of the head: a place p in mm (LPS, PS3.3
// C.7.6.2.1.1) belongs to the face if Normal·p is more than Offset. The idea is that of
// QuickShear (Schimke and Hale, 2011): a plane that touches the brain's hull.
type Plane struct {
	Normal [3]float64 // of length 1, towards the face: to the front and down
	Offset float64    // mm

	BrainML float64 // size of what was taken for the brain, in ml, to judge by
	HeadML  float64 // size of the head in the volume, in ml
	FaceML  float64 // size of the head before the plane, in ml
}

// ErrNotFound says that head, brain or face can't be told apart in a volume: it is another
// part of the body, too small a part of a head, or of an unusual contrast.
var ErrNotFound = errors.New("the face can't be found")

// Sizes of a head, in mm unless they say otherwise. Adults' heads are 170 to 225 mm long;
// those of children from two years on 160 and more.
const (
	coarseMM  = 3.0  // edge of the voxels that are worked on
	marginMM  = 5.0  // between the brain and the plane
	longestMM = 340  // along the body: beyond, it is no scan of the head alone
	scalpMM   = 9    // skin and bone: nothing nearer to the surface is brain
	leastML   = 500  // of a brain
	mostML    = 2100 // of what is taken for one, with its water
	vertexMM  = 45   // from the top of the head to the brain's, at most
	highestMM = 175  // from the brain's top to its lowest place
	slant     = 45   // degrees of the plane's normal below the horizontal
)

// Find returns the plane of a volume of MR (in any unit) or CT (in HU). modality is
// "MR" or "CT".
func Find(img *volume.Image, modality string) (Plane, error) {
	if err := img.Validate(); err != nil {
		return Plane{}, fmt.Errorf("find the face: %w", err)
	}
	if modality != "MR" && modality != "CT" {
		return Plane{}, fmt.Errorf("find the face in a %.16q volume: %w", modality, ErrNotFound)
	}
	small, err := coarse(img)
	if err != nil {
		return Plane{}, fmt.Errorf("find the face: %w", err)
	}
	h := head{Image: small, ct: modality == "CT"}
	if err := h.outline(); err != nil {
		return Plane{}, fmt.Errorf("find the face: %w", err)
	}
	if err := h.findBrain(); err != nil {
		return Plane{}, fmt.Errorf("find the face: %w", err)
	}
	return h.plane()
}

// coarse averages an image to voxels of about coarseMM.
func coarse(img *volume.Image) (*volume.Image, error) {
	half := [3]float64{coarseMM / 2, coarseMM / 2, coarseMM / 2}
	fine, err := volume.Resample(img, half, "linear")
	if err != nil {
		return nil, err
	}
	out := &volume.Image{Grid: fine.Grid}
	for axis := range 3 {
		out.Size[axis] = max(1, fine.Size[axis]/2)
		for row := range 3 {
			out.Affine[row][3] += fine.Affine[row][axis] / 2 // the centre of two voxels
			out.Affine[row][axis] *= 2
		}
	}
	out.Data = make([]float32, out.Voxels())
	for n := range out.Data {
		i, j, k := n%out.Size[0], n/out.Size[0]%out.Size[1], n/out.Size[0]/out.Size[1]
		sum, count := float32(0), float32(0)
		for _, d := range [8][3]int{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}, {0, 0, 1}, {1, 0, 1}, {0, 1, 1}, {1, 1, 1}} {
			a, b, c := 2*i+d[0], 2*j+d[1], 2*k+d[2]
			if a < fine.Size[0] && b < fine.Size[1] && c < fine.Size[2] {
				sum += fine.Data[(c*fine.Size[1]+b)*fine.Size[0]+a]
				count++
			}
		}
		out.Data[n] = sum / count
	}
	return out, nil
}

// head is a coarse volume, and what was found in it.
type head struct {
	*volume.Image
	ct     bool
	tissue mask // the head without the air in it
	solid  mask // the head with it
	brain  mask
	air    float32 // an MR's value beside the head
}

// ml is the size of what m marks, in ml.
func (h *head) ml(m mask) float64 { return float64(m.count()) * h.VoxelML() }

// voxels is a length in voxels, at least one.
func voxels(mm float64) int { return max(1, int(math.Round(mm/coarseMM))) }

// Values that part the head from the air around it.
const (
	airHU     = -300
	bonesHU   = 250
	leastHU   = -10 // of the brain and its water
	mostHU    = 100
	airShare  = 0.1 // of MR's range, as FSL BET has it
	lowShare  = 0.02
	highShare = 0.98
	darkest   = 0.5 // of the brain, over its usual brightness
	brightest = 1.8
)

// outline finds the head in the air.
func (h *head) outline() error {
	from := float32(airHU)
	if !h.ct {
		sorted := slices.Sorted(slices.Values(h.Data))
		low, high := sorted[int(lowShare*float64(len(sorted)))], sorted[int(highShare*float64(len(sorted)))]
		if !(high > low) {
			return fmt.Errorf("%w: the volume is empty", ErrNotFound)
		}
		h.air, from = low, low+airShare*(high-low)
	}
	h.tissue = where(h.Image, from, math.MaxFloat32).shrunk(1).largest().grown(1)
	gap := voxels(6) // closes nostrils and ears
	h.solid = h.tissue.grown(gap).filled().shrunk(gap)
	low, up := h.extent(h.solid)
	if up[2]-low[2] > longestMM || h.ml(h.solid) < leastML {
		return fmt.Errorf("%w: the volume shows no head, or more than one", ErrNotFound)
	}
	return nil
}

// extent is the smallest upright box in mm around the centres of marked voxels.
func (h *head) extent(m mask) (low, up [3]float64) {
	low, up = [3]float64{math.Inf(1), math.Inf(1), math.Inf(1)}, [3]float64{math.Inf(-1), math.Inf(-1), math.Inf(-1)}
	for n, in := range m.in {
		if !in {
			continue
		}
		p := h.place(n)
		for axis := range 3 {
			low[axis], up[axis] = min(low[axis], p[axis]), max(up[axis], p[axis])
		}
	}
	return low, up
}

// place is where voxel n lies, in mm.
func (h *head) place(n int) [3]float64 {
	return h.Position([3]float64{float64(n % h.Size[0]), float64(n / h.Size[0] % h.Size[1]), float64(n / h.Size[0] / h.Size[1])})
}

// findBrain takes for the brain the largest thing of the brain's brightness that lies deep
// enough in the head and hangs together when thin bridges are cut: nerves, vessels, the
// spinal cord.
func (h *head) findBrain() error {
	kinds := evenMM()
	if h.ct {
		kinds = kinds[:1] // HU are even everywhere
	}
	err := fmt.Errorf("%w: no brain can be told from what surrounds it", ErrNotFound)
	for _, even := range kinds {
		if h.brain = h.steadiest(h.alike(even)); h.brain.in == nil {
			continue
		}
		if h.ct { // what touches bone was left out of alike
			h.brain = h.brain.grown(1).and(h.solid)
		}
		foot, top := h.extent(h.brain)
		_, crown := h.extent(h.solid)
		switch {
		case top[2]-foot[2] > highestMM:
			err = fmt.Errorf("%w: what looks like the brain goes on into the face or the neck", ErrNotFound)
		case crown[2]-top[2] > vertexMM:
			err = fmt.Errorf("%w: what looks most like a brain lies too low in the head", ErrNotFound)
		default:
			return nil
		}
	}
	return err
}

// steadiest cuts the bridges wider and wider, and takes what loses least by the next cut; no
// voxels if all lose much, or are no brain's size.
func (h *head) steadiest(like mask) (best mask) {
	like = like.and(h.solid.shrunk(voxels(scalpMM)))
	most := settled
	var before mask
	for cut := 1; cut <= mostCut; cut++ {
		found := like.shrunk(cut).largest()
		for range cut + 1 { // grows back within its own kind
			found = found.grown(1).and(like)
		}
		found = found.grown(1).filled().shrunk(1)
		if size := h.ml(before); size >= leastML && size <= mostML && h.ml(found)/size > most {
			best, most = before, h.ml(found)/size
		}
		before = found
	}
	return best
}

// evenMM are the distances within which a coil's brightness is taken for even, the likeliest
// first: too small a one follows what it should tell apart.
func evenMM() []float64 { return []float64{55, 100, 40} }

// How bridges are cut.
const (
	mostCut = 5   // voxels from each side
	settled = 0.7 // of the brain's size stays after a wider cut
)

// alike marks what has the brain's brightness: HU, or of an MR what is neither much darker
// nor much brighter than the mean of what lies deep and within a distance in mm.
func (h *head) alike(even float64) mask {
	if h.ct {
		bone := where(h.Image, bonesHU, math.MaxFloat32).grown(1)
		return where(h.Image, leastHU, mostHU).and(bone.inverted())
	}
	deep := h.solid.shrunk(voxels(scalpMM))
	around := h.around(deep, voxels(even))
	out := newMask(h.solid.size)
	for n := range out.in {
		if usual := around[n] - h.air; usual > 0 {
			v := h.Data[n] - h.air
			out.in[n] = v >= darkest*usual && v <= brightest*usual
		}
	}
	return out
}

// around is for each voxel the mean of the marked ones in a cube around it, 0 where there is
// none: a coil makes what lies near it brighter.
func (h *head) around(m mask, reach int) []float32 {
	sums, counts := make([]float32, len(m.in)), make([]float32, len(m.in))
	for n, in := range m.in {
		if in {
			sums[n], counts[n] = h.Data[n], 1
		}
	}
	for axis, step := range [3]int{1, h.Size[0], h.Size[0] * h.Size[1]} {
		for _, values := range [][]float32{sums, counts} {
			line := make([]float64, h.Size[axis]+1)
			for n := range values {
				if n/step%h.Size[axis] != 0 {
					continue
				}
				for at := range h.Size[axis] {
					line[at+1] = line[at] + float64(values[n+at*step])
				}
				for at := range h.Size[axis] {
					values[n+at*step] = float32(line[min(at+reach+1, h.Size[axis])] - line[max(at-reach, 0)])
				}
			}
		}
	}
	for n := range sums {
		if counts[n] > 0.5 {
			sums[n] /= counts[n]
		}
	}
	return sums
}

// plane lays the plane against the brain.
func (h *head) plane() (Plane, error) {
	down := slant * math.Pi / 180
	p := Plane{Normal: [3]float64{0, -math.Cos(down), -math.Sin(down)}, Offset: math.Inf(-1), BrainML: h.ml(h.brain), HeadML: h.ml(h.solid)}
	side, length := h.sideways(), 0.0
	aside := p.along(side)
	for axis := range 3 {
		p.Normal[axis] -= aside * side[axis]
		length += p.Normal[axis] * p.Normal[axis]
	}
	for axis := range 3 {
		p.Normal[axis] /= math.Sqrt(length)
	}
	for n, in := range h.brain.in {
		if in {
			p.Offset = max(p.Offset, p.along(h.place(n)))
		}
	}
	p.Offset += coarseMM/2 + marginMM
	for n, in := range h.solid.in {
		if in && p.Face(h.place(n)) {
			p.FaceML += h.VoxelML()
		}
	}
	return p, nil
}

func (p Plane) along(at [3]float64) float64 {
	return p.Normal[0]*at[0] + p.Normal[1]*at[1] + p.Normal[2]*at[2]
}

// Face says that a place in mm (LPS) belongs to the face.
func (p Plane) Face(at [3]float64) bool { return p.along(at) > p.Offset }
