package jpeg2000

import "github.com/medhive/medhive/inference/codec/raster"

// lifting is one wavelet's inverse (T.800 annex F). A line is made of its low and high
// half; odd tells that it begins with a high one. line works along one row, rows on
// whole rows at once, which is down the columns.
type lifting[T sample] struct {
	scale func(v int32, step float32) T
	line  func(out, low, high []T, odd bool)
	rows  func(out rowsOf[T], low, high rowsOf[T], odd bool)
}

// rowsOf is a part of a plane.
type rowsOf[T sample] struct {
	data          []T
	stride, width int
	count         int
}

func (r rowsOf[T]) row(n int) []T {
	return r.data[n*r.stride : n*r.stride+r.width : n*r.stride+r.width]
}

// reconstruct decodes all blocks of a component into the plane of its subbands and
// undoes the wavelet level by level: rows in place, then columns into out, where the
// next level finds its low quarter. bands is zero at first.
func reconstruct[T sample](t *tile, comp *component, blocks *tier1, bands, out []T, lift lifting[T]) error {
	stride := t.x1 - t.x0
	for r := range comp.resolutions {
		res := &comp.resolutions[r]
		for k := range res.precincts {
			for i := range res.bands {
				part := &res.precincts[k].parts[i]
				for n := range part.blocks {
					b := &part.blocks[n]
					if b.passes == 0 {
						continue
					}
					band := &res.bands[i]
					if !blocks.decode(b, band.orientation, comp.coding.style) {
						return raster.Damaged("a JPEG 2000 code-block can't be decoded")
					}
					place(bands[(band.atY+b.y0-band.y0)*stride+band.atX+b.x0-band.x0:], stride, blocks, band.step, lift.scale)
				}
			}
		}
		if r == 0 {
			width := res.x1 - res.x0
			for y := range res.y1 - res.y0 {
				copy(out[y*stride:y*stride+width], bands[y*stride:])
			}
			continue
		}
		inverse(bands, out, stride, &comp.resolutions[r-1], res, lift)
	}
	return nil
}

// place writes a decoded block into the plane of the subbands.
func place[T sample](out []T, stride int, blocks *tier1, step float32, scale func(int32, float32) T) {
	for y := range blocks.height {
		from := blocks.data[y*blocks.width : (y+1)*blocks.width]
		to := out[y*stride:][:len(from)]
		for x, v := range from {
			to[x] = scale(v, step)
		}
	}
}

// inverse makes a resolution from the next lower one, which is in out, and its own
// subbands (2D_SR, T.800 F.3.2).
func inverse[T sample](bands, out []T, stride int, below, res *resolution, lift lifting[T]) {
	width, height := res.x1-res.x0, res.y1-res.y0
	lowWidth, lowHeight := below.x1-below.x0, below.y1-below.y0
	if width == 0 || height == 0 {
		return
	}
	line := make([]T, width)
	for y := range height {
		row := bands[y*stride : y*stride+width]
		low := row[:lowWidth]
		if y < lowHeight {
			low = out[y*stride : y*stride+lowWidth]
		}
		lift.line(line, low, row[lowWidth:], res.x0&1 != 0)
		copy(row, line)
	}
	part := func(data []T, first, count int) rowsOf[T] {
		return rowsOf[T]{data: data[min(first*stride, len(data)):], stride: stride, width: width, count: count}
	}
	lift.rows(part(out, 0, height), part(bands, 0, lowHeight), part(bands, lowHeight, height-lowHeight), res.y0&1 != 0)
}

// mirrored are the two neighbours, in the other half, of entry n of a half: a line
// continues mirrored at both ends (T.800 F.3.7). The entry stands between behind-1 and
// behind of the other half, behind being n or n+1.
func mirrored(behind, count int) (before, after int) {
	before, after = behind-1, behind
	if before < 0 {
		before = after
	}
	if after >= count {
		after = before
	}
	return before, after
}
