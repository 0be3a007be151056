package report

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

func volumeCode() models.Code {
	return models.Code{Value: "118565006", Scheme: "SCT", Meaning: "Volume"}
}

func millilitre() models.Code {
	return models.Code{Value: "ml", Scheme: "UCUM", Meaning: "milliliter"}
}

// keep writes a file where a validator finds it: below MEDHIVE_KEEP if that is set,
// for those that are run by hand.
func keep(t *testing.T, name string, data []byte) string {
	t.Helper()
	folder := os.Getenv("MEDHIVE_KEEP")
	if folder == "" {
		folder = t.TempDir()
	}
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// conforms runs dciodvfy.
func conforms(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command(tool(t, "dciodvfy", "dicom3tools"), path).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("Error")) {
		t.Errorf("dciodvfy: %v\n%s", err, out)
	}
}

// consistent runs dcentvfy: objects must agree on patient, study and frame of reference.
func consistent(t *testing.T, paths ...string) {
	t.Helper()
	dciodvfy, err := filepath.EvalSymlinks(tool(t, "dciodvfy", "dicom3tools")) // its sister lies beside it
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(filepath.Join(filepath.Dir(dciodvfy), "dcentvfy"), paths...).CombinedOutput()
	if err != nil || bytes.Contains(out, []byte("Error")) {
		t.Errorf("dcentvfy: %v\n%s", err, out)
	}
}

func volumes() Contents {
	return Contents{Measurements: []Measurement{
		{Concept: volumeCode(), Unit: millilitre(), Segment: 1, SegmentName: "White matter", Value: 512.25},
		{Concept: volumeCode(), Unit: millilitre(), Segment: 2, SegmentName: "Grey matter", Value: 700.125},
	}}
}

// regression states figures of the whole image.
func regression() Contents {
	return Contents{Measurements: []Measurement{
		{Concept: models.Code{Value: "397669002", Scheme: "SCT", Meaning: "Age"}, Unit: models.Code{Value: "a", Scheme: "UCUM", Meaning: "year"}, SegmentName: "Brain age", Value: 1.0 / 3},
		{Concept: dcm("112031", "Attenuation Coefficient"), Unit: models.Code{Value: "[hnsf'U]", Scheme: "UCUM", Meaning: "Hounsfield unit"}, Value: -812.5},
	}}
}

func TestReports(t *testing.T) {
	series, _ := readStudy(t, testdata.SmallStudy())
	src := SeriesSource(series)
	detection := manifest()
	detection.Classes = []models.Class{{Name: "Nodule", Code: &models.Code{Value: "27925004", Scheme: "SCT", Meaning: "Nodule"}, Threshold: 0.5}}
	for name, c := range map[string]struct {
		segmented bool
		contents  Contents
		m         models.Manifest
	}{
		"volumes":        {true, volumes(), manifest()},
		"values":         {false, regression(), manifest()},
		"unmeasured":     {true, Contents{}, manifest()},
		"long-codes":     {true, Contents{Measurements: []Measurement{{Concept: models.Code{Value: "low-attenuation-share", Scheme: "99MEDHIVE", Meaning: "low-attenuation-share"}, Unit: percent(), Segment: 1, Value: 7}}}, manifest()},
		"nothing":        {false, Contents{}, manifest()},
		"failed":         {false, Contents{Outcome: Failed, Reason: "the model gave label 9"}, manifest()},
		"not-applicable": {false, Contents{Outcome: NotApplicable, Reason: ` no MR image series in C:\study `}, manifest()},
		"classes": {false, Contents{Probabilities: []Probability{
			{Name: "Nodule", Code: detection.Classes[0].Code, Value: 0.75}, {Name: "No finding", Value: 0.25},
		}}, detection},
		"boxes": {false, Contents{Boxes: []Box{{Name: "Nodule", Score: 0.9, Min: [3]float64{-10, -20, 30}, Max: [3]float64{-5, -10, 42}}}}, detection},
	} {
		t.Run(name, func(t *testing.T) {
			var reference Reference
			if c.segmented {
				reference = options().Segmentation()
			}
			data, err := StructuredReport(src, reference, c.contents, c.m, options())
			if err != nil {
				t.Fatal(err)
			}
			conforms(t, keep(t, "sr-"+name+".dcm", data))
			object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadStatement(object.Dataset.Elements, c.m)
			if err != nil {
				t.Fatal(err)
			}
			want, err := c.contents.State(c.m, c.segmented)
			if err != nil {
				t.Fatal(err)
			}
			if err := want.Agrees(got); err != nil {
				t.Errorf("%v\nwant %+v\ngot  %+v", err, want, got)
			}
		})
	}
}

