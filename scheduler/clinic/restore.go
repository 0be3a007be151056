package clinic

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// The SOP classes of the results that are restored (PS3.6 Annex A).
const (
	segmentationStorage = "1.2.840.10008.5.1.4.1.1.66.4"
	comprehensive3DSR   = "1.2.840.10008.5.1.4.1.1.88.34"
)

// restorer gives one result object the clinic's identity back.
type restorer struct {
	id        Identity
	allowed   map[tag.Tag]bool
	originals map[string]bool // the clinic's own UIDs: a node must not have made one of them
	made      map[string]bool // UIDs of the same result's segmentation, which its report may name
	spatial   bool            // the object has a frame of reference
	// frames are, by the clinic's own UID of an object of several, its frames by their
	// number in the payload; sent are all images that went out, as sliceOf names them.
	frames map[string]map[int]int
	sent   map[string]bool
}

func newRestorer(id Identity, allowed map[tag.Tag]bool) *restorer {
	r := &restorer{id: id, allowed: allowed, originals: map[string]bool{}, made: map[string]bool{}}
	for original := range maps.Values(id.UIDs) {
		r.originals[original] = true
	}
	if id.Source == nil {
		return r
	}
	r.frames, r.sent = map[string]map[int]int{}, make(map[string]bool, len(id.Source.Instances))
	for _, in := range id.Source.Instances {
		r.sent[in.name()] = true
		if in.Frame > 0 {
			if r.frames[in.UID] == nil {
				r.frames[in.UID] = map[int]int{}
			}
			r.frames[in.UID][in.Sent] = in.Frame
		}
	}
	return r
}

// name tells an image from all others.
func (in Instance) name() string {
	if in.Frame > 0 {
		return in.UID + " " + strconv.Itoa(in.Frame)
	}
	return in.UID
}

// frameNumbers turns the numbers of a reference's frames, which are those of the payload,
// into those of the clinic's own object. What is no reference to such an object stays.
func (r *restorer) frameNumbers(reference []*dicom.Element) error {
	frames, several := r.frames[first(reference, tag.ReferencedSOPInstanceUID)]
	n := slices.IndexFunc(reference, func(e *dicom.Element) bool { return e.Tag == tag.ReferencedFrameNumber })
	if !several || n < 0 {
		return nil
	}
	values := textOf(reference[n])
	for i, v := range values {
		sent, err := strconv.Atoi(v)
		own, there := frames[sent]
		if err != nil || !there {
			return refuse("the result refers to a frame that was not sent")
		}
		values[i] = strconv.Itoa(own)
	}
	reference[n] = textElement(tag.ReferencedFrameNumber, "IS", values...)
	return nil
}

// refuse names a fault of the result. The node's own words are never repeated:
// they may be anything.
func refuse(what string) error {
	return &dcm.Refusal{What: what, Where: "the result that the node returned", Do: askAnother}
}

// because is refuse with the cause, which must be in our own words.
func because(what string, err error) error {
	return &dcm.Refusal{What: what, Where: "the result that the node returned", Do: askAnother, Err: err}
}

// askAnother is what to do about a node whose result can't be trusted.
const askAnother = "dispute the result and let another node run the task"

// segmentation reads what a node returned, drops what a result may not say, holds
// the rest against what the node stated of its segments, maps every UID back and
// puts patient and study in their place. It also tells the UIDs of series and instance.
func (r *restorer) segmentation(data []byte, stated []inference.Segment, lim dcm.Limits) ([]byte, made, error) {
	kept, pixels, err := r.read(segmentationFile, data, lim)
	if err != nil {
		return nil, made{}, err
	}
	r.spatial = find(kept, tag.FrameOfReferenceUID) != nil
	// What is checked is what will be delivered, not what was dropped on the way.
	if err := r.shape(kept, pixels); err != nil {
		return nil, made{}, err
	}
	if err := r.figures(kept, pixels, stated); err != nil {
		return nil, made{}, err
	}
	restored, err := r.write(kept, pixels)
	return restored, madeOf(kept), err
}

// made names an object that the node made.
type made struct{ series, instance string }

func madeOf(elements []*dicom.Element) made {
	return made{first(elements, tag.SeriesInstanceUID), first(elements, tag.SOPInstanceUID)}
}

