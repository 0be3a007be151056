package rate

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// inChild marks the process that has a graphics processor: the loader reads where
// libraries lie once, when a process starts.
const inChild = "MEDHIVE_TEST_WITH_VULKAN"

// An accelerator is measured by chains that stay on it, without a detour over the CPU,
// and a form that it lacks is passed over. The graphics processor here is one in
// software, which `make test-tools` brings: slow, but another provider.
func TestNeedsVulkanMeasure(t *testing.T) {
	if os.Getenv(inChild) == "" {
		folder, err := filepath.Abs(filepath.Join("..", "..", ".tools", "vulkan"))
		if err != nil {
			t.Fatal(err)
		}
		description := filepath.Join(folder, "vk_swiftshader_icd.json")
		if _, err := os.Stat(description); err != nil {
			t.Log("needs a graphics processor in software: run `make test-tools` on Linux x86-64")
			return
		}
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNeedsVulkanMeasure$", "-test.v")
		again.Env = append(os.Environ(), inChild+"=1", "LD_LIBRARY_PATH="+folder, "VK_ICD_FILENAMES="+description)
		out, err := again.CombinedOutput()
		t.Logf("%s", out)
		if err != nil || !strings.Contains(string(out), "PASS: TestNeedsVulkanMeasure") {
			t.Errorf("in a process of its own: %v", err)
		}
		return
	}
	run, err := Measure(t.Context(), openRuntime(t), Options{Provider: "webgpu", Precision: Int8, Plan: Lasting(100 * time.Millisecond)})
	for _, x := range run.Trials {
		t.Logf("%s: %.5f TOPS, %v", x.Graph, x.TOPS, x.Err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if f := run.Figure; f.Median <= 0 || f.Provider != "webgpu" || !strings.Contains(f.Basis, "int8") {
		t.Errorf("%+v", f)
	}
	ran := 0
	for _, x := range run.Trials {
		if x.TOPS > 0 {
			ran++
		} else if x.Err == nil {
			t.Errorf("%s neither ran nor says why", x.Graph)
		}
	}
	if ran == 0 || len(run.Trials) != len(Candidates("webgpu", Int8)) {
		t.Errorf("%d of %d candidates ran", ran, len(run.Trials))
	}
}
