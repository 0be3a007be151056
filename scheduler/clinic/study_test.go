package clinic

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

const (
	t1Study    = "../../testdata/t1-study.zip"
	smallStudy = "../../testdata/small-study.zip"
)

// packageFor is the reference model's manifest with weights that fit it, and with
// the selection's smallest number of slices.
func packageFor(t testing.TB, minSlices int) models.Package {
	t.Helper()
	data, err := os.ReadFile("../../models/reference/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var manifest map[string]any
	if err := json.Unmarshal(data, &manifest); err != nil {
		t.Fatal(err)
	}
	weights := []byte("weights")
	manifest["weights"] = map[string]any{"file": "test.onnx", "sha256": models.DigestOf(weights), "bytes": len(weights)}
	manifest["selection"].(map[string]any)["min_slices"] = minSlices
	if data, err = json.Marshal(manifest); err != nil {
		t.Fatal(err)
	}
	pkg, err := models.NewPackage(data, weights, "")
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func newVault(t testing.TB) *Vault {
	t.Helper()
	dir := t.TempDir()
	v, err := OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

func stamp() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

func newDoor(t testing.TB) *Door { return NewDoor(newVault(t), dcm.DefaultLimits(), stamp) }

func takeIn(t testing.TB, path string, pkg models.Package) *Study {
	t.Helper()
	study, err := Intake(t.Context(), path, pkg.Manifest.Selection, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return study
}

// readOf is what was read of a study in this process.
func readOf(s *Study) *reading { return s.images.(*reading) }

// imagesOf are the objects of its payload before they were stripped.
func imagesOf(s *Study) []*dcm.Object {
	var list []*dcm.Object
	for _, t := range readOf(s).taken {
		list = append(list, t.Object)
	}
	return list
}

func prepare(t testing.TB, d *Door, study *Study, pkg models.Package) Prepared {
	t.Helper()
	p, err := d.Prepare(t.Context(), study, pkg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// The promise of the whole package, on a real head scan: nothing that names the
// patient, the house or the day is in the bytes that leave.
func TestNoIdentifierIsInThePayload(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 60)
	study := takeIn(t, t1Study, pkg)
	payload := prepare(t, d, study, pkg).Payload
	source := bytes.Join(sourceBytes(t, t1Study), nil)
	all := needles(t)
	for _, name := range among(payload, all) {
		t.Errorf("%s is in the payload", name)
	}
	if found := among(source, all); len(found) < 50 {
		t.Errorf("only %d forms are in the source: the search proves nothing", len(found))
	}
	for n, o := range imagesOf(study) {
		for _, uid := range []string{o.String(tag.SOPInstanceUID), o.String(tag.StudyInstanceUID), o.String(tag.FrameOfReferenceUID)} {
			if bytes.Contains(payload, []byte(uid)) {
				t.Fatalf("a UID of slice %d is in the payload", n+1)
			}
		}
	}
}

func sourceBytes(t testing.TB, path string) [][]byte {
	t.Helper()
	files, err := dcm.LoadFiles(path, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for _, f := range files {
		all = append(all, f.Data)
	}
	return all
}

func TestPayloadIsTheSameEachTimeAndAnotherElsewhere(t *testing.T) {
	pkg := packageFor(t, 2)
	here, there := newDoor(t), newDoor(t)
	study := takeIn(t, smallStudy, pkg)
	one, two, other := prepare(t, here, study, pkg), prepare(t, here, takeIn(t, smallStudy, pkg), pkg), prepare(t, there, study, pkg)
	if one.Task != two.Task || !bytes.Equal(one.Payload, two.Payload) || one.RequestHash != two.RequestHash {
		t.Error("the same study gave two payloads or tasks")
	}
	if one.Task == other.Task || one.RequestHash == other.RequestHash {
		t.Error("two clinics share a task or a payload")
	}
	if one.RequestHash != models.DigestOf(one.Payload) || one.Instances != study.Slices() {
		t.Error("hash or count don't fit the payload")
	}
	if third := prepare(t, here, takeIn(t, smallStudy, packageFor(t, 3)), packageFor(t, 3)); third.Task == one.Task {
		t.Error("two model packages share a task")
	}
}

func TestPayloadIsReadByTheReaderOfTheNode(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 60)
	study := takeIn(t, t1Study, pkg)
	files, err := dcm.ReadTar(bytes.NewReader(prepare(t, d, study, pkg).Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR", MinSlices: 60, MaxSpacingMM: 3}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if series.Grid != readOf(study).series.Grid {
		t.Errorf("the grid became %v, it was %v", series.Grid, readOf(study).series.Grid)
	}
	want, err := readOf(study).series.Image()
	if err != nil {
		t.Fatal(err)
	}
	got, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	for n := range want.Data {
		if want.Data[n] != got.Data[n] {
			t.Fatalf("voxel %d became %v, it was %v", n, got.Data[n], want.Data[n])
		}
	}
}

// conforms runs dciodvfy, which must find no error.
func conforms(t testing.TB, data []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "object.dcm")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("dciodvfy", path).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Fatal("dciodvfy is missing: install dicom3tools, or run make test-tools")
	}
	if err != nil || bytes.Contains(out, []byte("Error")) {
		t.Errorf("dciodvfy: %v\n%s", err, out)
	}
}

func TestDeidentifiedInstancesConform(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 60)
	files, err := dcm.ReadTar(bytes.NewReader(prepare(t, d, takeIn(t, t1Study, pkg), pkg).Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(files); n += 60 {
		conforms(t, files[n].Data)
	}
	strict, err := dcm.Encode(mustDeidentify(t, slice(), d.vault.names, mustAllow(t, "Rows")).Dataset, make([]byte, 8))
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, strict)
	ct := slice(textElement(tag.SOPClassUID, "UI", ctImageStorage), textElement(tag.Modality, "CS", "CT"),
		textElement(tag.ImageType, "CS", "ORIGINAL", "PRIMARY", "AXIAL"), textElement(tag.KVP, "DS", "120"),
		textElement(tag.RescaleIntercept, "DS", "-1024"), textElement(tag.RescaleSlope, "DS", "1"), textElement(tag.RescaleType, "LO", "HU"))
	if strict, err = dcm.Encode(mustDeidentify(t, ct, d.vault.names, mustAllow(t, "Rows")).Dataset, make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	conforms(t, strict)
}

func TestNamesInAnyScriptBecomePseudonyms(t *testing.T) {
	names := NewPseudonyms([SecretBytes]byte{3})
	for _, name := range []string{"Müßiggang^Zoë", "山田^太郎", "Шевченко^Тарас", "김^희중", "قباني^لنزار"} {
		ds := slice(textElement(tag.PatientName, "PN", name), textElement(tag.PatientID, "LO", "Ä-"+name))
		data, err := dcm.Encode(mustDeidentify(t, ds, names, mustAllow(t)).Dataset, make([]byte, 8))
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split(name, "^") {
			if bytes.Contains(data, []byte(part)) {
				t.Errorf("%q is still there", part)
			}
		}
	}
}

// badFolder writes copies of the small study's files, changed by change.
func badFolder(t *testing.T, change func(n int, ds dicom.Dataset) dicom.Dataset) string {
	t.Helper()
	dir := t.TempDir()
	for n, data := range sourceBytes(t, smallStudy) {
		o, err := dcm.Parse(dcm.File{Name: "x", Data: data}, dcm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		changed, err := dcm.Encode(change(n, o.Dataset), o.Pixels)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d", n)), changed, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// with returns ds with e in place of what has its tag.
func with(ds dicom.Dataset, e *dicom.Element) dicom.Dataset {
	out := dicom.Dataset{Elements: []*dicom.Element{e}}
	for _, old := range ds.Elements {
		if old.Tag != e.Tag {
			out.Elements = append(out.Elements, old)
		}
	}
	return out
}

func TestBadStudiesAreRefusedBeforeAnythingLeaves(t *testing.T) {
	bad := func(name string) string { return filepath.Join("../../testdata/bad", name) }
	third := func(e *dicom.Element) string {
		return badFolder(t, func(n int, ds dicom.Dataset) dicom.Dataset {
			if n == 2 {
				return with(ds, e)
			}
			return ds
		})
	}
	all := func(e *dicom.Element) string {
		return badFolder(t, func(_ int, ds dicom.Dataset) dicom.Dataset { return with(ds, e) })
	}
	for name, path := range map[string]string{
		"not DICOM":       bad("not-dicom.zip"),
		"truncated slice": bad("truncated-slice.zip"),
		"missing slice":   bad("missing-slice.zip"),
		"wrong modality":  bad("wrong-modality.zip"),
		"absurd length":   bad("absurd-length.dcm"),
		"no such file":    filepath.Join(t.TempDir(), "none"),
		"empty folder":    t.TempDir(),
		"two patients":    third(textElement(tag.PatientID, "LO", "other")),
		"two studies":     third(textElement(tag.StudyInstanceUID, "UI", "1.2.3")),
		"no study UID":    third(textElement(tag.StudyInstanceUID, "UI")),
		"burned-in text":  third(textElement(tag.BurnedInAnnotation, "CS", "YES")),
		"screen captures": all(textElement(tag.SOPClassUID, "UI", secondaryCapture)),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Intake(t.Context(), path, packageFor(t, 2).Manifest.Selection, dcm.DefaultLimits())
			var refusal *dcm.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v, want a refusal", err)
			}
			if refusal.What == "" || refusal.Do == "" {
				t.Errorf("%v: it must say what is wrong and what to do", err)
			}
			for _, name := range among([]byte(err.Error()), needles(t)) {
				t.Errorf("the refusal repeats %s", name)
			}
		})
	}
}

func TestPrepareWantsTheModelOfTheIntake(t *testing.T) {
	d := newDoor(t)
	if _, err := d.Prepare(t.Context(), takeIn(t, smallStudy, packageFor(t, 2)), packageFor(t, 3)); err == nil {
		t.Error("a study that was taken in for another selection is prepared")
	}
}

func TestCancelledWorkEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	pkg := packageFor(t, 2)
	if _, err := Intake(ctx, smallStudy, pkg.Manifest.Selection, dcm.DefaultLimits()); !errors.Is(err, context.Canceled) {
		t.Errorf("intake: got %v", err)
	}
	d := newDoor(t)
	if _, err := d.Prepare(ctx, takeIn(t, smallStudy, pkg), pkg); !errors.Is(err, context.Canceled) {
		t.Errorf("prepare: got %v", err)
	}
}

// A clinic that holds two series takes the larger one that fits.
func TestOtherSeriesOfTheStudyAreLeftOut(t *testing.T) {
	pkg := packageFor(t, 2)
	whole := takeIn(t, smallStudy, pkg).Slices()
	dir := badFolder(t, func(n int, ds dicom.Dataset) dicom.Dataset {
		if n == 0 {
			ds = with(with(ds, textElement(tag.Modality, "CS", "CT")), textElement(tag.SeriesInstanceUID, "UI", "1.2.3"))
		}
		return ds
	})
	study, err := Intake(t.Context(), dir, pkg.Manifest.Selection, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if study.Slices() != whole-1 {
		t.Errorf("got %d slices, want %d", study.Slices(), whole-1)
	}
}

func BenchmarkPrepareT1(b *testing.B) {
	d, pkg := newDoor(b), packageFor(b, 60)
	study := takeIn(b, t1Study, pkg)
	for b.Loop() {
		prepare(b, d, study, pkg)
	}
}
