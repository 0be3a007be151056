package volume

import "fmt"

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
		return nil, fmt.Errorf("crop: no voxel is above %v; is the image empty? %w", above, ErrUnsuited)
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

// regrid cuts or extends without turning.
func regrid(img *Image, from, size [3]int) *Image {
	grid := img.shifted([3]float64{float64(from[0]), float64(from[1]), float64(from[2])})
	grid.Size = size
	l := lattice{axis: [3]int{0, 1, 2}, step: [3]int{1, 1, 1}, origin: from}
	return &Image{Grid: grid, Data: gather(img.Data, img.Size, size, l)}
}
