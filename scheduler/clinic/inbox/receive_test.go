package inbox

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	dcm "github.com/medhive/medhive/inference/dicom"
)

const study1 = "1.2.840.777.1"

func TestAStudyComesOutAsItWentIn(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{})
	for n := 1; n <= 3; n++ {
		s := ct(study1, n)
		s.more = map[uint32]string{tagRequestedPriority: "STAT"}
		if kept := send(t, b, s); kept.Duplicate || kept.Late || kept.SOPInstanceUID != s.uid() || kept.Key != b.Key(study1) {
			t.Errorf("kept %+v", kept)
		}
	}
	other := ct(study1, 9)
	other.series, other.modality = study1+".2", "SR"
	if _, err := b.Receive(t.Context(), Origin{Way: WaySTOW}, Instance{}, bytes.NewReader(other.file())); err != nil {
		t.Fatal(err)
	}
	s := finish(t, b, study1)
	if s.Instances != 4 || len(s.Series) != 2 || s.Series[0].Instances != 3 || s.Series[1].Modality != "SR" || s.Series[0].Rows != 32 {
		t.Errorf("study %+v", s)
	}
	f := s.Facts
	if f.PatientName != "Nightingale^Florence" || f.StudyDescription != "Schädel" || f.Age != "090Y" || f.AccessionNumber != "A77" || f.RequestedPriority != "STAT" {
		t.Errorf("facts %+v", f)
	}
	if s.Origin.CallingAE != "CT1" || s.Completed != AllAtOnce || len(s.Key) != 12 {
		t.Errorf("study %+v", s)
	}
	pixels := objects(t, s)
	for n := 1; n <= 3; n++ {
		if !bytes.Equal(pixels[ct(study1, n).uid()], ct(study1, n).pixels) {
			t.Errorf("slice %d has other pixels", n)
		}
	}
	again, err := b.Study(study1, -1)
	if err != nil || again.Instances != 4 || again.Folder != s.Folder {
		t.Errorf("asked for again: %+v, %v", again, err)
	}
}

func TestEverySyntaxIsWrittenWithItsHead(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{})
	for n, syntax := range []string{implicitLE, explicitLE, explicitBE, deflatedLE} {
		s := ct(study1, n+1)
		data := s.dataset(syntax)
		if syntax == deflatedLE {
			var packed bytes.Buffer
			w, err := flate.NewWriter(&packed, flate.BestSpeed)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = w.Write(s.dataset(explicitLE)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			data = packed.Bytes()
		}
		if _, err := b.Receive(t.Context(), Origin{CallingAE: "CT1"}, s.instance(syntax), &drip{data}); err != nil {
			t.Errorf("%s: %v", syntax, err)
		}
	}
	s := finish(t, b, study1)
	if got := len(objects(t, s)); got != 4 {
		t.Errorf("%d objects can be read, want 4", got)
	}
	if s.Series[0].Columns != 32 || s.Series[0].Modality != "CT" {
		t.Errorf("series %+v", s.Series)
	}
}

// drip gives its data in small parts, as a network does.
type drip struct{ left []byte }

func (d *drip) Read(p []byte) (int, error) {
	if len(d.left) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), 7)], d.left)
	d.left = d.left[n:]
	return n, nil
}

