package dicom

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// dimension is an attribute in which volumes at the same place differ.
type dimension struct {
	name  string
	where []attribute
}

// dimensions, in the order in which they are tried: what the image shows before when
// it was made.
func dimensions() []dimension {
	only := func(t tag.Tag) []attribute { return []attribute{{top: t}} }
	return []dimension{
		{"stack", []attribute{{tag.FrameContentSequence, tag.StackID, tag.StackID}}},
		{"image type", frameTypes},
		{"echo time", []attribute{{tag.MREchoSequence, tag.EffectiveEchoTime, tag.EchoTime}}},
		{"echo number", only(tag.EchoNumbers)},
		{"b-value", []attribute{{tag.MRDiffusionSequence, tag.DiffusionBValue, tag.DiffusionBValue}}},
		{"inversion time", only(tag.InversionTime)},
		{"flip angle", only(tag.FlipAngle)},
		{"tube voltage", only(tag.KVP)},
		{"reconstruction kernel", only(tag.ConvolutionKernel)},
		{"temporal position", []attribute{{tag.FrameContentSequence, tag.TemporalPositionIndex, tag.TemporalPositionIdentifier}}},
		{"cardiac phase", only(tag.NominalPercentageOfCardiacPhase)},
		{"trigger time", only(tag.TriggerTime)},
		{"acquisition", only(tag.AcquisitionNumber)},
		{"acquisition time", only(tag.AcquisitionTime)},
		{"acquisition date and time", only(tag.AcquisitionDateTime)},
	}
}

// value is a frame's value of the dimension as text that sorts: absent first, numbers
// by size.
func (d dimension) value(v view) sortable {
	for _, a := range d.where {
		e, own := v.element(a)
		if e == nil {
			continue
		}
		s, known := v.common.values[e]
		if !known {
			if list, ok := v.numbersOf(e, own); ok {
				s = sortable{number: list[0], text: strconv.FormatFloat(list[0], 'g', -1, 64)}
			} else if list := values(e); len(list) > 0 {
				text := strings.Join(list[:min(len(list), mostTypes)], `\`)
				s.text = text[:min(len(text), mostText)]
			}
			if !own {
				v.common.values[e] = s
			}
		}
		if s != (sortable{}) {
			return s
		}
	}
	return sortable{}
}

// mostText is how much of a text tells two values apart, in bytes.
const mostText = 1 << 10

// sortable is a number or a text; a text's number is 0.
type sortable struct {
	number float64
	text   string
}

func (s sortable) compare(t sortable) int {
	return cmp.Or(cmp.Compare(s.number, t.number), cmp.Compare(s.text, t.text))
}

// separate leaves one volume where a series holds several at the same place: echoes,
// time points, b-values. It takes the first value of a dimension whose slices lie at
// every place, and goes on with the next dimension where some still share one. Equal
// images that share a place are one. The rest stays for checkSteps to refuse.
func (b *stacker) separate() *Refusal {
	for _, d := range dimensions() {
		if b.places() == len(b.slices) {
			return nil
		}
		b.split(d)
	}
	kept := b.slices[:0]
	for n, s := range b.slices {
		if n == 0 || len(kept) == 0 || s.along-kept[len(kept)-1].along >= positionTolerance || !s.sameImage(kept[len(kept)-1]) {
			kept = append(kept, s)
		}
	}
	if dropped := len(b.slices) - len(kept); dropped > 0 {
		b.note("%d repeated slice(s) with identical pixels left out", dropped)
	}
	b.slices = kept
	return nil
}

// places counts the different positions of the sorted slices.
func (b *stacker) places() int { return countPlaces(b.slices) }

func countPlaces(sorted []slice) int {
	count := 0
	for n, s := range sorted {
		if n == 0 || s.along-sorted[n-1].along >= positionTolerance {
			count++
		}
	}
	return count
}

// split keeps the slices with one value of the dimension, if one covers every place
// and another at least half of them: one slice taken twice is no second volume.
func (b *stacker) split(d dimension) {
	groups := map[sortable][]slice{}
	for _, s := range b.slices {
		v := d.value(s.view)
		groups[v] = append(groups[v], s)
	}
	if len(groups) < 2 {
		return
	}
	values := make([]sortable, 0, len(groups))
	for v := range groups {
		values = append(values, v)
	}
	slices.SortFunc(values, sortable.compare)
	places, volumes := b.places(), 0
	for _, group := range groups {
		if 2*countPlaces(group) >= places {
			volumes++
		}
	}
	for n, v := range values {
		if group := groups[v]; volumes > 1 && countPlaces(group) == places {
			b.note("%d of %d slices taken: the series repeats each place by %s, and this is number %d of %d", len(group), len(b.slices), d.name, n+1, len(values))
			b.slices = group
			return
		}
	}
}
