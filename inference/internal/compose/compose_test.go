package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
)

// packages is where the catalogue keeps what this command writes.
const packages = "../../../models/catalog/packages"

func committed(t *testing.T, id, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(packages, id, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Manifest, graph and study in the catalogue are those that this command writes now; the
// findings are the model's, to the manifest's tolerance.
func TestPackagesAreUpToDate(t *testing.T) {
	for _, c := range catalogue() {
		id := c.manifest.ID
		weights := committed(t, id, weightsFile)
		if !bytes.Equal(weights, c.graph.Encode()) {
			t.Errorf("%s: the graph is another; run go generate in the folder inference", id)
		}
		study, err := c.example.Tar()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(study, committed(t, id, studyFile)) {
			t.Errorf("%s: the example is another; run go generate in the folder inference", id)
		}
		pkg, err := models.NewPackage(committed(t, id, manifestFile), weights, string(committed(t, id, "CARD.md")))
		if err != nil {
			t.Fatal(err)
		}
		want := c.manifest
		want.Weights, want.Example = pkg.Manifest.Weights, pkg.Manifest.Example
		a, errA := json.Marshal(want)
		b, errB := json.Marshal(pkg.Manifest)
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("%s: the manifest is another; run go generate in the folder inference", id)
		}
		found := committed(t, id, expectedFile)
		if e := pkg.Manifest.Example; e.Input.SHA256 != models.DigestOf(study) || e.Expected.SHA256 != models.DigestOf(found) {
			t.Errorf("%s: the manifest names another example", id)
		}
		var expected inference.Findings
		if err := json.Unmarshal(found, &expected); err != nil {
			t.Fatal(err)
		}
		r, err := analyze(t.Context(), pkg, study)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, id, r.Findings, expected, pkg.Manifest.Tolerance.MaxValueError)
		sameLabels(t, pkg, r)
	}
}

// A clinic refuses a manifest that names an attribute which DICOM does not have.
func TestAllowedAttributesAreKeywords(t *testing.T) {
	for _, c := range catalogue() {
		for _, keyword := range c.manifest.AllowedAttrs {
			if info, err := tag.FindByKeyword(keyword); err != nil || info.Keyword != keyword {
				t.Errorf("%s allows %q, which is no DICOM keyword", c.manifest.ID, keyword)
			}
		}
	}
}

func agree(t *testing.T, id string, got, want inference.Findings, tolerance float64) {
	t.Helper()
	if len(got.Segments) != len(want.Segments) || len(got.Measurements) != len(want.Measurements) || got.Outcome != want.Outcome {
		t.Fatalf("%s: %+v; want %+v", id, got, want)
	}
	for n, s := range want.Segments {
		if d := math.Abs(float64(got.Segments[n].VoxelCount - s.VoxelCount)); d > 0.005*float64(s.VoxelCount) {
			t.Errorf("%s: %s has %d voxels; want %d", id, s.Name, got.Segments[n].VoxelCount, s.VoxelCount)
		}
	}
	for n, m := range want.Measurements {
		if d := math.Abs(got.Measurements[n].Value - m.Value); d > tolerance*max(1, math.Abs(m.Value)) {
			t.Errorf("%s: %s is %v; want %v", id, m.Code.Meaning, got.Measurements[n].Value, m.Value)
		}
	}
}

// sameLabels holds a segmentation to the labels in the catalogue, voxel by voxel.
func sameLabels(t *testing.T, pkg models.Package, r inference.Result) {
	t.Helper()
	m := pkg.Manifest
	if m.Example.Labels.SHA256.IsZero() {
		if m.TaskKind() == models.Segmentation {
			t.Errorf("%s has no labels; run go generate in the folder inference", m.ID)
		}
		return
	}
	want, err := labelmap.Decode(committed(t, m.ID, labelsFile))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Files {
		if f.Name != inference.LabelsFile {
			continue
		}
		got, err := labelmap.Decode(f.Data)
		if err != nil {
			t.Fatal(err)
		}
		c, err := labelmap.Compare(want.Delivered, got.Delivered)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range m.Structures() {
			if dice := c.Labels[l.Value].Dice(); dice < m.Tolerance.MinDice {
				t.Errorf("%s: %s has a Dice of %v", m.ID, l.Name, dice)
			}
		}
		return
	}
	t.Errorf("%s: the result has no labels", m.ID)
}

