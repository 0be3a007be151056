package jpeg2000

// Coding styles of code-blocks (T.800 table A.19).
const (
	styleBypass    = 1 << 0
	styleReset     = 1 << 1
	styleTerminate = 1 << 2
	styleCausal    = 1 << 3
	styleSegmented = 1 << 5 // segmentation symbols
)

// A code-block is scanned in stripes of four rows. One word holds what is known around
// one column of a stripe: bits 3·(row+1)+column, rows -1 to 4 and columns left, here
// and right, are set where a coefficient is significant; shifted right by 3·row, the
// nine bits around that row are the lowest ones. Above them stand, for each row, its
// sign (bit 19+3·row), whether it was refined before (20), and whether a pass of this
// plane has visited it (21). Bits 18 and 31 are the signs of the rows above and below.
const (
	around    = 0x1EF   // the eight neighbours
	self      = 1 << 4  // this coefficient
	negative  = 1 << 19 // its sign
	refined   = 1 << 20
	visited   = 1 << 21
	signAbove = 18
	signBelow = 31

	selfAll    = self | self<<3 | self<<6 | self<<9
	visitedAll = visited | visited<<3 | visited<<6 | visited<<9
)

// tier1 decodes code-blocks (T.800 annex D). It is reused from block to block.
type tier1 struct {
	mq            mq
	raw           rawBits
	width, height int
	stride        int      // of flags: width + 2
	flags         []uint32 // a stripe of padding above and below
	data          []int32  // width × height, twice the value, see decode
	zero          *[512]uint8
	causal        bool
	fresh, half   int32  // of this plane: a new coefficient's value, and the bit below
	joined        []byte // the chunks of the block
	segment       []byte // one codeword segment and what must follow it
}

// decode decodes the passes of one block into t.data: two's complement, with one more
// bit below the value, which is set half-way into what the missing planes leave open.
// ok is false for a block that can't be.
func (t *tier1) decode(b *block, orientation, style int) bool {
	t.width, t.height = b.x1-b.x0, b.y1-b.y0
	t.stride = t.width + 2
	need := t.stride * ((t.height+3)/4 + 2)
	if cap(t.flags) < need {
		t.flags = make([]uint32, need)
	}
	t.flags = t.flags[:need]
	clear(t.flags)
	if cap(t.data) < t.width*t.height {
		t.data = make([]int32, t.width*t.height)
	}
	t.data = t.data[:t.width*t.height]
	clear(t.data)
	t.zero = &zeroContexts[orientation]
	t.causal = style&styleCausal != 0
	t.joined = t.joined[:0]
	for _, chunk := range b.chunks {
		t.joined = append(t.joined, chunk...)
	}
	t.mq.resetContexts()

	plane, kind, pass, at := b.planes, passCleanup, 0, 0
	for _, seg := range b.segments {
		body := t.joined[at : at+seg.bytes]
		at += seg.bytes
		bypassed := style&styleBypass != 0 && pass >= firstBypassed && kind != passCleanup
		if bypassed {
			t.raw = rawBits{data: body}
		} else {
			t.segment = append(append(t.segment[:0], body...), 0xFF, 0xFF)
			t.mq.start(t.segment)
		}
		for range seg.passes {
			if plane < 1 || !t.pass(kind, plane, bypassed, style) {
				return false
			}
			if style&styleReset != 0 {
				t.mq.resetContexts()
			}
			pass++
			if kind++; kind > passCleanup {
				kind = passPropagate
				plane--
			}
		}
	}
	return true
}

// Coding passes of a plane (T.800 D.3). The first plane has the last one only.
const (
	passPropagate = iota
	passRefine
	passCleanup
)

// firstBypassed is the first pass that styleBypass may take from the arithmetic
// decoder (T.800 D.6): those of the fifth plane.
const firstBypassed = 10

// pass runs one coding pass. Twice the value of the plane's bit is 1<<plane.
func (t *tier1) pass(kind, plane int, bypassed bool, style int) bool {
	t.fresh = int32(3) << plane >> 1 // the bit, and the half below it
	t.half = int32(1) << plane >> 1
	rows := t.height
	for stripe := 0; rows > 0; stripe++ {
		from := (stripe + 1) * t.stride
		high := min(rows, 4)
		switch {
		case kind == passCleanup:
			t.cleanup(from, stripe*4*t.width, high)
		case kind == passPropagate && bypassed:
			t.propagateRaw(from, stripe*4*t.width, high)
		case kind == passPropagate:
			t.propagate(from, stripe*4*t.width, high)
		case bypassed:
			t.refineRaw(from, stripe*4*t.width, high)
		default:
			t.refine(from, stripe*4*t.width, high)
		}
		rows -= 4
	}
	if kind == passCleanup && style&styleSegmented != 0 {
		uniform := &t.mq.contexts[contextUniform]
		symbol := uint8(0)
		for range 4 {
			symbol = symbol<<1 | t.mq.bit(uniform)
		}
		return symbol == 0b1010 // T.800 D.5
	}
	return true
}

