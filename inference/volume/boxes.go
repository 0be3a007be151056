package volume

import (
	"cmp"
	"slices"
)

// Box is a detector's answer in voxel indices of the grid that it worked on.
type Box struct {
	Class    int
	Score    float64
	Min, Max [3]float64 // i, j, k; k is 0 to 1 in a picture
}

// Suppress is greedy non-maximum suppression: boxes with a score above the limit, best
// first (the earlier among equals), but for those whose intersection over union with a
// better kept box of their class exceeds overlap; count at most.
func Suppress(boxes []Box, overlap, above float64, count int) []Box {
	order := slices.DeleteFunc(slices.Clone(boxes), func(b Box) bool { return !(b.Score > above) })
	slices.SortStableFunc(order, func(a, b Box) int { return cmp.Compare(b.Score, a.Score) })
	var kept []Box
	for _, b := range order {
		if len(kept) == count {
			break
		}
		if !slices.ContainsFunc(kept, func(k Box) bool { return k.Class == b.Class && k.overlap(b) > overlap }) {
			kept = append(kept, b)
		}
	}
	return kept
}

// overlap is intersection over union; 0 for boxes without extent.
func (b Box) overlap(c Box) float64 {
	inner, own, other := 1.0, 1.0, 1.0
	for n := range 3 {
		inner *= max(0, min(b.Max[n], c.Max[n])-max(b.Min[n], c.Min[n]))
		own *= b.Max[n] - b.Min[n]
		other *= c.Max[n] - c.Min[n]
	}
	if union := own + other - inner; union > 0 {
		return inner / union
	}
	return 0
}
