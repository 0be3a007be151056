package burnin

import "encoding/binary"

// glyph is a connected piece of strokes.
type glyph struct {
	x0, y0, x1, y1 int   // of its box; x1 and y1 are outside
	area           int   // pixels
	edge           int   // sides of pixels that face away from the glyph
	across         int   // runs of pixels in all rows
	down           int   // runs of pixels in all columns
	sum            int64 // of the pixels' contrasts
}

func (g glyph) width() int  { return g.x1 - g.x0 }
func (g glyph) height() int { return g.y1 - g.y0 }

// stroke is the mean width of its strokes in pixels: a long stripe of width w has two edges.
func (g glyph) stroke() float64 { return 2 * float64(g.area) / float64(max(g.edge, 1)) }

// mean is the mean contrast of its pixels.
func (g glyph) mean() float64 { return float64(g.sum) / float64(max(g.area, 1)) }

// turned is the glyph with rows and columns exchanged.
func (g glyph) turned() glyph {
	g.x0, g.y0, g.x1, g.y1, g.across, g.down = g.y0, g.x0, g.y1, g.x1, g.down, g.across
	return g
}

// run is a stretch of marked pixels in one row.
type run struct{ y, x0, x1, label int }

// maxRuns bounds the pieces that a plane falls into: beyond, it is noise at this threshold.
const maxRuns = 1 << 18

// glyphs are the 8-connected pieces of the pixels from threshold on. ok is false if there
// are too many.
func (p plane) glyphs(threshold uint8) (list []glyph, ok bool) {
	var runs []run
	parent := []int{}
	find := func(n int) int {
		for parent[n] != n {
			parent[n] = parent[parent[n]]
			n = parent[n]
		}
		return n
	}
	eight := uint64(threshold) * 0x0101010101010101
	above := 0 // the first run of the row above
	for y := range p.height {
		begin := len(runs)
		row := p.pix[y*p.width:][:p.width]
		n := above
		for x := 0; x < len(row); x++ {
			if row[x] < threshold {
				if x+wordBytes <= len(row) && notLess(binary.LittleEndian.Uint64(row[x:]), eight) == 0 {
					x += wordBytes - 1 // nothing here
				}
				continue
			}
			r := run{y: y, x0: x, label: -1}
			for x < len(row) && row[x] >= threshold {
				x++
			}
			r.x1 = x
			for n < begin && runs[n].x1 < r.x0 {
				n++
			}
			for m := n; m < begin && runs[m].x0 <= r.x1; m++ {
				other := find(runs[m].label)
				if r.label < 0 {
					r.label = other
					continue
				}
				parent[max(find(r.label), other)] = min(find(r.label), other)
			}
			if r.label < 0 {
				r.label = len(parent)
				parent = append(parent, r.label)
			}
			if runs = append(runs, r); len(runs) > maxRuns {
				return nil, false
			}
		}
		above = begin
	}
	index := make([]int, len(parent))
	for n := range index {
		index[n] = -1
	}
	for _, r := range runs {
		root := find(r.label)
		if index[root] < 0 {
			index[root] = len(list)
			list = append(list, glyph{x0: r.x0, y0: r.y, x1: r.x1, y1: r.y + 1})
		}
		p.add(&list[index[root]], r, threshold)
	}
	return list, true
}

// add takes a run into its glyph.
func (p plane) add(g *glyph, r run, threshold uint8) {
	g.x0, g.x1, g.y1 = min(g.x0, r.x0), max(g.x1, r.x1), max(g.y1, r.y+1)
	g.area += r.x1 - r.x0
	g.across++
	g.edge += 2
	for x := r.x0; x < r.x1; x++ {
		at := r.y*p.width + x
		g.sum += int64(p.pix[at])
		if r.y == 0 || p.pix[at-p.width] < threshold {
			g.edge++
			g.down++
		}
		if r.y == p.height-1 || p.pix[at+p.width] < threshold {
			g.edge++
		}
	}
}
