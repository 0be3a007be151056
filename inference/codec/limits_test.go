package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"

	"github.com/medhive/medhive/inference/codec"
	"github.com/medhive/medhive/inference/codec/jpeg"
	"github.com/medhive/medhive/inference/codec/jpeg2000"
	"github.com/medhive/medhive/inference/codec/raster"
)

// drawnUp is a JPEG 2000 codestream by hand: square, one layer, all packets empty.
type drawnUp struct {
	edge, tile, components, levels int
	precincts                      []byte // of each resolution: exponents, height above width
	header                         []byte // further segments of the main header
	packets                        int    // of each tile
}

// segmentOf is a marker segment.
func segmentOf(marker byte, body ...byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xFF, marker}, uint16(len(body)+2)), body...)
}

// order is one entry of a POC segment.
func order(resFrom, compFrom, layerTo, resTo, compTo, progression byte) []byte {
	return []byte{resFrom, compFrom, 0, layerTo, resTo, compTo, progression}
}

const markerPOC = 0x5F

func (d drawnUp) bytes() []byte {
	size := []byte{0, 0}
	for _, v := range []int{d.edge, d.edge, 0, 0, d.tile, d.tile, 0, 0} {
		size = binary.BigEndian.AppendUint32(size, uint32(v))
	}
	size = append(size, 0, byte(d.components))
	size = append(size, bytes.Repeat([]byte{7, 1, 1}, d.components)...)
	coding := []byte{0, 0, 0, 1, 0, byte(d.levels), 4, 4, 0, 1}
	if d.precincts != nil {
		coding = append([]byte{1, 0, 0, 1, 0, byte(d.levels), 4, 4, 0, 1}, d.precincts...)
	}
	data := slices.Concat([]byte{0xFF, 0x4F}, segmentOf(0x51, size...), segmentOf(0x52, coding...),
		segmentOf(0x5C, append([]byte{0x40}, bytes.Repeat([]byte{8 << 3}, 3*d.levels+1)...)...), d.header)
	across := (d.edge + d.tile - 1) / d.tile
	for n := range across * across {
		part := segmentOf(0x90, byte(n>>8), byte(n), 0, 0, 0, byte(14+d.packets), 0, 1)
		binary.BigEndian.PutUint32(part[6:], uint32(14+d.packets))
		data = append(append(append(data, part...), 0xFF, 0x93), make([]byte, d.packets)...)
	}
	return append(data, 0xFF, 0xD9)
}

func (d drawnUp) want() raster.Want {
	return raster.Want{Width: d.edge, Height: d.edge, Components: d.components, Cell: 1}
}

// thin has 64 precincts, and 1,024 places where one could begin.
func thin() drawnUp {
	return drawnUp{edge: 64, tile: 64, components: 1, levels: 1, precincts: []byte{0xF0, 0x1F}, packets: 64}
}

// expensive are codestreams that ask for more walks than their size is worth.
func expensive() map[string]drawnUp {
	const byPlace = 3 // PCRL
	many := thin()
	many.header = segmentOf(markerPOC, bytes.Repeat(order(0, 0, 1, 2, 1, byPlace), 9000)...)
	again := drawnUp{edge: 512, tile: 512, components: 1, levels: 1, precincts: []byte{0xF0, 0x1F}, packets: 512}
	again.header = segmentOf(markerPOC, bytes.Repeat(order(0, 0, 1, 2, 1, byPlace), 1000)...)
	tiles := drawnUp{edge: 128, tile: 1, components: 1, packets: 1}
	tiles.header = segmentOf(markerPOC, bytes.Repeat(order(0, 0, 1, 1, 1, 0), 1000)...)
	return map[string]drawnUp{"entries": many, "places": again, "tiles": tiles}
}

// mostSteps is what a picture may cost in steps that make no samples.
func mostSteps(want raster.Want, data []byte) int {
	return 1<<23 + 8*want.Width*want.Height*want.Components + 8*len(data)
}

// Progressions that find nothing new to read, over all places and all tiles, end.
func TestEndlessWalks(t *testing.T) {
	for name, d := range expensive() {
		data := d.bytes()
		got, err := jpeg2000.Decode(d.want(), data)
		if !errors.Is(err, codec.ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
		if most := mostSteps(d.want(), data); got.Steps > most {
			t.Errorf("%s: %d steps; want at most %d", name, got.Steps, most)
		}
	}
}

// Empty packets make a picture, packets that no progression has do not.
func TestMissingPackets(t *testing.T) {
	for name, c := range map[string]struct {
		header []byte
		want   error
	}{
		"one progression":   {nil, nil},
		"two progressions":  {segmentOf(markerPOC, append(order(0, 0, 1, 1, 1, 0), order(1, 0, 1, 2, 1, 0)...)...), nil},
		"no layer":          {segmentOf(markerPOC, order(0, 0, 0, 2, 1, 0)...), codec.ErrDamaged},
		"lowest resolution": {segmentOf(markerPOC, order(0, 0, 1, 1, 1, 0)...), codec.ErrDamaged},
		"no resolution":     {segmentOf(markerPOC, order(7, 0, 1, 9, 1, 2)...), codec.ErrDamaged},
	} {
		d := thin()
		d.header = c.header
		if _, err := jpeg2000.Decode(d.want(), d.bytes()); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", name, err, c.want)
		}
	}
}

// A progression by component passes one by that has none of the resolutions.
func TestProgressionOfOtherComponents(t *testing.T) {
	const byComponent = 4 // CPRL
	d := drawnUp{edge: 8, tile: 8, components: 3, levels: 2, packets: 7}
	coc := segmentOf(0x53, 0, 0, 0, 4, 4, 0, 1) // the first component has no levels
	d.header = append(coc, segmentOf(markerPOC, append(order(0, 0, 1, 1, 3, byComponent), order(1, 0, 1, 3, 3, byComponent)...)...)...)
	if _, err := jpeg2000.Decode(d.want(), d.bytes()); err != nil {
		t.Error(err)
	}
}

// Tables that replace each other cost no memory.
func TestManyTables(t *testing.T) {
	data := []byte{0xFF, 0xD8}
	for range 20 {
		data = append(data, segmentOf(0xC4, make([]byte, 3854*17)...)...)
	}
	before := allocated()
	if _, err := jpeg.Decode(raster.Want{Width: 1, Height: 1, Components: 1, Cell: 1}, false, data); !errors.Is(err, codec.ErrDamaged) {
		t.Error(err)
	}
	if used := allocated() - before; used > 1<<20 {
		t.Errorf("%d bytes allocated for %d bytes of tables", used, len(data))
	}
}
