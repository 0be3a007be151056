package rate

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/ort/graph"
)

// form is a way to write products for ONNX Runtime. Providers are fast at different
// ones, so they are tried.
type form string

const (
	// formInteger is one MatMulInteger u8×s8 with constant weights: ONNX Runtime's CPU
	// kernels are vectorised for that pair and not for s8×s8.
	formInteger form = "MatMulInteger u8×s8"
	// formConvolution is one QLinearConv, 3×3, an edge of channels in and out.
	formConvolution form = "QLinearConv u8×s8 3×3"
	// formIntegerChain is MatMulInteger s8×s8, requantised between layers: the pair that
	// CUDA has.
	formIntegerChain form = "MatMulInteger s8×s8 chain"
	// formQuantised is MatMul between QuantizeLinear and DequantizeLinear, which
	// TensorRT, OpenVINO and QNN turn into int8 products.
	formQuantised form = "QDQ MatMul u8×s8 chain"
	// formIntegersInFloat is what is left where a provider has no int8 product: the same
	// small integers in float32, as it would run a quantised model.
	formIntegersInFloat form = "MatMul of int8 values in fp32 chain"
	// formMatMul is one MatMul of floats, formMatMulChain many with Relu between them.
	formMatMul      form = "MatMul"
	formMatMulChain form = "MatMul chain"
)

// Graph is a computation to time. Square products of an edge, Depth of them in a row: on
// an accelerator a run must be long against the copies to and from it, so chains keep
// their data there and give back one row and the columns' maxima.
type Graph struct {
	Precision Precision
	Form      form
	Edge      int
	Depth     int
}

// String names what is computed, beside a figure.
func (g Graph) String() string {
	if g.Form == formConvolution {
		return fmt.Sprintf("dense %s %s, %d channels of %d²", g.Precision, g.Form, g.Edge, convolutionPlane)
	}
	if g.Depth > 1 {
		return fmt.Sprintf("dense %s %s of %d × %d³, constant weights", g.Precision, g.Form, g.Depth, g.Edge)
	}
	return fmt.Sprintf("dense %s %s %d³, constant weights", g.Precision, g.Form, g.Edge)
}

// Operations of one run; a multiply and an add are two. What stands between the layers
// is not counted.
func (g Graph) Operations() float64 {
	e := float64(g.Edge)
	if g.Form == formConvolution {
		const along = 3*convolutionPlane - 2 // taps on pixels in one direction: the border's lie outside
		return 2 * along * along * e * e
	}
	return 2 * e * e * e * float64(g.Depth)
}

// convolutionPlane is the edge of the convolution's picture.
const convolutionPlane = 64

// chainDepth is how many layers a run on an accelerator has: a layer of 4096³ takes
// 0.3 ms at 400 TOPS, so that a run takes 5 ms and its call some tens of µs.
const chainDepth = 16

// Candidates are the graphs worth trying on a provider, the likeliest first.
//
// CPU: edges of 384 to 1536, or a convolution of 512 channels, reach the kernels' best;
// which of them differs by processor and by what shares its caches. fp32 at 1024 drops to a quarter by a blocking artefact, so it
// is taken at 384 and 1000. Accelerators need larger edges; the smallest goes first, so
// that a slow one is not asked for the largest.
func Candidates(provider string, p Precision) (list []Graph) {
	if provider == ort.CPU {
		switch p {
		case Int8:
			return []Graph{{p, formInteger, 1536, 1}, {p, formInteger, 1024, 1}, {p, formConvolution, 512, 1}, {p, formInteger, 768, 1}, {p, formInteger, 384, 1}}
		case FP32:
			return []Graph{{p, formMatMul, 384, 1}, {p, formMatMul, 1000, 1}}
		case FP16:
			return []Graph{{p, formMatMul, 384, 1}, {p, formMatMul, 1000, 1}}
		}
		return nil
	}
	forms := []form{formMatMulChain}
	if p == Int8 {
		forms = []form{formQuantised, formIntegerChain, formIntegersInFloat}
	}
	for _, f := range forms {
		for _, edge := range []int{256, 1024, 4096} {
			list = append(list, Graph{p, f, edge, chainDepth})
		}
	}
	return list
}

// maxEdge bounds the memory of a graph: 4 bytes × 8192² is 256 MiB.
const maxEdge = 8192

// check refuses what no candidate is.
func (g Graph) check() error {
	if g.Edge < 8 || g.Edge > maxEdge || g.Depth < 1 || g.Depth > 4*chainDepth {
		return fmt.Errorf("graph of %d × %d³: want edges of 8 to %d and 1 to %d layers", g.Depth, g.Edge, maxEdge, 4*chainDepth)
	}
	return nil
}

