package phantom

import (
	"encoding/binary"
	"math"

	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// Stubborn is a package whose model takes a minute or more in one single operator, which
// ONNX Runtime can't interrupt: a suppression among boxes of which none overlap.
func Stubborn() models.Package {
	const boxes = 300_000 // each is held against all before it
	zero := map[string]int64{"keepdims": 0}
	float := func(name string, shape []int64, v float32) graph.Constant {
		return graph.Constant{Value: graph.Value{Name: name, Type: graph.Float32, Shape: shape}, Raw: binary.LittleEndian.AppendUint32(nil, math.Float32bits(v))}
	}
	ints := func(name string, values ...uint64) graph.Constant {
		var raw []byte
		for _, v := range values {
			raw = binary.LittleEndian.AppendUint64(raw, v)
		}
		return graph.Constant{Value: graph.Value{Name: name, Type: graph.Int64, Shape: []int64{int64(len(values))}}, Raw: raw}
	}
	scalar := []int64{}
	m := thresholds("late", []graph.Node{
		// The number of boxes hangs on the image, or ONNX Runtime would compute all this
		// while it loads the model.
		{Op: "ReduceMax", Inputs: []string{"t1"}, Outputs: []string{"most"}, Ints: zero},
		{Op: "Mul", Inputs: []string{"most", "nought"}, Outputs: []string{"nothing"}},
		{Op: "Add", Inputs: []string{"nothing", "boxes"}, Outputs: []string{"count"}},
		{Op: "Range", Inputs: []string{"nothing", "count", "step"}, Outputs: []string{"from"}},
		{Op: "Add", Inputs: []string{"from", "half"}, Outputs: []string{"to"}},
		{Op: "Unsqueeze", Inputs: []string{"from", "row"}, Outputs: []string{"from row"}},
		{Op: "Unsqueeze", Inputs: []string{"to", "row"}, Outputs: []string{"to row"}},
		{Op: "Concat", Inputs: []string{"from row", "from row", "to row", "to row"}, Outputs: []string{"corners"}, Ints: map[string]int64{"axis": -1}},
		{Op: "Unsqueeze", Inputs: []string{"from", "score axes"}, Outputs: []string{"scores"}},
		{Op: "NonMaxSuppression", Inputs: []string{"corners", "scores", "all", "overlap"}, Outputs: []string{"kept"}},
		{Op: "Shape", Inputs: []string{"kept"}, Outputs: []string{"kept count"}},
		{Op: "Cast", Inputs: []string{"kept count"}, Outputs: []string{"kept wide"}, Ints: map[string]int64{"to": int64(graph.Float32)}},
		{Op: "ReduceMax", Inputs: []string{"kept wide"}, Outputs: []string{"kept most"}, Ints: zero},
		{Op: "Mul", Inputs: []string{"kept most", "nought"}, Outputs: []string{"waited"}},
		{Op: "Add", Inputs: []string{"t1", "waited"}, Outputs: []string{"late"}},
	})
	m.Constants = append(m.Constants, float("nought", scalar, 0), float("boxes", scalar, boxes), float("step", scalar, 1), float("half", scalar, 0.5),
		float("overlap", []int64{1}, 0.5), ints("row", 0, 2), ints("score axes", 0, 1), ints("all", boxes))
	return pack("stubborn", m, 512<<20, millimetres())
}
