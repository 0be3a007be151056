package dicom

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/testdata"
)

func FuzzParse(f *testing.F) {
	file := load(f, testdata.SmallStudy())[0].Data
	f.Add(file[:len(file)-1000])
	f.Add(file)
	f.Add(nested(3))
	odd := transcribe(f, explicitLittleEndian, grey("CT", 1, 1), []byte{1, 2, 3})
	f.Add(odd.Data)
	bad, err := testdata.Bad()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bad[len(bad)-1].Data)
	for _, data := range corpus(f) {
		if len(data) < 20_000 { // larger ones leave the fuzzer no time
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := Parse(File{Data: data}, Limits{MaxElements: 10_000})
		if err != nil {
			refusal(t, err)
			return
		}
		checkFrames(t, o, len(data))
		// What was read can be written, and reads back as the same elements.
		encoded, err := Encode(o.Dataset, o.Pixels)
		if err != nil {
			return
		}
		again, err := Parse(File{Data: encoded}, Limits{})
		if err != nil {
			t.Fatalf("own output is refused: %v", err)
		}
		want := o.Pixels
		if len(want)%2 != 0 {
			want = append(bytes.Clone(want), 0) // what is written has an even length
		}
		if !bytes.Equal(again.Pixels, want) {
			t.Error("pixels changed")
		}
	})
}

// checkFrames decodes the first and the last frame.
func checkFrames(t *testing.T, o *Object, fileBytes int) {
	t.Helper()
	count := o.FrameCount()
	if o.Pixels != nil && count > 8*fileBytes && syntaxOf(o.TransferSyntaxUID) != syntaxDeflated {
		t.Errorf("%d frames in %d bytes", count, fileBytes)
	}
	for _, n := range []int{0, count - 1, count} {
		if pixels, err := o.Frame(n); err != nil {
			refusal(t, err)
		} else if n >= count || len(pixels) == 0 {
			t.Errorf("frame %d of %d has %d bytes", n, count, len(pixels))
		}
	}
}

// FuzzStructure feeds the element walker directly, in both encodings, without a
// header that most mutations would break.
func FuzzStructure(f *testing.F) {
	file := load(f, testdata.SmallStudy())[0].Data
	f.Add(file[320:1500], false)
	f.Add([]byte("\x28\x00\x03\x01\x02\x00\x00\x00\x01\x00"), true)
	f.Add(nested(3)[160:], false)
	f.Fuzz(func(t *testing.T, data []byte, implicit bool) {
		p := &parser{cursor: cursor{data: data, implicit: implicit, elements: 10_000}, maxDepth: 8, parsed: 1 << 20}
		if _, err := p.dataset(&Object{}, len(data)); err != nil {
			refusal(t, err)
		}
		if p.at > len(data) {
			t.Error("read past the end")
		}
	})
}

// FuzzReadTar holds both readers of an archive together.
func FuzzReadTar(f *testing.F) {
	var seed bytes.Buffer
	if err := WriteTar(&seed, []File{{Name: "a", Data: []byte("b")}}); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		lim := Limits{MaxFiles: 100, MaxTotalBytes: 1 << 20}
		files, err := ReadTar(bytes.NewReader(data), lim)
		opened, err2 := OpenTar(data, lim)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("one reader takes what the other refuses: %v, %v", err, err2)
		}
		if err != nil {
			refusal(t, err)
		}
		if len(files) > 100 || !slices.EqualFunc(files, opened, func(a, b File) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }) {
			t.Errorf("%d and %d files", len(files), len(opened))
		}
	})
}

// FuzzEncapsulation feeds items of Pixel Data and the attributes that group them.
func FuzzEncapsulation(f *testing.F) {
	whole := encapsulate(f, rleLossless, eight("2"), u32(0, 80), rle(make([]byte, 6)), rle(make([]byte, 6))).Data
	at := bytes.Index(whole, []byte("\xe0\x7f\x10\x00OB"))
	f.Add(whole[at+12:], 2, u64(0, 80), u64(72, 72), uint8(0))
	f.Add(whole[at+12:], 1, []byte{}, []byte{}, uint8(1))
	f.Add([]byte("\xfe\xff\x00\xe0\x00\x00\x00\x00\xfe\xff\x00\xe0\x04\x00\x00\x00\xff\xd8\xff\xd9"), 1, []byte{}, []byte{}, uint8(2))
	syntaxes := []string{rleLossless, "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"}
	f.Fuzz(func(t *testing.T, items []byte, frames int, offsets, lengths []byte, syntax uint8) {
		a := eight(strconv.Itoa(frames))
		if len(offsets) > 0 {
			a = a.and(attributes{tagExtendedOffsets: offsets, tagExtendedLengths: lengths})
		}
		head := encapsulate(t, syntaxes[int(syntax)%len(syntaxes)], a).Data
		o, err := Parse(File{Data: append(head[:len(head)-8], items...)}, Limits{})
		if err != nil {
			refusal(t, err)
			return
		}
		if e := o.fragments; e != nil {
			for n, span := range e.frames {
				if span.from >= span.to || span.to > len(e.fragments) || (n > 0 && span.from != e.frames[n-1].to) {
					t.Errorf("frames %v of %d fragments", e.frames, len(e.fragments))
				}
			}
		}
		checkFrames(t, o, len(items))
	})
}

