package clinic

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// slice is a small MR data set with extra elements.
func slice(extra ...*dicom.Element) dicom.Dataset {
	elements := []*dicom.Element{
		textElement(tag.SpecificCharacterSet, "CS", "ISO_IR 192"),
		textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", "M"),
		textElement(tag.SOPClassUID, "UI", mrImageStorage),
		textElement(tag.SOPInstanceUID, "UI", "1.2.3.20240311.1"),
		textElement(tag.Modality, "CS", "MR"),
		textElement(tag.PatientName, "PN", "Müßiggang^Zoë"),
		textElement(tag.PatientID, "LO", "HGS-7741902"),
		textElement(tag.ScanningSequence, "CS", "GR"),
		textElement(tag.SequenceVariant, "CS", "NONE"),
		textElement(tag.StudyInstanceUID, "UI", "1.2.3.20240311.2"),
		textElement(tag.SeriesInstanceUID, "UI", "1.2.3.20240311.3"),
		textElement(tag.FrameOfReferenceUID, "UI", "1.2.3.20240311.4"),
		textElement(tag.ImagePositionPatient, "DS", "0", "0", "0"),
		textElement(tag.ImageOrientationPatient, "DS", "1", "0", "0", "0", "1", "0"),
		textElement(tag.PixelSpacing, "DS", "1", "1"),
		textElement(tag.PhotometricInterpretation, "CS", "MONOCHROME2"),
		dataElement(tag.SamplesPerPixel, "US", []int{1}), dataElement(tag.Rows, "US", []int{2}), dataElement(tag.Columns, "US", []int{2}),
		dataElement(tag.BitsAllocated, "US", []int{16}), dataElement(tag.BitsStored, "US", []int{12}),
		dataElement(tag.HighBit, "US", []int{11}), dataElement(tag.PixelRepresentation, "US", []int{0}),
	}
	for _, e := range extra {
		elements = slices.DeleteFunc(elements, func(old *dicom.Element) bool { return old.Tag == e.Tag })
	}
	elements = append(elements, extra...)
	slices.SortStableFunc(elements, byTag)
	return dicom.Dataset{Elements: elements}
}

