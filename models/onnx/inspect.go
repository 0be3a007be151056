// Package onnx reads what an ONNX file says of itself: inputs, outputs, operators,
// opsets, the size of its weights. In: the bytes of a file from a stranger. Out: an
// Info, or a refusal in words. It parses the protobuf wire format directly and in one
// pass, keeps next to nothing, needs no ONNX Runtime, and never runs the model.
package onnx

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
)

// Bounds of what is kept or followed. Real models stay far below them.
const (
	maxPorts     = 64      // inputs and outputs of the graph, without those with a default
	maxRank      = 16      // edges of a tensor
	maxNodes     = 1 << 20 // in all graphs and functions
	maxDepth     = 16      // graphs inside nodes inside graphs
	maxOperators = 1 << 10 // different ones
	maxOpsets    = 32
	maxMetadata  = 64
	maxFed       = 1 << 14 // inputs with a default: old files list all weights as inputs
	maxText      = 512     // bytes of a name
)

// Info is an ONNX file in figures.
type Info struct {
	IRVersion        int64             `json:"ir_version"`
	Producer         string            `json:"producer,omitempty"`
	Opsets           map[string]int64  `json:"opsets"` // by domain; "" is ONNX's own
	Inputs           []Value           `json:"inputs"` // without those that an initialiser feeds
	Outputs          []Value           `json:"outputs"`
	Nodes            int               `json:"nodes"` // also of inner graphs and functions
	Operators        []string          `json:"operators"`
	Initialisers     int               `json:"initialisers"`
	InitialiserBytes int64             `json:"initialiser_bytes"`
	Metadata         map[string]string `json:"metadata,omitempty"`
}

// Value is an input or output.
type Value struct {
	Name  string  `json:"name"`
	Type  string  `json:"type"`  // "float32", "uint8", …
	Shape []int64 `json:"shape"` // -1 for an edge that is not fixed; nil where nothing is said
}

// ErrExternalData refuses a model whose weights lie in other files: a package's digest
// would not cover them, and a path in a stranger's file would be opened.
var ErrExternalData = errors.New("the weights lie in other files; save the model as one file (in Python: onnx.save_model(model, path, save_as_external_data=False))")

// elementTypes are the names of TensorProto.DataType, by number.
func elementTypes() []string {
	return []string{"undefined", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64",
		"uint32", "uint64", "complex64", "complex128", "bfloat16", "float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4", "int4", "float4e2m1"}
}

// Inspect reads an ONNX file. The cost is linear in its size, the memory does not depend
// on it.
func Inspect(data []byte) (Info, error) {
	i := inspector{info: Info{Opsets: map[string]int64{}, Metadata: map[string]string{}}, operators: map[string]bool{}, fed: map[string]bool{}}
	if err := i.model(data); err != nil {
		return Info{}, fmt.Errorf("inspect onnx: %w", err)
	}
	i.info.Inputs = slices.Clip(slices.DeleteFunc(i.info.Inputs, func(v Value) bool { return i.fed[v.Name] }))
	if len(i.info.Inputs) > maxPorts {
		return Info{}, fmt.Errorf("inspect onnx: %w", errManyPorts)
	}
	i.info.Operators = slices.Sorted(maps.Keys(i.operators))
	return i.info, nil
}

type inspector struct {
	info      Info
	operators map[string]bool
	graphs    int             // outermost ones
	fed       map[string]bool // inputs that an initialiser gives
}

// field is one entry of a message: number for varints, bytes for strings and messages.
type field struct {
	id     protowire.Number
	kind   protowire.Type
	number uint64
	bytes  []byte
}

var errNoONNX = errors.New("this is no ONNX file, or it is cut short; export or download it again")

var errManyPorts = fmt.Errorf("it has more than %d inputs or outputs; export the model so that everything else is a constant of the graph", maxPorts)

// fields walks a message without following its parts.
func fields(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		id, kind, n := protowire.ConsumeTag(message)
		if n < 0 {
			return errNoONNX
		}
		message = message[n:]
		f := field{id: id, kind: kind}
		switch kind {
		case protowire.VarintType:
			f.number, n = protowire.ConsumeVarint(message)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(message)
		default:
			n = protowire.ConsumeFieldValue(id, kind, message)
		}
		if n < 0 {
			return errNoONNX
		}
		message = message[n:]
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}

