package main

import (
	"encoding/binary"
	"math"

	"github.com/medhive/medhive/inference/ort/graph"
	"github.com/medhive/medhive/models"
)

// board puts nodes on a graph and names their results.
type board struct {
	graph.Model
	names int
}

// put adds a node and returns the name of its result.
func (b *board) put(op string, ints map[string]int64, lists map[string][]int64, inputs ...string) string {
	b.names++
	name := op + "_" + string(rune('a'+b.names/26)) + string(rune('a'+b.names%26))
	b.Nodes = append(b.Nodes, graph.Node{Op: op, Inputs: inputs, Outputs: []string{name}, Ints: ints, IntLists: lists})
	return name
}

// call is put without attributes.
func (b *board) call(op string, inputs ...string) string { return b.put(op, nil, nil, inputs...) }

// number adds a constant of one value.
func (b *board) number(name string, v float32) string {
	return b.floats(name, []int64{1}, v)
}

func (b *board) floats(name string, shape []int64, values ...float32) string {
	var raw []byte
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	b.Constants = append(b.Constants, graph.Constant{Value: graph.Value{Name: name, Type: graph.Float32, Shape: shape}, Raw: raw})
	return name
}

// integer adds a scalar.
func (b *board) integer(name string, v int64) string {
	b.Constants = append(b.Constants, graph.Constant{Value: graph.Value{Name: name, Type: graph.Int64, Shape: []int64{}}, Raw: binary.LittleEndian.AppendUint64(nil, uint64(v))})
	return name
}

// float turns a truth value into 0 or 1.
func (b *board) float(condition string) string {
	return b.put("Cast", map[string]int64{"to": int64(graph.Float32)}, nil, condition)
}

// output names the result of the graph.
func (b *board) output(from string, v graph.Value) {
	b.Nodes = append(b.Nodes, graph.Node{Op: "Identity", Inputs: []string{from}, Outputs: []string{v.Name}})
	b.Outputs = []graph.Value{v}
}

// grown is the largest value within a cube of edge voxels, axis by axis.
func (b *board) grown(from string, edge int64) string {
	for axis := range 3 {
		kernel, pads := []int64{1, 1, 1}, make([]int64, 6)
		kernel[axis], pads[axis], pads[axis+3] = edge, edge/2, edge/2
		from = b.put("MaxPool", nil, map[string][]int64{"kernel_shape": kernel, "pads": pads}, from)
	}
	return from
}

// closed fills what is narrower than a cube of edge voxels.
func (b *board) closed(from string, edge int64) string {
	return b.call("Neg", b.grown(b.call("Neg", b.grown(from, edge)), edge))
}

func sct(value, meaning string) *models.Code {
	return &models.Code{Value: value, Scheme: "SCT", Meaning: meaning}
}

func own(value, meaning string) *models.Code {
	return &models.Code{Value: value, Scheme: "99MEDHIVE", Meaning: meaning}
}

func ucum(value, meaning string) models.Code {
	return models.Code{Value: value, Scheme: "UCUM", Meaning: meaning}
}

// common are the attributes that every study needs to be read and its result to be filed.
func common(more ...string) []string {
	return append([]string{
		"SpecificCharacterSet", "ImageType", "SOPClassUID", "SOPInstanceUID", "Modality", "StudyInstanceUID", "SeriesInstanceUID",
		"SeriesNumber", "AcquisitionNumber", "InstanceNumber", "SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "PixelSpacing",
		"BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation", "SmallestImagePixelValue", "LargestImagePixelValue",
		"PixelPaddingValue", "WindowCenter", "WindowWidth", "RescaleIntercept", "RescaleSlope", "RescaleType", "PixelData"}, more...)
}
