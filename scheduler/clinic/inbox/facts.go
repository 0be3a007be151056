package inbox

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"lukechampine.com/blake3"

	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// texts are a head's texts in UTF-8. They are given to the hardened reader as a small file
// of their own, since only it knows DICOM's character sets; a set that it does not know
// leaves what is ASCII.
func (h head) texts() func(uint32) string {
	file := part10Head("1.2.840.10008.1.2.1", "2.25.1", "2.25.1", "")
	for _, t := range slices.Sorted(maps.Keys(h.values)) {
		vr, value := vrOf(t), h.values[t]
		if vr == "US" {
			continue
		}
		pad := byte(' ')
		if vr == "UI" {
			pad = 0
		}
		file = appendElement(file, t, vr, value, pad)
	}
	object, err := dcm.Parse(dcm.File{Data: file}, dcm.Limits{})
	return func(t uint32) string {
		if err != nil {
			return strings.Map(asciiOnly, h.text(t))
		}
		e := object.Element(tag.Tag{Group: uint16(t >> 16), Element: uint16(t)})
		if e == nil {
			return ""
		}
		return strings.Join(object.Strings(e.Tag), `\`)
	}
}

func asciiOnly(r rune) rune {
	if r < ' ' || r >= utf8.RuneSelf {
		return '?'
	}
	return r
}

// facts are what a head says of its study.
func (h head) facts() Facts {
	text := h.texts()
	return Facts{
		PatientName: text(tagPatientName), PatientID: text(tagPatientID), Issuer: text(tagIssuer),
		BirthDate: text(tagBirthDate), Sex: text(tagSex), Age: text(tagAge),
		AccessionNumber: text(tagAccession), StudyDate: text(tagStudyDate), StudyTime: text(tagStudyTime),
		StudyID: text(tagStudyID), StudyDescription: text(tagStudyDescription),
		Manufacturer: text(tagManufacturer), ManufacturerModel: text(tagManufacturerModel), Station: text(tagStation),
		Institution: text(tagInstitution), ReferringPhysician: text(tagReferrer),
		RequestingService: text(tagRequestingService), RequestedPriority: text(tagRequestedPriority), BurnedIn: text(tagBurnedIn),
	}
}

// series is what a head says of its series; its counts are not filled.
func (h head) series() Series {
	text := h.texts()
	return Series{
		SeriesUID: text(tagSeries), Modality: text(tagModality), BodyPart: text(tagBodyPart), Description: text(tagSeriesDescription),
		Rows: h.number(tagRows), Columns: h.number(tagColumns),
	}
}

// number is the value of an attribute of VR US, 0 if there is none.
func (h head) number(tag uint32) int {
	n := 0
	for _, b := range h.values[tag] {
		n = 10*n + int(b-'0') // take wrote digits
	}
	return n
}

// likeness is a hash of what two encodings of one instance have in common: whose it is,
// where it belongs and what it shows, not how its pixels are stored. An archive may send in
// JPEG-LS what the scanner sent uncompressed, under one UID, as long as nothing was lost
// (PS3.3 C.7.6.1.1.5).
func (h head) likeness() sum {
	var b []byte
	for _, t := range []uint32{
		tagClass, tagStudyDate, tagContentTime, tagModality, tagPatientName, tagPatientID, tagBirthDate, tagSex,
		tagStudy, tagSeries, tagInstanceNumber, tagPosition, tagFrames, tagRows, tagColumns, tagBitsStored,
	} {
		value := h.values[t]
		b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
		b = append(b, value...)
	}
	return blake3.Sum256(b)
}