// read parses an object and returns what a result may say in it, with the clinic's UIDs.
func (r *restorer) read(name string, data []byte, lim dcm.Limits) ([]*dicom.Element, []byte, error) {
	object, err := dcm.Parse(dcm.File{Name: name, Data: data}, lim)
	if err != nil {
		return nil, nil, fmt.Errorf("read the node's %s: %w", name, err)
	}
	kept, err := r.elements(object.Dataset.Elements, true)
	if own := madeOf(kept); err == nil && (own.series == "" || own.instance == "") {
		err = refuse("an object of the result has no identity of its own")
	}
	return kept, object.Pixels, err
}

// write puts patient and study in their place and encodes the object.
func (r *restorer) write(kept []*dicom.Element, pixels []byte) ([]byte, error) {
	// The warning in the series' description is the clinic's promise to its readers, not the node's.
	identity := append(r.identity(), textElement(tag.SeriesDescription, "LO", r.id.Series))
	kept = slices.DeleteFunc(kept, func(e *dicom.Element) bool { return slices.ContainsFunc(identity, sameTag(e)) })
	kept = append(kept, identity...)
	slices.SortFunc(kept, byTag)
	if first(kept, tag.StudyInstanceUID) != r.id.StudyUID {
		return nil, refuse("the result belongs to another study")
	}
	restored, err := dcm.Encode(dicom.Dataset{Elements: kept}, pixels)
	if err != nil {
		return nil, fmt.Errorf("write the restored result: %w", err)
	}
	return restored, nil
}

// bitsPerByte and maxSegments bound the pixels: a segmentation has one bit or one byte
// a voxel and segment (PS3.3 C.8.20.2), labels are one byte.
const (
	bitsPerByte = 8
	maxSegments = 255
)

// shape checks class, size, segments and pixel length before anything is counted.
func (r *restorer) shape(elements []*dicom.Element, pixels []byte) error {
	if first(elements, tag.SOPClassUID) != segmentationStorage || first(elements, tag.Modality) != "SEG" {
		return refuse("the result is no DICOM segmentation")
	}
	rows, columns := number(elements, tag.Rows), number(elements, tag.Columns)
	if rows != r.id.Rows || columns != r.id.Columns {
		return refuse("the result's frames have another size than the slices that were sent")
	}
	frames := number(elements, tag.NumberOfFrames)
	if frames < 1 || frames > r.id.Instances*maxSegments {
		return refuse("the result's number of frames does not fit the slices that were sent")
	}
	if !r.id.rightKind(elements) {
		return refuse("the result's pixels are not of the kind that the model delivers, one bit each or probabilities of one byte")
	}
	segments := dcm.Items(find(elements, tag.SegmentSequence))
	if len(segments) != len(r.id.Structures) {
		return refuse("the result does not hold each structure of the model once")
	}
	for n, segment := range segments {
		if !r.id.describes(n, segment) {
			return refuse("the result names a structure that the model does not know")
		}
	}
	want := (rows*columns*frames*r.id.voxelBits() + bitsPerByte - 1) / bitsPerByte
	if want += want % 2; len(pixels)+len(pixels)%2 != want {
		return refuse("the result's pixels have another length than its frames need")
	}
	return nil
}

// elements returns what a result may say, with the clinic's UIDs.
func (r *restorer) elements(in []*dicom.Element, top bool) ([]*dicom.Element, error) {
	kept := make([]*dicom.Element, 0, len(in))
	seen := make(map[tag.Tag]bool, len(in))
	for _, e := range in {
		if outright(e) || !r.allowed[e.Tag] || seen[e.Tag] {
			continue
		}
		seen[e.Tag] = true
		restored, err := r.element(e, top)
		if err != nil {
			return nil, err
		}
		if restored != nil {
			kept = append(kept, restored)
		}
	}
	slices.SortFunc(kept, byTag)
	return kept, r.frameNumbers(kept)
}

func (r *restorer) element(e *dicom.Element, top bool) (*dicom.Element, error) {
	if !standardVR(e) { // a text in place of a number
		return nil, nil
	}
	switch vr := vrOf(e); vr {
	case "SQ":
		items, _ := itemsOf(e)
		restored := make([][]*dicom.Element, len(items))
		for n, item := range items {
			var err error
			if restored[n], err = r.elements(item, false); err != nil {
				return nil, err
			}
		}
		return sequence(e.Tag, restored...), nil
	case "UI":
		values := textOf(e)
		for n, value := range values {
			original, err := r.original(e.Tag, value, top)
			if err != nil {
				return nil, err
			}
			values[n] = original
		}
		return textElement(e.Tag, vr, values...), nil
	case "PN": // whoever runs a node writes no names into a clinic's objects
		return empty(e), nil
	default:
		values := textOf(e)
		if slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) || utf8.RuneCountInString(v) > longestText(vr) }) {
			return nil, refuse("a text of the result is longer than DICOM allows, or is no UTF-8")
		}
		if slices.ContainsFunc(values, func(v string) bool { return !readable(v, vr) }) {
			return nil, refuse("a text of the result holds characters that command a screen rather than show on it")
		}
		if values != nil {
			return textElement(e.Tag, vr, values...), nil
		}
		return e, nil
	}
}