// message wants a field to hold bytes.
func (f field) message() ([]byte, error) {
	if f.kind != protowire.BytesType {
		return nil, errNoONNX
	}
	return f.bytes, nil
}

// text wants a field to hold a name that can be printed as it is.
func (f field) text() (string, error) {
	if f.kind != protowire.BytesType || len(f.bytes) > maxText || !utf8.Valid(f.bytes) {
		return "", fmt.Errorf("a name is no UTF-8 of at most %d bytes; rename it and export again", maxText)
	}
	s := string(f.bytes)
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return "", errors.New("a name holds a character that can't be printed; rename it and export again")
	}
	return s, nil
}

// model reads a ModelProto.
func (i *inspector) model(data []byte) error {
	err := fields(data, func(f field) (err error) {
		switch f.id {
		case 1:
			i.info.IRVersion = int64(f.number)
		case 2:
			i.info.Producer, err = f.text()
		case 7:
			if i.graphs++; i.graphs > 1 {
				return errors.New("it holds two graphs; export it again")
			}
			err = i.follow(f, 0, i.graph)
		case 8:
			err = i.opset(f)
		case 14:
			err = i.metadata(f)
		case 20: // TrainingInfoProto: two graphs
			err = i.follow(f, 0, func(message []byte, depth int) error {
				return fields(message, func(f field) error {
					if f.id == 1 || f.id == 2 {
						return i.follow(f, depth+1, i.graph)
					}
					return nil
				})
			})
		case 25: // FunctionProto
			err = i.follow(f, 0, func(message []byte, depth int) error {
				return fields(message, func(f field) error {
					switch f.id {
					case 7:
						return i.follow(f, depth, i.node)
					case 11:
						return i.follow(f, depth, i.attribute)
					}
					return nil
				})
			})
		}
		return err
	})
	if err != nil {
		return err
	}
	if i.graphs == 0 || i.info.IRVersion <= 0 {
		return errNoONNX
	}
	return nil
}

// follow goes into a message, but not without end.
func (i *inspector) follow(f field, depth int, into func([]byte, int) error) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("its graphs are nested more than %d deep; export it again", maxDepth)
	}
	return into(message, depth)
}

func (i *inspector) opset(f field) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	domain, version := "", int64(0)
	err = fields(message, func(f field) (err error) {
		switch f.id {
		case 1:
			domain, err = f.text()
		case 2:
			version = int64(f.number)
		}
		return err
	})
	if err == nil && len(i.info.Opsets) >= maxOpsets {
		err = fmt.Errorf("it imports more than %d operator sets", maxOpsets)
	}
	i.info.Opsets[domain] = version
	return err
}

// metadata keeps what can be printed; exporters write the strangest things there.
func (i *inspector) metadata(f field) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	var key, value string
	fit := len(i.info.Metadata) < maxMetadata
	err = fields(message, func(f field) error {
		text, err := f.text()
		if fit = fit && err == nil; f.id == 1 {
			key = text
		} else if f.id == 2 {
			value = text
		}
		return nil
	})
	if err == nil && fit && key != "" {
		i.info.Metadata[key] = value
	}
	return err
}

// graph reads a GraphProto; depth 0 is the model's own.
func (i *inspector) graph(message []byte, depth int) error {
	return fields(message, func(f field) error {
		switch f.id {
		case 1:
			return i.follow(f, depth, i.node)
		case 5:
			return i.follow(f, depth, i.initialiser)
		case 15: // SparseTensorProto: values and indices
			return i.follow(f, depth, i.sparse)
		case 11, 12:
			if depth > 0 {
				return nil
			}
			v, err := value(f)
			if err != nil {
				return err
			}
			ports, limit := &i.info.Inputs, maxFed+maxPorts
			if f.id == 12 {
				ports, limit = &i.info.Outputs, maxPorts
			}
			if len(*ports) >= limit {
				return errManyPorts
			}
			*ports = append(*ports, v)
		}
		return nil
	})
}
