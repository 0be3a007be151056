package clinic

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"
)

// sound draws an element whose value is of its VR.
func (d *draw) sound(depth int) *dicom.Element {
	tg := rapid.SampledFrom(d.known).Draw(d.t, "tag")
	number := func(label string, most int) int { return rapid.IntRange(0, most).Draw(d.t, label) }
	date := func() string {
		return fmt.Sprintf("%04d%02d%02d", 1900+number("year", 130), 1+number("month", 11), 1+number("day", 27))
	}
	switch vr := dictionaryVR(tg); vr {
	case "SQ":
		if depth == 0 {
			return sequence(tg)
		}
		items := make([][]*dicom.Element, 1+number("items", 2))
		for n := range items {
			items[n] = d.several(depth-1, 5)
		}
		return sequence(tg, items...)
	case "DA":
		return textElement(tg, vr, date())
	case "TM":
		return textElement(tg, vr, fmt.Sprintf("%02d%02d%02d.%d", number("hour", 23), number("minute", 59), number("second", 59), number("fraction", 999)))
	case "DT":
		return textElement(tg, vr, date()+fmt.Sprintf("%02d%02d%02d", number("hour", 23), number("minute", 59), number("second", 59)))
	case "AS":
		return textElement(tg, vr, fmt.Sprintf("%03d%s", number("age", 120), rapid.SampledFrom([]string{"Y", "M", "W", "D"}).Draw(d.t, "unit")))
	case "CS":
		return textElement(tg, vr, strings.ToUpper(fmt.Sprintf("Q%d", number("code", 9999))))
	case "DS":
		return textElement(tg, vr, fmt.Sprintf("%d.%d", number("whole", 9999), number("part", 99)))
	case "IS":
		return textElement(tg, vr, fmt.Sprint(number("count", 9999)))
	default:
		return d.element(depth)
	}
}

func (d *draw) several(depth, most int) []*dicom.Element {
	once := map[tag.Tag]*dicom.Element{}
	for range rapid.IntRange(0, most).Draw(d.t, "elements") {
		if e := d.sound(depth); e.Tag != tag.SOPClassUID && e.Tag != tag.PixelData {
			once[e.Tag] = e
		}
	}
	return slices.SortedFunc(maps.Values(once), byTag)
}

// undo gives what left the identity that the vault keeps: UIDs, dates, and the patient's and
// the study's attributes. It returns how many attributes it compared with the original.
func undo(t *rapid.T, left, original []*dicom.Element, id Identity) (compared int) {
	for _, e := range left {
		was := find(original, e.Tag)
		switch {
		case slices.ContainsFunc(id.Policy.marks(), sameTag(e)), !hasValue(e):
			continue // ours, or nothing was seen of it
		case was == nil:
			t.Fatalf("%v left and is not in the original", e.Tag)
		case e.Tag == tag.PatientName || e.Tag == tag.PatientID:
			continue // put back from the vault, see below
		}
		inside, ok := itemsOf(e)
		if _, chosen := newProfile(names(id), id.Policy, nil).optional(was); !chosen && ActionFor(e.Tag).resolved() == Dummy {
			continue // says nothing
		}
		if ok {
			items, _ := itemsOf(was)
			if len(items) != len(inside) {
				t.Fatalf("%v has %d items, and had %d", e.Tag, len(inside), len(items))
			}
			for n := range inside {
				compared += undo(t, inside[n], items[n], id)
			}
			continue
		}
		back := e
		switch vrOf(e) {
		case "UI":
			values := textOf(e)
			for n, v := range values {
				if own, handedOut := id.UIDs[v]; handedOut {
					values[n] = own
				}
			}
			back = textElement(e.Tag, "UI", values...)
		case "DA", "DT", "TM":
			back = moved(e, -id.ShiftDays)
		case "AS":
			was = age(was)
		}
		if e.Tag == tag.ImageType || e.Tag == tag.PixelPresentation {
			continue // known terms alone leave
		}
		if got, want := says([]*dicom.Element{back}), says([]*dicom.Element{was}); got != want {
			t.Fatalf("%v comes back as %s, and was %s", e.Tag, got, want)
		}
		compared++
	}
	return compared
}

