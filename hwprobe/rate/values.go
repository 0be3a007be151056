package rate

import (
	"math"
	"math/rand/v2"
)

// values are what a graph computes with.
type values struct {
	weights []int8  // [edge][edge], or [out][in][3][3] of a convolution; 7 bit
	start   []uint8 // [edge][edge], or [channel][y][x] of a convolution
	scale   float32 // of the weights in float products
	step    float32 // of an 8-bit result: it is product ÷ step
	limit   float32 // of integers in float
}

// weightBits is the width of the weights. ONNX Runtime adds two u8×s8 products in 16 bit
// on CPUs without VNNI, where 8-bit weights saturate and 7-bit ones do not.
const weightBits = 7

// Deviations of the values, which are uniform: (range)/√12.
const (
	weightDeviation = (1 << weightBits) / 3.4641016
	startDeviation  = 256 / 3.4641016
)

// draw makes the graph's values from a fixed seed: the same numbers on every machine.
// Steps keep the deviation from layer to layer, so that no layer is all zeros or all
// limits: √terms × the weights' deviation; with Relu, which halves the variance, √2 less.
func (g Graph) draw() values {
	random := rand.NewChaCha8([32]byte{'m', 'e', 'd', 'h', 'i', 'v', 'e'})
	count, terms, startCount := g.Edge*g.Edge, g.Edge, g.Edge*g.Edge
	if g.Form == formConvolution {
		const taps = 9
		count, terms, startCount = count*taps, terms*taps, g.Edge*convolutionPlane*convolutionPlane
	}
	raw, start := make([]byte, count), make([]byte, startCount)
	_, _ = random.Read(raw) // never fails
	_, _ = random.Read(start)
	v := values{weights: make([]int8, count), start: start, limit: math.MaxInt8}
	for i, b := range raw {
		v.weights[i] = int8(b) >> (8 - weightBits)
	}
	v.step = float32(math.Sqrt(float64(terms)) * weightDeviation)
	v.scale = 1
	if g.Precision != Int8 {
		v.scale = float32(math.Sqrt2) / v.step
	}
	return v
}

// floats are the start values as floats about 0.
func (v values) floats() []float32 {
	out := make([]float32, len(v.start))
	for i, s := range v.start {
		out[i] = float32(s) - middle
	}
	return out
}

// half is the nearest IEEE 754 binary16, ties to even; beyond its range it is infinite.
func half(x float32) uint16 {
	bits := math.Float32bits(x)
	sign := uint16(bits >> 16 & 0x8000)
	exponent, fraction := int(bits>>23&0xff)-127+15, bits&0x7fffff
	switch {
	case bits&0x7fffffff > 0x7f800000:
		return sign | 0x7e00 // not a number
	case exponent >= 31:
		return sign | 0x7c00
	case exponent <= 0: // below the normal range: shift the hidden bit in
		if exponent < -10 {
			return sign
		}
		fraction |= 0x800000
		return sign | nearest(fraction, uint(14-exponent))
	}
	// A carry out of the fraction raises the exponent, as it should.
	return sign | nearest(uint32(exponent)<<23|fraction, 13)
}

// nearest shifts x right and rounds to nearest, ties to even.
func nearest(x uint32, shift uint) uint16 {
	rest, halfway := x&(1<<shift-1), uint32(1)<<(shift-1)
	x >>= shift
	if rest > halfway || rest == halfway && x&1 == 1 {
		x++
	}
	return uint16(x)
}
