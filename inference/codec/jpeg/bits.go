package jpeg

import "encoding/binary"

// bitReader reads the entropy-coded bits of one restart interval, most significant
// first, and drops the zero that follows each 0xFF (T.81 B.1.1.5). It stops at a
// marker: bits beyond it read as zero, and overrun tells that they were asked for.
type bitReader struct {
	data   []byte
	at     int    // next byte to load
	window uint64 // loaded bits, left-aligned
	loaded int    // valid bits of window; below zero when bits beyond the end were used
	ended  bool   // a marker or the end was met
}

// refill loads at least 57 bits where the interval has them.
func (r *bitReader) refill() {
	if r.loaded < 0 {
		return
	}
	if r.at+8 <= len(r.data) {
		word := binary.BigEndian.Uint64(r.data[r.at:])
		// Bytes of 0xFF need the slow way.
		if (^word-0x0101010101010101)&word&0x8080808080808080 == 0 {
			r.window |= word >> r.loaded
			whole := (64 - r.loaded) >> 3
			r.at += whole
			r.loaded += whole << 3
			return
		}
	}
	for r.loaded <= 56 && !r.ended {
		if r.at >= len(r.data) {
			r.ended = true
			return
		}
		v := r.data[r.at]
		if v == 0xFF {
			if r.at+1 >= len(r.data) || r.data[r.at+1] != 0 {
				r.ended = true
				return
			}
			r.at++
		}
		r.at++
		// The fast way may have left part of this byte in the window already.
		r.window = r.window&^(0xFF<<(56-r.loaded)) | uint64(v)<<(56-r.loaded)
		r.loaded += 8
	}
}

// overrun says whether more bits were used than there are.
func (r *bitReader) overrun() bool { return r.loaded < 0 }

// restart looks for the restart marker that ends the interval and starts anew behind
// it. It is false where the next marker is another one.
func (r *bitReader) restart() bool {
	for at := r.at; at+1 < len(r.data); at++ {
		if r.data[at] != 0xFF || r.data[at+1] == 0 || r.data[at+1] == 0xFF {
			continue
		}
		if r.data[at+1]&^7 != markerRST0 {
			return false
		}
		*r = bitReader{data: r.data, at: at + 2}
		return true
	}
	return false
}

// receive takes the next size bits (0 to 16) as a difference or coefficient
// (T.81 F.2.2.1, RECEIVE and EXTEND). The caller has refilled.
func (r *bitReader) receive(size uint) int32 {
	if size == 0 {
		return 0
	}
	v := int32(r.window >> (64 - size))
	r.window <<= size
	r.loaded -= int(size)
	if v < 1<<(size-1) {
		v -= 1<<size - 1
	}
	return v
}

// lookBits is the length of the codes that one look decodes.
const lookBits = 10

// huffman is one decoding table (T.81 annex C and F.2.2.3).
type huffman struct {
	look    [1 << lookBits]uint16 // length<<8 | symbol; 0 for longer codes
	limit   [17]uint32            // per length: first 16-bit left-aligned code that is longer
	first   [17]int32             // per length: index of its first symbol minus its first code
	symbols []uint8
}

// build makes the table of a DHT segment: how many codes each length has, and the
// symbols in the order of their codes. It is false where the codes can't be.
func (h *huffman) build(counts [16]uint8, symbols []uint8) bool {
	*h = huffman{symbols: symbols}
	code, index := uint32(0), 0
	for length := 1; length <= 16; length++ {
		h.first[length] = int32(index) - int32(code)
		for range counts[length-1] {
			if code >= 1<<length {
				return false
			}
			if length <= lookBits {
				from := code << (lookBits - length)
				for n := range uint32(1) << (lookBits - length) {
					h.look[from+n] = uint16(length)<<8 | uint16(symbols[index])
				}
			}
			code++
			index++
		}
		h.limit[length] = code << (16 - length)
		code <<= 1
	}
	return true
}

// next takes one symbol. The caller has refilled. ok is false for a code that the
// table doesn't have.
func (h *huffman) next(r *bitReader) (symbol uint8, ok bool) {
	if e := h.look[r.window>>(64-lookBits)]; e != 0 {
		r.window <<= e >> 8
		r.loaded -= int(e >> 8)
		return uint8(e), true
	}
	return h.nextLong(r)
}

// nextLong is next for codes longer than lookBits.
func (h *huffman) nextLong(r *bitReader) (symbol uint8, ok bool) {
	code := uint32(r.window >> 48)
	for length := lookBits + 1; length <= 16; length++ {
		if code >= h.limit[length] {
			continue
		}
		r.window <<= length
		r.loaded -= length
		return h.symbols[int32(code>>(16-length))+h.first[length]], true
	}
	return 0, false
}

// zigzag maps the order of coefficients in the stream to row·8+column (T.81 figure A.6).
var zigzag = makeZigzag()

func makeZigzag() (order [64]uint8) {
	row, column := 0, 0
	for n := range order {
		order[n] = uint8(row<<3 | column)
		up := (row+column)&1 == 0
		switch {
		case up && column == 7:
			row++
		case up && row == 0:
			column++
		case up:
			row, column = row-1, column+1
		case row == 7:
			column++
		case column == 0:
			row++
		default:
			row, column = row+1, column-1
		}
	}
	return order
}

// ceilDiv rounds the quotient up.
func ceilDiv(a, b int) int { return (a + b - 1) / b }