// encode is the graph as an ONNX model over the given values.
func (g Graph) encode(v values) []byte {
	switch g.Form {
	case formInteger:
		return graph.Model{
			Nodes:     []graph.Node{{Op: "MatMulInteger", Inputs: []string{"a", "b"}, Outputs: []string{"c"}}},
			Inputs:    []graph.Value{{Name: "a", Type: graph.Uint8, Shape: g.square()}},
			Outputs:   []graph.Value{{Name: "c", Type: graph.Int32, Shape: g.square()}},
			Constants: []graph.Constant{{Value: graph.Value{Name: "b", Type: graph.Int8, Shape: g.square()}, Raw: bytesOf(v.weights)}},
		}.Encode()
	case formConvolution:
		return g.convolution(v)
	case formMatMul:
		return g.single(v)
	default:
		return g.chain(v)
	}
}

func (g Graph) square() []int64 { return []int64{int64(g.Edge), int64(g.Edge)} }

// single is one MatMul of floats. Its input and output are fp32 whatever is computed in.
func (g Graph) single(v values) []byte {
	m := graph.Model{
		Inputs:  []graph.Value{{Name: "a", Type: graph.Float32, Shape: g.square()}},
		Outputs: []graph.Value{{Name: "c", Type: graph.Float32, Shape: g.square()}},
	}
	in, out := "a", "c"
	if g.Precision == FP16 {
		in, out = "half", "product"
		m.Nodes = append(m.Nodes, cast("a", in, graph.Float16))
	}
	m.Nodes = append(m.Nodes, graph.Node{Op: "MatMul", Inputs: []string{in, "b"}, Outputs: []string{out}})
	if g.Precision == FP16 {
		m.Nodes = append(m.Nodes, cast(out, "c", graph.Float32))
	}
	m.Constants = []graph.Constant{g.floatWeights(v)}
	return m.Encode()
}

// floatWeights are the weights b of a float product, v.weights × v.scale.
func (g Graph) floatWeights(v values) graph.Constant {
	if g.Precision != FP16 {
		raw := make([]byte, 0, 4*len(v.weights))
		for _, w := range v.weights {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(w)*v.scale))
		}
		return graph.Constant{Value: graph.Value{Name: "b", Type: graph.Float32, Shape: g.square()}, Raw: raw}
	}
	raw := make([]byte, 0, 2*len(v.weights))
	for _, w := range v.weights {
		raw = binary.LittleEndian.AppendUint16(raw, half(float32(w)*v.scale))
	}
	return graph.Constant{Value: graph.Value{Name: "b", Type: graph.Float16, Shape: g.square()}, Raw: raw}
}

// convolution is one QLinearConv with an edge of 8-bit channels in and out.
func (g Graph) convolution(v values) []byte {
	channels := int64(g.Edge)
	picture := []int64{1, channels, convolutionPlane, convolutionPlane}
	return graph.Model{
		Nodes: []graph.Node{{Op: "QLinearConv", Inputs: []string{"a", "one", "middle", "b", "one", "none", "step", "middle"}, Outputs: []string{"c"},
			IntLists: map[string][]int64{"kernel_shape": {3, 3}, "pads": {1, 1, 1, 1}, "strides": {1, 1}}}},
		Inputs:  []graph.Value{{Name: "a", Type: graph.Uint8, Shape: picture}},
		Outputs: []graph.Value{{Name: "c", Type: graph.Uint8, Shape: picture}},
		Constants: []graph.Constant{
			{Value: graph.Value{Name: "b", Type: graph.Int8, Shape: []int64{channels, channels, 3, 3}}, Raw: bytesOf(v.weights)},
			scalar("one", 1), scalar("step", v.step),
			{Value: graph.Value{Name: "middle", Type: graph.Uint8}, Raw: []byte{middle}},
			{Value: graph.Value{Name: "none", Type: graph.Int8}, Raw: []byte{0}},
		},
	}.Encode()
}

// middle is the zero of an unsigned 8-bit value.
const middle = 128

// chain is Depth products in a row over constants that an input of one row makes
// unpredictable, so that nothing can be folded away. Outputs are the checked row of the
// last layer and the maxima of its columns, for which every row must be computed.
func (g Graph) chain(v values) []byte {
	row := []int64{1, int64(g.Edge)}
	m := graph.Model{
		Inputs:  []graph.Value{{Name: "gain", Type: graph.Float32, Shape: row}},
		Outputs: []graph.Value{{Name: "row", Type: graph.Float32, Shape: row}, {Name: "peaks", Type: graph.Float32, Shape: row}},
		Constants: []graph.Constant{
			{Value: graph.Value{Name: "start", Type: graph.Uint8, Shape: g.square()}, Raw: v.start},
			longs("from", int64(g.checkedRow())), longs("to", int64(g.checkedRow()+1)), longs("rows", 0),
			scalar("step", v.step), scalar("shrink", 1/v.step), scalar("low", -v.limit), scalar("high", v.limit), scalar("one", 1),
			{Value: graph.Value{Name: "middle", Type: graph.Uint8}, Raw: []byte{middle}},
			{Value: graph.Value{Name: "none", Type: graph.Int8}, Raw: []byte{0}},
			{Value: graph.Value{Name: "offset", Type: graph.Float32}, Raw: float32Bytes(-middle)},
		},
		Nodes: []graph.Node{
			cast("start", "wide", graph.Float32),
			{Op: "Add", Inputs: []string{"wide", "offset"}, Outputs: []string{"signed"}},
			{Op: "Mul", Inputs: []string{"signed", "gain"}, Outputs: []string{"x0"}},
		},
	}
	last := g.layers(&m, v)
	m.Nodes = append(m.Nodes,
		graph.Node{Op: "Slice", Inputs: []string{last, "from", "to", "rows"}, Outputs: []string{"row"}},
		graph.Node{Op: "ReduceMax", Inputs: []string{last}, Outputs: []string{"peaks"}, Ints: map[string]int64{"keepdims": 1}, IntLists: map[string][]int64{"axes": {0}}})
	used := map[string]bool{}
	for _, n := range m.Nodes {
		for _, name := range n.Inputs {
			used[name] = true
		}
	}
	kept := m.Constants[:0]
	for _, c := range m.Constants { // ONNX Runtime warns of constants that nobody reads
		if used[c.Name] {
			kept = append(kept, c)
		}
	}
	m.Constants = kept
	return m.Encode()
}

