package report

import (
	"math"
	"runtime"
	"slices"

	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/sync/errgroup"

	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/volume"
	"github.com/medhive/medhive/models"
)

// frame is one slice of one segment.
type frame struct {
	segment int // from 1
	slice   int // from 0
}

// packFrames lists the slices on which each structure appears, segment by segment,
// and packs their masks: one bit a pixel, the first pixel in the lowest bit, frames
// one after the other without padding between them (PS3.5 section 8.1.1 and 8.2).
// A volume without any structure gives one empty frame, as a SEG needs one.
func packFrames(labels *volume.Labels, structures []models.Label) ([]frame, []byte) {
	plane, slices := labels.Size[0]*labels.Size[1], labels.Size[2]
	present := make([][256]bool, slices)
	each(slices, func(k int) {
		for _, v := range labels.Data[k*plane : (k+1)*plane] {
			present[k][v] = true
		}
	})
	var frames []frame
	for n, l := range structures {
		for k := range slices {
			if present[k][l.Value] {
				frames = append(frames, frame{segment: n + 1, slice: k})
			}
		}
	}
	if len(frames) == 0 {
		frames = []frame{{segment: 1}}
	}
	total := (len(frames)*plane + 7) / 8
	pixels := make([]byte, total+total%2)
	// Eight frames end on a byte, so groups of eight share no byte.
	const group = 8
	each((len(frames)+group-1)/group, func(g int) {
		for n := g * group; n < min((g+1)*group, len(frames)); n++ {
			f := frames[n]
			packBits(pixels, n*plane, labels.Data[f.slice*plane:(f.slice+1)*plane], structures[f.segment-1].Value)
		}
	})
	return frames, pixels
}

// packBits sets the bits from bit number at on where values equal value.
func packBits(out []byte, at int, values []uint8, value uint8) {
	n := 0
	for ; n < len(values) && (at+n)%8 != 0; n++ {
		if values[n] == value {
			out[(at+n)/8] |= 1 << ((at + n) % 8)
		}
	}
	for ; n+8 <= len(values); n += 8 {
		v := values[n : n+8 : n+8]
		out[(at+n)/8] = same(v[0], value) | same(v[1], value)<<1 | same(v[2], value)<<2 | same(v[3], value)<<3 |
			same(v[4], value)<<4 | same(v[5], value)<<5 | same(v[6], value)<<6 | same(v[7], value)<<7
	}
	for ; n < len(values); n++ {
		if values[n] == value {
			out[(at+n)/8] |= 1 << ((at + n) % 8)
		}
	}
}

// same is 1 if a equals b, else 0, without a branch: only 0 borrows from bit 8.
func same(a, b uint8) uint8 { return uint8((uint16(a^b) - 1) >> 15) }

// each calls work for 0 … n-1 on all threads and returns when all are done.
func each(n int, work func(n int)) {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for k := range n {
		group.Go(func() error { work(k); return nil })
	}
	_ = group.Wait() // no call returns an error
}

