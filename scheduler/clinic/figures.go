package clinic

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// figureTolerance is how far a stated length or volume may lie from the measured
// one, as a part of it: decimal strings round, and nothing else may.
const figureTolerance = 1e-3

// figures holds what the node states against what its segmentation shows: each
// structure of the model once, in the manifest's order, with the voxels of its
// own frames and their volume by the segmentation's own pixel measures, which
// must be those of the slices that were sent. elements and pixels passed shape.
func (r *restorer) figures(elements []*dicom.Element, pixels []byte, stated []inference.Segment) error {
	if len(stated) != len(r.id.Structures) {
		return refuse("the findings do not name each structure of the segmentation once")
	}
	for n, s := range stated {
		if !r.id.knows(n, s) {
			return refuse("the findings name a structure, a label or a code that the model does not know")
		}
	}
	voxelML, err := 0.0, error(nil) // a picture has areas only
	if !r.id.picture() {
		voxelML, err = r.voxelML(elements)
	}
	if err != nil {
		return err
	}
	counts, err := r.countVoxels(elements, pixels)
	if err != nil {
		return err
	}
	for n, s := range stated {
		if s.VoxelCount != counts[n] {
			return refuse("the findings state another number of voxels than the segmentation holds")
		}
		if !near(s.VolumeML, float64(counts[n])*voxelML) {
			return refuse("the findings state another volume than the segmentation's voxels have")
		}
	}
	return nil
}

// picture says that the model takes one two-dimensional image.
func (id Identity) picture() bool { return id.Manifest != nil && id.Manifest.Axes() == 2 }

// near is true if stated is measured within figureTolerance; false for NaN.
func near(stated, measured float64) bool {
	return math.Abs(stated-measured) <= figureTolerance*math.Abs(measured)
}

// knows says that s is the model's structure number n, from 0. What was prepared
// before the vault kept labels is held to the name alone.
func (id Identity) knows(n int, s inference.Segment) bool {
	if len(id.Labels) != len(id.Structures) {
		return s.Name == id.Structures[n]
	}
	l := id.Labels[n]
	return s.Label == l.Value && s.Name == l.Name && l.Type != nil && s.Code == *l.Type
}

// describes says that the item of a segment sequence is the model's structure
// number n, from 0: its number, its name and, where the vault has it, its code.
func (id Identity) describes(n int, item []*dicom.Element) bool {
	if number(item, tag.SegmentNumber) != n+1 || first(item, tag.SegmentLabel) != longString(id.Structures[n]) {
		return false
	}
	if len(id.Labels) != len(id.Structures) {
		return true
	}
	codes, want := dcm.Items(find(item, tag.SegmentedPropertyTypeCodeSequence)), id.Labels[n].Type
	return len(codes) == 1 && want != nil && first(codes[0], tag.CodeValue) == want.Value &&
		first(codes[0], tag.CodingSchemeDesignator) == want.Scheme && first(codes[0], tag.CodeMeaning) == longString(want.Meaning)
}

// longString is text as an attribute of VR LO holds it.
func longString(text string) string {
	if runes, most := []rune(text), longestText("LO"); len(runes) > most {
		text = string(runes[:most])
	}
	return strings.Trim(text, " ")
}

// voxelML is a voxel's volume in ml by the shared pixel measures (PS3.3 C.7.6.16.2.1).
func (r *restorer) voxelML(elements []*dicom.Element) (float64, error) {
	unmeasured := refuse("the segmentation does not give its pixel measures once for all frames")
	shared := dcm.Items(find(elements, tag.SharedFunctionalGroupsSequence))
	if len(shared) != 1 {
		return 0, unmeasured
	}
	measures := dcm.Items(find(shared[0], tag.PixelMeasuresSequence))
	if len(measures) != 1 {
		return 0, unmeasured
	}
	plane, step := lengths(measures[0], tag.PixelSpacing), lengths(measures[0], tag.SpacingBetweenSlices)
	if len(plane) != 2 || len(step) != 1 {
		return 0, unmeasured
	}
	spacing := [3]float64{plane[1], plane[0], step[0]} // between columns, rows, slices: along i, j, k
	if r.id.SpacingMM != [3]float64{} {
		for axis, own := range r.id.SpacingMM {
			if !near(spacing[axis], own) {
				return 0, refuse("the segmentation's voxels have another size than those of the slices that were sent")
			}
		}
	}
	return spacing[0] * spacing[1] * spacing[2] / mm3PerML, nil
}

const mm3PerML = 1000