func TestWhatIsRefusedLeavesNothing(t *testing.T) {
	whole := ct(study1, 1)
	noStudy := ct("", 1)
	noStudy.series = study1
	cut := whole.dataset(explicitLE)
	cases := map[string]struct {
		instance Instance
		data     io.Reader
		want     error
	}{
		"another instance than announced": {Instance{SOPInstanceUID: "1.2.3", TransferSyntaxUID: explicitLE}, bytes.NewReader(whole.dataset(explicitLE)), ErrMismatch},
		"another class than announced":    {Instance{SOPClassUID: "1.2.3", TransferSyntaxUID: explicitLE}, bytes.NewReader(whole.dataset(explicitLE)), ErrMismatch},
		"not DICOM":                       {Instance{}, strings.NewReader(strings.Repeat("no", 1000)), ErrUnreadable},
		"nothing":                         {Instance{}, strings.NewReader(""), ErrUnreadable},
		"a bare data set as a file":       {Instance{}, bytes.NewReader(whole.dataset(explicitLE)), ErrUnreadable},
		"another syntax than announced":   {whole.instance(implicitLE), bytes.NewReader(whole.dataset(explicitLE)), ErrUnreadable},
		"no study":                        {noStudy.instance(explicitLE), bytes.NewReader(noStudy.dataset(explicitLE)), ErrUnreadable},
		"cut in its pixels":               {whole.instance(explicitLE), bytes.NewReader(cut[:len(cut)-1]), ErrUnreadable},
		"cut in its head":                 {whole.instance(explicitLE), bytes.NewReader(cut[:200]), ErrUnreadable},
		"too large":                       {whole.instance(explicitLE), io.MultiReader(bytes.NewReader(cut), bytes.NewReader(make([]byte, 70<<10))), ErrTooLarge},
		"a syntax that is none":           {Instance{TransferSyntaxUID: "a b"}, bytes.NewReader(cut), ErrUnreadable},
		"a sender that breaks off":        {whole.instance(explicitLE), io.MultiReader(bytes.NewReader(cut), brokenReader{}), io.ErrUnexpectedEOF},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			b := openInbox(t, folder, Config{MaxInstanceBytes: 64 << 10})
			_, err := b.Receive(t.Context(), Origin{CallingAE: "CT1"}, c.instance, c.data)
			mustBe(t, err, c.want)
			for _, name := range []string{"777", "4711", "Nightingale", folder} {
				if strings.Contains(err.Error(), name) {
					t.Errorf("the error names %q: %v", name, err)
				}
			}
			left, err := filepath.Glob(filepath.Join(folder, "studies", "*", "images", "*"))
			if err != nil || len(left) != 0 {
				t.Errorf("%d files are left, %v", len(left), err)
			}
			if used := b.room.used.Load(); used != 0 {
				t.Errorf("%d bytes are counted", used)
			}
			if len(b.Arriving()) > 0 {
				if err := b.Finish(study1); err != nil { // nothing is in it: it goes
					t.Fatal(err)
				}
				waitUntil(t, func() bool { return len(b.Arriving()) == 0 })
			}
			if left, err := os.ReadDir(filepath.Join(folder, "studies")); err != nil || len(left) != 0 {
				t.Errorf("%d folders are left, %v", len(left), err)
			}
		})
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// waitUntil looks until a condition of another goroutine holds.
func waitUntil(t *testing.T, holds func() bool) {
	t.Helper()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for !holds() {
		select {
		case <-t.Context().Done():
			t.Fatal("it never came")
		case <-look.C:
		}
	}
}

func TestTheSameObjectAgainIsADuplicate(t *testing.T) {
	for name, again := range map[string]func(b *Inbox, s slice) (Kept, error){
		"bare": func(b *Inbox, s slice) (Kept, error) { return sendBy(b, s, 7) },
		"as a file": func(b *Inbox, s slice) (Kept, error) {
			return b.Receive(context.Background(), Origin{Way: WayFolder}, Instance{}, bytes.NewReader(s.file()))
		},
		"in another syntax": func(b *Inbox, s slice) (Kept, error) {
			return b.Receive(context.Background(), Origin{Way: WayDIMSE}, s.instance(implicitLE), bytes.NewReader(s.dataset(implicitLE)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := openInbox(t, t.TempDir(), Config{})
			send(t, b, ct(study1, 1))
			if kept, err := again(b, ct(study1, 1)); err != nil || !kept.Duplicate {
				t.Errorf("kept %+v, %v", kept, err)
			}
			if s := finish(t, b, study1); s.Instances != 1 || s.Duplicates != 1 || s.Conflicts != 0 {
				t.Errorf("study %+v", s)
			}
			// Also when the study is complete, and then it makes no revision.
			if kept, err := again(b, ct(study1, 1)); err != nil || !kept.Duplicate || !kept.Late || len(b.Arriving()) != 0 {
				t.Errorf("later: kept %+v, %v", kept, err)
			}
		})
	}
}

func TestAnObjectWithOtherContentIsRefused(t *testing.T) {
	other := ct(study1, 1)
	other.pixels = bytes.Repeat([]byte{99}, 2048)
	renamed := ct(study1, 1)
	renamed.patient = "Seacole^Mary"
	for _, rule := range []ConflictRule{KeepFirst, HoldStudy} {
		b := openInbox(t, t.TempDir(), Config{Conflict: rule})
		send(t, b, ct(study1, 1))
		_, err := sendBy(b, other, 0)
		mustBe(t, err, ErrConflict)
		_, err = b.Receive(t.Context(), Origin{}, renamed.instance(implicitLE), bytes.NewReader(renamed.dataset(implicitLE)))
		mustBe(t, err, ErrConflict)
		s := finish(t, b, study1)
		if s.Conflicts != 2 || s.Hold != (rule == HoldStudy) || !bytes.Equal(objects(t, s)[other.uid()], ct(study1, 1).pixels) {
			t.Errorf("%s: study %+v", rule, s)
		}
		_, err = sendBy(b, other, 0)
		mustBe(t, err, ErrConflict)
	}
}

// TestTwentyAssociationsLoseNothing sends parts of two studies by twenty associations, with
// many instances sent twice at the same time.
func TestTwentyAssociationsLoseNothing(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{})
	const each, associations = 20, 20
	var work sync.WaitGroup
	for a := range associations {
		work.Go(func() {
			for n := range each {
				s := ct([]string{study1, "1.2.840.777.2"}[n%2], (a/2)*each+n) // each by two
				if _, err := sendBy(b, s, uint64(a+1)); err != nil {
					t.Error(err)
				}
			}
			b.AssociationEnded(uint64(a + 1))
		})
	}
	work.Wait()
	total := 0
	for _, uid := range []string{study1, "1.2.840.777.2"} {
		s := finish(t, b, uid)
		total += s.Instances
		if s.Duplicates != s.Instances || s.Conflicts != 0 {
			t.Errorf("study: %d instances, %d duplicates, %d conflicts", s.Instances, s.Duplicates, s.Conflicts)
		}
		for _, pixels := range objects(t, s) {
			if len(pixels) != 2048 {
				t.Errorf("an object has %d bytes of pixels", len(pixels))
			}
		}
	}
	if total != each*associations/2 {
		t.Errorf("%d instances, want %d", total, each*associations/2)
	}
}

