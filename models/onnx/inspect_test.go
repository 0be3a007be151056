package onnx_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/models/onnx"
)

// message builds protobuf for tests: fields in order.
type message []byte

func (m message) text(id protowire.Number, s string) message { return m.bytes(id, []byte(s)) }

func (m message) bytes(id protowire.Number, b []byte) message {
	return protowire.AppendBytes(protowire.AppendTag(m, id, protowire.BytesType), b)
}

func (m message) number(id protowire.Number, n uint64) message {
	return protowire.AppendVarint(protowire.AppendTag(m, id, protowire.VarintType), n)
}

// port is a ValueInfoProto of float32; an edge of -1 has a name, -2 nothing.
func port(name string, edges ...int64) message {
	var shape message
	for _, e := range edges {
		var dim message
		switch e {
		case -1:
			dim = dim.text(2, "batch")
		case -2:
		default:
			dim = dim.number(1, uint64(e))
		}
		shape = shape.bytes(1, dim)
	}
	return message{}.text(1, name).bytes(2, message{}.bytes(1, message{}.number(1, 1).bytes(2, shape)))
}

// tensor is an initialiser with four bytes of data.
func tensor(name string) message {
	return message{}.number(1, 1).number(2, 1).text(8, name).bytes(9, []byte{0, 0, 128, 63})
}

func external(name string) message {
	return message{}.number(2, 1).text(8, name).bytes(13, message{}.text(1, "location").text(2, "/etc/passwd")).number(14, 1)
}

func graph() message {
	return message{}.
		bytes(1, message{}.text(1, "x").text(1, "w").text(2, "y").text(4, "Conv")).
		bytes(1, message{}.text(4, "FusedMatMul").text(7, "com.microsoft")).
		bytes(5, tensor("w")).
		bytes(11, port("x", 1, -1, -2, 64)).bytes(11, port("w", 1)).bytes(12, port("y", 1, 3))
}

func model(graph message) message {
	return message{}.number(1, 8).text(2, "a test").bytes(7, graph).bytes(8, message{}.number(2, 17)).
		bytes(8, message{}.text(1, "com.microsoft").number(2, 1)).bytes(14, message{}.text(1, "licence").text(2, "MIT"))
}

