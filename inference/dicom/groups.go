package dicom

import (
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// view is one frame's attributes: its own functional groups, then those shared by all
// frames (PS3.3 C.7.6.16), then the top level, where single-frame objects have them.
type view struct {
	object      *Object
	own, shared []*dicom.Element
}

// views are the frames' attributes of an instance with the given number of frames.
func views(o *Object, frames int) []view {
	list := make([]view, frames)
	var shared []*dicom.Element
	if items := o.Sequence(tag.SharedFunctionalGroupsSequence); len(items) > 0 {
		shared = items[0]
	}
	own := o.Sequence(tag.PerFrameFunctionalGroupsSequence)
	for n := range list {
		list[n] = view{object: o, shared: shared}
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

// grouped reports an element of a functional group, nil if the frame has none.
func (v view) grouped(group, t tag.Tag) *dicom.Element {
	for _, elements := range [2][]*dicom.Element{v.own, v.shared} {
		if items := Items(Find(elements, group)); len(items) > 0 {
			if e := Find(items[0], t); e != nil {
				return e
			}
		}
	}
	return nil
}

// element finds an attribute of the frame, nil if it has none.
func (v view) element(a attribute) *dicom.Element {
	if a.group != (tag.Tag{}) {
		if e := v.grouped(a.group, a.inGroup); e != nil {
			return e
		}
	}
	if a.top == (tag.Tag{}) {
		return nil
	}
	return v.object.Element(a.top)
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
func (v view) numbers(a attribute) ([]float64, bool) { return numbersOf(v.element(a)) }

// is says whether the frame's type has the value, such as LOCALIZER (PS3.3 C.7.6.1.1.2).
func (v view) is(kind string) bool {
	for _, a := range frameTypes {
		for _, value := range values(v.element(a)) {
			if value == kind {
				return true
			}
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
