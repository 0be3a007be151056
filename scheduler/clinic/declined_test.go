package clinic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// gapped is a folder with a study that lacks a slice in its middle.
func gapped(t *testing.T) (folder string, lead *dcm.Object) {
	t.Helper()
	folder = t.TempDir()
	all := sourceBytes(t, smallStudy)
	for n, data := range all {
		if n == len(all)/2 {
			continue
		}
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.dcm", n)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder, parsed(t, all[0])
}

func TestARefusedStudyIsAnnouncedUnderItsOwnPatient(t *testing.T) {
	pkg := measuring(t, nil)
	folder, lead := gapped(t)
	apart := confined(t, newDoor(t), "reader")
	_, err := apart.Intake(t.Context(), folder, pkg.Manifest)
	var refusal *dcm.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("a study without one of its slices: %v", err)
	}
	c := Declined{Folder: folder, StudyUID: lead.String(tag.StudyInstanceUID), Task: models.DigestOf([]byte("a case")), At: stamp(), Reason: refusal.Error()}
	files := declined(t, apart, pkg, c)
	for _, d := range []*Door{apart, newDoor(t)} { // again, and without a child
		again := declined(t, d, pkg, c)
		for name, data := range files {
			if !bytes.Equal(again[name], data) {
				t.Errorf("%s is another one, made again", name)
			}
		}
	}
	object := parsed(t, files[reportFile])
	for _, at := range []tag.Tag{tag.StudyInstanceUID, tag.PatientName, tag.PatientID, tag.PatientBirthDate, tag.AccessionNumber, tag.StudyDate} {
		if got, want := object.String(at), lead.String(at); got != want || want == "" {
			t.Errorf("%v is %q, in the source %q", at, got, want)
		}
	}
	evidence := object.Sequence(tag.CurrentRequestedProcedureEvidenceSequence)
	series := dcm.Items(find(evidence[0], tag.ReferencedSeriesSequence))
	if len(series) != 1 || first(series[0], tag.SeriesInstanceUID) != lead.String(tag.SeriesInstanceUID) {
		t.Error("the evidence does not lead back to the series")
	}
	conforms(t, files[reportFile])
	inUTF8, err := dcm.Encode(lead.Dataset, lead.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	sameStudy(t, files[reportFile], inUTF8)
	for name, data := range files {
		if !bytes.Contains(data, []byte(report.Warning)) || !bytes.Contains(data, []byte("slice(s) missing")) {
			t.Errorf("%s lacks the warning or the reason", name)
		}
	}
	if bytes.Contains(files[recordFile], []byte(lead.String(tag.PatientName))) {
		t.Error("the FHIR bundle names the patient, it should identify only")
	}
	validRecord(t, files[recordFile])
	c.At = c.At.Add(time.Second)
	if later := parsed(t, declined(t, apart, pkg, c)[reportFile]); later.String(tag.SOPInstanceUID) == object.String(tag.SOPInstanceUID) {
		t.Error("a later refusal has the same report")
	}
}

func declined(t *testing.T, d *Door, pkg models.Package, c Declined) map[string][]byte {
	t.Helper()
	list, err := d.Decline(t.Context(), pkg, c)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, f := range list {
		files[f.Name] = f.Data
	}
	if len(files) != 2 {
		t.Fatalf("got %d files, want report and bundle", len(files))
	}
	return files
}

// validRecord has npm fhir look at a bundle.
func validRecord(t *testing.T, data []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), recordFile)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("node is missing: install nodejs, or run make test-tools")
	}
	out, err := exec.Command(node, filepath.Join("..", "..", "packaging", "checks", "read.js"), path).Output()
	if err != nil {
		t.Fatalf("%v: run packaging/checks/install.sh if a module is missing\n%s", err, out)
	}
	var seen map[string]struct{ Resources, Warnings []string }
	if err := json.Unmarshal(out, &seen); err != nil || len(seen) != 1 {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, s := range seen {
		if len(s.Resources) == 0 || s.Resources[0] != "DiagnosticReport" {
			t.Errorf("the bundle holds %v", s.Resources)
		}
	}
}

func TestNoNoticeWhereItIsNotSureWhoseTheStudyIs(t *testing.T) {
	pkg := measuring(t, nil)
	folder, lead := gapped(t)
	own := lead.String(tag.StudyInstanceUID)
	mixed := t.TempDir()
	for n, data := range [][]byte{sourceBytes(t, smallStudy)[0], encodedAs(t, lead, tag.PatientID, "ANOTHER")} {
		if err := os.WriteFile(filepath.Join(mixed, fmt.Sprint(n)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	broken := t.TempDir()
	if err := os.WriteFile(filepath.Join(broken, "1.dcm"), []byte("no DICOM"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		reader, folder, study, says string
		told                        bool // by the child
	}{
		"another study":   {"reader", folder, "1.2.3", "another study", false},
		"two patients":    {"reader", mixed, own, "more than one study or patient", true},
		"no image":        {"reader", broken, own, "not DICOM", true},
		"an empty folder": {"reader", t.TempDir(), own, "no series", true},
		"a broken reader": {"reader-panics", folder, own, "broke the process", false},
		"a lying reader":  {"reader-lies", folder, own, "broke the process", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := confined(t, newDoor(t), c.reader).Decline(t.Context(), pkg, Declined{Folder: c.folder, StudyUID: c.study, Task: models.DigestOf([]byte("x")), At: stamp(), Reason: "r"})
			var refusal *dcm.Refusal
			if !errors.As(err, &refusal) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want a refusal that says %q", err, c.says)
			}
			if logged := Loggable(fmt.Errorf("x: %w", err)).Error(); c.told == (logged != errTold.Error()) {
				t.Errorf("in a log it says %q", logged)
			}
		})
	}
}

// encodedAs is an object with another text.
func encodedAs(t *testing.T, o *dcm.Object, at tag.Tag, value string) []byte {
	t.Helper()
	changed := *o
	changed.Dataset.Elements = nil
	for _, e := range o.Dataset.Elements {
		if e.Tag == at {
			e = textElement(at, dictionaryVR(at), value)
		}
		changed.Dataset.Elements = append(changed.Dataset.Elements, e)
	}
	data, err := dcm.Encode(changed.Dataset, changed.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