// propagate is the significance propagation pass (T.800 D.3.1) over one stripe: those
// that have a significant neighbour. from is the stripe's first word of flags, at its
// first coefficient.
func (t *tier1) propagate(from, at, high int) {
	for x := range t.width {
		word := from + 1 + x
		f := t.flags[word]
		if f == 0 {
			continue
		}
		g := f
		for row := 0; row < high; row, g = row+1, g>>3 {
			if g&(self|visited) != 0 || g&around == 0 {
				continue
			}
			if t.mq.bit(&t.mq.contexts[t.zero[g&around]&31]) != 0 {
				t.flags[word] = f
				t.data[at+row*t.width+x] = t.sign(word, row)
				f = t.flags[word]
				g = f >> (3 * row & 31)
			}
			f |= visited << (3 * row & 31)
		}
		t.flags[word] = f
	}
}

// propagateRaw is propagate where the arithmetic decoder is bypassed.
func (t *tier1) propagateRaw(from, at, high int) {
	for x := range t.width {
		word := from + 1 + x
		for row := range high {
			g := t.flags[word] >> (3 * row & 31)
			if g&(self|visited) != 0 || g&around == 0 {
				continue
			}
			if t.raw.bit() != 0 {
				v := t.fresh
				s := t.raw.bit()
				if s != 0 {
					v = -v
				}
				t.data[at+row*t.width+x] = v
				t.mark(word, row, uint32(s))
			}
			t.flags[word] |= visited << (3 * row & 31)
		}
	}
}

// refine is the magnitude refinement pass (T.800 D.3.3) over one stripe: those that
// were significant before this plane.
func (t *tier1) refine(from, at, high int) {
	half := t.half
	flags := t.flags[from+1 : from+1+t.width]
	for x, f := range flags {
		if f&selfAll == 0 {
			continue
		}
		g := f
		for row := 0; row < high; row, g = row+1, g>>3 {
			if g&(self|visited) != self {
				continue
			}
			n := uint8(contextRefine)
			if g&refined != 0 {
				n += 2
			} else if g&around != 0 {
				n++
			}
			v := &t.data[at+row*t.width+x]
			// Away from zero for a one, towards it for a zero.
			toward := int32(t.mq.bit(&t.mq.contexts[n&31])) - 1
			toward ^= *v >> 31
			*v += (half ^ toward) - toward
			f |= refined << (3 * row & 31)
		}
		flags[x] = f
	}
}

// refineRaw is refine where the arithmetic decoder is bypassed.
func (t *tier1) refineRaw(from, at, high int) {
	for x := range t.width {
		word := from + 1 + x
		for row := range high {
			g := t.flags[word] >> (3 * row & 31)
			if g&(self|visited) != self {
				continue
			}
			v := &t.data[at+row*t.width+x]
			toward := (int32(t.raw.bit()) - 1) ^ *v>>31
			*v += (t.half ^ toward) - toward
			t.flags[word] |= refined << (3 * row & 31)
		}
	}
}

// cleanup is the cleanup pass (T.800 D.3.4) over one stripe: those that no other pass
// of the plane has visited, with run-length coding of columns where nothing is known.
func (t *tier1) cleanup(from, at, high int) {
	for x := range t.width {
		word := from + 1 + x
		f := t.flags[word]
		first := 0
		if f == 0 && high == 4 {
			if t.mq.bit(&t.mq.contexts[contextRun]) == 0 {
				continue
			}
			uniform := &t.mq.contexts[contextUniform]
			first = int(t.mq.bit(uniform)) << 1
			first |= int(t.mq.bit(uniform))
			t.data[at+first*t.width+x] = t.sign(word, first)
			f = t.flags[word]
			first++
		}
		for row := first; row < high; row++ {
			g := f >> (3 * row & 31)
			if g&(self|visited) != 0 {
				continue
			}
			if t.mq.bit(&t.mq.contexts[t.zero[g&around]&31]) != 0 {
				t.data[at+row*t.width+x] = t.sign(word, row)
				f = t.flags[word]
			}
		}
		t.flags[word] = f &^ visitedAll
	}
}

// sign decodes the sign of a coefficient that has just become significant (T.800
// D.3.2), marks it, and gives its value.
func (t *tier1) sign(word, row int) int32 {
	shift := 3 * row & 31
	f := t.flags[word]
	g := f >> shift
	// Bits 1, 3, 5, 7: above, left, right and below are significant; 0, 2, 4, 6: their
	// signs.
	above := g >> 16
	if row == 0 {
		above = f >> signAbove
	}
	n := g&0xAA | above&1 | g>>(22-6)&(1<<6) |
		t.flags[word-1]>>shift>>(19-2)&(1<<2) | t.flags[word+1]>>shift>>(19-4)&(1<<4)
	code := signContexts[n]
	s := t.mq.bit(&t.mq.contexts[code>>1&31]) ^ code&1
	t.mark(word, row, uint32(s))
	if s != 0 {
		return -t.fresh
	}
	return t.fresh
}

// mark tells a coefficient's neighbours that it is significant, and its sign.
func (t *tier1) mark(word, row int, sign uint32) {
	shift := 3 * row & 31
	t.flags[word-1] |= 1 << 5 << shift
	t.flags[word] |= (self | sign*negative) << shift
	t.flags[word+1] |= 1 << 3 << shift
	if row == 0 && !t.causal {
		up := t.flags[word-t.stride-1 : word-t.stride+2]
		up[0] |= 1 << 17
		up[1] |= 1<<16 | sign<<signBelow
		up[2] |= 1 << 15
	}
	if row == 3 {
		down := t.flags[word+t.stride-1 : word+t.stride+2]
		down[0] |= 1 << 2
		down[1] |= 1<<1 | sign<<signAbove
		down[2] |= 1
	}
}
