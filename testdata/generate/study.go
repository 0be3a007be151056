package main

import (
	"fmt"
	"strconv"
)

const (
	mrStorage = "1.2.840.10008.5.1.4.1.1.4"
	ctStorage = "1.2.840.10008.5.1.4.1.1.2"
)

// instance is one DICOM file before it is written.
type instance struct {
	name     string
	uid      string
	class    string
	modality string
	number   int // from 1
	position [3]float64
	rows     int
	columns  int
	mm       float64
	series   int
	pixels   []byte // 16 bits a sample
}

// series cuts a scan into sagittal slices, as an MPRAGE is stored: columns run
// from anterior to posterior, rows from superior to inferior, slices from left
// to right. DICOM positions are LPS, so x and y of the RAS source change sign.
func series(s scan, number int) []instance {
	list := make([]instance, 0, s.size[0])
	for x := range s.size[0] {
		slice := instance{
			name:     fmt.Sprintf("WUNIBALD/S%d/IM%04d", number, x+1),
			uid:      fmt.Sprintf("%s.%d.%d", uidRoot, number, x+1),
			class:    mrStorage,
			modality: "MR",
			number:   x + 1,
			rows:     s.size[2],
			columns:  s.size[1],
			mm:       s.mm,
			series:   number,
			position: [3]float64{
				-(s.origin[0] + float64(x)*s.mm),
				-(s.origin[1] + float64(s.size[1]-1)*s.mm),
				s.origin[2] + float64(s.size[2]-1)*s.mm,
			},
		}
		for row := range slice.rows {
			for column := range slice.columns {
				slice.pixels = append(slice.pixels, s.at(x, s.size[1]-1-column, s.size[2]-1-row), 0)
			}
		}
		list = append(list, slice)
	}
	return list
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func decimals(v [3]float64) string {
	return decimal(v[0]) + `\` + decimal(v[1]) + `\` + decimal(v[2])
}

// code fills a coded concept (PS3.3 section 8.8).
func code(value, scheme, meaning string) func(*body) {
	return func(b *body) {
		b.text(0x00080100, "SH", value)
		b.text(0x00080102, "SH", scheme)
		b.text(0x00080104, "LO", meaning)
	}
}

// file writes the instance as an MR image (PS3.3 A.4) with everything planted.
func (s instance) file() []byte {
	var b body
	s.identify(&b)
	s.describePatient(&b)
	s.describeAcquisition(&b)
	s.describeSeries(&b)
	s.describePixels(&b)
	b.text(0x00290010, "LO", "WUNIBALD MEDCOM")
	b.text(0x00291010, "LO", privateName)
	b.raw(0x00291011, "UN", []byte(uploader))
	s.describeRequest(&b)
	b.raw(0x7FE00010, "OW", s.pixels)
	return partTen(s.class, s.uid, b.Bytes())
}

func (s instance) identify(b *body) {
	b.text(0x00080005, "CS", "ISO_IR 100")
	b.text(0x00080008, "CS", `ORIGINAL\PRIMARY\OTHER\NORM`)
	b.text(0x00080012, "DA", studyDate)
	b.text(0x00080013, "TM", seriesTime)
	b.text(0x00080014, "UI", uidRoot+".9.1")
	b.text(0x00080016, "UI", s.class)
	b.text(0x00080018, "UI", s.uid)
	for _, date := range []uint32{0x00080020, 0x00080021, 0x00080022, 0x00080023} {
		b.text(date, "DA", studyDate)
	}
	b.text(0x00080030, "TM", studyTime)
	for _, time := range []uint32{0x00080031, 0x00080032, 0x00080033} {
		b.text(time, "TM", seriesTime)
	}
	b.text(0x00080050, "SH", accession)
	b.text(0x00080060, "CS", s.modality)
	b.text(0x00080070, "LO", "Example Magnetics")
	b.text(0x00080080, "LO", institution)
	b.text(0x00080081, "ST", institutionAddr)
	b.text(0x00080090, "PN", referring)
	b.text(0x00080094, "SH", referringPhone)
	b.text(0x00081010, "SH", station)
	b.text(0x00081030, "LO", studyDesc)
	b.text(0x0008103E, "LO", seriesDesc)
	b.text(0x00081040, "LO", department)
	b.text(0x00081050, "PN", performing)
	b.text(0x00081060, "PN", reading)
	b.text(0x00081070, "PN", operator)
	b.text(0x00081090, "LO", "Whole-Head 3T")
	b.sequence(0x00081110, func(i *body) {
		i.text(0x00081150, "UI", "1.2.840.10008.3.1.2.3.1")
		i.text(0x00081155, "UI", uidRoot+".9.2")
	})
	b.sequence(0x00081140, func(i *body) {
		i.text(0x00081150, "UI", mrStorage)
		i.text(0x00081155, "UI", uidRoot+".9.3")
	})
}

func (s instance) describePatient(b *body) {
	b.text(0x00100010, "PN", patientName)
	b.text(0x00100020, "LO", patientID)
	b.text(0x00100030, "DA", birthDate)
	b.text(0x00100032, "TM", birthTime)
	b.text(0x00100040, "CS", "F")
	b.text(0x00101000, "LO", otherID)
	b.text(0x00101005, "PN", birthName)
	b.text(0x00101010, "AS", "063Y")
	b.text(0x00101020, "DS", "1.71")
	b.text(0x00101030, "DS", "68.5")
	b.text(0x00101040, "LO", patientAddress)
	b.text(0x00101060, "PN", motherName)
	b.text(0x00102154, "SH", patientPhone)
	b.text(0x00102160, "SH", ethnicGroup)
	b.text(0x00102180, "SH", occupation)
	b.text(0x00104000, "LT", patientComments)
}

func (s instance) describeAcquisition(b *body) {
	b.text(0x00180015, "CS", "BRAIN")
	if s.modality == "CT" {
		b.text(0x00180050, "DS", decimal(s.mm))
		b.text(0x00180060, "DS", "120")
	} else {
		b.text(0x00180020, "CS", `GR\IR`)
		b.text(0x00180021, "CS", `SP\MP`)
		b.text(0x00180022, "CS", "PFP")
		b.text(0x00180023, "CS", "3D")
		b.text(0x00180050, "DS", decimal(s.mm))
		b.text(0x00180080, "DS", "1900")
		b.text(0x00180081, "DS", "2.52")
		b.text(0x00180082, "DS", "900")
		b.text(0x00180083, "DS", "1")
		b.text(0x00180084, "DS", "123.2")
		b.text(0x00180085, "SH", "1H")
		b.text(0x00180087, "DS", "2.89")
		b.text(0x00180091, "IS", "1")
	}
	b.text(0x00181000, "LO", deviceSerial)
	b.text(0x00181020, "LO", "syngo-like 1.0")
	b.text(0x00181030, "LO", protocolName)
	if s.modality == "MR" {
		b.text(0x00181312, "CS", "ROW")
		b.text(0x00181314, "DS", "9")
	}
	b.text(0x00185100, "CS", "HFS")
}

func (s instance) describeSeries(b *body) {
	b.text(0x0020000D, "UI", uidRoot+".1000")
	b.text(0x0020000E, "UI", fmt.Sprintf("%s.100%d", uidRoot, s.series))
	b.text(0x00200010, "SH", studyID)
	b.text(0x00200011, "IS", strconv.Itoa(s.series))
	b.text(0x00200012, "IS", "1")
	b.text(0x00200013, "IS", strconv.Itoa(s.number))
	b.text(0x00200032, "DS", decimals(s.position))
	b.text(0x00200037, "DS", `0\1\0\0\0\-1`)
	b.text(0x00200052, "UI", uidRoot+".7")
	b.text(0x00201040, "LO", "")
	b.text(0x00204000, "LT", imageComments)
}

func (s instance) describePixels(b *body) {
	b.short(0x00280002, 1)
	b.text(0x00280004, "CS", "MONOCHROME2")
	b.short(0x00280010, uint16(s.rows))
	b.short(0x00280011, uint16(s.columns))
	b.text(0x00280030, "DS", decimal(s.mm)+`\`+decimal(s.mm))
	b.short(0x00280100, 16)
	b.short(0x00280101, 12)
	b.short(0x00280102, 11)
	b.short(0x00280103, 0)
	b.text(0x00281050, "DS", "90")
	b.text(0x00281051, "DS", "180")
	if s.modality == "CT" {
		b.text(0x00281052, "DS", "-1024")
		b.text(0x00281053, "DS", "1")
	}
}

func (s instance) describeRequest(b *body) {
	b.text(0x00321032, "PN", requesting)
	b.text(0x00321060, "LO", procedureDesc)
	b.text(0x00324000, "LT", studyComments)
	b.text(0x00380010, "LO", admissionID)
	b.text(0x00400244, "DA", studyDate)
	b.text(0x00400245, "TM", studyTime)
	b.text(0x00400253, "SH", "PPS-"+stepID)
	b.sequence(0x00400275, func(i *body) {
		i.text(0x0020000D, "UI", uidRoot+".1000")
		i.text(0x00321032, "PN", requesting)
		i.text(0x00321060, "LO", procedureDesc)
		i.text(0x00400007, "LO", procedureDesc)
		i.sequence(0x00400008, code("MR-HEAD", "99WUNI", "MR head"))
		i.text(0x00400009, "SH", stepID)
		i.text(0x00401001, "SH", procedureID)
	})
}
