package dicomweb

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/medhive/medhive/testdata"
)

// Every file of a real study names the same study, and what is no DICOM names none.
func TestAnObjectTellsItsStudy(t *testing.T) {
	data := testdata.SmallStudy()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		uid, err := StudyOf(r)
		if err != nil {
			t.Fatalf("%s: %v", f.Name, err)
		}
		seen[uid]++
	}
	if len(seen) != 1 {
		t.Errorf("studies %v, want one", seen)
	}
	for name, text := range map[string]string{"nothing": "", "a letter": "Dear Dr. Sommer", "a preamble alone": strings.Repeat("\x00", 128) + "DICM"} {
		if uid, err := StudyOf(io.LimitReader(strings.NewReader(text), 1<<20)); err == nil {
			t.Errorf("%s is of study %q", name, uid)
		}
	}
}
