package jpeg2000

import "github.com/medhive/medhive/inference/codec/raster"

// tile is one tile on its way: what its packets will be sorted into.
type tile struct {
	x0, y0, x1, y1 int // on the reference grid
	parameters     parameters
	components     []component
	packets        []byte
	steps          *steps
}

// component is one component of a tile.
type component struct {
	coding      *coding
	resolutions []resolution
}

// resolution is one resolution level (T.800 B.5): its area, how precincts cut it, and
// the subbands that it adds.
type resolution struct {
	x0, y0, x1, y1       int
	precinctX, precinctY int // exponents of two
	across, down         int // precincts
	precincts            []precinct
	bands                []band
}

// band is one subband (T.800 B.5). Its coefficients stand at (atX, atY) of the tile's
// array, where the next lower resolution has the upper left corner.
type band struct {
	x0, y0, x1, y1 int
	orientation    int
	atX, atY       int
	planes         int     // magnitude bits, Mb of equation E-2
	step           float32 // quantisation step over two, see tier1.decode
}

// precinct holds the code-blocks of each band of one precinct.
type precinct struct {
	layers int // decoded so far
	parts  [3]precinctBand
}

type precinctBand struct {
	across, down       int
	blocks             []block
	inclusion, missing tagTree
}

// block is one code-block and what packets brought of it.
type block struct {
	x0, y0, x1, y1 int // in its band
	included       bool
	planes         int // magnitude bits that are coded
	passes         int
	lengthBits     int // Lblock of T.800 B.10.7
	segments       []segment
	chunks         [][]byte
}

// segment is one codeword segment: passes that were terminated together.
type segment struct{ passes, limit, bytes int }

