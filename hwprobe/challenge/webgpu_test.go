package challenge

import (
	"bytes"
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

// A graphics processor gives the verifier's bytes. Where no real one is there it is one in
// software, which `make test-tools` brings.
func TestNeedsVulkanWebGPUIsExact(t *testing.T) {
	if os.Getenv(inChild) == "" {
		folder, err := filepath.Abs(filepath.Join("..", "..", ".tools", "vulkan"))
		must(t, err)
		description := filepath.Join(folder, "vk_swiftshader_icd.json")
		if _, err := os.Stat(description); err != nil {
			t.Log("needs a graphics processor in software: run `make test-tools` on Linux x86-64")
			return
		}
		again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestNeedsVulkanWebGPUIsExact$", "-test.v")
		again.Env = append(os.Environ(), inChild+"=1", "LD_LIBRARY_PATH="+folder, "VK_ICD_FILENAMES="+description)
		out, err := again.CombinedOutput()
		t.Logf("%s", out)
		if err != nil || !strings.Contains(string(out), "PASS: TestNeedsVulkanWebGPUIsExact") {
			t.Errorf("in a process of its own: %v", err)
		}
		return
	}
	r := openRuntime(t)
	const rows = 64
	exact := 0
	for _, path := range []Path{Quantized, Integers, Floats} {
		w, seed := Work{Kind: Compute, Width: 512, Layers: 4, Rows: minRows}, Seed{5}
		e, err := newEngine(r, "webgpu", 1, path, rows, w, seed)
		if err != nil {
			t.Logf("%s is not offered: %v", path, err)
			continue
		}
		in, out := make([]byte, rows*w.Width), make([]byte, rows*outputWidth)
		newInputs(w, seed).rows(in, 100)
		begun := time.Now()
		must(t, e.run(t.Context(), in, out))
		t.Logf("%s: %d rows in %v", path, rows, time.Since(begun))
		v := newVerifier(w, seed)
		for row := range rows {
			if !bytes.Equal(v.row(uint64(100+row)), out[row*outputWidth:(row+1)*outputWidth]) {
				t.Fatalf("%s: row %d differs from plain Go", path, row)
			}
		}
		exact++
		must(t, e.close())
	}
	if exact == 0 {
		t.Error("no path runs on WebGPU")
	}
}
