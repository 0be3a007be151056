package burnin

import (
	"bytes"
	"encoding/binary"
)

// strokeReach is the half edge of the square that no stroke may hold: strokes are up to
// 2·strokeReach pixels wide.
const strokeReach = 4

// spans are the shifts that make an extreme over 2·strokeReach+1 values of extremes over one:
// of 2, 4, 8 and 9 values.
var spans = [...]int{1, 2, 4, 1}

// strokes is how much each pixel is brighter than what surrounds it, if it belongs to a
// structure thinner than the square (white top-hat: the plane less its opening).
func (p plane) strokes() plane {
	opened := p.reach(least).reach(most)
	for i, v := range p.pix {
		opened.pix[i] = v - opened.pix[i] // an opening is nowhere above its plane
	}
	return opened
}

// reach is the extreme value in the square around each pixel, which ends at the edges.
func (p plane) reach(extreme func(into, other []uint8)) plane {
	wide := p.width + 2*strokeReach
	line := make([]uint8, wide)
	tall := newPlane(p.width, p.height+2*strokeReach)
	for y := range p.height {
		row := p.pix[y*p.width:][:p.width]
		copy(line[strokeReach:], row)
		copy(line, bytes.Repeat(row[:1], strokeReach))
		copy(line[wide-strokeReach:], bytes.Repeat(row[p.width-1:], strokeReach))
		for _, shift := range spans {
			extreme(line[:wide-shift], line[shift:])
		}
		copy(tall.pix[(y+strokeReach)*p.width:], line[:p.width])
	}
	for n := range strokeReach {
		copy(tall.pix[n*p.width:][:p.width], tall.pix[strokeReach*p.width:])
		copy(tall.pix[(tall.height-1-n)*p.width:][:p.width], tall.pix[(tall.height-1-strokeReach)*p.width:])
	}
	for _, shift := range spans {
		extreme(tall.pix[:len(tall.pix)-shift*p.width], tall.pix[shift*p.width:])
	}
	return plane{width: p.width, height: p.height, pix: tall.pix[:len(p.pix)]}
}

// wordBytes are compared at once.
const wordBytes = 8

// least puts the lesser of two values each into the first list. The second may be the
// first from a later value on.
func least(into, other []uint8) {
	n := 0
	for ; n+wordBytes <= len(into); n += wordBytes {
		a, b := binary.LittleEndian.Uint64(into[n:]), binary.LittleEndian.Uint64(other[n:])
		m := notLess(a, b)
		binary.LittleEndian.PutUint64(into[n:], b&m|a&^m)
	}
	for ; n < len(into); n++ {
		into[n] = min(into[n], other[n])
	}
}

// most is least for the greater values.
func most(into, other []uint8) {
	n := 0
	for ; n+wordBytes <= len(into); n += wordBytes {
		a, b := binary.LittleEndian.Uint64(into[n:]), binary.LittleEndian.Uint64(other[n:])
		m := notLess(a, b)
		binary.LittleEndian.PutUint64(into[n:], a&m|b&^m)
	}
	for ; n < len(into); n++ {
		into[n] = max(into[n], other[n])
	}
}

// notLess sets the bytes of a that are b's or greater, all eight at once: the difference of
// the lower seven bits borrows from the highest, which then decides with the highest bits.
func notLess(a, b uint64) uint64 {
	const high = 0x8080808080808080
	d := (a | high) - (b &^ high)
	flags := (a&^b | ^(a^b)&d) & high
	return flags >> 7 * 0xFF
}
