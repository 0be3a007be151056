package deface_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/agreement"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/scheduler/clinic"
	"github.com/medhive/medhive/testdata"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// tissue is the reference model as a clinic would have it whose studies leave without faces.
func tissue(t *testing.T) models.Package {
	t.Helper()
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	weights, err := reference.File(pkg.Manifest.Weights.File)
	if err != nil {
		t.Fatal(err)
	}
	pkg.Manifest.Defaced = true
	manifest, err := json.Marshal(pkg.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if pkg, err = models.NewPackage(manifest, weights, ""); err != nil {
		t.Fatal(err)
	}
	return pkg
}

// payload is what leaves of a study.
func payload(t *testing.T, path string, pkg models.Package, policy clinic.Policy) []byte {
	t.Helper()
	dir := t.TempDir()
	vault, err := clinic.OpenVault(filepath.Join(dir, "vault.db"), filepath.Join(dir, "keys"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := vault.Close(); err != nil {
			t.Error(err)
		}
	}()
	door := clinic.NewDoor(vault, dcm.DefaultLimits(), func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }).Under(policy)
	study, err := door.Intake(t.Context(), path, pkg.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	ready, err := door.Prepare(t.Context(), study, pkg)
	if err != nil {
		t.Fatal(err)
	}
	if err := study.Close(); err != nil {
		t.Fatal(err)
	}
	return ready.Payload
}

// unpacked is a folder with the files of a payload.
func unpacked(t *testing.T, tar []byte) string {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(tar), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for n, f := range files {
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("%05d.dcm", n)), f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func imageOf(t *testing.T, tar []byte) *volume.Image {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(tar), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR", MinSlices: 20, MaxSpacingMM: 3}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	img, err := series.Image()
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// On the project's head the reference model finds without a face what it finds in the whole
// of it, within what its manifest allows two honest runs to differ by; and the face is gone:
// the front of what leaves has nothing of the front of the head. It is one head: where the
// brightest voxel of a scan lies in the face, a model that scales by it answers otherwise.
func TestEffectOnTissue(t *testing.T) {
	library, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	rt, err := ort.Open(library)
	if err != nil {
		t.Fatal(err)
	}
	pkg := tissue(t)
	session, err := inference.NewSession(rt, pkg, ort.CPU, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	head := filepath.Join(t.TempDir(), "head.zip")
	if err := os.WriteFile(head, testdata.T1Study(), 0o600); err != nil {
		t.Fatal(err)
	}
	base := payload(t, head, pkg, clinic.Policy{})
	another, err := canary.Perturb(base, [32]byte{2})
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"the head": head, "a canary of it": unpacked(t, another)} {
		whole, faceless := payload(t, path, pkg, clinic.Policy{}), payload(t, path, pkg, clinic.Policy{Deface: true})
		compareTissue(t, name, pkg, examined(t, rt, session, pkg, whole), examined(t, rt, session, pkg, faceless))
		before, after := frontOf(imageOf(t, whole)), frontOf(imageOf(t, faceless))
		moved := frontOf(shaken(imageOf(t, whole)))
		control, left := likeness(before, moved), likeness(before, after)
		t.Logf("%s: likeness of the front of the face: %.3f to a second scan of it, %.3f to what leaves", name, control, left)
		if control < 0.9 || left > 0.3 {
			t.Errorf("%s: the front of the face has a likeness of %.3f to what leaves; want at most 0.3, and 0.9 to another scan", name, left)
		}
	}
}

func examined(t *testing.T, rt *ort.Runtime, session *ort.Session, pkg models.Package, tar []byte) inference.Result {
	t.Helper()
	result, err := inference.Examine(t.Context(), rt, session, pkg, tar, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func compareTissue(t *testing.T, name string, pkg models.Package, whole, faceless inference.Result) {
	t.Helper()
	var sets [2]labelmap.Set
	for n, r := range []inference.Result{whole, faceless} {
		var err error
		if sets[n], err = agreement.LabelsOf(r); err != nil {
			t.Fatal(err)
		}
	}
	c, err := labelmap.Compare(sets[0].Delivered, sets[1].Delivered)
	if err != nil {
		t.Fatal(err)
	}
	for n, l := range pkg.Manifest.Structures() {
		dice := c.Labels[l.Value].Dice()
		before, after := whole.Findings.Segments[n].VolumeML, faceless.Findings.Segments[n].VolumeML
		change := 100 * (after/before - 1)
		t.Logf("%s: %s: Dice %.4f, %.1f ml before, %.1f ml after (%+.2f %%)", name, l.Name, dice, before, after, change)
		if dice < pkg.Manifest.Tolerance.MinDice || math.Abs(change) > 1 {
			t.Errorf("%s: %s: Dice %.4f, volume %+.2f %%; want at least %g and at most 1 %%", name, l.Name, dice, change, pkg.Manifest.Tolerance.MinDice)
		}
	}
}

// frontOf renders the front of a head as one would look at it: for each place of a grid of
// 2 mm in the lower half of its front, how far back the first tissue is, in mm.
func frontOf(img *volume.Image) (depth []float64) {
	low, high := img.Around([3]float64{}, [3]float64{float64(img.Size[0]), float64(img.Size[1]), float64(img.Size[2])})
	mean := 0.0
	for _, v := range img.Data {
		mean += float64(v) / float64(len(img.Data))
	}
	patient := volume.Grid{Size: img.Size, Affine: [4][4]float64{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}}
	middle := (low[0] + high[0]) / 2
	for z := low[2] + 2; z < low[2]+60; z += 2 {
		for x := middle - 44; x <= middle+44; x += 2 {
			at := high[1] - low[1]
			for y := low[1]; y < high[1]; y++ {
				p := patient.Between([3]float64{x + 0.5, y + 0.5, z + 0.5}, img.Grid)
				i, j, k := int(math.Floor(p[0])), int(math.Floor(p[1])), int(math.Floor(p[2]))
				if i < 0 || j < 0 || k < 0 || i >= img.Size[0] || j >= img.Size[1] || k >= img.Size[2] {
					continue
				}
				if float64(img.Data[(k*img.Size[1]+j)*img.Size[0]+i]) > mean {
					at = y - low[1]
					break
				}
			}
			depth = append(depth, at)
		}
	}
	return depth
}

// shaken is another scan of the same head: brighter from front to back.
func shaken(img *volume.Image) *volume.Image {
	out := &volume.Image{Grid: img.Grid, Data: make([]float32, len(img.Data))}
	for n, v := range img.Data {
		out.Data[n] = v * (1 + 0.2*float32(n%img.Size[0])/float32(img.Size[0]))
	}
	return out
}

// likeness is the correlation of two surfaces after the plane that fits each best is taken
// away: 1 for the same face, whatever its distance and tilt.
func likeness(a, b []float64) float64 {
	const wide = 45 // places in a row of frontOf
	level := func(d []float64) []float64 {
		var mean, x, y, xx, yy float64
		rows := len(d) / wide
		for n, v := range d {
			i, j := float64(n%wide)-float64(wide-1)/2, float64(n/wide)-float64(rows-1)/2
			mean += v / float64(len(d))
			x, y, xx, yy = x+i*v, y+j*v, xx+i*i, yy+j*j
		}
		out := make([]float64, len(d))
		for n, v := range d {
			i, j := float64(n%wide)-float64(wide-1)/2, float64(n/wide)-float64(rows-1)/2
			out[n] = v - mean - x/xx*i - y/yy*j
		}
		return out
	}
	var ab, aa, bb float64
	a, b = level(a), level(b)
	for n := range a {
		ab, aa, bb = ab+a[n]*b[n], aa+a[n]*a[n], bb+b[n]*b[n]
	}
	return ab / math.Sqrt(max(aa*bb, 1e-12))
}
