package jpeg2000

import (
	"encoding/binary"

	"github.com/medhive/medhive/inference/codec/raster"
)

// take acts on a segment of the main header or of a tile-part's.
func (p *parameters) take(seg marked, components int, inTile bool) error {
	if components == 0 {
		return raster.Damaged("a JPEG 2000 segment comes before SIZ")
	}
	switch seg.marker {
	case markerCOD:
		return p.takeCOD(seg.body)
	case markerCOC, markerQCC:
		if len(seg.body) < 1 || int(seg.body[0]) >= components {
			return raster.Damaged("a JPEG 2000 segment names a component that isn't")
		}
		n := int(seg.body[0])
		if seg.marker == markerQCC {
			p.ownQuant[n] = true
			return p.quant[n].take(seg.body[1:])
		}
		if len(seg.body) < 2 {
			return raster.Damaged("a JPEG 2000 COC segment is cut off")
		}
		p.ownCoding[n] = true
		return p.coding[n].take(seg.body[2:], seg.body[1]&1 != 0)
	case markerQCD:
		var q quantisation
		if err := q.take(seg.body); err != nil {
			return err
		}
		for n := range p.quant {
			if !p.ownQuant[n] {
				p.quant[n] = q
			}
		}
	case markerPOC:
		return p.takePOC(seg.body, components)
	case markerRGN:
		if len(seg.body) < 3 || seg.body[2] != 0 {
			return raster.Unsupported("JPEG 2000 with a region of interest")
		}
	case markerPPM, markerPPT:
		return raster.Unsupported("JPEG 2000 with packed packet headers")
	}
	return nil
}

// takeCOD reads COD (T.800 A.6.1).
func (p *parameters) takeCOD(body []byte) error {
	if len(body) < 10 {
		return raster.Damaged("a JPEG 2000 COD segment is cut off")
	}
	p.order, p.layers, p.transformed = int(body[1]), int(binary.BigEndian.Uint16(body[2:])), body[4] != 0
	if p.order > orderCPRL || p.layers == 0 || body[4] > 1 {
		return raster.Damaged("a JPEG 2000 COD segment can't be")
	}
	var c coding
	if err := c.take(body[5:], body[0]&1 != 0); err != nil {
		return err
	}
	for n := range p.coding {
		if !p.ownCoding[n] {
			p.coding[n] = c
		}
	}
	return nil
}

// take reads what COD and COC have in common (T.800 table A.20).
func (c *coding) take(body []byte, ownPrecincts bool) error {
	if len(body) < 5 {
		return raster.Damaged("JPEG 2000 coding parameters are cut off")
	}
	levels, width, height := int(body[0]), int(body[1])+2, int(body[2])+2
	if levels > maxLevels || width > 10 || height > 10 || width+height > 12 || body[4] > 1 {
		return raster.Damaged("JPEG 2000 coding parameters can't be")
	}
	if body[3]>>6 != 0 {
		return raster.Unsupported("JPEG 2000 with high-throughput code-blocks")
	}
	*c = coding{levels: levels, blockWidth: width, blockHeight: height, style: int(body[3]), reversible: body[4] == 1}
	if ownPrecincts && len(body) < 5+levels+1 {
		return raster.Damaged("JPEG 2000 precincts are cut off")
	}
	for n := range levels + 1 {
		c.precincts[n] = [2]uint8{15, 15}
		if ownPrecincts {
			c.precincts[n] = [2]uint8{body[5+n] & 15, body[5+n] >> 4}
			if n > 0 && (c.precincts[n][0] == 0 || c.precincts[n][1] == 0) {
				return raster.Damaged("JPEG 2000 precincts can't be")
			}
		}
	}
	return nil
}

// Styles of quantisation (T.800 table A.28).
const (
	quantNone      = 0
	quantDerived   = 1
	quantExpounded = 2
)

// take reads what QCD and QCC have in common (T.800 A.6.4).
func (q *quantisation) take(body []byte) error {
	if len(body) < 2 {
		return raster.Damaged("a JPEG 2000 quantisation segment is cut off")
	}
	*q = quantisation{style: int(body[0] & 31), guard: int(body[0] >> 5)}
	body = body[1:]
	switch q.style {
	case quantNone:
		q.count = min(len(body), len(q.steps))
		for n := range q.count {
			q.steps[n].exponent = body[n] >> 3
		}
	case quantDerived, quantExpounded:
		q.count = min(len(body)/2, len(q.steps))
		for n := range q.count {
			v := binary.BigEndian.Uint16(body[2*n:])
			q.steps[n] = quantStep{exponent: uint8(v >> 11), mantissa: v & 0x7FF}
		}
	default:
		return raster.Damaged("JPEG 2000 quantisation can't be")
	}
	if q.count == 0 {
		return raster.Damaged("a JPEG 2000 quantisation segment is cut off")
	}
	return nil
}

// step gives exponent and mantissa of subband n, counted from the lowest (T.800 E.1).
// ok is false where the segment doesn't say.
func (q *quantisation) step(n int) (exponent, mantissa int, ok bool) {
	if q.style == quantDerived {
		// Equation E-5: one less for each level below the first.
		exponent = int(q.steps[0].exponent)
		if n > 0 {
			exponent -= (n - 1) / 3
		}
		return exponent, int(q.steps[0].mantissa), exponent >= 0
	}
	return int(q.steps[n].exponent), int(q.steps[n].mantissa), n < q.count
}

// maxOrders bounds the progressions of a tile; OpenJPEG takes 32.
const maxOrders = 1024

// takePOC reads progression order changes (T.800 A.6.6).
func (p *parameters) takePOC(body []byte, components int) error {
	const entry = 7 // bytes, with fewer than 257 components
	if len(body) == 0 || len(body)%entry != 0 {
		return raster.Damaged("a JPEG 2000 POC segment can't be")
	}
	if len(p.orders)+len(body)/entry > maxOrders {
		return raster.Unsupported("JPEG 2000 with so many progression changes")
	}
	for ; len(body) > 0; body = body[entry:] {
		next := progression{
			resFrom: int(body[0]), compFrom: int(body[1]), layerTo: int(binary.BigEndian.Uint16(body[2:])),
			resTo: int(body[4]), compTo: int(body[5]), order: int(body[6]),
		}
		if next.compTo == 0 || next.compTo > components {
			next.compTo = components
		}
		if next.order > orderCPRL || next.layerTo == 0 || next.resFrom >= next.resTo || next.compFrom >= next.compTo {
			return raster.Damaged("a JPEG 2000 POC segment can't be")
		}
		p.orders = append(p.orders, next)
	}
	return nil
}
