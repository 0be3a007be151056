package ort

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/testdata/vulkan"
)

const webgpu = "webgpu"

// The scores of a convolutional network on WebGPU are those of the CPU, within what two
// providers may differ: 1e-3 · max(1, |score|). An operator that WebGPU lacks makes no session.
func TestNeedsVulkanScores(t *testing.T) {
	if !vulkan.Here(t) {
		return
	}
	r := openRuntime(t)
	const edge, labels = 24, 3
	random := rand.New(rand.NewPCG(5, 6))
	in := make([]float32, edge*edge*edge)
	for i := range in {
		in[i] = random.Float32()
	}
	weights := phantom.Convolutions(CPU, webgpu).Weights
	scores := map[string][]float32{}
	for _, provider := range []string{CPU, webgpu} {
		s, err := r.NewSession(weights, Options{Provider: provider})
		if err != nil {
			t.Fatal(err)
		}
		out := make([]float32, labels*len(in))
		err = s.Run(t.Context(), []Tensor{Floats([]int64{1, 1, edge, edge, edge}, in)}, []Tensor{Floats([]int64{1, labels, edge, edge, edge}, out)})
		if err != nil || s.Provider() != provider {
			t.Fatalf("%s: %v; the session says %s", provider, err, s.Provider())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		scores[provider] = out
	}
	worst, largest := 0.0, 0.0
	for i, want := range scores[CPU] {
		w, g := float64(want), float64(scores[webgpu][i])
		largest = max(largest, math.Abs(w))
		worst = max(worst, math.Abs(g-w)/max(1, math.Abs(w)))
	}
	t.Logf("scores up to %.2f, largest difference %.2g", largest, worst)
	if !(worst <= 1e-3) || largest < 0.1 {
		t.Errorf("scores up to %g differ by up to %g of 1 and their size", largest, worst)
	}
	s, err := r.NewSession(thresholdModel(), Options{Provider: webgpu})
	if err == nil {
		_ = s.Close()
		t.Fatal("a cast to bytes became a session on WebGPU")
	}
	t.Log(err)
	var missing *Unavailable
	if !errors.As(err, &missing) || !missing.Operators || !strings.Contains(err.Error(), "choose provider cpu") {
		t.Errorf("%v; want one that says what to do", err)
	}
}
