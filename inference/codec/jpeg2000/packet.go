package jpeg2000

import (
	"math/bits"

	"github.com/medhive/medhive/inference/codec/raster"
)

// headerBits reads the bits of a packet header; the byte after 0xFF carries seven
// (T.800 B.10.1). Beyond the end ended is set.
type headerBits struct {
	data  []byte
	at    int
	held  uint32
	left  int
	ended bool
}

func (r *headerBits) bit() uint32 {
	if r.left == 0 {
		size := 8
		if r.held == 0xFF {
			size = 7
		}
		if r.at >= len(r.data) {
			r.ended, r.held, r.left = true, 0, 8
			return 1 // a one ends every loop that waits for bits
		}
		r.held, r.left = uint32(r.data[r.at]), size
		r.at++
	}
	r.left--
	return r.held >> r.left & 1
}

func (r *headerBits) bits(n int) int {
	v := 0
	for range n {
		v = v<<1 | int(r.bit())
	}
	return v
}

// align skips to the next byte, and over the stuffed one after 0xFF.
func (r *headerBits) align() {
	if r.held == 0xFF {
		r.at++
	}
	r.held, r.left = 0, 0
}

// readPackets sorts all packets into the blocks, in the order of the progression.
func (t *tile) readPackets() error {
	orders := t.parameters.orders
	if len(orders) == 0 {
		orders = []progression{{
			order: t.parameters.order, resTo: maxLevels + 1, layerTo: t.parameters.layers, compTo: len(t.components),
		}}
	}
	for _, p := range orders {
		p.layerTo = min(p.layerTo, t.parameters.layers)
		if err := t.progress(p, t.readPacket); err != nil {
			return err
		}
	}
	// A packet may be empty, but each precinct has one.
	for _, comp := range t.components {
		for _, res := range comp.resolutions {
			for k := range res.precincts {
				if res.precincts[k].layers == 0 {
					return raster.Damaged("the JPEG 2000 progressions leave packets out")
				}
			}
		}
	}
	return nil
}

// readPacket reads the next packet: one layer of one precinct (T.800 B.9, B.10).
func (t *tile) readPacket(comp *component, res *resolution, p *precinct) error {
	data := t.packets
	if len(data) >= 6 && data[0] == markerSOP>>8 && data[1] == markerSOP&0xFF {
		data = data[6:]
	}
	if len(data) == 0 {
		return raster.Damaged("the JPEG 2000 ends before its packets do")
	}
	layer := p.layers
	p.layers++
	r := &headerBits{data: data}
	var bodies []*block
	var chunks []int
	if r.bit() != 0 {
		for i := range res.bands {
			part := &p.parts[i]
			if err := t.steps.take(len(part.blocks)); err != nil {
				return err
			}
			for k := range part.blocks {
				before := len(chunks)
				var err error
				chunks, err = part.readBlock(r, k, layer, comp.coding.style, res.bands[i].planes, chunks)
				if err != nil {
					return err
				}
				for range len(chunks) - before {
					bodies = append(bodies, &part.blocks[k])
				}
			}
		}
	}
	r.align()
	if r.ended || r.at > len(data) {
		return raster.Damaged("a JPEG 2000 packet header is cut off")
	}
	data = data[r.at:]
	if len(data) >= 2 && data[0] == markerEPH>>8 && data[1] == markerEPH&0xFF {
		data = data[2:]
	}
	for n, size := range chunks {
		if size > len(data) {
			return raster.Damaged("a JPEG 2000 packet is cut off")
		}
		if size > 0 {
			bodies[n].chunks = append(bodies[n].chunks, data[:size])
		}
		data = data[size:]
	}
	t.packets = data
	return nil
}

// readBlock reads what a packet header says of code-block k, and appends the lengths
// of what the packet body holds of it.
func (part *precinctBand) readBlock(r *headerBits, k, layer, style, planes int, chunks []int) ([]int, error) {
	b := &part.blocks[k]
	x, y := k%part.across, k/part.across
	if b.included {
		if r.bit() == 0 {
			return chunks, nil
		}
	} else {
		if _, is := part.inclusion.below(r, x, y, int32(layer)+1); !is {
			return chunks, nil
		}
		missing, is := part.missing.below(r, x, y, int32(planes)+1)
		if !is {
			return nil, raster.Damaged("a JPEG 2000 code-block has no bit planes")
		}
		b.included, b.planes = true, planes-int(missing)
	}
	passes := r.passes()
	for r.bit() != 0 {
		if b.lengthBits++; b.lengthBits > 31 || r.ended {
			return nil, raster.Damaged("a JPEG 2000 code-block has an absurd length")
		}
	}
	if b.passes+passes > max(3*b.planes-2, 0) {
		return nil, raster.Damaged("a JPEG 2000 code-block has too many passes")
	}
	for passes > 0 {
		last := len(b.segments) - 1
		if last < 0 || b.segments[last].passes == b.segments[last].limit {
			b.segments = append(b.segments, segment{limit: passLimit(style, len(b.segments))})
			last++
		}
		seg := &b.segments[last]
		n := min(passes, seg.limit-seg.passes)
		size := r.bits(b.lengthBits + bits.Len(uint(n)) - 1)
		seg.passes += n
		seg.bytes += size
		b.passes += n
		passes -= n
		chunks = append(chunks, size)
	}
	return chunks, nil
}

// passLimit is how many passes codeword segment n may have (T.800 D.4.2, D.6).
func passLimit(style, n int) int {
	const all = 3 * maxPlanes
	switch {
	case style&styleTerminate != 0:
		return 1
	case style&styleBypass == 0:
		return all
	case n == 0:
		return firstBypassed
	case n%2 == 1:
		return 2 // two bypassed passes
	}
	return 1 // and a cleanup pass
}

// passes reads the number of coding passes (T.800 table B.4).
func (r *headerBits) passes() int {
	if r.bit() == 0 {
		return 1
	}
	if r.bit() == 0 {
		return 2
	}
	if n := r.bits(2); n < 3 {
		return 3 + n
	}
	if n := r.bits(5); n < 31 {
		return 6 + n
	}
	return 37 + r.bits(7)
}
