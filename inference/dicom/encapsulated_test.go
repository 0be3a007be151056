package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"
)

const rleLossless = "1.2.840.10008.1.2.5"

func u32(list ...uint32) []byte {
	var raw []byte
	for _, v := range list {
		raw = binary.LittleEndian.AppendUint32(raw, v)
	}
	return raw
}

func u64(list ...uint64) []byte {
	var raw []byte
	for _, v := range list {
		raw = binary.LittleEndian.AppendUint64(raw, v)
	}
	return raw
}

// TestFragmentsMakeFrames is PS3.5 section A.4, case by case. Fragments are 10 bytes
// long, so their items begin 18 bytes from each other.
func TestFragmentsMakeFrames(t *testing.T) {
	const (
		starts  = "\xff\xd8------\xff\xd9" // a whole JPEG
		opens   = "\xff\xd8--------"
		goesOn  = "----------"
		ends    = "------\xff\xd9\x00\x00" // padded
		j2k     = "\xff\x4f------\xff\xd9"
		j2kOpen = "\xff\x4f--------"
	)
	for name, c := range map[string]struct {
		frames           int
		table            []byte
		offsets, lengths []byte
		fragments        []string
		want             []frameSpan
		refused          string
	}{
		"one frame, one fragment":      {frames: 1, fragments: []string{starts}, want: []frameSpan{{0, 1}}},
		"one frame, three fragments":   {frames: 1, fragments: []string{opens, goesOn, ends}, want: []frameSpan{{0, 3}}},
		"one each, no table":           {frames: 3, fragments: []string{goesOn, goesOn, goesOn}, want: []frameSpan{{0, 1}, {1, 2}, {2, 3}}},
		"table":                        {frames: 2, table: u32(0, 36), fragments: []string{opens, ends, opens, goesOn, ends}, want: []frameSpan{{0, 2}, {2, 5}}},
		"table that points nowhere":    {frames: 2, table: u32(0, 20), fragments: []string{opens, ends, opens, goesOn, ends}, want: []frameSpan{{0, 2}, {2, 5}}},
		"table of zeros, one each":     {frames: 2, table: u32(0, 0), fragments: []string{goesOn, goesOn}, want: []frameSpan{{0, 1}, {1, 2}}},
		"extended table":               {frames: 2, offsets: u64(0, 18), lengths: u64(10, 10), fragments: []string{goesOn, goesOn}, want: []frameSpan{{0, 1}, {1, 2}}},
		"markers of JPEG":              {frames: 3, fragments: []string{starts, opens, ends, opens, goesOn, ends}, want: []frameSpan{{0, 1}, {1, 3}, {3, 6}}},
		"markers of JPEG 2000":         {frames: 2, fragments: []string{j2kOpen, ends, j2k}, want: []frameSpan{{0, 2}, {2, 3}}},
		"a thumbnail is no frame":      {frames: 1, fragments: []string{opens, opens, ends, ends}, want: []frameSpan{{0, 4}}},
		"markers that do not add up":   {frames: 2, fragments: []string{opens, goesOn, ends}, refused: "frames can't be told apart"},
		"no markers":                   {frames: 2, fragments: []string{goesOn, goesOn, goesOn}, refused: "frames can't be told apart"},
		"fewer fragments than frames":  {frames: 3, fragments: []string{starts, starts}, refused: "image is truncated"},
		"no fragment":                  {frames: 1, refused: "image is truncated"},
		"an absurd number of frames":   {frames: 2_000_000_000, fragments: []string{starts}, refused: "image is truncated"},
		"a table longer than the file": {frames: 2, table: u32(0, 0xFFFFFFF0), fragments: []string{goesOn, goesOn, goesOn}, refused: "frames can't be told apart"},
	} {
		e := &encapsulated{table: c.table}
		for n, f := range c.fragments {
			e.fragments = append(e.fragments, []byte(f))
			e.starts = append(e.starts, uint64(18*n))
		}
		got, refused := e.group(c.frames, c.offsets, c.lengths)
		if c.refused != "" {
			if refused == nil || !strings.HasPrefix(refused.What, c.refused) {
				t.Errorf("%s: refused with %v, want %q", name, refused, c.refused)
			}
		} else if refused != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v %v, want %v", name, got, refused, c.want)
		}
	}
}