// names are those of the clinic of these tests.
func names(Identity) Pseudonyms { return NewPseudonyms([SecretBytes]byte{9}) }

// Whatever the policy and the manifest: what left and is given its identity back is the
// original, attribute by attribute.
func TestDeidentifiedThenRestoredIsTheOriginal(t *testing.T) {
	var known []tag.Tag
	for _, row := range Rows() {
		if row.Mask == 0xFFFFFFFF && row.Value>>16 > 4 && row.Options != 0 {
			known = append(known, tag.Tag{Group: uint16(row.Value >> 16), Element: uint16(row.Value)})
		}
	}
	for _, keyword := range []string{"SliceThickness", "FlipAngle", "SoftwareVersions", "BodyPartExamined", "DerivationImageSequence", "PurposeOfReferenceCodeSequence", "CodeValue", "CodeMeaning",
		"SourceImageSequence", "ReferencedSOPInstanceUID", "Manufacturer", "WindowCenter", "AnatomicRegionSequence", "RepetitionTime", "EchoTrainLength", "SharedFunctionalGroupsSequence", "ReferencedImageSequence"} {
		info, err := tag.FindByKeyword(keyword)
		if err != nil {
			t.Fatal(err)
		}
		for range 8 {
			known = append(known, info.Tag)
		}
	}
	slices.SortStableFunc(known, tag.Tag.Compare)
	compared := 0
	rapid.Check(t, func(rt *rapid.T) {
		d := &draw{t: rt, known: known}
		policy := Policy{RetainDates: rapid.Bool().Draw(rt, "dates"), RetainDevice: rapid.Bool().Draw(rt, "device"), RetainCharacteristics: rapid.Bool().Draw(rt, "characteristics"), Released: true}
		source := slice(d.several(4, 24)...)
		var keywords []string
		for _, tg := range rapid.SliceOfN(rapid.SampledFrom(known), 0, 60).Draw(rt, "allowed") {
			if info, err := tag.Find(tg); err == nil {
				keywords = append(keywords, info.Keyword)
			}
		}
		here := names(Identity{})
		out := mustDeidentifyUnder(rt, source, here, policy, mustAllow(rt, keywords...))
		id := Identity{UIDs: out.UIDs, Attributes: identityOf(source.Elements), StudyUID: first(source.Elements, tag.StudyInstanceUID), Policy: policy}
		if policy.RetainDates {
			id.ShiftDays = here.shiftOf(headerOf(source.Elements))
		}
		compared += undo(rt, out.Dataset.Elements, source.Elements, id)
		back := newRestorer(id, nil).identity()
		for _, tg := range identityTags() {
			if e := find(source.Elements, tg); e != nil && standardVR(e) && tg != tag.PositionReferenceIndicator && !slices.Equal(textOf(find(back, tg)), textOf(e)) {
				rt.Fatalf("%v is put back as %v, and was %v", tg, find(back, tg), e)
			}
		}
	})
	if compared < 1000 {
		t.Fatalf("only %d attributes were compared: the generator makes too little", compared)
	}
}

// Two studies of a patient share pseudonym and days, and what one clinic gives out no other
// does: neither for a patient nor for a UID.
func TestClinicsShareNoNames(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		secret := func(label string) (s [SecretBytes]byte) {
			copy(s[:], rapid.SliceOfN(rapid.Byte(), SecretBytes, SecretBytes).Draw(rt, label))
			return s
		}
		one, two := secret("one clinic"), secret("another")
		two[0] = one[0] + 1 // never the same
		patient := rapid.StringMatching(`[A-Z0-9-]{1,20}`).Draw(rt, "patient")
		study := func(n int) header {
			return header{PatientID: patient, Issuer: "Spital", StudyUID: fmt.Sprintf("1.2.%d", n), PatientName: rapid.String().Draw(rt, "name")}
		}
		here, there := NewPseudonyms(one), NewPseudonyms(two)
		first, second := study(1), study(2)
		if here.patientOf(first) != here.patientOf(second) || here.shiftOf(first) != here.shiftOf(second) {
			rt.Fatal("two studies of one patient are told apart")
		}
		if here.patientOf(first) == there.patientOf(first) || here.UID(first.StudyUID) == there.UID(first.StudyUID) {
			rt.Fatal("two clinics give the same name")
		}
	})
}
