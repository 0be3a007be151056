package jpeg2000

// tagTree decodes a grid of numbers, each node the least of the four below it
// (T.800 B.10.2).
type tagTree struct {
	widths []int // of each level, the leaves first
	starts []int // of each level in nodes
	nodes  []tagNode
}

type tagNode struct {
	value int32
	known bool
}

func newTagTree(width, height int) tagTree {
	var t tagTree
	total := 0
	for {
		t.widths, t.starts = append(t.widths, width), append(t.starts, total)
		total += width * height
		if width == 1 && height == 1 {
			break
		}
		width, height = (width+1)/2, (height+1)/2
	}
	t.nodes = make([]tagNode, total)
	return t
}

// below reads until the leaf's number is known or found not to be below limit, and
// says whether it is below; then value is it.
func (t *tagTree) below(r *headerBits, x, y int, limit int32) (value int32, is bool) {
	low := int32(0)
	for level := len(t.widths) - 1; level >= 0; level-- {
		n := &t.nodes[t.starts[level]+(y>>level)*t.widths[level]+x>>level]
		n.value = max(n.value, low)
		for !n.known && n.value < limit {
			if r.bit() != 0 {
				n.known = true
			} else {
				n.value++
			}
		}
		if !n.known {
			return 0, false
		}
		low = n.value
	}
	return low, low < limit
}
