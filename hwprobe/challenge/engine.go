package challenge

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/ort/graph"
)

// Path is which of a provider's kernels compute the network. All give the same bytes.
type Path string

// The paths, best first where a provider has several. On the CPU QLinearMatMul runs at the
// rate of the best int8 product; providers without it multiply integers and round in
// float32; those without integers compute in float32 throughout, so that what they prove
// is their float rate.
const (
	Quantized Path = "int8 QLinearMatMul"
	Integers  Path = "int8 MatMulInteger"
	Floats    Path = "float32 MatMul"
)

// engine computes a batch of rows on a provider.
type engine struct {
	session       *ort.Session
	path          Path
	batch         int // rows of one run
	width, output int // bytes of a row before and after
	x, y          []float32
}

// batchRows keeps a batch's rows in a CPU's cache, and a faster device busy.
func batchRows(provider string) int {
	if provider == ort.CPU {
		return rowMultiple
	}
	return 16 * rowMultiple
}

func newEngine(r *ort.Runtime, provider string, threads int, path Path, batch int, w Work, seed Seed) (*engine, error) {
	made := newWeights(w, seed)
	e := &engine{path: path, batch: batch, width: w.Width, output: made.columns(len(made.layers) - 1)}
	b := builder{weights: made, batch: e.batch}
	var model graph.Model
	switch path {
	case Quantized:
		model = b.quantized()
	case Integers:
		model = b.integers()
	case Floats:
		model = b.floats()
		e.x, e.y = make([]float32, e.batch*e.width), make([]float32, e.batch*e.output)
	}
	var err error
	if e.session, err = r.NewSession(model.Encode(), ort.Options{Provider: provider, Threads: threads}); err != nil {
		return nil, fmt.Errorf("load the challenge's network on %s as %s: %w", provider, path, err)
	}
	return e, nil
}

func (e *engine) close() error { return e.session.Close() }

// run computes e.batch rows; in and out hold whole batches.
func (e *engine) run(ctx context.Context, in, out []byte) error {
	inShape, outShape := []int64{int64(e.batch), int64(e.width)}, []int64{int64(e.batch), int64(e.output)}
	if e.path != Floats {
		return e.session.Run(ctx, []ort.Tensor{ort.Bytes(inShape, in)}, []ort.Tensor{ort.Bytes(outShape, out)})
	}
	for i, u := range in {
		e.x[i] = float32(u) - zero
	}
	if err := e.session.Run(ctx, []ort.Tensor{ort.Floats(inShape, e.x)}, []ort.Tensor{ort.Floats(outShape, e.y)}); err != nil {
		return err
	}
	for i, v := range e.y {
		out[i] = byte(int(v) + zero)
	}
	return nil
}

// builder writes the network as a graph of one of the paths.
type builder struct {
	weights weights
	batch   int
	model   graph.Model
}

// scalar adds a constant without a shape and returns its name.
func (b *builder) scalar(name string, t graph.Type, raw ...byte) string {
	b.model.Constants = append(b.model.Constants, graph.Constant{Value: graph.Value{Name: name, Type: t}, Raw: raw})
	return name
}

func (b *builder) float(name string, v float32) string {
	return b.scalar(name, graph.Float32, binary.LittleEndian.AppendUint32(nil, math.Float32bits(v))...)
}

// matrix adds a layer's weights as they are, and returns their name.
func (b *builder) matrix(layer int) string {
	name := fmt.Sprintf("w%d", layer)
	raw := make([]byte, len(b.weights.layers[layer]))
	for i, v := range b.weights.layers[layer] {
		raw[i] = byte(v)
	}
	b.model.Constants = append(b.model.Constants, graph.Constant{Value: graph.Value{Name: name, Type: graph.Int8, Shape: b.shape(layer)}, Raw: raw})
	return name
}

func (b *builder) shape(layer int) []int64 {
	return []int64{int64(b.weights.work.Width), int64(b.weights.columns(layer))}
}

func (b *builder) node(op, output string, inputs ...string) string {
	b.model.Nodes = append(b.model.Nodes, graph.Node{Op: op, Inputs: inputs, Outputs: []string{output}})
	return output
}

