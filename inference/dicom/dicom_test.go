package dicom

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/codec"
	"github.com/medhive/medhive/testdata"
)

func load(tb testing.TB, study []byte) []File {
	tb.Helper()
	files, err := LoadZip(study, DefaultLimits())
	if err != nil {
		tb.Fatal(err)
	}
	return files
}

// edit parses a file, changes its elements and encodes it again.
func edit(t *testing.T, f File, change func([]*lib.Element) []*lib.Element) File {
	t.Helper()
	o, err := Parse(f, DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	data, err := Encode(lib.Dataset{Elements: change(o.Dataset.Elements)}, o.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	return File{Name: f.Name, Data: data}
}

func with(t testing.TB, tg tag.Tag, data any) func([]*lib.Element) []*lib.Element {
	t.Helper()
	return func(list []*lib.Element) []*lib.Element {
		e, err := NewElement(tg, data)
		if err != nil {
			t.Fatal(err)
		}
		return append(without(tg)(list), e)
	}
}

func without(tg tag.Tag) func([]*lib.Element) []*lib.Element {
	return func(list []*lib.Element) []*lib.Element {
		return slices.DeleteFunc(slices.Clone(list), func(e *lib.Element) bool { return e.Tag == tg })
	}
}

// planted is read once, as fuzzing asks for it thousands of times a second.
var planted = sync.OnceValues(testdata.Identifiers)

// refusal checks that an error is one that a person can use, and names nobody.
func refusal(t *testing.T, err error) *Refusal {
	t.Helper()
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("want a refusal, have %v", err)
	}
	if r.What == "" || r.Do == "" {
		t.Errorf("refusal does not say what is wrong and what to do: %v", r)
	}
	identifiers, err := planted()
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range identifiers {
		if strings.Contains(r.Error(), id.Text) {
			t.Errorf("refusal names %s: %v", id.Attribute, r)
		}
	}
	return r
}

func TestReadSeriesOfAWholeHead(t *testing.T) {
	files := load(t, testdata.T1Study())
	slices.Reverse(files) // the order of files must not matter
	s, err := ReadSeries(files, Selection{Modality: "MR", MinSlices: 60, MaxSpacingMM: 3}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if s.Grid.Size != [3]int{217, 181, 181} || s.Grid.Orientation() != "PIR" {
		t.Errorf("grid %v, orientation %s", s.Grid.Size, s.Grid.Orientation())
	}
	// The NIfTI says that voxel (0,0,0) lies at RAS −90 −125 −71: LPS 90 125 −71.
	corner := s.Grid.Position([3]float64{216, 180, 0})
	if corner != [3]float64{90, 125, -71} {
		t.Errorf("voxel (0,0,0) of the source lies at %v", corner)
	}
	img, err := s.Image()
	if err != nil {
		t.Fatal(err)
	}
	low, high := slices.Min(img.Data), slices.Max(img.Data)
	if low != 0 || high != 254 {
		t.Errorf("values from %v to %v", low, high)
	}
}

func TestBadStudiesAreRefused(t *testing.T) {
	want := map[string]string{
		"not-dicom.zip":       "no DICOM file found",
		"truncated-slice.zip": "value is longer than the data that holds it: file 33 of 64",
		"missing-slice.zip":   "1 slice(s) missing: between slices 32 and 33 of 63",
		"wrong-modality.zip":  "no MR image series: the study holds CT",
		"absurd-length.dcm":   "value is longer than the data that holds it",
	}
	bad, err := testdata.Bad()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bad {
		t.Run(b.Name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), b.Name)
			if err := os.WriteFile(path, b.Data, 0o600); err != nil {
				t.Fatal(err)
			}
			files, err := LoadFiles(path, Limits{})
			if err == nil {
				_, err = ReadSeries(files, Selection{Modality: "MR", MinSlices: 60, MaxSpacingMM: 3}, Limits{})
			}
			if r := refusal(t, err); !strings.HasPrefix(r.Error(), want[b.Name]) {
				t.Errorf("refused with %q", r)
			}
		})
	}
}

