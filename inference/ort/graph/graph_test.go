package graph_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/medhive/medhive/inference/ort/graph"
)

// The smallest graph, byte by byte as onnx.proto numbers its fields.
func TestEncode(t *testing.T) {
	x := graph.Value{Name: "x", Type: graph.Float32, Shape: []int64{2, -1}}
	m := graph.Model{
		Nodes:   []graph.Node{{Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}},
		Inputs:  []graph.Value{x},
		Outputs: []graph.Value{{Name: "y", Type: graph.Float32, Shape: []int64{2, -1}}},
	}
	const want = "0808" + // ir_version 8
		"12076d656468697665" + // producer_name
		"3a3b" + // graph
		"0a0c" + "0a0178" + "120179" + "220452656c75" + // node: x, y, Relu
		"12056772617068" + // name
		"5a11" + "0a0178" + "120c0a0a080112060a0208020a00" + // input x: float, [2, ?]
		"6211" + "0a0179" + "120c0a0a080112060a0208020a00" + // output y
		"4204" + "0a00" + "1011" // opset 17 of the default domain
	if got := hex.EncodeToString(m.Encode()); got != want {
		t.Errorf("\n%s; want\n%s", got, want)
	}
}

// Equal graphs have equal bytes, so that a digest names a graph.
func TestEncodeIsDeterministic(t *testing.T) {
	m := graph.Model{Nodes: []graph.Node{{Op: "Conv", Ints: map[string]int64{"a": 1, "b": 2, "c": 3, "d": 4},
		IntLists: map[string][]int64{"pads": {1, 1}, "strides": {2, 2}, "dilations": {1, 1}}}}}
	first := m.Encode()
	for range 50 {
		if !bytes.Equal(first, m.Encode()) {
			t.Fatal("two encodings differ")
		}
	}
}