// newTile lays out a tile whose tile-parts are here (T.800 B.3 to B.7).
func (c *codestream) newTile(index int, parts []tilePart, all *steps) (*tile, error) {
	s := c.size
	p, q := index%s.across, index/s.across
	t := &tile{
		x0: max(s.tileX+p*s.tileWidth, s.x0), y0: max(s.tileY+q*s.tileHeight, s.y0),
		x1: min(s.tileX+(p+1)*s.tileWidth, s.x1), y1: min(s.tileY+(q+1)*s.tileHeight, s.y1),
		parameters: c.parameters.clone(), steps: all,
	}
	ownOrders := false
	for _, part := range parts {
		for _, seg := range part.header {
			if seg.marker == markerPOC && !ownOrders {
				t.parameters.orders, ownOrders = nil, true
			}
			if err := t.parameters.take(seg, s.components, true); err != nil {
				return nil, err
			}
		}
		if len(parts) == 1 {
			t.packets = part.body
		} else {
			t.packets = append(t.packets, part.body...)
		}
	}
	// Blocks and precincts as small as a sample would cost far more memory than samples.
	// This is room for blocks of 8 × 8 anywhere, of 4 × 4 in half a megapixel.
	samples := (t.x1 - t.x0) * (t.y1 - t.y0) * s.components
	budget := 4<<20 + 4*samples
	t.components = make([]component, s.components)
	for n := range t.components {
		if err := t.layOut(n, s.precision, &budget); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// resolutionSteps is what laying out a resolution costs beside its precincts.
const resolutionSteps = 4

// layOut makes the resolutions of one component.
func (t *tile) layOut(n, precision int, budget *int) error {
	coding, quant := &t.parameters.coding[n], &t.parameters.quant[n]
	if coding.reversible != (quant.style == quantNone) {
		return raster.Damaged("JPEG 2000 wavelet and quantisation do not fit together")
	}
	comp := &t.components[n]
	comp.coding, comp.resolutions = coding, make([]resolution, coding.levels+1)
	if err := t.steps.take(resolutionSteps * len(comp.resolutions)); err != nil {
		return err
	}
	for r := range comp.resolutions {
		res := &comp.resolutions[r]
		down := coding.levels - r
		res.x0, res.y0 = ceilShift(t.x0, down), ceilShift(t.y0, down)
		res.x1, res.y1 = ceilShift(t.x1, down), ceilShift(t.y1, down)
		res.precinctX, res.precinctY = int(coding.precincts[r][0]), int(coding.precincts[r][1])
		if res.x1 == res.x0 || res.y1 == res.y0 {
			continue // so are its bands
		}
		res.across = ceilShift(res.x1, res.precinctX) - res.x0>>res.precinctX
		res.down = ceilShift(res.y1, res.precinctY) - res.y0>>res.precinctY
		if err := t.addBands(comp, r, quant, precision); err != nil {
			return err
		}
		if err := res.addPrecincts(coding, r, budget); err != nil {
			return err
		}
	}
	return nil
}

// addBands makes the subbands of resolution r (T.800 B.5, equation B-15).
func (t *tile) addBands(comp *component, r int, quant *quantisation, precision int) error {
	res := &comp.resolutions[r]
	level := comp.coding.levels - r + 1
	orientations := []int{bandHL, bandLH, bandHH}
	if r == 0 {
		level, orientations = comp.coding.levels, []int{bandLL}
	}
	res.bands = make([]band, 0, len(orientations))
	for i, orientation := range orientations {
		b := band{orientation: orientation}
		low := func(v, high int) int { // the band's coordinate of v
			if level == 0 {
				return v
			}
			return (v - high<<(level-1) + 1<<level - 1) >> level
		}
		highX, highY := orientation&1, orientation>>1
		b.x0, b.x1 = low(t.x0, highX), low(t.x1, highX)
		b.y0, b.y1 = low(t.y0, highY), low(t.y1, highY)
		if r > 0 {
			below := comp.resolutions[r-1]
			b.atX, b.atY = highX*(below.x1-below.x0), highY*(below.y1-below.y0)
		}
		number := 0
		if r > 0 {
			number = 3*(r-1) + 1 + i
		}
		exponent, mantissa, ok := quant.step(number)
		if !ok {
			return raster.Damaged("JPEG 2000 quantisation lacks a subband")
		}
		b.planes = quant.guard + exponent - 1
		if b.planes > maxPlanes {
			return raster.Unsupported("JPEG 2000 with %d bit planes", b.planes)
		}
		gain := highX + highY // table E.1
		b.step = 0.5
		if !comp.coding.reversible {
			b.step = stepOf(precision+gain-exponent, mantissa) / 2
		}
		res.bands = append(res.bands, b)
	}
	return nil
}

// maxPlanes is how many magnitude bits fit a signed 32-bit integer with one bit for
// the half below and one against overflow.
const maxPlanes = 29

// stepOf is equation E-3: 2^exponent (1 + mantissa/2^11).
func stepOf(exponent, mantissa int) float32 {
	step := 1 + float32(mantissa)/2048
	for ; exponent > 0; exponent-- {
		step *= 2
	}
	for ; exponent < 0; exponent++ {
		step /= 2
	}
	return step
}

// What a precinct and a code-block cost in memory, with their parts of tag trees.
const (
	precinctCost = 768 // bytes
	blockCost    = 192
)

// addPrecincts cuts the bands into precincts and those into code-blocks (T.800 B.6,
// B.7).
func (res *resolution) addPrecincts(coding *coding, r int, budget *int) error {
	if *budget -= precinctCost * res.across * res.down; res.across > 1<<20 || res.down > 1<<20 || *budget < 0 {
		return raster.Unsupported("JPEG 2000 with so many precincts")
	}
	res.precincts = make([]precinct, res.across*res.down)
	halved := min(r, 1) // bands above the lowest are half as large as their resolution
	width, height := res.precinctX-halved, res.precinctY-halved
	blockWidth, blockHeight := min(coding.blockWidth, width), min(coding.blockHeight, height)
	firstX, firstY := res.x0>>res.precinctX, res.y0>>res.precinctY
	for n := range res.precincts {
		px, py := firstX+n%res.across, firstY+n/res.across
		for i, b := range res.bands {
			x0, x1 := max(b.x0, px<<width), min(b.x1, (px+1)<<width)
			y0, y1 := max(b.y0, py<<height), min(b.y1, (py+1)<<height)
			if x1 <= x0 || y1 <= y0 {
				continue
			}
			part := &res.precincts[n].parts[i]
			bx, by := x0>>blockWidth, y0>>blockHeight
			part.across, part.down = ceilShift(x1, blockWidth)-bx, ceilShift(y1, blockHeight)-by
			if *budget -= blockCost * part.across * part.down; *budget < 0 {
				return raster.Unsupported("JPEG 2000 with so many code-blocks")
			}
			part.blocks = make([]block, part.across*part.down)
			for k := range part.blocks {
				cx, cy := bx+k%part.across, by+k/part.across
				part.blocks[k] = block{
					x0: max(x0, cx<<blockWidth), x1: min(x1, (cx+1)<<blockWidth),
					y0: max(y0, cy<<blockHeight), y1: min(y1, (cy+1)<<blockHeight),
					lengthBits: 3,
				}
			}
			part.inclusion = newTagTree(part.across, part.down)
			part.missing = newTagTree(part.across, part.down)
		}
	}
	return nil
}
