package agreement

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/models/reference"
	"github.com/medhive/medhive/testdata"
)

// bench writes results of the reference model's form on a real series, with any labels.
type bench struct {
	m      models.Manifest
	series *dicom.Series
}

func newBench(t testing.TB) bench {
	t.Helper()
	pkg, err := reference.Package()
	if err != nil {
		t.Fatal(err)
	}
	files, err := dicom.LoadZip(testdata.SmallStudy(), dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := pkg.Manifest.Selection
	series, err := dicom.ReadSeries(files, dicom.Selection{Modality: s.Modality, MinSlices: s.MinSlices, MaxSpacingMM: s.MaxSpacingMM}, dicom.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return bench{pkg.Manifest, series}
}

// balls are labels of some thousand voxels: white matter inside grey.
func (b bench) balls() []uint8 {
	size := b.series.Grid.Size
	labels := make([]uint8, b.series.Grid.Voxels())
	for k := range size[2] {
		for j := range size[1] {
			for i := range size[0] {
				dx, dy, dz := i-size[0]/2, j-size[1]/2, k-size[2]/2
				switch far := dx*dx + dy*dy + dz*dz; {
				case far < 8*8:
					labels[(k*size[1]+j)*size[0]+i] = 1
				case far < 12*12:
					labels[(k*size[1]+j)*size[0]+i] = 2
				}
			}
		}
	}
	return labels
}

// result is what a node would send with those labels.
func (b bench) result(t testing.TB, data []uint8, examined bool) inference.Result {
	t.Helper()
	labels := &volume.Labels{Grid: b.series.Grid, Data: data}
	seg, err := report.Segmentation(b.series, labels, b.m, report.Options{Seed: models.DigestOf(data), Now: time.Unix(1_800_000_000, 0), SoftwareVersion: "test"})
	if err != nil {
		t.Fatal(err)
	}
	f := inference.Findings{Model: b.m.ID, Version: b.m.Version, Weights: b.m.Weights.SHA256, Provider: "cpu"}
	counts := labels.Count()
	for _, l := range b.m.Structures() {
		f.Segments = append(f.Segments, inference.Segment{Label: l.Value, Name: l.Name, VoxelCount: counts[l.Value]})
	}
	r := inference.Result{Findings: f, Files: []dicom.File{{Name: inference.SegmentationFile, Data: seg}}}
	if examined {
		unsure := make([]bool, len(data))
		unsure[0] = true
		packed, err := labelmap.Pack(b.series.Grid.Size, data, nil)
		if err != nil {
			t.Fatal(err)
		}
		direct, err := labelmap.Pack(b.series.Grid.Size, data, unsure)
		if err != nil {
			t.Fatal(err)
		}
		set := labelmap.Set{Delivered: packed, Direct: direct, Margin: 0.002}
		r.Files = append(r.Files, dicom.File{Name: inference.LabelsFile, Data: set.Encode()})
	}
	return r
}

// What the segmentations of two results say is what counting voxel by voxel says.
func TestResultsCountVoxels(t *testing.T) {
	b := newBench(t)
	want := b.result(t, b.balls(), false)
	rapid.Check(t, func(rt *rapid.T) {
		source := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		other := b.balls()
		for range rapid.IntRange(0, 400).Draw(rt, "changed") {
			other[source.IntN(len(other))] = uint8(source.IntN(3))
		}
		differ := uint64(0)
		var counts [3]labelmap.Overlap
		for n, w := range b.balls() {
			counts[w].Want++
			counts[other[n]].Got++
			if w == other[n] {
				counts[w].Common++
			} else {
				differ++
			}
		}
		got, err := Results(b.m, BoundsOf(b.m), want, b.result(t, other, false))
		if err != nil {
			rt.Fatal(err)
		}
		if dice := min(counts[1].Dice(), counts[2].Dice()); got.Mismatched != differ || got.Dice != dice {
			rt.Fatalf("%d voxels and a Dice of %v; counted %d and %v", got.Mismatched, got.Dice, differ, dice)
		}
		if (got.Dice < b.m.Tolerance.MinDice) != slices.ContainsFunc(got.Differences, func(d Difference) bool { return d.Kind == Structure }) {
			rt.Fatalf("a Dice of %v and %v", got.Dice, got.Differences)
		}
	})
}

func TestResults(t *testing.T) {
	b := newBench(t)
	ball := b.balls()
	want := b.result(t, ball, true)
	small := make([]uint8, len(ball)) // a structure of 12 voxels
	for n := range 12 {
		small[1000+n] = 1
	}
	smaller := slices.Clone(small)
	smaller[1000], smaller[1001] = 0, 0
	spare := BoundsOf(b.m)
	spare.Spare = 2
	margin := BoundsOf(b.m)
	margin.Margin = 0.002
	moved := slices.Clone(ball)
	moved[0], moved[1] = 1, 1 // the first one hung in the balance, the second did not
	spoilt := func(change func(*inference.Result)) inference.Result {
		r := b.result(t, ball, false)
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		bounds    Bounds
		want, got inference.Result
		differs   Kind
		fault     error
	}{
		"the same":                    {BoundsOf(b.m), want, want, "", nil},
		"one without labels":          {margin, want, b.result(t, ball, false), "", nil},
		"nothing found":               {BoundsOf(b.m), want, b.result(t, make([]uint8, len(ball)), false), Structure, nil},
		"nothing there":               {BoundsOf(b.m), b.result(t, make([]uint8, len(ball)), false), b.result(t, make([]uint8, len(ball)), false), "", nil},
		"a few voxels, none to spare": {BoundsOf(b.m), b.result(t, small, false), b.result(t, smaller, false), Structure, nil},
		"a few voxels to spare":       {spare, b.result(t, small, false), b.result(t, smaller, false), "", nil},
		"one where it was sure":       {margin, want, b.result(t, moved, true), Margin, nil},
		"another outcome": {BoundsOf(b.m), want, inference.Result{Findings: inference.Findings{Model: b.m.ID, Weights: b.m.Weights.SHA256,
			Outcome: inference.NotApplicable, Reason: "too small"}}, Outcome, nil},
		"another model":     {BoundsOf(b.m), want, spoilt(func(r *inference.Result) { r.Findings.Weights[0]++ }), "", ErrResult},
		"of another model":  {BoundsOf(b.m), spoilt(func(r *inference.Result) { r.Findings.Model = "other" }), want, "", ErrExpected},
		"no segmentation":   {BoundsOf(b.m), want, spoilt(func(r *inference.Result) { r.Files = nil }), "", ErrResult},
		"nothing to expect": {BoundsOf(b.m), spoilt(func(r *inference.Result) { r.Files = nil }), want, "", ErrExpected},
		"a cut segmentation": {BoundsOf(b.m), want, spoilt(func(r *inference.Result) { r.Files[0].Data = r.Files[0].Data[:len(r.Files[0].Data)-900] }),
			"", ErrResult},
		"labels that are none": {margin, want, spoilt(func(r *inference.Result) {
			r.Files = append(r.Files, dicom.File{Name: inference.LabelsFile, Data: []byte("labels")})
		}), "", ErrResult},
	} {
		got, err := Results(b.m, c.bounds, c.want, c.got)
		if c.fault != nil {
			if !errors.Is(err, c.fault) {
				t.Errorf("%s: %v; want %v", name, err, c.fault)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if c.differs == "" && len(got.Differences) > 0 || c.differs != "" && !slices.ContainsFunc(got.Differences, func(d Difference) bool { return d.Kind == c.differs }) {
			t.Errorf("%s: %v; want %q", name, Sentences(got.Differences), c.differs)
		}
	}
}

// Voxels to spare are also spared where extents and what is measured on them are held.
func TestSpareVoxelsCoverExtents(t *testing.T) {
	b := Bounds{Dice: 0.99, Value: 0.001, Spare: 8, FloorHU: 1}
	findings := func(voxels int, volume, hu float64) inference.Findings {
		return inference.Findings{Segments: []inference.Segment{{Label: 1, Name: "Lesion", VoxelCount: voxels}},
			Measurements: []inference.Measurement{{Kind: models.MeasureVolume, Label: 1, Value: volume}, {Kind: models.MeasureMeanHU, Label: 1, Value: hu}}}
	}
	for name, c := range map[string]struct {
		want, got inference.Findings
		agree     bool
	}{
		"eight of forty":       {findings(40, 0.040, -0.2), findings(48, 0.048, 0.7), true},
		"nine of forty":        {findings(40, 0.040, 0), findings(49, 0.049, 0), false},
		"another mean":         {findings(4000, 4, -0.2), findings(4000, 4, 0.9), false},
		"nothing and a few":    {findings(0, 0, 0), findings(8, 0.008, 0), true},
		"nothing and a lot":    {findings(0, 0, 0), findings(9, 0.009, 0), false},
		"large ones in Dice":   {findings(100_000, 100, 0), findings(101_900, 101.9, 0), true},
		"large ones out of it": {findings(100_000, 100, 0), findings(102_100, 102.1, 0), false},
	} {
		if found := Findings(b, c.want, c.got); (len(found) == 0) != c.agree {
			t.Errorf("%s: %q", name, Sentences(found))
		}
	}
}

// Whatever a stranger calls a segmentation, comparing it ends in an answer or an error.
func FuzzSegmentation(f *testing.F) {
	b := newBench(f)
	want := b.result(f, b.balls(), false)
	f.Add(want.Files[0].Data)
	f.Add([]byte(strings.Repeat("x", 200)))
	f.Fuzz(func(t *testing.T, seg []byte) {
		got := want
		got.Files = []dicom.File{{Name: inference.SegmentationFile, Data: seg}}
		a, err := Results(b.m, BoundsOf(b.m), want, got)
		if err != nil && !errors.Is(err, ErrResult) {
			t.Fatalf("the stranger's fault was laid on the expected result: %v", err)
		}
		if err == nil && bytes.Equal(seg, want.Files[0].Data) && a.Mismatched > 0 {
			t.Fatalf("equal segmentations differ in %d voxels", a.Mismatched)
		}
	})
}