// functionalGroups describes the frames (PS3.3 C.7.6.16 and C.8.20.3): segment and
// source of each, and for a volume orientation and spacing once, position for each.
func (b *builder) functionalGroups(s Source, frames []frame, organization string) {
	b.items(tag.DimensionOrganizationSequence, func(i *builder) {
		i.text(tag.DimensionOrganizationUID, organization)
	})
	indices := []func(*builder){dimension(organization, tag.ReferencedSegmentNumber, tag.SegmentIdentificationSequence, "Segment")}
	if s.grid != nil {
		indices = append(indices, dimension(organization, tag.ImagePositionPatient, tag.PlanePositionSequence, "Position"))
	}
	b.items(tag.DimensionIndexSequence, indices...)
	b.items(tag.SharedFunctionalGroupsSequence, func(i *builder) {
		switch {
		case s.grid != nil:
			i.plane(*s.grid)
		case s.spacingMM[0] > 0 && s.spacingMM[1] > 0:
			i.items(tag.PixelMeasuresSequence, func(o *builder) {
				o.text(tag.PixelSpacing, decimals(s.spacingMM[:]...)...)
			})
		}
	})
	// Index values count the distinct positions that occur, from 1.
	var positions []int
	for _, f := range frames {
		positions = append(positions, f.slice)
	}
	slices.Sort(positions)
	positions = slices.Compact(positions)
	fills := make([]func(*builder), len(frames))
	for n, f := range frames {
		fills[n] = func(i *builder) {
			in := s.Instances[f.slice]
			index := []int{f.segment}
			if s.grid != nil {
				position, _ := slices.BinarySearch(positions, f.slice)
				index = append(index, position+1)
				i.items(tag.PlanePositionSequence, func(o *builder) {
					o.text(tag.ImagePositionPatient, decimals(in.Position[:]...)...)
				})
			}
			i.items(tag.FrameContentSequence, func(o *builder) { o.ints(tag.DimensionIndexValues, index...) })
			i.items(tag.SegmentIdentificationSequence, func(o *builder) { o.ints(tag.ReferencedSegmentNumber, f.segment) })
			i.items(tag.DerivationImageSequence, func(o *builder) {
				o.items(tag.DerivationCodeSequence, code("113076", "DCM", "Segmentation"))
				o.items(tag.SourceImageSequence, func(r *builder) {
					reference(in)(r)
					r.items(tag.PurposeOfReferenceCodeSequence, code("121322", "DCM", "Source image for image processing operation"))
				})
			})
		}
	}
	b.items(tag.PerFrameFunctionalGroupsSequence, fills...)
}

// plane describes orientation and spacing of a volume's slices.
func (b *builder) plane(g volume.Grid) {
	spacing := g.Spacing()
	b.items(tag.PlaneOrientationSequence, func(o *builder) {
		a := g.Affine
		o.text(tag.ImageOrientationPatient, decimals(
			a[0][0]/spacing[0], a[1][0]/spacing[0], a[2][0]/spacing[0],
			a[0][1]/spacing[1], a[1][1]/spacing[1], a[2][1]/spacing[1])...)
	})
	b.items(tag.PixelMeasuresSequence, func(o *builder) {
		o.text(tag.SliceThickness, dicom.DecimalString(spacing[2]))
		o.text(tag.SpacingBetweenSlices, dicom.DecimalString(spacing[2]))
		o.text(tag.PixelSpacing, decimals(spacing[1], spacing[0])...)
	})
}

func dimension(organization string, pointer, group tag.Tag, label string) func(*builder) {
	return func(b *builder) {
		b.text(tag.DimensionOrganizationUID, organization)
		b.ints(tag.DimensionIndexPointer, int(pointer.Group), int(pointer.Element))
		b.ints(tag.FunctionalGroupPointer, int(group.Group), int(group.Element))
		b.text(tag.DimensionDescriptionLabel, label)
	}
}

// cieLab converts sRGB to the integers of a Recommended Display CIELab Value: L*
// 0–100 and a*, b* −128–127 over 0–65535, white point D50 (PS3.3 C.10.7.1.1; sRGB of
// IEC 61966-2-1, matrix adapted to D50 after Bradford).
func cieLab(color [3]byte) [3]int {
	var linear [3]float64
	for n, c := range color {
		v := float64(c) / 255
		if v <= 0.04045 {
			linear[n] = v / 12.92
		} else {
			linear[n] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	matrix := [3][3]float64{
		{0.4360747, 0.3850649, 0.1430804},
		{0.2225045, 0.7168786, 0.0606169},
		{0.0139322, 0.0971045, 0.7141733},
	}
	white := [3]float64{0.96422, 1, 0.82521}
	var f [3]float64
	for n := range 3 {
		t := (matrix[n][0]*linear[0] + matrix[n][1]*linear[1] + matrix[n][2]*linear[2]) / white[n]
		if t > 216.0/24389 {
			f[n] = math.Cbrt(t)
		} else {
			f[n] = (24389.0/27*t + 16) / 116
		}
	}
	clip := func(v float64) int { return int(math.Round(min(max(v, 0), 65535))) }
	return [3]int{
		clip((116*f[1] - 16) / 100 * 65535),
		clip((500*(f[0]-f[1]) + 128) / 255 * 65535),
		clip((200*(f[1]-f[2]) + 128) / 255 * 65535),
	}
}
