package runner_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/models/labelmap"
	"github.com/medhive/medhive/testdata/vulkan"
)

const webgpu = "webgpu"

// softwareGPU gives children of this test a graphics processor in software, which `make
// test-tools` brings, and says whether there is one.
func softwareGPU(t *testing.T) bool {
	t.Helper()
	environment := vulkan.Environment(t)
	for name, value := range environment {
		t.Setenv(name, value)
	}
	return environment != nil
}

// A second real provider: a model gives the same there as on the CPU, and its result says
// where it ran.
func TestNeedsVulkanAgreesWithCPU(t *testing.T) {
	if !softwareGPU(t) {
		return
	}
	results := map[string]inference.Result{}
	for _, provider := range []string{ort.CPU, webgpu} {
		o := options(t, phantom.Convolutions(ort.CPU, webgpu))
		o.Provider = provider
		p := start(t, o)
		t.Log(p.Isolation())
		r, err := p.Examine(t.Context(), small(t))
		if err != nil {
			t.Fatalf("%s: %v", provider, err)
		}
		if r.Findings.Provider != provider {
			t.Errorf("asked for %s, the result says %s", provider, r.Findings.Provider)
		}
		t.Logf("%s computed for %v", provider, r.Findings.Phases[inference.StageInference])
		results[provider] = r
	}
	for _, s := range results[ort.CPU].Findings.Segments {
		if s.VoxelCount == 0 {
			t.Errorf("%s is empty: there is nothing to compare", s.Name)
		}
	}
	want, got := labelsIn(t, results[ort.CPU]), labelsIn(t, results[webgpu])
	for name, volumes := range map[string][2]labelmap.Volume{"delivered": {want.Delivered, got.Delivered}, "direct": {want.Direct, got.Direct}} {
		c, err := labelmap.Compare(volumes[0], volumes[1])
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d voxels differ, %d of them where the scores were %g apart", name, c.Differ, c.Certain, want.Margin)
		for label, o := range c.Labels {
			if o.Dice() < 0.999 {
				t.Errorf("%s: label %d has a Dice of %v", name, label, o.Dice())
			}
		}
		if name == "direct" && c.Certain > 0 {
			t.Errorf("%d voxels have another label although their scores were %g apart", c.Certain, want.Margin)
		}
	}
}

// labelsIn finds the labels of an examined result.
func labelsIn(t *testing.T, r inference.Result) labelmap.Set {
	t.Helper()
	n := slices.IndexFunc(r.Files, func(f dicom.File) bool { return f.Name == inference.LabelsFile })
	if n < 0 {
		t.Fatal("the result has no labels")
	}
	set, err := labelmap.Decode(r.Files[n].Data)
	if err != nil {
		t.Fatal(err)
	}
	if set.Direct.IsZero() || set.Margin == 0 {
		t.Fatalf("a graph with scores, yet no direct labels: %v, margin %v", set.Direct.Size, set.Margin)
	}
	return set
}

// An operator that the provider lacks ends the start; nothing runs on the CPU instead.
func TestNeedsVulkanNoDetourOverCPU(t *testing.T) {
	if !softwareGPU(t) {
		return
	}
	o := options(t, phantom.ThresholdsOn(ort.CPU, webgpu))
	o.Provider = webgpu
	p, err := runner.Start(t.Context(), o)
	if err == nil {
		defer func() { _ = p.Close() }()
		r, err := p.Analyze(t.Context(), small(t), nil)
		t.Fatalf("bytes were computed on WebGPU: %v, %+v", err, r.Findings)
	}
	if reasonOf(err) != runner.Broken || !strings.Contains(err.Error(), "can't run there") || !strings.Contains(err.Error(), "choose provider cpu") {
		t.Errorf("%v; want a failure that names the provider and what to do", err)
	}
}

// Discovery finds it by trial, and its runner says what confines it.
func TestNeedsVulkanDiscovered(t *testing.T) {
	if !softwareGPU(t) {
		return
	}
	trials, err := runner.Discover(t.Context(), options(t, phantom.Thresholds()))
	if err != nil {
		t.Fatal(err)
	}
	n := slices.IndexFunc(trials, func(t runner.ProviderTrial) bool { return t.Provider == webgpu })
	if n < 0 || !trials[n].Available || !strings.Contains(trials[n].Words, "computed") {
		t.Errorf("%+v", trials)
	}
}
