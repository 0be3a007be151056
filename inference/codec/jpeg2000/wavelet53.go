package jpeg2000

// lift53 is the reversible wavelet 5-3 (T.800 F.3.8.1).
var lift53 = lifting[int32]{
	// The bit below the value is dropped towards zero.
	scale: func(v int32, _ float32) int32 { return v / 2 },
	line:  line53,
	rows:  rows53,
}

func line53(out, low, high []int32, odd bool) {
	if len(out) == 1 {
		if odd {
			out[0] = high[0] >> 1
		} else {
			out[0] = low[0]
		}
		return
	}
	last := len(high) - 1
	if odd {
		e := low[0] - (high[0]+high[min(1, last)]+2)>>2
		out[0], out[1] = high[0]+e, e
		for k := 1; k < len(low); k++ {
			next := low[k] - (high[k]+high[min(k+1, last)]+2)>>2
			out[2*k], out[2*k+1] = high[k]+(e+next)>>1, next
			e = next
		}
		if len(high) > len(low) {
			out[len(out)-1] = high[last] + e
		}
		return
	}
	e := low[0] - (2*high[0]+2)>>2
	out[0] = e
	d := high[0]
	inner := low[1:min(len(low), len(high))]
	ahead := high[1:][:len(inner)]
	pairs := out[1:][:2*len(inner)]
	for k, v := range inner {
		d2 := ahead[k]
		next := v - (d+d2+2)>>2
		pairs[2*k], pairs[2*k+1] = d+(e+next)>>1, next
		e, d = next, d2
	}
	if len(low) > len(high) {
		next := low[len(low)-1] - (2*d+2)>>2
		out[len(out)-2], out[len(out)-1] = d+(e+next)>>1, next
		return
	}
	out[len(out)-1] = d + e
}

func rows53(out, low, high rowsOf[int32], odd bool) {
	if out.count == 1 {
		if odd {
			for x, v := range high.row(0) {
				out.row(0)[x] = v >> 1
			}
		} else {
			copy(out.row(0), low.row(0))
		}
		return
	}
	lowAt, highAt := 0, 1
	if odd {
		lowAt, highAt = 1, 0
	}
	// The odd row above each even one follows it at once, while both are in the cache.
	odds := func(k int) {
		before, after := mirrored(k+highAt, low.count)
		a, b := out.row(2*before+lowAt), out.row(2*after+lowAt)
		to := out.row(2*k + highAt)
		from := high.row(k)[:len(to)]
		a, b = a[:len(to)], b[:len(to)]
		for x := range to {
			to[x] = from[x] + (a[x]+b[x])>>1
		}
	}
	done := 0
	for k := range low.count {
		before, after := mirrored(k+lowAt, high.count)
		a, b := high.row(before), high.row(after)
		to := out.row(2*k + lowAt)
		from := low.row(k)[:len(to)]
		a, b = a[:len(to)], b[:len(to)]
		for x := range to {
			to[x] = from[x] - (a[x]+b[x]+2)>>2
		}
		for ; done < high.count && done+highAt <= k; done++ {
			odds(done)
		}
	}
	for ; done < high.count; done++ {
		odds(done)
	}
}
