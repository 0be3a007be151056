package agent

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/testdata"
)

// A study that the model makes nothing of is no example of it.
func TestExampleWithoutFindings(t *testing.T) {
	dir := t.TempDir()
	folder := twin(t, dir, "twin", "1.0.0", func(m *models.Manifest, _ *inference.Findings) {
		m.Example = nil
		m.Preprocess = append([]models.Step(nil), m.Preprocess...)
		for n := range m.Preprocess {
			if m.Preprocess[n].Op == "crop-foreground" {
				m.Preprocess[n].Above = 2 // of values up to 1: nothing is left
			}
		}
	})
	study := filepath.Join(dir, "study.zip")
	if err := os.WriteFile(study, testdata.SmallStudy(), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(folder, models.ManifestFile))
	if err != nil {
		t.Fatal(err)
	}
	_, err = MakeExample(t.Context(), folder, study, "", ModelBench{})
	if err == nil || !strings.Contains(err.Error(), inference.NotApplicable) || !strings.Contains(err.Error(), "choose a study") {
		t.Errorf("made an example: %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(folder, models.ManifestFile)); err != nil || string(after) != string(before) {
		t.Errorf("%v: the manifest changed to %s", err, after)
	}
}
