package burnin

import (
	"image"
	"image/color"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
	"pgregory.net/rapid"
)

// showsText are the corpus's own images with words in them.
func showsText(name string) bool {
	return strings.HasPrefix(name, "4.dcm ") || strings.Contains(name, "TextGBR")
}

// Text of many fonts and sizes is found on real images, wherever it stands. Rates are
// printed; those of fonts that the score was not fitted on are marked as new.
func TestFindsText(t *testing.T) {
	rnd := rand.New(rand.NewPCG(20, 26))
	var clean []picture
	for _, p := range pictures(t) {
		if !showsText(p.name) && p.Width >= 128 && p.Width*p.Height <= 1<<20 {
			clean = append(clean, p)
		}
	}
	words := []string{"DOE^JANE", "Müller, Erika 12.08.1964", "ID 4711-0815", "1960-02-29", "SMITH JOHN  M 054Y", "Acc: A20391234", "García Núñez", "Ward 7 / Bed 3"}
	faces := typefaces(t)
	type rate struct{ found, all int }
	rates := map[string]*rate{}
	count := func(kind string, found bool) {
		if rates[kind] == nil {
			rates[kind] = &rate{}
		}
		rates[kind].all++
		if found {
			rates[kind].found++
		}
	}
	const lines = 1200
	for n := 0; n < lines; n++ {
		base, face := clean[rnd.IntN(len(clean))], faces[n%len(faces)]
		how := []ink{brightest, darkest, greyish, boxed}[rnd.IntN(4)]
		f, at, ok := drawn(base.Frame, face, words[rnd.IntN(len(words))], how, rnd)
		if !ok {
			continue
		}
		regions, err := Find(f)
		if err != nil {
			t.Fatal(err)
		}
		found := slices.ContainsFunc(regions, func(r Region) bool { return r.rectangle().Overlaps(at) })
		count("all", found)
		count(string(how), found)
		count(face.name, found)
	}
	for _, kind := range slices.Sorted(func(yield func(string) bool) {
		for kind := range rates {
			if !yield(kind) {
				return
			}
		}
	}) {
		r := rates[kind]
		t.Logf("found %4d of %4d lines (%5.1f %%): %s", r.found, r.all, 100*float64(r.found)/float64(r.all), kind)
	}
	for kind, least := range map[string]float64{"all": 0.85, string(boxed): 0.97, string(brightest): 0.93} {
		if r := rates[kind]; float64(r.found) < least*float64(r.all) {
			t.Errorf("%s: found %d of %d lines; want %.0f %%", kind, r.found, r.all, 100*least)
		}
	}
}

// An image without text raises no alarm, but for few; the words that real images hold are
// found.
func TestCleanImages(t *testing.T) {
	alarms, all := 0, 0
	for _, p := range pictures(t) {
		regions, err := Find(p.Frame)
		if err != nil {
			t.Fatal(err)
		}
		if showsText(p.name) {
			if len(regions) == 0 {
				t.Errorf("%s: the words in it were not found", p.name)
			}
			continue
		}
		all++
		if len(regions) > 0 {
			alarms++
			t.Logf("alarm: %s %v", p.name, regions)
		}
	}
	t.Logf("%d false alarms on %d frames without text (%.2f %%)", alarms, all, 100*float64(alarms)/float64(all))
	if alarms*100 > all {
		t.Errorf("%d false alarms on %d frames; want at most 1 %%", alarms, all)
	}
}

// written is text on an empty frame.
func written(width, height int, words string, ground, value int32, x, y int) Frame {
	mask := image.NewAlpha(image.Rect(0, 0, width, height))
	d := font.Drawer{Dst: mask, Src: image.NewUniform(color.Alpha{A: 255}), Face: basicfont.Face7x13, Dot: fixed.P(x, y)}
	d.DrawString(words)
	f := Frame{Width: width, Height: height, Values: make([]int32, width*height)}
	for n, alpha := range mask.Pix {
		if f.Values[n] = ground; alpha > 0 {
			f.Values[n] = value
		}
	}
	return f
}

// turned is a frame after so many quarter turns.
func (f Frame) turned(times int) Frame {
	for range times {
		o := Frame{Width: f.Height, Height: f.Width, Values: make([]int32, len(f.Values))}
		for y := range f.Height {
			for x := range f.Width {
				o.Values[x*o.Width+f.Height-1-y] = f.Values[y*f.Width+x]
			}
		}
		f = o
	}
	return f
}

