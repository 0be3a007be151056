package clinic

import (
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// The two kinds of segmentation (PS3.3 C.8.20.2): masks of one bit a voxel, and
// probabilities of one byte.
const (
	binaryType     = "BINARY"
	fractionalType = "FRACTIONAL"
)

// fractional says that the model delivers probabilities.
func (id Identity) fractional() bool { return id.Manifest != nil && id.Manifest.Fractional }

// voxelBits is how many bits a voxel of the model's segmentation has.
func (id Identity) voxelBits() int {
	if id.fractional() {
		return bitsPerByte
	}
	return 1
}

// rightKind says that a segmentation is of the kind that the model delivers.
func (id Identity) rightKind(elements []*dicom.Element) bool {
	kind := binaryType
	if id.fractional() {
		kind = fractionalType
		if first(elements, tag.SegmentationFractionalType) != "PROBABILITY" || number(elements, tag.MaximumFractionalValue) != models.ShareLevels {
			return false
		}
	}
	bits := id.voxelBits()
	return first(elements, tag.SegmentationType) == kind && number(elements, tag.BitsAllocated) == bits &&
		number(elements, tag.BitsStored) == bits && number(elements, tag.HighBit) == bits-1 &&
		number(elements, tag.PixelRepresentation) == 0 && number(elements, tag.SamplesPerPixel) == 1
}

// cutoffSteps are the steps of a manifest that say which voxels of a fractional
// segmentation count: all that the vault needs of its postprocessing.
func cutoffSteps(m models.Manifest) []models.Step {
	if !m.Fractional {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(m.Postprocess), func(s models.Step) bool { return s.Op != "argmax" && s.Op != "threshold" })
}

// countShares counts the voxels of each structure, slice by slice, by the rule that the
// node was to count by. planes are the shares of structures, by slice; a structure
// without a frame on a slice has none there.
func (id Identity) countShares(planes map[string][][]uint8) ([]int, error) {
	counts := make([]int, len(id.Structures))
	values := make([]uint8, len(id.Structures)) // number of the structure, from 1
	for n := range values {
		values[n] = uint8(n + 1)
	}
	labels := make([]uint8, id.Rows*id.Columns)
	for _, shares := range planes {
		if err := volume.Decide(labels, shares, values, id.Manifest.Cutoff()); err != nil {
			return nil, because("the segmentation's frames can't be counted", err)
		}
		for _, v := range labels {
			if v > 0 {
				counts[v-1]++
			}
		}
	}
	return counts, nil
}
