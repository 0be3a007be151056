package clinic

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"os"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// ramp is an image of 256 × 2 values from -128 to 127 with a header's window.
func ramp(t testing.TB, more ...*dicom.Element) []byte {
	t.Helper()
	ds := parsed(t, sourceBytes(t, smallStudy)[0]).Dataset
	for _, t := range []tag.Tag{tag.WindowCenter, tag.WindowWidth, tag.VOILUTFunction, tag.RescaleSlope, tag.RescaleIntercept} {
		ds = lacking(ds, t)
	}
	for _, e := range append([]*dicom.Element{
		dataElement(tag.Rows, "US", []int{2}), dataElement(tag.Columns, "US", []int{256}), dataElement(tag.BitsAllocated, "US", []int{8}),
		dataElement(tag.BitsStored, "US", []int{8}), dataElement(tag.HighBit, "US", []int{7}), dataElement(tag.PixelRepresentation, "US", []int{1}),
	}, more...) {
		ds = with(ds, e)
	}
	pixels := make([]byte, 512)
	for n := range pixels {
		pixels[n] = byte(int8(n%256 - 128))
	}
	out, err := dcm.Encode(ds, pixels)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func shownAs(t testing.TB, d *Door, file []byte, frame int) *image.Gray {
	t.Helper()
	data, err := d.View(t.Context(), file, frame)
	if err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return picture.(*image.Gray)
}

// Windows are what PS3.3 C.11.2.1.2.1 says, worked out by hand for some values.
func TestAnImageIsSeenThroughItsWindow(t *testing.T) {
	centre, width := textElement(tag.WindowCenter, "DS", "0"), textElement(tag.WindowWidth, "DS", "101")
	for name, c := range map[string]struct {
		header []*dicom.Element
		want   map[int]byte // by stored value
	}{
		"linear":      {[]*dicom.Element{centre, width}, map[int]byte{-128: 0, -51: 0, 0: 129, 50: 255, 127: 255}},
		"exact":       {[]*dicom.Element{centre, width, textElement(tag.VOILUTFunction, "CS", "LINEAR_EXACT")}, map[int]byte{-51: 0, 0: 128, 51: 255}},
		"sigmoid":     {[]*dicom.Element{centre, width, textElement(tag.VOILUTFunction, "CS", "SIGMOID")}, map[int]byte{0: 128, -101: 5, 101: 250}},
		"rescaled":    {[]*dicom.Element{centre, width, textElement(tag.RescaleSlope, "DS", "2"), textElement(tag.RescaleIntercept, "DS", "-100")}, map[int]byte{0: 0, 50: 129, 75: 255}},
		"inverse":     {[]*dicom.Element{centre, width, textElement(tag.PhotometricInterpretation, "CS", "MONOCHROME1")}, map[int]byte{-128: 255, 127: 0}},
		"a step":      {[]*dicom.Element{centre, textElement(tag.WindowWidth, "DS", "1")}, map[int]byte{-1: 0, 0: 255}},
		"no window":   {nil, map[int]byte{-128: 0, 127: 255}},
		"no width":    {[]*dicom.Element{centre, textElement(tag.WindowWidth, "DS", "0")}, map[int]byte{-128: 0, 127: 255}},
		"not a width": {[]*dicom.Element{centre, textElement(tag.WindowWidth, "DS", "wide")}, map[int]byte{-128: 0, 127: 255}},
	} {
		t.Run(name, func(t *testing.T) {
			picture := shownAs(t, newDoor(t), ramp(t, c.header...), 0)
			for stored, want := range c.want {
				if got := picture.GrayAt(stored+128, 1).Y; got != want {
					t.Errorf("%d is shown as %d, want %d", stored, got, want)
				}
			}
		})
	}
}

// A larger value is never darker, and nothing is out of range, whatever a header says.
func TestWindowsKeepOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := window{
			slope: rapid.Float64Range(0.001, 1e6).Draw(t, "slope"), intercept: rapid.Float64Range(-1e6, 1e6).Draw(t, "intercept"),
			centre: rapid.Float64Range(-1e6, 1e6).Draw(t, "centre"), width: rapid.Float64Range(1, 1e6).Draw(t, "width"),
			function: rapid.SampledFrom([]string{"", "LINEAR", "LINEAR_EXACT", "SIGMOID"}).Draw(t, "function"),
		}
		a, b := rapid.Float64Range(-1e5, 1e5).Draw(t, "a"), rapid.Float64Range(-1e5, 1e5).Draw(t, "b")
		low, high := w.level(min(a, b)), w.level(max(a, b))
		if math.IsNaN(low) || low > high {
			t.Errorf("%v is %v, %v is %v", min(a, b), low, max(a, b), high)
		}
	})
}

// A confined child shows what this process would, of slices and of frames.
func TestConfinedShowsTheSame(t *testing.T) {
	near := newDoor(t)
	apart := confined(t, near, "reader")
	enhanced := enhancedFolder(t, "MR")
	entries, err := os.ReadDir(enhanced)
	if err != nil {
		t.Fatal(err)
	}
	multi, err := os.ReadFile(enhanced + "/" + entries[0].Name())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file  []byte
		frame int
	}{"a slice": {sourceBytes(t, smallStudy)[0], 0}, "a frame": {multi, 1}} {
		here, err := near.View(t.Context(), c.file, c.frame)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		there, err := apart.View(t.Context(), c.file, c.frame)
		if err != nil || !bytes.Equal(here, there) {
			t.Errorf("%s is another one (%v)", name, err)
		}
	}
	for name, bad := range map[string][]byte{
		"no DICOM": []byte("hello"), "nothing": nil,
		"colour": ramp(t, textElement(tag.PhotometricInterpretation, "CS", "RGB")), "cut": ramp(t)[:900],
	} {
		if _, err := apart.View(t.Context(), bad, 0); !refused(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := apart.View(t.Context(), multi, 1<<20); !refused(err) {
		t.Errorf("a frame that is not there: %v", err)
	}
}

// A child that was taken over shows no more than a picture of a bounded size.
func TestAChildsPictureIsBounded(t *testing.T) {
	for name, v := range map[string]view{
		"too wide": {Wide: MaxHeldEdge + 1, High: 1, Grey: make([]byte, MaxHeldEdge+1)}, "too few": {Wide: 9, High: 9, Grey: make([]byte, 80)},
		"none": {}, "negative": {Wide: -1, High: -1, Grey: []byte{0}},
	} {
		if v.valid() {
			t.Errorf("%s is believed", name)
		}
	}
	largest, err := json.Marshal(view{Wide: MaxHeldEdge, High: MaxHeldEdge, Grey: bytes.Repeat([]byte{math.MaxUint8}, MaxHeldEdge*MaxHeldEdge)})
	if most := wordView.most(dcm.DefaultLimits()); err != nil || int64(len(largest)) > most || most > 2*int64(len(largest)) {
		t.Errorf("the largest picture is told in %d bytes, and %d may be told (%v)", len(largest), most, err)
	}
	for _, kind := range []string{"reader-panics", "reader-babbles", "reader-lies"} {
		if _, err := confined(t, newDoor(t), kind).View(t.Context(), ramp(t), 0); !refused(err) {
			t.Errorf("%s: %v", kind, err)
		}
	}
}