// lengths are the decimal strings of the element with tag t in mm; nil unless each
// is a finite number above 0.
func lengths(elements []*dicom.Element, t tag.Tag) []float64 {
	var list []float64
	for _, text := range textOf(find(elements, t)) {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v > 0) || math.IsInf(v, 1) {
			return nil
		}
		list = append(list, v)
	}
	return list
}

// countVoxels counts the voxels of each structure's frames: the bits of a mask, what the
// shares of a slice decide of probabilities. A frame is one slice of one segment, and no
// slice may come twice: it would count double.
func (r *restorer) countVoxels(elements []*dicom.Element, pixels []byte) ([]int, error) {
	undescribed := refuse("the segmentation's frames do not each name one segment and one slice that was sent")
	for _, shared := range dcm.Items(find(elements, tag.SharedFunctionalGroupsSequence)) {
		if find(shared, tag.SegmentIdentificationSequence) != nil {
			return nil, undescribed
		}
	}
	frames := dcm.Items(find(elements, tag.PerFrameFunctionalGroupsSequence))
	if len(frames) != number(elements, tag.NumberOfFrames) {
		return nil, undescribed
	}
	type shown struct {
		segment int
		slice   string
	}
	seen := make(map[shown]bool, len(frames))
	counts := make([]int, len(r.id.Structures))
	shares := map[string][][]uint8{} // of a fractional segmentation: of each slice, by structure
	plane := r.id.Rows * r.id.Columns
	for n, frame := range frames {
		at := shown{segmentOf(frame), r.sliceOf(frame)}
		if at.segment < 1 || at.segment > len(counts) || at.slice == "" || seen[at] || find(frame, tag.PixelMeasuresSequence) != nil {
			return nil, undescribed
		}
		seen[at] = true
		if !r.id.fractional() {
			counts[at.segment-1] += countBits(pixels, n*plane, (n+1)*plane)
			continue
		}
		if shares[at.slice] == nil {
			shares[at.slice] = make([][]uint8, len(counts))
		}
		shares[at.slice][at.segment-1] = pixels[n*plane:][:plane]
	}
	if r.id.fractional() {
		return r.id.countShares(shares)
	}
	return counts, nil
}

// segmentOf is the segment number of a frame, or -1.
func segmentOf(frame []*dicom.Element) int {
	if named := dcm.Items(find(frame, tag.SegmentIdentificationSequence)); len(named) == 1 {
		return number(named[0], tag.ReferencedSegmentNumber)
	}
	return -1
}

// sliceOf names the one slice that a frame was derived from: by its UID, and of an object
// of several frames by its number too. It is "" for none, or for one that was not sent.
func (r *restorer) sliceOf(frame []*dicom.Element) string {
	derived := dcm.Items(find(frame, tag.DerivationImageSequence))
	if len(derived) != 1 {
		return ""
	}
	sources := dcm.Items(find(derived[0], tag.SourceImageSequence))
	if len(sources) != 1 {
		return ""
	}
	in := Instance{UID: first(sources[0], tag.ReferencedSOPInstanceUID)}
	if _, several := r.frames[in.UID]; several {
		if numbers := textOf(find(sources[0], tag.ReferencedFrameNumber)); len(numbers) == 1 {
			in.Frame = number(sources[0], tag.ReferencedFrameNumber)
		}
	}
	if r.sent != nil && !r.sent[in.name()] { // an entry of an earlier version does not know
		return ""
	}
	return in.name()
}

// countBits counts the ones among the bits from … to-1, where a byte's lowest bit
// comes first (PS3.5 section 8.1.1). Frames follow each other without padding, so
// either end may lie within a byte.
func countBits(packed []byte, from, to int) int {
	ones := 0
	for ; from < to && from%bitsPerByte != 0; from++ {
		ones += int(packed[from/bitsPerByte] >> (from % bitsPerByte) & 1)
	}
	const word = 64
	for ; from+word <= to; from += word {
		ones += bits.OnesCount64(binary.LittleEndian.Uint64(packed[from/bitsPerByte:]))
	}
	for ; from < to; from++ {
		ones += int(packed[from/bitsPerByte] >> (from % bitsPerByte) & 1)
	}
	return ones
}

// labelsOf are the model's structures as the vault keeps them: without pictures' colours.
func labelsOf(m models.Manifest) []models.Label {
	var labels []models.Label
	for _, l := range m.Structures() {
		labels = append(labels, models.Label{Value: l.Value, Name: l.Name, Type: l.Type})
	}
	return labels
}
