package dicom

import (
	"encoding/binary"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/volume"
)

// scale turns stored values into modality units such as HU (PS3.3 C.11.1): by a
// table, or stored × slope + intercept.
type scale struct {
	slope, intercept float64
	table            []float32 // nil where the scale is linear
	tableFrom        int64     // the stored value of the table's first entry
}

// readScale reads a frame's modality transformation. An absent one keeps the values.
func readScale(v view) (scale, *Refusal) {
	s := scale{slope: 1}
	if table, refusal := v.common.table(); refusal != nil || table.table != nil {
		return table, refusal
	}
	if slope, ok := v.numbers(rescaleSlope); ok && slope[0] != 0 {
		s.slope = slope[0]
	}
	if intercept, ok := v.numbers(rescaleIntercept); ok {
		s.intercept = intercept[0]
	}
	if math.Abs(s.slope) > math.MaxFloat32 || math.Abs(s.intercept) > math.MaxFloat32 {
		return s, &Refusal{What: "rescale slope or intercept is out of range", Do: exportAgain}
	}
	return s, nil
}

// readModalityTable reads the Modality LUT; without one the scale has no table.
func readModalityTable(o *Object) (s scale, refusal *Refusal) {
	s.slope = 1
	if items := o.Sequence(tag.ModalityLUTSequence); len(items) > 0 {
		s.table, s.tableFrom, refusal = readTable(Find(items[0], tag.LUTDescriptor), Find(items[0], tag.LUTData))
	}
	return s, refusal
}

// sameTable says whether two scales have equal tables, the same one at a glance.
func (s scale) sameTable(t scale) bool {
	if len(s.table) != len(t.table) {
		return false
	}
	return len(s.table) == 0 || &s.table[0] == &t.table[0] || slices.Equal(s.table, t.table)
}

// of is the modality value of one stored value.
func (s scale) of(v int64) float32 {
	if s.table != nil {
		return s.table[min(max(v-s.tableFrom, 0), int64(len(s.table)-1))]
	}
	return float32(float64(v)*s.slope + s.intercept)
}

// maxTableEntries is what the first value of a LUT Descriptor, a US, can say; 0 means
// one more (PS3.3 C.11.1.1).
const maxTableEntries = 1 << 16

// readTable reads a lookup table: entries, the first stored value that it maps, and
// bits of an entry; then the entries as words, or as bytes where they are packed.
func readTable(descriptor, data *dicom.Element) ([]float32, int64, *Refusal) {
	bad := &Refusal{What: "lookup table contradicts itself", Do: exportAgain}
	shape, ok := numbersOf(descriptor)
	if !ok || len(shape) != 3 || data == nil || data.Value == nil {
		return nil, 0, bad
	}
	entries := int(shape[0])
	if entries < 0 { // a US that was read as SS
		entries += maxTableEntries
	}
	if entries == 0 {
		entries = maxTableEntries
	}
	if entries < 1 || entries > maxTableEntries {
		return nil, 0, bad
	}
	table := make([]float32, entries)
	switch words := data.Value.GetValue().(type) {
	case []int:
		if len(words) < entries {
			return nil, 0, bad
		}
		for n := range table {
			table[n] = float32(words[n] & math.MaxUint16)
		}
	case []byte:
		switch {
		case len(words) >= 2*entries:
			for n := range table {
				table[n] = float32(binary.LittleEndian.Uint16(words[2*n:]))
			}
		case len(words) >= entries && shape[2] <= 8:
			for n := range table {
				table[n] = float32(words[n])
			}
		default:
			return nil, 0, bad
		}
	default:
		return nil, 0, bad
	}
	return table, int64(shape[1]), nil
}

// collectEvery is after how many decompressed bytes Image has their memory taken
// back. Go's collector would let garbage grow to the size of the volume first, and
// the runner that reads has a cap.
const collectEvery = 24 << 20

// Image decodes the pixels to one volume in modality units. Slices are decoded side
// by side, each dropped as soon as it is converted: the memory needed is that of the
// volume and, for compressed slices, of a few of them.
func (s *Series) Image() (*volume.Image, error) {
	img := &volume.Image{Grid: s.Grid, Data: make([]float32, s.Grid.Voxels())}
	plane := s.Grid.Size[0] * s.Grid.Size[1]
	var garbage, next atomic.Int64
	var group errgroup.Group
	for range min(runtime.GOMAXPROCS(0), len(s.Instances)) {
		group.Go(func() error {
			var buffer []byte // of slices that stand on disk
			for {
				k := int(next.Add(1)) - 1
				if k >= len(s.Instances) {
					return nil
				}
				in := &s.Instances[k]
				raw, format, refusal := in.Object.frame(in.format, in.Frame, &buffer)
				if refusal != nil {
					next.Store(int64(len(s.Instances))) // the others need not go on
					return refusal.at("slice %d of %d", k+1, len(s.Instances))
				}
				convert(img.Data[k*plane:(k+1)*plane], raw, format, in.scale, in.inverted)
				if in.Object.fragments != nil {
					if total := garbage.Add(int64(len(raw))); total/collectEvery != (total-int64(len(raw)))/collectEvery {
						runtime.GC()
					}
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return nil, asRefusal(err)
	}
	return img, nil
}

// convert turns the samples of a greyscale frame into modality units. inverted
// mirrors them in the range of the stored bits, so that bright means much.
func convert(out []float32, raw []byte, f imageFormat, s scale, inverted bool) {
	if inverted {
		low, high := f.storedRange()
		f.samples(raw, func(n int, v int64) { out[n] = s.of(low + high - v) })
		return
	}
	if f.Allocated == 16 && s.table == nil && f.high == f.Stored-1 {
		convert16(out, raw, f, float32(s.slope), float32(s.intercept))
		return
	}
	f.samples(raw, func(n int, v int64) { out[n] = s.of(v) })
}

// storedRange is the least and the greatest value that the stored bits can hold.
func (f imageFormat) storedRange() (low, high int64) {
	if f.Signed {
		return -1 << (f.Stored - 1), 1<<(f.Stored-1) - 1
	}
	return 0, 1<<f.Stored - 1
}

// convert16 is convert for what nearly all series are: 16 bits, linear.
func convert16(out []float32, raw []byte, f imageFormat, slope, intercept float32) {
	raw = raw[:2*len(out)]
	shift := 32 - f.Stored
	switch {
	case f.Signed && f.Stored == 16:
		for n := range out {
			out[n] = float32(int16(binary.LittleEndian.Uint16(raw[2*n:])))*slope + intercept
		}
	case f.Signed:
		for n := range out {
			out[n] = float32(int32(uint32(binary.LittleEndian.Uint16(raw[2*n:]))<<shift)>>shift)*slope + intercept
		}
	default:
		mask := uint16(1<<f.Stored - 1)
		for n := range out {
			out[n] = float32(binary.LittleEndian.Uint16(raw[2*n:])&mask)*slope + intercept
		}
	}
}
