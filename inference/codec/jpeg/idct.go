package jpeg

// The inverse DCT (T.81 A.3.3) in fixed point: rows, then columns, each split into
// its even and odd half. fraction bits of the factors are kept through both passes,
// which needs 64-bit sums and leaves no rounding but the last one.
const fraction = 13

// Factors cos(nπ/16)/2 × 2^13; c4 also scales the DC coefficient (1/√8 = cos(4π/16)/2).
const (
	c1 = 4017
	c2 = 3784
	c3 = 3406
	c4 = 2896
	c5 = 2276
	c6 = 1567
	c7 = 799
)

// inverseDCT writes the 8 × 8 samples of a block, level-shifted and clamped.
func inverseDCT(out []uint16, stride int, in *[64]int32, precision int) {
	var half [64]int64
	for row := 0; row < 64; row += 8 {
		r := (*[8]int32)(in[row : row+8])
		line := (*[8]int64)(half[row : row+8])
		if r[1]|r[2]|r[3]|r[4]|r[5]|r[6]|r[7] == 0 {
			if r[0] != 0 {
				for n := range line {
					line[n] = int64(r[0]) * c4
				}
			}
			continue
		}
		idct8(line, int64(r[0]), int64(r[1]), int64(r[2]), int64(r[3]), int64(r[4]), int64(r[5]), int64(r[6]), int64(r[7]))
	}
	highest, middle := int64(1)<<precision-1, int64(1)<<(precision-1)
	const shift = 2 * fraction
	bias := middle<<shift + 1<<(shift-1)
	for x := range 8 {
		var column [8]int64
		idct8(&column, half[x], half[8+x], half[16+x], half[24+x], half[32+x], half[40+x], half[48+x], half[56+x])
		for y, v := range column {
			out[y*stride+x] = uint16(min(max((v+bias)>>shift, 0), highest))
		}
	}
}

// idct8 is the 8-point inverse: out[n] = Σ factor(k) in[k] cos((2n+1)kπ/16) / 2.
func idct8(out *[8]int64, x0, x1, x2, x3, x4, x5, x6, x7 int64) {
	sum, difference := (x0+x4)*c4, (x0-x4)*c4
	low, high := x2*c2+x6*c6, x2*c6-x6*c2
	e0, e1, e2, e3 := sum+low, difference+high, difference-high, sum-low
	o0 := x1*c1 + x3*c3 + x5*c5 + x7*c7
	o1 := x1*c3 - x3*c7 - x5*c1 - x7*c5
	o2 := x1*c5 - x3*c1 + x5*c7 + x7*c3
	o3 := x1*c7 - x3*c5 + x5*c3 - x7*c1
	out[0], out[7] = e0+o0, e0-o0
	out[1], out[6] = e1+o1, e1-o1
	out[2], out[5] = e2+o2, e2-o2
	out[3], out[4] = e3+o3, e3-o3
}

// flat is inverseDCT for a block that has nothing but its mean.
func flat(out []uint16, stride int, dc int32, precision int) {
	v := min(max((int64(dc)+4)>>3+int64(1)<<(precision-1), 0), int64(1)<<precision-1)
	for y := range 8 {
		line := out[y*stride : y*stride+8]
		for x := range line {
			line[x] = uint16(v)
		}
	}
}
