package volume

import "math"

// ranking answers which value stands at a place of the sorted order, without sorting: a
// histogram over the upper half of each value's bits finds the right drawer, a second
// one over the lower half the value. It is exact and needs half a megabyte.
type ranking struct {
	values []float32
	upper  []int
}

const halfBits = 16

// ordered maps a float32 that is no NaN to an integer that sorts the same way.
func ordered(v float32) uint32 {
	bits := math.Float32bits(v)
	if bits>>31 != 0 {
		return ^bits
	}
	return bits | 1<<31
}

func unordered(key uint32) float32 {
	if key>>31 != 0 {
		return math.Float32frombits(key &^ (1 << 31))
	}
	return math.Float32frombits(^key)
}

func newRanking(values []float32) *ranking {
	r := &ranking{values: values, upper: make([]int, 1<<halfBits)}
	for _, v := range values {
		r.upper[ordered(v)>>halfBits]++
	}
	return r
}

// percentile is numpy.percentile's linear method, 0 to 100.
func (r *ranking) percentile(percent float64) float32 {
	rank := percent / 100 * float64(len(r.values)-1)
	below := int(rank)
	a := float64(r.at(below))
	if part := rank - float64(below); part > 0 {
		a += (float64(r.at(below+1)) - a) * part
	}
	return float32(a)
}

// at is the sorted value number rank, from 0.
func (r *ranking) at(rank int) float32 {
	drawer := uint32(0)
	for rank >= r.upper[drawer] {
		rank -= r.upper[drawer]
		drawer++
	}
	lower := make([]int, 1<<halfBits)
	for _, v := range r.values {
		if key := ordered(v); key>>halfBits == drawer {
			lower[key&(1<<halfBits-1)]++
		}
	}
	rest := uint32(0)
	for rank >= lower[rest] {
		rank -= lower[rest]
		rest++
	}
	return unordered(drawer<<halfBits | rest)
}
