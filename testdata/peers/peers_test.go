package peers

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/medhive/medhive/testdata"
)

// study unpacks the small study into a folder.
func study(t *testing.T) string {
	t.Helper()
	data := testdata.SmallStudy()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, entry := range archive.File {
		file, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, filepath.Base(entry.Name)), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func TestStoreSCPKeepsWhatDcmsendSendsAndRestarts(t *testing.T) {
	server := StoreSCP(t)
	server.Stop()
	if out, err := Run(t, "echoscu", "127.0.0.1", strconv.Itoa(server.Port)); err == nil {
		t.Fatalf("a stopped server answers: %s", out)
	}
	server.Start(t)
	server.Send(t, study(t))
	if got := len(server.Files(t)); got != 64 {
		t.Fatalf("%d files stored, want 64", got)
	}
}

func TestDcmqrscpAnswersQueries(t *testing.T) {
	server := Dcmqrscp(t)
	server.Send(t, study(t))
	out, err := Run(t, "findscu", "-S", "-aec", server.AETitle, "-k", "0008,0052=STUDY", "-k", "0020,000D", "127.0.0.1", strconv.Itoa(server.Port))
	if err != nil || strings.Count(out, "StudyInstanceUID") < 1 {
		t.Fatalf("findscu: %v\n%s", err, out)
	}
}
