package clinic

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// AllowList is what may leave the clinic at all, after the profile: the
// attributes that a model's manifest names, and those without which the object
// is no valid instance. It can only narrow what the profile left.
type AllowList struct{ tags map[tag.Tag]bool }

// maxAllowedAttributes bounds a manifest's list; the data dictionary has about 5,000 keywords.
const maxAllowedAttributes = 512

// NewAllowList reads DICOM keywords (PS3.6), such as "SliceThickness".
func NewAllowList(keywords []string) (AllowList, error) {
	if len(keywords) > maxAllowedAttributes {
		return AllowList{}, fmt.Errorf("manifest allows %d attributes: the limit is %d", len(keywords), maxAllowedAttributes)
	}
	list := AllowList{tags: make(map[tag.Tag]bool, len(keywords))}
	for _, keyword := range keywords {
		info, err := tag.FindByKeyword(keyword)
		if err != nil || info.Keyword != keyword {
			return AllowList{}, fmt.Errorf("manifest allows %.64q, which is no DICOM keyword; correct allowed_attributes in the manifest", keyword)
		}
		list.tags[info.Tag] = true
	}
	return list, nil
}

// narrow returns the elements of one data set or item that may leave, sorted, with empty
// ones for the missing attributes of Type 2. structure says what belongs to the object
// there, whatever the manifest allows.
func (a AllowList) narrow(elements []*dicom.Element, p *profile, s structure) []*dicom.Element {
	kept := make([]*dicom.Element, 0, min(len(elements), len(s)+len(a.tags)))
	seen := make(map[tag.Tag]bool, len(elements))
	for _, e := range elements {
		if seen[e.Tag] { // a tag that comes twice is no valid data set: the first counts
			continue
		}
		seen[e.Tag] = true
		part, structural := s[e.Tag]
		var clean *dicom.Element
		switch {
		case p.listed[e]: // judged by the profile, and named by the policy
			clean = e
		case structural && part.presence == groups:
			clean = a.functionalGroups(e, p, part.items)
		case structural:
			clean = a.part(e, p, part)
		case a.tags[e.Tag]:
			clean = a.judge(e, p)
		}
		if clean != nil {
			kept = append(kept, clean)
		}
	}
	for t, part := range s {
		if t == tag.Laterality && first(kept, tag.BodyPartExamined) != "" {
			continue // Type 2C: it would say that the part is one of a pair
		}
		if part.presence == blank && !seen[t] {
			kept = append(kept, absent(t))
		}
	}
	slices.SortFunc(kept, byTag)
	return kept
}

// part returns what leaves of an attribute that belongs to the object's structure; nil
// if it goes, which only an item's may.
func (a AllowList) part(e *dicom.Element, p *profile, own part) *dicom.Element {
	if !a.tags[e.Tag] {
		switch own.presence {
		case blank:
			return absent(e.Tag)
		case veiled:
			return p.dummy(&dicom.Element{Tag: e.Tag, RawValueRepresentation: dictionaryVR(e.Tag), Value: e.Value})
		}
	}
	if own.items != nil && standardVR(e) {
		if kept, some := a.items(e, p, own.items); some {
			return kept
		}
		if own.presence == carried {
			return nil // an item without anything says nothing, and is valid nowhere
		}
		return absent(e.Tag)
	}
	if clean := a.judge(e, p); clean != nil {
		return clean
	}
	return absent(e.Tag)
}

// items narrows the items of a sequence to their structure and what the manifest allows;
// some is false if nothing of them is left.
func (a AllowList) items(e *dicom.Element, p *profile, s structure) (narrowed *dicom.Element, some bool) {
	items, ok := itemsOf(e)
	if !ok {
		return nil, false
	}
	kept := make([][]*dicom.Element, 0, len(items))
	for _, item := range items {
		if _, structural := s[tag.CodingSchemeDesignator]; structural && !standardCode(item) {
			continue
		}
		narrowed := a.narrow(item, p, s)
		kept = append(kept, narrowed)
		some = some || len(narrowed) > 0
	}
	return sequence(e.Tag, kept...), some
}

// functionalGroups narrows the items of a sequence of functional groups (PS3.3
// C.7.6.16): each item stands for a frame, or for all of them, and stays. An attribute
// that the manifest names also leaves from within a group that it does not name: the group
// says only where the attribute stands in an enhanced object.
func (a AllowList) functionalGroups(e *dicom.Element, p *profile, s structure) *dicom.Element {
	items, _ := itemsOf(e)
	kept := make([][]*dicom.Element, len(items))
	for n, item := range items {
		own := a.narrow(item, p, s)
		for _, group := range item {
			if _, structural := s[group.Tag]; structural || a.tags[group.Tag] || vrOf(group) != "SQ" || !standardVR(group) {
				continue
			}
			if narrowed, some := a.items(group, p, nil); some {
				own = append(own, narrowed)
			}
		}
		slices.SortStableFunc(own, byTag)
		kept[n] = slices.CompactFunc(own, func(x, y *dicom.Element) bool { return x.Tag == y.Tag })
	}
	return sequence(e.Tag, kept...)
}