// eight describes frames of 3 × 2 bytes.
func eight(frames string) attributes {
	return grey("OT", 3, 2).and(attributes{tag.BitsAllocated: []int{8}, tag.BitsStored: []int{8}, tag.HighBit: []int{7}, tag.PixelRepresentation: []int{0}, tag.NumberOfFrames: []string{frames}})
}

func TestCompressedFramesAreDecoded(t *testing.T) {
	one, two := []byte{1, 2, 3, 4, 5, 6}, []byte{9, 8, 7, 6, 5, 4}
	a, b := rle(one), rle(two)
	for name, f := range map[string]File{
		"no table":           encapsulate(t, rleLossless, eight("2"), nil, a, b),
		"basic table":        encapsulate(t, rleLossless, eight("2"), u32(0, uint32(8+len(a))), a, b),
		"fragmented":         encapsulate(t, rleLossless, eight("2"), u32(0, uint32(16+len(a))), a[:30], a[30:], b),
		"extended table":     encapsulate(t, rleLossless, eight("2").and(attributes{tagExtendedOffsets: u64(0, uint64(8+len(a))), tagExtendedLengths: u64(uint64(len(a)), uint64(len(b)))}), nil, a, b),
		"no delimiter":       cut(encapsulate(t, rleLossless, eight("2"), nil, a, b), 8),
		"padded to a sector": grown(encapsulate(t, rleLossless, eight("2"), nil, a, b), 4),
	} {
		o, err := Parse(f, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		first, err := o.Frame(0)
		second, err2 := o.Frame(1)
		if err := errors.Join(err, err2); err != nil || o.FrameCount() != 2 || !bytes.Equal(first, one) || !bytes.Equal(second, two) {
			t.Errorf("%s: %d frames, %v, %v, %v", name, o.FrameCount(), first, second, err)
		}
		native, err := o.Native(Limits{})
		if err != nil || !bytes.Equal(native.Pixels, slices.Concat(one, two)) || native.Element(tagExtendedOffsets) != nil {
			t.Errorf("%s: native: %v", name, err)
		}
	}
}

func cut(f File, bytes int) File { return File{Name: f.Name, Data: f.Data[:len(f.Data)-bytes]} }

func grown(f File, zeros int) File {
	return File{Name: f.Name, Data: append(bytes.Clone(f.Data), make([]byte, zeros)...)}
}

func TestBrokenImagesAreRefused(t *testing.T) {
	good := rle([]byte{1, 2, 3, 4, 5, 6})
	with := func(changes attributes) File { return eight("1").and(changes).file(t, make([]byte, 6)) }
	for name, c := range map[string]struct {
		file File
		want string
	}{
		"damaged frame":       {encapsulate(t, rleLossless, eight("1"), nil, good[:20]), "RLE Lossless image is damaged: frame 1 of 1"},
		"larger than told":    {encapsulate(t, rleLossless, eight("1").and(attributes{tag.Rows: []int{9}}), nil, good), "RLE Lossless image is damaged"},
		"video":               {encapsulate(t, "1.2.840.10008.1.2.4.102", eight("1"), nil, good), "transfer syntax MPEG (video) is not supported"},
		"a future syntax":     {encapsulate(t, "1.2.840.10008.1.2.4.999", eight("1"), nil, good), "transfer syntax of the file is not supported"},
		"fewer frames":        {encapsulate(t, rleLossless, eight("2"), nil, good), "image is truncated"},
		"frames not a number": {with(attributes{tag.NumberOfFrames: []string{"1A"}}), "number of frames is not a number"},
		"truncated":           {with(attributes{tag.NumberOfFrames: []string{"2"}}), "image is truncated"},
		"absurd frames":       {with(attributes{tag.NumberOfFrames: []string{"2147483647"}}), "image is truncated"},
		"no rows":             {with(attributes{tag.Rows: nil}), "image has no rows or columns"},
		"two samples":         {with(attributes{tag.SamplesPerPixel: []int{2}}), "image has an unusual number of colours"},
		"12 bits allocated":   {with(attributes{tag.BitsAllocated: []int{12}}), "bit depth is not supported"},
		"9 of 8 bits":         {with(attributes{tag.BitsStored: []int{9}}), "bit depth contradicts itself"},
		"high bit below":      {with(attributes{tag.HighBit: []int{3}}), "bit depth contradicts itself"},
		"a gigapixel":         {with(attributes{tag.Rows: []int{65535}, tag.Columns: []int{65535}}), "image is too large"},
		"floating point":      {eight("1").and(attributes{tag.FloatPixelData: make([]byte, 24)}).file(t, nil), "image holds floating-point numbers"},
		"no pixels":           {eight("1").file(t, nil), "file holds no image"},
	} {
		o, err := Parse(c.file, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		_, err = o.Frame(0)
		if r := refusal(t, err); !strings.HasPrefix(r.Error(), c.want) {
			t.Errorf("%s: refused with %q, want %q", name, r, c.want)
		}
	}
	o, err := Parse(eight("1").file(t, make([]byte, 6)), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{-1, 1} {
		_, err = o.Frame(n)
		refusal(t, err)
	}
}

// TestSyntaxesSayTheSame reads one data set in each uncompressed transfer syntax.
func TestSyntaxesSayTheSame(t *testing.T) {
	pixels := words(-1024, 0, 1, 2, 3, 4)
	a := grey("CT", 3, 2).and(attributes{
		tag.PatientName: []string{"A^B"}, tag.DiffusionBValue: []float64{-1.5},
		tag.FrameIncrementPointer: []int{0x18, 0x1063}, tag.ReferencedSegmentNumber: []int{1, 65535},
		tag.RedPaletteColorLookupTableData: words(1, 2, 0x1234),
		tag.SharedFunctionalGroupsSequence: []attributes{{tag.PixelMeasuresSequence: []attributes{{tag.PixelSpacing: []string{"1", "2"}}}}},
	})
	want, err := Parse(a.file(t, pixels), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{implicitLittleEndian, explicitLittleEndian, explicitBigEndian, deflatedExplicit} {
		o, err := Parse(transcribe(t, uid, a, pixels), Limits{})
		if err != nil {
			t.Errorf("%s: %v", uid, err)
			continue
		}
		frame, err := o.Frame(0)
		if err != nil || !bytes.Equal(frame, pixels) || !bytes.Equal(o.Pixels, pixels) {
			t.Errorf("%s: pixels %v %v", uid, frame, err)
		}
		for _, e := range o.Dataset.Elements {
			if other := want.Element(e.Tag); other == nil || other.Value.String() != e.Value.String() {
				t.Errorf("%s: %s is %v, want %v", uid, e.Tag, e, other)
			}
		}
		if len(o.Dataset.Elements)+1 != len(want.Dataset.Elements) { // Encode adds the character set
			t.Errorf("%s: %d elements, want %d", uid, len(o.Dataset.Elements), len(want.Dataset.Elements))
		}
	}
}

func TestDeflationIsBounded(t *testing.T) {
	bomb := deflate(t, make([]byte, 64<<20))
	var unpacked atomic.Int64
	_, err := inflate(bomb, DefaultLimits(), &unpacked)
	if r := refusal(t, err); r.What != "deflated data unpacks to more than allowed" {
		t.Errorf("refused with %q", r)
	}
	// Each within its bounds, but too much together.
	part := deflate(t, bytes.Repeat([]byte("some text of a header"), 50_000))
	lim := Limits{MaxTotalBytes: 3 << 20}.OrDefault()
	unpacked.Store(0)
	for n := range 4 {
		if _, err = inflate(part, lim, &unpacked); err != nil && n < 2 {
			t.Fatal(err)
		}
	}
	refusal(t, err)
}

func TestColoursAndBitsOfFrames(t *testing.T) {
	colour := func(changes attributes) attributes {
		return eight("1").and(attributes{tag.SamplesPerPixel: []int{3}, tag.Columns: []int{2}, tag.Rows: []int{1}, tag.PlanarConfiguration: []int{0}, tag.PhotometricInterpretation: []string{"RGB"}}).and(changes)
	}
	for name, c := range map[string]struct {
		file File
		want []byte
	}{
		"by pixel":        {colour(nil).file(t, []byte{1, 2, 3, 4, 5, 6}), []byte{1, 2, 3, 4, 5, 6}},
		"by plane":        {colour(attributes{tag.PlanarConfiguration: []int{1}}).file(t, []byte{1, 4, 2, 5, 3, 6}), []byte{1, 2, 3, 4, 5, 6}},
		"by plane, words": {colour(attributes{tag.PlanarConfiguration: []int{1}, tag.BitsAllocated: []int{16}, tag.BitsStored: []int{16}, tag.HighBit: []int{15}}).file(t, words(1, 4, 2, 5, 3, 6)), words(1, 2, 3, 4, 5, 6)},
		"4:2:2":           {colour(attributes{tag.PhotometricInterpretation: []string{"YBR_FULL_422"}}).file(t, []byte{10, 20, 128, 130}), []byte{10, 128, 130, 20, 128, 130}},
		"no 4:2:2 at all": {colour(attributes{tag.PhotometricInterpretation: []string{"YBR_FULL_422"}}).file(t, []byte{1, 2, 3, 4, 5, 6}), []byte{1, 2, 3, 4, 5, 6}},
		"bits":            {eight("1").and(attributes{tag.BitsAllocated: []int{1}, tag.BitsStored: []int{1}, tag.HighBit: []int{0}}).file(t, []byte{0b101101, 0}), []byte{1, 0, 1, 1, 0, 1}},
	} {
		o, err := Parse(c.file, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.Frame(0); err != nil || !bytes.Equal(got, c.want) {
			t.Errorf("%s: %v %v, want %v", name, got, err, c.want)
		}
	}
	// Frames of bits follow each other without a gap.
	o, err := Parse(eight("2").and(attributes{tag.BitsAllocated: []int{1}, tag.BitsStored: []int{1}, tag.HighBit: []int{0}}).file(t, []byte{0b01000000, 0b1101}), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := o.Frame(1); err != nil || !bytes.Equal(got, []byte{1, 0, 1, 0, 1, 1}) {
		t.Errorf("second frame of bits: %v %v", got, err)
	}
}

// TestNativeStoresBitsAtTheBottom: the same values, wherever they were in their cell.
func TestNativeStoresBitsAtTheBottom(t *testing.T) {
	a := grey("CT", 3, 2).and(attributes{tag.BitsStored: []int{12}, tag.HighBit: []int{15}})
	for sign, want := range map[int][]byte{0: words(1, 0xFFF, 0x800, 3, 4, 5), 1: words(1, -1, -2048, 3, 4, 5)} {
		o, err := Parse(a.and(attributes{tag.PixelRepresentation: []int{sign}}).file(t, words(0x10, 0xFFF7, 0x8000, 0x30, 0x40, 0x5F)), Limits{})
		if err != nil {
			t.Fatal(err)
		}
		native, err := o.Native(Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if high, _ := native.Int(tag.HighBit); high != 11 || !bytes.Equal(native.Pixels, want) {
			t.Errorf("high bit %d, pixels %v, want %v", high, native.Pixels, want)
		}
		if high, _ := o.Int(tag.HighBit); high != 15 {
			t.Error("the original was changed")
		}
	}
}
