package testdata_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/medhive/medhive/testdata"
)

func unpack(t *testing.T, data []byte) map[string][]byte {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func TestSizes(t *testing.T) {
	if n := len(testdata.T1Study()); n > 4_000_000 {
		t.Errorf("t1-study.zip has %d bytes, more than 4 MB", n)
	}
	bad, err := testdata.Bad()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range append(bad, testdata.BadStudy{Name: "small-study.zip", Data: testdata.SmallStudy()}) {
		if len(b.Data) > 200_000 {
			t.Errorf("%s has %d bytes", b.Name, len(b.Data))
		}
	}
}

func TestEveryIdentifierIsPlantedInEverySlice(t *testing.T) {
	identifiers, err := testdata.Identifiers()
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range unpack(t, testdata.T1Study()) {
		for _, id := range identifiers {
			found := false
			for _, form := range id.Bytes {
				found = found || bytes.Contains(file, form)
			}
			if !found {
				t.Fatalf("%s: %s %q is not in the file", name, id.Attribute, id.Text)
			}
		}
	}
}

func TestEverySliceIsValidForDciodvfy(t *testing.T) {
	validator, err := exec.LookPath("dciodvfy")
	if err != nil {
		t.Fatal("dciodvfy is missing: apt-get install dicom3tools")
	}
	folder := t.TempDir()
	for _, study := range [][]byte{testdata.T1Study(), testdata.SmallStudy()} {
		for name, file := range unpack(t, study) {
			path := filepath.Join(folder, filepath.Base(name))
			if err := os.WriteFile(path, file, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(validator, path).CombinedOutput(); err != nil || bytes.Contains(out, []byte("Error")) {
				t.Fatalf("%s: %v\n%s", name, err, out)
			}
		}
	}
}
