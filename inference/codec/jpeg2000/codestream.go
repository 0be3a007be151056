package jpeg2000

import (
	"bytes"
	"encoding/binary"

	"github.com/medhive/medhive/inference/codec/raster"
)

// Markers (T.800 table A.2).
const (
	markerSOC = 0xFF4F
	markerSIZ = 0xFF51
	markerCOD = 0xFF52
	markerCOC = 0xFF53
	markerQCD = 0xFF5C
	markerQCC = 0xFF5D
	markerRGN = 0xFF5E
	markerPOC = 0xFF5F
	markerPPM = 0xFF60
	markerPPT = 0xFF61
	markerSOT = 0xFF90
	markerSOP = 0xFF91
	markerEPH = 0xFF92
	markerSOD = 0xFF93
	markerEOC = 0xFFD9
)

// size is the SIZ segment: the picture and its tiles on the reference grid.
type size struct {
	x0, y0, x1, y1        int // of the picture
	tileX, tileY          int // where the first tile begins
	tileWidth, tileHeight int
	across, down          int // tiles
	components, precision int
	signed                bool
}

// coding is a COD or COC segment: how a component was transformed and coded.
type coding struct {
	levels      int // of decomposition, 0 to 32
	blockWidth  int // exponents of two
	blockHeight int
	style       int // of code-blocks
	reversible  bool
	precincts   [maxLevels + 1][2]uint8 // exponents of two for each resolution
}

// quantisation is a QCD or QCC segment.
type quantisation struct {
	style int // none, derived, expounded (T.800 table A.28)
	guard int
	steps [3*maxLevels + 1]quantStep
	count int
}

// quantStep is the step of one subband: 2^-exponent (1 + mantissa/2^11), scaled.
type quantStep struct {
	exponent uint8
	mantissa uint16
}

// progression is the order of packets, and with POC the part of them that it covers
// (T.800 A.6.6).
type progression struct {
	order            int
	resFrom, resTo   int
	layerTo          int
	compFrom, compTo int
}

// Progression orders (T.800 table A.16): layer, resolution, component, position.
const (
	orderLRCP = iota
	orderRLCP
	orderRPCL
	orderPCRL
	orderCPRL
)

// maxLevels is what T.800 allows.
const maxLevels = 32

// parameters are what the main header, or a tile's, says.
type parameters struct {
	layers      int
	order       int
	transformed bool // components were mixed (T.800 annex G)
	coding      []coding
	quant       []quantisation
	ownCoding   []bool // by COC, which a COD does not change
	ownQuant    []bool
	orders      []progression
}

// clone lets a tile change its parameters without changing the others'.
func (p parameters) clone() parameters {
	p.coding = append([]coding(nil), p.coding...)
	p.quant = append([]quantisation(nil), p.quant...)
	p.ownCoding = make([]bool, len(p.ownCoding))
	p.ownQuant = make([]bool, len(p.ownQuant))
	return p // a tile with orders of its own begins a new list
}

// tilePart is one part of a tile's packets, and what its header changes.
type tilePart struct {
	header []marked
	body   []byte
}

// marked is one marker segment.
type marked struct {
	marker int
	body   []byte
}

// codestream is a parsed codestream; its packets are not.
type codestream struct {
	size       size
	parameters parameters
	tiles      map[int][]tilePart
}

// unwrap finds the codestream in a JP2 file, which some systems wrongly put into
// DICOM (T.800 annex I).
func unwrap(data []byte) []byte {
	if !bytes.HasPrefix(data, []byte("\x00\x00\x00\x0CjP  ")) {
		return data
	}
	for rest := data; len(rest) >= 8; {
		length, head := uint64(binary.BigEndian.Uint32(rest)), uint64(8)
		if length == 1 && len(rest) >= 16 {
			length, head = binary.BigEndian.Uint64(rest[8:]), 16
		}
		if length == 0 || length > uint64(len(rest)) {
			length = uint64(len(rest))
		}
		if length < head {
			break
		}
		if string(rest[4:8]) == "jp2c" {
			return rest[head:length]
		}
		rest = rest[length:]
	}
	return data
}

// parse reads the headers. The picture is held against the promise as soon as its size
// is known.
func parse(want raster.Want, data []byte) (*codestream, error) {
	data = unwrap(data)
	if len(data) < 4 || binary.BigEndian.Uint16(data) != markerSOC || binary.BigEndian.Uint16(data[2:]) != markerSIZ {
		return nil, raster.Damaged("it does not start as a JPEG 2000 codestream does")
	}
	c := &codestream{tiles: map[int][]tilePart{}}
	for at := 2; ; {
		seg, next, ok := segmentAt(data, at)
		if !ok {
			return nil, raster.Damaged("the JPEG 2000 main header is cut off")
		}
		if seg.marker == markerSOT {
			if err := c.ready(); err != nil {
				return nil, err
			}
			return c, c.takeTiles(data, at)
		}
		var err error
		if seg.marker == markerSIZ {
			err = c.takeSize(want, seg.body)
		} else {
			err = c.parameters.take(seg, c.size.components, false)
		}
		if err != nil {
			return nil, err
		}
		at = next
	}
}

