package burnin

import (
	"cmp"
	"math"
	"slices"
)

// What a glyph and a line of text look like, in pixels of the plane that is looked at. A
// plane is looked at in several sizes, so that these hold for letters of all sizes.
const (
	leastHeight = 5  // of a glyph: the smallest fonts have five rows
	mostHeight  = 40 // taller ones are found in a smaller plane
	leastGlyphs = 5  // of a line: a shorter one is a side marker more often than a name

	mostWide    = 14.0 // width over height of a glyph: letters that touch each other
	mostNarrow  = 0.08 // an I or a 1
	leastFill   = 0.12 // area over box
	mostFill    = 0.92 // above, unless narrow, it is a blob
	narrow      = 0.45 // width over height of an I, a 1 or an l
	mostStroke  = 0.32 // stroke over height
	letterWidth = 0.62 // width over height of a usual letter, with the gap behind it

	heightRatio = 2.3 // of neighbours: an x and an l, or a q
	strokeRatio = 2.0 // of neighbours
	valueRatio  = 1.7 // of neighbours' contrast
	mostGap     = 1.3 // between neighbours, over the height: two blanks
	mostOverlap = 0.5 // of neighbours, over the narrower one's width: italics
	leastBeside = 0.5 // of the lower one's height must stand beside the other
)

// line is a row of glyphs.
type line struct {
	glyphs []glyph
	box    glyph
}

func (l line) region() Region {
	return Region{X: l.box.x0, Y: l.box.y0, Width: l.box.width(), Height: l.box.height()}
}

// lines puts glyphs beside each other into rows. The order of glyphs does not matter.
func lines(all []glyph) []line {
	var letters []glyph
	for _, g := range all {
		if g.isLetter() {
			letters = append(letters, g)
		}
	}
	slices.SortFunc(letters, func(a, b glyph) int { return cmp.Or(cmp.Compare(a.x0, b.x0), cmp.Compare(a.y0, b.y0)) })
	parent := make([]int, len(letters))
	for n := range parent {
		parent[n] = n
	}
	find := func(n int) int {
		for parent[n] != n {
			parent[n] = parent[parent[n]]
			n = parent[n]
		}
		return n
	}
	cells := newShelves(letters)
	for n, g := range letters {
		// The nearest neighbour to the right alone, so that a row grows by its letters and
		// not by what lies above or below them.
		if m := cells.next(letters, n, g); m >= 0 {
			parent[find(m)] = find(n)
		}
	}
	groups := map[int]*line{}
	var order []int
	for n, g := range letters {
		root := find(n)
		l, known := groups[root]
		if !known {
			l = &line{box: g}
			groups[root] = l
			order = append(order, root)
		}
		l.glyphs = append(l.glyphs, g)
		l.box = glyph{x0: min(l.box.x0, g.x0), y0: min(l.box.y0, g.y0), x1: max(l.box.x1, g.x1), y1: max(l.box.y1, g.y1)}
	}
	found := make([]line, 0, len(order))
	for _, root := range order {
		if l := groups[root]; l.letters() >= leastGlyphs {
			found = append(found, *l)
		}
	}
	return found
}

// isLetter says that g alone can be a letter, or a few that touch.
func (g glyph) isLetter() bool {
	w, h := float64(g.width()), float64(g.height())
	if g.height() < leastHeight || g.height() > mostHeight || w > mostWide*h || w < mostNarrow*h {
		return false
	}
	fill := float64(g.area) / (w * h)
	if fill < leastFill || fill > mostFill && w > narrow*h {
		return false
	}
	return g.stroke() <= max(1.6, mostStroke*h)
}

// shelves find glyphs by where they lie.
type shelves struct {
	height int
	rows   map[int][]int // the indexes of glyphs whose box crosses the shelf, from left to right
}

func newShelves(letters []glyph) shelves {
	s := shelves{height: mostHeight, rows: map[int][]int{}}
	for n, g := range letters {
		for row := g.y0 / s.height; row <= (g.y1-1)/s.height; row++ {
			s.rows[row] = append(s.rows[row], n)
		}
	}
	return s
}

// next is the nearest glyph to the right of g that goes with it, -1 if there is none.
func (s shelves) next(letters []glyph, n int, g glyph) int {
	best, nearest := -1, math.Inf(1)
	for row := g.y0 / s.height; row <= (g.y1-1)/s.height; row++ {
		shelf := s.rows[row]
		from, _ := slices.BinarySearch(shelf, n)
		for _, m := range shelf[min(from+1, len(shelf)):] {
			o := letters[m]
			gap := float64(o.x0 - g.x1)
			if gap > mostGap*mostHeight || gap >= nearest {
				break
			}
			if m != n && g.goesWith(o) {
				best, nearest = m, gap
			}
		}
	}
	return best
}

// goesWith says that o, to the right, can be the next letter of the same line.
func (g glyph) goesWith(o glyph) bool {
	h, oh := float64(g.height()), float64(o.height())
	taller := max(h, oh)
	gap := float64(o.x0 - g.x1)
	if gap > mostGap*taller || gap < -mostOverlap*float64(min(g.width(), o.width())) {
		return false
	}
	if taller > heightRatio*min(h, oh) || float64(min(g.y1, o.y1)-max(g.y0, o.y0)) < leastBeside*min(h, oh) {
		return false
	}
	a, b := g.stroke(), o.stroke()
	if max(a, b) > strokeRatio*min(a, b)+0.5 {
		return false
	}
	return max(g.mean(), o.mean()) <= valueRatio*min(g.mean(), o.mean())
}

// letters estimates how many letters a line has: those that touch are counted by width.
func (l line) letters() int {
	count := 0.0
	for _, g := range l.glyphs {
		count += max(1, math.Round(float64(g.width())/(letterWidth*float64(g.height()))))
	}
	return int(count)
}
