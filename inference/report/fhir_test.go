package report

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

func chart() Chart {
	return Chart{
		Seed: models.DigestOf([]byte("a task")), StudyUID: "1.2.3.4", StudyDate: "20260301",
		PatientID: "P-1", PatientSystem: "urn:oid:1.2.3.99", AccessionNumber: "A-7",
		Issued: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC),
	}
}

// checks runs the foreign readers over files and returns what they print.
func checks(t *testing.T, paths ...string) map[string]map[string]any {
	t.Helper()
	script := filepath.Join("..", "..", "packaging", "checks", "read.js")
	var out, faults bytes.Buffer
	cmd := exec.Command(tool(t, "node", "nodejs"), append([]string{script}, paths...)...)
	cmd.Stdout, cmd.Stderr = &out, &faults
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: run packaging/checks/install.sh if a module is missing\n%s", err, faults.String())
	}
	var seen map[string]map[string]any
	if err := json.Unmarshal(out.Bytes(), &seen); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return seen
}

func TestBundlesAreValidFHIR(t *testing.T) {
	classes := manifest()
	classes.Classes = []models.Class{{Name: "Nodule", Code: &models.Code{Value: "27925004", Scheme: "SCT", Meaning: "Nodule"}}}
	anonymous := chart()
	anonymous.PatientID, anonymous.AccessionNumber, anonymous.StudyDate, anonymous.Issued = "", "", "", time.Time{}
	var paths []string
	count := map[string]int{}
	for name, c := range map[string]struct {
		chart    Chart
		contents Contents
		results  int
	}{
		"volumes":        {chart(), volumes(), 2},
		"values":         {chart(), regression(), 2},
		"classes":        {chart(), Contents{Probabilities: []Probability{{Name: "Nodule", Code: classes.Classes[0].Code, Value: 0.75}, {Name: "No finding", Value: 0.25}}}, 2},
		"boxes":          {chart(), Contents{Boxes: []Box{{Name: "Nodule", Score: 0.9, Max: [3]float64{1, 2, 3}}}}, 1},
		"failed":         {chart(), Contents{Outcome: Failed, Reason: "<the> model gave label 9"}, 1},
		"not-applicable": {chart(), Contents{Outcome: NotApplicable, Reason: "no MR image series"}, 1},
		"nothing":        {chart(), Contents{}, 0},
		"anonymous":      {anonymous, volumes(), 2},
	} {
		data, err := FHIR(c.chart, c.contents, classes)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := FHIR(c.chart, c.contents, classes)
		if err != nil || !bytes.Equal(data, again) {
			t.Errorf("%s: the same result twice gives different bytes (%v)", name, err)
		}
		if !bytes.Contains(data, []byte(Warning)) || bytes.Contains(data, []byte("P-1")) != (c.chart.PatientID != "") {
			t.Errorf("%s: the warning or the patient's identifier is not as it should be", name)
		}
		paths = append(paths, keep(t, name+".json", data))
		count[name+".json"] = c.results
	}
	for name, seen := range checks(t, paths...) {
		resources := seen["resources"].([]any)
		if len(resources) != count[name]+2 || resources[0] != "DiagnosticReport" || resources[len(resources)-1] != "Device" {
			t.Errorf("%s holds %v", name, resources)
		}
		for _, w := range seen["warnings"].([]any) {
			// The validator has no copy of SNOMED CT, LOINC and DICOM to look a code up in.
			if text := w.(string); !strings.Contains(text, "could not be found") && !strings.Contains(text, "not found in value set") {
				t.Errorf("%s: %v", name, w)
			}
		}
	}
}

func TestOtherReadersSeeWhatWasWritten(t *testing.T) {
	series, img := readStudy(t, testdata.SmallStudy())
	labels := mapped(t, img)
	src := SeriesSource(series)
	seg, err := Segmentation(series, labels, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	sr, err := StructuredReport(src, options().Segmentation(), volumes(), manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	picture, err := Draw(img, labels, manifest())
	if err != nil {
		t.Fatal(err)
	}
	sc, err := SecondaryCapture(src, picture, manifest(), options())
	if err != nil {
		t.Fatal(err)
	}
	paths := []string{keep(t, "seg.dcm", seg), keep(t, "sr.dcm", sr), keep(t, "sc.dcm", sc)}
	for _, path := range paths {
		conforms(t, path)
	}
	consistent(t, paths...)
	seen := checks(t, paths...)
	counts := count(labels)
	if got := seen["seg.dcm"]; got["voxels"] != float64(counts[1]+counts[2]) || len(got["segments"].([]any)) != 2 {
		t.Errorf("dcmjs reads %v voxels of %v, want %d", got["voxels"], got["segments"], counts[1]+counts[2])
	}
	if name := seen["sr.dcm"]["patient"]; name != series.Instances[0].Object.String(tag.PatientName) {
		t.Errorf("dcmjs reads the patient's name as %v", name)
	}
	figures := map[float64]bool{}
	warned := false
	for _, item := range seen["sr.dcm"]["content"].([]any) {
		fields := item.(map[string]any)
		if v, ok := fields["value"].(float64); ok {
			figures[v] = fields["unit"] == "ml"
		}
		warned = warned || fields["value"] == Warning
	}
	if !figures[512.25] || !figures[700.125] || !warned {
		t.Errorf("dcmjs reads %v", seen["sr.dcm"]["content"])
	}
	if text, _ := seen["sc.dcm"]["description"].(string); !strings.Contains(text, Warning) {
		t.Errorf("dcmjs reads the description %q", text)
	}
}
