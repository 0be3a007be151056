package rate

import (
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/vulkan"
)

// An accelerator is measured by chains that stay on it, without a detour over the CPU,
// and a form that it lacks is passed over. The graphics processor here is one in
// software, which `make test-tools` brings: slow, but another provider.
func TestNeedsVulkanMeasure(t *testing.T) {
	if !vulkan.Here(t) {
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
