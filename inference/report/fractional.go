package report

import (
	"errors"
	"fmt"
	"math"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
)

// maxFraction is the value that stands for a probability of 1 (PS3.3 C.8.20.2,
// Maximum Fractional Value).
const maxFraction = 255

// FractionalSegmentation writes a DICOM SEG of probabilities (PS3.3 C.8.20.2,
// Segmentation Fractional Type PROBABILITY): one volume for each structure of the
// manifest, in its order, as [k][j][i] on the series' grid with values from 0 to 1.
// They are kept in steps of 1/255; slices on which all of a structure's steps are 0
// have no frame.
func FractionalSegmentation(s *dicom.Series, probabilities [][]float32, m models.Manifest, opts Options) ([]byte, error) {
	frames, pixels, err := packFractions(probabilities, s.Grid.Size, len(m.Structures()))
	if err == nil && len(s.Instances) != s.Grid.Size[2] {
		err = errors.New("the series has another number of slices than its grid")
	}
	if err != nil {
		return nil, fmt.Errorf("write fractional segmentation: %w", err)
	}
	data, err := writeSegmentation(SeriesSource(s), m, opts, raster{
		columns: s.Grid.Size[0], rows: s.Grid.Size[1], frames: frames, pixels: pixels, bits: 8,
	})
	if err != nil {
		return nil, fmt.Errorf("write fractional segmentation: %w", err)
	}
	return data, nil
}

// packFractions quantises each volume and keeps the slices that are not empty; if all
// are, one frame, as a SEG needs one.
func packFractions(volumes [][]float32, size [3]int, structures int) ([]frame, []byte, error) {
	plane := size[0] * size[1]
	if len(volumes) != structures {
		return nil, nil, fmt.Errorf("%d volumes of probabilities for %d structures", len(volumes), structures)
	}
	for n, v := range volumes {
		if len(v) != plane*size[2] {
			return nil, nil, fmt.Errorf("the probabilities of structure %d have %d voxels, the series has %d", n+1, len(v), plane*size[2])
		}
	}
	planes := make([][]byte, len(volumes)*size[2]) // nil: empty
	faults := make([]error, len(planes))
	each(len(planes), func(n int) {
		at := n % size[2] * plane
		planes[n], faults[n] = quantised(volumes[n/size[2]][at : at+plane])
	})
	if err := errors.Join(faults...); err != nil {
		return nil, nil, err
	}
	var frames []frame
	var pixels []byte
	for n, p := range planes {
		if p != nil {
			frames = append(frames, frame{segment: n/size[2] + 1, slice: n % size[2]})
			pixels = append(pixels, p...)
		}
	}
	if frames == nil {
		frames, pixels = []frame{{segment: 1}}, make([]byte, plane)
	}
	if len(pixels)%2 == 1 {
		pixels = append(pixels, 0)
	}
	return frames, pixels, nil
}

// quantised gives the steps of one slice, or nil if all are 0.
func quantised(values []float32) ([]byte, error) {
	out := make([]byte, len(values))
	empty := true
	for n, v := range values {
		if !(v >= 0 && v <= 1) {
			return nil, errors.New("a probability lies outside 0 to 1")
		}
		if out[n] = uint8(math.Round(float64(v) * maxFraction)); out[n] != 0 {
			empty = false
		}
	}
	if empty {
		return nil, nil
	}
	return out, nil
}