// Text on an empty ground is found whatever its values, its place and its direction.
func TestFindOnEmptyGround(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ground := rapid.Int32Range(-1<<31, 1<<31-1).Draw(t, "ground")
		value := rapid.Int32Range(-1<<31, 1<<31-1).Filter(func(v int32) bool { return v != ground }).Draw(t, "value")
		width, height := rapid.IntRange(120, 300).Draw(t, "width"), rapid.IntRange(20, 300).Draw(t, "height")
		x, y := rapid.IntRange(0, width-70).Draw(t, "x"), rapid.IntRange(11, height-3).Draw(t, "y")
		f := written(width, height, "JANE DOE", ground, value, x, y).turned(rapid.IntRange(0, 3).Draw(t, "turns"))
		regions, err := Find(f)
		if err != nil || len(regions) == 0 {
			t.Fatalf("found %v, %v", regions, err)
		}
	})
}

// A region covers the letters that it is about: blacking it out leaves nothing to find.
func TestRegionsCoverTheText(t *testing.T) {
	f := written(200, 60, "MUSTERMANN^ERIKA", 100, 900, 20, 30)
	regions, err := Find(f)
	if err != nil || len(regions) == 0 {
		t.Fatalf("found %v, %v", regions, err)
	}
	for n := range f.Values {
		at := image.Pt(n%f.Width, n/f.Width)
		if f.Values[n] == 900 && !slices.ContainsFunc(regions, func(r Region) bool { return at.In(r.rectangle()) }) {
			t.Fatalf("the letter at %v is outside %v", at, regions)
		}
	}
}

func TestFindRefuses(t *testing.T) {
	for name, f := range map[string]Frame{
		"no pixels": {}, "too few": {Width: 4, Height: 4, Values: make([]int32, 15)}, "negative": {Width: -4, Height: -4, Values: make([]int32, 16)},
		"overflow": {Width: 1 << 62, Height: 4},
	} {
		if _, err := Find(f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// Find never fails on a frame, and its regions lie inside.
func FuzzFind(f *testing.F) {
	f.Add(uint8(30), []byte("some pixels of a frame that is not large at all, and has edges"))
	f.Add(uint8(1), []byte{0, 255, 0, 255})
	f.Fuzz(func(t *testing.T, width uint8, pixels []byte) {
		w := int(width)
		if w == 0 || len(pixels) < w || len(pixels) > 1<<16 {
			return
		}
		frame := Frame{Width: w, Height: len(pixels) / w}
		for _, v := range pixels[:frame.Width*frame.Height] {
			frame.Values = append(frame.Values, int32(v)<<23-1<<30)
		}
		regions, err := Find(frame)
		if err != nil || len(regions) > maxRegions {
			t.Fatalf("%d regions, %v", len(regions), err)
		}
		for _, r := range regions {
			if !r.rectangle().In(image.Rect(0, 0, frame.Width, frame.Height)) || r.Width < 1 || r.Height < 1 || r.Score < Threshold || r.Score > 1 {
				t.Fatalf("region %+v of a frame of %d × %d", r, frame.Width, frame.Height)
			}
		}
	})
}

func (r Region) rectangle() image.Rectangle { return image.Rect(r.X, r.Y, r.X+r.Width, r.Y+r.Height) }

// BenchmarkFind looks at one CT slice of 512 × 512.
func BenchmarkFind(b *testing.B) {
	list := pictures(b)
	n := slices.IndexFunc(list, func(p picture) bool { return p.Width == 512 && p.Height == 512 })
	for b.Loop() {
		if _, err := Find(list[n].Frame); err != nil {
			b.Fatal(err)
		}
	}
}

// The longest line that a hostile image can make is looked at once, and not once a letter.
func TestBestShareOfManyLetters(t *testing.T) {
	values := make([]float64, 16*maxRuns) // a look a letter would take days
	for n := range values {
		values[n] = float64(n / (8 * maxRuns))
	}
	if got := bestShare(values, 0.25, 1); got != 0.5 {
		t.Errorf("one place holds %g of them, want half", got)
	}
	if got := bestShare(values, 0.25, 2); got != 1 {
		t.Errorf("two places hold %g of them, want all", got)
	}
}
