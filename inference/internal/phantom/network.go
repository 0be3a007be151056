package phantom

import (
	"fmt"
	"math/rand/v2"

	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// Convolutions is a package like a small MeshNet: two dilated 3-D convolutions with
// rectifiers and a third that gives a score per label. Its weights are drawn from a fixed
// seed, so its labels mean nothing, but every provider must agree on them. It permits the
// given providers.
func Convolutions(providers ...string) models.Package {
	const channels, kernel = 4, 3
	random := rand.New(rand.NewPCG(1, 9))
	var nodes []graph.Node
	var constants []graph.Constant
	from, width := "t1", 1
	for n, layer := range []struct {
		width    int
		dilation int64
	}{{channels, 1}, {channels, 2}, {len(plain("").Labels), 1}} {
		weights := make([]float32, layer.width*width*kernel*kernel*kernel)
		for i := range weights {
			weights[i] = random.Float32() - 0.5
		}
		biases := make([]float32, layer.width)
		for i := range biases {
			biases[i] = random.Float32() - 0.5
		}
		name := func(what string) string { return fmt.Sprintf("%s of layer %d", what, n+1) }
		constants = append(constants,
			floats(name("weights"), []int64{int64(layer.width), int64(width), kernel, kernel, kernel}, weights...), floats(name("biases"), nil, biases...))
		d := layer.dilation
		conv := graph.Node{Op: "Conv", Inputs: []string{from, name("weights"), name("biases")}, Outputs: []string{name("sums")},
			IntLists: map[string][]int64{"dilations": {d, d, d}, "pads": {d, d, d, d, d, d}}}
		from, width = name("features"), layer.width
		if width != channels {
			conv.Outputs[0] = "scores"
			nodes = append(nodes, conv)
			continue
		}
		nodes = append(nodes, conv, graph.Node{Op: "Relu", Inputs: conv.Outputs, Outputs: []string{from}})
	}
	m := plain("convolutions")
	m.Preprocess = []models.Step{{Op: "normalise", Kind: "min-max"}}
	m.Output = models.Tensor{Name: "scores", Type: "float32", Shape: []int64{1, int64(len(m.Labels)), -1, -1, -1}}
	m.Postprocess = []models.Step{{Op: "softmax"}, {Op: "argmax"}}
	m.Providers = providers
	m.Tolerance.MaxLabelMargin = 0.002
	return seal(m, graph.Model{Nodes: nodes, Constants: constants,
		Inputs:  []graph.Value{{Name: "t1", Type: graph.Float32, Shape: []int64{1, 1, -1, -1, -1}}},
		Outputs: []graph.Value{{Name: "scores", Type: graph.Float32, Shape: []int64{1, int64(len(m.Labels)), -1, -1, -1}}}})
}

// ThresholdsOn is Thresholds for other providers: it casts to bytes, which WebGPU can't.
func ThresholdsOn(providers ...string) models.Package {
	p := Thresholds()
	m := p.Manifest
	m.Providers = providers
	return repack(m, p.Weights)
}
