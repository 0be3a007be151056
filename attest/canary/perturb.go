package canary

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"

	lib "github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/dicom"
)

// Perturb makes a canary of a study: the tar of a de-identified study as a clinic's door
// gives it, in; another such tar with the same files in the same order, out. Its UIDs and
// its patient are fresh, dates are moved together, the patient lies elsewhere by up to 2 cm,
// and the image is another one: moved in its frame by 1 to 2 % of the edges, leaning, with
// another brightness from place to place, and noise. So what a model finds has to be
// computed anew, and an answer kept from another canary of that study does not pass.
//
// It keeps what would tell it from a scan: how strong the noise is and how it is spread,
// which values occur at all, masked and saturated areas, and each attribute's form. What it
// can't hide is the anatomy itself from a node that remembers all it has seen, so studies
// that canaries are made of should be many.
//
// Equal input and seed give equal bytes on one architecture. The seed must be secret until
// the canary is over. Errors say what about the study can't be used, without its contents.
func Perturb(study []byte, seed [32]byte) ([]byte, error) {
	limits := dicom.DefaultLimits()
	files, err := dicom.OpenTar(study, limits)
	if err != nil {
		return nil, fmt.Errorf("perturb study: %w", err)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("perturb study: it has no files; choose a study of the model's modality")
	}
	objects, pixels := make([]*dicom.Object, len(files)), make([][]byte, len(files))
	planes := make([]plane, 0, len(files))
	for n, f := range files {
		if objects[n], err = readNative(f, limits); err != nil {
			return nil, fmt.Errorf("perturb study: file %d of %d: %w", n+1, len(files), err)
		}
		pixels[n] = slices.Clone(objects[n].Pixels)
		here, err := planesOf(objects[n], pixels[n])
		if err != nil {
			return nil, fmt.Errorf("perturb study: file %d of %d: %w", n+1, len(files), err)
		}
		planes = append(planes, here...)
	}
	order(planes)
	redrawAll(planes, objects[0], seed)
	another := newIdentity(seed)
	out := make([]dicom.File, len(files))
	for n, o := range objects {
		data, err := another.rewrite(o, pixels[n])
		if err != nil {
			return nil, fmt.Errorf("perturb study: file %d of %d: %w", n+1, len(files), err)
		}
		out[n] = dicom.File{Name: files[n].Name, Data: data}
		pixels[n] = nil // a whole CT stands here several times as it is
	}
	var packed bytes.Buffer
	packed.Grow(len(study))
	if err := dicom.WriteTar(&packed, out); err != nil {
		return nil, fmt.Errorf("perturb study: %w", err)
	}
	return packed.Bytes(), nil
}

// readNative parses an instance and decompresses its pixels.
func readNative(f dicom.File, limits dicom.Limits) (*dicom.Object, error) {
	parsed, err := dicom.Parse(f, limits)
	if err != nil {
		return nil, err
	}
	native, err := parsed.Native(limits)
	if err != nil {
		return nil, err
	}
	return native, nil
}

// plane is one frame of an instance.
type plane struct {
	original      []byte // alias the study's
	pixels        []byte // alias the canary's
	rows, columns int
	samples       int // 1, or 3 colours by pixel
	bytes         int // of a sample, 1 or 2
	stored        int // bits of a sample
	signed        bool
	place         float64 // along the stack, in mm or in instances; 0 where there is no stack
}

// planesOf finds the frames of an instance whose pixels are native, to be filled into
// pixels, which are as long.
func planesOf(o *dicom.Object, pixels []byte) ([]plane, error) {
	integer := func(t tag.Tag) int { v, _ := o.Int(t); return v }
	p := plane{
		rows: integer(tag.Rows), columns: integer(tag.Columns), samples: max(1, integer(tag.SamplesPerPixel)),
		bytes: integer(tag.BitsAllocated) / 8, stored: integer(tag.BitsStored), signed: integer(tag.PixelRepresentation) == 1,
	}
	switch {
	case len(o.Pixels) == 0:
		return nil, fmt.Errorf("it is no image; choose a study of images only")
	case p.bytes != 1 && p.bytes != 2 || integer(tag.BitsAllocated)%8 != 0 || p.stored < 1 || p.stored > 8*p.bytes:
		return nil, fmt.Errorf("%d bits allocated can't be perturbed; choose images of 8 or 16", integer(tag.BitsAllocated))
	case o.String(tag.PhotometricInterpretation) == "PALETTE COLOR" || p.samples > 1 && integer(tag.PlanarConfiguration) == 1:
		return nil, fmt.Errorf("its colours are looked up or lie in planes; choose another image")
	}
	size, frames := p.rows*p.columns*p.samples*p.bytes, o.FrameCount()
	if size <= 0 || frames < 1 || len(o.Pixels)/size < frames {
		return nil, fmt.Errorf("rows and columns don't fit its pixels; choose another image")
	}
	p.place = placeOf(o)
	list := make([]plane, frames)
	for n := range list {
		list[n] = p
		list[n].original, list[n].pixels = o.Pixels[n*size:][:size], pixels[n*size:][:size]
		list[n].place += float64(n)
	}
	return list, nil
}

