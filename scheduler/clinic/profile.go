package clinic

import (
	"slices"
	"strings"
	"unicode"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"github.com/suyashkumar/dicom/pkg/uid"
)

// Groups that PS3.15 E.1 or the writing of a new file replaces as a whole.
const (
	commandGroup = 0x0000
	fileMeta     = 0x0002 // written anew: it names the sending station's software
	directory    = 0x0004
	itemGroup    = 0xFFFE
	curveGroup   = 0x50
	overlayGroup = 0x60
)

// profile applies Table E.1-1 to one data set and remembers what it took away.
type profile struct {
	names     substitutes
	policy    Policy
	patient   string            // the pseudonym of the data set's patient
	shiftDays int               // by which the patient's dates move
	uids      map[string]string // new UID -> original
	words     map[string]bool   // identifying words of this data set, lower case
	called    map[string]bool   // all words of its names, however short, lower case

	listed map[*dicom.Element]bool // private attributes that the policy lets out, and their creators
}

// header holds what identifies a data set's patient and study.
type header struct {
	PatientID   string `json:"id"`
	Issuer      string `json:"issuer,omitempty"`
	PatientName string `json:"name"`
	BirthDate   string `json:"birth,omitempty"`
	StudyUID    string `json:"study"`
}

func headerOf(elements []*dicom.Element) header {
	return header{
		PatientID:   first(elements, tag.PatientID),
		Issuer:      first(elements, tag.IssuerOfPatientID),
		PatientName: first(elements, tag.PatientName),
		BirthDate:   first(elements, tag.PatientBirthDate),
		StudyUID:    first(elements, tag.StudyInstanceUID),
	}
}

func newProfile(names substitutes, policy Policy, elements []*dicom.Element) *profile {
	head := headerOf(elements)
	p := &profile{names: names, policy: policy, patient: names.patientOf(head),
		uids: map[string]string{}, words: map[string]bool{}, called: map[string]bool{}, listed: map[*dicom.Element]bool{}}
	if policy.RetainDates {
		p.shiftDays = names.shiftOf(head)
	}
	return p
}

// apply returns the elements after the profile, to any depth, in new elements:
// the input is not changed.
func (p *profile) apply(elements []*dicom.Element) []*dicom.Element {
	kept := make([]*dicom.Element, 0, len(elements))
	for _, e := range elements {
		if outright(e) {
			continue
		}
		if changed := p.element(e); changed != nil {
			kept = append(kept, changed)
		}
	}
	return append(kept, p.safe(elements)...)
}

// outright says that e goes without a look at its value: private attributes (but see safe),
// everything of overlays and curves (what is left of them without their data is
// invalid), group lengths, which would be wrong, and groups of other layers.
func outright(e *dicom.Element) bool {
	group := e.Tag.Group
	switch {
	case e.Value == nil, tag.IsPrivate(group), e.Tag.Element == 0:
		return true
	case group == commandGroup, group == fileMeta, group == directory, group == itemGroup:
		return true
	default:
		return group>>8 == curveGroup || group>>8 == overlayGroup
	}
}

// element returns what becomes of e, nil if it goes.
func (p *profile) element(e *dicom.Element) *dicom.Element {
	switch e.Tag {
	case tag.PatientName, tag.PatientID: // Z and Z/D: the dummy is the pseudonym
		return textElement(e.Tag, dictionaryVR(e.Tag), p.patient)
	}
	if kept, chosen := p.optional(e); chosen {
		return kept
	}
	switch ActionFor(e.Tag).resolved() {
	case Remove:
		return nil
	case Empty:
		return empty(e)
	case Dummy:
		return p.dummy(e)
	case Remap:
		return p.remap(e)
	}
	switch vrOf(e) {
	case "UN": // bytes that nobody can judge
		return nil
	case "SQ":
		return p.inside(e)
	case "UI":
		return p.remap(e)
	default:
		return e
	}
}

// inside applies the profile to each item of a sequence.
func (p *profile) inside(e *dicom.Element) *dicom.Element {
	items, ok := itemsOf(e)
	if !ok {
		return nil
	}
	kept := make([][]*dicom.Element, len(items))
	for n, item := range items {
		kept[n] = p.apply(item)
	}
	return sequence(e.Tag, kept...)
}