// longestText is the length in characters that a VR allows (PS3.5 table 6.2-1).
func longestText(vr string) int {
	switch vr {
	case "CS", "SH", "DS", "AE", "TM":
		return 16
	case "IS":
		return 12
	case "DA":
		return 8
	case "DT":
		return 26
	case "LO":
		return 64
	case "ST":
		return 1024
	default: // LT and the unlimited ones
		return 10240
	}
}

// readable says that a text can be shown as it is: no control characters, no escape
// sequences, nothing that turns the writing round. Long texts may have lines.
func readable(text, vr string) bool {
	lines := vr == "LT" || vr == "ST" || vr == "UT"
	return !strings.ContainsFunc(text, func(c rune) bool {
		return !unicode.IsGraphic(c) && !(lines && (c == '\r' || c == '\n' || c == '\t'))
	})
}

// madeUID is a UID that somebody makes without a registered root (PS3.5 B.2).
var madeUID = regexp.MustCompile(`^2\.25\.[1-9][0-9]{0,38}$`)

// original maps a UID of the result to the clinic's. A UID that the clinic did
// not hand out is refused, unless it is the name of something the node made.
func (r *restorer) original(t tag.Tag, value string, top bool) (string, error) {
	own, handedOut := r.id.UIDs[value]
	switch {
	case value == "" || standardUID(value):
		return value, nil
	case t == tag.UID && handedOut: // a content item that refers to the source
		return own, nil
	case nodeMakes(t, top):
		if handedOut || r.originals[value] || !madeUID.MatchString(value) {
			return "", refuse("the result takes the UID of an object that exists already, or one that nobody may make")
		}
		return value, nil
	case handedOut:
		return own, nil
	case r.made[value]:
		return value, nil
	default:
		return "", refuse("the result refers to an object that was not sent")
	}
}

// identity returns the patient's and the study's attributes as they stood in the
// source, with empty ones where the IOD wants them and the source had none.
func (r *restorer) identity() []*dicom.Element {
	var elements []*dicom.Element
	for _, a := range r.id.Attributes {
		if t := (tag.Tag{Group: a.Group, Element: a.Element}); r.spatial || t != tag.PositionReferenceIndicator {
			elements = append(elements, textElement(t, a.VR, a.Values...))
		}
	}
	for _, t := range []tag.Tag{
		tag.StudyDate, tag.StudyTime, tag.AccessionNumber, tag.ReferringPhysicianName, tag.StudyID,
		tag.PatientName, tag.PatientID, tag.PatientBirthDate, tag.PatientSex, tag.PositionReferenceIndicator,
	} {
		if t == tag.PositionReferenceIndicator && !r.spatial {
			continue
		}
		if find(elements, t) == nil {
			elements = append(elements, textElement(t, dictionaryVR(t)))
		}
	}
	return elements
}

// identityOf reads from a source what identity will put back. What is longer than any
// text of a patient should be stays in the source.
func identityOf(elements []*dicom.Element) []Attribute {
	var attributes []Attribute
	for _, t := range identityTags() {
		values := textOf(find(elements, t))
		if a := (Attribute{Group: t.Group, Element: t.Element, VR: dictionaryVR(t), Values: values}); values != nil && a.valid() {
			attributes = append(attributes, a)
		}
	}
	return attributes
}

// number returns the first integer of an element of VR US or IS, or -1.
func number(elements []*dicom.Element, t tag.Tag) int {
	e := find(elements, t)
	if e == nil || e.Value == nil {
		return -1
	}
	switch values := e.Value.GetValue().(type) {
	case []int:
		if len(values) > 0 {
			return values[0]
		}
	case []string:
		var n int
		if len(values) > 0 {
			if _, err := fmt.Sscan(values[0], &n); err == nil {
				return n
			}
		}
	}
	return -1
}
