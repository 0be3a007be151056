package inbox

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// lay writes files into a folder.
func lay(t *testing.T, folder string, files map[string][]byte) {
	t.Helper()
	for name, data := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// mixed are two studies as a disc has them, with what else lies there.
func mixed() map[string][]byte {
	files := map[string][]byte{
		"DICOMDIR": []byte("list"), "viewer/readme.txt": []byte("run me"), "viewer/empty": nil, ".hidden/IM1": ct("1.2.9", 1).file(),
		"cut": ct(study1, 50).file()[:1500],
	}
	for n := range 5 {
		files[fmt.Sprintf("A/IM%d", n)] = ct(study1, n).file()
		files[fmt.Sprintf("B/C/IM%d.dcm", n)] = ct("1.2.840.777.2", n).file()
	}
	files["A/again"] = ct(study1, 1).file()
	return files
}

func zipped(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, data := range files {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestImportTakesFoldersAndZips(t *testing.T) {
	source := t.TempDir()
	folder, archive, one := filepath.Join(source, "disc"), filepath.Join(source, "disc.zip"), filepath.Join(source, "disc", "A", "IM0")
	lay(t, folder, mixed())
	outside := filepath.Join(source, "outside")
	lay(t, source, map[string][]byte{"outside": ct("1.2.7", 1).file()})
	if err := os.Symlink(outside, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	lay(t, source, map[string][]byte{"disc.zip": zipped(t, mixed())})
	for path, want := range map[string]Imported{
		folder:  {Studies: []string{study1, "1.2.840.777.2"}, Instances: 11, Duplicates: 1, Refused: 1, Foreign: 2},
		archive: {Studies: []string{study1, "1.2.840.777.2", "1.2.9"}, Instances: 12, Duplicates: 1, Refused: 1, Foreign: 2},
		one:     {Studies: []string{study1}, Instances: 1},
	} {
		b := openInbox(t, t.TempDir(), Config{})
		got, err := b.Import(t.Context(), Origin{Way: WaySubmit}, path)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, want %+v, %v", filepath.Base(path), got, want, err)
		}
		var studies []string
		for range want.Studies {
			s := next(t, b)
			studies = append(studies, s.StudyUID)
			if s.Completed != AllAtOnce || s.Origin.Way != WaySubmit {
				t.Errorf("%s: %+v", filepath.Base(path), s)
			}
			if err := b.Taken(s); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(studies)
		if !slices.Equal(studies, want.Studies) {
			t.Errorf("%s: studies %v", filepath.Base(path), studies)
		}
		// Once more: nothing new, nothing handed out.
		again, err := b.Import(t.Context(), Origin{Way: WaySubmit}, path)
		if err != nil || again.Duplicates != want.Instances {
			t.Errorf("%s again: %+v, %v", filepath.Base(path), again, err)
		}
		waitUntil(t, func() bool { return len(b.Arriving()) == 0 })
		if room, err := b.Storage(); err != nil || room.Waiting != 0 {
			t.Errorf("%s again: %+v, %v", filepath.Base(path), room, err)
		}
		surveyed, err := Survey(t.Context(), path)
		if err != nil || len(surveyed) != len(want.Studies) {
			t.Fatalf("%s: survey of %d studies, %v", filepath.Base(path), len(surveyed), err)
		}
		for _, s := range surveyed {
			if s.Facts.PatientID != "4711" || len(s.Series) != 1 || s.Series[0].Instances != s.Instances || s.Folder != "" || s.Instances > 6 {
				t.Errorf("%s: survey %+v", filepath.Base(path), s)
			}
		}
	}
}

func TestWhatCannotBeImported(t *testing.T) {
	source := t.TempDir()
	large := zipped(t, mixed())
	at := bytes.LastIndex(large, []byte("PK\x05\x06"))
	binary.LittleEndian.PutUint32(large[at+12:], maxDirectoryBytes+1)
	lay(t, source, map[string][]byte{"large.zip": large, "cut.zip": zipped(t, mixed())[:1000]})
	b := openInbox(t, t.TempDir(), Config{})
	for name, want := range map[string]error{"nowhere": ErrNotReadable, "large.zip": ErrTooLarge, "cut.zip": ErrNotReadable} {
		_, err := b.Import(t.Context(), Origin{}, filepath.Join(source, name))
		mustBe(t, err, want)
		if err != nil && strings.Contains(err.Error(), source) {
			t.Errorf("the error names the folder: %v", err)
		}
	}
}

func FuzzZip(f *testing.F) {
	f.Add([]byte("PK\x03\x04"))
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	if one, err := w.Create("IM1"); err == nil {
		if _, err := one.Write(ct(study1, 1).file()); err != nil {
			f.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		read := 0
		_ = fileObjects(context.Background(), "a.zip", bytes.NewReader(data), int64(len(data)), func(_ string, body io.Reader) error {
			n, err := io.Copy(io.Discard, io.LimitReader(body, 1<<20))
			read += int(n)
			return err
		})
		if read > 2000*len(data)+1<<20 {
			t.Fatalf("%d bytes of a zip of %d", read, len(data))
		}
	})
}

func TestTheWatchedFolderIsEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := t.TempDir()
		b := openInbox(t, t.TempDir(), Config{})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Watch(ctx, Watching{Folder: source}) }()
		lay(t, source, map[string][]byte{
			"a/IM1": ct(study1, 1).file(), "two.zip": zipped(t, map[string][]byte{"IM2": ct(study1, 2).file(), "readme": []byte("hello")}),
			"note.txt": []byte("not DICOM"), "cut.dcm": ct(study1, 3).file()[:1500], ".partial": ct(study1, 4).file(),
		})
		pause(t, 4*time.Second)
		synctest.Wait()
		if len(b.Arriving()) != 0 {
			t.Error("a file was taken before it had settled")
		}
		// One file goes on growing: it is left alone until it stops.
		growing := filepath.Join(source, "slow.dcm")
		whole := ct(study1, 5).file()
		for at := 0; at < len(whole); at += 500 {
			if err := os.WriteFile(growing, whole[:min(at+500, len(whole))], 0o600); err != nil {
				t.Fatal(err)
			}
			pause(t, 3*time.Second)
		}
		if got := b.Arriving()[0].Instances; got != 2 {
			t.Errorf("%d instances while one file grows, want 2", got)
		}
		s := next(t, b)
		if s.Instances != 3 || s.Completed != Quiet || s.Origin.Way != WayFolder {
			t.Errorf("%+v", s)
		}
		// The same name again does not replace what lies in done.
		lay(t, source, map[string][]byte{"a/IM1": ct(study1, 1).file()})
		pause(t, time.Minute)
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"done/a/IM1", "done/a/IM1.1", "done/two.zip", "done/slow.dcm", "failed/note.txt", "failed/note.txt.reason.txt", "failed/cut.dcm", ".partial"} {
			if _, err := os.Stat(filepath.Join(source, name)); err != nil {
				t.Error(err)
			}
		}
		reason, err := os.ReadFile(filepath.Join(source, "failed", "cut.dcm.reason.txt"))
		if err != nil || !strings.Contains(string(reason), "export it again") {
			t.Errorf("%q, %v", reason, err)
		}
	})
}

func TestTheWatchedFolderWaitsForRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := t.TempDir()
		on := &smallDisk{}
		b := openOn(t, t.TempDir(), Config{}, on)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- b.Watch(ctx, Watching{Folder: source}) }()
		lay(t, source, map[string][]byte{"IM1": ct(study1, 1).file()})
		pause(t, time.Minute)
		if _, err := os.Stat(filepath.Join(source, "IM1")); err != nil {
			t.Errorf("the file did not wait: %v", err)
		}
		on.mu.Lock()
		on.left = 1 << 20
		on.mu.Unlock()
		if s := next(t, b); s.Instances != 1 {
			t.Errorf("%+v", s)
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	})
}
