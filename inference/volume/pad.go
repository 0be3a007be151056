package volume

import (
	"errors"
	"fmt"

	"github.com/medhive/medhive/models"
)

// Pad extends each axis to the given edge and fills what is new with value; an axis that
// is as long already stays as it is. Centred puts half of the difference, rounded down,
// before the image, as numpy users do by hand and MONAI's SpatialPad does; else all of it
// comes after the image and the origin stays. Every voxel keeps its place in the patient.
func Pad(img *Image, size [3]int, centred bool, value float32) (*Image, error) {
	if err := img.Validate(); err != nil {
		return nil, fmt.Errorf("pad: %w", err)
	}
	var before [3]int
	for n := range 3 {
		size[n] = max(size[n], img.Size[n])
		if centred {
			before[n] = (size[n] - img.Size[n]) / 2
		}
	}
	if size == img.Size {
		return img, nil
	}
	if err := (Grid{Size: size, Affine: img.Affine}).Validate(); err != nil {
		return nil, fmt.Errorf("pad to %v voxels: %w", size, err)
	}
	from := [3]int{-before[0], -before[1], -before[2]}
	if value == 0 {
		return regrid(img, from, size), nil
	}
	out := &Image{Grid: img.shifted([3]float64{float64(from[0]), float64(from[1]), float64(from[2])})}
	out.Size = size
	out.Data = make([]float32, size[0]*size[1]*size[2])
	plane, rows, columns := size[0]*size[1], img.Size[1], img.Size[0]
	parallel(0, size[2], func(k int) {
		values := out.Data[k*plane:][:plane]
		for n := range values {
			values[n] = value
		}
		source := k - before[2]
		if source < 0 || source >= img.Size[2] {
			return
		}
		for j := range rows {
			copy(values[(j+before[1])*size[0]+before[0]:], img.Data[(source*rows+j)*columns:][:columns])
		}
	})
	return out, nil
}

// PadToMultiple appends zeros at the far end of each axis until its edge is a
// multiple. The origin stays.
func PadToMultiple(img *Image, multiple int) (*Image, error) {
	if multiple < 1 {
		return nil, errors.New("pad: multiple must be at least 1")
	}
	return Pad(img, paddedSize(img.Size, models.Step{Multiple: multiple}, false), false, 0)
}

// paddedSize is what a pad step makes of a size; channels stay.
func paddedSize(size [3]int, step models.Step, picture bool) [3]int {
	axes := 3
	if picture {
		axes = 2
	}
	for n := range axes {
		switch {
		case step.Multiple > MaxVoxels-size[n]:
			size[n] = MaxVoxels + 1 // refused by Pad
		case step.Multiple > 0:
			size[n] = (size[n] + step.Multiple - 1) / step.Multiple * step.Multiple
		case n < len(step.Size):
			size[n] = max(size[n], step.Size[n])
		case step.Margin > 0:
			size[n] = min(size[n], MaxVoxels) + 2*min(step.Margin, MaxVoxels)
		}
	}
	return size
}
