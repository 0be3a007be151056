package challenge

import "math"

// zero is the byte that stands for 0 in rows and vectors.
const zero = 128

// requantize is what happens to a sum between two layers; see Work.
func requantize(sum int32, shift int) byte {
	scaled := math.RoundToEven(math.Ldexp(float64(sum), -shift))
	return byte(min(max(scaled+zero, 0), 255))
}

// The verifier multiplies three weights at once: a word of 64 bits holds three of them,
// moved to 0 … 2·reach, 21 bits apart. 64 products of a byte and such a weight, at most
// 64·255·126 < 2²¹, fit without touching the next lane; then the lanes are emptied.
const (
	lanes     = 3
	laneBits  = 21
	laneMask  = 1<<laneBits - 1
	laneTerms = 64
	wordGroup = 4 // words that are summed in registers at a time
)

// packed is a matrix in words: group g, input row i, then wordGroup words.
type packed struct {
	inputs, columns int
	words           []uint64
	columnSums      []int32 // of the moved weights
	reach, shift    int
}

// verifier recomputes single rows of a work in plain Go.
type verifier struct {
	work   Work
	inputs inputs
	layers []packed
}

func newVerifier(w Work, seed Seed) *verifier {
	p, _ := profileOf(w.Width)
	made := newWeights(w, seed)
	v := &verifier{work: w, inputs: newInputs(w, seed)}
	for layer, matrix := range made.layers {
		v.layers = append(v.layers, pack(matrix, w.Width, made.columns(layer), p))
	}
	return v
}

func pack(matrix []int8, inputs, columns int, p profile) packed {
	const perGroup = lanes * wordGroup
	groups := (columns + perGroup - 1) / perGroup
	m := packed{inputs: inputs, columns: columns, words: make([]uint64, groups*inputs*wordGroup), columnSums: make([]int32, columns), reach: p.reach, shift: p.shift}
	for i := range inputs {
		row := matrix[i*columns : (i+1)*columns]
		for j, weight := range row {
			moved := int32(weight) + int32(p.reach)
			m.columnSums[j] += moved
			group, within := j/perGroup, j%perGroup
			m.words[(group*inputs+i)*wordGroup+within/lanes] |= uint64(moved) << (laneBits * (within % lanes))
		}
	}
	return m
}

// apply computes one layer of one row: in has inputs bytes, the result columns bytes.
//
//	Σ(u−128)·(p−r) = Σu·p − r·Σu − 128·Σp + 128·r·n, for moved weights p and reach r
func (m packed) apply(in []byte) []byte {
	var inputSum int32
	for _, u := range in {
		inputSum += int32(u)
	}
	constant := int32(zero*m.reach*m.inputs) - int32(m.reach)*inputSum
	out := make([]byte, m.columns)
	for first := 0; first < m.columns; first += lanes * wordGroup {
		group := first / (lanes * wordGroup)
		sums := m.group(m.words[group*m.inputs*wordGroup:(group+1)*m.inputs*wordGroup], in)
		for j := range min(len(sums), m.columns-first) {
			out[first+j] = requantize(sums[j]+constant-zero*m.columnSums[first+j], m.shift)
		}
	}
	return out
}

// group is Σu·p for the columns of one group of words.
func (m packed) group(words []uint64, in []byte) (sums [lanes * wordGroup]int32) {
	for start := 0; start < len(in); start += laneTerms {
		var a, b, c, d uint64
		part := words[start*wordGroup : (start+laneTerms)*wordGroup]
		for _, u := range in[start : start+laneTerms] {
			x := uint64(u)
			a += x * part[0]
			b += x * part[1]
			c += x * part[2]
			d += x * part[3]
			part = part[wordGroup:]
			if len(part) < wordGroup {
				break
			}
		}
		for n, word := range [wordGroup]uint64{a, b, c, d} {
			sums[n*lanes] += int32(word & laneMask)
			sums[n*lanes+1] += int32(word >> laneBits & laneMask)
			sums[n*lanes+2] += int32(word >> (2 * laneBits) & laneMask)
		}
	}
	return sums
}

// row is a row's last layer: outputWidth bytes for Compute, Width for Memory.
func (v *verifier) row(index uint64) []byte {
	x := make([]byte, v.work.Width)
	v.inputs.rows(x, index)
	for _, layer := range v.layers {
		x = layer.apply(x)
	}
	return x
}

// productShift scales the products of table rows with vectors, whose spread is about
// 5,500·√Width, to a byte.
const productShift = 11

// product is a table row times the vectors of a pass: vectorCount bytes.
func product(row, vectors []byte) []byte {
	var sums [vectorCount]int32
	for i, u := range row {
		for j, x := range vectors[i*vectorCount : (i+1)*vectorCount] {
			sums[j] += (int32(u) - zero) * (int32(x) - zero)
		}
	}
	out := make([]byte, vectorCount)
	for j, sum := range sums {
		out[j] = requantize(sum, productShift)
	}
	return out
}
