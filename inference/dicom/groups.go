package dicom

import (
	"slices"
	"sync"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// view is one frame's attributes: its own functional groups, then those shared by all
// frames (PS3.3 C.7.6.16), then the top level, where single-frame objects have them.
type view struct {
	own    []*dicom.Element
	common *common
}

// common is what the frames of an instance share. There may be tens of thousands of
// frames and as many attributes or values, so each is looked for and read once.
type common struct {
	object  *Object
	shared  []*dicom.Element
	found   map[[2]tag.Tag]*dicom.Element
	numbers map[*dicom.Element][]float64
	values  map[*dicom.Element]sortable // as dimension.value has them
	table   func() (scale, *Refusal)    // of the Modality LUT
}

func newCommon(o *Object) *common {
	c := &common{object: o, found: map[[2]tag.Tag]*dicom.Element{}, numbers: map[*dicom.Element][]float64{}, values: map[*dicom.Element]sortable{}}
	if items := o.Sequence(tag.SharedFunctionalGroupsSequence); len(items) > 0 {
		c.shared = items[0]
	}
	c.table = sync.OnceValues(func() (scale, *Refusal) { return readModalityTable(o) })
	return c
}

// element finds a shared element: of a functional group, or at the top where the group
// is zero. It is nil if there is none.
func (c *common) element(group, t tag.Tag) *dicom.Element {
	key := [2]tag.Tag{group, t}
	e, known := c.found[key]
	if !known {
		if group == (tag.Tag{}) {
			e = c.object.Element(t)
		} else {
			e = inGroup(c.shared, group, t)
		}
		c.found[key] = e
	}
	return e
}

// inGroup finds an element in the first item of a group's sequence, nil if there is none.
func inGroup(elements []*dicom.Element, group, t tag.Tag) *dicom.Element {
	if items := Items(Find(elements, group)); len(items) > 0 {
		return Find(items[0], t)
	}
	return nil
}

// views are the frames' attributes of an instance with the given number of frames.
func views(o *Object, frames int) []view {
	list := make([]view, frames)
	shared := newCommon(o)
	own := o.Sequence(tag.PerFrameFunctionalGroupsSequence)
	for n := range list {
		list[n] = view{common: shared}
		if n < len(own) {
			list[n].own = own[n]
		}
	}
	return list
}

// attribute says where an attribute stands: in the first item of a functional group's
// sequence, or, in single-frame objects, at the top under a tag that may differ.
type attribute struct {
	group, inGroup tag.Tag
	top            tag.Tag
}

// grouped reports an element of a functional group, nil if the frame has none, and
// whether it is the frame's own.
func (v view) grouped(group, t tag.Tag) (e *dicom.Element, own bool) {
	if e := inGroup(v.own, group, t); e != nil {
		return e, true
	}
	return v.common.element(group, t), false
}

// element finds an attribute of the frame, nil if it has none, and says whether it is
// the frame's own.
func (v view) element(a attribute) (e *dicom.Element, own bool) {
	if a.group != (tag.Tag{}) {
		if e, own := v.grouped(a.group, a.inGroup); e != nil {
			return e, own
		}
	}
	if a.top == (tag.Tag{}) {
		return nil, false
	}
	return v.common.element(tag.Tag{}, a.top), false
}

// Attributes that place and scale a frame.
var (
	imagePosition    = attribute{tag.PlanePositionSequence, tag.ImagePositionPatient, tag.ImagePositionPatient}
	imageOrientation = attribute{tag.PlaneOrientationSequence, tag.ImageOrientationPatient, tag.ImageOrientationPatient}
	pixelSpacing     = attribute{tag.PixelMeasuresSequence, tag.PixelSpacing, tag.PixelSpacing}
	rescaleSlope     = attribute{tag.PixelValueTransformationSequence, tag.RescaleSlope, tag.RescaleSlope}
	rescaleIntercept = attribute{tag.PixelValueTransformationSequence, tag.RescaleIntercept, tag.RescaleIntercept}
)

// numbers are the values of a numeric attribute of the frame.
func (v view) numbers(a attribute) ([]float64, bool) { return v.numbersOf(v.element(a)) }

// numbersOf reads an element that element found.
func (v view) numbersOf(e *dicom.Element, own bool) ([]float64, bool) {
	if own || e == nil {
		return numbersOf(e)
	}
	list, known := v.common.numbers[e]
	if !known {
		list, _ = numbersOf(e)
		v.common.numbers[e] = list
	}
	return list, len(list) > 0
}

// mostTypes is far above the handful of values that Image Type has.
const mostTypes = 64

// is says whether the frame's type has the value, such as LOCALIZER (PS3.3 C.7.6.1.1.2).
func (v view) is(kind string) bool {
	for _, a := range frameTypes {
		e, _ := v.element(a)
		types := values(e)
		if slices.Contains(types[:min(len(types), mostTypes)], kind) {
			return true
		}
	}
	return false
}

// frameTypes are where modalities put Frame Type; single-frame objects have Image Type.
var frameTypes = []attribute{
	{tag.MRImageFrameTypeSequence, tag.FrameType, tag.ImageType},
	{tag.CTImageFrameTypeSequence, tag.FrameType, tag.ImageType},
	{tag.PETFrameTypeSequence, tag.FrameType, tag.ImageType},
}
