package dicom

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// folderOf writes files into a folder.
func folderOf(tb testing.TB, files ...File) string {
	tb.Helper()
	folder := tb.TempDir()
	for n, f := range files {
		if err := os.WriteFile(filepath.Join(folder, string(rune('a'+n))), f.Data, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return folder
}

// TestFilesOnDiskReadAsInMemory compares OpenFiles with LoadFiles on every kind of file:
// large ones with native pixels, compressed and deflated ones, and those with something
// behind the pixels.
func TestFilesOnDiskReadAsInMemory(t *testing.T) {
	const edge = 200 // more than a head
	pixels := make([]byte, 2*edge*edge)
	for n := range pixels {
		pixels[n] = byte(n * n >> 8)
	}
	a := grey("CT", edge, edge)
	behind := a.and(attributes{{Group: 0x7FE1, Element: 0x0010}: nil}).file(t, pixels)
	behind.Data = append(bytes.Clone(behind.Data), "\xfc\xff\xfc\xffOB\x00\x00\x04\x00\x00\x00\x00\x00\x00\x00"...)
	wordy := a.and(attributes{tag.RedPaletteColorLookupTableData: make([]byte, 3*headBytes)})
	folder := folderOf(t, a.file(t, pixels), behind, wordy.file(t, pixels), grey("CT", 3, 2).file(t, filled(6, 1)),
		transcribe(t, implicitLittleEndian, a, pixels), transcribe(t, explicitBigEndian, a, pixels), transcribe(t, deflatedExplicit, a, pixels),
		encapsulate(t, rleLossless, eight("1"), nil, rle(make([]byte, 6)), make([]byte, 2*headBytes)),
		a.and(attributes{tag.NumberOfFrames: []string{"2"}, tag.Rows: []int{edge / 2}}).file(t, pixels))
	loaded, err := LoadFiles(folder, Limits{})
	opened, err2 := OpenFiles(folder, Limits{})
	if err := errors.Join(err, err2); err != nil || len(loaded) != len(opened) {
		t.Fatal(len(loaded), len(opened), err)
	}
	onDisk := 0
	for n := range loaded {
		want, err := Parse(loaded[n], Limits{})
		got, err2 := Parse(opened[n], Limits{})
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(n, err)
		}
		if got.onDisk != nil {
			onDisk++
		}
		if loaded[n].size() != opened[n].size() || got.FrameCount() != want.FrameCount() || len(got.Dataset.Elements) != len(want.Dataset.Elements) {
			t.Errorf("file %d: %d frames, %d elements", n, got.FrameCount(), len(got.Dataset.Elements))
		}
		for frame := range want.FrameCount() {
			theirs, err := want.Frame(frame)
			ours, err2 := got.Frame(frame)
			if err := errors.Join(err, err2); err != nil || !bytes.Equal(ours, theirs) {
				t.Errorf("file %d, frame %d differs: %v", n, frame, err)
			}
		}
		native, err := got.Native(Limits{})
		if err != nil || native.Pixels == nil {
			t.Errorf("file %d: native: %v", n, err)
		}
	}
	if onDisk != 3 {
		t.Errorf("%d files were left on disk", onDisk)
	}
}

func TestVolumeFromDisk(t *testing.T) {
	stack := stackOf(t, 5, func(int) attributes { return attributes{tag.RedPaletteColorLookupTableData: make([]byte, 2000)} })
	folder := folderOf(t, stack...)
	files, err := OpenFiles(folder, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s, err := ReadSeries(files, Selection{}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got := firstValues(t, s); !slices.Equal(got, []float32{0, 1, 2, 3, 4}) {
		t.Errorf("values %v", got)
	}
	_, err = OpenFiles(folder, Limits{MaxFiles: 4})
	refusal(t, err)
	_, err = ReadSeries(files, Selection{}, Limits{MaxTotalBytes: 100})
	refusal(t, err)
}

// TestFilesThatChangeAreRefused: an export may still be running.
func TestFilesThatChangeAreRefused(t *testing.T) {
	const edge = 200
	for name, change := range map[string]func(path string) error{
		"gone":      os.Remove,
		"truncated": func(path string) error { return os.Truncate(path, 1000) },
		"rewritten": func(path string) error { return os.Chtimes(path, time.Now(), time.Now().Add(time.Hour)) },
	} {
		folder := folderOf(t, grey("CT", edge, edge).file(t, make([]byte, 2*edge*edge)))
		files, err := OpenFiles(folder, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		o, err := Parse(files[0], Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := change(filepath.Join(folder, "a")); err != nil {
			t.Fatal(err)
		}
		_, err = o.Frame(0)
		refusal(t, err)
		_, err = o.Native(Limits{})
		refusal(t, err)
		t.Logf("%s: %v", name, err)
	}
}

func TestTarIsReadWithoutACopy(t *testing.T) {
	files := stackOf(t, 3, same)
	for n := range files {
		files[n].Name = string(rune('a' + n))
	}
	var archive bytes.Buffer
	if err := WriteTar(&archive, files); err != nil {
		t.Fatal(err)
	}
	raw := archive.Bytes()
	opened, err := OpenTar(raw, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for n, f := range opened {
		if f.Name != files[n].Name || !bytes.Equal(f.Data, files[n].Data) {
			t.Errorf("file %d differs", n)
		}
	}
	for length := range len(raw) {
		if length%97 == 0 {
			if _, err := OpenTar(raw[:length], Limits{}); err != nil {
				refusal(t, err)
			}
		}
	}
	if &opened[0].Data[0] != &raw[512] {
		t.Error("the first file was copied")
	}
	_, err = OpenTar(raw, Limits{MaxFiles: 2})
	refusal(t, err)
}
