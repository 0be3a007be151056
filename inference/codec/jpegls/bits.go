package jpegls

import (
	"encoding/binary"
	"math/bits"
)

// bitReader reads the coded bits of one scan, most significant first. The byte after
// 0xFF carries seven bits, its highest is a stuffed zero (T.87 A.1); where that bit is
// one a marker has come. Bits beyond it read as zero, and loaded falls below zero when
// they are used.
type bitReader struct {
	data    []byte
	at      int
	window  uint64 // left-aligned
	loaded  int    // valid bits of window
	stuffed bool   // the last byte was 0xFF
	ended   bool
}

// refill loads at least 56 bits where the scan has them.
func (r *bitReader) refill() {
	if r.loaded < 0 {
		return
	}
	if !r.stuffed && r.at+8 <= len(r.data) {
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
	// The fast way leaves bits beyond loaded in the window.
	if r.loaded < 64 {
		r.window &^= ^uint64(0) >> r.loaded
	}
	for r.loaded <= 56 && !r.ended {
		if r.at >= len(r.data) {
			r.ended = true
			return
		}
		v := r.data[r.at]
		size := 8
		if r.stuffed {
			if v&0x80 != 0 {
				r.ended = true
				return
			}
			size = 7
		}
		r.at++
		r.stuffed = v == 0xFF
		r.window |= uint64(v) << (64 - size - r.loaded)
		r.loaded += size
	}
}

// end is where the next segment may begin: a marker's 0xFF was taken for a coded byte.
func (r *bitReader) end() int {
	if r.stuffed {
		return r.at - 1
	}
	return r.at
}

// take gives the next n bits, 0 to 32.
func (r *bitReader) take(n int) int32 {
	if r.loaded < n {
		r.refill()
	}
	v := int32(r.window >> 1 >> (63 - n))
	r.window <<= n
	r.loaded -= n
	return v
}

// golomb takes one number of the limited-length Golomb code (T.87 A.5.3): below
// escape zeros a unary part and k bits, else long bits that hold the number less one.
func (r *bitReader) golomb(k, escape, long int) int32 {
	if r.loaded < 57 {
		r.refill()
	}
	zeros := bits.LeadingZeros64(r.window)
	if zeros < escape {
		r.window <<= zeros + 1
		r.loaded -= zeros + 1
		return int32(zeros)<<k | r.take(k)
	}
	r.window <<= escape + 1
	r.loaded -= escape + 1
	return r.take(long) + 1
}
