package agent

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/models/draft"
	"github.com/medhive/medhive/testdata"
)

// envThirdParty names the folder with the MeshNets of neuroneural/brainchop (MIT) as ONNX.
const envThirdParty = "MEDHIVE_TEST_MODELS"

// thirdParty is a model that MedHive's authors did not make, and what a person who read its
// source fills in.
type thirdParty struct {
	file      string
	normalise models.Step
	labels    []string // background first
	memory    int64
}

// numbered names structures by the value that the graph gives them.
func numbered(n int) []string {
	names := []string{"Background"}
	for value := 1; value < n; value++ {
		names = append(names, fmt.Sprintf("Structure %d", value))
	}
	return names
}

func thirdParties() []thirdParty {
	minMax := models.Step{Op: "normalise", Kind: "min-max"}
	tissue := []string{"Background", "White matter", "Grey matter"}
	return []thirdParty{
		{"meshnet-gwm-5ch.onnx", minMax, tissue, 2 << 30},
		{"meshnet-gwm-11ch.onnx", minMax, tissue, 3 << 30},
		{"meshnet-subcortical-18cls.onnx", models.Step{Op: "normalise", Kind: "percentile", Low: 5, High: 95}, numbered(18), 4 << 30},
	}
}

// complete does what TODO.md asks a person for.
func (p thirdParty) complete(t *testing.T, folder string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, draft.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := models.ParseManifest(text); err == nil {
		t.Error("the draft is a manifest without a person having seen it")
	}
	var m models.Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	m.IntendedUse, m.Limits = "Tests of importing somebody else's model.", []string{"Not a medical device."}
	m.Selection.MinSlices, m.Selection.MaxSpacingMM = 20, 3
	m.Preprocess = []models.Step{{Op: "orient", To: "AIL"}, {Op: "resample", SpacingMM: [3]float64{1, 1, 1}, Kernel: "linear"}, p.normalise}
	m.Postprocess = []models.Step{{Op: "argmax"}}
	for value, name := range p.labels {
		l := models.Label{Value: uint8(value), Name: name}
		if value > 0 {
			l.Category = &models.Code{Value: "123037004", Scheme: "SCT", Meaning: "Anatomical Structure"}
			l.Type = &models.Code{Value: fmt.Sprint(value), Scheme: "99TEST", Meaning: name}
			l.Color = [3]byte{byte(13 * value), byte(255 - 13*value), 128}
		}
		m.Labels = append(m.Labels, l)
	}
	m.AllowedAttrs = []string{"Modality", "PixelData", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient", "Rows", "Columns",
		"BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SamplesPerPixel", "PhotometricInterpretation", "RescaleSlope", "RescaleIntercept"}
	m.Tolerance = models.Tolerance{MinDice: 0.99, MaxLabelMargin: 0.002}
	m.Requirements.MemoryBytes = p.memory
	if err := writeManifest(filepath.Join(folder, models.ManifestFile), m); err != nil {
		t.Fatal(err)
	}
	card := "# " + m.Title + "\n\n**NOT FOR CLINICAL USE.** Weights of neuroneural/brainchop (MIT), for tests of importing.\n"
	if err := os.WriteFile(filepath.Join(folder, models.CardFile), []byte(card), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, done := range []string{draft.ManifestFile, draft.TodoFile} {
		if err := os.Remove(filepath.Join(folder, done)); err != nil {
			t.Fatal(err)
		}
	}
}

// Models that the project never saw take the whole way of a publisher and of a node:
// import, a completed manifest, an example, a signature; fetch, verification, validation.
func TestNeedsThirdPartyModels(t *testing.T) {
	folder := os.Getenv(envThirdParty)
	if folder == "" {
		t.Logf("needs third-party models: name their folder in $%s", envThirdParty)
		return
	}
	study := filepath.Join(t.TempDir(), "study.zip")
	if err := os.WriteFile(study, testdata.SmallStudy(), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range thirdParties() {
		id := draft.IDFrom(strings.TrimSuffix(p.file, ".onnx"))
		t.Run(id, func(t *testing.T) {
			publisher, node, source := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), id)
			d, err := ImportModel(filepath.Join(folder, p.file), source, draft.Facts{ID: id, Version: "1.0.0", Title: "Third party", License: "MIT", Modality: "MR"})
			if err != nil || len(d.Todo) == 0 {
				t.Fatalf("import: %v, %d points to complete", err, len(d.Todo))
			}
			p.complete(t, source)
			e, err := MakeExample(t.Context(), source, study, "", ModelBench{})
			if err != nil {
				t.Fatal(err)
			}
			var voxels int
			for _, s := range e.Findings.Segments {
				voxels += s.VoxelCount
			}
			if voxels == 0 || e.Findings.Outcome != "" && e.Findings.Outcome != inference.Completed {
				t.Errorf("the example holds nothing: %+v", e.Findings)
			}
			signed, err := SignModel(publisher, source, "")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := FetchModel(t.Context(), ModelFetch{Home: node, Ref: source}); err == nil || !strings.Contains(err.Error(), "is not trusted here") {
				t.Errorf("a stranger's signature: %v", err)
			}
			got, err := FetchModel(t.Context(), ModelFetch{Home: node, Ref: source, Digest: signed.Package})
			if err != nil {
				t.Fatal(err)
			}
			if c, err := VerifyModel(node, got.Digest.String()); err != nil || !c.Signed {
				t.Errorf("verify: %v %+v", err, c)
			}
			verdicts, err := ValidateModel(t.Context(), node, id, []string{"cpu"}, ModelBench{}, func(string) {})
			if err != nil || len(verdicts) != 1 || !strings.Contains(verdicts[0].Detail, "voxel by voxel") || !strings.Contains(verdicts[0].Detail, "none of them where the scores were") {
				t.Fatalf("validate: %v %+v", err, verdicts)
			}
			t.Logf("%d voxels in %d structures; example in %v; validated in %v: %s", voxels, len(e.Findings.Segments), e.Took, verdicts[0].Took, verdicts[0].Detail)
		})
	}
}
