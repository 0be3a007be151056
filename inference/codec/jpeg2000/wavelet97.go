package jpeg2000

// Factors of the irreversible wavelet 9-7 (T.800 table F.4).
const (
	alpha = -1.586134342059924
	beta  = -0.052980118572961
	gamma = 0.882911075530934
	delta = 0.443506852043971
	kappa = 1.230174104914001
)

// lift97 is the irreversible wavelet 9-7 (T.800 F.3.8.2). Its conversions keep every
// machine from fusing a product with a sum, so that all get the same pixels.
var lift97 = lifting[float32]{
	scale: func(v int32, step float32) float32 { return float32(v) * step },
	line: func(out, low, high []float32, odd bool) {
		rows97(rowsOf[float32]{out, 1, 1, len(out)}, rowsOf[float32]{low, 1, 1, len(low)}, rowsOf[float32]{high, 1, 1, len(high)}, odd)
	},
	rows: rows97,
}

func rows97(out, low, high rowsOf[float32], odd bool) {
	if out.count == 1 {
		if odd {
			for x, v := range high.row(0) {
				out.row(0)[x] = v / 2
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
	for k := range low.count {
		to := out.row(2*k + lowAt)
		for x, v := range low.row(k) {
			to[x] = v * kappa
		}
	}
	for k := range high.count {
		to := out.row(2*k + highAt)
		for x, v := range high.row(k) {
			to[x] = v * (1 / kappa)
		}
	}
	lift := func(first int, factor float32) {
		for n := first; n < out.count; n += 2 {
			before, after := n-1, n+1
			if before < 0 {
				before = after
			}
			if after >= out.count {
				after = before
			}
			to, a, b := out.row(n), out.row(before), out.row(after)
			a, b = a[:len(to)], b[:len(to)]
			for x := range to {
				to[x] -= float32(factor * (a[x] + b[x]))
			}
		}
	}
	lift(lowAt, delta)
	lift(highAt, gamma)
	lift(lowAt, beta)
	lift(highAt, alpha)
}