// layers appends the products and returns the name of the last one's result in fp32.
func (g Graph) layers(m *graph.Model, v values) string {
	add := func(op string, out string, in ...string) {
		m.Nodes = append(m.Nodes, graph.Node{Op: op, Inputs: in, Outputs: []string{out}})
	}
	eight := graph.Constant{Value: graph.Value{Name: "b", Type: graph.Int8, Shape: g.square()}, Raw: bytesOf(v.weights)}
	x := "x0"
	name := func(what string, layer int) string { return fmt.Sprintf("%s%d", what, layer) }
	switch g.Form {
	case formQuantised:
		m.Constants = append(m.Constants, eight)
		add("QuantizeLinear", "q0", "x0", "one", "middle")
		add("DequantizeLinear", "weights", "b", "one", "none")
		for i := 1; i <= g.Depth; i++ {
			add("DequantizeLinear", name("d", i), name("q", i-1), "one", "middle")
			add("MatMul", name("p", i), name("d", i), "weights")
			add("QuantizeLinear", name("q", i), name("p", i), "step", "middle")
		}
		add("DequantizeLinear", "last", name("q", g.Depth), "one", "middle")
	case formIntegerChain:
		m.Constants = append(m.Constants, eight)
		add("QuantizeLinear", "q0", "x0", "one", "none")
		for i := 1; i <= g.Depth; i++ {
			add("MatMulInteger", name("p", i), name("q", i-1), "b")
			m.Nodes = append(m.Nodes, cast(name("p", i), name("f", i), graph.Float32))
			add("QuantizeLinear", name("q", i), name("f", i), "step", "none")
		}
		m.Nodes = append(m.Nodes, cast(name("q", g.Depth), "last", graph.Float32))
	case formIntegersInFloat:
		m.Constants = append(m.Constants, g.floatWeights(v))
		for i := 1; i <= g.Depth; i++ {
			add("MatMul", name("p", i), x, "b")
			add("Mul", name("s", i), name("p", i), "shrink")
			add("Floor", name("f", i), name("s", i))
			x = name("x", i)
			add("Clip", x, name("f", i), "low", "high")
		}
		return x
	default:
		m.Constants = append(m.Constants, g.floatWeights(v))
		if g.Precision == FP16 {
			m.Nodes = append(m.Nodes, cast(x, "h0", graph.Float16))
			x = "h0"
		}
		for i := 1; i <= g.Depth; i++ {
			add("MatMul", name("p", i), x, "b")
			x = name("r", i)
			add("Relu", x, name("p", i))
		}
		if g.Precision != FP16 {
			return x
		}
		m.Nodes = append(m.Nodes, cast(x, "last", graph.Float32))
	}
	return "last"
}

// checkedRow is the row that is compared with plain Go.
func (g Graph) checkedRow() int { return g.Edge / 2 }

func cast(from, to string, t graph.Type) graph.Node {
	return graph.Node{Op: "Cast", Inputs: []string{from}, Outputs: []string{to}, Ints: map[string]int64{"to": int64(t)}}
}

func scalar(name string, v float32) graph.Constant {
	return graph.Constant{Value: graph.Value{Name: name, Type: graph.Float32}, Raw: float32Bytes(v)}
}

func float32Bytes(v float32) []byte {
	return binary.LittleEndian.AppendUint32(nil, math.Float32bits(v))
}

func longs(name string, v int64) graph.Constant {
	return graph.Constant{Value: graph.Value{Name: name, Type: graph.Int64, Shape: []int64{1}}, Raw: binary.LittleEndian.AppendUint64(nil, uint64(v))}
}

func bytesOf(values []int8) []byte {
	raw := make([]byte, len(values))
	for i, v := range values {
		raw[i] = byte(v)
	}
	return raw
}