func mustAllow(t interface{ Fatal(...any) }, keywords ...string) AllowList {
	list, err := NewAllowList(keywords)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func mustDeidentify(t interface{ Fatal(...any) }, ds dicom.Dataset, names Pseudonyms, allow AllowList) Deidentified {
	out, err := Deidentify(ds, names, Policy{}, allow)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDeidentifiedSaysWhatWasDone(t *testing.T) {
	out := mustDeidentify(t, slice(), NewPseudonyms([SecretBytes]byte{1}), mustAllow(t)).Dataset.Elements
	for tg, want := range map[tag.Tag]string{
		tag.PatientIdentityRemoved: "YES", tag.DeidentificationMethod: Method, tag.LongitudinalTemporalInformationModified: "REMOVED",
	} {
		if got := first(out, tg); got != want {
			t.Errorf("%v is %q, want %q", tg, got, want)
		}
	}
	items, _ := itemsOf(find(out, tag.DeidentificationMethodCodeSequence))
	if len(items) != 1 || first(items[0], tag.CodeValue) != "113100" || first(items[0], tag.CodingSchemeDesignator) != "DCM" {
		t.Errorf("the method's code is %v", items)
	}
	if !slices.IsSortedFunc(out, byTag) {
		t.Error("the elements are not in the order of their tags")
	}
}

func TestPseudonymsHoldPatientsTogetherAndClinicsApart(t *testing.T) {
	here, there := NewPseudonyms([SecretBytes]byte{1}), NewPseudonyms([SecretBytes]byte{2})
	allow := mustAllow(t)
	id := func(names Pseudonyms, extra ...*dicom.Element) string {
		out := mustDeidentify(t, slice(extra...), names, allow).Dataset.Elements
		if first(out, tag.PatientID) != first(out, tag.PatientName) {
			t.Errorf("ID %q and name %q differ", first(out, tag.PatientID), first(out, tag.PatientName))
		}
		return first(out, tag.PatientID)
	}
	one := id(here)
	if two := id(here, textElement(tag.StudyInstanceUID, "UI", "1.2.3.99"), textElement(tag.PatientName, "PN", "Muessiggang^Z")); two != one {
		t.Errorf("two studies of one patient have pseudonyms %s and %s", one, two)
	}
	for name, other := range map[string]string{
		"another clinic":        id(there),
		"another patient":       id(here, textElement(tag.PatientID, "LO", "HGS-7741903")),
		"another issuer":        id(here, textElement(tag.IssuerOfPatientID, "LO", "Spital")),
		"no ID":                 id(here, textElement(tag.PatientID, "LO")),
		"neither ID nor a name": id(here, textElement(tag.PatientID, "LO"), textElement(tag.PatientName, "PN")),
	} {
		if other == one {
			t.Errorf("%s has the same pseudonym", name)
		}
	}
}

func TestUIDsAreRemappedTheSameEverywhere(t *testing.T) {
	reference := func(uid string) *dicom.Element {
		return sequence(tag.SourceImageSequence, []*dicom.Element{
			textElement(tag.ReferencedSOPClassUID, "UI", mrImageStorage), textElement(tag.ReferencedSOPInstanceUID, "UI", uid),
		})
	}
	allow := mustAllow(t, "SourceImageSequence", "ReferencedSOPClassUID", "ReferencedSOPInstanceUID")
	out := mustDeidentify(t, slice(reference("1.2.3.20240311.1")), NewPseudonyms([SecretBytes]byte{1}), allow)
	items, _ := itemsOf(find(out.Dataset.Elements, tag.SourceImageSequence))
	if len(items) != 1 {
		t.Fatal("the reference is gone")
	}
	own, referenced := first(out.Dataset.Elements, tag.SOPInstanceUID), first(items[0], tag.ReferencedSOPInstanceUID)
	if own != referenced || !strings.HasPrefix(own, "2.25.") || len(own) > 64 {
		t.Errorf("own UID %s, reference %s: want the same new one", own, referenced)
	}
	if out.UIDs[own] != "1.2.3.20240311.1" {
		t.Errorf("the map leads back to %q", out.UIDs[own])
	}
	if got := first(items[0], tag.ReferencedSOPClassUID); got != mrImageStorage {
		t.Errorf("the SOP class became %s", got)
	}
}

// What a manifest allows still has to be what its VR promises, and to say nothing about the patient.
func TestAllowedAttributesAreJudged(t *testing.T) {
	allow := mustAllow(t, "SoftwareVersions", "BodyPartExamined", "FlipAngle", "PatientName", "PatientSex", "StudyDate", "InstitutionName", "RescaleSlope", "AcquisitionNumber", "TextValue")
	for name, tc := range map[string]struct {
		plant *dicom.Element
		want  []string // nil: gone or empty
	}{
		"a harmless text":             {textElement(tag.SoftwareVersions, "LO", "syngo 1.0"), []string{"syngo 1.0"}},
		"a text with the name":        {textElement(tag.SoftwareVersions, "LO", "for MÜSSIGGANG, müßiggang"), nil},
		"a text with the ID":          {textElement(tag.SoftwareVersions, "LO", "x HGS-7741902 y"), nil},
		"prose":                       {textElement(tag.TextValue, "UT", "Seen by nobody"), nil},
		"a code":                      {textElement(tag.BodyPartExamined, "CS", "BRAIN"), []string{"BRAIN"}},
		"a name as a code":            {textElement(tag.BodyPartExamined, "CS", "Zoë Müßiggang"), nil},
		"a number":                    {textElement(tag.FlipAngle, "DS", "9.5"), []string{"9.5"}},
		"a text as a number":          {textElement(tag.FlipAngle, "DS", "Zoë"), nil},
		"a count":                     {textElement(tag.AcquisitionNumber, "IS", "0001234567"), []string{"0001234567"}},
		"a patient's number as count": {textElement(tag.AcquisitionNumber, "IS", "482710709"), nil},
		"another VR than the tag's":   {textElement(tag.FlipAngle, "LO", "Zoë"), nil},
		"a Z attribute":               {textElement(tag.PatientSex, "CS", "F"), nil},
		"a date":                      {textElement(tag.StudyDate, "DA", "20240311"), nil},
		"an image type with a name":   {textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", "ZOE"), []string{"ORIGINAL", "PRIMARY", "OTHER"}},
		"a slope that is not a slope": {textElement(tag.RescaleSlope, "DS", "Zoë"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			out := mustDeidentify(t, slice(tc.plant), NewPseudonyms([SecretBytes]byte{1}), allow).Dataset.Elements
			if got := textOf(find(out, tc.plant.Tag)); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestUnknownKeywordsAreRefused(t *testing.T) {
	for _, keyword := range []string{"Patient's Name", "SliceThicknes", ""} {
		if _, err := NewAllowList([]string{keyword}); err == nil {
			t.Errorf("%q is taken for a keyword", keyword)
		}
	}
}

func TestDoubtfulPixelsAreQuarantined(t *testing.T) {
	for name, extra := range map[string]*dicom.Element{
		"says burned in":     textElement(tag.BurnedInAnnotation, "CS", "YES"),
		"secondary capture":  textElement(tag.SOPClassUID, "UI", "1.2.840.10008.5.1.4.1.1.7"),
		"captured in colour": textElement(tag.SOPClassUID, "UI", "1.2.840.10008.5.1.4.1.1.7.4"),
		"ultrasound":         textElement(tag.SOPClassUID, "UI", "1.2.840.10008.5.1.4.1.1.6.1"),
		"encapsulated PDF":   textElement(tag.SOPClassUID, "UI", "1.2.840.10008.5.1.4.1.1.104.1"),
		"unknown class":      textElement(tag.SOPClassUID, "UI", "1.2.3"),
		"no class":           textElement(tag.SOPClassUID, "UI"),
		"digitised film":     textElement(tag.ConversionType, "CS", "DF"),
		"screen save":        textElement(tag.ImageType, "CS", "DERIVED", "SECONDARY", "SCREEN SAVE"),
		"colour":             textElement(tag.PhotometricInterpretation, "CS", "RGB"),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Deidentify(slice(extra), NewPseudonyms([SecretBytes]byte{1}), Policy{}, mustAllow(t))
			var refusal *dcm.Refusal
			if !errors.As(err, &refusal) || refusal.What == "" || refusal.Do == "" {
				t.Fatalf("got %v, want a refusal that says what to do", err)
			}
		})
	}
	if _, err := Deidentify(slice(textElement(tag.BurnedInAnnotation, "CS", "NO")), NewPseudonyms([SecretBytes]byte{1}), Policy{}, mustAllow(t)); err != nil {
		t.Errorf("an image without burned-in text is refused: %v", err)
	}
}

// draw makes random data sets in which every text is unlike every other one.
type draw struct {
	t     *rapid.T
	known []tag.Tag
	count int
}

func (d *draw) unique() string {
	d.count++
	letters := rapid.StringMatching(`[b-df-hj-np-tv-zé]{6}`).Draw(d.t, "text")
	return fmt.Sprintf("%s%04d", letters, d.count)
}

func (d *draw) element(depth int) *dicom.Element {
	tg := rapid.SampledFrom(d.known).Draw(d.t, "tag")
	if rapid.IntRange(0, 9).Draw(d.t, "private") == 0 {
		tg = tag.Tag{Group: 0x0009, Element: 0x1000 + uint16(d.count%0xEF)}
	}
	vr := dictionaryVR(tg)
	if rapid.IntRange(0, 19).Draw(d.t, "other VR") == 0 {
		vr = rapid.SampledFrom([]string{"LO", "UN", "PN", "UT", "SQ"}).Draw(d.t, "VR")
	}
	switch vr {
	case "SQ":
		if depth == 0 {
			return sequence(tg)
		}
		items := make([][]*dicom.Element, rapid.IntRange(0, 2).Draw(d.t, "items"))
		for n := range items {
			items[n] = d.elements(depth-1, 4)
		}
		return sequence(tg, items...)
	case "UI":
		return textElement(tg, vr, "1.2.826.0.1."+strings.ReplaceAll(fmt.Sprintf("%d.%d", 7_000_000+d.count, rapid.IntRange(10_000_000, 99_999_999).Draw(d.t, "UID")), "-", ""))
	case "FL", "FD":
		return dataElement(tg, vr, []float64{1})
	case "US", "UL", "SS", "SL":
		return dataElement(tg, vr, []int{1})
	case "AT":
		return dataElement(tg, vr, []int{1, 1})
	case "OB", "OW", "OF", "OL", "OD", "OV", "SV", "UV", "UN":
		return dataElement(tg, vr, []byte(d.unique() + "________")[:16])
	default: // also where a number or a date should stand
		d.count++
		return textElement(tg, vr, d.unique())
	}
}

func (d *draw) elements(depth, most int) []*dicom.Element {
	byTagOnce := map[tag.Tag]*dicom.Element{}
	for range rapid.IntRange(0, most).Draw(d.t, "elements") {
		if e := d.element(depth); e.Tag != tag.SOPClassUID && e.Tag != tag.PixelData {
			byTagOnce[e.Tag] = e
		}
	}
	return slices.SortedFunc(maps.Values(byTagOnce), byTag)
}

// hidden lists the values that must not leave: of every attribute that the
// profile changes, that is private, that the list does not name, or that lies in
// such a sequence.
func hidden(elements []*dicom.Element, allowed func(tag.Tag) bool, top, lost bool) []string {
	var values []string
	for _, e := range elements {
		gone := lost || outright(e) || ActionFor(e.Tag) != Keep || !allowed(e.Tag)
		if top && structureOf(mrImageStorage)[e.Tag].presence == carried && isStructural(e.Tag) && ActionFor(e.Tag) == Keep {
			gone = lost
		}
		if items, ok := itemsOf(e); ok {
			for _, item := range items {
				values = append(values, hidden(item, allowed, false, gone && ActionFor(e.Tag).resolved() != Remap || !allowed(e.Tag))...)
			}
			continue
		}
		if gone || vrOf(e) == "UI" {
			switch v := e.Value.GetValue().(type) {
			case []string:
				values = append(values, v...)
			case []byte:
				values = append(values, string(v[:10]))
			}
		}
	}
	return values
}

func isStructural(t tag.Tag) bool { _, ok := structureOf(mrImageStorage)[t]; return ok }

// Nothing of a removed attribute survives anywhere in the bytes, whatever the
// data set and whatever the manifest.
func TestNothingRemovedSurvivesInTheBytes(t *testing.T) {
	var known []tag.Tag
	for _, row := range Rows() {
		if row.Mask == 0xFFFFFFFF && row.Value>>16 > 4 {
			known = append(known, tag.Tag{Group: uint16(row.Value >> 16), Element: uint16(row.Value)})
		}
	}
	for _, keyword := range []string{"SliceThickness", "FlipAngle", "SoftwareVersions", "BodyPartExamined", "DerivationImageSequence", "PurposeOfReferenceCodeSequence", "CodeValue", "CodeMeaning", "SourceImageSequence", "ReferencedSOPInstanceUID", "Manufacturer", "WindowCenter", "AnatomicRegionSequence", "ManufacturerModelName"} {
		info, err := tag.FindByKeyword(keyword)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 { // as likely as all rows of the table together
			known = append(known, info.Tag)
		}
	}
	slices.SortStableFunc(known, tag.Tag.Compare)
	names := NewPseudonyms([SecretBytes]byte{7})
	searched := 0
	rapid.Check(t, func(rt *rapid.T) {
		d := &draw{t: rt, known: known}
		source := slice(d.elements(4, 24)...)
		var keywords []string
		for _, tg := range rapid.SliceOfN(rapid.SampledFrom(known), 0, 30).Draw(rt, "allowed") {
			if info, err := tag.Find(tg); err == nil {
				keywords = append(keywords, info.Keyword)
			}
		}
		allow := mustAllow(rt, keywords...)
		out, err := Deidentify(source, names, Policy{}, allow)
		if err != nil {
			var refusal *dcm.Refusal
			if !errors.As(err, &refusal) {
				rt.Fatal(err)
			}
			return // quarantined
		}
		data, err := dcm.Encode(out.Dataset, []byte{1, 0, 2, 0, 3, 0, 4, 0})
		if err != nil {
			rt.Fatal(err)
		}
		for _, value := range hidden(source.Elements, func(tg tag.Tag) bool { return allow.tags[tg] }, true, false) {
			if len(value) >= 4 && !standardUID(value) && value != "ISO_IR 192" && bytes.Contains(data, []byte(value)) {
				rt.Fatalf("%q survived in %q", value, says(out.Dataset.Elements))
			}
			searched++
		}
	})
	if searched < 1000 {
		t.Fatalf("only %d values were searched for: the generator makes too little", searched)
	}
}

func TestPixelsHoldNothingButPixels(t *testing.T) {
	signed := slice(dataElement(tag.PixelRepresentation, "US", []int{1})).Elements
	for name, tc := range map[string]struct {
		elements []*dicom.Element
		in, want []byte
	}{
		"clean":                 {slice().Elements, []byte{1, 0, 2, 0, 3, 0, 4, 15}, []byte{1, 0, 2, 0, 3, 0, 4, 15}},
		"overlay in high bits":  {slice().Elements, []byte{1, 0x80, 2, 0x10, 3, 0xF0, 4, 0x4F}, []byte{1, 0, 2, 0, 3, 0, 4, 15}},
		"text behind":           {slice().Elements, []byte("\x01\x00\x02\x00\x03\x00\x04\x00Zo\xc3\xab"), []byte{1, 0, 2, 0, 3, 0, 4, 0}},
		"negative values stay":  {signed, []byte{0xFF, 0xFF, 0x01, 0x00, 0x00, 0xF8, 0xFF, 0x07}, []byte{0xFF, 0xFF, 0x01, 0x00, 0x00, 0xF8, 0xFF, 0x07}},
		"negative with overlay": {signed, []byte{0xFF, 0x0F, 0x01, 0x70, 0x00, 0x08, 0xFF, 0x27}, []byte{0xFF, 0xFF, 0x01, 0x00, 0x00, 0xF8, 0xFF, 0x07}},
	} {
		t.Run(name, func(t *testing.T) {
			before := bytes.Clone(tc.in)
			got, err := cleanPixels(tc.elements, tc.in)
			if err != nil || !bytes.Equal(got, tc.want) {
				t.Fatalf("got %v, %v; want %v", got, err, tc.want)
			}
			if !bytes.Equal(before, tc.in) {
				t.Fatal("the source's pixels were changed")
			}
		})
	}
	if _, err := cleanPixels(slice().Elements, []byte{1, 0, 2}); err == nil {
		t.Error("missing pixels are taken")
	}
	if _, err := cleanPixels(slice(dataElement(tag.HighBit, "US", []int{15})).Elements, make([]byte, 8)); err == nil {
		t.Error("a high bit that does not fit is taken")
	}
}

func TestLongDecimalsAreShortened(t *testing.T) {
	list, err := NewAllowList([]string{"ImagePositionPatient", "InstanceNumber"})
	if err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]string{
		"-777.4999999999998":             "-777.5",
		"1.25":                           "1.25",
		"0.00000000000012345678":         "1.2345678e-13",
		"-1.23456789012345678e-300":      "-1.23456789e-300",
		"12345678901234567890 Main Road": "",
		"1e400000000000000000":           "",
	} {
		got := ""
		if e := list.judge(textElement(tag.ImagePositionPatient, "DS", value), &profile{}); e != nil {
			got = textOf(e)[0]
		}
		if got != want {
			t.Errorf("%q left as %q, want %q", value, got, want)
		}
	}
	if e := list.judge(textElement(tag.InstanceNumber, "IS", "12345678901234567"), nil); e != nil {
		t.Errorf("an integer of 17 digits left as %v", textOf(e))
	}
}
