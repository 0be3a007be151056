// Package labelmap is the file in which a package's example keeps the labels that a model
// must give, voxel by voxel, and the comparison of two such files. In: labels of a volume.
// Out: runs of equal labels, so that a head takes kilobytes; how far two sets of labels
// overlap, and where they differ. It holds no study and reads none, and it compares what a
// stranger wrote without unpacking it.
package labelmap

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// magic begins a file; its last byte is the version of the format.
const magic = "MHLABEL\x01"

// MaxBytes bounds a file before it is parsed: the labels of 1,000 slices of 512² in runs of
// eight voxels.
const MaxBytes = 64 << 20

// maxEdge and maxVoxels bound a volume: far above any study.
const (
	maxEdge   = 1 << 16
	maxVoxels = 1 << 33
)

// unsureBit marks a run of voxels whose label hung by less than the margin.
const unsureBit = 1 << 8

// Volume is labels in runs, the first axis running fastest. The zero value is no volume.
type Volume struct {
	Size [3]int // columns, rows, slices
	runs []byte // uvarint(label, and unsureBit), uvarint(length) …; neighbours differ
}

// Set is what a model gave on one study.
type Set struct {
	// Delivered are the labels on the source's grid, after all steps: what a clinic gets.
	Delivered Volume
	// Direct are the labels on the grid that the model saw, before any step on connected
	// parts, of a model whose graph gives scores; else no volume.
	Direct Volume
	// Margin is how close the two best scores of a voxel must be for Direct to call it
	// unsure, in the graph's own units; 0 where nobody asked.
	Margin float64
}

// IsZero reports whether there is no volume.
func (v Volume) IsZero() bool { return v.Size == [3]int{} }

// Pack makes runs of labels, one byte a voxel; unsure is as long, or nil.
func Pack(size [3]int, labels []uint8, unsure []bool) (Volume, error) {
	n, err := voxels(size)
	if err != nil {
		return Volume{}, err
	}
	if len(labels) != n || unsure != nil && len(unsure) != n {
		return Volume{}, fmt.Errorf("pack labels: %d labels and %d marks for %v voxels", len(labels), len(unsure), size)
	}
	v := Volume{Size: size}
	state := func(i int) uint64 {
		if unsure != nil && unsure[i] {
			return uint64(labels[i]) | unsureBit
		}
		return uint64(labels[i])
	}
	for i := 0; i < n; {
		start, now := i, state(i)
		for i++; i < n && state(i) == now; i++ {
		}
		v.runs = binary.AppendUvarint(binary.AppendUvarint(v.runs, now), uint64(i-start))
	}
	return v, nil
}

// voxels multiplies the edges, which must be positive and bounded.
func voxels(size [3]int) (int, error) {
	n := 1
	for _, edge := range size {
		if edge < 1 || edge > maxEdge || n > maxVoxels/edge {
			return 0, fmt.Errorf("labels of %v voxels: out of range", size)
		}
		n *= edge
	}
	return n, nil
}

// Encode writes the file. Equal sets give equal bytes.
func (s Set) Encode() []byte {
	out := []byte(magic)
	out = binary.BigEndian.AppendUint64(out, math.Float64bits(s.Margin))
	for _, v := range []Volume{s.Delivered, s.Direct} {
		for _, edge := range v.Size {
			out = binary.BigEndian.AppendUint32(out, uint32(edge))
		}
		out = binary.BigEndian.AppendUint32(out, uint32(len(v.runs)))
		out = append(out, v.runs...)
	}
	return out
}

// Decode reads a file and trusts none of it: every run is checked, none is unpacked. The
// set aliases data.
func Decode(data []byte) (Set, error) {
	var s Set
	if len(data) > MaxBytes {
		return s, fmt.Errorf("read labels: %d bytes; the limit is %d", len(data), MaxBytes)
	}
	if len(data) < len(magic)+8 || string(data[:len(magic)]) != magic {
		return s, errors.New("read labels: this is no file of labels that this version knows; make the example anew")
	}
	data = data[len(magic):]
	s.Margin = math.Float64frombits(binary.BigEndian.Uint64(data))
	if !(s.Margin >= 0 && s.Margin <= math.MaxFloat32) {
		return s, errors.New("read labels: the margin is out of range")
	}
	data = data[8:]
	for _, v := range []*Volume{&s.Delivered, &s.Direct} {
		rest, err := v.read(data)
		if err != nil {
			return Set{}, fmt.Errorf("read labels: %w", err)
		}
		data = rest
	}
	if len(data) > 0 {
		return Set{}, errors.New("read labels: something follows them")
	}
	if s.Delivered.IsZero() {
		return Set{}, errors.New("read labels: there are none")
	}
	return s, nil
}

// read takes one volume from the front of data.
func (v *Volume) read(data []byte) (rest []byte, err error) {
	const header = 16
	if len(data) < header {
		return nil, errors.New("the file is cut short")
	}
	for axis := range v.Size {
		v.Size[axis] = int(binary.BigEndian.Uint32(data[4*axis:]))
	}
	length := int64(binary.BigEndian.Uint32(data[12:]))
	if data = data[header:]; length > int64(len(data)) {
		return nil, errors.New("the file is cut short")
	}
	v.runs, rest = data[:length:length], data[length:]
	if v.IsZero() && length == 0 {
		return rest, nil
	}
	return rest, v.check()
}

// check walks the runs once: each is well formed and unlike its neighbour, and together
// they cover the volume.
func (v Volume) check() error {
	n, err := voxels(v.Size)
	if err != nil {
		return err
	}
	before := uint64(math.MaxUint64)
	for at := 0; at < len(v.runs); {
		value, a := binary.Uvarint(v.runs[at:])
		if a <= 0 || value >= 2*unsureBit || value == before {
			return errors.New("a run is malformed")
		}
		length, b := binary.Uvarint(v.runs[at+a:])
		if b <= 0 || length == 0 || length > uint64(n) {
			return errors.New("a run is malformed")
		}
		n -= int(length)
		before, at = value, at+a+b
	}
	if n != 0 {
		return errors.New("the runs do not cover the volume")
	}
	return nil
}

// Labels unpacks the volume, one byte a voxel: for whoever knows how large it is.
func (v Volume) Labels() []uint8 {
	var labels []uint8
	for c := (cursor{runs: v.runs}); c.next(); c.left = 0 {
		labels = append(labels, slices.Repeat([]uint8{uint8(c.value)}, c.left)...)
	}
	return labels
}
