package volume

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/models"
)

func meshNetSteps() []models.Step {
	return []models.Step{
		{Op: "orient", To: "LIA"},
		{Op: "resample", SpacingMM: [3]float64{1, 1, 1}, Kernel: "linear"},
		{Op: "normalise", Kind: "min-max"},
		{Op: "crop-foreground", Above: 0.05, Margin: 2},
		{Op: "pad", Multiple: 8},
	}
}

// drawGrid draws a valid grid: any rotation, spacings of 0.4–4 mm, any origin.
func drawGrid(t *rapid.T, most int) Grid {
	angle := func(name string) (float64, float64) {
		return math.Sincos(rapid.Float64Range(-math.Pi, math.Pi).Draw(t, name))
	}
	sa, ca := angle("a")
	sb, cb := angle("b")
	sc, cc := angle("c")
	rotation := [3][3]float64{
		{ca * cb, ca*sb*sc - sa*cc, ca*sb*cc + sa*sc},
		{sa * cb, sa*sb*sc + ca*cc, sa*sb*cc - ca*sc},
		{-sb, cb * sc, cb * cc},
	}
	g := Grid{Affine: [4][4]float64{3: {3: 1}}}
	for n := range 3 {
		g.Size[n] = rapid.IntRange(1, most).Draw(t, "size")
		spacing := rapid.Float64Range(0.4, 4).Draw(t, "spacing")
		if rapid.Bool().Draw(t, "mirrored") {
			spacing = -spacing
		}
		for row := range 3 {
			g.Affine[row][n] = rotation[row][n] * spacing
		}
		g.Affine[n][3] = rapid.Float64Range(-300, 300).Draw(t, "origin")
	}
	return g
}

func drawOrientation(t *rapid.T) string {
	order := rapid.Permutation([]int{0, 1, 2}).Draw(t, "order")
	name := make([]byte, 3)
	for n, axis := range order {
		name[n] = directions[axis][rapid.IntRange(0, 1).Draw(t, "sign")]
	}
	return string(name)
}

func drawImage(t *rapid.T, most int) *Image {
	img := &Image{Grid: drawGrid(t, most)}
	img.Data = make([]float32, img.Voxels())
	for n := range img.Data {
		img.Data[n] = float32(n + 1)
	}
	return img
}

func close3(a, b [3]float64, mm float64) bool {
	return math.Abs(a[0]-b[0]) < mm && math.Abs(a[1]-b[1]) < mm && math.Abs(a[2]-b[2]) < mm
}

// Every voxel keeps its value and its place, whatever the turn.
func TestReorientKeepsValuesInPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 9)
		to := drawOrientation(t)
		turned, err := Reorient(img, to)
		if err != nil {
			t.Fatal(err)
		}
		if got := turned.Orientation(); got != to {
			t.Fatalf("orientation %s, want %s", got, to)
		}
		place := map[float32][3]float64{}
		visit(img, func(v float32, index [3]float64) { place[v] = img.Position(index) })
		visit(turned, func(v float32, index [3]float64) {
			if !close3(place[v], turned.Position(index), 1e-6) {
				t.Fatalf("value %v moved from %v to %v", v, place[v], turned.Position(index))
			}
		})
		back, err := Reorient(turned, img.Orientation())
		if err != nil || !slices.Equal(back.Data, img.Data) || !close3(back.Position([3]float64{}), img.Position([3]float64{}), 1e-6) {
			t.Fatalf("there and back is not the same: %v", err)
		}
	})
}

func visit(img *Image, see func(float32, [3]float64)) {
	for n, v := range img.Data {
		see(v, [3]float64{float64(n % img.Size[0]), float64(n / img.Size[0] % img.Size[1]), float64(n / (img.Size[0] * img.Size[1]))})
	}
}