// packed is a composed model as a package.
func packed(t *testing.T, c composed) models.Package {
	t.Helper()
	weights := c.graph.Encode()
	c.manifest.Weights = models.Weights{File: weightsFile, SHA256: models.DigestOf(weights), Bytes: int64(len(weights))}
	manifest, err := json.Marshal(c.manifest)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := models.NewPackage(manifest, weights, "")
	if err != nil {
		t.Fatal(err)
	}
	return pkg
}

func found(t *testing.T, c composed, scan phantom.Scan) inference.Findings {
	t.Helper()
	study, err := scan.Tar()
	if err != nil {
		t.Fatal(err)
	}
	r, err := analyze(t.Context(), packed(t, c), study)
	if err != nil {
		t.Fatal(err)
	}
	return r.Findings
}

// The phantom's lungs are two ellipsoids and its spine a column, with known values. Foam
// in the table, the room's air and the bubble of gas are none of them.
func TestLungAndBoneOfThePhantom(t *testing.T) {
	f := found(t, catalogue()[0], phantom.Chest())
	scan := phantom.Chest()
	lung, emphysema, bone, sum := 0, 0, 0, 0
	for k := range scan.Slices {
		for j := range scan.Rows {
			for i := range scan.Columns {
				switch v := scan.Value(i, j, k); {
				case v > 300:
					bone++
				case v < -800 && j >= 12 && j <= 32 && k >= 3 && k <= 23 && (i <= 28 || i >= 36) && v > -995 && j < 43:
					lung++
					sum += v
					if v < emphysemaHU {
						emphysema++
					}
				}
			}
		}
	}
	for n, want := range []struct {
		what      string
		value     float64
		tolerance float64
	}{
		{"lung", float64(lung) * 0.125, 0.04},
		{"bone", float64(bone) * 0.125, 0.10},
		{"mean", float64(sum) / float64(lung), 0.03},
		{"share", 100 * float64(emphysema) / float64(lung), 0.05},
	} {
		got := f.Measurements[n].Value
		t.Logf("%s: %.1f, by hand %.1f", want.what, got, want.value)
		if math.Abs(got-want.value) > want.tolerance*math.Abs(want.value) {
			t.Errorf("%s: %v; by hand %v", want.what, got, want.value)
		}
	}
}

// The four figures, by a loop over the pixels.
func TestQualityOfThePhantom(t *testing.T) {
	scan := phantom.Radiograph()
	f := found(t, catalogue()[1], scan)
	x := make([]float64, 0, scan.Columns*scan.Rows)
	for j := range scan.Rows {
		for i := range scan.Columns {
			x = append(x, float64(scan.Value(i, j, 0))/4095)
		}
	}
	dark, bright, sum, squares, edges := 0.0, 0.0, 0.0, 0.0, 0.0
	for _, v := range x {
		if v < clippedPart {
			dark++
		}
		if v > 1-clippedPart {
			bright++
		}
		sum += v
		squares += v * v
	}
	n := float64(len(x))
	contrast := math.Sqrt(squares/n - sum/n*sum/n)
	for j := 1; j < scan.Rows-1; j++ {
		for i := 1; i < scan.Columns-1; i++ {
			at := j*scan.Columns + i
			edges += math.Abs(x[at-1] + x[at+1] + x[at-scan.Columns] + x[at+scan.Columns] - 4*x[at])
		}
	}
	edges /= float64((scan.Rows - 2) * (scan.Columns - 2))
	for i, want := range []float64{100 * dark / n, 100 * bright / n, contrast, edges / contrast} {
		if got := f.Measurements[i].Value; math.Abs(got-want) > 1e-4*want {
			t.Errorf("%s: %v; by hand %v", f.Measurements[i].Code.Value, got, want)
		}
	}
}
