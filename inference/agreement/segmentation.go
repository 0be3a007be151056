package agreement

import (
	"errors"
	"fmt"
	"slices"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// maxPlanePixels bounds one slice of a stranger's segmentation before it is unpacked.
const maxPlanePixels = 1 << 26

// segmentation is a DICOM SEG as package report writes it, opened: which frame shows which
// structure of which slice. Frames are unpacked one slice at a time.
type segmentation struct {
	object        *dicom.Object
	rows, columns int
	fractional    bool
	frames        map[string]map[int]int // slice, place of the structure in the manifest → frame
}

// openSegmentation reads the headers of a result's SEG and trusts none of them.
func openSegmentation(m models.Manifest, r inference.Result) (*segmentation, error) {
	at := slices.IndexFunc(r.Files, func(f dicom.File) bool { return f.Name == inference.SegmentationFile })
	if at < 0 {
		return nil, errors.New("the result has no segmentation")
	}
	o, err := dicom.Parse(r.Files[at], dicom.Limits{})
	if err != nil {
		return nil, fmt.Errorf("read segmentation: %w", err)
	}
	s := &segmentation{object: o, fractional: o.String(tag.SegmentationType) == "FRACTIONAL", frames: map[string]map[int]int{}}
	s.rows, _ = o.Int(tag.Rows)
	s.columns, _ = o.Int(tag.Columns)
	bits, _ := o.Int(tag.BitsAllocated)
	samples, _ := o.Int(tag.SamplesPerPixel)
	if s.rows < 1 || s.columns < 1 || s.rows > maxPlanePixels/s.columns || samples != 1 || bits != 1 && bits != 8 || s.fractional != (bits == 8) {
		return nil, errors.New("read segmentation: its frames are neither masks nor probabilities of one size")
	}
	if s.fractional != m.Fractional {
		return nil, errors.New("read segmentation: masks and probabilities can't be compared")
	}
	frames := o.Sequence(tag.PerFrameFunctionalGroupsSequence)
	if len(frames) == 0 || len(frames) != o.FrameCount() {
		return nil, errors.New("read segmentation: its frames are not described one by one")
	}
	structures := len(m.Structures())
	for n, groups := range frames {
		structure, slice := segmentOf(groups)-1, sliceOf(groups)
		if structure < 0 || structure >= structures || slice == "" {
			return nil, fmt.Errorf("read segmentation: frame %d names no structure and no slice", n+1)
		}
		if s.frames[slice] == nil {
			s.frames[slice] = map[int]int{}
		}
		if _, twice := s.frames[slice][structure]; twice {
			return nil, fmt.Errorf("read segmentation: frame %d repeats a structure of a slice", n+1)
		}
		s.frames[slice][structure] = n
	}
	return s, nil
}

// segmentOf is the segment number of a frame, 0 for none.
func segmentOf(groups []*lib.Element) int {
	named := dicom.Items(dicom.Find(groups, tag.SegmentIdentificationSequence))
	if len(named) != 1 {
		return 0
	}
	e := dicom.Find(named[0], tag.ReferencedSegmentNumber)
	if e == nil || e.Value == nil {
		return 0
	}
	if list, ok := e.Value.GetValue().([]int); ok && len(list) == 1 {
		return list[0]
	}
	return 0
}

// sliceOf names the one image that a frame was derived from, with its frame where it has
// several; "" for none.
func sliceOf(groups []*lib.Element) string {
	derived := dicom.Items(dicom.Find(groups, tag.DerivationImageSequence))
	if len(derived) != 1 {
		return ""
	}
	sources := dicom.Items(dicom.Find(derived[0], tag.SourceImageSequence))
	if len(sources) != 1 {
		return ""
	}
	uid := text(dicom.Find(sources[0], tag.ReferencedSOPInstanceUID))
	if uid == "" {
		return ""
	}
	return uid + " " + text(dicom.Find(sources[0], tag.ReferencedFrameNumber))
}

// text is the first value of a text element, "" for none.
func text(e *lib.Element) string {
	if e == nil || e.Value == nil {
		return ""
	}
	if list, ok := e.Value.GetValue().([]string); ok && len(list) > 0 {
		return list[0]
	}
	return ""
}

// paint fills plane with the labels of one slice: 0 where no structure is. Structures of
// masks must not overlap; probabilities are decided as the manifest decides them.
func (s *segmentation) paint(m models.Manifest, slice string, plane []uint8) error {
	structures := m.Structures()
	clear(plane)
	shares := make([][]uint8, len(structures))
	values := make([]uint8, len(structures))
	for n, l := range structures {
		values[n] = l.Value
		at, shown := s.frames[slice][n]
		if !shown {
			continue
		}
		pixels, err := s.object.Frame(at)
		if err != nil {
			return fmt.Errorf("read segmentation: %w", err)
		}
		if len(pixels) != len(plane) {
			return errors.New("read segmentation: a frame has another size")
		}
		if s.fractional {
			shares[n] = pixels
			continue
		}
		for i, v := range pixels {
			if v == 0 {
				continue
			}
			if plane[i] != 0 {
				return errors.New("read segmentation: two structures claim one voxel")
			}
			plane[i] = l.Value
		}
	}
	if s.fractional {
		return volume.Decide(plane, shares, values, m.Cutoff())
	}
	return nil
}

// overlap is what two segmentations of one study have in common.
type overlap struct {
	labels map[uint8]labelmap.Overlap
	differ uint64 // voxels of another label
}

// errExpected says that what is held to be right can't be read.
var errExpected = errors.New("the expected result can't be read")

// compareSegmentations walks both slice by slice. An error is about got, unless it is
// errExpected.
func compareSegmentations(m models.Manifest, want, got inference.Result) (overlap, error) {
	a, err := openSegmentation(m, want)
	if err != nil {
		return overlap{}, fmt.Errorf("%w: %w", errExpected, err)
	}
	b, err := openSegmentation(m, got)
	if err != nil {
		return overlap{}, err
	}
	if a.rows != b.rows || a.columns != b.columns {
		return overlap{}, fmt.Errorf("the labels lie on a grid of %d × %d pixels, expected %d × %d", b.columns, b.rows, a.columns, a.rows)
	}
	from, to := make([]uint8, a.rows*a.columns), make([]uint8, a.rows*a.columns)
	var counts [256]labelmap.Overlap
	out := overlap{labels: map[uint8]labelmap.Overlap{}}
	slice := func(name string) error {
		if err := a.paint(m, name, from); err != nil {
			return fmt.Errorf("%w: %w", errExpected, err)
		}
		if err := b.paint(m, name, to); err != nil {
			return err
		}
		for i, w := range from {
			g := to[i]
			counts[w].Want++
			counts[g].Got++
			if w == g {
				counts[w].Common++
			} else {
				out.differ++
			}
		}
		return nil
	}
	for name := range a.frames {
		if err := slice(name); err != nil {
			return overlap{}, err
		}
	}
	for name := range b.frames {
		if _, seen := a.frames[name]; seen {
			continue
		}
		if err := slice(name); err != nil {
			return overlap{}, err
		}
	}
	for label, o := range counts {
		if label > 0 && o.Want+o.Got > 0 {
			out.labels[uint8(label)] = o
		}
	}
	return out, nil
}