// Reports and their statements are the same for any figures.
func TestStatementsComeBackAsTheyWere(t *testing.T) {
	series, _ := readStudy(t, testdata.SmallStudy())
	src := SeriesSource(series)
	m := manifest()
	m.Classes = []models.Class{{Name: "A"}, {Name: "B", Code: &models.Code{Value: "27925004", Scheme: "SCT", Meaning: "Nodule"}, Threshold: 0.5}}
	rapid.Check(t, func(rt *rapid.T) {
		unit := rapid.SampledFrom([]models.Code{millilitre(), percent()})
		c := Contents{
			Measurements: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Measurement {
				return Measurement{Concept: volumeCode(), Unit: unit.Draw(rt, "unit"), Segment: rapid.Uint8Range(0, 2).Draw(rt, "segment"), Value: rapid.Float64Range(-1e12, 1e12).Draw(rt, "value")}
			}), 0, 6).Draw(rt, "measurements"),
			Probabilities: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Probability {
				class := rapid.SampledFrom(m.Classes).Draw(rt, "class")
				return Probability{Name: class.Name, Code: class.Code, Value: rapid.Float64Range(0, 1).Draw(rt, "value")}
			}), 0, 4).Draw(rt, "probabilities"),
			Boxes: rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) Box {
				box := Box{Name: "A", Score: rapid.Float64Range(0, 1).Draw(rt, "score")}
				for axis := range 3 {
					box.Min[axis] = rapid.Float64Range(-1000, 1000).Draw(rt, "min")
					box.Max[axis] = box.Min[axis] + rapid.Float64Range(0, 500).Draw(rt, "extent")
				}
				return box
			}), 0, 4).Draw(rt, "boxes"),
		}
		segmented := rapid.Bool().Draw(rt, "segmented")
		var reference Reference
		if segmented {
			reference = options().Segmentation()
		}
		data, err := StructuredReport(src, reference, c, m, options())
		if err != nil {
			rt.Fatal(err)
		}
		object, err := dicom.Parse(dicom.File{Data: data}, dicom.DefaultLimits())
		if err != nil {
			rt.Fatal(err)
		}
		got, err := ReadStatement(object.Dataset.Elements, m)
		if err != nil {
			rt.Fatal(err)
		}
		want, err := c.State(m, segmented)
		if err != nil {
			rt.Fatal(err)
		}
		if err := want.Agrees(got); err != nil {
			rt.Fatal(err)
		}
	})
}

func TestContentsThatCannotBeAreRefused(t *testing.T) {
	series, _ := readStudy(t, testdata.SmallStudy())
	nan := math.NaN()
	for name, c := range map[string]Contents{
		"another outcome":        {Outcome: "partial"},
		"a failure with figures": {Outcome: Failed, Measurements: volumes().Measurements},
		"a reason for success":   {Reason: "well"},
		"an unknown label":       {Measurements: []Measurement{{Concept: volumeCode(), Unit: millilitre(), Segment: 9, Value: 1}}},
		"no number":              {Measurements: []Measurement{{Concept: volumeCode(), Unit: millilitre(), Segment: 1, Value: nan}}},
		"no unit":                {Measurements: []Measurement{{Concept: volumeCode(), Segment: 1, Value: 1}}},
		"more than certain":      {Probabilities: []Probability{{Name: "A", Value: 1.01}}},
		"a class without a name": {Probabilities: []Probability{{Value: 0.5}}},
		"a box inside out":       {Boxes: []Box{{Name: "A", Score: 1, Min: [3]float64{1, 0, 0}}}},
		"a box without an end":   {Boxes: []Box{{Name: "A", Score: 1, Max: [3]float64{1, math.Inf(1), 0}}}},
		"too much":               {Boxes: make([]Box, maxItems+1)},
	} {
		if _, err := StructuredReport(SeriesSource(series), Reference{}, c, manifest(), options()); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := StructuredReport(SeriesSource(series), Reference{InstanceUID: "2.25.1"}, Contents{}, manifest(), options()); err == nil {
		t.Error("half a reference was taken")
	}
	if _, err := StructuredReport(Source{}, Reference{}, Contents{}, manifest(), options()); err == nil {
		t.Error("no source was taken")
	}
	if _, err := StructuredReport(SeriesSource(series), Reference{}, Contents{}, manifest(), Options{}); err == nil {
		t.Error("no options were taken")
	}
}

// The same study and model give the same objects, each under UIDs of its own.
func TestReportsAreTheSameEachTime(t *testing.T) {
	series, _ := readStudy(t, testdata.SmallStudy())
	write := func() []byte {
		data, err := StructuredReport(SeriesSource(series), options().Segmentation(), volumes(), manifest(), options())
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	if !bytes.Equal(write(), write()) {
		t.Error("the same result twice gives different bytes")
	}
	reference := options().Segmentation()
	if next := options().uids(kindStructured); next() == reference.SeriesUID || next() == reference.InstanceUID {
		t.Error("the report has a UID of the segmentation")
	}
}

func BenchmarkStructuredReport(b *testing.B) {
	series, _ := readStudy(b, testdata.T1Study())
	for b.Loop() {
		if _, err := StructuredReport(SeriesSource(series), options().Segmentation(), volumes(), manifest(), options()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSecondaryCapture(b *testing.B) {
	series, img := readStudy(b, testdata.T1Study())
	picture, err := Draw(img, mapped(b, img), manifest())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := SecondaryCapture(SeriesSource(series), picture, manifest(), options()); err != nil {
			b.Fatal(err)
		}
	}
}
