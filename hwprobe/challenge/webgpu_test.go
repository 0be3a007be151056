package challenge

import (
	"bytes"
	"testing"
	"time"

	"github.com/medhive/medhive/testdata/vulkan"
)

// A graphics processor gives the verifier's bytes. Where no real one is there it is one in
// software, which `make test-tools` brings.
func TestNeedsVulkanWebGPUIsExact(t *testing.T) {
	if !vulkan.Here(t) {
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
