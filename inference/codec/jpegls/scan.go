package jpegls

import "math/bits"

// context is the statistics of one neighbourhood (T.87 A.3.4, A.6): a the sum of
// errors' sizes, b their bias, c the correction, n the count. For the two contexts of
// run interruptions b counts the negative errors.
type context struct{ a, b, c, n int32 }

// contextCount is 9³ folded by sign, with the run context in the middle.
const contextCount = 365

// scan is the coding state of one scan. Names follow T.87: span is RANGE, step is
// 2·NEAR+1, long is qbpp.
type scan struct {
	bits                      bitReader
	maxval, near, step, reset int32
	span                      int32
	long, limit               int
	level                     []int8 // of gradient + maxval
	contexts                  [contextCount]context
	runs                      [2]context
}

// runBits is the order of run lengths (T.87 table A.7, J).
var runBits = [32]int{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// line decodes one line of one component. line and above start one sample left of the
// picture.
func (s *scan) line(line, above []int32, width int, index *int) bool {
	if s.near == 0 && s.maxval&(s.maxval+1) == 0 {
		return s.losslessLine(line, above, width, index)
	}
	for x := 1; x <= width; {
		a, b, c, d := line[x-1], above[x], above[x-1], above[x+1]
		q := s.context(a, b, c, d)
		if q != 0 {
			line[x] = s.regular(q, a, b, c)
			x++
			continue
		}
		run := s.run(width+1-x, index)
		if run < 0 {
			return false
		}
		for range run {
			line[x] = a
			x++
		}
		if x <= width {
			line[x] = s.interruption(a, above[x], *index)
			*index = max(*index-1, 0)
			x++
		}
	}
	return true
}

// context numbers the gradients, -364 to 364; its sign is the sign of the first level
// that isn't zero. 0 means a run (T.87 A.3.4).
func (s *scan) context(a, b, c, d int32) int32 {
	m := s.maxval
	return 81*int32(s.level[d-b+m]) + 9*int32(s.level[b-c+m]) + int32(s.level[c-a+m])
}

// losslessLine is line for NEAR 0 and a sample range that is a power of two, written
// out because it is where the time goes.
func (s *scan) losslessLine(line, above []int32, width int, index *int) bool {
	level, maxval, reset := s.level, s.maxval, s.reset
	escape := s.limit - s.long - 1
	r := &s.bits
	line, above = line[:width+border], above[:width+border]
	a, b, c := line[0], above[1], above[0]
	for x := 1; x <= width; {
		d := above[x+1]
		q := 81*int32(level[d-b+maxval]) + 9*int32(level[b-c+maxval]) + int32(level[c-a+maxval])
		if q == 0 {
			run := s.run(width+1-x, index)
			if run < 0 {
				return false
			}
			for i := range line[x : x+run] {
				line[x+i] = a
			}
			x += run
			if x > width {
				break
			}
			line[x] = s.interruption(a, above[x], *index)
			*index = max(*index-1, 0)
			a, c, b = line[x], above[x], above[x+1]
			x++
			continue
		}
		sign := q >> 31 // 0 or -1
		t := &s.contexts[(q^sign)-sign]
		// The prediction: the median of a, b and a+b-c (T.87 A.4.1), corrected.
		guess := a + b - c
		low, high := min(a, b), max(a, b)
		if c >= high {
			guess = low
		} else if c <= low {
			guess = high
		}
		guess += (t.c ^ sign) - sign
		guess = min(max(guess, 0), maxval)
		k := order(t.n, t.a)
		// golomb, by hand where the window holds the whole code.
		zeros := bits.LeadingZeros64(r.window)
		var coded int32
		if used := zeros + 1 + k; zeros < escape && used <= r.loaded {
			coded = int32(zeros)<<(k&31) | int32(r.window<<((zeros+1)&63)>>1>>((63-k)&63))
			r.window <<= used & 63
			r.loaded -= used
		} else {
			coded = r.golomb(k, escape, s.long)
		}
		e := coded>>1 ^ -(coded & 1)
		if k == 0 && 2*t.b <= -t.n {
			e = ^e
		}
		t.update(e, e, reset)
		v := (guess + (e ^ sign) - sign) & maxval
		line[x] = v
		a, c, b = v, b, d
		x++
	}
	return true
}

// order is the Golomb parameter k: the least with n·2^k >= a (T.87 A.5.1).
func order(n, a int32) int {
	if n >= a {
		return 0
	}
	k := bits.Len32(uint32(a)) - bits.Len32(uint32(n))
	if n<<(k&31) < a {
		k++
	}
	return k
}

// regular decodes a sample in a context of either sign (T.87 A.4 to A.6).
func (s *scan) regular(q, a, b, c int32) int32 {
	sign := q >> 31
	t := &s.contexts[(q^sign)-sign]
	guess := a + b - c
	low, high := min(a, b), max(a, b)
	if c >= high {
		guess = low
	} else if c <= low {
		guess = high
	}
	guess = min(max(guess+(t.c^sign)-sign, 0), s.maxval)
	k := order(t.n, t.a)
	coded := s.bits.golomb(k, s.limit-s.long-1, s.long)
	e := coded>>1 ^ -(coded & 1)
	if s.near == 0 && k == 0 && 2*t.b <= -t.n {
		e = ^e
	}
	t.update(e, e*s.step, s.reset)
	return s.rebuild(guess, (e^sign)-sign)
}

// update is T.87 A.6.1 and A.6.2.
func (t *context) update(e, biased, reset int32) {
	t.a += max(e, -e)
	t.b += biased
	if t.n == reset {
		t.a >>= 1
		t.b >>= 1 // rounds to minus infinity, as the standard's formula for b < 0 does
		t.n >>= 1
	}
	t.n++
	if t.b <= -t.n {
		t.b = max(t.b+t.n, 1-t.n)
		t.c = max(t.c-1, -128)
	} else if t.b > 0 {
		t.b = min(t.b-t.n, 0)
		t.c = min(t.c+1, 127)
	}
}

// rebuild adds an error to its prediction, modulo the range (T.87 A.4.5).
func (s *scan) rebuild(guess, e int32) int32 {
	v := guess + e*s.step
	if v < -s.near {
		v += s.span * s.step
	} else if v > s.maxval+s.near {
		v -= s.span * s.step
	}
	return min(max(v, 0), s.maxval)
}

// run decodes the length of a run, at most left (T.87 A.7.1.2). It is negative where
// the code can't be.
func (s *scan) run(left int, index *int) int {
	length := 0
	for {
		if s.bits.loaded < 32 {
			s.bits.refill()
		}
		if s.bits.loaded <= 0 {
			return -1
		}
		if s.bits.take(1) == 0 {
			break
		}
		step := 1 << runBits[*index]
		if length+step > left {
			return left // the end of the line cuts the run off
		}
		length += step
		*index = min(*index+1, 31)
		if length == left {
			return left
		}
	}
	length += int(s.bits.take(runBits[*index]))
	if length >= left {
		return -1
	}
	return length
}

// interruption decodes the sample that ends a run (T.87 A.7.2).
func (s *scan) interruption(a, b int32, index int) int32 {
	if difference := a - b; difference <= s.near && difference >= -s.near {
		return s.rebuild(a, s.runError(1, index))
	}
	e := s.runError(0, index)
	if a > b {
		e = -e
	}
	return s.rebuild(b, e)
}

// runError decodes the error of a run interruption: kind 1 where left and above agree.
func (s *scan) runError(kind int32, index int) int32 {
	t := &s.runs[kind]
	sum := t.a
	if kind == 1 {
		sum += t.n >> 1
	}
	k := order(t.n, sum)
	coded := s.bits.golomb(k, s.limit-runBits[index]-1-s.long-1, s.long)
	folded := coded + kind
	e := (folded + 1) >> 1
	if (k != 0 || 2*t.b >= t.n) == (folded&1 == 1) {
		e = -e
	}
	if e < 0 {
		t.b++
	}
	t.a += (coded + 1 - kind) >> 1
	if t.n == s.reset {
		t.a >>= 1
		t.b >>= 1
		t.n >>= 1
	}
	t.n++
	return e
}

// sampleLine decodes one line of components that are interleaved by sample: a run
// needs all of them, and its interruptions are of kind 0 (T.87 B.3).
func (s *scan) sampleLine(line, above [][]int32, width int, index *int) bool {
	for x := 1; x <= width; {
		var q [3]int32
		all := int32(0)
		for n := range line {
			q[n] = s.context(line[n][x-1], above[n][x], above[n][x-1], above[n][x+1])
			all |= q[n]
		}
		if all != 0 {
			for n := range line {
				line[n][x] = s.regular(q[n], line[n][x-1], above[n][x], above[n][x-1])
			}
			x++
			continue
		}
		run := s.run(width+1-x, index)
		if run < 0 {
			return false
		}
		for n := range line {
			for i := range run {
				line[n][x+i] = line[n][x-1]
			}
		}
		x += run
		if x > width {
			break
		}
		for n := range line {
			a, b := line[n][x-1], above[n][x]
			e := s.runError(0, *index)
			if a > b {
				e = -e
			}
			line[n][x] = s.rebuild(b, e)
		}
		*index = max(*index-1, 0)
		x++
	}
	return true
}
