package labelmap

import (
	"encoding/binary"
	"fmt"
)

// Overlap is how the voxels of one label lie in two volumes.
type Overlap struct {
	Want, Got int // voxels
	Common    int
}

// Dice is 2·|A∩B| / (|A|+|B|) (Dice 1945), from 0 to 1; two empty sets agree.
func (o Overlap) Dice() float64 {
	if o.Want+o.Got == 0 {
		return 1
	}
	return 2 * float64(o.Common) / float64(o.Want+o.Got)
}

// Comparison is what differs between two volumes on one grid.
type Comparison struct {
	Labels  map[uint8]Overlap // of every label that either has
	Differ  int               // voxels of another label
	Certain int               // those of them that want does not call unsure
}

// Compare walks both volumes run by run. They must have one size.
func Compare(want, got Volume) (Comparison, error) {
	if want.Size != got.Size {
		return Comparison{}, fmt.Errorf("the labels lie on a grid of %v voxels, expected %v", got.Size, want.Size)
	}
	var counts [unsureBit]Overlap
	var c Comparison
	a, b := cursor{runs: want.runs}, cursor{runs: got.runs}
	for a.next() && b.next() {
		n := min(a.left, b.left)
		from, to := uint8(a.value), uint8(b.value)
		counts[from].Want += n
		counts[to].Got += n
		switch {
		case from == to:
			counts[from].Common += n
		case a.value&unsureBit == 0:
			c.Certain += n
			fallthrough
		default:
			c.Differ += n
		}
		a.left, b.left = a.left-n, b.left-n
	}
	c.Labels = map[uint8]Overlap{}
	for label, o := range counts {
		if o.Want+o.Got > 0 {
			c.Labels[uint8(label)] = o
		}
	}
	return c, nil
}

// cursor walks runs that Pack or Decode vouched for.
type cursor struct {
	runs  []byte
	value uint64
	left  int // voxels of the present run
}

// next makes sure that there are voxels left, and says when there are none.
func (c *cursor) next() bool {
	if c.left > 0 {
		return true
	}
	if len(c.runs) == 0 {
		return false
	}
	value, a := binary.Uvarint(c.runs)
	length, b := binary.Uvarint(c.runs[a:])
	c.runs, c.value, c.left = c.runs[a+b:], value, int(length)
	return true
}