// remap replaces every UID of e that the standard did not define (code U). Of a
// sequence of references (code U*) nothing but UIDs stays. Another VR under such
// a tag goes.
func (p *profile) remap(e *dicom.Element) *dicom.Element {
	switch vrOf(e) {
	case "SQ":
		items, _ := itemsOf(e)
		kept := make([][]*dicom.Element, len(items))
		for n, item := range items {
			for _, inner := range p.apply(item) {
				if vrOf(inner) == "UI" {
					kept[n] = append(kept[n], inner)
				}
			}
		}
		return sequence(e.Tag, kept...)
	case "UI":
		values := textOf(e)
		for n, original := range values {
			if original != "" && !standardUID(original) {
				if values[n] = p.names.UID(original); values[n] != "" {
					p.uids[values[n]] = original
				}
			}
		}
		return textElement(e.Tag, "UI", values...)
	default:
		return nil
	}
}

// standardUID says that the DICOM standard itself defines id (PS3.6 Annex A):
// such a UID names a class, a syntax or an atlas, never a patient's object.
func standardUID(id string) bool {
	_, err := uid.Lookup(id)
	return err == nil
}

// A word shorter than this is found in innocent values too often.
const shortestWord = 4

// patientGroup is the group of the patient's own attributes.
const patientGroup = 0x0010

// namesPlace says that t names the visit, the house or its machine.
func namesPlace(t tag.Tag) bool {
	return slices.Contains([]tag.Tag{
		tag.AccessionNumber, tag.StudyID, tag.AdmissionID, tag.InstitutionName, tag.InstitutionAddress, tag.StationName, tag.DeviceSerialNumber,
	}, t)
}

// collectWords remembers the words of names, of the patient's attributes, of the
// house and of dates, at any depth. They must not come back in a value that stays.
func (p *profile) collectWords(elements []*dicom.Element) {
	for _, e := range elements {
		if items, ok := itemsOf(e); ok {
			for _, item := range items {
				p.collectWords(item)
			}
			continue
		}
		vr := vrOf(e)
		if !identifying(e.Tag, vr, p.policy) {
			continue
		}
		for _, value := range textOf(e) {
			if vr == "DT" {
				value = value[:min(len(value), len(dummyDate))]
			}
			p.addWords(value)
			if vr == "PN" {
				for _, word := range wordsOf(value) {
					p.called[word] = true
				}
			}
		}
	}
}

// identifying says that the words of an attribute must not come back in a value that leaves.
func identifying(t tag.Tag, vr string, policy Policy) bool {
	if policy.keeps(t) { // it leaves: its words are no secret
		return false
	}
	return vr == "PN" || vr == "DA" || vr == "DT" || isFreeText(vr) && (t.Group == patientGroup || namesPlace(t))
}

// A part of a word that has no letter must be longer: "2024" is no secret of HGS-2024-K.
const shortestNumber = 6

// addWords remembers the words of value, and the parts of those that are put together, such
// as Müller-Wójcik or HGS-7741902.
func (p *profile) addWords(value string) {
	for _, word := range wordsOf(value) {
		if len([]rune(word)) >= shortestWord {
			p.words[word] = true
		}
		for _, part := range strings.FieldsFunc(word, func(r rune) bool { return strings.ContainsRune("-._'’", r) }) {
			if n := len([]rune(part)); n >= shortestNumber || n >= shortestWord && strings.ContainsFunc(part, unicode.IsLetter) {
				p.words[part] = true
			}
		}
	}
}

// wordsOf are the words of a text, lower case.
func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" ^=,;/()", r) })
}

// repeats says that a number is one that identifies: a date, or a number of the patient's.
func (p *profile) repeats(number string) bool {
	return len(number) >= shortestNumber && p.words[strings.ToLower(number)]
}

// echoes says that a value which would stay repeats an identifying word, or is made of
// several words of names and nothing else, such as LI WU.
func (p *profile) echoes(value string) bool {
	if words := wordsOf(value); len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return !p.called[w] }) {
		return true
	}
	value = strings.ToLower(value)
	for word := range p.words {
		if strings.Contains(value, word) {
			return true
		}
	}
	return false
}
