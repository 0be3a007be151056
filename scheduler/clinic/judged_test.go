package clinic

import (
	"slices"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// What an object has by its class leaves whatever the manifest says: none of it may be text
// that somebody typed, but for what is judged by its own rule.
func TestNoStructureCarriesFreeText(t *testing.T) {
	judged := []tag.Tag{tag.PatientName, tag.PatientID, tag.RescaleType, tag.CodeValue, tag.CodingSchemeDesignator, tag.CodingSchemeVersion}
	found := map[tag.Tag]bool{}
	var look func(s structure)
	look = func(s structure) {
		for tg, p := range s {
			look(p.items)
			vr := dictionaryVR(tg)
			if text := isFreeText(vr) || slices.Contains([]string{"PN", "AE", "UR", "DA", "DT", "TM", "AS"}, vr); !text || p.presence != carried {
				continue
			}
			if found[tg] = true; !slices.Contains(judged, tg) {
				t.Errorf("%v (%s) leaves as it stands", tg, vr)
			}
		}
	}
	for _, class := range []string{mrImageStorage, ctImageStorage, petStorage, crImageStorage, dxPresentation, mgPresentation, xaImageStorage, enhancedMR, enhancedCT, enhancedPET, convertedCT} {
		look(structureOf(class))
	}
	if len(found) != len(judged) {
		t.Errorf("%d attributes of text were looked at, want %d", len(found), len(judged))
	}
}

// Free text in what every image has says nothing about a house or a person, also where it
// repeats no word of the patient's.
func TestTextsOfTheStructureAreTerms(t *testing.T) {
	names := NewPseudonyms([SecretBytes]byte{1})
	for text, want := range map[string]string{"HU": "HU", "HU_MOD": "HU_MOD", "Station 7, Dr. Quabbelmann": "US", "hu": "US", "": ""} {
		out := mustDeidentify(t, slice(textElement(tag.RescaleType, "LO", text)), names, mustAllow(t)).Dataset.Elements
		if got := first(out, tag.RescaleType); got != want {
			t.Errorf("rescale type %q leaves as %q, want %q", text, got, want)
		}
	}
	region := func(value, scheme, version, meaning string) []*dicom.Element {
		return []*dicom.Element{textElement(tag.CodeValue, "SH", value), textElement(tag.CodingSchemeDesignator, "SH", scheme),
			textElement(tag.CodingSchemeVersion, "SH", version), textElement(tag.CodeMeaning, "LO", meaning)}
	}
	for name, tc := range map[string]struct {
		code   []*dicom.Element
		leaves bool
	}{
		"a standard's code":       {region("T-D3000", "SRT", "", "Chest of Quabbelmann"), true},
		"SNOMED's old name":       {region("T-D3000", "99SDM", "", "Chest"), true},
		"the house's own code":    {region("QUABBELMANN", "99STANNA", "", "x"), false},
		"a local code":            {region("QUABBELMANN", "L", "", "x"), false},
		"a value with words":      {region("Dr. Quabbelmann", "SRT", "", "x"), false},
		"a scheme with words":     {region("T-D3000", "Haus St. Anna", "", "x"), false},
		"a version of many words": {region("T-D3000", "SRT", "of Quabbelmann", "x"), false},
	} {
		out := mustDeidentifyUnder(t, slice(textElement(tag.SOPClassUID, "UI", mgPresentation), textElement(tag.BurnedInAnnotation, "CS", "NO"), sequence(tag.AnatomicRegionSequence, tc.code)),
			names, Policy{}, mustAllow(t)).Dataset.Elements
		var items [][]*dicom.Element
		if region := find(out, tag.AnatomicRegionSequence); region != nil {
			items, _ = itemsOf(region)
		}
		if (len(items) == 1) != tc.leaves {
			t.Errorf("%s: %d codes leave", name, len(items))
			continue
		}
		if tc.leaves && (first(items[0], tag.CodeMeaning) != dummyText || first(items[0], tag.CodeValue) != "T-D3000") {
			t.Errorf("%s leaves as %v", name, items[0])
		}
	}
}

// Numbers that identify do not leave as lengths or counts, nor beside those that belong there.
func TestNumbersSpellNothing(t *testing.T) {
	names, allow := NewPseudonyms([SecretBytes]byte{1}), mustAllow(t, "RepetitionTime", "EchoTime", "AcquisitionNumber", "SoftwareVersions", "LossyImageCompressionRatio")
	out := mustDeidentify(t, slice(textElement(tag.PatientBirthDate, "DA", "19610229"), textElement(tag.PatientName, "PN", "Quabbelmann-Wójcik"),
		textElement(tag.AcquisitionDateTime, "DT", "20240311101530+0100"), textElement(tag.EchoTime, "DS", "20240311"),
		textElement(tag.RepetitionTime, "DS", "19610229"), textElement(tag.AcquisitionNumber, "IS", "7", "8127", "8267"), textElement(tag.SoftwareVersions, "LO", "of Wójcik"),
		dataElement(tag.BitsAllocated, "US", []int{16, 'Q' | 'u'<<8, 'a' | 'b'<<8}), textElement(tag.PixelSpacing, "DS", "1", "1", "19", "61"),
		textElement(tag.LossyImageCompressionRatio, "DS", "2", "3", "4")), names, allow).Dataset.Elements
	for tg, want := range map[tag.Tag]string{
		tag.RepetitionTime: "", tag.EchoTime: "", tag.AcquisitionNumber: "|[7]", tag.SoftwareVersions: "", tag.BitsAllocated: "|[16]", tag.PixelSpacing: "|[1 1]", tag.LossyImageCompressionRatio: "|[2 3 4]",
	} {
		got := ""
		if e := find(out, tg); e != nil && hasValue(e) {
			got = says([]*dicom.Element{e})
		}
		if got != want {
			t.Errorf("%v leaves as %q, want %q", tg, got, want)
		}
	}
}

// A name that is written in another character set than the patient's own is not known again:
// what is not plain ASCII stays.
func TestTextInOtherCharacterSetsStays(t *testing.T) {
	names, allow := NewPseudonyms([SecretBytes]byte{1}), mustAllow(t, "SoftwareVersions")
	for text, want := range map[string]string{
		"syngo 1.0": "syngo 1.0", "\x1b$B;3ED\x1b(B": "", "\x1b-LBoro": "", "ÕÅÐ¡¶«": "", "M\uFFFD\uFFFDiggang": "", "a\x00b": "", "山田": "",
	} {
		item := []*dicom.Element{textElement(tag.SpecificCharacterSet, "CS", "", "ISO 2022 IR 87"), textElement(tag.PatientName, "PN", "Yamada^Tarou=山田^太郎")}
		out := mustDeidentify(t, slice(textElement(tag.SoftwareVersions, "LO", text), sequence(tag.ReferencedPatientSequence, item)), names, allow).Dataset.Elements
		if got := first(out, tag.SoftwareVersions); got != want {
			t.Errorf("%q leaves as %q, want %q", text, got, want)
		}
	}
}

// Words of a name that are too short to be looked for alone are known where they stand together.
func TestShortNamesDoNotLeaveAsCodes(t *testing.T) {
	names := NewPseudonyms([SecretBytes]byte{1})
	for text, want := range map[string]string{"LI WU": "", "WU LI": "", "SE": "SE", "GR IR": "GR IR", "LI": "LI"} {
		out := mustDeidentify(t, slice(textElement(tag.PatientName, "PN", "Li^Wu^Se"), textElement(tag.ScanningSequence, "CS", text)), names, mustAllow(t)).Dataset.Elements
		if got := first(out, tag.ScanningSequence); got != want {
			t.Errorf("%q leaves as %q, want %q", text, got, want)
		}
	}
}