// A linear function of position stays that function after linear resampling, away
// from the clamped border.
func TestResampleIsExactOnALinearField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 12)
		gradient := [3]float64{rapid.Float64Range(-1, 1).Draw(t, "gx"), rapid.Float64Range(-1, 1).Draw(t, "gy"), rapid.Float64Range(-1, 1).Draw(t, "gz")}
		field := func(p [3]float64) float64 { return gradient[0]*p[0] + gradient[1]*p[1] + gradient[2]*p[2] }
		n := 0
		visit(img, func(_ float32, index [3]float64) { img.Data[n] = float32(field(img.Position(index))); n++ })
		spacing := [3]float64{rapid.Float64Range(0.5, 3).Draw(t, "sx"), rapid.Float64Range(0.5, 3).Draw(t, "sy"), rapid.Float64Range(0.5, 3).Draw(t, "sz")}
		out, err := Resample(img, spacing, "linear")
		if err != nil {
			t.Fatal(err)
		}
		m := indexMap(out.Grid, img.Grid)
		visit(out, func(v float32, index [3]float64) {
			at := apply(m, index)
			for axis := range 3 {
				if at[axis] < 0 || at[axis] > float64(img.Size[axis]-1) {
					return
				}
			}
			if want := field(out.Position(index)); math.Abs(float64(v)-want) > 1e-2 {
				t.Fatalf("at %v: %v, want %v", index, v, want)
			}
		})
		// Both grids share their centre.
		centre := func(g Grid) [3]float64 {
			return g.Position([3]float64{float64(g.Size[0]-1) / 2, float64(g.Size[1]-1) / 2, float64(g.Size[2]-1) / 2})
		}
		if !close3(centre(out.Grid), centre(img.Grid), 1e-6) {
			t.Fatal("the centre moved")
		}
	})
}

// Without resampling, labels come back to exactly the voxels they were made from.
func TestMapLabelsUndoesTurnCropAndPad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 14)
		turned, err := Reorient(img, drawOrientation(t))
		if err != nil {
			t.Fatal(err)
		}
		cropped, err := CropForeground(turned, float32(rapid.IntRange(0, len(img.Data)-1).Draw(t, "above")), rapid.IntRange(0, 2).Draw(t, "margin"))
		if err != nil {
			t.Fatal(err)
		}
		padded, err := PadToMultiple(cropped, rapid.IntRange(1, 8).Draw(t, "multiple"))
		if err != nil {
			t.Fatal(err)
		}
		labels := &Labels{Grid: padded.Grid, Data: make([]uint8, len(padded.Data))}
		kept := map[float32]bool{}
		for n, v := range padded.Data {
			labels.Data[n] = uint8(int(v) % 251)
			kept[v] = true
		}
		back, err := MapLabels(labels, img.Grid)
		if err != nil {
			t.Fatal(err)
		}
		if back.Grid != img.Grid {
			t.Fatal("labels are not on the source grid")
		}
		for n, v := range img.Data {
			want := uint8(0)
			if kept[v] {
				want = uint8(int(v) % 251)
			}
			if back.Data[n] != want {
				t.Fatalf("voxel %d has label %d, want %d", n, back.Data[n], want)
			}
		}
	})
}

// With resampling, each source voxel has the label of the nearest conformed voxel.
func TestMapLabelsTakesTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		source := drawGrid(t, 8)
		img := drawImage(t, 8)
		labels := &Labels{Grid: img.Grid, Data: make([]uint8, img.Voxels())}
		for n := range labels.Data {
			labels.Data[n] = uint8(n%255 + 1)
		}
		back, err := MapLabels(labels, source)
		if err != nil {
			t.Fatal(err)
		}
		m := indexMap(source, labels.Grid)
		for n, got := range back.Data {
			at := apply(m, [3]float64{float64(n % source.Size[0]), float64(n / source.Size[0] % source.Size[1]), float64(n / (source.Size[0] * source.Size[1]))})
			var nearest [3]int
			inside, doubtful := true, false
			for axis := range 3 {
				nearest[axis] = int(math.Floor(at[axis] + 0.5))
				inside = inside && nearest[axis] >= 0 && nearest[axis] < labels.Size[axis]
				doubtful = doubtful || math.Abs(at[axis]+0.5-math.Round(at[axis]+0.5)) < latticeTolerance
			}
			want := uint8(0)
			if inside {
				want = labels.Data[(nearest[2]*labels.Size[1]+nearest[1])*labels.Size[0]+nearest[0]]
			}
			if got != want && !doubtful {
				t.Fatalf("voxel %d at %v: label %d, want %d", n, at, got, want)
			}
		}
	})
}

