package codec_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/codec"
)

// stream is one codestream of testdata/streams, made by another project's encoder.
type stream struct {
	name   string
	syntax string
	frame  codec.Frame
	data   []byte
	digest string // of the native frame; "raw" where that stands beside the codestream
}

// streams reads testdata/streams.txt; testdata/make_streams.py writes it.
func streams(t testing.TB) []stream {
	t.Helper()
	list, err := os.Open("testdata/streams.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	var all []stream
	for lines := bufio.NewScanner(list); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		var s stream
		var signed int
		f := &s.frame
		if _, err := fmt.Sscan(lines.Text(), &s.name, &s.syntax, &f.Rows, &f.Columns, &f.Samples, &f.Allocated, &f.Stored, &signed, &f.Photometric, &s.digest); err != nil {
			t.Fatal(err)
		}
		f.Signed = signed == 1
		if s.data, err = os.ReadFile(filepath.Join("testdata/streams", s.name)); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// roundingOf is the most that decoders of lossy codestreams may differ by here, in
// steps of the sample. Each rounds its inverse transform, to the nearest or beside it;
// YCbCr multiplies that by up to 1 + 1.772. OpenJPEG's factor for the high band of the
// 9-7 wavelet is off by 3e-5, two steps of 16 bits.
func roundingOf(f codec.Frame) int {
	switch {
	case f.Samples == 3:
		return 3
	case f.Stored > 12:
		return 2
	}
	return 1
}

// Codestreams of other encoders, in every variant that they can write, come out as
// they went in, or as the same project's decoder gives them.
func TestStreams(t *testing.T) {
	for _, s := range streams(t) {
		t.Run(s.name, func(t *testing.T) {
			pixels, out, err := codec.Decode(s.syntax, s.frame, s.data)
			if err != nil {
				t.Fatal(err)
			}
			if len(pixels) != out.Bytes() {
				t.Fatalf("%d bytes; want %d", len(pixels), out.Bytes())
			}
			if s.digest != "raw" {
				if digestOf(pixels) != s.digest {
					t.Errorf("pixels differ from what was encoded")
				}
				return
			}
			want, err := os.ReadFile(filepath.Join("testdata/streams", s.name+".raw"))
			if err != nil {
				t.Fatal(err)
			}
			if most, share := difference(t, pixels, want, s.frame); most > roundingOf(s.frame) {
				t.Errorf("differs by up to %d, %.1f%% of the samples", most, 100*share)
			}
		})
	}
}

// difference gives the largest difference of two native frames, and the share of
// samples that differ at all.
func difference(t testing.TB, a, b []byte, f codec.Frame) (most int, share float64) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d bytes; want %d", len(a), len(b))
	}
	value := func(v []byte) int {
		switch {
		case f.Allocated == 8:
			return int(v[0])
		case f.Signed:
			return int(int16(binary.LittleEndian.Uint16(v)))
		}
		return int(binary.LittleEndian.Uint16(v))
	}
	cell, differing := f.Allocated/8, 0
	for n := 0; n < len(a); n += cell {
		d := value(a[n:]) - value(b[n:])
		if d != 0 {
			differing++
		}
		most = max(most, d, -d)
	}
	return most, float64(differing*cell) / float64(len(a))
}
