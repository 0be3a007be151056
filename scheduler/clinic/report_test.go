package clinic

import (
	"bytes"
	"encoding/json"
	"errors"
	"image"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/report"
	"github.com/medhive/medhive/models"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// measuring is packageFor's package with a volume that the model declares.
func measuring(t testing.TB, change func(*models.Manifest)) models.Package {
	t.Helper()
	pkg := packageFor(t, 2)
	pkg.Manifest.Measures = []models.Measure{
		{Kind: models.MeasureVolume, Label: 1, Unit: models.Code{Value: "ml", Scheme: "UCUM", Meaning: "milliliter"}},
		{Kind: models.MeasureVolume, Label: 2, Unit: models.Code{Value: "mm3", Scheme: "UCUM", Meaning: "cubic millimeter"}},
		{Kind: models.MeasureMeanHU, Label: 1, Unit: models.Code{Value: "[hnsf'U]", Scheme: "UCUM", Meaning: "Hounsfield unit"}},
	}
	if change != nil {
		change(&pkg.Manifest)
	}
	data, err := json.Marshal(pkg.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	if pkg, err = models.NewPackage(data, []byte("weights"), ""); err != nil {
		t.Fatal(err)
	}
	return pkg
}

// reported is answer with the report and the capture that an honest node adds.
func reported(t testing.TB, payload []byte, pkg models.Package) inference.Result {
	t.Helper()
	result := answer(t, payload, pkg)
	for _, w := range pkg.Manifest.Measures {
		value := -12.25
		if w.Kind == models.MeasureVolume {
			value = w.InUnit(result.Findings.Segments[w.Label-1].VolumeML)
		}
		result.Findings.Measurements = append(result.Findings.Measurements, inference.Measurement{Kind: w.Kind, Code: w.Concept(), Unit: w.Unit, Label: w.Label, Value: value})
	}
	return speaking(t, payload, pkg, result)
}

// speaking adds to a result the objects that say what its findings say.
func speaking(t testing.TB, payload []byte, pkg models.Package, result inference.Result) inference.Result {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR", MinSlices: 2, MaxSpacingMM: 100}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	options := report.Options{Seed: models.DigestOf(payload), Now: stamp(), SoftwareVersion: "test"}
	var segmentation report.Reference
	if len(result.Findings.Segments) > 0 {
		segmentation = options.Segmentation()
		canvas := image.NewRGBA(image.Rect(0, 0, 600, 300))
		sc, err := report.SecondaryCapture(report.SeriesSource(series), canvas, pkg.Manifest, options)
		if err != nil {
			t.Fatal(err)
		}
		result.Files = append(result.Files, dcm.File{Name: captureFile, Data: sc})
	}
	sr, err := report.StructuredReport(report.SeriesSource(series), segmentation, contentsOf(result.Findings, pkg.Manifest, false), pkg.Manifest, options)
	if err != nil {
		t.Fatal(err)
	}
	result.Files = append(result.Files, dcm.File{Name: reportFile, Data: sr})
	return result
}

func fileNamed(t testing.TB, result inference.Result, name string) *dcm.File {
	t.Helper()
	for n := range result.Files {
		if result.Files[n].Name == name {
			return &result.Files[n]
		}
	}
	t.Fatalf("the result has no %s", name)
	return nil
}

func TestReportAndCaptureHaveTheClinicsIdentity(t *testing.T) {
	d, pkg := newDoor(t).WithNamespaces(Namespaces{Patient: "urn:oid:1.2.3.99"}), measuring(t, nil)
	study := takeIn(t, smallStudy, pkg)
	ready := prepare(t, d, study, pkg)
	files := restored(t, d, ready.Task, reported(t, ready.Payload, pkg))
	if len(files) != 7 {
		t.Fatalf("got %d files, want seven", len(files))
	}
	source := imagesOf(study)[0]
	inUTF8, err := dcm.Encode(source.Dataset, source.Pixels)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{segmentationFile, reportFile, captureFile, documentFile} {
		object := parsed(t, files[name])
		for _, tg := range []tag.Tag{tag.PatientName, tag.PatientID, tag.PatientBirthDate, tag.AccessionNumber, tag.StudyDescription, tag.StudyInstanceUID} {
			if want := source.String(tg); object.String(tg) != want || want == "" {
				t.Errorf("%s: %v is %q, in the source it is %q", name, tg, object.String(tg), want)
			}
		}
		if object.Element(tag.PatientIdentityRemoved) != nil || !strings.HasSuffix(object.String(tag.SeriesDescription), report.Warning) {
			t.Errorf("%s still says that it is de-identified, or lacks the warning", name)
		}
		conforms(t, files[name])
		sameStudy(t, files[name], inUTF8)
		if name != segmentationFile {
			sameStudy(t, files[name], files[segmentationFile])
		}
	}
	sr := parsed(t, files[reportFile])
	evidence := sr.Sequence(tag.CurrentRequestedProcedureEvidenceSequence)
	series := dcm.Items(find(evidence[0], tag.ReferencedSeriesSequence))
	if len(series) != 2 || first(series[0], tag.SeriesInstanceUID) != study.SeriesUID {
		t.Fatal("the evidence does not lead back to the source and the segmentation")
	}
	var own, back []string
	for n, item := range dcm.Items(find(series[0], tag.ReferencedSOPSequence)) {
		own = append(own, imagesOf(study)[n].String(tag.SOPInstanceUID))
		back = append(back, first(item, tag.ReferencedSOPInstanceUID))
	}
	if slices.Sort(own); len(back) != study.Slices() {
		t.Errorf("%d slices are referenced, %d were sent", len(back), study.Slices())
	}
	if slices.Sort(back); !slices.Equal(own, back) {
		t.Error("the references to the slices don't lead back")
	}
	referenced := dcm.Items(find(series[1], tag.ReferencedSOPSequence))
	if first(referenced[0], tag.ReferencedSOPInstanceUID) != parsed(t, files[segmentationFile]).String(tag.SOPInstanceUID) {
		t.Error("the report refers to another segmentation")
	}
	if sourceUIDs := bytes.Count(files[reportFile], []byte(study.SeriesUID)); sourceUIDs != 3 { // evidence and two groups
		t.Errorf("the source series is named %d times in the report", sourceUIDs)
	}
	record := string(files[recordFile])
	for _, want := range []string{"urn:oid:" + study.StudyUID, source.String(tag.PatientID), "urn:oid:1.2.3.99", report.Warning, "Attenuation Coefficient", `"preliminary"`, "2026-01-02T03:04:05"} {
		if !strings.Contains(record, want) {
			t.Errorf("the FHIR bundle lacks %q", want)
		}
	}
	if strings.Contains(record, strings.Split(source.String(tag.PatientName), "^")[0]) {
		t.Error("the FHIR bundle names the patient, it should identify only")
	}
}

// The clinic's own bundle tells the volumes also where the model declares none.
func TestBundleTellsVolumesOfEverySegmentation(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	files := restored(t, d, ready.Task, answer(t, ready.Payload, pkg))
	if n := strings.Count(string(files[recordFile]), `"Observation"`); n != 2 {
		t.Errorf("%d observations, want one of each structure", n)
	}
}

func TestExplicitFailuresAreDelivered(t *testing.T) {
	for outcome, code := range map[string]string{inference.Failed: "111224", inference.NotApplicable: "111225"} {
		d, pkg := newDoor(t), measuring(t, nil)
		ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
		files, err := dcm.ReadTar(bytes.NewReader(ready.Payload), dcm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		result := answer(t, ready.Payload, pkg)
		result.Files, result.Findings.Segments = nil, nil
		result.Findings.Outcome, result.Findings.Reason = outcome, "no brain in "+files[0].Name
		result = speaking(t, ready.Payload, pkg, result)
		delivered := restored(t, d, ready.Task, result)
		if len(delivered) != 4 {
			t.Errorf("%s: %d files", outcome, len(delivered))
		}
		conforms(t, delivered[reportFile])
		conforms(t, delivered[documentFile])
		if !bytes.Contains(delivered[reportFile], []byte(code)) || !bytes.Contains(delivered[recordFile], []byte(`"cancelled"`)) || !bytes.Contains(delivered[recordFile], []byte("no brain in")) {
			t.Errorf("%s is not said in the report and the bundle", outcome)
		}
		spoilt := answer(t, ready.Payload, pkg)
		spoilt.Findings.Outcome, spoilt.Findings.Reason = outcome, "but see the segmentation"
		if _, err := d.Restore(t.Context(), ready.Task, spoilt, stamp()); !refused(err) {
			t.Errorf("%s with a segmentation: got %v", outcome, err)
		}
	}
}

func TestClassesAreDeliveredInAReport(t *testing.T) {
	nodule := &models.Code{Value: "27925004", Scheme: "SCT", Meaning: "Nodule"}
	d, pkg := newDoor(t), measuring(t, func(m *models.Manifest) {
		m.Task, m.Measures, m.Labels, m.Example = models.Classification, nil, nil, nil
		m.Classes = []models.Class{{Name: "Nodule", Code: nodule, Threshold: 0.5}, {Name: "None"}}
		m.Output.Type, m.Output.Shape = "float32", []int64{1, 2}
		m.Postprocess = []models.Step{{Op: "softmax"}}
	})
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	series := answerSeries(t, ready.Payload)
	honest := func() inference.Result {
		return inference.Result{Findings: inference.Findings{Model: pkg.Manifest.ID, Version: pkg.Manifest.Version, Weights: pkg.Manifest.Weights.SHA256, Provider: "cpu", Runtime: "1.30.0", SeriesUID: series,
			Probabilities: []inference.Probability{{Name: "Nodule", Code: nodule, Value: 0.75}, {Name: "None", Value: 0.25}}}}
	}
	files := restored(t, d, ready.Task, speaking(t, ready.Payload, pkg, honest()))
	conforms(t, files[reportFile])
	if !bytes.Contains(files[reportFile], []byte("52101004")) || !bytes.Contains(files[recordFile], []byte("Certainty of Finding: Nodule")) {
		t.Error("the class is not reported as present")
	}
	for name, spoil := range map[string]func(*inference.Findings){
		"another class": func(f *inference.Findings) { f.Probabilities[0].Name = "Mass" },
		"another code": func(f *inference.Findings) {
			f.Probabilities[0].Code = &models.Code{Value: "1", Scheme: "SCT", Meaning: "x"}
		},
		"a class missing":   func(f *inference.Findings) { f.Probabilities = f.Probabilities[:1] },
		"an undeclared box": func(f *inference.Findings) { f.Boxes = []inference.Box{{Name: "Nodule", Score: 1}} },
		"a measurement": func(f *inference.Findings) {
			f.Measurements = []inference.Measurement{{Kind: "value", Code: *nodule, Unit: *nodule, Value: 1}}
		},
		"more than certain":  func(f *inference.Findings) { f.Probabilities[0].Value = 1.5 },
		"an unknown outcome": func(f *inference.Findings) { f.Outcome = "partial" },
		"a reason":           func(f *inference.Findings) { f.Reason = "well" },
	} {
		t.Run(name, func(t *testing.T) {
			result := speaking(t, ready.Payload, pkg, honest())
			spoil(&result.Findings)
			if _, err := d.Restore(t.Context(), ready.Task, result, stamp()); !refused(err) {
				t.Errorf("got %v, want a refusal", err)
			}
		})
	}
	result := speaking(t, ready.Payload, pkg, honest())
	result.Findings.Probabilities[0].Value, result.Findings.Probabilities[1].Value = 0.25, 0.75
	refusedFor(t, d, ready.Task, result, "does not say what the findings say")
}

func answerSeries(t testing.TB, payload []byte) string {
	t.Helper()
	files, err := dcm.ReadTar(bytes.NewReader(payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, files[0].Data).String(tag.SeriesInstanceUID)
}

func TestFiguresThatTheModelDoesNotDeclareAreRefused(t *testing.T) {
	d, pkg := newDoor(t), measuring(t, nil)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	for name, spoil := range map[string]func([]inference.Measurement) []inference.Measurement{
		"a false volume":  func(m []inference.Measurement) []inference.Measurement { m[0].Value *= 1.002; return m },
		"another unit":    func(m []inference.Measurement) []inference.Measurement { m[0].Unit.Value = "l"; return m },
		"another label":   func(m []inference.Measurement) []inference.Measurement { m[0].Label = 2; return m },
		"another kind":    func(m []inference.Measurement) []inference.Measurement { m[0].Kind = "value"; return m },
		"another concept": func(m []inference.Measurement) []inference.Measurement { m[2].Code.Meaning = "Tumour"; return m },
		"one twice":       func(m []inference.Measurement) []inference.Measurement { return append(m, m[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			result := reported(t, ready.Payload, pkg)
			result.Findings.Measurements = spoil(slices.Clone(result.Findings.Measurements))
			refusedFor(t, d, ready.Task, result, "does not declare")
		})
	}
	t.Run("the report says otherwise", func(t *testing.T) {
		result := reported(t, ready.Payload, pkg)
		result.Findings.Measurements[2].Value++ // not counted by the clinic, but the report has the old value
		refusedFor(t, d, ready.Task, result, "does not say what the findings say")
	})
}

// A node may report the volumes of its segments unasked; they must be the counted ones.
func TestUndeclaredVolumesMayBeReported(t *testing.T) {
	d, pkg := newDoor(t), packageFor(t, 2)
	ready := prepare(t, d, takeIn(t, smallStudy, pkg), pkg)
	files, err := dcm.ReadTar(bytes.NewReader(ready.Payload), dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	series, err := dcm.ReadSeries(files, dcm.Selection{Modality: "MR"}, dcm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	result := answer(t, ready.Payload, pkg)
	options := report.Options{Seed: models.DigestOf(ready.Payload), Now: stamp(), SoftwareVersion: "test"}
	contents := contentsOf(result.Findings, pkg.Manifest, true)
	for want, factor := range map[string]float64{"": 1, "does not say what the findings say": 1.01} {
		contents.Measurements[0].Value *= factor
		sr, err := report.StructuredReport(report.SeriesSource(series), options.Segmentation(), contents, pkg.Manifest, options)
		if err != nil {
			t.Fatal(err)
		}
		told := result
		told.Files = append(slices.Clone(result.Files), dcm.File{Name: reportFile, Data: sr})
		contents.Measurements[0].Value /= factor
		if want != "" {
			refusedFor(t, d, ready.Task, told, want)
			continue
		}
		if files := restored(t, d, ready.Task, told); !bytes.Contains(files[reportFile], []byte("118565006")) {
			t.Error("the delivered report does not tell the volumes")
		}
	}
}

// A task that ended without a result leaves a notice, until there is one.
func TestNoticeStandsUntilThereIsAResult(t *testing.T) {
	d, pkg := newDoor(t), measuring(t, nil)
	study := takeIn(t, smallStudy, pkg)
	ready := prepare(t, d, study, pkg)
	notice, err := d.Notice(pkg, ready.Task, "expired: no node bid\x1b[2J")
	if err != nil {
		t.Fatal(err)
	}
	inUTF8, err := dcm.Encode(imagesOf(study)[0].Dataset, imagesOf(study)[0].Pixels)
	if err != nil {
		t.Fatal(err)
	}
	conforms(t, notice[0].Data)
	sameStudy(t, notice[0].Data, inUTF8)
	for _, f := range notice {
		if !bytes.Contains(f.Data, []byte("no node bid")) || bytes.Contains(f.Data, []byte("\x1b")) {
			t.Errorf("%s does not give the reason, or gives more", f.Name)
		}
	}
	out := t.TempDir()
	delivery, err := NewDelivery(d.vault, out)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second replaces the first
		folder, err := delivery.Notify(ready.Task, notice)
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(folder); err != nil || len(entries) != 2 {
			t.Errorf("%d files are in the notice (%v)", len(entries), err)
		}
	}
	files, err := d.Restore(t.Context(), ready.Task, reported(t, ready.Payload, pkg), stamp())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := delivery.Deliver(ready.Task, files); err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 {
		t.Errorf("beside the result there are %d entries (%v)", len(entries)-1, err)
	}
	if _, err := delivery.Notify(ready.Task, notice); !errors.Is(err, ErrOtherResult) {
		t.Errorf("a notice beside a result: got %v", err)
	}
}