func TestSmallStudyIsRead(t *testing.T) {
	if _, err := ReadSeries(load(t, testdata.SmallStudy()), Selection{Modality: "MR", MinSlices: 60, MaxSpacingMM: 3}, Limits{}); err != nil {
		t.Error(err)
	}
}

// repainted changes one pixel.
func repainted(t *testing.T, f File) File {
	t.Helper()
	o, err := Parse(f, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	f.Data = bytes.Clone(f.Data)
	f.Data[o.PixelOffset] ^= 1
	return f
}

func TestGeometryRefusals(t *testing.T) {
	small := load(t, testdata.SmallStudy())
	on := func(n int, change func([]*lib.Element) []*lib.Element) []File {
		files := slices.Clone(small)
		files[n] = edit(t, files[n], change)
		return files
	}
	tilted := make([]File, len(small))
	for n, f := range small {
		tilted[n] = edit(t, f, func(list []*lib.Element) []*lib.Element {
			at, _ := (&Object{Dataset: lib.Dataset{Elements: list}}).Float64s(tag.ImagePositionPatient)
			return with(t, tag.ImagePositionPatient, []string{decimalText(at[0]), decimalText(at[1] + 0.2*float64(n)), decimalText(at[2])})(list)
		})
	}
	for name, c := range map[string]struct {
		files []File
		want  string
	}{
		"conflicting identity": {append(slices.Clone(small), repainted(t, small[7])), "two slices have the same identity and differ"},
		"repeated position":    {append(slices.Clone(small), edit(t, repainted(t, small[7]), with(t, tag.SOPInstanceUID, []string{"1.2.3"}))), "two slices lie at the same place"},
		"non-uniform spacing":  {on(9, with(t, tag.ImagePositionPatient, []string{"46.6", "-18.5", "60.5"})), "distance between slices varies"},
		"mixed orientation":    {on(9, with(t, tag.ImageOrientationPatient, []string{"1", "0", "0", "0", "1", "0"})), "slices differ in orientation"},
		"mixed size":           {on(9, with(t, tag.Rows, []int{18})), "slices differ in their matrix size"},
		"mixed frame":          {on(9, with(t, tag.FrameOfReferenceUID, []string{"1.2.3"})), "slices belong to different studies or frames of reference"},
		"mixed pixel spacing":  {on(9, with(t, tag.PixelSpacing, []string{"1.5", "1.5"})), "slices differ in pixel spacing"},
		"too few":              {small[:1], "series has too few slices"},
		"no position":          {on(9, without(tag.ImagePositionPatient)), "slice has no position or orientation"},
		"no orientation":       {on(9, without(tag.ImageOrientationPatient)), "slice has no position or orientation"},
		"not a number":         {on(9, with(t, tag.ImagePositionPatient, []string{"NaN", "1", "1"})), "slice has no position or orientation"},
		"gantry tilt":          {tilted, "slices are sheared against each other"},
		"two pixels a sample":  {on(9, with(t, tag.SamplesPerPixel, []int{3})), "slice is in colour"},
		"more rows than bytes": {on(9, with(t, tag.Rows, []int{9999})), "image is truncated"},
		"no files":             {nil, "no DICOM file found"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadSeries(c.files, Selection{Modality: "MR"}, Limits{})
			if r := refusal(t, err); !strings.HasPrefix(r.Error(), c.want) {
				t.Errorf("refused with %q, want %q", r, c.want)
			}
		})
	}
	_, err := ReadSeries(small, Selection{Modality: "MR", MaxSpacingMM: 1}, Limits{})
	if r := refusal(t, err); r.What != "voxels are too large" {
		t.Errorf("refused with %q", r)
	}
}

