// Package jpeg2000 decodes JPEG 2000 codestreams (ITU-T T.800, part 1): both wavelets,
// any tiles, layers, precincts and progression, component transforms, and all styles
// of code-blocks. A codestream and the promised picture go in, native pixels come out.
// It holds one tile's coefficients at a time. It never decodes subsampled components,
// regions of interest, packed packet headers or high-throughput blocks; those are
// refused in words, and so is a codestream that was cut off.
package jpeg2000

import "github.com/medhive/medhive/inference/codec/raster"

// Decode decodes one picture.
func Decode(want raster.Want, data []byte) (raster.Got, error) {
	c, err := parse(want, data)
	if err != nil {
		return raster.Got{}, err
	}
	if len(c.tiles) != c.size.across*c.size.down {
		return raster.Got{}, raster.Damaged("JPEG 2000 tiles are missing")
	}
	all := steps{left: mostSteps(want, data)}
	out := raster.Got{Precision: c.size.precision, Signed: c.size.signed, Pixels: make([]byte, want.Bytes())}
	var blocks tier1
	for n := range c.size.across * c.size.down {
		t, err := c.newTile(n, c.tiles[n], &all)
		if err == nil {
			err = t.readPackets()
		}
		if err == nil {
			err = t.decode(&blocks, &writer{want: want, size: c.size, pixels: out.Pixels})
		}
		if err != nil {
			return raster.Got{Steps: all.taken}, err
		}
		out.RGB = out.RGB || t.mixed()
	}
	out.Steps = all.taken
	return out, nil
}

// steps is what the headers of a picture may cost, over all its tiles: a codestream of
// a few bytes can ask for endless walks that find nothing.
type steps struct{ left, taken int }

// mostSteps is far above what encoders ask for: each packet has a byte at least, and
// code-blocks of 4 × 4 with 50 layers stay below it too.
func mostSteps(want raster.Want, data []byte) int {
	return 1<<22 + 4*want.Width*want.Height*want.Components + 4*len(data)
}

// take counts n steps.
func (s *steps) take(n int) error {
	s.taken += n
	if s.left -= n; s.left < 0 {
		return raster.Unsupported("JPEG 2000 with so many packets, layers or places for its size")
	}
	return nil
}

// mixed says whether a colour transform is to be undone. Some encoders ask for it in
// grey pictures too.
func (t *tile) mixed() bool { return t.parameters.transformed && len(t.components) == 3 }

// decode reconstructs the components of a tile and writes them.
func (t *tile) decode(blocks *tier1, w *writer) error {
	mixed := t.mixed()
	if mixed {
		first := t.components[0].coding
		for n := range 3 {
			if t.components[n].coding.reversible != first.reversible {
				return raster.Damaged("JPEG 2000 mixes components of both wavelets")
			}
		}
	}
	samples := (t.x1 - t.x0) * (t.y1 - t.y0)
	var whole buffers[int32]
	var real buffers[float32]
	for n := range t.components {
		comp := &t.components[n]
		if comp.coding.reversible {
			whole.size(n, samples)
			if err := reconstruct(t, comp, blocks, whole.bands, whole.planes[n], lift53); err != nil {
				return err
			}
			if !mixed {
				writePlane(w, t, n, whole.planes[n])
			}
		} else {
			real.size(n, samples)
			if err := reconstruct(t, comp, blocks, real.bands, real.planes[n], lift97); err != nil {
				return err
			}
			if !mixed {
				writePlane(w, t, n, real.planes[n])
			}
		}
		comp.resolutions = nil // its packets are not needed any more
	}
	if !mixed {
		return nil
	}
	if whole.planes[0] != nil {
		inverseRCT(whole.planes)
		for n := range t.components {
			writePlane(w, t, n, whole.planes[n])
		}
		return nil
	}
	inverseICT(real.planes)
	for n := range t.components {
		writePlane(w, t, n, real.planes[n])
	}
	return nil
}

// sample is an integer for the reversible wavelet, real for the other one.
type sample interface{ int32 | float32 }

// buffers are what a tile is reconstructed in: the subbands of one component, and each
// component's result.
type buffers[T sample] struct {
	bands  []T
	planes [3][]T
}

// size makes room for component n.
func (b *buffers[T]) size(n, samples int) {
	if b.bands == nil {
		b.bands = make([]T, samples)
	} else {
		clear(b.bands)
	}
	b.planes[n] = make([]T, samples)
}

// inverseRCT is T.800 G.2.2.
func inverseRCT(planes [3][]int32) {
	r, g, b := planes[0], planes[1], planes[2]
	g, b = g[:len(r)], b[:len(r)]
	for n, y := range r {
		u, v := g[n], b[n]
		green := y - (u+v)>>2
		r[n], g[n], b[n] = v+green, green, u+green
	}
}

// inverseICT is T.800 G.3.2. The conversions keep every machine from fusing a product
// with a sum, so that all get the same pixels.
func inverseICT(planes [3][]float32) {
	r, g, b := planes[0], planes[1], planes[2]
	g, b = g[:len(r)], b[:len(r)]
	for n, y := range r {
		cb, cr := g[n], b[n]
		r[n] = y + float32(1.402*cr)
		g[n] = y - float32(0.344136*cb) - float32(0.714136*cr)
		b[n] = y + float32(1.772*cb)
	}
}

// writer puts tiles among the native pixels.
type writer struct {
	want   raster.Want
	size   size
	pixels []byte
}

// writePlane writes component n of a tile: level shift (T.800 G.1), clamp, and store
// little-endian.
func writePlane[T sample](w *writer, t *tile, n int, plane []T) {
	shift := int32(1) << (w.size.precision - 1)
	low, high := -shift, shift-1
	if w.size.signed {
		shift = 0
	}
	width := t.x1 - t.x0
	cell, step := w.want.Cell, w.want.Components*w.want.Cell
	for y := t.y0; y < t.y1; y++ {
		line := plane[(y-t.y0)*width : (y-t.y0+1)*width]
		out := w.pixels[((y-w.size.y0)*w.want.Width+t.x0-w.size.x0)*step+n*cell:]
		for x, v := range line {
			i := min(max(round(v), low), high) + shift
			at := out[x*step : x*step+cell]
			at[0] = uint8(i)
			for k := 1; k < len(at); k++ {
				at[k] = uint8(i >> (8 * k))
			}
		}
	}
}

// round gives the nearest integer. Values beyond it are clamped afterwards, so they
// only need to stay on their side.
func round[T sample](v T) int32 {
	const beyond = 1 << 24
	if v >= beyond {
		return beyond
	}
	if v <= -beyond {
		return -beyond
	}
	half := T(0.5 * float32(T(1)))
	if v < 0 {
		return int32(v - half)
	}
	return int32(v + half)
}
