package jpeg2000

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// analyse is the forward transform of one line by the formulas of T.800 F.4.8, in
// float64: each factor changes the samples of one parity, beginning with the odd ones.
// round is what the reversible wavelet does to each change.
func analyse(line []float64, odd bool, factors []float64, round func(step int, v float64) float64) (low, high []float64) {
	x := append([]float64(nil), line...)
	first := 0 // the first even place
	if odd {
		first = 1
	}
	if len(x) == 1 {
		if odd {
			return nil, []float64{2 * x[0]}
		}
		return x, nil
	}
	for step, factor := range factors {
		for n := (first + 1 - step%2) % 2; n < len(x); n += 2 {
			before, after := n-1, n+1
			if before < 0 {
				before = after
			}
			if after >= len(x) {
				after = before
			}
			x[n] += round(step, factor*(x[before]+x[after]))
		}
	}
	for n, v := range x {
		if n%2 == first {
			low = append(low, v)
		} else {
			high = append(high, v)
		}
	}
	return low, high
}

func convert[T sample](in []float64) []T {
	out := make([]T, len(in))
	for n, v := range in {
		out[n] = T(v)
	}
	return out
}

// inverted undoes one line with both ways of a wavelet: along a row, and down columns
// that are all the same.
func inverted[T sample](lift lifting[T], low, high []T, odd bool) (along, down []T) {
	size := len(low) + len(high)
	along = make([]T, size)
	lift.line(along, low, high, odd)
	const width = 3
	repeat := func(values []T) rowsOf[T] {
		r := rowsOf[T]{stride: width, width: width, count: len(values)}
		for _, v := range values {
			for range width {
				r.data = append(r.data, v)
			}
		}
		return r
	}
	out := rowsOf[T]{data: make([]T, size*width), stride: width, width: width, count: size}
	lift.rows(out, repeat(low), repeat(high), odd)
	for n := range size {
		down = append(down, out.row(n)[width-1])
	}
	return along, down
}

func drawLine(t *rapid.T) ([]float64, bool) {
	line := make([]float64, rapid.IntRange(1, 40).Draw(t, "length"))
	for n := range line {
		line[n] = float64(rapid.IntRange(-32768, 32767).Draw(t, "sample"))
	}
	return line, rapid.Bool().Draw(t, "odd")
}

func TestReversibleWavelet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line, odd := drawLine(t)
		low, high := analyse(line, odd, []float64{-0.5, 0.25}, func(step int, v float64) float64 {
			if step == 0 {
				return math.Ceil(v) // equation F-9 takes the floor of -v away
			}
			return math.Floor(v + 0.5) // equation F-10
		})
		along, down := inverted(lift53, convert[int32](low), convert[int32](high), odd)
		for n, v := range line {
			if float64(along[n]) != v || float64(down[n]) != v {
				t.Fatalf("sample %d is %d along and %d down; want %v", n, along[n], down[n], v)
			}
		}
	})
}

func TestIrreversibleWavelet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		line, odd := drawLine(t)
		low, high := analyse(line, odd, []float64{alpha, beta, gamma, delta}, func(_ int, v float64) float64 { return v })
		if len(line) > 1 {
			for n := range low {
				low[n] /= kappa
			}
			for n := range high {
				high[n] *= kappa
			}
		}
		along, down := inverted(lift97, convert[float32](low), convert[float32](high), odd)
		const rounding = 0.05 // of 32-bit floats at this size of samples
		for n, v := range line {
			if math.Abs(float64(along[n])-v) > rounding || math.Abs(float64(down[n])-v) > rounding {
				t.Fatalf("sample %d is %v along and %v down; want %v", n, along[n], down[n], v)
			}
		}
	})
}
