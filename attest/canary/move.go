package canary

import (
	"math"
	"math/rand/v2"
)

// How far a canary is from its study, in parts of an edge and of a value.
const (
	leastShift = 0.010 // of an edge; at least one pixel, in each direction
	mostShift  = 0.020
	mostLean   = 0.008 // of an edge, from the middle of the stack to either end
)

// movement is where and how bright things are in a canary: moved by whole pixels, since what
// lies between pixels would have to be computed, and a computed pixel has less noise than a
// measured one; leaning along the stack; and brighter here and darker there, as coils are.
type movement struct {
	shift, lean [2]float64 // parts of an edge, along columns and rows
	gain        float64
	shading     [3]float64 // of the gain, from edge to edge along columns, rows and the stack
}

// drawMovement draws one whose values are stretched by up to gain.
func drawMovement(gain float64, source *rand.Rand) (m movement) {
	signed := func(most float64) float64 { return most * (2*source.Float64() - 1) }
	for axis := range m.shift {
		m.shift[axis] = leastShift + (mostShift-leastShift)*source.Float64()
		if source.IntN(2) == 0 {
			m.shift[axis] = -m.shift[axis]
		}
		m.lean[axis] = signed(mostLean)
	}
	m.gain = 1 + signed(gain)
	for axis := range m.shading {
		m.shading[axis] = signed(gain)
	}
	return m
}

// pixels is the shift of a plane at a depth of the stack, 0 to 1, in whole pixels.
func (m movement) pixels(axis, edge int, depth float64) int {
	by := (m.shift[axis] + m.lean[axis]*(2*depth-1)) * float64(edge)
	if math.Abs(by) < 1 {
		by = math.Copysign(1, m.shift[axis])
	}
	return int(math.Round(by))
}

// stretch is the gain at a place, each coordinate from 0 to 1.
func (m movement) stretch(x, y, depth float64) float64 {
	return m.gain + m.shading[0]*(x-0.5) + m.shading[1]*(y-0.5) + m.shading[2]*(depth-0.5)
}

// redraw fills plane n of a stack with its samples moved, stretched, and a little noisier.
// What comes in from beyond an edge is what lay at that edge in a neighbouring plane: like
// what was there, with noise of its own.
func redraw(planes []plane, n int, m movement, a appearance, source *rand.Rand) {
	p, depth := planes[n], 0.5
	neighbour := p
	if len(planes) > 1 {
		depth = float64(n) / float64(len(planes)-1)
		next := n + 1
		if next == len(planes) {
			next = n - 1
		}
		if other := planes[next]; other.alike(p) {
			neighbour = other
		}
	}
	dx, dy := m.pixels(0, p.columns, depth), m.pixels(1, p.rows, depth)
	low, high := p.span()
	if a.masked.low {
		low = max(low, a.low+a.step)
	}
	if a.masked.high {
		high = min(high, a.high-a.step)
	}
	sigma := max(extraNoise*a.noise, leastNoise*a.step)
	zero := min(0, a.low)
	for y := range p.rows {
		for x := range p.columns {
			from, i, j := p, x+dx, y+dy
			if i < 0 || i >= p.columns || j < 0 || j >= p.rows {
				from, i, j = neighbour, within(i, x, p.columns), within(j, y, p.rows)
			}
			stretch := m.stretch(float64(x)/float64(p.columns), float64(y)/float64(p.rows), depth)
			for c := range p.samples {
				v := value(from.original, (j*p.columns+i)*p.samples+c, p.bytes, p.signed)
				if !a.set(v) {
					v = a.noisy(zero+(v-zero)*stretch, sigma, source)
					v = a.occurring(min(max(v, low), high))
				}
				p.set((y*p.columns+x)*p.samples+c, v)
			}
		}
	}
}

// within is the moved coordinate where it lies in the image, else the unmoved one.
func within(moved, unmoved, edge int) int {
	if moved < 0 || moved >= edge {
		return unmoved
	}
	return moved
}
