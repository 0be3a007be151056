package burnin

import "slices"

// features say how much a line looks like text; each is 0 for what text never is.
type features struct {
	letters  int
	pieces   int
	height   float64 // the usual height of its letters in pixels
	bottoms  float64 // share of letters that stand on the base line
	tops     float64 // share of letters whose upper edge is that of capitals, or of small letters
	density  float64 // strokes met along a row, by letter
	coverage float64 // area of the strokes over the line's box
	contrast float64
	straight float64 // the letters' height over the line's: the line does not wander
}

func (l line) features() features {
	f := features{letters: l.letters(), pieces: len(l.glyphs)}
	heights, bottoms, tops, means := l.sorted(glyph.heightOf), l.sorted(glyph.bottomOf), l.sorted(glyph.topOf), l.sorted(glyph.mean)
	f.height = quantile(heights, 0.6)
	slack := max(1, 0.09*f.height)
	f.bottoms = bestShare(bottoms, slack, 1)
	f.tops = bestShare(tops, slack, 2)
	var crossings, area float64
	for _, g := range l.glyphs {
		crossings += float64(g.across) / float64(g.height())
		area += float64(g.area)
	}
	f.density = crossings / float64(f.letters)
	f.coverage = area / float64(l.box.width()*l.box.height())
	f.contrast = quantile(means, 0.5)
	f.straight = min(1, f.height/float64(l.box.height()))
	return f
}

func (g glyph) heightOf() float64 { return float64(g.height()) }
func (g glyph) bottomOf() float64 { return float64(g.y1) }
func (g glyph) topOf() float64    { return float64(g.y0) }

func (l line) sorted(of func(glyph) float64) []float64 {
	list := make([]float64, len(l.glyphs))
	for n, g := range l.glyphs {
		list[n] = of(g)
	}
	slices.Sort(list)
	return list
}

func quantile(sorted []float64, q float64) float64 {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// bestShare is the share of values that lie within slack of one of so many places, chosen
// one after another where most lie.
func bestShare(sorted []float64, slack float64, places int) float64 {
	left := slices.Clone(sorted)
	taken := 0
	for range places {
		best, from, end := 0, 0, 0
		for n := range left {
			for end < len(left) && left[end] <= left[n]+2*slack {
				end++
			}
			if end-n > best {
				best, from = end-n, n
			}
		}
		taken += best
		left = slices.Delete(left, from, from+best)
	}
	return float64(taken) / float64(len(sorted))
}
