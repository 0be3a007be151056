package volume

import (
	"math"
	"slices"
)

// Cubic B-spline interpolation after Unser, Aldroubi and Eden (IEEE Trans. Signal
// Processing 41(2), 1993): a recursive filter turns values into coefficients, whose
// B-splines go through every value. Beyond the ends the values are mirrored at the
// outermost centres (… c b a b c …), as scipy.ndimage does with mode="mirror" and ITK
// does; places beyond the outermost centres take the value at these.

// splinePole is √3 − 2, the pole of the filter.
var splinePole = math.Sqrt(3) - 2

// splineHorizon is how far a value reaches back through the filter: |pole|^64 < 1e-36.
const splineHorizon = 64

// splineLines is how many lines are filtered side by side: a cache line of values.
const splineLines = 16

// coefficients filters width interleaved lines of n values in place: lines[m·width+i] is
// value m of line i.
func coefficients(lines []float64, width int) {
	n := len(lines) / width
	if n < 2 {
		return
	}
	row := func(m int) []float64 { return lines[m*width:][:width] }
	const gain = 6 // (1 − pole)(1 − 1/pole)
	for i := range lines {
		lines[i] *= gain
	}
	causalStart(lines, width, n)
	for m := 1; m < n; m++ {
		before, here := row(m-1), row(m)
		for i := range here {
			here[i] += splinePole * before[i]
		}
	}
	last, before := row(n-1), row(n-2)
	for i := range last {
		last[i] = splinePole / (splinePole*splinePole - 1) * (splinePole*before[i] + last[i])
	}
	for m := n - 2; m >= 0; m-- {
		here, after := row(m), row(m+1)
		for i := range here {
			here[i] = splinePole * (after[i] - here[i])
		}
	}
}

// causalStart adds the mirrored values before the lines to their first ones: the whole
// period of 2n−2 where the lines are short, else as far as they count.
func causalStart(lines []float64, width, n int) {
	for i := range width {
		sum := lines[i]
		if n > splineHorizon {
			power := splinePole
			for m := 1; m < splineHorizon; m++ {
				sum += power * lines[m*width+i]
				power *= splinePole
			}
			lines[i] = sum
			continue
		}
		last := math.Pow(splinePole, float64(n-1))
		sum += last * lines[(n-1)*width+i]
		power, back := splinePole, last*last/splinePole
		for m := 1; m < n-1; m++ {
			sum += (power + back) * lines[m*width+i]
			power *= splinePole
			back /= splinePole
		}
		lines[i] = sum / (1 - last*last)
	}
}

// weights4 are the four coefficients that count at one place along an axis.
type weights4 struct {
	at     [4]int
	weight [4]float32
}

func splineTaps(target, source int, first, ratio float64) []weights4 {
	taps := make([]weights4, target)
	for n := range taps {
		at := min(max(first+float64(n)*ratio, 0), float64(source-1))
		base := int(at)
		t := at - float64(base)
		u := 1 - t
		for i, w := range [4]float64{u * u * u / 6, (4 - 6*t*t + 3*t*t*t) / 6, (4 - 6*u*u + 3*u*u*u) / 6, t * t * t / 6} {
			taps[n].at[i] = mirrored(base-1+i, source)
			taps[n].weight[i] = float32(w)
		}
	}
	return taps
}

// mirrored folds an index that lies one or two steps outside back into 0 … size-1.
func mirrored(n, size int) int {
	if size == 1 {
		return 0
	}
	period := 2*size - 2
	n = ((n % period) + period) % period
	if n >= size {
		n = period - n
	}
	return n
}

// splineSample fills out; img's values become coefficients where they are owned.
func splineSample(out, img *Image, first, ratio [3]float64, owned bool) {
	data := img.Data
	if !owned {
		data = slices.Clone(data)
	}
	for axis := range 3 {
		filterAxis(data, img.Size, axis)
	}
	var taps [3][]weights4
	for n := range 3 {
		taps[n] = splineTaps(out.Size[n], img.Size[n], first[n], ratio[n])
	}
	columns, plane := img.Size[0], img.Size[0]*img.Size[1]
	parallel(0, out.Size[2], func(k int) {
		line := make([]float32, columns)
		tk := taps[2][k]
		for j, tj := range taps[1] {
			clear(line)
			for a := range 4 {
				for b := range 4 {
					w := tk.weight[a] * tj.weight[b]
					if w == 0 {
						continue
					}
					row := data[tk.at[a]*plane+tj.at[b]*columns:][:columns]
					for i, v := range row {
						line[i] += w * v
					}
				}
			}
			row := out.Data[(k*out.Size[1]+j)*out.Size[0]:][:out.Size[0]]
			for i := range row {
				t := &taps[0][i]
				row[i] = t.weight[0]*line[t.at[0]] + t.weight[1]*line[t.at[1]] + t.weight[2]*line[t.at[2]] + t.weight[3]*line[t.at[3]]
			}
		}
	})
}

// filterAxis turns values into coefficients along one axis.
func filterAxis(data []float32, size [3]int, axis int) {
	columns, plane := size[0], size[0]*size[1]
	switch axis {
	case 0:
		parallel(0, size[1]*size[2], func(row int) { filterLines(data[row*columns:], 1, 1, columns) })
	case 1:
		parallel(0, size[2], func(k int) { filterLines(data[k*plane:], columns, columns, size[1]) })
	default:
		parallel(0, size[1], func(j int) { filterLines(data[j*columns:], columns, plane, size[2]) })
	}
}

// filterLines filters width neighbouring lines of n values each, stride apart.
func filterLines(data []float32, width, stride, n int) {
	buffer := make([]float64, n*min(width, splineLines))
	for from := 0; from < width; from += splineLines {
		w := min(splineLines, width-from)
		lines := buffer[:n*w]
		for m := range n {
			for i, v := range data[m*stride+from:][:w] {
				lines[m*w+i] = float64(v)
			}
		}
		coefficients(lines, w)
		for m := range n {
			for i, v := range lines[m*w:][:w] {
				data[m*stride+from+i] = float32(v)
			}
		}
	}
}
