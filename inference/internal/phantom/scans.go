package phantom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
)

// Scan is a synthetic image or series: value gives the stored number at a voxel.
type Scan struct {
	Modality      string
	Columns, Rows int
	Slices        int // 1 makes a picture without a place in the patient
	SpacingMM     [3]float64
	Value         func(i, j, k int) int // −32768 … 32767
	Inverted      bool                  // MONOCHROME1
}

// Tar packs the scan as a clinic sends it.
func (s Scan) Tar() ([]byte, error) {
	var files []dicom.File
	for k := range s.Slices {
		data, err := s.slice(k)
		if err != nil {
			return nil, err
		}
		files = append(files, dicom.File{Name: fmt.Sprintf("%04d.dcm", k), Data: data})
	}
	var out bytes.Buffer
	err := dicom.WriteTar(&out, files)
	return out.Bytes(), err
}

func (s Scan) slice(k int) ([]byte, error) {
	const base = "2.25.20260301"
	class := map[string]string{"CT": "1.2.840.10008.5.1.4.1.1.2", "CR": "1.2.840.10008.5.1.4.1.1.1"}[s.Modality]
	photometric := "MONOCHROME2"
	if s.Inverted {
		photometric = "MONOCHROME1"
	}
	mm := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	values := map[tag.Tag]any{
		tag.SOPClassUID: []string{class}, tag.SOPInstanceUID: []string{fmt.Sprintf("%s.1.%d", base, k+1)},
		tag.StudyInstanceUID: []string{base + ".2"}, tag.SeriesInstanceUID: []string{base + ".3"},
		tag.Modality: []string{s.Modality}, tag.InstanceNumber: []string{strconv.Itoa(k + 1)},
		tag.SamplesPerPixel: []int{1}, tag.PhotometricInterpretation: []string{photometric},
		tag.Rows: []int{s.Rows}, tag.Columns: []int{s.Columns},
		tag.BitsAllocated: []int{16}, tag.BitsStored: []int{16}, tag.HighBit: []int{15}, tag.PixelRepresentation: []int{1},
	}
	if s.Modality == "CR" {
		values[tag.BurnedInAnnotation] = []string{"NO"} // else a clinic keeps it for a person to look at
	}
	if s.SpacingMM[0] > 0 {
		values[tag.PixelSpacing] = []string{mm(s.SpacingMM[1]), mm(s.SpacingMM[0])}
	}
	if s.Slices > 1 {
		values[tag.FrameOfReferenceUID] = []string{base + ".4"}
		values[tag.ImagePositionPatient] = []string{"-100", "-90", mm(float64(k) * s.SpacingMM[2])}
		values[tag.ImageOrientationPatient] = []string{"1", "0", "0", "0", "1", "0"}
		values[tag.SliceThickness] = []string{mm(s.SpacingMM[2])}
		values[tag.RescaleIntercept], values[tag.RescaleSlope] = []string{"0"}, []string{"1"}
	}
	var elements []*lib.Element
	for t, v := range values {
		e, err := dicom.NewElement(t, v)
		if err != nil {
			return nil, err
		}
		elements = append(elements, e)
	}
	pixels := make([]byte, 0, 2*s.Rows*s.Columns)
	for j := range s.Rows {
		for i := range s.Columns {
			pixels = binary.LittleEndian.AppendUint16(pixels, uint16(int16(s.Value(i, j, k))))
		}
	}
	return dicom.Encode(lib.Dataset{Elements: elements}, pixels)
}

// Hounsfield units of the parts of Chest.
const (
	chestAir       = -1000
	chestFoam      = -920
	chestTissue    = 40
	chestLung      = -850
	chestEmphysema = -980
	chestBone      = 600
	chestGas       = -950
)

// Chest is a CT of ellipsoids: a body with two lungs whose left upper part has lost its
// tissue, a spine, a bubble of gas, and a table of foam in a thin shell below it. Edges
// are in voxels of 5 mm.
func Chest() Scan {
	const columns, rows, slices = 64, 56, 24
	within := func(i, j, k int, x, y, z, a, b, c float64) bool {
		u, v, w := (float64(i)-x)/a, (float64(j)-y)/b, (float64(k)-z)/c
		return u*u+v*v+w*w <= 1
	}
	return Scan{Modality: "CT", Columns: columns, Rows: rows, Slices: slices, SpacingMM: [3]float64{5, 5, 5}, Value: func(i, j, k int) int {
		// A little noise that is the same everywhere it is made.
		noise := (i*73+j*151+k*283+i*j*7)%31 - 15
		switch {
		case within(i, j, k, 20, 22, 13, 8, 10, 10):
			return chestLung + noise
		case within(i, j, k, 44, 22, 13, 8, 10, 10) && k > 16:
			return chestEmphysema + noise/2
		case within(i, j, k, 44, 22, 13, 8, 10, 10):
			return chestLung + noise
		case within(i, j, 0, 32, 35, 0, 4, 4, 1):
			return chestBone + noise
		case within(i, j, k, 38, 26, 2, 3, 3, 3):
			return chestGas + noise
		case within(i, j, 0, 32, 23, 0, 28, 18, 1):
			return chestTissue + noise
		case j == 43 || j == 50:
			return chestTissue
		case j > 43 && j < 50:
			return chestFoam + noise
		}
		return chestAir
	}}
}

// Radiograph is a bright body on a dark ground with a sharp edge and a saturated marker.
func Radiograph() Scan {
	const columns, rows, most = 120, 96, 4095
	return Scan{Modality: "CR", Columns: columns, Rows: rows, Slices: 1, SpacingMM: [3]float64{0.2, 0.2, 0}, Value: func(i, j, _ int) int {
		u, v := float64(i-columns/2)/50, float64(j-rows/2)/40
		switch r := u*u + v*v; {
		case i < 12 && j < 6:
			return most
		case r < 1:
			return 900 + int(2600*(1-r)) + (i*37+j*91)%40
		}
		return (i*37 + j*91) % 40
	}}
}