// TestRealFilesAreTaken holds the look at a head against the reader of whole objects: what
// that one reads, the inbox takes, under the same UIDs.
func TestRealFilesAreTaken(t *testing.T) {
	b := openInbox(t, t.TempDir(), Config{})
	taken := 0
	for name, data := range realFiles(t) {
		object, err := dcm.Parse(dcm.File{Data: data}, dcm.Limits{})
		if err != nil || object.String(tag.StudyInstanceUID) == "" || object.String(tag.SOPInstanceUID) == "" || object.String(tag.SOPClassUID) == "" {
			continue
		}
		kept, err := b.Receive(t.Context(), Origin{}, Instance{}, bytes.NewReader(data))
		if errors.Is(err, ErrConflict) {
			continue // the collections hold variants of one object
		}
		if err != nil || kept.StudyUID != object.String(tag.StudyInstanceUID) || kept.SOPInstanceUID != object.String(tag.SOPInstanceUID) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !kept.Duplicate {
			taken++
		}
		h, err := readHead(data, "", true)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if name, want := h.facts().PatientName, strings.Join(object.Strings(tag.PatientName), `\`); name != want {
			t.Errorf("a name is read as %q, want %q", name, want)
		}
	}
	if taken < 100 {
		t.Errorf("only %d real objects were taken", taken)
	}
}

// realFiles are the files of Debian's python3-pydicom, as packaging/test-tools.sh lays them out.
func realFiles(t *testing.T) map[string][]byte {
	t.Helper()
	const debian = "usr/lib/python3/dist-packages/pydicom/data"
	files := map[string][]byte{}
	for _, root := range []string{"../../../.tools/deb/root/" + debian, "/" + debian} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, ".py") {
				return err
			}
			data, err := os.ReadFile(path)
			files[strings.TrimPrefix(path, root)] = data
			return err
		})
		if err == nil {
			return files
		}
	}
	t.Fatal("the DICOM test files of pydicom are missing: run `make test-tools`")
	return nil
}

func TestTheLogNamesNobody(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b, err := Open(t.TempDir(), [SecretBytes]byte{1}, Config{KeepFree: 1}, log)
	if err != nil {
		t.Fatal(err)
	}
	send(t, b, ct(study1, 1))
	other := ct(study1, 1)
	other.patient = "Seacole^Mary"
	_, err = sendBy(b, other, 0)
	mustBe(t, err, ErrConflict)
	finish(t, b, study1)
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"777", "Nightingale", "Seacole", "4711", "A77", "axial"} {
		if strings.Contains(out.String(), name) {
			t.Errorf("the log names %q: %s", name, out.String())
		}
	}
	if !strings.Contains(out.String(), b.Key(study1)) {
		t.Errorf("the log does not name the study by its key: %s", out.String())
	}
}