// FuzzDeflate: bounded, and a refusal or what was packed.
func FuzzDeflate(f *testing.F) {
	f.Add(deflate(f, []byte("some text")), true)
	f.Add([]byte("some text"), false)
	f.Fuzz(func(t *testing.T, data []byte, packed bool) {
		var unpacked atomic.Int64
		lim := Limits{MaxFileBytes: 4 << 20}.OrDefault()
		if !packed {
			if back, err := inflate(deflate(t, data), lim, &unpacked); err != nil || !bytes.Equal(back, data) {
				t.Errorf("%d bytes came back as %d: %v", len(data), len(back), err)
			}
			return
		}
		back, err := inflate(data, lim, &unpacked)
		if err != nil {
			refusal(t, err)
		}
		if len(back) > 5<<20 || unpacked.Load() < int64(len(back)) {
			t.Errorf("%d bytes from %d", len(back), len(data))
		}
	})
}

// FuzzGeometry: numbers of any kind in four slices; what is taken is a grid on which
// each slice lies where it says.
func FuzzGeometry(f *testing.F) {
	f.Add("1\\0\\0\\0\\1\\0", "1\\1", "0\\0\\0", "0\\0\\1", "0\\0\\2", "0\\0\\3", true)
	f.Add("1\\0\\0\\0\\0\\-1", "0.5\\0.7", "5\\9\\1e2", "5\\8\\1e2", "5\\6\\1e2", "5\\7\\1e2", false)
	f.Add("1\\0\\0\\0\\1\\0", "1\\1", "0\\0\\0", "0\\0\\0", "0\\0\\2", "0\\0\\2", true)
	f.Add("NaN\\0\\0\\0\\1\\0", "1e-300\\1", "0\\0\\0", "0\\0\\1e300", "", "0", false)
	f.Fuzz(func(t *testing.T, orientation, spacing, p0, p1, p2, p3 string, enhancedObject bool) {
		positions := []string{p0, p1, p2, p3}
		list := func(text string) []string { return strings.Split(text, `\`) }
		plane := attributes{tag.ImageOrientationPatient: list(orientation), tag.PixelSpacing: list(spacing)}
		var files []File
		if enhancedObject {
			o := enhanced("CT", []int{0, 1, 2, 3}, func(k int) attributes {
				return attributes{
					tag.PlanePositionSequence:    []attributes{{tag.ImagePositionPatient: list(positions[k])}},
					tag.PlaneOrientationSequence: []attributes{{tag.ImageOrientationPatient: list(orientation)}},
					tag.PixelMeasuresSequence:    []attributes{{tag.PixelSpacing: list(spacing)}},
				}
			})
			files = append(files, encoded(t, o, filled(24, 1)))
		} else {
			for k, position := range positions {
				files = append(files, encoded(t, grey("CT", 3, 2).and(named(k)).and(plane).and(attributes{tag.ImagePositionPatient: list(position)}), filled(6, k)))
			}
		}
		s, err := ReadSeries(files, Selection{}, Limits{})
		if err != nil {
			refusal(t, err)
			return
		}
		if err := s.Grid.Validate(); err != nil {
			t.Fatal(err)
		}
		for k, in := range s.Instances {
			at := s.Grid.Position([3]float64{0, 0, float64(k)})
			spacing := s.Grid.Spacing()
			if far := length(sub(at, in.Position)); far > max(spacing[0], spacing[1], spacing[2]) {
				t.Errorf("slice %d lies %v mm from its place", k, far)
			}
		}
		if img, err := s.Image(); err != nil || len(img.Data) != s.Grid.Voxels() {
			t.Errorf("image: %v", err)
		}
	})
}

// encoded is empty for what no file can hold, such as a value that is too long; that is
// then refused as no DICOM.
func encoded(t *testing.T, a attributes, pixels []byte) File {
	t.Helper()
	data, err := Encode(lib.Dataset{Elements: a.elements(t)}, pixels)
	if err != nil {
		return File{}
	}
	return File{Data: data}
}

func BenchmarkLoadZip(b *testing.B) {
	study := testdata.T1Study()
	for b.Loop() {
		load(b, study)
	}
}

func BenchmarkReadSeries(b *testing.B) {
	files := load(b, testdata.T1Study())
	for b.Loop() {
		if _, err := ReadSeries(files, Selection{Modality: "MR"}, Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkImage(b *testing.B) {
	s, err := ReadSeries(load(b, testdata.T1Study()), Selection{Modality: "MR"}, Limits{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Image(); err != nil {
			b.Fatal(err)
		}
	}
}
