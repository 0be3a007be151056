package volume

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// MinMax scales a copy of the image so that its smallest value is 0 and its largest 1.
func MinMax(img *Image) (*Image, error) {
	out := &Image{Grid: img.Grid, Data: slices.Clone(img.Data)}
	return out, normaliseMinMax(out)
}

// Percentile scales a copy of the image so that the low percentile is 0 and the
// high one 1, both in percent; what lies outside is clipped.
func Percentile(img *Image, low, high float64) (*Image, error) {
	out := &Image{Grid: img.Grid, Data: slices.Clone(img.Data)}
	return out, normalisePercentile(out, low, high)
}

var errFlat = fmt.Errorf("normalise: all values are equal or not finite; is the image empty? %w", ErrUnsuited)

func normaliseMinMax(img *Image) error {
	low, high, err := extent(img)
	if err != nil {
		return err
	}
	scale(img, low, high)
	return nil
}

// extent is the smallest and the largest value; they differ and are finite.
func extent(img *Image) (low, high float32, err error) {
	plane := img.Size[0] * img.Size[1]
	lows, highs := make([]float32, img.Size[2]), make([]float32, img.Size[2])
	parallel(0, img.Size[2], func(k int) {
		values := img.Data[k*plane:][:plane]
		l, h := values[0], values[0]
		for _, v := range values {
			l, h = min(l, v), max(h, v) // a NaN stays
		}
		lows[k], highs[k] = l, h
	})
	low, high = lows[0], highs[0]
	for k := range lows {
		low, high = min(low, lows[k]), max(high, highs[k])
	}
	if !(low < high) || math.IsInf(float64(high-low), 0) {
		return 0, 0, errFlat
	}
	return low, high, nil
}

// each calls work for every plane of values, in parallel.
func (img *Image) each(work func(k int, values []float32)) {
	plane := img.Size[0] * img.Size[1]
	parallel(0, img.Size[2], func(k int) { work(k, img.Data[k*plane:][:plane]) })
}

// scale maps low to 0 and high to 1 and clips the rest.
func scale(img *Image, low, high float32) {
	factor := 1 / (high - low)
	img.each(func(_ int, values []float32) {
		for n, v := range values {
			values[n] = min(max((v-low)*factor, 0), 1)
		}
	})
}

var errWindow = errors.New("window: want a low limit below the high one")

func window(img *Image, low, high float32) error {
	if !(low < high) || math.IsInf(float64(high-low), 0) {
		return errWindow
	}
	scale(img, low, high)
	return nil
}

func clip(img *Image, low, high float32) error {
	if !(low < high) {
		return errWindow
	}
	img.each(func(_ int, values []float32) {
		for n, v := range values {
			values[n] = min(max(v, low), high)
		}
	})
	return nil
}

// normaliseMeanStd subtracts a mean and divides by a standard deviation, one pair for
// the whole image or one per plane, which in a picture is a channel.
func normaliseMeanStd(img *Image, mean, std []float64) error {
	if len(mean) != len(std) || len(mean) != 1 && len(mean) != img.Size[2] {
		return fmt.Errorf("normalise: %d means and %d deviations for %d channels", len(mean), len(std), img.Size[2])
	}
	img.each(func(k int, values []float32) {
		n := min(k, len(mean)-1)
		shift(values, mean[n], std[n])
	})
	return nil
}

func shift(values []float32, mean, std float64) {
	m, factor := float32(mean), float32(1/std)
	for n, v := range values {
		values[n] = (v - m) * factor
	}
}

// normaliseZScore gives the image mean 0 and standard deviation 1 (of the population,
// as numpy's std).
func normaliseZScore(img *Image) error {
	mean, std, err := moments(img, float32(math.Inf(-1)))
	if err != nil {
		return err
	}
	img.each(func(_ int, values []float32) { shift(values, mean, std) })
	return nil
}

// normaliseForeground does so for the values above a threshold; the others become 0.
func normaliseForeground(img *Image, above float32) error {
	mean, std, err := moments(img, above)
	if err != nil {
		return err
	}
	m, factor := float32(mean), float32(1/std)
	img.each(func(_ int, values []float32) {
		for n, v := range values {
			if v > above {
				values[n] = (v - m) * factor
			} else {
				values[n] = 0
			}
		}
	})
	return nil
}

// moments are mean and standard deviation of the values above a threshold. The second
// pass takes squares around the mean, so that large offsets cost no digits.
func moments(img *Image, above float32) (mean, std float64, err error) {
	sums, counts := make([]float64, img.Size[2]), make([]int, img.Size[2])
	total := func() (sum float64) {
		for _, s := range sums {
			sum += s
		}
		return sum
	}
	img.each(func(k int, values []float32) {
		for _, v := range values {
			if !(v <= above) { // a NaN counts and is found below
				sums[k] += float64(v)
				counts[k]++
			}
		}
	})
	count := 0
	for _, c := range counts {
		count += c
	}
	mean = total() / float64(count)
	img.each(func(k int, values []float32) {
		sums[k] = 0
		for _, v := range values {
			if v > above {
				d := float64(v) - mean
				sums[k] += d * d
			}
		}
	})
	std = math.Sqrt(total() / float64(count))
	if !(std > 0) || math.IsInf(std, 0) || math.IsInf(1/std, 0) {
		return 0, 0, errFlat
	}
	return mean, std, nil
}

// normalisePercentile takes percentiles as numpy does: linearly between the two nearest
// of the sorted values.
func normalisePercentile(img *Image, low, high float64) error {
	if !(low >= 0 && high > low && high <= 100) {
		return errors.New("normalise: want 0 ≤ low < high ≤ 100 percent")
	}
	if _, _, err := extent(img); err != nil {
		return err
	}
	r := newRanking(img.Data)
	from, to := r.percentile(low), r.percentile(high)
	if !(from < to) {
		return errFlat
	}
	scale(img, from, to)
	return nil
}
