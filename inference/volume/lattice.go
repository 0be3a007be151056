package volume

import (
	"math"
	"runtime"
	"sync"
)

// lattice is an exact map from target to source voxels: target axis n runs along
// source axis axis[n] in direction step[n]; target (0,0,0) lies on source voxel
// origin, which may be outside.
type lattice struct {
	axis   [3]int
	step   [3]int
	origin [3]int
}

// latticeTolerance is how far, in voxels over the whole grid, an index map may
// stray from whole numbers and still count as exact.
const latticeTolerance = 1e-2

// asLattice recognises an index map that only permutes, flips and shifts.
func asLattice(m [4][4]float64, size [3]int) (lattice, bool) {
	var l lattice
	used := [3]bool{}
	for target := range 3 {
		found := false
		for source := range 3 {
			rounded := math.Round(m[source][target])
			if math.Abs(m[source][target]-rounded)*float64(size[target]) > latticeTolerance {
				return l, false
			}
			switch {
			case rounded == 0:
			case math.Abs(rounded) == 1 && !found && !used[source]:
				found, used[source] = true, true
				l.axis[target], l.step[target] = source, int(rounded)
			default:
				return l, false
			}
		}
		if !found {
			return l, false
		}
	}
	for source := range 3 {
		rounded := math.Round(m[source][3])
		if math.Abs(m[source][3]-rounded) > latticeTolerance || math.Abs(rounded) > MaxVoxels {
			return l, false
		}
		l.origin[source] = int(rounded)
	}
	return l, true
}

// tile is the edge of the square that is transposed at once: 32 × 32 values of
// four bytes stay in the first-level cache on both sides.
const tile = 32

// gather fills a new grid of the given size from source; what the source lacks is zero.
func gather[T float32 | uint8](source []T, sourceSize, size [3]int, l lattice) []T {
	target := make([]T, size[0]*size[1]*size[2])
	strides := [3]int{1, sourceSize[0], sourceSize[0] * sourceSize[1]}
	targetStrides := [3]int{1, size[0], size[0] * size[1]}
	var stride, low, high [3]int
	base := 0
	for n := range 3 {
		axis := l.axis[n]
		stride[n] = l.step[n] * strides[axis]
		base += l.origin[axis] * strides[axis]
		low[n], high[n] = overlap(size[n], sourceSize[axis], l.origin[axis], l.step[n])
		if low[n] >= high[n] {
			return target
		}
	}
	// near is the target axis along which the source is contiguous.
	near := 0
	for n := range 3 {
		if l.axis[n] == 0 {
			near = n
		}
	}
	if near == 0 {
		parallel(low[2], high[2], func(k int) {
			for j := low[1]; j < high[1]; j++ {
				row := target[k*targetStrides[2]+j*targetStrides[1]:][:size[0]]
				at := base + k*stride[2] + j*stride[1] + low[0]*stride[0]
				if stride[0] == 1 {
					copy(row[low[0]:high[0]], source[at:])
					continue
				}
				for i := low[0]; i < high[0]; i++ {
					row[i] = source[at]
					at--
				}
			}
		})
		return target
	}
	far := 3 - near
	parallel(low[far], high[far], func(f int) {
		for nearFrom := low[near]; nearFrom < high[near]; nearFrom += tile {
			nearTo := min(nearFrom+tile, high[near])
			for iFrom := low[0]; iFrom < high[0]; iFrom += tile {
				iTo := min(iFrom+tile, high[0])
				for n := nearFrom; n < nearTo; n++ {
					at := base + f*stride[far] + n*stride[near] + iFrom*stride[0]
					row := target[f*targetStrides[far]+n*targetStrides[near]:]
					for i := iFrom; i < iTo; i++ {
						row[i] = source[at]
						at += stride[0]
					}
				}
			}
		}
	})
	return target
}

// overlap is the half-open range of target indices n for which origin + step·n
// lies inside a source edge.
func overlap(target, source, origin, step int) (int, int) {
	if step > 0 {
		return max(0, -origin), min(target, source-origin)
	}
	return max(0, origin-source+1), min(target, origin+1)
}

// parallel calls work for every n in [from, to), on as many goroutines as there
// are threads, and returns when all are done.
func parallel(from, to int, work func(n int)) {
	workers := min(runtime.GOMAXPROCS(0), to-from)
	if workers < 2 {
		for n := from; n < to; n++ {
			work(n)
		}
		return
	}
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for n := from + (to-from)*w/workers; n < from+(to-from)*(w+1)/workers; n++ {
				work(n)
			}
		})
	}
	group.Wait()
}