// segmentAt reads the marker segment at a place, and where the next one is.
func segmentAt(data []byte, at int) (seg marked, next int, ok bool) {
	if at+4 > len(data) {
		return seg, 0, false
	}
	length := int(binary.BigEndian.Uint16(data[at+2:]))
	if data[at] != 0xFF || length < 2 || at+2+length > len(data) {
		return seg, 0, false
	}
	return marked{int(binary.BigEndian.Uint16(data[at:])), data[at+4 : at+2+length]}, at + 2 + length, true
}

// takeSize reads SIZ (T.800 A.5.1).
func (c *codestream) takeSize(want raster.Want, body []byte) error {
	if c.size.components != 0 || len(body) < 36 {
		return raster.Damaged("the JPEG 2000 size can't be")
	}
	var v [8]int
	for n := range v {
		v[n] = int(binary.BigEndian.Uint32(body[2+4*n:]))
	}
	components := int(binary.BigEndian.Uint16(body[34:]))
	s := size{
		x1: v[0], y1: v[1], x0: v[2], y0: v[3], tileWidth: v[4], tileHeight: v[5], tileX: v[6], tileY: v[7],
		components: components,
	}
	if len(body) < 36+3*components || components < 1 {
		return raster.Damaged("the JPEG 2000 size is cut off")
	}
	s.precision, s.signed = int(body[36]&0x7F)+1, body[36]&0x80 != 0
	if err := want.Check(s.x1-s.x0, s.y1-s.y0, components, s.precision); err != nil {
		return err
	}
	for n := range components {
		part := body[36+3*n:]
		if part[1] != 1 || part[2] != 1 {
			return raster.Unsupported("JPEG 2000 with subsampled components")
		}
		if part[0] != body[36] {
			return raster.Unsupported("JPEG 2000 whose components differ in depth")
		}
	}
	if s.precision > maxPrecision {
		return raster.Unsupported("JPEG 2000 with %d bits", s.precision)
	}
	if s.tileWidth < 1 || s.tileHeight < 1 || s.tileX > s.x0 || s.tileY > s.y0 ||
		s.tileX+s.tileWidth <= s.x0 || s.tileY+s.tileHeight <= s.y0 {
		return raster.Damaged("JPEG 2000 tiles do not cover the picture")
	}
	s.across, s.down = ceilDiv(s.x1-s.tileX, s.tileWidth), ceilDiv(s.y1-s.tileY, s.tileHeight)
	if s.across*s.down > maxTiles {
		return raster.Damaged("JPEG 2000 has too many tiles")
	}
	c.size = s
	p := &c.parameters
	p.coding, p.quant = make([]coding, components), make([]quantisation, components)
	p.ownCoding, p.ownQuant = make([]bool, components), make([]bool, components)
	return nil
}

// Limits: Isot numbers tiles up to 65534 (T.800 A.4.2); samples of more bits leave no
// room for the growth of the wavelet in 32-bit integers, and DICOM has 16 at most.
const (
	maxTiles     = 65535
	maxPrecision = 16
)

// ready says whether the main header had all that it must have.
func (c *codestream) ready() error {
	p := c.parameters
	if len(p.coding) == 0 || p.layers == 0 {
		return raster.Damaged("the JPEG 2000 main header lacks SIZ or COD")
	}
	for n := range p.quant {
		if p.quant[n].count == 0 {
			return raster.Damaged("the JPEG 2000 main header lacks QCD")
		}
	}
	return nil
}

// takeTiles collects the tile-parts (T.800 A.4.2). at is the first SOT.
func (c *codestream) takeTiles(data []byte, at int) error {
	for at+2 <= len(data) {
		if binary.BigEndian.Uint16(data[at:]) == markerEOC {
			break
		}
		sot, next, ok := segmentAt(data, at)
		if !ok || sot.marker != markerSOT || len(sot.body) < 8 {
			if len(bytes.Trim(data[at:], "\x00")) == 0 {
				break // padding of the fragment
			}
			return raster.Damaged("a JPEG 2000 tile-part header can't be")
		}
		tile, length := int(binary.BigEndian.Uint16(sot.body)), int(binary.BigEndian.Uint32(sot.body[2:]))
		end := at + length
		if length == 0 { // the last one reaches to the end
			end = len(data)
			if bytes.HasSuffix(data, []byte{0xFF, 0xD9}) {
				end -= 2
			}
		}
		if tile >= c.size.across*c.size.down || end > len(data) || end < next {
			return raster.Damaged("a JPEG 2000 tile-part is cut off")
		}
		var part tilePart
		at = next
		for {
			if at+2 > end {
				return raster.Damaged("a JPEG 2000 tile-part has no data")
			}
			if binary.BigEndian.Uint16(data[at:]) == markerSOD {
				at += 2
				break
			}
			seg, next, ok := segmentAt(data[:end], at)
			if !ok {
				return raster.Damaged("a JPEG 2000 tile-part header can't be")
			}
			part.header, at = append(part.header, seg), next
		}
		part.body = data[at:end]
		c.tiles[tile] = append(c.tiles[tile], part)
		at = end
	}
	return nil
}

// ceilDiv rounds the quotient of a number that isn't negative up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }

// ceilShift is ceilDiv by a power of two.
func ceilShift(a, n int) int { return (a + 1<<n - 1) >> n }
