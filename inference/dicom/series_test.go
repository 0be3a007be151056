package dicom

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"
)

// stackOf makes n slices of 3 × 2 voxels, each filled with its number.
func stackOf(tb testing.TB, n int, change func(slice int) attributes) []File {
	tb.Helper()
	files := make([]File, n)
	for k := range files {
		files[k] = grey("MR", 3, 2).and(at(k)).and(named(k)).and(change(k)).file(tb, filled(6, k))
	}
	return files
}

func same(int) attributes { return nil }

// firstValues are the values of the first voxel of each slice.
func firstValues(tb testing.TB, s *Series) []float32 {
	tb.Helper()
	img, err := s.Image()
	if err != nil {
		tb.Fatal(err)
	}
	var list []float32
	for k := range img.Size[2] {
		list = append(list, img.Data[k*img.Size[0]*img.Size[1]])
	}
	return list
}

// TestAnyAffineComesBack writes volumes of random place, direction and spacing as
// shuffled slices or frames, in each uncompressed transfer syntax, and reads them: the same affine in mm and the same voxels.
func TestAnyAffineComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		angle := func(name string) float64 { return rapid.Float64Range(-math.Pi, math.Pi).Draw(rt, name) }
		millimetres := rapid.Float64Range(0.1, 8)
		row, column := turned(angle("yaw"), angle("pitch"), angle("roll"))
		size := [3]int{rapid.IntRange(1, 5).Draw(rt, "columns"), rapid.IntRange(1, 5).Draw(rt, "rows"), rapid.IntRange(2, 12).Draw(rt, "slices")}
		between := [3]float64{millimetres.Draw(rt, "across"), millimetres.Draw(rt, "down"), millimetres.Draw(rt, "through")}
		origin := [3]float64{}
		for n := range origin {
			origin[n] = rapid.Float64Range(-900, 900).Draw(rt, "origin")
		}
		syntax := rapid.SampledFrom([]string{implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedExplicit}).Draw(rt, "syntax")
		normal := cross(row, column)
		values := rapid.SliceOfN(rapid.IntRange(-32768, 32767), size[0]*size[1]*size[2], size[0]*size[1]*size[2]).Draw(rt, "values")
		slope, intercept := rapid.SampledFrom([]float64{1, 2, 0.5}).Draw(rt, "slope"), float64(rapid.IntRange(-1024, 1024).Draw(rt, "intercept"))
		plane := size[0] * size[1]
		common := attributes{
			tag.ImageOrientationPatient: decimals(append(row[:], column[:]...)...), tag.PixelSpacing: decimals(between[1], between[0]),
			tag.RescaleSlope: decimals(slope), tag.RescaleIntercept: decimals(intercept),
		}
		placed := func(k int) attributes {
			position := [3]float64{}
			for n := range position {
				position[n] = origin[n] + float64(k)*between[2]*normal[n]
			}
			return attributes{tag.ImagePositionPatient: decimals(position[:]...)}
		}
		order := rapid.Permutation(indices(size[2])).Draw(rt, "order")
		var files []File
		if rapid.Bool().Draw(rt, "multi-frame") {
			o := enhanced("CT", order, func(k int) attributes { return attributes{tag.PlanePositionSequence: []attributes{placed(k)}} })
			o = o.and(attributes{tag.Columns: []int{size[0]}, tag.Rows: []int{size[1]}, tag.SharedFunctionalGroupsSequence: []attributes{{
				tag.PlaneOrientationSequence:         []attributes{{tag.ImageOrientationPatient: common[tag.ImageOrientationPatient]}},
				tag.PixelMeasuresSequence:            []attributes{{tag.PixelSpacing: common[tag.PixelSpacing]}},
				tag.PixelValueTransformationSequence: []attributes{{tag.RescaleSlope: common[tag.RescaleSlope], tag.RescaleIntercept: common[tag.RescaleIntercept]}},
			}}})
			var pixels []byte
			for _, k := range order {
				pixels = append(pixels, words(values[k*plane:(k+1)*plane]...)...)
			}
			files = append(files, transcribe(t, syntax, o, pixels))
		} else {
			for _, k := range order {
				number := attributes{tag.InstanceNumber: []string{strconv.Itoa(rapid.IntRange(0, 99).Draw(rt, "number"))}}
				a := grey("CT", size[0], size[1]).and(named(k)).and(common).and(placed(k)).and(number)
				files = append(files, transcribe(t, syntax, a, words(values[k*plane:(k+1)*plane]...)))
			}
		}
		s, err := ReadSeries(files, Selection{Modality: "CT"}, Limits{})
		if err != nil {
			rt.Fatal(err)
		}
		if s.Grid.Size != size {
			rt.Fatalf("size %v, want %v", s.Grid.Size, size)
		}
		for n := range 3 {
			want := [4]float64{row[n] * between[0], column[n] * between[1], normal[n] * between[2], origin[n]}
			for m := range want {
				// Decimal strings have 16 characters: 1e-9 of a metre here.
				if math.Abs(s.Grid.Affine[n][m]-want[m]) > 1e-6 {
					rt.Fatalf("affine %v, row %d should be %v", s.Grid.Affine, n, want)
				}
			}
		}
		img, err := s.Image()
		if err != nil {
			rt.Fatal(err)
		}
		for n, v := range values {
			if img.Data[n] != float32(float64(v)*slope+intercept) {
				rt.Fatalf("voxel %d is %v, want %v × %v + %v", n, img.Data[n], v, slope, intercept)
			}
		}
	})
}

