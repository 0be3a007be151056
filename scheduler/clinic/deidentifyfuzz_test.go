package clinic

import (
	"bytes"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Whatever a file holds and a policy asks for: what leaves can be read again, has a
// pseudonym, tells no name or number of the patient's, and nothing private that is not
// listed.
func FuzzDeidentifyAnything(f *testing.F) {
	private := func(element uint16) tag.Tag { return tag.Tag{Group: 0x0019, Element: element} }
	for _, ds := range []dicom.Dataset{
		slice(),
		slice(textElement(private(0x0010), "LO", "QUIRKY MR"), textElement(private(0x100C), "IS", "1000"), textElement(tag.StudyDate, "DA", "20240311"), textElement(tag.PatientAge, "AS", "092Y")),
		slice(sequence(tag.DerivationImageSequence, []*dicom.Element{sequence(tag.DerivationImageSequence, []*dicom.Element{textElement(tag.AcquisitionDateTime, "DT", "20240311101530")})})),
	} {
		data, err := dcm.Encode(ds, []byte{1, 0, 2, 0, 3, 0, 4, 0})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, byte(0))
		f.Add(data, byte(0xFF))
	}
	names, lim := NewPseudonyms([SecretBytes]byte{3}), dcm.DefaultLimits()
	lim.MaxFileBytes, lim.MaxTotalBytes = 1<<20, 1<<20
	allow := mustAllow(f, "DerivationImageSequence", "StudyDate", "AcquisitionDateTime", "PatientAge", "PatientSex", "StationName", "SoftwareVersions", "FlipAngle")
	f.Fuzz(func(t *testing.T, data []byte, options byte) {
		object, err := dcm.Parse(dcm.File{Data: data}, lim)
		if err != nil {
			return
		}
		policy := Policy{RetainDates: options&1 != 0, RetainDevice: options&2 != 0, RetainCharacteristics: options&4 != 0, Released: options&8 != 0}
		if options&16 != 0 {
			policy.Private = []PrivateAttribute{{0x0019, "QUIRKY MR", 0x0C}}
		}
		out, err := Deidentify(object.Dataset, names, policy, allow)
		if err != nil {
			return
		}
		written, err := dcm.Encode(out.Dataset, nil)
		if err != nil {
			return // a value that no file can hold
		}
		clean, err := dcm.Parse(dcm.File{Data: written}, lim)
		if err != nil {
			t.Fatalf("what leaves can't be read: %v", err)
		}
		head := headerOf(object.Dataset.Elements)
		if got := first(clean.Dataset.Elements, tag.PatientID); got != "" && got != names.patientOf(head) {
			t.Errorf("the patient's number is %q", got)
		}
		for _, secret := range []string{head.PatientID, head.PatientName} {
			if len([]rune(secret)) > 2*shortestWord && !bytes.Contains(innocent(), []byte(secret)) && bytes.Contains(written, []byte(secret)) && !bytes.Contains([]byte(head.StudyUID), []byte(secret)) {
				t.Errorf("%q left", secret)
			}
		}
		for _, e := range clean.Dataset.Elements {
			if tag.IsPrivate(e.Tag.Group) && (e.Tag.Group != 0x0019 || options&16 == 0) {
				t.Errorf("%v left", e.Tag)
			}
		}
	})
}

// innocent is all that every object says.
func innocent() []byte {
	var b []byte
	for _, e := range (Policy{RetainDates: true, RetainDevice: true, RetainCharacteristics: true}).marks() {
		b = append(b, says([]*dicom.Element{e})...)
	}
	return append(b, dummyText+mrImageStorage...)
}
