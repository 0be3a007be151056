package burnin

import (
	"errors"
	"fmt"
	"slices"
)

// MaxPixels bounds a frame: four times the largest mammogram.
const MaxPixels = 1 << 27

// Frame is one grey frame in its stored values, row by row. What is bright and what is dark
// does not matter, nor how values are scaled.
type Frame struct {
	Width, Height int
	Values        []int32
}

var errNoFrame = errors.New("no frame: its values don't fill its rows and columns")

// validate reports a frame that can't be looked at.
func (f Frame) validate() error {
	if f.Width < 1 || f.Height < 1 || f.Height > MaxPixels/f.Width || len(f.Values) != f.Width*f.Height {
		return fmt.Errorf("%w (%d × %d, %d values)", errNoFrame, f.Width, f.Height, len(f.Values))
	}
	return nil
}

// plane is a frame of 8 bits.
type plane struct {
	width, height int
	pix           []uint8
}

func newPlane(width, height int) plane {
	return plane{width: width, height: height, pix: make([]uint8, width*height)}
}

// Levels of a levelled plane: nearly all pixels lie between faint and strong, so that their
// contrast is kept; what lies beyond is told apart still, as text often is brighter or darker
// than all that it covers.
const (
	faint  = 24
	strong = 208
	top    = 255
)

const (
	outer     = 100 // one of so many pixels on each side lies beyond faint and strong
	leastBand = 20  // the band of nearly all pixels is at least the range divided by this: the noise of an empty frame is not stretched
	maxSample = 1 << 16
)

// level brings a frame to 8 bits.
func level(f Frame) plane {
	low, high := slices.Min(f.Values), slices.Max(f.Values)
	p := newPlane(f.Width, f.Height)
	if low == high {
		return p
	}
	step := max(1, len(f.Values)/maxSample)
	if step > 1 && step%2 == 0 {
		step++ // even widths would sample the same columns in every row
	}
	sample := make([]int32, 0, len(f.Values)/step+1)
	for n := 0; n < len(f.Values); n += step {
		sample = append(sample, f.Values[n])
	}
	slices.Sort(sample)
	from, to := float64(sample[len(sample)/outer]), float64(sample[len(sample)-1-len(sample)/outer])
	span := float64(high) - float64(low)
	if to-from < span/leastBand {
		middle := (from + to) / 2
		from, to = max(float64(low), middle-span/leastBand/2), min(float64(high), middle+span/leastBand/2)
	}
	scale := func(v, a, b, x, y float64) uint8 {
		if b <= a {
			return uint8(y)
		}
		return uint8(x + (v-a)/(b-a)*(y-x))
	}
	// Values come again and again; those of 16 bits are looked up.
	const most = 1 << 16
	of := func(value int32) uint8 {
		switch v := float64(value); {
		case v < from:
			return scale(v, float64(low), from, 0, faint)
		case v <= to:
			return scale(v, from, to, faint, strong)
		default:
			return scale(v, to, float64(high), strong, top)
		}
	}
	if int64(high)-int64(low) < most {
		table := make([]uint8, int(int64(high)-int64(low))+1)
		for n := range table {
			table[n] = of(low + int32(n))
		}
		for n, v := range f.Values {
			p.pix[n] = table[v-low]
		}
		return p
	}
	for n, v := range f.Values {
		p.pix[n] = of(v)
	}
	return p
}

// halved averages squares of two by two pixels.
func (p plane) halved() plane {
	h := newPlane(max(1, p.width/2), max(1, p.height/2))
	if p.width < 2 || p.height < 2 {
		return h
	}
	for y := range h.height {
		a, b := p.pix[2*y*p.width:][:p.width], p.pix[(2*y+1)*p.width:][:p.width]
		row := h.pix[y*h.width:][:h.width]
		for x := range row {
			row[x] = uint8((int(a[2*x]) + int(a[2*x+1]) + int(b[2*x]) + int(b[2*x+1]) + 2) / 4)
		}
	}
	return h
}

// inverted turns dark on bright into bright on dark.
func (p plane) inverted() plane {
	n := newPlane(p.width, p.height)
	for i, v := range p.pix {
		n.pix[i] = top - v
	}
	return n
}
