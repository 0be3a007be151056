package dicom

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
)

// attributes describe an instance of a test: []string, []int, []float64, []byte or, for
// a sequence, []attributes.
type attributes map[tag.Tag]any

// and returns the attributes with others laid over them; nil leaves one out.
func (a attributes) and(others attributes) attributes {
	merged := maps.Clone(a)
	maps.Copy(merged, others)
	return merged
}

// elements are the attributes in the library's model.
func (a attributes) elements(tb testing.TB) []*lib.Element {
	tb.Helper()
	var list []*lib.Element
	for t, value := range a {
		if value == nil {
			continue
		}
		if items, ok := value.([]attributes); ok {
			nested := make([][]*lib.Element, len(items))
			for n, item := range items {
				nested[n] = item.elements(tb)
			}
			value = nested
		}
		e, err := NewElement(t, value)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, e)
	}
	slices.SortFunc(list, byTag)
	return list
}

// file is the instance in Explicit VR Little Endian.
func (a attributes) file(tb testing.TB, pixels []byte) File {
	tb.Helper()
	data, err := Encode(lib.Dataset{Elements: a.elements(tb)}, pixels)
	if err != nil {
		tb.Fatal(err)
	}
	return File{Name: "IM", Data: data}
}

// grey describes a slice of a series that is all there.
func grey(modality string, columns, rows int) attributes {
	return attributes{
		tag.SOPClassUID: []string{"1.2.840.10008.5.1.4.1.1.4"}, tag.SOPInstanceUID: []string{"2.25.1"},
		tag.StudyInstanceUID: []string{"2.25.2"}, tag.SeriesInstanceUID: []string{"2.25.3"}, tag.FrameOfReferenceUID: []string{"2.25.4"},
		tag.Modality: []string{modality}, tag.SamplesPerPixel: []int{1}, tag.PhotometricInterpretation: []string{"MONOCHROME2"},
		tag.Rows: []int{rows}, tag.Columns: []int{columns}, tag.BitsAllocated: []int{16}, tag.BitsStored: []int{16}, tag.HighBit: []int{15}, tag.PixelRepresentation: []int{1},
		tag.PixelSpacing: []string{"2", "1"}, tag.ImageOrientationPatient: []string{"1", "0", "0", "0", "1", "0"}, tag.ImagePositionPatient: []string{"0", "0", "0"},
	}
}

// at places slice n of a straight stack, 3 mm from its neighbours.
func at(n int) attributes {
	return attributes{tag.ImagePositionPatient: []string{"-10", "20", strconv.Itoa(3 * n)}, tag.InstanceNumber: []string{strconv.Itoa(100 - n)}}
}

// named gives an instance an identity.
func named(n int) attributes {
	return attributes{tag.SOPInstanceUID: []string{fmt.Sprintf("2.25.9%d", n)}}
}

// words are 16-bit samples.
func words(list ...int) []byte {
	var raw []byte
	for _, v := range list {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(v))
	}
	return raw
}

// filled is a frame of one value.
func filled(count, value int) []byte { return words(slices.Repeat([]int{value}, count)...) }

// fileHead is what stands before the data set.
func fileHead(uid string) []byte {
	if len(uid)%2 != 0 {
		uid += "\x00"
	}
	out := append(make([]byte, preambleBytes), magic...)
	out = append(out, "\x02\x00\x10\x00UI"...)
	return append(binary.LittleEndian.AppendUint16(out, uint16(len(uid))), uid...)
}

// encapsulate writes the attributes with fragments as they are given; items is the
// Basic Offset Table and then the fragments.
func encapsulate(tb testing.TB, uid string, a attributes, items ...[]byte) File {
	tb.Helper()
	e := &encoder{out: fileHead(uid)}
	if err := e.elements(a.elements(tb), 0); err != nil {
		tb.Fatal(err)
	}
	e.out = append(e.out, "\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff"...)
	for _, item := range items {
		if len(item)%2 != 0 {
			item = append(bytes.Clone(item), 0)
		}
		e.out = append(e.out, "\xfe\xff\x00\xe0"...)
		e.out = binary.LittleEndian.AppendUint32(e.out, uint32(len(item)))
		e.out = append(e.out, item...)
	}
	e.out = append(e.out, "\xfe\xff\xdd\xe0\x00\x00\x00\x00"...)
	return File{Name: "IM", Data: e.out}
}

// transcribe writes attributes without private ones in another uncompressed syntax.
func transcribe(tb testing.TB, uid string, a attributes, pixels []byte) File {
	tb.Helper()
	var order binary.AppendByteOrder = binary.LittleEndian
	if uid == explicitBigEndian {
		order = binary.BigEndian
	}
	var out []byte
	var write func(list []*lib.Element)
	head := func(t tag.Tag, vr string, length int) {
		out = order.AppendUint16(order.AppendUint16(out, t.Group), t.Element)
		switch {
		case uid == implicitLittleEndian:
			out = order.AppendUint32(out, uint32(length))
		case longVR(vr):
			out = order.AppendUint32(append(append(out, vr...), 0, 0), uint32(length))
		default:
			out = order.AppendUint16(append(out, vr...), uint16(length))
		}
	}
	write = func(list []*lib.Element) {
		for _, e := range list {
			vr := e.RawValueRepresentation
			if items := Items(e); items != nil {
				head(e.Tag, vr, undefinedLength)
				for _, item := range items {
					out = order.AppendUint32(order.AppendUint16(order.AppendUint16(out, 0xFFFE), 0xE000), undefinedLength)
					write(item)
					out = order.AppendUint32(order.AppendUint16(order.AppendUint16(out, 0xFFFE), 0xE00D), 0)
				}
				out = order.AppendUint32(order.AppendUint16(order.AppendUint16(out, 0xFFFE), 0xE0DD), 0)
				continue
			}
			one := &encoder{}
			if err := one.element(e, 0); err != nil {
				tb.Fatal(err)
			}
			value := one.out[8:]
			if longVR(vr) {
				value = one.out[12:]
			}
			if uid == explicitBigEndian {
				value = swapped(value, max(binaryWidth(vr), wordBytes(vr)))
			}
			head(e.Tag, vr, len(value))
			out = append(out, value...)
		}
	}
	write(a.elements(tb))
	if pixels != nil {
		if uid == explicitBigEndian {
			pixels = swapped(pixels, 2)
		}
		head(tagPixelData, "OW", len(pixels))
		out = append(out, pixels...)
	}
	if uid == deflatedExplicit {
		out = deflate(tb, out)
	}
	return File{Name: "IM", Data: append(fileHead(uid), out...)}
}

func deflate(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return packed.Bytes()
}

// rle is one frame of 8-bit samples in RLE Lossless (PS3.5 annex G), without runs.
func rle(samples []byte) []byte {
	out := make([]byte, 64)
	binary.LittleEndian.PutUint32(out, 1)
	binary.LittleEndian.PutUint32(out[4:], 64)
	for part := range slices.Chunk(samples, 128) {
		out = append(append(out, byte(len(part)-1)), part...)
	}
	if len(out)%2 != 0 {
		out = append(out, 0x80) // no operation
	}
	return out
}
