package report

import (
	"errors"
	"fmt"
	"slices"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// FractionalSegmentation writes a DICOM SEG of probabilities (PS3.3 A.51, Segmentation
// Type FRACTIONAL, Fractional Type PROBABILITY) with a segment per structure of the
// manifest and a frame for each slice on which a structure has a share above 0. A pixel
// is a byte in steps of 1/255. Shares must lie on the series' grid.
func FractionalSegmentation(s *dicom.Series, shares *volume.Shares, m models.Manifest, opts Options) ([]byte, error) {
	if shares.Size != s.Grid.Size || shares.Affine != s.Grid.Affine || len(s.Instances) != shares.Size[2] {
		return nil, errors.New("write fractional segmentation: shares do not lie on the series' grid; map them back first")
	}
	return writeFractional(SeriesSource(s), shares, m, opts)
}

// FractionalPictureSegmentation writes the shares of a picture, [j][i] on its pixels, as
// FractionalSegmentation does those of a volume.
func FractionalPictureSegmentation(p *dicom.Picture, shares *volume.Shares, m models.Manifest, opts Options) ([]byte, error) {
	if shares.Size != [3]int{p.Columns, p.Rows, 1} {
		return nil, errors.New("write fractional segmentation: shares do not lie on the picture's pixels; map them back first")
	}
	return writeFractional(PictureSource(p), shares, m, opts)
}

func writeFractional(src Source, shares *volume.Shares, m models.Manifest, opts Options) ([]byte, error) {
	voxels := shares.Size[0] * shares.Size[1] * shares.Size[2]
	if !m.Fractional || len(shares.Data) != len(m.Structures()) {
		return nil, errors.New("write fractional segmentation: the shares are not those of the manifest's structures")
	}
	for n, s := range shares.Data {
		if len(s) != voxels {
			return nil, fmt.Errorf("write fractional segmentation: structure %d has shares of %d voxels instead of %d", n+1, len(s), voxels)
		}
	}
	frames, pixels := layShares(shares)
	data, err := writeSegmentation(src, m, opts, raster{
		columns: shares.Size[0], rows: shares.Size[1], frames: frames, pixels: pixels, fractional: true,
	})
	if err != nil {
		return nil, fmt.Errorf("write fractional segmentation: %w", err)
	}
	return data, nil
}

// layShares lists the slices on which each structure has a share above 0, segment by
// segment, and lays their bytes one after the other. Shares of 0 everywhere give one
// empty frame, as a SEG needs one.
func layShares(shares *volume.Shares) ([]frame, []byte) {
	plane, depth := shares.Size[0]*shares.Size[1], shares.Size[2]
	var frames []frame
	for n, s := range shares.Data {
		present := make([]bool, depth)
		each(depth, func(k int) {
			present[k] = slices.ContainsFunc(s[k*plane:][:plane], func(v uint8) bool { return v > 0 })
		})
		for k, there := range present {
			if there {
				frames = append(frames, frame{segment: n + 1, slice: k})
			}
		}
	}
	if len(frames) == 0 {
		frames = []frame{{segment: 1}}
	}
	total := len(frames) * plane
	pixels := make([]byte, total+total%2)
	each(len(frames), func(n int) {
		f := frames[n]
		copy(pixels[n*plane:], shares.Data[f.segment-1][f.slice*plane:][:plane])
	})
	return frames, pixels
}

// countingRule says in words which voxels of a fractional segmentation its figures count.
func countingRule(c models.Cutoff) string {
	rule := fmt.Sprintf("Probability in steps of 1/%d. Figures count the voxels where it is the largest of all segments", models.ShareLevels)
	if c.Rest {
		return rule + " and above what they leave to the background."
	}
	return rule + fmt.Sprintf(" and at least %d/%d.", c.Least, models.ShareLevels)
}
