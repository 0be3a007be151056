package dicom

import (
	"bytes"
	"runtime"
	"slices"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"
)

// Zeros that are not the end are elements, and looking for the end of the content does
// not begin anew with each: with one look a element this would take hours.
func TestZerosBeforeTheEnd(t *testing.T) {
	zeros := append(fileHead(implicitLittleEndian), make([]byte, 64<<20)...)
	_, err := Parse(File{Data: append(zeros, 1)}, Limits{})
	if refused := refusal(t, err); refused.What != "file holds more data elements than allowed" {
		t.Error(refused)
	}
	if o, err := Parse(File{Data: zeros}, Limits{}); err != nil || len(o.Dataset.Elements) != 0 {
		t.Errorf("zeros alone: %v", err)
	}
	whole := transcribe(t, implicitLittleEndian, grey("CT", 2, 1), words(1, 0)).Data
	for cut := range 3 { // the last pixel is zeros too
		o, err := Parse(File{Data: append(bytes.Clone(whole), make([]byte, 7*cut)...)}, Limits{})
		if err != nil || !bytes.Equal(o.Pixels, words(1, 0)) {
			t.Errorf("with %d zeros: %v", 7*cut, err)
		}
	}
}

// What the frames of an instance share is read once, however many frames there are:
// tables, long lists of values, groups of many items.
func TestManyFrames(t *testing.T) {
	const places, times = 1024, 2
	long := slices.Repeat([]string{"1.5"}, 8000)
	var order []int
	for n := range places * times {
		order = append(order, n%places)
	}
	n := 0
	a := enhanced("CT", order, func(int) attributes {
		n++
		return attributes{tag.FrameContentSequence: []attributes{{tag.TemporalPositionIndex: []int{1 + (n-1)/places}}}}
	}).and(attributes{
		tag.KVP: long, tag.FlipAngle: long, tag.InversionTime: long,
		tag.ConvolutionKernel: slices.Repeat([]string{"KERNEL"}, 8000),
		tag.ImageType:         slices.Repeat([]string{"ORIGINAL"}, 6000),
		tag.ModalityLUTSequence: []attributes{{
			tag.LUTDescriptor: []int{32000, 0, 16}, tag.ModalityLUTType: []string{"HU"}, tag.LUTData: make([]int, 32000),
		}},
	})
	measures := a[tag.SharedFunctionalGroupsSequence].([]attributes)[0]
	for range 2000 {
		measures[tag.PixelMeasuresSequence] = append(measures[tag.PixelMeasuresSequence].([]attributes), attributes{})
	}
	file := a.file(t, filled(6*places*times, 1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	s, err := ReadSeries([]File{file}, Selection{}, Limits{})
	runtime.ReadMemStats(&after)
	if err != nil {
		t.Fatal(err)
	}
	if s.Grid.Size[2] != places {
		t.Errorf("%d slices; want %d", s.Grid.Size[2], places)
	}
	if used, most := after.TotalAlloc-before.TotalAlloc, uint64(128*len(file.Data)); used > most {
		t.Errorf("%d bytes allocated for a file of %d", used, len(file.Data))
	}
}
