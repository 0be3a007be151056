package clinic

import (
	"slices"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Deidentified is a data set that may leave the clinic, and the UIDs that were
// replaced in it. It holds neither file meta information nor pixel data.
type Deidentified struct {
	Dataset dicom.Dataset
	UIDs    map[string]string // new UID -> original; stays in the vault
}

// Method is what (0012,0063) says.
const Method = "MedHive: PS3.15 Basic Profile, then the model's allow-list"

// Deidentify applies the Basic Application Level Confidentiality Profile (PS3.15
// Annex E) to ds at any depth, replaces patient and UIDs by pseudonyms, and then
// drops what allow does not let out. ds is not changed. A data set whose pixels
// may show the patient's name is a Refusal without its place, which the caller
// knows.
func Deidentify(ds dicom.Dataset, names Pseudonyms, allow AllowList) (Deidentified, error) {
	return deidentify(ds, names, allow)
}

// substitutes stand in for what identifies a patient and the clinic's objects.
type substitutes interface {
	// UID is the substitute of a UID; "" if there is none, and then nothing leaves for it.
	UID(original string) string
	patientOf(head header) string
}

func deidentify(ds dicom.Dataset, names substitutes, allow AllowList) (Deidentified, error) {
	if what, do, ok := quarantined(ds.Elements); !ok {
		return Deidentified{}, &dcm.Refusal{What: what, Do: do}
	}
	for _, t := range []tag.Tag{tag.SOPInstanceUID, tag.SeriesInstanceUID, tag.StudyInstanceUID} {
		if e := find(ds.Elements, t); e == nil || vrOf(e) != "UI" || first(ds.Elements, t) == "" {
			return Deidentified{}, &dcm.Refusal{What: "the instance, its series or its study has no UID", Do: "export the study from the PACS again"}
		}
	}
	p := newProfile(names, ds.Elements)
	kept := allow.narrow(p.apply(ds.Elements), p, structureOf(first(ds.Elements, tag.SOPClassUID)))
	said := marks()
	kept = slices.DeleteFunc(kept, func(e *dicom.Element) bool { return slices.ContainsFunc(said, sameTag(e)) })
	kept = append(kept, said...)
	slices.SortFunc(kept, byTag)
	return Deidentified{Dataset: dicom.Dataset{Elements: kept}, UIDs: p.uids}, nil
}

// marks say in the object what was done to it (PS3.15 E.1.1, code from PS3.16 CID 7050).
func marks() []*dicom.Element {
	return []*dicom.Element{
		textElement(tag.SpecificCharacterSet, "CS", "ISO_IR 192"),
		textElement(tag.PatientIdentityRemoved, "CS", "YES"),
		textElement(tag.DeidentificationMethod, "LO", Method),
		sequence(tag.DeidentificationMethodCodeSequence, []*dicom.Element{
			textElement(tag.CodeValue, "SH", "113100"),
			textElement(tag.CodingSchemeDesignator, "SH", "DCM"),
			textElement(tag.CodeMeaning, "LO", "Basic Application Confidentiality Profile"),
		}),
		textElement(tag.LongitudinalTemporalInformationModified, "CS", "REMOVED"),
	}
}

func sameTag(e *dicom.Element) func(*dicom.Element) bool {
	return func(other *dicom.Element) bool { return other.Tag == e.Tag }
}
