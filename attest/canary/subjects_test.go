package canary_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/testdata"
)

// ward makes patients: the one real head, turned, stretched and lit otherwise, scanned with
// noise of its own. They stand for the many heads that clinics send, which no test has.
type ward struct {
	head     *volume.Image
	template []*lib.Element // of a slice of the real scan
	source   *rand.Rand
}

func newWard(t testing.TB, seed uint64) *ward {
	t.Helper()
	files, err := dicom.LoadZip(testdata.T1Study(), dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3}, dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	o, err := dicom.Parse(files[0], dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return &ward{img, o.Dataset.Elements, rand.New(rand.NewPCG(seed, 9))}
}

// The scan of a patient.
const (
	scanSlices = 24
	scanEdge   = 56
	scanMM     = 2.5
)

// scan takes a new patient in and writes the study into a folder.
func (w *ward) scan(t testing.TB) (folder string) {
	t.Helper()
	between := func(low, high float64) float64 { return low + (high-low)*w.source.Float64() }
	turn, stretch := [3]float64{}, [3]float64{}
	for n := range turn {
		turn[n], stretch[n] = between(-0.15, 0.15), between(0.92, 1.08)
	}
	place := [3]float64{between(-6, 6), between(-6, 6), between(-6, 6)} // voxels of the head
	gamma, gain := between(0.8, 1.25), between(4, 12)
	noise := between(0.01, 0.05) * 255 * gain / 3
	masked := w.source.IntN(3) == 0 // some scanners set the air to 0
	bias := [3]float64{between(-0.2, 0.2), between(-0.2, 0.2), between(-0.2, 0.2)}
	peak := 0.0
	for _, v := range w.head.Data {
		peak = max(peak, float64(v))
	}
	folder = t.TempDir()
	corner := [3]float64{between(-90, -60), between(-90, -60), between(-60, -30)}
	root := "1.3.12.2.1107.5.2.32." + strconv.Itoa(w.source.IntN(1e6))
	for k := range scanSlices {
		pixels := make([]byte, 2*scanEdge*scanEdge)
		for j := range scanEdge {
			for i := range scanEdge {
				x, y, z := (float64(i)/scanEdge-0.5)*stretch[0], (float64(j)/scanEdge-0.5)*stretch[1], (float64(k)/scanSlices-0.5)*0.6*stretch[2]
				x, y = x+turn[0]*y, y-turn[0]*x
				y, z = y+turn[1]*z, z-turn[1]*y
				z, x = z+turn[2]*x, x-turn[2]*z
				v := w.at((x+0.5)*float64(w.head.Size[0])+place[0], (y+0.5)*float64(w.head.Size[1])+place[1], (z+0.5)*float64(w.head.Size[2])+place[2])
				air := v < 0.02*peak
				v = math.Pow(v/peak, gamma) * 255 * gain * (1 + bias[0]*x + bias[1]*y + bias[2]*z)
				v = math.Hypot(v+noise*w.source.NormFloat64(), noise*w.source.NormFloat64()) // Rician
				if masked && air {
					v = 0
				}
				word := uint16(min(math.Round(v), 4095))
				at := 2 * (j*scanEdge + i)
				pixels[at], pixels[at+1] = byte(word), byte(word>>8)
			}
		}
		w.write(t, filepath.Join(folder, fmt.Sprintf("IM%04d", k+1)), root, k, corner, pixels)
	}
	return folder
}

// at reads the head between its voxels, linearly.
func (w *ward) at(x, y, z float64) float64 {
	s, sum := w.head.Size, 0.0
	i, j, k := int(math.Floor(x)), int(math.Floor(y)), int(math.Floor(z))
	for n := range 8 {
		a, b, c := i+n&1, j+n>>1&1, k+n>>2
		if a < 0 || b < 0 || c < 0 || a >= s[0] || b >= s[1] || c >= s[2] {
			continue
		}
		weight := (1 - math.Abs(x-float64(a))) * (1 - math.Abs(y-float64(b))) * (1 - math.Abs(z-float64(c)))
		sum += weight * float64(w.head.Data[(c*s[1]+b)*s[0]+a])
	}
	return sum
}

// write writes slice k: the template with what is this patient's and this scan's.
func (w *ward) write(t testing.TB, path, root string, k int, corner [3]float64, pixels []byte) {
	t.Helper()
	decimal := func(v float64) string { return strconv.FormatFloat(v, 'f', 4, 64) }
	texts := map[tag.Tag][]string{
		tag.PatientName: {"Doe^" + root}, tag.PatientID: {root}, tag.StudyInstanceUID: {root + ".1"}, tag.SeriesInstanceUID: {root + ".2"},
		tag.FrameOfReferenceUID: {root + ".3"}, tag.SOPInstanceUID: {root + ".4." + strconv.Itoa(k)}, tag.InstanceNumber: {strconv.Itoa(k + 1)},
		tag.ImagePositionPatient:    {decimal(corner[0]), decimal(corner[1]), decimal(corner[2] + scanMM*float64(k))},
		tag.ImageOrientationPatient: {"1", "0", "0", "0", "1", "0"}, tag.PixelSpacing: {decimal(scanMM), decimal(scanMM)},
		tag.SliceThickness: {"2.5"}, tag.SpacingBetweenSlices: {"2.5"},
	}
	numbers := map[tag.Tag]int{tag.Rows: scanEdge, tag.Columns: scanEdge, tag.BitsAllocated: 16, tag.BitsStored: 12, tag.HighBit: 11, tag.PixelRepresentation: 0}
	var elements []*lib.Element
	for _, e := range w.template {
		var err error
		if list, ok := texts[e.Tag]; ok {
			e, err = dicom.NewElement(e.Tag, list)
		} else if n, ok := numbers[e.Tag]; ok {
			e, err = dicom.NewElement(e.Tag, []int{n})
		} else if e.Tag == tag.SmallestImagePixelValue || e.Tag == tag.LargestImagePixelValue || e.Tag == tag.SliceLocation {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		elements = append(elements, e)
	}
	data, err := dicom.Encode(lib.Dataset{Elements: elements}, pixels)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
