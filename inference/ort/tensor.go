package ort

import (
	"errors"
	"fmt"
	"math"

	binding "github.com/yalue/onnxruntime_go"
)

// Tensor is a dense array that stays in the caller's memory, row-major: the last edge
// of the shape runs fastest.
type Tensor struct {
	shape []int64
	data  any // []float32, []uint8 or []int32
}

// Floats, Bytes and Ints make a tensor over data, which must hold as many elements as
// the shape; Run checks it. Run reads inputs and writes outputs in place.
func Floats(shape []int64, data []float32) Tensor { return Tensor{shape, data} }
func Bytes(shape []int64, data []uint8) Tensor    { return Tensor{shape, data} }
func Ints(shape []int64, data []int32) Tensor     { return Tensor{shape, data} }

// value hands the tensor's memory to ONNX Runtime, with its element type.
func (t Tensor) value() (binding.Value, string, error) {
	count, err := elements(t.shape)
	if err != nil {
		return nil, "", err
	}
	mismatch := func(have int) error {
		return fmt.Errorf("shape %v holds %d elements, the data %d", t.shape, count, have)
	}
	shape := binding.NewShape(t.shape...)
	switch data := t.data.(type) {
	case []float32:
		if len(data) != count {
			return nil, "", mismatch(len(data))
		}
		v, err := binding.NewTensor(shape, data)
		return v, "float32", err
	case []uint8:
		if len(data) != count {
			return nil, "", mismatch(len(data))
		}
		v, err := binding.NewTensor(shape, data)
		return v, "uint8", err
	case []int32:
		if len(data) != count {
			return nil, "", mismatch(len(data))
		}
		v, err := binding.NewTensor(shape, data)
		return v, "int32", err
	}
	return nil, "", errors.New("the tensor is empty; make it with Floats, Bytes or Ints")
}

// elements multiplies the edges, all of which must be positive.
func elements(shape []int64) (int, error) {
	if len(shape) == 0 {
		return 0, errors.New("the shape is empty")
	}
	n := int64(1)
	for _, edge := range shape {
		if edge <= 0 || n > math.MaxInt32*16/edge { // 2³⁵ elements: far above any study
			return 0, fmt.Errorf("shape %v is out of range", shape)
		}
		n *= edge
	}
	return int(n), nil
}

// bind makes one value per port; free releases what was made, also after an error.
func bind(kind string, tensors []Tensor, ports []Port) (values []binding.Value, free func(), err error) {
	free = func() {
		for _, v := range values {
			_ = v.Destroy()
		}
	}
	if len(tensors) != len(ports) {
		return nil, free, fmt.Errorf("%d %ss; the model takes %d", len(tensors), kind, len(ports))
	}
	for i, t := range tensors {
		if !shapesAgree(t.shape, ports[i].Shape) {
			return values, free, fmt.Errorf("%s %q: shape %v; the model takes %v", kind, ports[i].Name, t.shape, ports[i].Shape)
		}
		v, have, err := t.value()
		if err != nil {
			return values, free, fmt.Errorf("%s %q: %w", kind, ports[i].Name, err)
		}
		values = append(values, v)
		if have != ports[i].Type {
			return values, free, fmt.Errorf("%s %q: %s; the model takes %s", kind, ports[i].Name, have, ports[i].Type)
		}
	}
	return values, free, nil
}