// turned are two perpendicular unit vectors.
func turned(yaw, pitch, roll float64) (row, column [3]float64) {
	sy, cy := math.Sincos(yaw)
	sp, cp := math.Sincos(pitch)
	sr, cr := math.Sincos(roll)
	return [3]float64{cy * cp, sy * cp, -sp}, [3]float64{cy*sp*sr - sy*cr, sy*sp*sr + cy*cr, cp * sr}
}

func indices(n int) []int {
	list := make([]int, n)
	for k := range list {
		list[k] = k
	}
	return list
}

// decimals are decimal strings of at most 16 characters (PS3.5 table 6.2-1).
func decimals(list ...float64) []string {
	texts := make([]string, len(list))
	for n, v := range list {
		for digits := 14; ; digits-- {
			if texts[n] = strconv.FormatFloat(v, 'g', digits, 64); len(texts[n]) <= 16 {
				break
			}
		}
	}
	return texts
}

// TestEnhancedFramesFormAVolume reads a multi-frame CT: shuffled frames, shared
// orientation, rescale of each frame.
func TestEnhancedFramesFormAVolume(t *testing.T) {
	order := []int{3, 0, 4, 1, 2}
	o := enhanced("CT", order, func(k int) attributes {
		return attributes{tag.PixelValueTransformationSequence: []attributes{{tag.RescaleSlope: []string{"1"}, tag.RescaleIntercept: []string{strconv.Itoa(-1000 * k)}}}}
	})
	var pixels []byte
	for _, k := range order {
		pixels = append(pixels, filled(6, k)...)
	}
	s, err := ReadSeries([]File{o.file(t, pixels)}, Selection{Modality: "CT", MinSlices: 5}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := firstValues(t, s), []float32{0, -999, -1998, -2997, -3996}; !slices.Equal(got, want) {
		t.Errorf("values %v, want %v", got, want)
	}
	for k, in := range s.Instances {
		if in.Frame != slices.Index(order, k) || in.File != 1 || in.Position[2] != float64(3*k) {
			t.Errorf("slice %d is frame %d of file %d at %v", k, in.Frame, in.File, in.Position)
		}
	}
	if want := [3]float64{1, 2, 3}; s.Grid.Spacing() != want {
		t.Errorf("spacing %v", s.Grid.Spacing())
	}
}

// enhanced describes a multi-frame object whose frame n is slice order[n].
func enhanced(modality string, order []int, change func(k int) attributes) attributes {
	frames := make([]attributes, len(order))
	for n, k := range order {
		frames[n] = attributes{
			tag.PlanePositionSequence: []attributes{{tag.ImagePositionPatient: []string{"-10", "20", strconv.Itoa(3 * k)}}},
			tag.FrameContentSequence:  []attributes{{tag.StackID: []string{"1"}}},
		}.and(change(k))
	}
	return grey(modality, 3, 2).and(attributes{
		tag.ImagePositionPatient: nil, tag.ImageOrientationPatient: nil, tag.PixelSpacing: nil,
		tag.NumberOfFrames: []string{strconv.Itoa(len(order))},
		tag.SharedFunctionalGroupsSequence: []attributes{{
			tag.PlaneOrientationSequence: []attributes{{tag.ImageOrientationPatient: []string{"1", "0", "0", "0", "1", "0"}}},
			tag.PixelMeasuresSequence:    []attributes{{tag.PixelSpacing: []string{"2", "1"}}},
		}},
		tag.PerFrameFunctionalGroupsSequence: frames,
	})
}

// TestSeveralVolumesInOneSeries takes one of the volumes that share their places.
func TestSeveralVolumesInOneSeries(t *testing.T) {
	const slicesEach = 4
	// volumes shuffles three volumes; their values are 100 × number + slice.
	volumes := func(value func(number, slice int) attributes) []File {
		var files []File
		for number := range 3 {
			for k := range slicesEach {
				files = append(files, grey("MR", 3, 2).and(at(k)).and(named(10*number+k)).and(value(number, k)).file(t, filled(6, 100*number+k)))
			}
		}
		slices.Reverse(files)
		return files
	}
	for name, c := range map[string]struct {
		value func(number, slice int) attributes
		taken int
		note  string
	}{
		"echoes": {func(n, _ int) attributes { return attributes{tag.EchoTime: []string{[]string{"20", "4.6", "100"}[n]}} }, 1, "by echo time, and this is number 1 of 3"},
		"time points": {func(n, _ int) attributes {
			return attributes{tag.TemporalPositionIdentifier: []string{strconv.Itoa(n + 9)}}
		}, 0, "by temporal position"},
		"acquisitions": {func(n, _ int) attributes { return attributes{tag.AcquisitionNumber: []string{strconv.Itoa(5 - n)}} }, 2, "by acquisition"},
		"b-values": {func(n, _ int) attributes {
			return attributes{tag.DiffusionBValue: []float64{[]float64{1000, 0, 500}[n]}}
		}, 1, "by b-value"},
		"magnitude, phase": {func(n, _ int) attributes {
			return attributes{tag.ImageType: []string{"ORIGINAL", "PRIMARY", []string{"P", "R", "M"}[n]}}
		}, 2, "by image type"},
		"varies by slice, then by volume": {func(n, k int) attributes {
			return attributes{tag.EchoTime: []string{strconv.Itoa(k + 1)}, tag.AcquisitionNumber: []string{strconv.Itoa(n)}}
		}, 0, "by acquisition"},
		"two dimensions": {func(n, _ int) attributes {
			return attributes{tag.EchoTime: []string{[]string{"5", "5", "9"}[n]}, tag.AcquisitionNumber: []string{strconv.Itoa(4 - n)}}
		}, 1, "by echo time"},
	} {
		s, err := ReadSeries(volumes(c.value), Selection{}, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		base := float32(100 * c.taken)
		if got, want := firstValues(t, s), []float32{base, base + 1, base + 2, base + 3}; !slices.Equal(got, want) {
			t.Errorf("%s: values %v, want %v", name, got, want)
		}
		if len(s.Notes) == 0 || !strings.Contains(s.Notes[0], c.note) {
			t.Errorf("%s: notes %q", name, s.Notes)
		}
	}
	_, err := ReadSeries(volumes(func(int, int) attributes { return nil }), Selection{}, Limits{})
	if r := refusal(t, err); r.What != "two slices lie at the same place" {
		t.Errorf("refused with %q", r)
	}
	// A dynamic enhanced object: two time points of two slices.
	o := enhanced("MR", []int{0, 1, 2, 3}, func(k int) attributes {
		return attributes{
			tag.PlanePositionSequence: []attributes{{tag.ImagePositionPatient: []string{"0", "0", strconv.Itoa(k % 2)}}},
			tag.FrameContentSequence:  []attributes{{tag.TemporalPositionIndex: []int{k/2 + 1}}},
		}
	})
	s, err := ReadSeries([]File{o.file(t, slices.Concat(filled(6, 7), filled(6, 8), filled(6, 9), filled(6, 10)))}, Selection{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := firstValues(t, s); !slices.Equal(got, []float32{7, 8}) {
		t.Errorf("first time point: %v", got)
	}
}

func TestWhatDoesNotBelongToTheVolumeIsLeftOut(t *testing.T) {
	stack := stackOf(t, 4, same)
	scout := grey("MR", 9, 9).and(named(77)).and(attributes{tag.ImageType: []string{"ORIGINAL", "PRIMARY", "LOCALIZER"}, tag.ImageOrientationPatient: nil}).file(t, filled(81, 1))
	resent := grey("MR", 3, 2).and(at(2)).and(named(78)).file(t, filled(6, 2))
	for name, c := range map[string]struct {
		extra []File
		note  string
	}{
		"localiser":        {[]File{scout}, "1 localiser image(s) left out"},
		"duplicate":        {[]File{stack[1], stack[1]}, "2 identical duplicate(s) left out"},
		"sent under a new": {[]File{resent}, "1 repeated slice(s) with identical pixels left out"},
		"nothing":          {nil, ""},
	} {
		s, err := ReadSeries(slices.Concat(c.extra, stack), Selection{}, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := firstValues(t, s); !slices.Equal(got, []float32{0, 1, 2, 3}) {
			t.Errorf("%s: values %v", name, got)
		}
		if strings.Join(s.Notes, "") != c.note {
			t.Errorf("%s: notes %q", name, s.Notes)
		}
	}
}

func TestUnfitStacksAreRefused(t *testing.T) {
	moved := func(n int, position string) func(int) attributes {
		return func(k int) attributes {
			if k != n {
				return nil
			}
			return attributes{tag.ImagePositionPatient: strings.Split(position, `\`)}
		}
	}
	for name, c := range map[string]struct {
		files []File
		want  string
	}{
		"missing":          {slices.Delete(stackOf(t, 9, same), 4, 6), "2 slice(s) missing: between slices 4 and 5 of 7"},
		"rescanned slice":  {append(stackOf(t, 9, same), grey("MR", 3, 2).and(at(4)).and(named(99)).and(attributes{tag.AcquisitionNumber: []string{"2"}}).file(t, filled(6, 50))), "two slices lie at the same place"},
		"shifted sideways": {stackOf(t, 9, moved(4, `-7\20\12`)), "slices are shifted sideways"},
		"uneven":           {stackOf(t, 9, moved(4, `-10\20\13`)), "distance between slices varies"},
		"drifting":         {stackOf(t, 60, func(k int) attributes { return drifting(k) }), "distance between slices varies"},
		"tilted": {stackOf(t, 9, func(k int) attributes {
			return attributes{tag.ImagePositionPatient: decimals(0, float64(k), 3*float64(k))}
		}), "slices are sheared against each other (gantry tilt)"},
		"localisers only":  {[]File{grey("MR", 3, 2).and(attributes{tag.ImageType: []string{"A", "B", "LOCALIZER"}}).file(t, filled(6, 1))}, "series has too few slices"},
		"a frame unplaced": {[]File{enhanced("MR", []int{0, 1}, func(k int) attributes { return attributes{tag.PlanePositionSequence: nil} }).file(t, filled(12, 1))}, "frames have no positions of their own in the patient: file 1 of 1, frame 1 of 2"},
		"a cine":           {[]File{grey("XA", 3, 2).and(attributes{tag.NumberOfFrames: []string{"2"}}).file(t, append(filled(6, 1), filled(6, 2)...))}, "frames have no positions of their own in the patient: file 1 of 1, frame 1 of 2"},
		"palette":          {stackOf(t, 3, func(int) attributes { return attributes{tag.PhotometricInterpretation: []string{"PALETTE COLOR"}} }), "slice is in colour"},
		"a broken table": {stackOf(t, 3, func(int) attributes {
			return attributes{tag.ModalityLUTSequence: []attributes{{tag.LUTDescriptor: []int{9, 0, 16}}}}
		}), "lookup table contradicts itself"},
		"an absurd position": {stackOf(t, 3, moved(1, `1e30\0\0`)), "slice position lies far outside any scanner"},
	} {
		_, err := ReadSeries(c.files, Selection{}, Limits{})
		if r := refusal(t, err); !strings.HasPrefix(r.Error(), c.want) {
			t.Errorf("%s: refused with %q, want %q", name, r, c.want)
		}
	}
	_, err := ReadSeries(stackOf(t, 3, same), Selection{}, Limits{MaxVoxels: 17})
	if r := refusal(t, err); r.What != "series is too large" {
		t.Errorf("refused with %q", r)
	}
}

// drifting steps are each within tolerance of their median, but their sum is not.
func drifting(k int) attributes {
	z := 0.97 * float64(min(k, 30))
	z += 1.03 * float64(max(k-30, 0))
	return attributes{tag.ImagePositionPatient: decimals(-10, 20, z)}
}

func TestInvertedSlicesBecomeBright(t *testing.T) {
	for modality, want := range map[string]float32{"MR": 4095 - 1, "CT": 1} {
		files := stackOf(t, 3, func(int) attributes {
			return attributes{tag.Modality: []string{modality}, tag.PhotometricInterpretation: []string{"MONOCHROME1"}, tag.BitsStored: []int{12}, tag.HighBit: []int{11}, tag.PixelRepresentation: []int{0}}
		})
		s, err := ReadSeries(files, Selection{}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := firstValues(t, s); got[1] != want {
			t.Errorf("%s: slice 1 is %v, want %v", modality, got[1], want)
		}
	}
}

func TestCompressedSlicesFormAVolume(t *testing.T) {
	var files []File
	for k := range 5 {
		a := eight("1").and(at(k)).and(named(k))
		files = append(files, encapsulate(t, rleLossless, a, nil, rle(bytes.Repeat([]byte{byte(10 * k)}, 6))))
	}
	s, err := ReadSeries(files, Selection{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := firstValues(t, s); !slices.Equal(got, []float32{0, 10, 20, 30, 40}) {
		t.Errorf("values %v", got)
	}
	files[3] = encapsulate(t, rleLossless, eight("1").and(at(3)).and(named(3)), nil, []byte("damaged!"))
	if s, err = ReadSeries(files, Selection{}, Limits{}); err != nil {
		t.Fatal(err)
	}
	_, err = s.Image()
	if r := refusal(t, err); !strings.HasPrefix(r.Error(), "RLE Lossless image is damaged: slice 4 of 5, frame 1 of 1") {
		t.Errorf("refused with %q", r)
	}
}