// The tables along axes give what the general map gives: the nearest voxel by position.
func TestMapLabelsAlongAxes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 12)
		spacing := [3]float64{rapid.Float64Range(0.5, 3).Draw(t, "sx"), rapid.Float64Range(0.5, 3).Draw(t, "sy"), rapid.Float64Range(0.5, 3).Draw(t, "sz")}
		turned, err := Reorient(img, drawOrientation(t))
		if err != nil {
			t.Fatal(err)
		}
		grown, err := Resample(turned, spacing, "nearest")
		if err != nil {
			t.Fatal(err)
		}
		labels := &Labels{Grid: grown.Grid, Data: make([]uint8, grown.Voxels())}
		for n := range labels.Data {
			labels.Data[n] = uint8(n%255 + 1)
		}
		if rapid.Bool().Draw(t, "cut") {
			part, err := Crop(grown, [3]int{}, [3]int{(grown.Size[0] + 1) / 2, grown.Size[1], (grown.Size[2] + 1) / 2})
			if err != nil {
				t.Fatal(err)
			}
			labels = &Labels{Grid: part.Grid, Data: labels.Data[:part.Voxels()]}
		}
		m := indexMap(img.Grid, labels.Grid)
		if _, ok := alongAxes(m, img.Size); !ok {
			t.Fatal("not recognised as running along axes")
		}
		got, err := MapLabels(labels, img.Grid)
		if err != nil {
			t.Fatal(err)
		}
		counts := got.Count()
		for n, v := range got.Data {
			counts[v]--
			at := apply(m, [3]float64{float64(n % img.Size[0]), float64(n / img.Size[0] % img.Size[1]), float64(n / (img.Size[0] * img.Size[1]))})
			want, doubtful, index := uint8(0), false, [3]int{}
			inside := true
			for axis := range 3 {
				index[axis] = int(math.Floor(at[axis] + 0.5))
				inside = inside && index[axis] >= 0 && index[axis] < labels.Size[axis]
				doubtful = doubtful || math.Abs(at[axis]+0.5-math.Round(at[axis]+0.5)) < latticeTolerance
			}
			if inside {
				want = labels.Data[(index[2]*labels.Size[1]+index[1])*labels.Size[0]+index[0]]
			}
			if v != want && !doubtful {
				t.Fatalf("voxel %d at %v: label %d, want %d", n, at, v, want)
			}
		}
		if counts != [256]int{} {
			t.Fatalf("counted wrongly by %v", counts)
		}
	})
}

func TestConformAndBackOnAnObliqueScan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 16)
		before := slices.Clone(img.Data)
		conformed, err := Conform(img, meshNetSteps())
		if errors.Is(err, errFlat) { // a few voxels of less than 1 mm became one
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, img.Data) {
			t.Fatal("the source was changed")
		}
		if conformed.Orientation() != "LIA" {
			t.Fatalf("orientation %s", conformed.Orientation())
		}
		for axis, s := range conformed.Spacing() {
			if math.Abs(s-1) > 2*sameSpacingMM || conformed.Size[axis]%8 != 0 {
				t.Fatalf("spacing %v, size %v", conformed.Spacing(), conformed.Size)
			}
		}
		if low, high := slices.Min(conformed.Data), slices.Max(conformed.Data); low < 0 || high > 1 {
			t.Fatalf("values from %v to %v", low, high)
		}
	})
}

func TestNormalise(t *testing.T) {
	img := &Image{Grid: Grid{Size: [3]int{5, 1, 1}, Affine: [4][4]float64{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}}, Data: []float32{-10, 0, 10, 20, 30}}
	scaled, err := MinMax(img)
	if err != nil || !slices.Equal(scaled.Data, []float32{0, 0.25, 0.5, 0.75, 1}) || img.Data[0] != -10 {
		t.Errorf("min-max: %v, %v", scaled, err)
	}
	clipped, err := Percentile(img, 25, 75)
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []float32{0, 0, 0.5, 1, 1} {
		if math.Abs(float64(clipped.Data[n]-want)) > 1e-3 {
			t.Errorf("percentile: value %d is %v, want %v", n, clipped.Data[n], want)
		}
	}
	for name, data := range map[string][]float32{"flat": {1, 1, 1, 1, 1}, "nan": {0, float32(math.NaN()), 1, 2, 3}, "infinite": {0, float32(math.Inf(1)), 1, 2, 3}} {
		if _, err := MinMax(&Image{Grid: img.Grid, Data: data}); err == nil {
			t.Errorf("%s values were normalised", name)
		}
		if _, err := Percentile(&Image{Grid: img.Grid, Data: data}, 1, 99); err == nil {
			t.Errorf("%s values were normalised by percentile", name)
		}
	}
}