func TestLargestFittingSeriesIsChosen(t *testing.T) {
	files := append(load(t, testdata.SmallStudy()), load(t, testdata.T1Study())[:30]...)
	s, err := ReadSeries(files, Selection{Modality: "MR"}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Instances) != 64 {
		t.Errorf("chose the series of %d slices", len(s.Instances))
	}
}

func TestTextIsDecodedAndWrittenAsUTF8(t *testing.T) {
	f := load(t, testdata.SmallStudy())[0]
	o, err := Parse(f, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := o.String(tag.PatientName); got != "Müßiggang^Zoë-Renée^Ottilie" {
		t.Errorf("patient name is %q", got)
	}
	again, err := Parse(edit(t, f, func(list []*lib.Element) []*lib.Element { return list }), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if again.String(tag.PatientName) != o.String(tag.PatientName) || again.String(tag.SpecificCharacterSet) != "ISO_IR 192" {
		t.Errorf("after writing: %q in %q", again.String(tag.PatientName), again.String(tag.SpecificCharacterSet))
	}
	if !bytes.Equal(again.Pixels, o.Pixels) {
		t.Error("pixels changed")
	}
}

func TestPaddingAfterPixelsIsDropped(t *testing.T) {
	f := load(t, testdata.SmallStudy())[0]
	f.Data = append(bytes.Clone(f.Data), "\xfc\xff\xfc\xffOB\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"...)
	o, err := Parse(edit(t, f, func(list []*lib.Element) []*lib.Element { return list }), Limits{})
	if err != nil || o.Pixels == nil || o.Element(tagPadding) != nil {
		t.Errorf("padding remained or pixels were lost: %v", err)
	}
}

// TestAgreesWithTheLibrary compares our reading with suyashkumar/dicom's, whose
// data model we share, on a file that it reads well.
func TestAgreesWithTheLibrary(t *testing.T) {
	f := load(t, testdata.T1Study())[90]
	ours, err := Parse(f, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := lib.Parse(bytes.NewReader(f.Data), int64(len(f.Data)), nil, lib.SkipProcessingPixelDataValue())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range theirs.Elements {
		if e.Tag.Group == tag.MetadataGroup || e.Tag == tag.PixelData || e.Tag == tag.PositionReferenceIndicator || e.RawValueRepresentation == "SQ" { // an empty value is no value to us; sequences print their lengths
			continue
		}
		if mine := ours.Element(e.Tag); mine == nil || mine.Value.String() != e.Value.String() {
			t.Errorf("%s differs: ours %v, theirs %v", e.Tag, mine, e)
		}
	}
}

func TestOutputIsValidForDciodvfy(t *testing.T) {
	validator, err := exec.LookPath("dciodvfy")
	if err != nil {
		t.Fatal("dciodvfy is missing: apt-get install dicom3tools")
	}
	f := edit(t, load(t, testdata.T1Study())[90], func(list []*lib.Element) []*lib.Element { return list })
	path := filepath.Join(t.TempDir(), "slice.dcm")
	if err := os.WriteFile(path, f.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(validator, path).CombinedOutput(); err != nil || bytes.Contains(out, []byte("Error")) {
		t.Errorf("dciodvfy: %v\n%s", err, out)
	}
}

// nested is a data set whose one sequence holds itself depth times, of undefined length.
func nested(depth int) []byte {
	out := append(make([]byte, 128), "DICM"...)
	out = append(out, "\x02\x00\x10\x00UI\x14\x001.2.840.10008.1.2.1\x00"...)
	for range depth {
		out = append(out, "\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"...)
	}
	for range depth {
		out = append(out, "\xfe\xff\x0d\xe0\x00\x00\x00\x00\xfe\xff\xdd\xe0\x00\x00\x00\x00"...)
	}
	return out
}

func TestStructureIsCheckedBeforeItIsBelieved(t *testing.T) {
	if _, err := Parse(File{Data: nested(10)}, Limits{}); err != nil {
		t.Errorf("ten nested sequences: %v", err)
	}
	good := load(t, testdata.SmallStudy())[0].Data
	syntax := func(uid string) []byte {
		padded := make([]byte, 2+len(uid)+len(uid)%2)
		copy(padded[2:], uid)
		padded[0] = byte(len(padded) - 2)
		return bytes.Replace(good, []byte("\x14\x001.2.840.10008.1.2.1\x00"), padded, 1)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"too deep":          {nested(100), "sequences are nested deeper than allowed"},
		"unclosed":          {nested(10)[:300], "file is cut off"},
		"too many":          {append(nested(0), bytes.Repeat([]byte("\x08\x00\x50\x00SH\x00\x00"), 300_000)...), "file holds more data elements than allowed"},
		"no big endian":     {syntax("1.2.840.10008.1.2.2"), "data is not the DICOM encoding that its header declares"},
		"no deflate":        {syntax("1.2.840.10008.1.2.1.99")[:400], "deflated data is damaged"},
		"no fragments":      {syntax("1.2.840.10008.1.2.5"), "pixel data is not encapsulated, though the transfer syntax says it is"},
		"unknown syntax":    {syntax("1.2.3.4.5"), "transfer syntax of the file is not supported"},
		"empty":             {nil, "file is not DICOM"},
		"declared implicit": {syntax("1.2.840.10008.1.2"), ""},
	} {
		_, err := Parse(File{Data: c.data}, Limits{})
		if r := refusal(t, err); !strings.HasPrefix(r.Error(), c.want) {
			t.Errorf("%s: refused with %q, want %q", name, r, c.want)
		}
	}
}

func TestImplicitLittleEndian(t *testing.T) {
	out := append(make([]byte, 128), "DICM"...)
	out = append(out, "\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\x00"...)
	out = append(out, "\x28\x00\x03\x01\x02\x00\x00\x00\x01\x00"...) // PixelRepresentation 1
	out = append(out, "\x28\x00\x06\x01\x02\x00\x00\x00\xff\xff"...) // SmallestImagePixelValue, US or SS
	out = append(out, "\x29\x00\x10\x00\x04\x00\x00\x00ACME"...)     // private creator
	out = append(out, "\xe0\x7f\x10\x00\x02\x00\x00\x00ab"...)
	o, err := Parse(File{Data: out}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if v, _ := o.Int(tag.SmallestImagePixelValue); v != -1 {
		t.Errorf("signed value read as %d", v)
	}
	if o.String(tag.Tag{Group: 0x29, Element: 0x10}) != "ACME" || string(o.Pixels) != "ab" {
		t.Error("private creator or pixels were not read")
	}
}

func TestSignedAndRescaledSamples(t *testing.T) {
	words := func(list ...int) (raw []byte) {
		for _, v := range list {
			raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
		}
		return raw
	}
	format := func(allocated, stored, high int, signed bool) imageFormat {
		return imageFormat{Frame: codec.Frame{Allocated: allocated, Stored: stored, Signed: signed}, high: high}
	}
	for name, c := range map[string]struct {
		format   imageFormat
		scale    scale
		inverted bool
		raw      []byte
		want     []float32
	}{
		"signed 16 bits":           {format(16, 16, 15, true), scale{slope: 1}, false, words(-1024, 0, 3071, -1), []float32{-1024, 0, 3071, -1}},
		"signed 12 bits, overlay":  {format(16, 12, 11, true), scale{slope: 2, intercept: 10}, false, words(0x7FFF), []float32{8}},
		"unsigned 12, overlay":     {format(16, 12, 11, false), scale{slope: 1}, false, words(0xF001), []float32{1}},
		"12 bits at the top":       {format(16, 12, 15, false), scale{slope: 1}, false, words(0xABC7), []float32{0xABC}},
		"signed 12 at the top":     {format(16, 12, 15, true), scale{slope: 1}, false, words(0xFFF7), []float32{-1}},
		"10 bits in the middle":    {format(16, 10, 12, false), scale{slope: 1}, false, words(0xE00F), []float32{1}},
		"8 bits":                   {format(8, 8, 7, false), scale{slope: -1, intercept: 255}, false, []byte{0, 255}, []float32{255, 0}},
		"signed 8 bits":            {format(8, 8, 7, true), scale{slope: 1}, false, []byte{0xFF}, []float32{-1}},
		"32 bits":                  {format(32, 32, 31, false), scale{slope: 1e-9}, false, []byte{0, 0, 0, 0x80}, []float32{2.147483648}},
		"signed 32 bits":           {format(32, 32, 31, true), scale{slope: 1}, false, []byte{0xFE, 0xFF, 0xFF, 0xFF}, []float32{-2}},
		"1 bit":                    {format(1, 1, 0, false), scale{slope: 1}, false, []byte{0, 1}, []float32{0, 1}},
		"inverted":                 {format(16, 12, 11, false), scale{slope: 1}, true, words(0, 4095, 5), []float32{4095, 0, 4090}},
		"signed inverted":          {format(16, 12, 11, true), scale{slope: 1}, true, words(-2048, 2047), []float32{2047, -2048}},
		"a table":                  {format(16, 12, 11, false), scale{table: []float32{7, 8, 9}, tableFrom: 10}, false, words(0, 10, 11, 4000), []float32{7, 7, 8, 9}},
		"a table of signed values": {format(16, 16, 15, true), scale{table: []float32{7, 8}, tableFrom: -2}, false, words(-2, -1), []float32{7, 8}},
	} {
		out := make([]float32, len(c.want))
		if convert(out, c.raw, c.format, c.scale, c.inverted); !slices.Equal(out, c.want) {
			t.Errorf("%s: %v, want %v", name, out, c.want)
		}
	}
}

func TestTarComesBackAsItWasAndIsTheSameEachTime(t *testing.T) {
	files := load(t, testdata.SmallStudy())
	var a, b bytes.Buffer
	if err := errors.Join(WriteTar(&a, files), WriteTar(&b, files)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("the same files make different archives")
	}
	back, err := ReadTar(&a, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc(files, back, func(x, y File) bool { return x.Name == y.Name && bytes.Equal(x.Data, y.Data) }) {
		t.Error("files changed on the way")
	}
	_, err = ReadTar(&b, Limits{MaxFiles: 3})
	refusal(t, err)
	_, err = ReadTar(strings.NewReader("no tar at all, but long enough to look like something"), Limits{})
	refusal(t, err)
}

func TestFolderIsReadAndStrayFilesAreLeftOut(t *testing.T) {
	folder := t.TempDir()
	file := load(t, testdata.SmallStudy())[0].Data
	for name, data := range map[string][]byte{
		"S1/IM1": file, "S1/IM2": file, "DICOMDIR": file, ".hidden/IM3": file, "viewer.exe": []byte("MZ"), "readme.txt": bytes.Repeat([]byte("x"), 500),
	} {
		path := filepath.Join(folder, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	files, err := LoadFiles(folder, Limits{})
	if err != nil || len(files) != 2 || files[0].Name != "S1/IM1" {
		t.Errorf("%d files, %v", len(files), err)
	}
	_, err = LoadFiles(filepath.Join(folder, "Müßiggang"), Limits{})
	refusal(t, err)
}

func TestZipBombIsRefused(t *testing.T) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f, err := w.Create("IM1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(append(make([]byte, 128), "DICM"...), make([]byte, 32<<20)...)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = LoadZip(out.Bytes(), Limits{MaxTotalBytes: 16 << 20})
	if r := refusal(t, err); r.What != "study is too large" {
		t.Errorf("refused with %q", r)
	}
	// The directory claims 4 GB for the same few kilobytes.
	lie := out.Bytes()
	at := bytes.LastIndex(lie, []byte("PK\x01\x02"))
	binary.LittleEndian.PutUint32(lie[at+24:], 0xFFFFFFF0)
	_, err = LoadZip(lie, Limits{})
	refusal(t, err)
}

func decimalText(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
