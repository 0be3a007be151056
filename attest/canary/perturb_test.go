package canary_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/testdata"
)

// a door is a clinic's, as real jobs pass it: this is what a node gets to see.
func newDoor(t testing.TB) *clinic.Door {
	t.Helper()
	folder := t.TempDir()
	keys := filepath.Join(folder, "keys")
	if err := os.Mkdir(keys, 0o700); err != nil {
		t.Fatal(err)
	}
	vault, err := clinic.OpenVault(filepath.Join(folder, "identities.db"), keys)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := vault.Close(); err != nil {
			t.Error(err)
		}
	})
	return clinic.NewDoor(vault, dicom.DefaultLimits(), time.Now)
}

// prepared takes a folder or zip in and gives the payload that a node would get.
func prepared(ctx context.Context, t testing.TB, door *clinic.Door, path string, pkg models.Package) []byte {
	t.Helper()
	study, err := clinic.Intake(ctx, path, pkg.Manifest.Selection, dicom.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	p, err := door.Prepare(ctx, study, pkg)
	if err != nil {
		t.Fatal(err)
	}
	return p.Payload
}

// headPackage is the model in the binary.
func headPackage(t testing.TB) models.Package {
	t.Helper()
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

// head is a real head scan, whole or its middle, as a clinic sends it.
func head(t testing.TB, whole bool) []byte {
	t.Helper()
	study := testdata.SmallStudy()
	if whole {
		study = testdata.T1Study()
	}
	path := filepath.Join(t.TempDir(), "study.zip")
	if err := os.WriteFile(path, study, 0o600); err != nil {
		t.Fatal(err)
	}
	return prepared(t.Context(), t, newDoor(t), path, headPackage(t))
}

func opened(t testing.TB, study []byte) (files []dicom.File, objects []*dicom.Object) {
	t.Helper()
	files, err := dicom.OpenTar(study, dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		o, err := dicom.Parse(f, dicom.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, o)
	}
	return files, objects
}

func seeded(n byte) (seed [32]byte) {
	seed[0] = n
	return seed
}

// What a canary keeps of a study, and what it never keeps.
func TestPerturbGivesAnotherStudyOfTheSameForm(t *testing.T) {
	base := head(t, true)
	out, err := canary.Perturb(base, seeded(1))
	if err != nil {
		t.Fatal(err)
	}
	wantFiles, want := opened(t, base)
	gotFiles, got := opened(t, out)
	// A fresh UID may have a digit more or less, and a file then a block of the tar.
	const block = 512
	if off := len(out) - len(base); off%block != 0 || max(off, -off) > block*len(want) || len(got) != len(want) {
		t.Fatalf("%d bytes in %d files, the study has %d in %d", len(out), len(got), len(base), len(want))
	}
	fresh := []tag.Tag{tag.StudyInstanceUID, tag.SeriesInstanceUID, tag.SOPInstanceUID, tag.FrameOfReferenceUID, tag.PatientID, tag.PatientName}
	changed := 0
	for n, w := range want {
		g := got[n]
		if gotFiles[n].Name != wantFiles[n].Name {
			t.Fatalf("file %d is called %s", n, gotFiles[n].Name)
		}
		for _, kept := range []tag.Tag{tag.SOPClassUID, tag.Modality, tag.ImageType, tag.PixelSpacing, tag.InstanceNumber, tag.EchoTime, tag.DeidentificationMethod} {
			if g.String(kept) != w.String(kept) {
				t.Errorf("file %d: %v is %q, was %q", n, kept, g.String(kept), w.String(kept))
			}
		}
		for _, f := range fresh {
			from, to := w.String(f), g.String(f)
			if from == "" {
				continue
			}
			if from == to || strings.HasPrefix(from, "2.25.") != strings.HasPrefix(to, "2.25.") || strings.HasPrefix(from, "MH-") && (len(to) != len(from) || !strings.HasPrefix(to, "MH-")) {
				t.Errorf("file %d: %v is %q, was %q", n, f, to, from)
			}
		}
		if g.String(tag.SeriesInstanceUID) != got[0].String(tag.SeriesInstanceUID) {
			t.Errorf("file %d lies in another series", n)
		}
		if bytes.Equal(w.Pixels, g.Pixels) {
			continue
		}
		changed++
	}
	if changed < len(want)*9/10 {
		t.Errorf("%d of %d slices changed", changed, len(want))
	}
	series, err := dicom.ReadSeries(gotFiles, dicom.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3}, dicom.Limits{})
	if err != nil {
		t.Fatalf("the canary is no series any more: %v", err)
	}
	before, err := dicom.ReadSeries(wantFiles, dicom.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3}, dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if series.Grid.Size != before.Grid.Size || !near(series.Grid.Spacing(), before.Grid.Spacing()) || series.Grid.Affine == before.Grid.Affine {
		t.Errorf("grid %v, before %v", series.Grid, before.Grid)
	}
}

func near(a, b [3]float64) bool {
	for n := range a {
		if math.Abs(a[n]-b[n]) > 1e-9 {
			return false
		}
	}
	return true
}

func TestPerturbIsDeterministic(t *testing.T) {
	base := head(t, false)
	perturbed := func(seed byte) []byte {
		out, err := canary.Perturb(base, seeded(seed))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if !bytes.Equal(perturbed(1), perturbed(1)) {
		t.Error("one seed gave two canaries")
	}
	a, b := perturbed(1), perturbed(2)
	_, first := opened(t, a)
	_, second := opened(t, b)
	for n := range first {
		if first[n].String(tag.SOPInstanceUID) == second[n].String(tag.SOPInstanceUID) {
			t.Errorf("file %d has one UID under two seeds", n)
		}
	}
}

// Masked and saturated areas are what something was set to, and stay so.
func TestPerturbKeepsWhatIsMasked(t *testing.T) {
	base := head(t, true)
	out, err := canary.Perturb(base, seeded(3))
	if err != nil {
		t.Fatal(err)
	}
	_, want := opened(t, base)
	_, got := opened(t, out)
	zeros := func(objects []*dicom.Object) (count, all int) {
		for _, o := range objects {
			for n := 0; n+1 < len(o.Pixels); n += 2 {
				if all++; o.Pixels[n] == 0 && o.Pixels[n+1] == 0 {
					count++
				}
			}
		}
		return count, all
	}
	a, all := zeros(want)
	b, _ := zeros(got)
	if share := math.Abs(float64(a-b)) / float64(all); share > 0.02 { // what the shift takes out of the frame
		t.Errorf("%d of %d pixels are 0, before %d", b, all, a)
	}
	t.Logf("zero before %.4f, after %.4f of %d pixels", float64(a)/float64(all), float64(b)/float64(all), all)
}

func TestPerturbRefuses(t *testing.T) {
	var empty, text bytes.Buffer
	if err := errors.Join(dicom.WriteTar(&empty, nil), dicom.WriteTar(&text, []dicom.File{{Name: "00001.dcm", Data: []byte("a letter")}})); err != nil {
		t.Fatal(err)
	}
	for name, study := range map[string][]byte{"nothing": nil, "an empty tar": empty.Bytes(), "no tar": []byte("MedHive"), "no DICOM": text.Bytes()} {
		if out, err := canary.Perturb(study, seeded(1)); err == nil {
			t.Errorf("%s: made a canary of %d bytes", name, len(out))
		}
	}
}

// thumbnail is the corner of an instance, 16 by 16 pixels.
func thumbnail(t testing.TB, o *dicom.Object) []byte {
	t.Helper()
	const side = 16
	for _, e := range o.Dataset.Elements {
		if e.Tag != tag.Rows && e.Tag != tag.Columns {
			continue
		}
		small, err := dicom.NewElement(e.Tag, []int{side})
		if err != nil {
			t.Fatal(err)
		}
		*e = *small
	}
	data, err := dicom.Encode(o.Dataset, o.Pixels[:2*side*side])
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Whatever arrives, Perturb ends in an error or in a study that can be read again.
func FuzzPerturb(f *testing.F) {
	_, objects := opened(f, head(f, false))
	f.Add(thumbnail(f, objects[0]), byte(1)) // a whole slice takes seconds to mutate
	f.Fuzz(func(t *testing.T, instance []byte, seed byte) {
		var study bytes.Buffer
		if err := dicom.WriteTar(&study, []dicom.File{{Name: "00001.dcm", Data: instance}}); err != nil {
			t.Fatal(err)
		}
		out, err := canary.Perturb(study.Bytes(), seeded(seed))
		if err != nil {
			return
		}
		back, err := dicom.OpenTar(out, dicom.Limits{})
		if err != nil || len(back) != 1 {
			t.Fatalf("%d files, %v", len(back), err)
		}
		if _, err := dicom.Parse(back[0], dicom.Limits{}); err != nil {
			t.Fatal(err)
		}
	})
}

// Dates go back together, and what is no date stays.
func TestPerturbMovesDatesTogether(t *testing.T) {
	base := head(t, false)
	files, objects := opened(t, base)
	for n, o := range objects {
		for _, e := range o.Dataset.Elements {
			if e.Tag != tag.StudyDate && e.Tag != tag.PatientBirthDate {
				continue
			}
			date, err := dicom.NewElement(e.Tag, []string{map[bool]string{true: "20240311", false: "19000101"}[e.Tag == tag.StudyDate]})
			if err != nil {
				t.Fatal(err)
			}
			*e = *date
		}
		data, err := dicom.Encode(o.Dataset, o.Pixels)
		if err != nil {
			t.Fatal(err)
		}
		files[n].Data = data
	}
	var dated bytes.Buffer
	if err := dicom.WriteTar(&dated, files); err != nil {
		t.Fatal(err)
	}
	for seed := range byte(10) {
		out, err := canary.Perturb(dated.Bytes(), seeded(seed))
		if err != nil {
			t.Fatal(err)
		}
		_, got := opened(t, out)
		var days []string
		for _, o := range got {
			days = append(days, o.String(tag.StudyDate))
			if o.String(tag.PatientBirthDate) != "19000101" {
				t.Fatalf("the dummy date became %s", o.String(tag.PatientBirthDate))
			}
		}
		if days = slices.Compact(days); len(days) != 1 || days[0] >= "20240311" || days[0] < "20240212" {
			t.Fatalf("days %v", days)
		}
	}
}

// A CT stays calibrated, and a picture a picture: canaries are made of any model's studies.
func TestPerturbTakesWhatModelsTake(t *testing.T) {
	for _, c := range []struct {
		model string
		most  float64 // by which the mean of a slice may move, of its deviation
	}{{"ct-lung-bone", 0.05}, {"radiograph-quality", 0.25}} {
		base, err := os.ReadFile(filepath.Join("..", "..", "models", "catalog", "packages", c.model, "study.tar"))
		if err != nil {
			t.Fatal(err)
		}
		for seed := range byte(5) {
			out, err := canary.Perturb(base, seeded(seed))
			if err != nil {
				t.Fatalf("%s: %v", c.model, err)
			}
			_, want := opened(t, base)
			_, got := opened(t, out)
			for n := range want {
				mean, deviation := spread(t, want[n])
				moved, _ := spread(t, got[n])
				if bytes.Equal(want[n].Pixels, got[n].Pixels) || math.Abs(moved-mean) > c.most*deviation+1 {
					t.Errorf("%s, seed %d, file %d: a mean of %.1f, before %.1f ± %.1f", c.model, seed, n+1, moved, mean, deviation)
				}
			}
		}
	}
}

// spread is the mean and the deviation of an instance's values.
func spread(t testing.TB, o *dicom.Object) (mean, deviation float64) {
	t.Helper()
	frame, err := o.Frame(0)
	if err != nil {
		t.Fatal(err)
	}
	bits, _ := o.Int(tag.BitsAllocated)
	signed, _ := o.Int(tag.PixelRepresentation)
	n, square := float64(len(frame)*8/bits), 0.0
	for at := 0; at < len(frame); at += bits / 8 {
		v := float64(frame[at])
		if bits == 16 {
			v = float64(binary.LittleEndian.Uint16(frame[at:]))
			if signed == 1 {
				v = float64(int16(binary.LittleEndian.Uint16(frame[at:])))
			}
		}
		mean += v / n
		square += v * v / n
	}
	return mean, math.Sqrt(max(0, square-mean*mean))
}