// cast turns a tensor into another element type.
func (b *builder) cast(output, input string, to graph.Type) string {
	b.model.Nodes = append(b.model.Nodes, graph.Node{Op: "Cast", Inputs: []string{input}, Outputs: []string{output}, Ints: map[string]int64{"to": int64(to)}})
	return output
}

// ends declares the graph's input "x" and its output.
func (b *builder) ends(t graph.Type, output string) graph.Model {
	rows, last := int64(b.batch), len(b.weights.layers)-1
	b.model.Inputs = []graph.Value{{Name: "x", Type: t, Shape: []int64{rows, int64(b.weights.work.Width)}}}
	b.model.Outputs = []graph.Value{{Name: output, Type: t, Shape: []int64{rows, int64(b.weights.columns(last))}}}
	return b.model
}

// scale is 2^shift.
func (b *builder) scale() float32 {
	p, _ := profileOf(b.weights.work.Width)
	return float32(math.Ldexp(1, p.shift))
}

// quantized: the whole layer is one operator.
func (b builder) quantized() graph.Model {
	one, scale := b.float("one", 1), b.float("scale", b.scale())
	middle, none := b.scalar("middle", graph.Uint8, zero), b.scalar("none", graph.Int8, 0)
	x := "x"
	for layer := range b.weights.layers {
		x = b.node("QLinearMatMul", fmt.Sprintf("x%d", layer), x, one, middle, b.matrix(layer), one, none, scale, middle)
	}
	return b.ends(graph.Uint8, x)
}

// integers: signed rows times signed weights, which is the pair that accelerators have.
func (b builder) integers() graph.Model {
	shrink, low, high, middle := b.float("shrink", 1/b.scale()), b.float("low", -zero), b.float("high", zero-1), b.float("middle", zero)
	x := b.cast("signed", b.node("Sub", "centred", b.cast("wide", "x", graph.Float32), middle), graph.Int8)
	for layer := range b.weights.layers {
		name := func(step string) string { return fmt.Sprintf("%s%d", step, layer) }
		sum := b.node("MatMulInteger", name("sum"), x, b.matrix(layer))
		scaled := b.node("Mul", name("scaled"), b.cast(name("float"), sum, graph.Float32), shrink)
		clipped := b.node("Clip", name("clipped"), b.node("Round", name("round"), scaled), low, high)
		if layer == len(b.weights.layers)-1 {
			x = b.cast("y", b.node("Add", "moved", clipped, middle), graph.Uint8)
			break
		}
		x = b.cast(name("x"), clipped, graph.Int8)
	}
	return b.ends(graph.Uint8, x)
}

// magic is 1.5·2²³: adding it to a float32 of less than 2²² in magnitude leaves no place for
// a fraction, so the addition itself rounds to the nearest even number, and taking it away
// again gives what Round would. WebGPU has no Round.
const magic = 3 << 22

// floats: each operator stores its result, so nothing can cancel magic out. The scale is
// an operator of its own because a sum that is added to right behind a MatMul becomes its
// bias, and sums would begin at magic, where they are no longer exact.
func (b builder) floats() graph.Model {
	shrink, low, high, magic := b.float("shrink", 1/b.scale()), b.float("low", -zero), b.float("high", zero-1), b.float("magic", magic)
	x := "x"
	for layer, matrix := range b.weights.layers {
		raw := make([]byte, 0, 4*len(matrix))
		for _, v := range matrix {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(float32(v)))
		}
		name := func(step string) string { return fmt.Sprintf("%s%d", step, layer) }
		b.model.Constants = append(b.model.Constants, graph.Constant{Value: graph.Value{Name: name("w"), Type: graph.Float32, Shape: b.shape(layer)}, Raw: raw})
		scaled := b.node("Mul", name("scaled"), b.node("MatMul", name("sum"), x, name("w")), shrink)
		x = b.node("Clip", name("x"), b.node("Sub", name("rounded"), b.node("Add", name("lifted"), scaled, magic), magic), low, high)
	}
	return b.ends(graph.Float32, x)
}