// placeOf is the position along the stack's normal, else the instance's number.
func placeOf(o *dicom.Object) float64 {
	at, known := o.Float64s(tag.ImagePositionPatient)
	axes, turned := o.Float64s(tag.ImageOrientationPatient)
	if known && turned && len(at) == 3 && len(axes) == 6 {
		n := normal(axes)
		return at[0]*n[0] + at[1]*n[1] + at[2]*n[2]
	}
	number, _ := o.Int(tag.InstanceNumber)
	return float64(number)
}

// normal is the cross product of the row's and the column's direction (PS3.3 C.7.6.2.1.1).
func normal(axes []float64) [3]float64 {
	return [3]float64{
		axes[1]*axes[5] - axes[2]*axes[4],
		axes[2]*axes[3] - axes[0]*axes[5],
		axes[0]*axes[4] - axes[1]*axes[3],
	}
}

// order sorts the planes along the stack, so that what is smooth is smooth across them.
func order(planes []plane) {
	slices.SortStableFunc(planes, func(a, b plane) int { return cmp.Compare(a.place, b.place) })
}

// The gains, as a part of the value: signals of most scanners have no unit, those of CT and
// PET are calibrated, and water of 4 % more would tell.
const (
	freeGain       = 0.04
	calibratedGain = 0.002
)

// modalityGain is how much a study's values may be stretched.
func modalityGain(o *dicom.Object) float64 {
	switch o.String(tag.Modality) {
	case "CT", "PT":
		return calibratedGain
	}
	return freeGain
}

// redrawAll changes the pixels of all planes in place. Each plane draws from a stream of its
// own, so that they can be done side by side. first tells the modality.
func redrawAll(planes []plane, first *dicom.Object, seed [32]byte) {
	m := drawMovement(modalityGain(first), rand.New(rand.NewChaCha8(derived(seed, "movement", ""))))
	look := examine(planes, first.String(tag.Modality) == "MR")
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for n := range planes {
		group.Go(func() error {
			var number [8]byte
			binary.BigEndian.PutUint64(number[:], uint64(n))
			redraw(planes, n, m, look, rand.New(rand.NewChaCha8(derived(seed, "plane", string(number[:])))))
			return nil
		})
	}
	_ = group.Wait() // no call returns an error
}

// value reads sample n as it was.
func (p plane) value(n int) float64 { return value(p.original, n, p.bytes, p.signed) }

// value reads sample n of pixels.
func value(pixels []byte, n, bytes int, signed bool) float64 {
	if bytes == 1 {
		if signed {
			return float64(int8(pixels[n]))
		}
		return float64(pixels[n])
	}
	v := binary.LittleEndian.Uint16(pixels[2*n:])
	if signed {
		return float64(int16(v))
	}
	return float64(v)
}

// alike says whether two planes have the same pixels but for what they show.
func (p plane) alike(other plane) bool {
	return p.rows == other.rows && p.columns == other.columns && p.samples == other.samples && p.bytes == other.bytes && p.signed == other.signed
}

// set writes sample n; v is a whole number in range.
func (p plane) set(n int, v float64) {
	if p.bytes == 1 {
		p.pixels[n] = byte(int(v))
		return
	}
	binary.LittleEndian.PutUint16(p.pixels[2*n:], uint16(int(v)))
}

// span is the range of stored values.
func (p plane) span() (low, high float64) {
	whole := float64(uint64(1) << p.stored)
	if p.signed {
		return -whole / 2, whole/2 - 1
	}
	return 0, whole - 1
}

// elements of a data set by a function that gives the new value, at any depth.
func mapElements(elements []*lib.Element, change func(*lib.Element) (*lib.Element, error)) ([]*lib.Element, error) {
	out := make([]*lib.Element, len(elements))
	for n, e := range elements {
		var err error
		if items := dicom.Items(e); e.Value != nil && e.Value.ValueType() == lib.Sequences {
			below := make([][]*lib.Element, len(items))
			for i, item := range items {
				if below[i], err = mapElements(item, change); err != nil {
					return nil, err
				}
			}
			if out[n], err = dicom.NewPrivateElement(e.Tag, "SQ", below); err != nil {
				return nil, err
			}
			continue
		}
		if out[n], err = change(e); err != nil {
			return nil, err
		}
	}
	return out, nil
}
