package agreement

import (
	"fmt"

	"github.com/medhive/medhive/inference"
)

// boxes looks for each expected box among those of its class that are not taken yet: the
// Dice of the two must reach the least one, the scores must agree.
func (b Bounds) boxes(want, got []inference.Box) (found []Difference) {
	say := func(format string, args ...any) {
		found = append(found, Difference{Box, fmt.Sprintf(format, args...)})
	}
	if len(want) != len(got) {
		say("%d boxes, expected %d", len(got), len(want))
	}
	taken := make([]bool, len(got))
	for n, w := range want {
		at := -1
		for i, g := range got {
			if !taken[i] && g.Name == w.Name && b.valueAgrees(w.Score, g.Score) && boxDice(w, g) >= b.Dice {
				at = i
				break
			}
		}
		if at < 0 {
			say("box %d of %d (%s) is not there", n+1, len(want), w.Name)
			continue
		}
		taken[at] = true
	}
	return found
}

// boxDice is 2·|A∩B| / (|A|+|B|) over the axes in which either box has an extent; pictures
// have two of them. Two points in one place agree.
func boxDice(a, b inference.Box) float64 {
	common, sizeA, sizeB := 1.0, 1.0, 1.0
	for axis := range 3 {
		lengthA, lengthB := a.Max[axis]-a.Min[axis], b.Max[axis]-b.Min[axis]
		overlap := min(a.Max[axis], b.Max[axis]) - max(a.Min[axis], b.Min[axis])
		if overlap < 0 {
			return 0
		}
		if lengthA == 0 && lengthB == 0 {
			continue // flat in this axis, and in one plane
		}
		common, sizeA, sizeB = common*overlap, sizeA*lengthA, sizeB*lengthB
	}
	return 2 * common / (sizeA + sizeB)
}
