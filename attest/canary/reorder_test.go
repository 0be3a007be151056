package canary_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of ONNX's protobuf that reordered reads.
const (
	modelGraph       = 7  // ModelProto.graph
	graphInitializer = 5  // GraphProto.initializer
	graphOutput      = 12 // GraphProto.output
	tensorDims       = 1
	tensorName       = 8
	tensorRawData    = 9
)

// reordered is the reference model with its hidden channels in another order: the same
// function of real numbers, whose sums are added up in another order. That is what another
// provider's kernels do. The channels are permuted alike in all layers of one width, since
// skips add them.
func reordered(t testing.TB, model []byte, seed uint64) []byte {
	t.Helper()
	source := rand.New(rand.NewPCG(seed, 0))
	const trunk, tail = 32, 8
	orders := map[int][]int{trunk: source.Perm(trunk), tail: source.Perm(tail)}
	tensors := 0
	out := mapField(model, modelGraph, func(graph []byte) []byte {
		return mapField(graph, graphInitializer, func(tensor []byte) []byte {
			name, dims := describe(tensor)
			outputs, inputs := hidden(name)
			if outputs == 0 && inputs == 0 {
				return tensor
			}
			tensors++
			return mapField(tensor, tensorRawData, func(raw []byte) []byte {
				return permuted(raw, dims, orders[outputs], orders[inputs])
			})
		})
	})
	const want = 24 // 13 weights with hidden channels on either side, and the 11 biases of those
	if tensors != want {
		t.Fatalf("%d tensors of hidden channels, expected %d; the model has another shape than this test knows", tensors, want)
	}
	return out
}

// scoresName is the reference model's value from which argmax takes the labels: the sum of
// the probabilities that it gives the image and its mirror image, 0 to 2 for each class.
const scoresName = "mean"

// withScores is the model with a second output, its scores.
func withScores(model []byte) []byte {
	const name, kind, tensor, element, float = 1, 2, 1, 1, 1 // of ValueInfoProto and TypeProto
	number := protowire.AppendVarint(protowire.AppendTag(nil, element, protowire.VarintType), float)
	held := protowire.AppendBytes(protowire.AppendTag(nil, tensor, protowire.BytesType), number)
	info := protowire.AppendBytes(protowire.AppendTag(nil, name, protowire.BytesType), []byte(scoresName))
	info = protowire.AppendBytes(protowire.AppendTag(info, kind, protowire.BytesType), held)
	return mapField(model, modelGraph, func(graph []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(graph[:len(graph):len(graph)], graphOutput, protowire.BytesType), info)
	})
}

// hidden says how wide the hidden layers are that a tensor leads to and comes from; 0 for
// the model's own input and output.
func hidden(name string) (outputs, inputs int) {
	switch name {
	case "stem.weight", "stem.bias":
		return 32, 0
	case "out.weight":
		return 0, 32
	case "tail.0.weight":
		return 8, 0
	case "correction.weight":
		return 0, 8
	}
	for _, layer := range []string{"h1", "q1", "e.0", "e.1", "e.2", "uq", "uh"} {
		switch name {
		case layer + ".weight":
			return 32, 32
		case layer + ".bias":
			return 32, 0
		}
	}
	switch name {
	case "tail.1.weight", "tail.2.weight":
		return 8, 8
	case "tail.0.bias", "tail.1.bias", "tail.2.bias":
		return 8, 0
	}
	return 0, 0
}

// permuted moves [output][input][kernel] blocks of four-byte numbers; nil leaves an axis.
func permuted(raw []byte, dims []int, outputs, inputs []int) []byte {
	in := 1
	if len(dims) > 1 {
		in = dims[1]
	}
	block := len(raw) / dims[0] / in
	out := make([]byte, len(raw))
	place := func(order []int, n int) int {
		if order == nil {
			return n
		}
		return order[n]
	}
	for o := range dims[0] {
		for i := range in {
			copy(out[(place(outputs, o)*in+place(inputs, i))*block:][:block], raw[(o*in+i)*block:][:block])
		}
	}
	return out
}

// describe reads a tensor's name and edges.
func describe(tensor []byte) (name string, dims []int) {
	for len(tensor) > 0 {
		number, kind, n := protowire.ConsumeTag(tensor)
		tensor = tensor[n:]
		size := protowire.ConsumeFieldValue(number, kind, tensor)
		switch {
		case number == tensorName:
			text, _ := protowire.ConsumeBytes(tensor)
			name = string(text)
		case number == tensorDims && kind == protowire.VarintType:
			v, _ := protowire.ConsumeVarint(tensor)
			dims = append(dims, int(v))
		case number == tensorDims:
			packed, _ := protowire.ConsumeBytes(tensor)
			for len(packed) > 0 {
				v, n := binary.Uvarint(packed)
				dims, packed = append(dims, int(v)), packed[n:]
			}
		}
		tensor = tensor[size:]
	}
	return name, dims
}

// mapField changes each value of one field of bytes and copies the rest.
func mapField(message []byte, field protowire.Number, change func([]byte) []byte) []byte {
	out := make([]byte, 0, len(message))
	for len(message) > 0 {
		number, kind, n := protowire.ConsumeTag(message)
		size := n + protowire.ConsumeFieldValue(number, kind, message[n:])
		if number == field && kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(message[n:])
			out = protowire.AppendBytes(protowire.AppendTag(out, number, kind), change(value))
		} else {
			out = append(out, message[:size]...)
		}
		message = message[size:]
	}
	return out
}
