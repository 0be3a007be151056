package epoch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/ethereum/go-ethereum/common"
)

// bundled is an epoch in its folder, and its bundle.
func (w *world) bundled() (dir string, bundle []byte, b Bundle) {
	w.t.Helper()
	b = w.build(w.inputs(), State{})
	dir = w.write(b, filepath.Join(w.t.TempDir(), "1"))
	bundle, err := os.ReadFile(filepath.Join(dir, BundleFile))
	w.must(err)
	return dir, bundle, b
}

func TestABundleUnpacksToTheFolderThatVerifies(t *testing.T) {
	w := newWorld(t)
	dir, bundle, b := w.bundled()
	there := t.TempDir()
	w.must(Unpack(bytes.NewReader(bundle), there, b.Summary.DatasetHash))
	if found, err := Verify(there); err != nil || len(found) > 0 {
		t.Errorf("what was unpacked differs: %v, %v", found, err)
	}
	for _, name := range []string{InputsFile, SummaryFile} {
		want, err := os.ReadFile(filepath.Join(dir, name))
		w.must(err)
		if got, err := os.ReadFile(filepath.Join(there, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is another one, %v", name, err)
		}
	}
}

func TestTheSameEpochIsTheSameBundle(t *testing.T) {
	w := newWorld(t)
	_, first, b := w.bundled()
	again, err := os.ReadFile(filepath.Join(w.write(b, filepath.Join(t.TempDir(), "elsewhere")), BundleFile))
	w.must(err)
	if !bytes.Equal(first, again) {
		t.Error("written twice, it differs")
	}
	// The uncompressed archive is fixed by the format: it has the two files and no more.
	zip, err := gzip.NewReader(bytes.NewReader(first))
	w.must(err)
	plain, err := io.ReadAll(zip)
	w.must(err)
	const block = 512
	whole := func(n int) int { return (n + block - 1) / block * block }
	inputs, err := b.Inputs.encode()
	w.must(err)
	summary, err := os.ReadFile(filepath.Join(w.write(b, filepath.Join(t.TempDir(), "1")), SummaryFile))
	w.must(err)
	if want := block + whole(len(inputs)) + block + whole(len(summary)) + 2*block; len(plain) != want || !bytes.Equal(plain[block:block+len(inputs)], inputs) {
		t.Errorf("the archive has %d bytes, want %d", len(plain), want)
	}
	if !zip.ModTime.IsZero() || zip.Name != "" || zip.Extra != nil {
		t.Errorf("the gzip header tells of its maker: %+v", zip.Header)
	}
}

// zipped is a bundle with members of one's own.
func zipped(t testing.TB, members ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	archive := tar.NewWriter(zip)
	for _, m := range members {
		if err := archive.WriteHeader(&m); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(make([]byte, min(m.Size, 8))); err != nil && m.Size > 0 {
			t.Fatal(err)
		}
	}
	_ = archive.Close() // members may be cut short on purpose
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnpackRefusesWhatIsNoBundle(t *testing.T) {
	w := newWorld(t)
	_, good, b := w.bundled()
	member := func(name string, size int64) tar.Header {
		return tar.Header{Name: name, Size: size, Mode: 0o644, Typeflag: tar.TypeReg}
	}
	cases := map[string][]byte{
		"nothing":              nil,
		"no gzip":              []byte("epoch"),
		"cut":                  good[:len(good)/2],
		"a bit changed":        append(bytes.Clone(good[:len(good)-6]), append([]byte{good[len(good)-6] ^ 1}, good[len(good)-5:]...)...),
		"something behind":     append(bytes.Clone(good), 0),
		"twice":                append(bytes.Clone(good), good...),
		"the summary first":    zipped(t, member(SummaryFile, 2), member(InputsFile, 2)),
		"another name":         zipped(t, member("../"+InputsFile, 2), member(SummaryFile, 2)),
		"a link":               zipped(t, tar.Header{Name: InputsFile, Linkname: "/etc/hostname", Typeflag: tar.TypeSymlink}, member(SummaryFile, 2)),
		"a third file":         zipped(t, member(InputsFile, 2), member(SummaryFile, 2), member("more", 2)),
		"one file":             zipped(t, member(InputsFile, 2)),
		"declared too large":   zipped(t, member(InputsFile, MaxInputsBytes+1)),
		"shorter than it says": zipped(t, member(InputsFile, 9999)),
	}
	for name, data := range cases {
		if err := Unpack(bytes.NewReader(data), t.TempDir(), common.Hash{}); !errors.Is(err, ErrBundle) {
			t.Errorf("%s: %v, want ErrBundle", name, err)
		}
	}
	if err := Unpack(bytes.NewReader(good), t.TempDir(), common.Hash{1}); !errors.Is(err, ErrBundle) {
		t.Errorf("another epoch than asked for: %v, want ErrBundle", err)
	}
	occupied := t.TempDir()
	w.must(Unpack(bytes.NewReader(good), occupied, b.Summary.DatasetHash))
	if err := Unpack(bytes.NewReader(good), occupied, b.Summary.DatasetHash); err == nil || errors.Is(err, ErrBundle) {
		t.Errorf("over files that are there: %v, want the folder's fault", err)
	}
}

// A folder of an earlier version gets what it lacks, and only that.
func TestCompleteAddsWhatAnEarlierVersionDidNotWrite(t *testing.T) {
	w := newWorld(t)
	archive := Archive(t.TempDir())
	b := w.build(w.inputs(), State{})
	w.write(b, archive.Dir(1))
	want := map[string][]byte{}
	for _, name := range []string{BundleFile, ProofsFile} {
		data, err := os.ReadFile(archive.file(1, name))
		w.must(err)
		want[name] = data
		w.must(os.Remove(archive.file(1, name)))
	}
	w.must(archive.Complete(1))
	for name, data := range want {
		if got, err := os.ReadFile(archive.file(1, name)); err != nil || !bytes.Equal(got, data) {
			t.Errorf("%s was not written as it was: %v", name, err)
		}
	}
	w.must(os.WriteFile(archive.file(1, ProofsFile), []byte("mine"), 0o600))
	w.must(archive.Complete(1))
	if got, _ := os.ReadFile(archive.file(1, ProofsFile)); string(got) != "mine" {
		t.Error("a file that was there was changed")
	}
	if err := archive.Complete(2); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an epoch that is not here: %v", err)
	}
}

// FuzzUnpack feeds any bytes: an error or two files, never more, and no panic.
func FuzzUnpack(f *testing.F) {
	w := newWorld(f)
	_, good, _ := w.bundled()
	f.Add(good)
	f.Add(zipped(f, tar.Header{Name: InputsFile, Size: 9999, Mode: 0o644}))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		err := Unpack(bytes.NewReader(data), dir, common.Hash{})
		entries, fault := os.ReadDir(dir)
		if fault != nil || len(entries) > 2 || (err == nil && len(entries) != 2) {
			t.Fatalf("%v left %d files, %v", err, len(entries), fault)
		}
		if err == nil {
			_, _ = Verify(dir) // may find anything; must not panic
		}
	})
}
