package dicom

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// radiograph describes a 3 × 2 picture of 12 bits.
func radiograph(changes attributes) attributes {
	return grey("CR", 3, 2).and(attributes{
		tag.BitsStored: []int{12}, tag.HighBit: []int{11}, tag.PixelRepresentation: []int{0},
		tag.ImagePositionPatient: nil, tag.ImageOrientationPatient: nil, tag.PixelSpacing: nil, tag.ImagerPixelSpacing: []string{"0.2", "0.1"},
	}).and(changes)
}

func TestReadPicture(t *testing.T) {
	pixels := words(0, 1, 2, 3, 4, 4095)
	colour := radiograph(attributes{tag.SamplesPerPixel: []int{3}, tag.Columns: []int{2}, tag.Rows: []int{1}, tag.PlanarConfiguration: []int{0}, tag.BitsAllocated: []int{8}, tag.BitsStored: []int{8}, tag.HighBit: []int{7}})
	palette := radiograph(attributes{
		tag.PhotometricInterpretation: []string{"PALETTE COLOR"}, tag.BitsAllocated: []int{8}, tag.BitsStored: []int{8}, tag.HighBit: []int{7},
		tag.RedPaletteColorLookupTableDescriptor: []int{2, 1, 16}, tag.RedPaletteColorLookupTableData: words(0, 65535),
		tag.GreenPaletteColorLookupTableDescriptor: []int{2, 1, 8}, tag.GreenPaletteColorLookupTableData: []byte{10, 20},
		tag.BluePaletteColorLookupTableDescriptor: []int{2, 1, 16}, tag.BluePaletteColorLookupTableData: words(257, 514),
	})
	for name, c := range map[string]struct {
		file     File
		channels int
		want     []float32
	}{
		"grey":           {radiograph(nil).file(t, pixels), 1, []float32{0, 1, 2, 3, 4, 4095}},
		"inverted":       {radiograph(attributes{tag.PhotometricInterpretation: []string{"MONOCHROME1"}}).file(t, pixels), 1, []float32{4095, 4094, 4093, 4092, 4091, 0}},
		"rescaled":       {radiograph(attributes{tag.RescaleSlope: []string{"0.5"}, tag.RescaleIntercept: []string{"-1"}}).file(t, pixels), 1, []float32{-1, -0.5, 0, 0.5, 1, 2046.5}},
		"modality table": {radiograph(attributes{tag.ModalityLUTSequence: []attributes{{tag.LUTDescriptor: []int{3, 1, 16}, tag.LUTData: []int{100, 200, 300}}}}).file(t, pixels), 1, []float32{100, 100, 200, 300, 300, 300}},
		"rgb":            {colour.and(attributes{tag.PhotometricInterpretation: []string{"RGB"}}).file(t, []byte{1, 2, 3, 4, 5, 6}), 3, []float32{1, 4, 2, 5, 3, 6}},
		"rgb by plane":   {colour.and(attributes{tag.PhotometricInterpretation: []string{"RGB"}, tag.PlanarConfiguration: []int{1}}).file(t, []byte{1, 4, 2, 5, 3, 6}), 3, []float32{1, 4, 2, 5, 3, 6}},
		"rgb of 16 bits": {colour.and(attributes{tag.PhotometricInterpretation: []string{"RGB"}, tag.BitsAllocated: []int{16}, tag.BitsStored: []int{16}, tag.HighBit: []int{15}}).file(t, words(257, 514, 771, 1028, 1285, 65535)), 3, []float32{1, 4, 2, 5, 3, 255}},
		// PS3.3 C.7.6.3.1.2: grey has no chroma; pure red is Y 76, CB 85, CR 255.
		"ybr":     {colour.and(attributes{tag.PhotometricInterpretation: []string{"YBR_FULL"}}).file(t, []byte{7, 128, 128, 76, 85, 255}), 3, []float32{7, 254, 7, 0, 7, 0}},
		"palette": {palette.file(t, []byte{0, 1, 2, 9, 1, 1}), 3, []float32{0, 0, 255, 255, 0, 0, 10, 10, 20, 20, 10, 10, 1, 1, 2, 2, 1, 1}},
	} {
		p, err := ReadPicture([]File{c.file}, Selection{Modality: "CR"}, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !slices.Equal(p.Data, c.want) || p.Channels != c.channels || p.Columns*p.Rows*p.Channels != len(p.Data) {
			t.Errorf("%s: %d channels %v, want %v", name, p.Channels, p.Data, c.want)
		}
		if p.SpacingMM != [2]float64{0.2, 0.1} || p.Modality != "CR" || p.SeriesUID != "2.25.3" || p.Instance.File != 1 {
			t.Errorf("%s: %v mm, %s of series %s, file %d", name, p.SpacingMM, p.Modality, p.SeriesUID, p.Instance.File)
		}
	}
}

func TestPicturesThatAreRefused(t *testing.T) {
	one := radiograph(nil).file(t, words(1, 2, 3, 4, 5, 6))
	other := radiograph(attributes{tag.SOPInstanceUID: []string{"2.25.9"}}).file(t, words(1, 2, 3, 4, 5, 7))
	for name, c := range map[string]struct {
		files []File
		sel   Selection
		lim   Limits
		want  string
	}{
		"none":              {nil, Selection{}, Limits{}, "no DICOM file found"},
		"other modality":    {[]File{one}, Selection{Modality: "MG"}, Limits{}, "no MG image series: the study holds CR"},
		"two":               {[]File{one, other}, Selection{}, Limits{}, "study holds more than one image: files 1 and 2 of 2"},
		"a cine":            {[]File{radiograph(attributes{tag.NumberOfFrames: []string{"2"}}).file(t, make([]byte, 24))}, Selection{}, Limits{}, "image has several frames: file 1 of 1, 2 frames"},
		"coarse":            {[]File{one}, Selection{MaxSpacingMM: 0.15}, Limits{}, "pixels are too large"},
		"large":             {[]File{one}, Selection{}, Limits{MaxVoxels: 5}, "image is too large"},
		"truncated":         {[]File{radiograph(nil).file(t, make([]byte, 10))}, Selection{}, Limits{}, "image is truncated"},
		"unknown colours":   {[]File{radiograph(attributes{tag.PhotometricInterpretation: []string{"CMYK"}}).file(t, make([]byte, 12))}, Selection{}, Limits{}, "image is neither grey nor in colour"},
		"palette, no table": {[]File{radiograph(attributes{tag.PhotometricInterpretation: []string{"PALETTE COLOR"}}).file(t, make([]byte, 12))}, Selection{}, Limits{}, "lookup table contradicts itself"},
	} {
		_, err := ReadPicture(c.files, c.sel, c.lim)
		if r := refusal(t, err); !strings.HasPrefix(r.Error(), c.want) {
			t.Errorf("%s: refused with %q, want %q", name, r, c.want)
		}
	}
	if _, err := ReadPicture([]File{one, one}, Selection{}, Limits{}); err != nil {
		t.Errorf("the same file twice: %v", err)
	}
}

// TestRealRadiographs reads the single-frame pictures among the real files.
func TestRealRadiographs(t *testing.T) {
	files := corpus(t)
	for name, want := range map[string]struct {
		channels, columns, rows int
	}{
		"suyashkumar/4.dcm": {1, 1760, 2140},
		"pydicom/test_files/dicomdirtests/77654033/CR1/6154":  {1, 16, 16},
		"pydicom/test_files/SC_rgb_rle_16bit.dcm":             {3, 100, 100},
		"pydicom/test_files/ExplVR_BigEnd.dcm":                {3, 80, 60},
		"pydicom/test_files/SC_ybr_full_422_uncompressed.dcm": {3, 100, 100},
		"pydicom/test_files/image_dfl.dcm":                    {1, 512, 512},
	} {
		p, err := ReadPicture([]File{{Data: files[name]}}, Selection{}, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Channels != want.channels || p.Columns != want.columns || p.Rows != want.rows || slices.Min(p.Data) == slices.Max(p.Data) {
			t.Errorf("%s: %d channels of %d × %d", name, p.Channels, p.Columns, p.Rows)
		}
	}
}

// TestEveryEncodingShowsTheSame compares one picture in RGB and YBR, native and
// compressed, with its lossless self.
func TestEveryEncodingShowsTheSame(t *testing.T) {
	files := corpus(t)
	read := func(name string) *Picture {
		t.Helper()
		p, err := ReadPicture([]File{{Data: files["pydicom/test_files/"+name]}}, Selection{}, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return p
	}
	want := read("SC_rgb_rle.dcm")
	for _, name := range []string{
		"SC_ybr_full_422_uncompressed.dcm", "SC_rgb_rle_16bit.dcm", "SC_rgb_rle_32bit.dcm", "SC_rgb_jpeg_gdcm.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_gdcm_KY.dcm",
		"SC_rgb_dcmtk_+eb+cr.dcm", "SC_rgb_dcmtk_+eb+cy+n1.dcm", "SC_rgb_dcmtk_+eb+cy+n2.dcm", "SC_rgb_dcmtk_+eb+cy+np.dcm", "SC_rgb_dcmtk_+eb+cy+s2.dcm", "SC_rgb_dcmtk_+eb+cy+s4.dcm",
	} {
		got := read(name)
		if len(got.Data) != len(want.Data) {
			t.Errorf("%s: %d samples", name, len(got.Data))
			continue
		}
		// Loss and halved chroma smear colours over their edges, nowhere else.
		off := 0
		for n, v := range want.Data {
			if d := v - got.Data[n]; d > 6 || d < -6 {
				off++
			}
		}
		if off > len(want.Data)/10 {
			t.Errorf("%s: %d of %d samples differ", name, off, len(want.Data))
		}
	}
}

func TestFramesOfAnInstanceDoNotShareABuffer(t *testing.T) {
	o, err := Parse(radiograph(attributes{tag.NumberOfFrames: []string{"2"}}).file(t, append(filled(6, 1), filled(6, 2)...)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := o.Frame(0)
	second, err := o.Frame(1)
	if err != nil || bytes.Equal(first, second) {
		t.Errorf("frames %v and %v, %v", first, second, err)
	}
}
