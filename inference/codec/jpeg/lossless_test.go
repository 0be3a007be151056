package jpeg_test

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/codec/jpeg"
	"github.com/medhive/medhive/inference/codec/raster"
)

// losslessEncoder writes JPEG lossless by the formulas of T.81 annex H, for tests.
// Other projects' encoders write no restart markers and no scans of one component.
type losslessEncoder struct {
	width, height, components int
	precision, point          int
	predictor                 int
	restartLines              int // 0 for no restarts
	samples                   []uint16
	out                       bytes.Buffer
	held                      uint32
	count                     int
}

func (e *losslessEncoder) segment(marker byte, body ...byte) {
	e.out.Write([]byte{0xFF, marker})
	e.out.Write(binary.BigEndian.AppendUint16(nil, uint16(len(body)+2)))
	e.out.Write(body)
}

func (e *losslessEncoder) put(v uint32, n int) {
	for n--; n >= 0; n-- {
		e.held = e.held<<1 | v>>n&1
		if e.count++; e.count == 8 {
			e.out.WriteByte(byte(e.held))
			if byte(e.held) == 0xFF {
				e.out.WriteByte(0)
			}
			e.held, e.count = 0, 0
		}
	}
}

func (e *losslessEncoder) flush() {
	for e.count != 0 {
		e.put(1, 1)
	}
}

// encode writes one scan for all components, or one for each.
func (e *losslessEncoder) encode(interleaved bool) []byte {
	e.out.Write([]byte{0xFF, 0xD8})
	frame := append([]byte{byte(e.precision)}, binary.BigEndian.AppendUint16(nil, uint16(e.height))...)
	frame = append(binary.BigEndian.AppendUint16(frame, uint16(e.width)), byte(e.components))
	for c := range e.components {
		frame = append(frame, byte(c+1), 0x11, 0)
	}
	e.segment(0xC3, frame...)
	table := make([]byte, 17, 34) // 17 categories, codes of five bits
	table[5] = 17
	for n := range byte(17) {
		table = append(table, n)
	}
	e.segment(0xC4, table...)
	if e.restartLines > 0 {
		e.segment(0xDD, binary.BigEndian.AppendUint16(nil, uint16(e.restartLines*e.width))...)
	}
	var scans [][]int
	if interleaved {
		scans = append(scans, []int{0, 1, 2}[:e.components])
	} else {
		for c := range e.components {
			scans = append(scans, []int{c})
		}
	}
	for _, components := range scans {
		head := []byte{byte(len(components))}
		for _, c := range components {
			head = append(head, byte(c+1), 0)
		}
		e.segment(0xDA, append(head, byte(e.predictor), 0, byte(e.point))...)
		e.scan(components)
	}
	e.out.Write([]byte{0xFF, 0xD9})
	return e.out.Bytes()
}

func (e *losslessEncoder) scan(components []int) {
	at := func(x, y, c int) int {
		return int(e.samples[(y*e.width+x)*e.components+c] >> e.point)
	}
	restarts := 0
	for y := range e.height {
		fresh := y == 0
		if e.restartLines > 0 && y > 0 && y%e.restartLines == 0 {
			e.flush()
			e.out.Write([]byte{0xFF, byte(0xD0 + restarts%8)})
			restarts++
			fresh = true
		}
		for x := range e.width {
			for _, c := range components {
				var guess int
				switch {
				case fresh && x == 0:
					guess = 1 << (e.precision - e.point - 1)
				case fresh:
					guess = at(x-1, y, c)
				case x == 0:
					guess = at(x, y-1, c)
				default:
					a, b, d := at(x-1, y, c), at(x, y-1, c), at(x-1, y-1, c)
					guess = []int{0, a, b, d, a + b - d, a + (b-d)>>1, b + (a-d)>>1, (a + b) >> 1}[e.predictor]
				}
				e.difference(int(int16(at(x, y, c) - guess)))
			}
		}
	}
	e.flush()
}

func (e *losslessEncoder) difference(d int) {
	if d == -32768 {
		e.put(16, 5)
		return
	}
	size := bits.Len(uint(max(d, -d)))
	e.put(uint32(size), 5)
	if d < 0 {
		d += 1<<size - 1
	}
	e.put(uint32(d), size)
}

// Every predictor, depth, point transform, restart interval and order of components
// gives back what went in, but for the bits that the point transform drops.
func TestLosslessRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := losslessEncoder{
			width: rapid.IntRange(1, 40).Draw(t, "width"), height: rapid.IntRange(1, 24).Draw(t, "height"),
			components: rapid.SampledFrom([]int{1, 3}).Draw(t, "components"),
			precision:  rapid.IntRange(2, 16).Draw(t, "precision"),
			predictor:  rapid.IntRange(1, 7).Draw(t, "predictor"),
		}
		e.point = rapid.IntRange(0, min(4, e.precision-1)).Draw(t, "point")
		e.restartLines = rapid.IntRange(0, 5).Draw(t, "restart lines")
		spread := rapid.IntRange(0, e.precision).Draw(t, "spread")
		state := rapid.Uint32().Draw(t, "seed")
		for range e.width * e.height * e.components {
			state = state*1664525 + 1013904223
			e.samples = append(e.samples, uint16(state>>16)>>(16-e.precision)>>spread)
		}
		want := raster.Want{Width: e.width, Height: e.height, Components: e.components, Cell: 2}
		got, err := jpeg.Decode(want, false, e.encode(rapid.Bool().Draw(t, "interleaved")))
		if err != nil {
			t.Fatal(err)
		}
		for n, v := range e.samples {
			if g := binary.LittleEndian.Uint16(got.Pixels[2*n:]); g != v>>e.point<<e.point {
				t.Fatalf("sample %d is %d; want %d", n, g, v)
			}
		}
		if got.Precision != e.precision || got.RGB {
			t.Errorf("described as %d bits, RGB %v", got.Precision, got.RGB)
		}
	})
}
