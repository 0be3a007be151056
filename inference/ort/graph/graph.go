// Package graph writes small ONNX models as bytes: the products that the provider
// trial and the TOPS measurement run, and stand-ins for tests. In: nodes, values and
// constants. Out: a serialized ModelProto (onnx.proto, IR version 8, opset 17). It
// reads no model and checks none: ONNX Runtime does that.
package graph

import (
	"maps"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// Type is an element type, numbered as TensorProto.DataType.
type Type int32

// The element types that this project's graphs use.
const (
	Float32 Type = 1
	Uint8   Type = 2
	Int8    Type = 3
	Int32   Type = 6
	Int64   Type = 7
	Bool    Type = 9
	Float16 Type = 10
)

const (
	irVersion    = 8  // understood by every ONNX Runtime since 1.12
	opsetVersion = 17 // has every operator used here
)

// Value is an input or output of the graph. An edge of -1 is dynamic.
type Value struct {
	Name  string
	Type  Type
	Shape []int64
}

// Constant is an initializer; Raw holds its elements, little-endian and row-major.
type Constant struct {
	Value
	Raw []byte
}

// Node is one operator.
type Node struct {
	Op       string
	Inputs   []string
	Outputs  []string
	Ints     map[string]int64   // integer attributes
	IntLists map[string][]int64 // attributes that are lists of integers
}

// Model is a graph with its interface.
type Model struct {
	Nodes     []Node
	Inputs    []Value
	Outputs   []Value
	Constants []Constant
}

// Encode serializes the model.
func (m Model) Encode() []byte {
	var g []byte
	for _, n := range m.Nodes {
		g = appendMessage(g, 1, n.encode())
	}
	g = appendText(g, 2, "graph")
	for _, c := range m.Constants {
		g = appendMessage(g, 5, c.encode())
	}
	for _, v := range m.Inputs {
		g = appendMessage(g, 11, v.encode())
	}
	for _, v := range m.Outputs {
		g = appendMessage(g, 12, v.encode())
	}
	out := appendInt(nil, 1, irVersion)
	out = appendText(out, 2, "medhive")
	out = appendMessage(out, 7, g)
	return appendMessage(out, 8, appendInt(appendText(nil, 1, ""), 2, opsetVersion))
}

func (n Node) encode() (b []byte) {
	for _, name := range n.Inputs {
		b = appendText(b, 1, name)
	}
	for _, name := range n.Outputs {
		b = appendText(b, 2, name)
	}
	b = appendText(b, 4, n.Op)
	const kindInt, kindInts = 2, 7                          // AttributeProto.AttributeType
	for _, name := range slices.Sorted(maps.Keys(n.Ints)) { // sorted: equal graphs, equal bytes
		a := appendInt(appendText(nil, 1, name), 3, n.Ints[name])
		b = appendMessage(b, 5, appendInt(a, 20, kindInt))
	}
	for _, name := range slices.Sorted(maps.Keys(n.IntLists)) {
		a := appendText(nil, 1, name)
		for _, v := range n.IntLists[name] {
			a = appendInt(a, 8, v)
		}
		b = appendMessage(b, 5, appendInt(a, 20, kindInts))
	}
	return b
}

func (v Value) encode() []byte {
	var shape []byte
	for _, edge := range v.Shape {
		dim := appendInt(nil, 1, edge)
		if edge < 0 {
			dim = nil // a dimension without value or name is unknown
		}
		shape = appendMessage(shape, 1, dim)
	}
	tensor := appendMessage(appendInt(nil, 1, int64(v.Type)), 2, shape)
	return appendMessage(appendText(nil, 1, v.Name), 2, appendMessage(nil, 1, tensor))
}

func (c Constant) encode() (b []byte) {
	for _, edge := range c.Shape {
		b = appendInt(b, 1, edge)
	}
	b = appendInt(b, 2, int64(c.Type))
	b = appendText(b, 8, c.Name)
	return appendMessage(b, 9, c.Raw)
}

func appendInt(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

func appendText(b []byte, field protowire.Number, s string) []byte {
	return protowire.AppendString(protowire.AppendTag(b, field, protowire.BytesType), s)
}

func appendMessage(b []byte, field protowire.Number, message []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), message)
}