func TestOrientationNamesOfDICOMStacks(t *testing.T) {
	for want, affine := range map[string][4][4]float64{
		"LPS": {{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}},
		"PIR": {{0, 0, -1}, {1}, {0, -1}, {0, 0, 0, 1}},
		"RAS": {{-1}, {0, -1}, {0, 0, 1}, {0, 0, 0, 1}},
	} {
		if got := (Grid{Size: [3]int{1, 1, 1}, Affine: affine}).Orientation(); got != want {
			t.Errorf("orientation %s, want %s", got, want)
		}
	}
	img := &Image{Grid: Grid{Size: [3]int{1, 1, 1}, Affine: [4][4]float64{{1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}}}, Data: []float32{1}}
	for _, bad := range []string{"", "LPX", "LRS", "lps", "LPSI"} {
		if _, err := Reorient(img, bad); err == nil {
			t.Errorf("orientation %q was taken", bad)
		}
	}
}

// FuzzGeometry throws arbitrary affines and sizes at every entry: an error is fine,
// a panic or a result that does not fill its grid is not.
func FuzzGeometry(f *testing.F) {
	f.Add(3, 4, 5, 1.0, 0.0, 0.0, 1.0, 90.0, 1.0)
	f.Add(1, 1, 1, 0.0, 0.0, math.NaN(), 1e300, -1e300, 0.1)
	f.Fuzz(func(t *testing.T, i, j, k int, a, b, c, d, e, spacing float64) {
		g := Grid{Size: [3]int{i, j, k}, Affine: [4][4]float64{{a, b, c, e}, {c, d, a, b}, {b, c, d, a}, {0, 0, 0, 1}}}
		if g.Validate() != nil || g.Voxels() > 1<<14 {
			return
		}
		img := &Image{Grid: g, Data: make([]float32, g.Voxels())}
		img.Data[len(img.Data)-1] = 1
		sp := g.Spacing()
		if grown := float64(g.Voxels()) * sp[0] * sp[1] * sp[2] / (spacing * spacing * spacing); grown < 1<<18 && max(sp[0]*float64(i), sp[1]*float64(j), sp[2]*float64(k))/spacing < 1<<10 {
			if out, err := Resample(img, [3]float64{spacing, spacing, spacing}, "linear"); err == nil && out.Validate() != nil {
				t.Fatalf("resampled grid is not valid: %v", out.Validate())
			}
		}
		out, err := Conform(img, []models.Step{{Op: "orient", To: "LIA"}, {Op: "normalise", Kind: "min-max"}, {Op: "crop-foreground", Above: 0.5, Margin: 1}, {Op: "pad", Multiple: 4}})
		if err != nil {
			return
		}
		if _, err := MapLabels(&Labels{Grid: out.Grid, Data: make([]uint8, out.Voxels())}, g); err != nil {
			t.Fatal(err)
		}
	})
}

func wholeHead() *Image {
	img := &Image{Grid: Grid{Size: [3]int{217, 181, 181}, Affine: [4][4]float64{{0, 0, -1, 90}, {1, 0, 0, -91}, {0, -1, 0, 109}, {0, 0, 0, 1}}}}
	img.Data = make([]float32, img.Voxels())
	for n := range img.Data {
		img.Data[n] = float32(n % 255)
	}
	return img
}

func BenchmarkConform(b *testing.B) {
	img := wholeHead()
	for b.Loop() {
		if _, err := Conform(img, meshNetSteps()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConformWithResampling(b *testing.B) {
	img := wholeHead()
	for row := range 3 {
		for column := range 3 {
			img.Affine[row][column] *= 1.1
		}
	}
	for b.Loop() {
		if _, err := Conform(img, meshNetSteps()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMapLabelsWithResampling(b *testing.B) {
	img := wholeHead()
	small, err := Resample(img, [3]float64{1.3, 1.2, 1.1}, "nearest")
	if err != nil {
		b.Fatal(err)
	}
	labels := &Labels{Grid: small.Grid, Data: make([]uint8, small.Voxels())}
	for b.Loop() {
		if _, err := MapLabels(labels, img.Grid); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMapLabels(b *testing.B) {
	img := wholeHead()
	conformed, err := Conform(img, meshNetSteps())
	if err != nil {
		b.Fatal(err)
	}
	labels := &Labels{Grid: conformed.Grid, Data: make([]uint8, conformed.Voxels())}
	for b.Loop() {
		if _, err := MapLabels(labels, img.Grid); err != nil {
			b.Fatal(err)
		}
	}
}
