package dicom

import (
	"bytes"
	"testing"

	"github.com/medhive/medhive/testdata"
)

func FuzzParse(f *testing.F) {
	file := load(f, testdata.SmallStudy())[0].Data
	f.Add(file[:len(file)-1000])
	f.Add(file)
	f.Add(nested(3))
	bad, err := testdata.Bad()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bad[len(bad)-1].Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		o, err := Parse(File{Data: data}, Limits{MaxElements: 10_000})
		if err != nil {
			refusal(t, err)
			return
		}
		if format, refused := readFormat(o); refused == nil && format.rows*format.columns > len(data) {
			t.Error("a slice larger than its file was taken")
		}
		// What was read can be written, and reads back as the same elements.
		encoded, err := Encode(o.Dataset, o.Pixels)
		if err != nil {
			return
		}
		again, err := Parse(File{Data: encoded}, Limits{})
		if err != nil {
			t.Fatalf("own output is refused: %v", err)
		}
		if !bytes.Equal(again.Pixels, o.Pixels) {
			t.Error("pixels changed")
		}
	})
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

func FuzzReadTar(f *testing.F) {
	var seed bytes.Buffer
	if err := WriteTar(&seed, []File{{Name: "a", Data: []byte("b")}}); err != nil {
		f.Fatal(err)
	}
	f.Add(seed.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := ReadTar(bytes.NewReader(data), Limits{MaxFiles: 100, MaxTotalBytes: 1 << 20})
		if err != nil {
			refusal(t, err)
		}
		if len(files) > 100 {
			t.Error("more files than allowed")
		}
	})
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
