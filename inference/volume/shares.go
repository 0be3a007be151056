package volume

import (
	"errors"
	"fmt"

	"github.com/medhive/medhive/models"
)

// Shares are probabilities in steps of 1/255 (models.ShareLevels): of each structure, in
// the manifest's order, one byte per voxel of the grid in [k][j][i] order.
type Shares struct {
	Grid
	Data [][]uint8
}

// roundingError is how far outside 0 to 1 a probability may lie: softmax and sigmoid in
// single precision, and the blending of windows, end within a few units of 2⁻²⁴.
const roundingError = 1e-4

// ErrNoProbability is the answer to a model whose probabilities are none.
var ErrNoProbability = errors.New("the model gave a probability outside 0 to 1")

// Quantise writes each probability to out as the nearest of the 256 shares, and the larger
// of two that are equally near. One outside 0 to 1 by more than rounding is an error.
func Quantise(out []uint8, probabilities []float32) error {
	if len(out) != len(probabilities) {
		return fmt.Errorf("%d probabilities for %d voxels", len(probabilities), len(out))
	}
	bad := make([]bool, (len(out)+(1<<14)-1)>>14)
	spread(len(out), func(from, to int) {
		for n, p := range probabilities[from:to] {
			if !(p >= -roundingError && p <= 1+roundingError) { // NaN too
				bad[from>>14] = true
				return
			}
			// The conversion keeps product and sum apart, so that every machine rounds alike.
			out[from+n] = uint8(float32(min(max(p, 0), 1)*models.ShareLevels) + 0.5)
		}
	})
	for _, b := range bad {
		if b {
			return ErrNoProbability
		}
	}
	return nil
}

// Decide labels voxels by their shares: values[c] where structure c counts by the cutoff,
// else 0. shares are [structure][voxel]; a nil structure has a share of 0 everywhere.
// Whoever has the shares counts the same voxels.
func Decide(out []uint8, shares [][]uint8, values []uint8, cutoff models.Cutoff) error {
	if len(shares) != len(values) {
		return fmt.Errorf("shares of %d structures for %d labels", len(shares), len(values))
	}
	for _, s := range shares {
		if s != nil && len(s) != len(out) {
			return errors.New("the shares of a structure do not cover the voxels")
		}
	}
	spread(len(out), func(from, to int) {
		best, sum := make([]int, to-from), make([]int, to-from)
		labels := out[from:to]
		clear(labels)
		for i := range best {
			best[i] = max(cutoff.Least, 1) - 1
		}
		for c, s := range shares {
			if s == nil {
				continue
			}
			for i, v := range s[from:to] {
				sum[i] += int(v)
				if int(v) > best[i] {
					best[i], labels[i] = int(v), values[c]
				}
			}
		}
		if cutoff.Rest {
			for i, b := range best {
				if b <= models.ShareLevels-sum[i] {
					labels[i] = 0
				}
			}
		}
	})
	return nil
}

// MapShares brings shares home as MapLabels does labels: each source voxel takes those of
// the nearest conformed voxel, 0 outside.
func MapShares(shares *Shares, source Grid) (*Shares, error) {
	home := &Shares{Grid: source, Data: make([][]uint8, len(shares.Data))}
	for n, s := range shares.Data {
		mapped, err := MapLabels(&Labels{Grid: shares.Grid, Data: s}, source)
		if err != nil {
			return nil, fmt.Errorf("structure %d: %w", n+1, err)
		}
		home.Data[n] = mapped.Data
		shares.Data[n] = nil // its memory is free for the next one
	}
	return home, nil
}
