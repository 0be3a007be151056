package canary

import (
	"math"
	"math/rand/v2"
	"slices"
)

// appearance is what makes an image look like a scan and not like a computation.
type appearance struct {
	noise  float64   // standard deviation of what is noise between neighbours, in stored values
	step   float64   // usual distance between values that occur
	values []float64 // that occur, where they leave most of their range out; else nil
	low    float64   // the least value that occurs
	high   float64   // the greatest

	masked    struct{ low, high bool } // whether they fill areas: a mask or air cut off, saturation
	magnitude bool                     // values are lengths of complex numbers, as those of MR
}

const (
	// area is the part of all samples from which on an extreme value is one that something
	// was set to, rather than one that something had.
	area = 0.001
	// sparse is the part of the values between the extremes below which those that occur
	// are a set of their own: eight bits stretched to twelve, say.
	sparse = 0.6
	// extraNoise is how much noise is added, as a part of the image's own: 1 % more in all.
	extraNoise = 0.15
	// leastNoise, in steps, makes rounding a matter of chance.
	leastNoise = 0.3
	// normalMAD turns a median of absolute values into a standard deviation (1/Φ⁻¹(¾)).
	normalMAD = 1.4826
	// laplacianNorm is the root of the sum of squares of Immerkær's mask.
	laplacianNorm = 6.0
	// maxProbes bounds the places at which noise is looked at.
	maxProbes = 1 << 20
)

// examine looks at all planes of a study; magnitude says that its modality gives such.
func examine(planes []plane, magnitude bool) appearance {
	const offset = 1 << 15
	var counts [1 << 17]uint32
	total := 0
	for _, p := range planes {
		n := p.rows * p.columns * p.samples
		total += n
		for i := range n {
			counts[int(p.value(i))+offset]++
		}
	}
	var a appearance
	occurring := []float64{}
	for v, n := range counts {
		if n > 0 {
			occurring = append(occurring, float64(v-offset))
		}
	}
	a.low, a.high = occurring[0], occurring[len(occurring)-1]
	filled := func(v float64) bool { return float64(counts[int(v)+offset]) > area*float64(total) }
	a.masked.low, a.masked.high = filled(a.low), filled(a.high) && a.high > a.low
	a.step = 1
	if span := a.high - a.low + 1; float64(len(occurring)) < sparse*span && len(occurring) > 1 {
		a.values = occurring
		gaps := make([]float64, len(occurring)-1)
		for n := range gaps {
			gaps[n] = occurring[n+1] - occurring[n]
		}
		slices.Sort(gaps)
		a.step = gaps[len(gaps)/2]
	}
	a.noise, a.magnitude = a.noiseOf(planes), magnitude && a.low >= 0
	return a
}

// set reports whether v is a value that something was set to.
func (a appearance) set(v float64) bool {
	return a.masked.low && v == a.low || a.masked.high && v == a.high
}

// noiseOf estimates the noise by the median of a mask that gives nothing on planes and
// ramps (Immerkær, "Fast Noise Variance Estimation", 1996): the median, since edges are few.
func (a appearance) noiseOf(planes []plane) float64 {
	total := 0
	for _, p := range planes {
		total += p.rows * p.columns
	}
	stride := max(1, total/maxProbes)
	var found []float64
	for _, p := range planes {
		for i := 0; i < p.rows*p.columns; i += stride {
			if v, ok := a.laplacian(p, i%p.columns, i/p.columns); ok {
				found = append(found, math.Abs(v))
			}
		}
	}
	if len(found) == 0 {
		return 0
	}
	slices.Sort(found)
	return normalMAD * found[len(found)/2] / laplacianNorm
}

// laplacian is Immerkær's mask around a pixel; false at edges and beside values that
// something was set to.
func (a appearance) laplacian(p plane, x, y int) (float64, bool) {
	if x < 1 || y < 1 || x >= p.columns-1 || y >= p.rows-1 {
		return 0, false
	}
	mask := [9]float64{1, -2, 1, -2, 4, -2, 1, -2, 1}
	sum := 0.0
	for n, m := range mask {
		v := p.value(((y+n/3-1)*p.columns + x + n%3 - 1) * p.samples)
		if a.set(v) {
			return 0, false
		}
		sum += m * v
	}
	return sum, true
}

// noisy adds noise as the modality has it. A magnitude is the length of a complex number
// whose parts have normal noise (Gudbjartsson and Patz, "The Rician Distribution of Noisy MRI
// Data", 1995), so dark places stay as dark as more noise makes them. Other values are
// folded at the least one, rather than piled up there.
func (a appearance) noisy(v, sigma float64, source *rand.Rand) float64 {
	v += sigma * source.NormFloat64()
	if a.magnitude {
		return math.Hypot(v, sigma*source.NormFloat64())
	}
	if v < a.low {
		v = 2*a.low - v
	}
	return v
}

// occurring rounds to a value that occurs.
func (a appearance) occurring(v float64) float64 {
	if a.values == nil {
		return math.Round(v)
	}
	n, _ := slices.BinarySearch(a.values, v)
	switch {
	case n == 0:
		return a.values[0]
	case n == len(a.values) || v-a.values[n-1] < a.values[n]-v:
		return a.values[n-1]
	}
	return a.values[n]
}
