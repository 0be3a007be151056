package volume

import (
	"errors"
	"fmt"

	"github.com/medhive/medhive/models"
)

// Conform runs a manifest's preprocessing steps in order. The result's grid says
// where each of its voxels lies in the patient, which is all that MapLabels needs.
// The input keeps its values.
func Conform(img *Image, steps []models.Step) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("conform: %w", err)
	}
	original := img
	for n, step := range steps {
		next, err := conformStep(img, step, img != original)
		if err != nil {
			return nil, fmt.Errorf("preprocess step %d: %w", n+1, err)
		}
		img = next
	}
	return img, nil
}

// conformStep runs one step; owned says that img's values may be overwritten.
func conformStep(img *Image, step models.Step, owned bool) (*Image, error) {
	switch step.Op {
	case "orient":
		return Reorient(img, step.To)
	case "resample":
		return Resample(img, step.SpacingMM, step.Kernel)
	case "normalise":
		if !owned {
			img = &Image{Grid: img.Grid, Data: append([]float32(nil), img.Data...)}
		}
		switch step.Kind {
		case "min-max":
			return img, normaliseMinMax(img)
		case "percentile":
			return img, normalisePercentile(img, step.Low, step.High)
		}
		return nil, fmt.Errorf("normalise: kind %.20q is unknown", step.Kind)
	case "crop-foreground":
		return CropForeground(img, float32(step.Above), step.Margin)
	case "pad":
		return PadToMultiple(img, step.Multiple)
	}
	return nil, fmt.Errorf("%.20q is unknown; update medhive", step.Op)
}

// CropForeground keeps the smallest box that holds every voxel above the
// threshold, widened by margin voxels on each side as far as the image goes.
func CropForeground(img *Image, above float32, margin int) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("crop: %w", err)
	}
	if margin < 0 {
		return nil, fmt.Errorf("crop: margin %d is negative", margin)
	}
	low, high, found := foreground(img, above)
	if !found {
		return nil, fmt.Errorf("crop: no voxel is above %v; is the image empty?", above)
	}
	var from, size [3]int
	for n := range 3 {
		margin := min(margin, img.Size[n])
		from[n] = max(0, low[n]-margin)
		size[n] = min(img.Size[n], high[n]+1+margin) - from[n]
	}
	return Crop(img, from, size)
}

// foreground is the box, inclusive on both ends, of the voxels above a threshold.
func foreground(img *Image, above float32) (low, high [3]int, found bool) {
	type box struct {
		low, high [2]int // i and j
		found     bool
	}
	boxes := make([]box, img.Size[2])
	columns, rows := img.Size[0], img.Size[1]
	parallel(0, img.Size[2], func(k int) {
		b := box{low: [2]int{columns, rows}}
		for j := range rows {
			row := img.Data[(k*rows+j)*columns:][:columns]
			first := 0
			for first < columns && !(row[first] > above) {
				first++
			}
			if first == columns {
				continue
			}
			last := columns - 1
			for !(row[last] > above) {
				last--
			}
			b.low = [2]int{min(b.low[0], first), min(b.low[1], j)}
			b.high = [2]int{max(b.high[0], last), j}
			b.found = true
		}
		boxes[k] = b
	})
	low = img.Size
	for k, b := range boxes {
		if b.found {
			low = [3]int{min(low[0], b.low[0]), min(low[1], b.low[1]), min(low[2], k)}
			high = [3]int{max(high[0], b.high[0]), max(high[1], b.high[1]), k}
			found = true
		}
	}
	return low, high, found
}

// Crop keeps size voxels from the corner from on.
func Crop(img *Image, from, size [3]int) (*Image, error) {
	for n := range 3 {
		if from[n] < 0 || size[n] < 1 || size[n] > img.Size[n]-from[n] {
			return nil, fmt.Errorf("crop: %v voxels from %v do not lie inside %v", size, from, img.Size)
		}
	}
	if size == img.Size {
		return img, nil
	}
	return regrid(img, from, size), nil
}

// PadToMultiple appends zeros at the far end of each axis until its edge is a
// multiple. The origin stays.
func PadToMultiple(img *Image, multiple int) (*Image, error) {
	if multiple < 1 {
		return nil, errors.New("pad: multiple must be at least 1")
	}
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("pad: %w", err)
	}
	size := img.Size
	for n := range 3 {
		if size[n] > MaxVoxels-multiple {
			return nil, fmt.Errorf("pad to a multiple of %d: the grid would be too large", multiple)
		}
		size[n] = (size[n] + multiple - 1) / multiple * multiple
	}
	if size == img.Size {
		return img, nil
	}
	if err := (Grid{Size: size, Affine: img.Affine}).Validate(); err != nil {
		return nil, fmt.Errorf("pad to a multiple of %d: %w", multiple, err)
	}
	return regrid(img, [3]int{}, size), nil
}

// regrid cuts or extends without turning.
func regrid(img *Image, from, size [3]int) *Image {
	grid := img.shifted([3]float64{float64(from[0]), float64(from[1]), float64(from[2])})
	grid.Size = size
	l := lattice{axis: [3]int{0, 1, 2}, step: [3]int{1, 1, 1}, origin: from}
	return &Image{Grid: grid, Data: gather(img.Data, img.Size, size, l)}
}
