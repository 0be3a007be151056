package agent

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// A study that the reader refuses never becomes a task, and those who wait are told all the
// same: by the same files, however often they are made.
func TestARefusedStudyLeavesANotice(t *testing.T) {
	home := t.TempDir()
	loopback, network := []string{"/ip4/127.0.0.1/tcp/0"}, NetworkPath(home)
	chain, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: network, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, chain.Close) })
	clinic, err := StartClinic(t.Context(), ClinicConfig{Name: "clinic", State: ClinicState(home, "clinic"), Listen: loopback, Network: chain.Network()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, clinic.Close) })
	folder, study := gappedStudy(t)
	out := filepath.Join(home, "results")
	_, err = clinic.Submit(t.Context(), Submission{Path: folder, Model: "t1-tissue", Out: out, Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: time.Second})
	var refusal *dicom.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("a study without one of its slices: %v", err)
	}
	d := Declined{Path: folder, StudyUID: study, Model: "t1-tissue", Out: out, Task: models.DigestOf([]byte("a case")), At: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Reason: refusal.Error()}
	var before [][]byte
	for n := range 2 {
		placed, err := clinic.Decline(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		var files [][]byte
		for _, name := range []string{"sr.dcm", "fhir.json"} {
			data, err := os.ReadFile(filepath.Join(placed, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(data, []byte("NOT FOR CLINICAL USE")) || !bytes.Contains(data, []byte(study)) {
				t.Errorf("%s lacks the warning or the study", name)
			}
			files = append(files, data)
		}
		if n > 0 && !slices.EqualFunc(files, before, bytes.Equal) {
			t.Error("made again, the notice is another one")
		}
		before = files
	}
	for name, change := range map[string]func(*Declined){
		"a model that is gone": func(d *Declined) { d.Model = "none" },
		"another's images":     func(d *Declined) { d.StudyUID = "1.2.3" },
	} {
		other := d
		change(&other)
		if _, err := clinic.Decline(t.Context(), other); !errors.Is(err, ErrNoNotice) {
			t.Errorf("%s: got %v, want %v", name, err, ErrNoNotice)
		}
	}
}

// gappedStudy is a folder with a study that lacks a slice in its middle, and the study's UID.
func gappedStudy(t *testing.T) (folder, uid string) {
	t.Helper()
	whole := testdata.SmallStudy()
	archive, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
	if err != nil {
		t.Fatal(err)
	}
	folder = t.TempDir()
	for n, f := range archive.File {
		if n == len(archive.File)/2 || f.FileInfo().IsDir() {
			continue
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err = errors.Join(err, r.Close(), os.WriteFile(filepath.Join(folder, filepath.Base(f.Name)), data, 0o600)); err != nil {
			t.Fatal(err)
		}
		if object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits()); err == nil {
			uid = object.String(tag.StudyInstanceUID)
		}
	}
	return folder, uid
}
