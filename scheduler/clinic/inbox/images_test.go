package inbox

import (
	"os"
	"path/filepath"
	"testing"
)

// Rows are a study's series with their images in order, the largest first; what is no image
// is not among them.
func TestRows(t *testing.T) {
	folder := t.TempDir()
	put := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		put(string(rune('c'-n)), ct("1.2.3", n+1).file())
	}
	scout := ct("1.2.3", 7)
	scout.series, scout.more = "1.2.3.9", map[uint32]string{tagSeriesDescription: "scout"}
	put("z", scout.file())
	put("notes.txt", []byte("nothing to see"))
	rows, err := Rows(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].SeriesUID != "1.2.3.1" || rows[0].Frames() != 3 || rows[1].Description != "scout" || rows[1].Modality != "CT" {
		t.Fatalf("%+v", rows)
	}
	for n, want := range []int{1, 2, 3} {
		if i, frame, ok := rows[0].Frame(n); !ok || frame != 0 || i.Number != want {
			t.Errorf("frame %d is of image %d", n, i.Number)
		}
	}
	for _, n := range []int{-1, 3} {
		if _, _, ok := rows[0].Frame(n); ok {
			t.Errorf("there is a frame %d", n)
		}
	}
	several := Row{Images: []Image{{Number: 1, Frames: 2}, {Number: 2, Frames: 4}}}
	if i, frame, ok := several.Frame(4); !ok || i.Number != 2 || frame != 2 || several.Frames() != 6 {
		t.Errorf("frame 4 is frame %d of image %d", frame, i.Number)
	}
	if _, err := Rows(filepath.Join(folder, "none")); err == nil {
		t.Error("a folder that is not there")
	}
}
