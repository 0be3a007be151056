package history

import (
	"math"
	"time"
)

// Cell sums up the figures of a span.
type Cell struct {
	N        uint32 // of figures; 0: there was none
	Sum      float64
	Min, Max float32
}

func cellOf(v float64) Cell { return Cell{1, v, float32(v), float32(v)} }

// with is both together. It does not matter in which order cells are put together, but for
// the last digits of the sum.
func (c Cell) with(o Cell) Cell {
	switch {
	case c.N == 0:
		return o
	case o.N == 0:
		return c
	}
	n := c.N + o.N
	if n < c.N {
		n = math.MaxUint32 // a clock that stands still for centuries
	}
	return Cell{n, c.Sum + o.Sum, min(c.Min, o.Min), max(c.Max, o.Max)}
}

// sound reports whether a cell can have come from figures.
func (c Cell) sound() bool {
	for _, v := range []float64{c.Sum, float64(c.Min), float64(c.Max)} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return c.N > 0 && c.Min <= c.Max
}

// Mean of the figures; 0 where there was none.
func (c Cell) Mean() float64 {
	if c.N == 0 {
		return 0
	}
	return c.Sum / float64(c.N)
}

// Point is a series in a step of time.
type Point struct {
	At time.Time // when the step begins
	Cell
}

// Value is what the point says of a series: its amount, or its mean level.
func (p Point) Value(s Series) float64 {
	if s.Total {
		return p.Sum
	}
	return p.Mean()
}

// Span is a series from its first point to its last, in equal steps. Steps without figures
// have no point.
type Span struct {
	Series Series
	Step   time.Duration
	Points []Point // by time
}

// thin puts neighbouring points together until a span between two moments has at most
// so many steps. Steps stay whole multiples of those that were kept, on the same clock.
func (s Span) thin(from, until time.Time, most int) Span {
	steps := int64(until.Sub(from)/s.Step) + 1
	by := (steps + int64(most) - 1) / int64(most)
	if by <= 1 {
		return s
	}
	out := Span{Series: s.Series, Step: s.Step * time.Duration(by)}
	for _, p := range s.Points {
		begin := p.At.Truncate(out.Step)
		if n := len(out.Points); n > 0 && out.Points[n-1].At.Equal(begin) {
			out.Points[n-1].Cell = out.Points[n-1].with(p.Cell)
			continue
		}
		out.Points = append(out.Points, Point{begin, p.Cell})
	}
	return out
}
