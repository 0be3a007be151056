package volume

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/medhive/medhive/models"
)

// golden is what numpy, scipy and SimpleITK made; testdata/make_golden.py says how.
type golden struct {
	Resample []struct {
		Size, Target            [3]int
		Spacing, Wanted         [3]float64
		Values                  []float32
		Nearest, Linear, Spline []float32
	}
	ITK struct {
		Size, Target                         [3]int
		Spacing, Wanted, Origin, First, Last [3]float64
		Direction                            [9]float64
		Values, Linear, Spline               []float32
	}
	Orient struct {
		Size            [3]int
		Spacing, Origin [3]float64
		Values          []float32
		Cases           []struct {
			To             string
			Size           [3]int
			First, Spacing [3]float64
			Values         []float32
		}
	}
	Values   map[string]json.RawMessage
	Pictures struct {
		Size         [3]int
		Values, Grey []float32
		Resize       []struct {
			To     [2]int
			Linear []float32
		}
	}
	Components []struct {
		Size   [3]int
		Mask   string
		Count  int
		Number []int32
	}
	Importance []struct {
		Size   [3]int
		Values []float32
	}
	Scores struct {
		Channels                 int
		Values, Softmax, Sigmoid []float32
		Argmax                   []int
	}
	Boxes []struct {
		Axes      int
		Overlap   float64
		Low, High [][]float64
		Score     []float64
		Class     []int
		Kept      []int
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// straight is an unrotated grid.
func straight(size [3]int, spacing [3]float64) Grid {
	g := Grid{Size: size, Affine: [4][4]float64{3: {3: 1}}}
	for n := range 3 {
		g.Affine[n][n] = spacing[n]
	}
	return g
}

// near wants figures that differ by no more than a part of the largest of them.
func near(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d values; want %d", what, len(got), len(want))
		return
	}
	scale := 1e-9
	for _, v := range want {
		scale = max(scale, math.Abs(float64(v)))
	}
	for n, v := range want {
		if d := math.Abs(float64(got[n]) - float64(v)); !(d <= tolerance*scale) {
			t.Errorf("%s: value %d is %v; want %v", what, n, got[n], v)
			return
		}
	}
}

func TestResampleAsScipy(t *testing.T) {
	for _, c := range readGolden(t).Resample {
		img := &Image{Grid: straight(c.Size, c.Spacing), Data: c.Values}
		for kernel, want := range map[string][]float32{"nearest": c.Nearest, "linear": c.Linear, "spline": c.Spline} {
			before := slices.Clone(img.Data)
			out, err := Resample(img, c.Wanted, kernel)
			if err != nil {
				t.Fatal(err)
			}
			if out.Size != c.Target {
				t.Errorf("%v %s: size %v; want %v", c.Size, kernel, out.Size, c.Target)
			}
			near(t, kernel, out.Data, want, 2e-6)
			if !slices.Equal(before, img.Data) {
				t.Errorf("%s changed its input", kernel)
			}
		}
	}
}

// Geometry as SimpleITK has it on an oblique grid. ITK leaves places outside the outermost
// centres at its default value, so these are not compared.
func TestResampleAsSimpleITK(t *testing.T) {
	c := readGolden(t).ITK
	img := &Image{Grid: Grid{Size: c.Size, Affine: [4][4]float64{3: {3: 1}}}, Data: c.Values}
	for row := range 3 {
		for n := range 3 {
			img.Affine[row][n] = c.Direction[3*row+n] * c.Spacing[n]
		}
		img.Affine[row][3] = c.Origin[row]
	}
	for kernel, want := range map[string][]float32{"linear": c.Linear, "spline": c.Spline} {
		out, err := Resample(img, c.Wanted, kernel)
		if err != nil {
			t.Fatal(err)
		}
		last := [3]float64{float64(out.Size[0] - 1), float64(out.Size[1] - 1), float64(out.Size[2] - 1)}
		if out.Size != c.Target || !close3(out.Position([3]float64{}), c.First, 1e-6) || !close3(out.Position(last), c.Last, 1e-6) {
			t.Errorf("%s: %v from %v to %v; want %v from %v to %v", kernel, out.Size, out.Position([3]float64{}), out.Position(last), c.Target, c.First, c.Last)
		}
		compared := 0
		m := indexMap(out.Grid, img.Grid)
		n := 0
		visit(out, func(v float32, index [3]float64) {
			at := apply(m, index)
			inside := true
			for axis := range 3 {
				inside = inside && at[axis] > 1e-6 && at[axis] < float64(img.Size[axis]-1)-1e-6
			}
			if inside {
				compared++
				if math.Abs(float64(v-want[n])) > 1e-3 {
					t.Errorf("%s at %v: %v; want %v", kernel, index, v, want[n])
				}
			}
			n++
		})
		if compared < 200 {
			t.Errorf("%s: only %d places compared", kernel, compared)
		}
	}
}

func TestReorientAsSimpleITK(t *testing.T) {
	c := readGolden(t).Orient
	img := &Image{Grid: straight(c.Size, c.Spacing), Data: c.Values}
	for n := range 3 {
		img.Affine[n][3] = c.Origin[n]
	}
	for _, want := range c.Cases {
		out, err := Reorient(img, want.To)
		if err != nil {
			t.Fatal(err)
		}
		if out.Size != want.Size || !slices.Equal(out.Data, want.Values) || !close3(out.Position([3]float64{}), want.First, 1e-9) || !close3(out.Spacing(), want.Spacing, 1e-9) {
			t.Errorf("%s: %v voxels from %v; want %v from %v", want.To, out.Size, out.Position([3]float64{}), want.Size, want.First)
		}
	}
}

func TestValuesAsNumpy(t *testing.T) {
	g := readGolden(t).Values
	list := func(name string) []float32 {
		var v []float32
		if err := json.Unmarshal(g[name], &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return v
	}
	img := &Image{Grid: straight([3]int{4, 5, 3}, [3]float64{1, 1, 1}), Data: list("values")}
	before := slices.Clone(img.Data)
	for name, step := range map[string]models.Step{
		"clip":               {Op: "clip", Low: -500, High: 100},
		"window":             {Op: "window", Low: -1000, High: 400},
		"min-max":            {Op: "normalise", Kind: "min-max"},
		"z-score":            {Op: "normalise", Kind: "z-score"},
		"z-score foreground": {Op: "normalise", Kind: "z-score", Of: "foreground", Above: -200},
		"percentile":         {Op: "normalise", Kind: "percentile", Low: 2.5, High: 93},
		"mean-std":           {Op: "normalise", Kind: "mean-std", Mean: []float64{-300, -200, 10.5}, Std: []float64{2, 400, 0.25}},
		"pad centre":         {Op: "pad", Size: []int{5, 8, 5}, Where: "centre", Value: -1024},
		"pad margin":         {Op: "pad", Margin: 2, Value: -1024},
		"pad end":            {Op: "pad", Multiple: 4},
		"crop":               {Op: "crop-foreground", Above: 150},
	} {
		out, err := Conform(img, []models.Step{step})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		near(t, name, out.Data, list(name), 1e-6)
		if !slices.Equal(before, img.Data) {
			t.Fatalf("%s changed its input", name)
		}
		if name == "crop" {
			var first [3]float64
			if err := json.Unmarshal(g["crop first"], &first); err != nil || !close3(out.Position([3]float64{}), first, 1e-9) {
				t.Errorf("crop begins at %v; want %v", out.Position([3]float64{}), first)
			}
		}
		if name == "pad centre" && !close3(out.Position([3]float64{}), [3]float64{0, -1, -1}, 1e-9) {
			t.Errorf("padded image begins at %v", out.Position([3]float64{}))
		}
	}
	limits := list("percentile limits")
	r := newRanking(img.Data)
	near(t, "percentile limits", []float32{r.percentile(2.5), r.percentile(93)}, limits, 1e-7)
}

func TestPicturesAsScipy(t *testing.T) {
	g := readGolden(t).Pictures
	img := &Image{Grid: straight(g.Size, [3]float64{0.2, 0.3, 1}), Data: g.Values}
	grey, err := ConformPicture(img, []models.Step{{Op: "rgb", Kind: "grey"}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "grey", grey.Data, g.Grey, 1e-6)
	again, err := ConformPicture(grey, []models.Step{{Op: "rgb", Kind: "repeat"}})
	if err != nil || again.Size != img.Size || !slices.Equal(again.Data, slices.Concat(grey.Data, grey.Data, grey.Data)) {
		t.Errorf("repeat: %v", err)
	}
	for _, c := range g.Resize {
		out, err := ConformPicture(img, []models.Step{{Op: "resize", Size: c.To[:], Kernel: "linear"}})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "resize", out.Data, c.Linear, 1e-6)
		if out.Size != [3]int{c.To[0], c.To[1], 3} {
			t.Errorf("resize to %v: %v", c.To, out.Size)
		}
		// The outer edges stay where they are.
		if a, b := img.Position([3]float64{-0.5, -0.5}), out.Position([3]float64{-0.5, -0.5}); !close3(a, b, 1e-9) {
			t.Errorf("resize to %v moved the corner from %v to %v", c.To, a, b)
		}
	}
}

func TestComponentsAsScipy(t *testing.T) {
	for _, c := range readGolden(t).Components {
		labels := &Labels{Grid: straight(c.Size, [3]float64{1, 1, 1})}
		for _, v := range c.Mask {
			labels.Data = append(labels.Data, uint8(v-'0')*7)
		}
		found := FindComponents(labels, 7)
		if len(found.Voxels) != c.Count || !slices.Equal(found.Numbers(), c.Number) {
			t.Errorf("%v: %d components; want %d, in scipy's order", c.Size, len(found.Voxels), c.Count)
		}
		sizes := make([]int, c.Count)
		for _, n := range c.Number {
			if n > 0 {
				sizes[n-1]++
			}
		}
		if !slices.Equal(found.Voxels, sizes) {
			t.Errorf("%v: sizes %v; want %v", c.Size, found.Voxels, sizes)
		}
	}
}

func TestImportanceAsMONAI(t *testing.T) {
	for _, c := range readGolden(t).Importance {
		near(t, "importance", Window{Size: c.Size, Gaussian: true}.Importance(), c.Values, 1e-6)
	}
}

func TestScoresAsNumpy(t *testing.T) {
	c := readGolden(t).Scores
	soft, sig := slices.Clone(c.Values), slices.Clone(c.Values)
	Softmax(soft, c.Channels)
	near(t, "softmax", soft, c.Softmax, 1e-6)
	Sigmoid(sig)
	near(t, "sigmoid", sig, c.Sigmoid, 1e-6)
	n := len(c.Values) / c.Channels
	out := make([]uint8, n)
	if err := Argmax(out, c.Values, []uint8{0, 3, 5, 9}); err != nil {
		t.Fatal(err)
	}
	limited := make([]uint8, n)
	if err := Threshold(limited, c.Softmax, []uint8{1, 3, 5, 9}, 0.8); err != nil {
		t.Fatal(err)
	}
	for v, channel := range c.Argmax {
		if want := []uint8{0, 3, 5, 9}[channel]; out[v] != want {
			t.Errorf("argmax of voxel %d: %d; want %d", v, out[v], want)
		}
		want := uint8(0)
		if c.Softmax[channel*n+v] > 0.8 {
			want = []uint8{1, 3, 5, 9}[channel]
		}
		if limited[v] != want {
			t.Errorf("threshold of voxel %d: %d; want %d", v, limited[v], want)
		}
	}
	for name, bad := range map[string]float64{"NaN": math.NaN(), "infinity": math.Inf(1)} {
		scores := slices.Clone(c.Values)
		scores[7] = float32(bad)
		if err := Argmax(out, scores, []uint8{0, 1, 2, 3}); err == nil {
			t.Errorf("a score of %s was taken", name)
		}
	}
}

func TestSuppressAsNumpy(t *testing.T) {
	for _, c := range readGolden(t).Boxes {
		boxes := make([]Box, len(c.Score))
		for n := range boxes {
			boxes[n] = Box{Class: c.Class[n], Score: c.Score[n], Max: [3]float64{2: 1}}
			copy(boxes[n].Min[:], c.Low[n])
			copy(boxes[n].Max[:], c.High[n])
		}
		kept := Suppress(boxes, c.Overlap, 0.2, 1000)
		if len(kept) != len(c.Kept) {
			t.Fatalf("%d axes, overlap %v: %d boxes; want %d", c.Axes, c.Overlap, len(kept), len(c.Kept))
		}
		for n, want := range c.Kept {
			if kept[n] != boxes[want] {
				t.Errorf("%d axes, overlap %v: place %d has %v; want %v", c.Axes, c.Overlap, n, kept[n], boxes[want])
			}
		}
		if few := Suppress(boxes, c.Overlap, 0.2, 3); !slices.Equal(few, kept[:3]) {
			t.Errorf("at most three: %v", few)
		}
	}
}

// A model whose answer depends on the place in the window, blended as MONAI blends it.
func TestSlideAsMONAI(t *testing.T) {
	text, err := os.ReadFile("testdata/sliding.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Size, Window   [3]int
		Overlap        float64
		Gaussian       bool
		Values, Scores []float32
	}
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		img := &Image{Grid: straight(c.Size, [3]float64{1, 1, 1}), Data: c.Values}
		area := c.Size[0] * c.Size[1]
		got := make([]float32, 2*len(c.Values))
		w := Window{Size: c.Window, Overlap: c.Overlap, Gaussian: c.Gaussian}
		err := w.Slide(img, false, 2, func(_, _ int, patch, scores []float32) error {
			for n, x := range patch {
				scores[n], scores[len(patch)+n] = x*(1+float32(n%7)/10), x*x
			}
			return nil
		}, func(k int, scores []float32) error {
			copy(got[k*area:], scores[:area])
			copy(got[len(c.Values)+k*area:], scores[area:])
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		near(t, "scores", got, c.Scores, 1e-6)
	}
}
