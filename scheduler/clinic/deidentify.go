package clinic

import (
	"slices"
	"strings"

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

// Method is what (0012,0063) says first; a policy's options follow.
const Method = "MedHive: PS3.15 Basic Profile, then the model's allow-list"

// Deidentify applies the Basic Application Level Confidentiality Profile (PS3.15
// Annex E) to ds at any depth with the options of policy, replaces patient and UIDs by
// pseudonyms, and then drops what allow does not let out. ds is not changed. A data set
// whose pixels may show the patient's name is a Refusal without its place, which the caller
// knows.
func Deidentify(ds dicom.Dataset, names Pseudonyms, policy Policy, allow AllowList) (Deidentified, error) {
	if reasons := doubts(ds.Elements); len(reasons) > 0 && !policy.Released {
		return Deidentified{}, &dcm.Refusal{What: strings.Join(reasons, "; "), Do: "look at the image, black out any text, set BurnedInAnnotation to NO and submit it again"}
	}
	return deidentify(ds, names, policy, allow)
}

// substitutes stand in for what identifies a patient and the clinic's objects.
type substitutes interface {
	// UID is the substitute of a UID; "" if there is none, and then nothing leaves for it.
	UID(original string) string
	patientOf(head header) string
	shiftOf(head header) int // days by which the patient's dates move
}

func deidentify(ds dicom.Dataset, names substitutes, policy Policy, allow AllowList) (Deidentified, error) {
	p := newProfile(names, policy, ds.Elements)
	p.collectWords(ds.Elements)
	return p.deidentify(ds, allow)
}

// deidentifyAgain is deidentify of what was de-identified before. Its names and dates are
// substitutes, which may be repeated: no word of it is a secret.
func deidentifyAgain(ds dicom.Dataset, names substitutes, policy Policy, allow AllowList) (Deidentified, error) {
	return newProfile(names, policy, ds.Elements).deidentify(ds, allow)
}

func (p *profile) deidentify(ds dicom.Dataset, allow AllowList) (Deidentified, error) {
	if refusal := unsendable(ds.Elements); refusal != nil {
		return Deidentified{}, refusal
	}
	for _, t := range []tag.Tag{tag.SOPInstanceUID, tag.SeriesInstanceUID, tag.StudyInstanceUID} {
		if e := find(ds.Elements, t); e == nil || vrOf(e) != "UI" || first(ds.Elements, t) == "" {
			return Deidentified{}, &dcm.Refusal{What: "the instance, its series or its study has no UID", Do: "export the study from the PACS again"}
		}
	}
	kept := allow.narrow(p.apply(ds.Elements), p, structureOf(first(ds.Elements, tag.SOPClassUID)))
	said := p.policy.marks()
	kept = slices.DeleteFunc(kept, func(e *dicom.Element) bool { return slices.ContainsFunc(said, sameTag(e)) })
	kept = append(kept, said...)
	slices.SortFunc(kept, byTag)
	return Deidentified{Dataset: dicom.Dataset{Elements: kept}, UIDs: p.uids}, nil
}

// Codes of PS3.16 CID 7050 that say what was done to pixels.
const (
	codeCleanPixels = "113101"
	codeCleanFace   = "113102"
)

// marks say in the object what was done to it (PS3.15 E.1.1 and E.3, codes from PS3.16 CID
// 7050). Burned In Annotation is NO for all that leaves: images with text are held back
// until somebody looked at them, or blacked out.
func (p Policy) marks() []*dicom.Element {
	dates := "REMOVED"
	if p.RetainDates {
		dates = "MODIFIED"
	}
	codes := [][]*dicom.Element{methodCode("113100", "Basic Application Confidentiality Profile")}
	for _, o := range []struct {
		chosen        bool
		code, meaning string
	}{
		{len(p.Redactions) > 0, codeCleanPixels, "Clean Pixel Data Option"},
		{p.Deface, codeCleanFace, "Clean Recognizable Visual Features Option"},
		{p.RetainDates, "113107", "Retain Longitudinal Temporal Information Modified Dates Option"},
		{p.RetainCharacteristics, "113108", "Retain Patient Characteristics Option"},
		{p.RetainDevice, "113109", "Retain Device Identity Option"},
		{len(p.Private) > 0, "113111", "Retain Safe Private Option"},
	} {
		if o.chosen {
			codes = append(codes, methodCode(o.code, o.meaning))
		}
	}
	said := []*dicom.Element{
		textElement(tag.SpecificCharacterSet, "CS", "ISO_IR 192"),
		textElement(tag.PatientIdentityRemoved, "CS", "YES"),
		textElement(tag.DeidentificationMethod, "LO", append([]string{Method}, p.Options()...)...),
		sequence(tag.DeidentificationMethodCodeSequence, codes...),
		textElement(tag.BurnedInAnnotation, "CS", "NO"),
		textElement(tag.LongitudinalTemporalInformationModified, "CS", dates),
	}
	if p.Deface {
		said = append(said, textElement(tag.RecognizableVisualFeatures, "CS", "NO"))
	}
	return said
}

func methodCode(value, meaning string) []*dicom.Element {
	return []*dicom.Element{
		textElement(tag.CodeValue, "SH", value),
		textElement(tag.CodingSchemeDesignator, "SH", "DCM"),
		textElement(tag.CodeMeaning, "LO", meaning),
	}
}

func sameTag(e *dicom.Element) func(*dicom.Element) bool {
	return func(other *dicom.Element) bool { return other.Tag == e.Tag }
}
