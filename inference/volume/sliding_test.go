package volume

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func drawWindow(t *rapid.T) Window {
	w := Window{Overlap: rapid.Float64Range(0, 0.9).Draw(t, "overlap"), Gaussian: rapid.Bool().Draw(t, "gaussian")}
	for n := range 3 {
		w.Size[n] = rapid.IntRange(1, 12).Draw(t, "window")
	}
	return w
}

// A model that looks at one voxel at a time gives the same whether it sees the image in
// windows or whole, and each plane comes out once, in order.
func TestSlideEqualsTheWholeForAPointwiseModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 14)
		w := drawWindow(t)
		picture := rapid.Bool().Draw(t, "picture")
		planes, area := img.Size[2], img.Size[0]*img.Size[1]
		if picture {
			planes = 1
		}
		models := []func(v float32) float32{func(v float32) float32 { return v }, func(v float32) float32 { return 3 - 2*v }}
		n, next := 0, 0
		err := w.Slide(img, picture, len(models), func(at, of int, patch, scores []float32) error {
			if at != n || at >= of {
				t.Fatalf("window %d of %d, the %d. call", at, of, n+1)
			}
			n++
			each := len(scores) / len(models)
			for c, model := range models {
				for i := range each {
					scores[c*each+i] = model(patch[i]) // of a picture, its first channel
				}
			}
			return nil
		}, func(k int, scores []float32) error {
			if k != next || len(scores) != len(models)*area {
				t.Fatalf("plane %d with %d scores; want %d", k, len(scores), next)
			}
			next++
			for c, model := range models {
				for i := range area {
					want, got := float64(model(img.Data[k*area+i])), float64(scores[c*area+i])
					if math.Abs(got-want) > 1e-4*max(1, math.Abs(want)) {
						t.Fatalf("plane %d, channel %d, voxel %d: %v; want %v", k, c, i, got, want)
					}
				}
			}
			clear(scores) // may be changed
			return nil
		})
		if err != nil || next != planes {
			t.Fatalf("%d of %d planes: %v", next, planes, err)
		}
	})
}

// The blended score is Σ weight·score / Σ weight over the windows that hold a voxel.
func TestSlideBlendsByImportance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		img := drawImage(t, 9)
		w := drawWindow(t)
		size, importance := w.Size, w.Importance()
		sums, weights := make([]float64, len(img.Data)), make([]float64, len(img.Data))
		n := 0
		for _, z := range w.starts(2, img.Size[2]) {
			for _, y := range w.starts(1, img.Size[1]) {
				for _, x := range w.starts(0, img.Size[0]) {
					for i, weight := range importance {
						a, b, c := x+i%size[0], y+i/size[0]%size[1], z+i/(size[0]*size[1])
						if min(a, b, c) < 0 || a >= img.Size[0] || b >= img.Size[1] || c >= img.Size[2] {
							continue
						}
						at := (c*img.Size[1]+b)*img.Size[0] + a
						sums[at] += float64(weight) * float64(n*n+i)
						weights[at] += float64(weight)
					}
					n++
				}
			}
		}
		var got []float32
		err := w.Slide(img, false, 1, func(n, _ int, _, scores []float32) error {
			for i := range scores {
				scores[i] = float32(n*n + i)
			}
			return nil
		}, func(_ int, scores []float32) error { got = append(got, scores...); return nil })
		if err != nil {
			t.Fatal(err)
		}
		for at, sum := range sums {
			if want := sum / weights[at]; math.Abs(float64(got[at])-want) > 1e-4*max(1, want) {
				t.Fatalf("voxel %d: %v; want %v", at, got[at], want)
			}
		}
	})
}

func TestSlideStartsAsMONAI(t *testing.T) {
	// dense_patch_slices of MONAI 1.5 with _get_scan_interval, by hand.
	for _, c := range []struct {
		edge, size int
		overlap    float64
		want       []int
	}{
		{100, 100, 0.25, []int{0}},
		{101, 100, 0.25, []int{0, 1}},
		{200, 96, 0.25, []int{0, 72, 104}},
		{160, 64, 0.5, []int{0, 32, 64, 96}},
		{10, 4, 0.9, []int{0, 1, 2, 3, 4, 5, 6}},
		{5, 8, 0.5, []int{-1}},
		{6, 8, 0.5, []int{-1}},
	} {
		w := Window{Size: [3]int{c.size, 1, 1}, Overlap: c.overlap}
		if got := w.starts(0, c.edge); !slices.Equal(got, c.want) {
			t.Errorf("%d voxels in windows of %d: %v; want %v", c.edge, c.size, got, c.want)
		}
	}
}

func TestSlideStops(t *testing.T) {
	img := &Image{Grid: straight([3]int{20, 20, 20}, [3]float64{1, 1, 1}), Data: make([]float32, 8000)}
	w := Window{Size: [3]int{8, 8, 8}}
	enough := errors.New("enough")
	calls := 0
	err := w.Slide(img, false, 1, func(n, _ int, _, _ []float32) error {
		calls++
		if n == 3 {
			return enough
		}
		return nil
	}, func(int, []float32) error { return nil })
	if !errors.Is(err, enough) || calls != 4 {
		t.Errorf("%d windows: %v", calls, err)
	}
	for name, w := range map[string]Window{"no size": {}, "a huge one": {Size: [3]int{1 << 20, 1 << 20, 4}}, "whole overlap": {Size: [3]int{4, 4, 4}, Overlap: 1}} {
		if err := w.Slide(img, false, 1, nil, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A long scan of many channels needs no more than the planes of one window.
func TestSlideKeepsOnlyThePlanesOfAWindow(t *testing.T) {
	const edge, slices, channels, depth = 32, 512, 8, 16
	img := &Image{Grid: straight([3]int{edge, edge, slices}, [3]float64{1, 1, 1}), Data: make([]float32, edge*edge*slices)}
	w := Window{Size: [3]int{edge, edge, depth}, Overlap: 0.5, Gaussian: true}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := w.Slide(img, false, channels, func(int, int, []float32, []float32) error { return nil }, func(int, []float32) error { return nil }); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	allocated := after.TotalAlloc - before.TotalAlloc
	if most := uint64(4 * edge * edge * depth * channels * 3); allocated > most {
		t.Errorf("%d bytes; want at most %d: all planes would be %d", allocated, most, 4*edge*edge*slices*channels)
	}
}

// A whole head in windows, without a model: what blending costs.
func BenchmarkSlide(b *testing.B) {
	img := wholeHead()
	w := Window{Size: [3]int{96, 96, 96}, Overlap: 0.25, Gaussian: true}
	for b.Loop() {
		if err := w.Slide(img, false, 3, func(int, int, []float32, []float32) error { return nil }, func(int, []float32) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
