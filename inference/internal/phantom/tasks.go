package phantom

import (
	"encoding/binary"
	"math"

	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// floats is a constant of the graph; without a shape it is a list.
func floats(name string, shape []int64, values ...float32) graph.Constant {
	if shape == nil {
		shape = []int64{int64(len(values))}
	}
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	return graph.Constant{Value: graph.Value{Name: name, Type: graph.Float32, Shape: shape}, Raw: raw}
}

// Scores is Thresholds with one score per label in place of labels, the largest of which
// says the same. With a window edge above 0 it runs in windows of that edge.
func Scores(edge int) models.Package {
	m := plain("scores")
	m.Preprocess = []models.Step{{Op: "normalise", Kind: "min-max"}}
	m.Output = models.Tensor{Name: "scores", Type: "float32", Shape: []int64{1, 3, -1, -1, -1}}
	m.Postprocess = []models.Step{{Op: "softmax"}, {Op: "argmax"}}
	if edge > 0 {
		m.Preprocess = append(m.Preprocess, models.Step{Op: "sliding-window", Size: []int{edge, edge, edge}, Overlap: 0.25, Kind: "gaussian"})
		m.Input.Shape = []int64{1, 1, int64(edge), int64(edge), int64(edge)}
	}
	// Background has 0, Dim has x − Low, Bright has that and a steep slope from High on.
	return seal(m, graph.Model{
		Nodes: []graph.Node{
			{Op: "Sub", Inputs: []string{"t1", "t1"}, Outputs: []string{"nothing"}},
			{Op: "Sub", Inputs: []string{"t1", "low"}, Outputs: []string{"dim"}},
			{Op: "Sub", Inputs: []string{"t1", "high"}, Outputs: []string{"over high"}},
			{Op: "Mul", Inputs: []string{"over high", "steep"}, Outputs: []string{"slope"}},
			{Op: "Add", Inputs: []string{"dim", "slope"}, Outputs: []string{"bright"}},
			{Op: "Concat", Inputs: []string{"nothing", "dim", "bright"}, Outputs: []string{"scores"}, Ints: map[string]int64{"axis": 1}},
		},
		Inputs:    []graph.Value{{Name: "t1", Type: graph.Float32, Shape: []int64{1, 1, -1, -1, -1}}},
		Outputs:   []graph.Value{{Name: "scores", Type: graph.Float32, Shape: []int64{1, 3, -1, -1, -1}}},
		Constants: []graph.Constant{floats("low", nil, Low), floats("high", nil, High), floats("steep", nil, 1000)},
	})
}

// Windows is Thresholds in windows of the given edge: the graph gives labels.
func Windows(edge int) models.Package {
	m := plain("windows")
	m.Preprocess = []models.Step{{Op: "normalise", Kind: "min-max"}, {Op: "sliding-window", Size: []int{edge, edge, edge}, Overlap: 0.25, Kind: "gaussian"}}
	return seal(m, thresholds("t1", nil))
}

// picture is a manifest for one grey picture of CR or DX, without preprocessing.
func picture(id, task string, output ...int64) models.Manifest {
	m := plain(id)
	m.Task, m.Dimensions = task, 2
	m.Selection = models.Selection{Modality: "CR/DX", MinSlices: 1, MaxSpacingMM: 1}
	m.Input = models.Tensor{Name: "picture", Type: "float32", Shape: []int64{1, 1, -1, -1}}
	m.Output = models.Tensor{Name: "answer", Type: "float32", Shape: output}
	m.Labels, m.Postprocess = nil, nil
	return m
}

// pictureGraph computes "answer" from "picture".
func pictureGraph(output []int64, constants []graph.Constant, nodes ...graph.Node) graph.Model {
	return graph.Model{
		Nodes:     nodes,
		Inputs:    []graph.Value{{Name: "picture", Type: graph.Float32, Shape: []int64{1, 1, -1, -1}}},
		Outputs:   []graph.Value{{Name: "answer", Type: graph.Float32, Shape: output}},
		Constants: constants,
	}
}

// flat reduces a picture to one number, keeping two edges.
func flat(op, to string) []graph.Node {
	return []graph.Node{{Op: op, Inputs: []string{"picture"}, Outputs: []string{to}, IntLists: map[string][]int64{"axes": {2, 3}}, Ints: map[string]int64{"keepdims": 0}}}
}

// Mean is a regression that gives the mean and the largest value of a picture.
func Mean() models.Package {
	m := picture("mean", models.Regression, 1, 2)
	value := func(name string) models.Measure {
		return models.Measure{Kind: models.MeasureValue, Code: &models.Code{Value: name, Scheme: "99TEST", Meaning: name}, Unit: models.Code{Value: "1", Scheme: "UCUM", Meaning: "no units"}}
	}
	m.Measures = []models.Measure{value("mean"), value("largest")}
	nodes := append(flat("ReduceMean", "mean"), flat("ReduceMax", "largest")...)
	nodes = append(nodes, graph.Node{Op: "Concat", Inputs: []string{"mean", "largest"}, Outputs: []string{"answer"}, Ints: map[string]int64{"axis": 1}})
	return seal(m, pictureGraph([]int64{1, 2}, nil, nodes...))
}

// Brightness is a classification: Dark has the score 0, Light the mean.
func Brightness() models.Package {
	m := picture("brightness", models.Classification, 1, 2)
	m.Classes = []models.Class{{Name: "Dark"}, {Name: "Light", Threshold: 0.5}}
	m.Postprocess = []models.Step{{Op: "softmax"}}
	nodes := append(flat("ReduceMean", "mean"),
		graph.Node{Op: "Sub", Inputs: []string{"mean", "mean"}, Outputs: []string{"nothing"}},
		graph.Node{Op: "Concat", Inputs: []string{"nothing", "mean"}, Outputs: []string{"answer"}, Ints: map[string]int64{"axis": 1}})
	return seal(m, pictureGraph([]int64{1, 2}, nil, nodes...))
}

// Boxes is a detection that gives the same rows for every picture of 16 × 8 pixels.
func Boxes(rows ...[6]float32) models.Package {
	m := picture("boxes", models.Detection, 1, int64(len(rows)), 6)
	m.Classes = []models.Class{{Name: "Round"}, {Name: "Square"}}
	m.Preprocess = []models.Step{{Op: "resize", Size: []int{16, 8}, Kernel: "linear"}}
	m.Input.Shape = []int64{1, 1, 8, 16}
	m.Postprocess = []models.Step{{Op: "nms", Overlap: 0.5, Above: 0.1, Count: 10}}
	var values []float32
	for _, r := range rows {
		values = append(values, r[:]...)
	}
	nodes := append(flat("ReduceMean", "mean"),
		graph.Node{Op: "Sub", Inputs: []string{"mean", "mean"}, Outputs: []string{"nothing"}},
		graph.Node{Op: "Add", Inputs: []string{"rows", "nothing"}, Outputs: []string{"answer"}})
	return seal(m, pictureGraph(m.Output.Shape, []graph.Constant{floats("rows", m.Output.Shape, values...)}, nodes...))
}

// Shadows is a segmentation of a picture into Dim and Bright by fixed values, with a
// diameter of Dim.
func Shadows(low, high float32) models.Package {
	m := picture("shadows", models.Segmentation, 1, 3, -1, -1)
	p := plain("")
	m.Labels, m.Postprocess = p.Labels, []models.Step{{Op: "argmax"}, {Op: "largest-component", Label: 1}}
	m.Measures = []models.Measure{{Kind: models.MeasureDiameter, Label: 1, Unit: models.Code{Value: "mm", Scheme: "UCUM", Meaning: "mm"}}}
	return seal(m, pictureGraph(m.Output.Shape, []graph.Constant{floats("low", nil, low), floats("high", nil, high), floats("steep", nil, 1000)},
		graph.Node{Op: "Sub", Inputs: []string{"picture", "picture"}, Outputs: []string{"nothing"}},
		graph.Node{Op: "Sub", Inputs: []string{"picture", "low"}, Outputs: []string{"dim"}},
		graph.Node{Op: "Sub", Inputs: []string{"picture", "high"}, Outputs: []string{"over high"}},
		graph.Node{Op: "Mul", Inputs: []string{"over high", "steep"}, Outputs: []string{"slope"}},
		graph.Node{Op: "Add", Inputs: []string{"dim", "slope"}, Outputs: []string{"bright"}},
		graph.Node{Op: "Concat", Inputs: []string{"nothing", "dim", "bright"}, Outputs: []string{"answer"}, Ints: map[string]int64{"axis": 1}}))
}