func TestInspect(t *testing.T) {
	got, err := onnx.Inspect(model(graph()))
	if err != nil {
		t.Fatal(err)
	}
	want := onnx.Info{
		IRVersion: 8, Producer: "a test", Opsets: map[string]int64{"": 17, "com.microsoft": 1},
		Inputs:  []onnx.Value{{Name: "x", Type: "float32", Shape: []int64{1, -1, -1, 64}}},
		Outputs: []onnx.Value{{Name: "y", Type: "float32", Shape: []int64{1, 3}}},
		Nodes:   2, Operators: []string{"Conv", "com.microsoft.FusedMatMul"},
		Initialisers: 1, InitialiserBytes: int64(len(tensor("w"))), Metadata: map[string]string{"licence": "MIT"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v, want\n%+v", got, want)
	}
}

// The project's own model, against what its manifest says of it.
func TestReferenceModel(t *testing.T) {
	folder := filepath.Join("..", "reference")
	data, err := os.ReadFile(filepath.Join(folder, "t1-tissue.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	var m struct{ Input, Output onnx.Value }
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	got, err := onnx.Inspect(data)
	if err != nil || !reflect.DeepEqual(got.Inputs, []onnx.Value{m.Input}) || !reflect.DeepEqual(got.Outputs, []onnx.Value{m.Output}) {
		t.Errorf("%v %+v; the manifest says %+v", err, got, m)
	}
	if got.Nodes == 0 || got.InitialiserBytes < int64(len(data))/2 || !slices.Contains(got.Operators, "Conv") {
		t.Errorf("%+v", got)
	}
}

// inner wraps a graph into an attribute of a node of a graph, depth times.
func inner(g message, depth int) message {
	for range depth {
		g = message{}.bytes(1, message{}.text(4, "If").bytes(5, message{}.text(1, "then_branch").bytes(6, g)))
	}
	return g
}

func TestRefusals(t *testing.T) {
	attribute := func(a message) message { return message{}.bytes(1, message{}.text(4, "Constant").bytes(5, a)) }
	sparse := message{}.bytes(1, external("v"))
	for name, c := range map[string]struct {
		data message
		want string
	}{
		"empty":                        {nil, "no ONNX file"},
		"text":                         {message("hello, this is text and no model"), "no ONNX file"},
		"cut":                          {model(graph())[:40], "cut short"},
		"no graph":                     {message{}.number(1, 8), "no ONNX file"},
		"no version":                   {message{}.bytes(7, graph()), "no ONNX file"},
		"two graphs":                   {model(graph()).bytes(7, graph()), "two graphs"},
		"a graph that is a number":     {message{}.number(1, 8).number(7, 1), "no ONNX file"},
		"external weights":             {model(graph().bytes(5, external("e"))), "other files"},
		"external in a constant":       {model(attribute(message{}.bytes(5, external("e")))), "other files"},
		"external in a list":           {model(attribute(message{}.bytes(10, external("e")))), "other files"},
		"external in an inner graph":   {model(inner(message{}.bytes(5, external("e")), 3)), "other files"},
		"external sparse weights":      {model(graph().bytes(15, sparse)), "other files"},
		"external sparse attribute":    {model(attribute(message{}.bytes(22, sparse))), "other files"},
		"external sparse attributes":   {model(attribute(message{}.bytes(23, sparse))), "other files"},
		"external in a function":       {model(graph()).bytes(25, message{}.bytes(7, message{}.text(4, "C").bytes(5, message{}.bytes(5, external("e"))))), "other files"},
		"external default of function": {model(graph()).bytes(25, message{}.bytes(11, message{}.bytes(5, external("e")))), "other files"},
		"external in training":         {model(graph()).bytes(20, message{}.bytes(2, message{}.bytes(5, external("e")))), "other files"},
		"nested without end":           {model(inner(graph(), 100)), "nested"},
		"a name with an escape":        {model(graph().bytes(11, port("x\x1b[31m", 1))), "can't be printed"},
		"an endless name":              {model(graph().bytes(11, port(strings.Repeat("x", 1<<16), 1))), "a name"},
		"a tensor of 1,000 edges":      {model(graph().bytes(11, port("z", make([]int64, 1000)...))), "edges"},
		"1,000 inputs": {model(func() message {
			g := graph()
			for range 1000 {
				g = g.bytes(11, port("z", 1))
			}
			return g
		}()), "inputs or outputs"},
		"100,000 inputs with a default": {model(func() message {
			g := graph().bytes(5, tensor("z"))
			for range 100_000 {
				g = g.bytes(11, port("z", 1))
			}
			return g
		}()), "inputs or outputs"},
	} {
		info, err := onnx.Inspect(c.data)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v %+v; want %q", name, err, info, c.want)
		}
	}
	if _, err := onnx.Inspect(model(graph().bytes(5, external("e")))); !errors.Is(err, onnx.ErrExternalData) {
		t.Errorf("%v is not ErrExternalData", err)
	}
}

// Before IR version 4 every weight had to be an input, too.
func TestWeightsThatAreInputs(t *testing.T) {
	g := graph()
	plain, err := onnx.Inspect(model(g))
	if err != nil {
		t.Fatal(err)
	}
	for n := range 300 {
		name := fmt.Sprint("w", n)
		g = g.bytes(11, port(name, 1)).bytes(5, tensor(name))
	}
	info, err := onnx.Inspect(model(g))
	if err != nil || !reflect.DeepEqual(info.Inputs, plain.Inputs) || info.Initialisers != plain.Initialisers+300 {
		t.Errorf("%v: inputs %+v, %d initialisers", err, info.Inputs, info.Initialisers)
	}
}

// A weight's name may be as large as the file; it is not copied.
func TestEndlessTensorName(t *testing.T) {
	data := model(graph().bytes(5, tensor(strings.Repeat("x", 64<<20))))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := onnx.Inspect(data); err != nil {
		t.Fatal(err)
	}
	if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 1<<20 {
		t.Errorf("allocated %d bytes", after.TotalAlloc-before.TotalAlloc)
	}
}

// A nest of 2,000 graphs must not use the stack.
func TestDeepNest(t *testing.T) {
	var body message
	for range 2000 {
		body = inner(body, 1)
	}
	if _, err := onnx.Inspect(model(body)); err == nil || !strings.Contains(err.Error(), "nested") {
		t.Errorf("%v", err)
	}
}

func TestShapesSurvive(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		edges := rapid.SliceOfN(rapid.Int64Range(-2, 1<<40), 0, 8).Draw(rt, "edges")
		name := rapid.StringMatching(`[a-zA-Z_/:.0-9]{1,60}`).Draw(rt, "name")
		info, err := onnx.Inspect(model(message{}.bytes(12, port(name, edges...))))
		if err != nil || len(info.Outputs) != 1 || info.Outputs[0].Name != name || len(info.Outputs[0].Shape) != len(edges) {
			rt.Fatalf("%v %+v", err, info)
		}
		for i, e := range edges {
			if got := info.Outputs[0].Shape[i]; got != max(e, -1) {
				rt.Fatalf("edge %d is %d, want %d", i, got, e)
			}
		}
	})
}

func FuzzInspect(f *testing.F) {
	f.Add([]byte(model(graph())))
	f.Add([]byte(model(inner(graph(), 5))))
	f.Add([]byte(model(graph().bytes(5, external("e")))))
	f.Add([]byte(model(graph()).bytes(25, message{}.bytes(7, message{}.text(4, "C").bytes(5, message{}.bytes(5, tensor("e")))))))
	f.Add(bytes.Repeat([]byte{0x3a, 0x80}, 50))
	f.Fuzz(func(t *testing.T, data []byte) {
		info, err := onnx.Inspect(data)
		if err != nil {
			return
		}
		if len(info.Inputs) > 64 || len(info.Outputs) > 64 || info.InitialiserBytes > int64(len(data)) || info.Nodes > len(data) {
			t.Errorf("%+v of %d bytes", info, len(data))
		}
		if _, err := json.Marshal(info); err != nil {
			t.Error(err)
		}
	})
}
