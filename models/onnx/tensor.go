package onnx

import (
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

// externalLocation is TensorProto.DataLocation EXTERNAL.
const externalLocation = 1

// node reads a NodeProto: its operator, and the tensors and graphs in its attributes.
func (i *inspector) node(message []byte, depth int) error {
	if i.info.Nodes++; i.info.Nodes > maxNodes {
		return fmt.Errorf("it has more than %d nodes", maxNodes)
	}
	var operator, domain string
	err := fields(message, func(f field) (err error) {
		switch f.id {
		case 4:
			operator, err = f.text()
		case 5:
			err = i.follow(f, depth, i.attribute)
		case 7:
			domain, err = f.text()
		}
		return err
	})
	if err != nil {
		return err
	}
	if domain != "" && domain != "ai.onnx" {
		operator = domain + "." + operator
	}
	if i.operators[operator] = true; len(i.operators) > maxOperators {
		return fmt.Errorf("it has more than %d different operators", maxOperators)
	}
	return nil
}

// attribute looks for tensors and graphs in an AttributeProto.
func (i *inspector) attribute(message []byte, depth int) error {
	return fields(message, func(f field) error {
		switch f.id {
		case 5, 10:
			return i.follow(f, depth, func(message []byte, _ int) error {
				_, err := i.tensor(message)
				return err
			})
		case 6, 11:
			return i.follow(f, depth+1, i.graph)
		case 22, 23:
			return i.follow(f, depth, i.sparse)
		}
		return nil
	})
}

// initialiser counts a tensor of weights.
func (i *inspector) initialiser(message []byte, depth int) error {
	name, err := i.tensor(message)
	if err != nil {
		return err
	}
	i.info.Initialisers++
	i.info.InitialiserBytes += int64(len(message))
	if depth == 0 && name != "" && len(i.fed) < maxFed {
		i.fed[name] = true
	}
	return nil
}

// sparse looks into the two tensors of a SparseTensorProto.
func (i *inspector) sparse(message []byte, _ int) error {
	return fields(message, func(f field) error {
		if f.id != 1 && f.id != 2 {
			return nil
		}
		inner, err := f.message()
		if err != nil {
			return err
		}
		i.info.InitialiserBytes += int64(len(inner))
		_, err = i.tensor(inner)
		return err
	})
}

// tensor reads a TensorProto's name and refuses data that lies elsewhere. Its values are
// not looked at.
func (i *inspector) tensor(message []byte) (name string, err error) {
	err = fields(message, func(f field) error {
		switch f.id {
		case 8:
			if len(f.bytes) <= maxText { // a longer one is no input's
				name = string(f.bytes)
			}
		case 13:
			return ErrExternalData
		case 14:
			if f.number == externalLocation {
				return ErrExternalData
			}
		}
		return nil
	})
	return name, err
}

// value reads a ValueInfoProto.
func value(f field) (v Value, err error) {
	v.Type = elementTypes()[0]
	message, err := f.message()
	if err != nil {
		return v, err
	}
	err = fields(message, func(f field) (err error) {
		switch f.id {
		case 1:
			v.Name, err = f.text()
		case 2:
			err = v.readType(f)
		}
		return err
	})
	return v, err
}

// readType reads a TypeProto; only tensors have an element type and a shape here.
func (v *Value) readType(f field) error {
	return each(f, 1, func(tensor field) error {
		message, err := tensor.message()
		if err != nil {
			return err
		}
		return fields(message, func(f field) error {
			switch f.id {
			case 1:
				known := elementTypes()
				if v.Type = fmt.Sprintf("type %d", f.number); f.number < uint64(len(known)) {
					v.Type = known[f.number]
				}
			case 2:
				v.Shape = []int64{}
				return each(f, 1, v.readEdge)
			}
			return nil
		})
	})
}

// readEdge reads one dimension: fixed, or free with or without a name.
func (v *Value) readEdge(f field) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	edge := int64(-1)
	err = fields(message, func(f field) error {
		if f.id == 1 && f.kind == protowire.VarintType && int64(f.number) >= 0 {
			edge = int64(f.number)
		}
		return nil
	})
	if err == nil && len(v.Shape) >= maxRank {
		err = fmt.Errorf("a tensor has more than %d edges", maxRank)
	}
	v.Shape = append(v.Shape, edge)
	return err
}

// each visits the parts of f that have the given number.
func each(f field, id protowire.Number, visit func(field) error) error {
	message, err := f.message()
	if err != nil {
		return err
	}
	return fields(message, func(f field) error {
		if f.id != id {
			return nil
		}
		return visit(f)
	})
}