// absent is an element of zero length with the dictionary's VR.
func absent(t tag.Tag) *dicom.Element {
	return empty(&dicom.Element{Tag: t, RawValueRepresentation: dictionaryVR(t)})
}

// judge returns e if its value is of the kind that its VR promises, nil if not.
// A text field with a number's VR is where identifiers hide.
func (a AllowList) judge(e *dicom.Element, p *profile) *dicom.Element {
	if !standardVR(e) {
		return nil
	}
	e = counted(e)
	if e.Tag == tag.ImageType || e.Tag == tag.FrameType {
		return imageType(e)
	}
	if e.Tag == tag.RescaleType {
		return rescaleType(e)
	}
	if e.Tag == tag.PhotometricInterpretation && slices.Contains(greys, first([]*dicom.Element{e}, e.Tag)) { // whoever is called so
		return textElement(e.Tag, "CS", first([]*dicom.Element{e}, e.Tag))
	}
	if e.Tag == tag.PixelPresentation { // the palettes that would colour it stay here
		return textElement(e.Tag, "CS", "MONOCHROME")
	}
	values := textOf(e)
	switch vr := vrOf(e); vr {
	case "SQ":
		narrowed, _ := a.items(e, p, nil) // only what the manifest names survives there
		return narrowed
	case "UI":
		return e
	case "US", "UL", "SS", "SL", "AT", "FL", "FD":
		if e.Value.ValueType() != dicom.Ints && e.Value.ValueType() != dicom.Floats {
			return nil
		}
		return e
	case "DA", "DT", "TM":
		if !p.policy.RetainDates {
			return nil
		}
		return e // the profile moved it
	case "AS":
		if !p.policy.RetainCharacteristics {
			return nil
		}
		return age(e)
	case "DS", "IS":
		if vr == "DS" {
			values = shortened(values)
		}
		if slices.ContainsFunc(values, notNumber) || slices.ContainsFunc(values, p.repeats) || vr == "IS" && slices.ContainsFunc(values, numbersPerson) {
			return nil
		}
	case "CS":
		if slices.ContainsFunc(values, func(v string) bool { return !codeString.MatchString(v) || p.echoes(v) }) {
			return nil
		}
	default:
		if e.Tag == tag.PatientName || e.Tag == tag.PatientID { // the pseudonym
			return e
		}
		if !isFreeText(vr) || isProse(vr) || slices.ContainsFunc(values, func(v string) bool { return !plainText.MatchString(v) || p.echoes(v) }) {
			return nil
		}
	}
	return textElement(e.Tag, vrOf(e), values...)
}

// greys are the Photometric Interpretations of what leaves.
var greys = []string{"MONOCHROME1", "MONOCHROME2"}

// plainText is what free text may be written with: printable ASCII. A name in a character
// set that the file does not declare, or behind an escape sequence of ISO 2022, is another
// text than the same name where it is declared, and nobody would know it again.
var plainText = regexp.MustCompile(`^[ -~]*$`)

// codeString is the repertoire of CS (PS3.5 section 6.2).
var codeString = regexp.MustCompile(`^[A-Z0-9 _]{0,16}$`)

// maxNumberText is the length of the longest decimal string (DS, PS3.5 section 6.2).
const maxNumberText = 16

// maxLongDecimal is the length of a float64 with all its digits, and some.
const maxLongDecimal = 32

// decimal is the repertoire of DS and, without point and exponent, of IS.
var decimal = regexp.MustCompile(`^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$`)

// shortened writes decimals anew that are longer than DICOM allows, as converters
// leave them: without its position a slice is lost.
func shortened(values []string) []string {
	list := slices.Clone(values)
	for n, v := range list {
		if len(v) <= maxNumberText || len(v) > maxLongDecimal || !decimal.MatchString(v) {
			continue
		}
		if number, err := strconv.ParseFloat(v, 64); err == nil {
			list[n] = dcm.DecimalString(number)
		}
	}
	return list
}

// longestCount is the most digits of a number that counts something in an image. Numbers of
// patients, requests and telephones are longer.
const longestCount = 7

// numbersPerson says that an integer is as long as the numbers that people go by.
func numbersPerson(v string) bool { return len(strings.TrimLeft(v, "+-0")) > longestCount }

func notNumber(v string) bool {
	return v != "" && (len(v) > maxNumberText || !decimal.MatchString(v))
}

// isFreeText names the VRs of text that a person may have typed, other than names.
func isFreeText(vr string) bool {
	return slices.Contains([]string{"LO", "SH", "LT", "ST", "UT", "UC"}, vr)
}

// isProse names those that hold sentences, in which nobody finds all that names a person. No
// model needs them.
func isProse(vr string) bool { return slices.Contains([]string{"LT", "ST", "UT"}, vr) }

// imageType keeps the terms of Image Type that are known, and says OTHER for the rest.
func imageType(e *dicom.Element) *dicom.Element {
	values := textOf(e)
	for n, v := range values {
		if v != "" && !imageWord(v) {
			values[n] = "OTHER"
		}
	}
	return textElement(e.Tag, "CS", values...)
}
