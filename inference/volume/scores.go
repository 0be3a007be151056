package volume

import (
	"errors"
	"fmt"
	"math"
)

// spread calls work for consecutive ranges of n voxels, in parallel.
func spread(n int, work func(from, to int)) {
	const part = 1 << 14 // voxels: four channels of them stay in the second-level cache
	parts := (n + part - 1) / part
	parallel(0, parts, func(p int) { work(p*part, min((p+1)*part, n)) })
}

// Softmax turns scores of [channel][n] into shares that add up to 1 over the channels of
// each n, in place. The largest is subtracted first, so that nothing overflows.
func Softmax(scores []float32, channels int) {
	n := len(scores) / channels
	spread(n, func(from, to int) {
		for v := from; v < to; v++ {
			most := scores[v]
			for c := 1; c < channels; c++ {
				most = max(most, scores[c*n+v])
			}
			sum := 0.0
			for c := range channels {
				e := math.Exp(float64(scores[c*n+v] - most))
				scores[c*n+v] = float32(e)
				sum += e
			}
			for c := range channels {
				scores[c*n+v] = float32(float64(scores[c*n+v]) / sum)
			}
		}
	})
}

// Sigmoid turns each value x into 1/(1+e⁻ˣ), in place.
func Sigmoid(scores []float32) {
	spread(len(scores), func(from, to int) {
		for n, v := range scores[from:to] {
			scores[from+n] = float32(1 / (1 + math.Exp(-float64(v))))
		}
	})
}

// ErrNotFinite is the answer to a model that gives no numbers.
var ErrNotFinite = errors.New("the model gave values that are not finite")

// Argmax writes values[c] for the channel c that is largest at each voxel, the first one
// among equals. A score that is no number is an error.
func Argmax(out []uint8, scores []float32, values []uint8) error {
	return choose(out, scores, values, float32(math.Inf(-1)))
}

// Threshold writes values[c] for the largest channel c where that is above a limit, and
// 0 elsewhere.
func Threshold(out []uint8, scores []float32, values []uint8, above float32) error {
	return choose(out, scores, values, above)
}

func choose(out []uint8, scores []float32, values []uint8, above float32) error {
	n := len(out)
	if len(values) == 0 || len(scores) != n*len(values) {
		return fmt.Errorf("%d scores for %d voxels of %d channels", len(scores), n, len(values))
	}
	bad := make([]bool, (n+(1<<14)-1)>>14)
	spread(n, func(from, to int) {
		labels := out[from:to]
		best := make([]float32, to-from)
		for i := range best {
			best[i] = above
			labels[i] = 0
		}
		sum := float32(0)
		for c, value := range values {
			for i, v := range scores[c*n+from : c*n+to] {
				sum += v * 0 // NaN and infinity stay, all else is 0
				if v > best[i] {
					best[i], labels[i] = v, value
				}
			}
		}
		bad[from>>14] = sum != 0
	})
	for _, b := range bad {
		if b {
			return ErrNotFinite
		}
	}
	return nil
}
