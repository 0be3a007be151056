package volume

import (
	"errors"
	"math"
)

// MinMax scales a copy of the image so that its smallest value is 0 and its largest 1.
func MinMax(img *Image) (*Image, error) {
	out := &Image{Grid: img.Grid, Data: append([]float32(nil), img.Data...)}
	return out, normaliseMinMax(out)
}

// Percentile scales a copy of the image so that the low percentile is 0 and the
// high one 1, both in percent; what lies outside is clipped.
func Percentile(img *Image, low, high float64) (*Image, error) {
	out := &Image{Grid: img.Grid, Data: append([]float32(nil), img.Data...)}
	return out, normalisePercentile(out, low, high)
}

var errFlat = errors.New("normalise: all values are equal or not finite; is the image empty?")

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

// scale maps low to 0 and high to 1 and clips the rest.
func scale(img *Image, low, high float32) {
	factor := 1 / (high - low)
	plane := img.Size[0] * img.Size[1]
	parallel(0, img.Size[2], func(k int) {
		values := img.Data[k*plane:][:plane]
		for n, v := range values {
			values[n] = min(max((v-low)*factor, 0), 1)
		}
	})
}

// bins is the resolution of the histogram from which percentiles are read: finer
// than 12-bit data.
const bins = 1 << 14

// normalisePercentile reads both percentiles from a histogram of 16384 bins
// between the smallest and the largest value; each is exact to one bin.
func normalisePercentile(img *Image, low, high float64) error {
	if !(low >= 0 && high > low && high <= 100) {
		return errors.New("normalise: want 0 ≤ low < high ≤ 100 percent")
	}
	least, most, err := extent(img)
	if err != nil {
		return err
	}
	counts := make([]int, bins)
	perBin := (bins - 1) / (float64(most) - float64(least))
	for _, v := range img.Data {
		counts[int((float64(v)-float64(least))*perBin)]++
	}
	at := func(percent float64) float32 {
		rank, seen := int(percent/100*float64(len(img.Data)-1)), 0
		for n, count := range counts {
			if seen += count; seen > rank {
				return least + float32(float64(n)/perBin)
			}
		}
		return most
	}
	from, to := at(low), at(high)
	if !(from < to) {
		return errFlat
	}
	scale(img, from, to)
	return nil
}
