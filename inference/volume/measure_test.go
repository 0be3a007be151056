package volume

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func drawLabels(t *rapid.T, most int) *Labels {
	l := &Labels{Grid: drawGrid(t, most)}
	l.Data = rapid.SliceOfN(rapid.Uint8Range(0, 2), l.Voxels(), l.Voxels()).Draw(t, "labels")
	return l
}

// The diameter is the largest distance between any two edge middles of one slice.
func TestLongestDiameterAgainstEveryPair(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t, 7)
		got := LongestDiameter(labels, 1)
		axes, _ := labels.nearestAxes()
		across := 2
		for n, axis := range axes {
			if axis == 2 && labels.Size[2] > 1 {
				across = n
			}
		}
		want := 0.0
		middles := map[int][][3]float64{}
		for n, l := range labels.Data {
			if l != 1 {
				continue
			}
			at := [3]float64{float64(n % labels.Size[0]), float64(n / labels.Size[0] % labels.Size[1]), float64(n / (labels.Size[0] * labels.Size[1]))}
			for axis := range 3 {
				for _, half := range []float64{-0.5, 0.5} {
					if axis != across {
						p := at
						p[axis] += half
						middles[int(at[across])] = append(middles[int(at[across])], labels.Position(p))
					}
				}
			}
		}
		for _, list := range middles {
			for _, p := range list {
				for _, q := range list {
					want = max(want, math.Sqrt((p[0]-q[0])*(p[0]-q[0])+(p[1]-q[1])*(p[1]-q[1])+(p[2]-q[2])*(p[2]-q[2])))
				}
			}
		}
		if got.Axis != across || math.Abs(got.MM-want) > 1e-6*max(1, want) {
			t.Fatalf("%v mm across axis %d; want %v across %d", got.MM, got.Axis, want, across)
		}
		a, b := labels.Position(got.Ends[0]), labels.Position(got.Ends[1])
		if between := math.Hypot(math.Hypot(a[0]-b[0], a[1]-b[1]), a[2]-b[2]); math.Abs(between-want) > 1e-6*max(1, want) {
			t.Fatalf("the ends lie %v mm apart; want %v", between, want)
		}
	})
}

// A disc's diameter by hand: within a pixel of the circle's.
func TestLongestDiameterOfADisc(t *testing.T) {
	const edge, radius, mm = 101, 40.0, 0.7
	labels := &Labels{Grid: straight([3]int{edge, edge, 1}, [3]float64{mm, mm, 1}), Data: make([]uint8, edge*edge)}
	for n := range labels.Data {
		if math.Hypot(float64(n%edge-50), float64(n/edge-50)) <= radius {
			labels.Data[n] = 1
		}
	}
	if got := LongestDiameter(labels, 1).MM; math.Abs(got-(2*radius+1)*mm) > 0.02 {
		t.Errorf("%v mm; want %v and one pixel", got, 2*radius*mm)
	}
	if got := LongestDiameter(labels, 2).MM; got != 0 {
		t.Errorf("a label without voxels has %v mm", got)
	}
}

func TestMeasureAgainstALoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t, 9)
		img := &Image{Grid: labels.Grid, Data: make([]float32, len(labels.Data))}
		voxels, below, sum := 0, 0, 0.0
		for n := range img.Data {
			img.Data[n] = float32(rapid.IntRange(-1024, 3000).Draw(t, "value"))
			if labels.Data[n] == 2 {
				voxels++
				sum += float64(img.Data[n])
				if img.Data[n] < -950 {
					below++
				}
			}
		}
		r, err := Measure(img, labels, 2, -950)
		if err != nil || r.Voxels != voxels || r.Below != below || voxels > 0 && math.Abs(r.Mean-sum/float64(voxels)) > 1e-9 {
			t.Fatalf("%+v, %v; want %d voxels, %d below, mean %v", r, err, voxels, below, sum/float64(voxels))
		}
	})
}

// flood numbers the components of a label voxel by voxel: the slow way.
func flood(l *Labels, value uint8) []int32 {
	out := make([]int32, len(l.Data))
	next := int32(0)
	for seed, v := range l.Data {
		if v != value || out[seed] != 0 {
			continue
		}
		next++
		out[seed] = next
		for queue := []int{seed}; len(queue) > 0; {
			at := queue[0]
			queue = queue[1:]
			i, j, k := at%l.Size[0], at/l.Size[0]%l.Size[1], at/(l.Size[0]*l.Size[1])
			for n := range 27 {
				a, b, c := i+n%3-1, j+n/3%3-1, k+n/9-1
				if min(a, b, c) < 0 || a >= l.Size[0] || b >= l.Size[1] || c >= l.Size[2] {
					continue
				}
				if to := (c*l.Size[1]+b)*l.Size[0] + a; l.Data[to] == value && out[to] == 0 {
					out[to] = next
					queue = append(queue, to)
				}
			}
		}
	}
	return out
}

func TestComponentsAgainstFlooding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t, 8)
		got, want := FindComponents(labels, 1).Numbers(), flood(labels, 1)
		for n := range want {
			if got[n] != want[n] {
				t.Fatalf("voxel %d is in component %d; want %d", n, got[n], want[n])
			}
		}
	})
}

// What the three filters keep, told by the slow numbering.
func TestComponentFilters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := drawLabels(t, 8)
		numbers := flood(labels, 1)
		count := map[int32]int{}
		border := map[int32]bool{}
		for n, c := range numbers {
			count[c]++
			i, j := n%labels.Size[0], n/labels.Size[0]%labels.Size[1]
			if i == 0 || j == 0 || i == labels.Size[0]-1 || j == labels.Size[1]-1 {
				border[c] = true
			}
		}
		delete(count, 0)
		largest, keep := rapid.IntRange(1, 3).Draw(t, "count"), map[int32]bool{}
		for range largest {
			best := int32(0)
			for c, n := range count {
				if !keep[c] && (n > count[best] || n == count[best] && c < best) {
					best = c
				}
			}
			keep[best] = true
		}
		ml := float64(rapid.IntRange(0, 20).Draw(t, "voxels")) * labels.VoxelML() * (1 - 1e-9)
		for name, c := range map[string]struct {
			filter func(*Labels)
			keeps  func(c int32) bool
		}{
			"largest": {func(l *Labels) { KeepLargest(l, 1, largest) }, func(c int32) bool { return keep[c] }},
			"minimum": {func(l *Labels) { DropSmaller(l, 1, ml) }, func(c int32) bool { return float64(count[c])*labels.VoxelML() >= ml }},
			"border":  {func(l *Labels) { DropBorder(l, 1) }, func(c int32) bool { return !border[c] }},
		} {
			got := &Labels{Grid: labels.Grid, Data: append([]uint8(nil), labels.Data...)}
			c.filter(got)
			for n, v := range labels.Data {
				want := v
				if v == 1 && !c.keeps(numbers[n]) {
					want = 0
				}
				if got.Data[n] != want {
					t.Fatalf("%s: voxel %d of component %d became %d; want %d", name, n, numbers[n], got.Data[n], want)
				}
			}
		}
	})
}

// The rank of every value of a random list, against a sorted copy.
func TestRankingAgainstSorting(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float32Range(-1e30, 1e30), 1, 50).Draw(t, "values")
		r := newRanking(values)
		for n := range values {
			below, same := 0, 0
			got := r.at(n)
			for _, v := range values {
				if v < got {
					below++
				}
				if v == got {
					same++
				}
			}
			if n < below || n >= below+same {
				t.Fatalf("place %d: %v, which has %d below and %d equal", n, got, below, same)
			}
		}
	})
}

func BenchmarkComponents(b *testing.B) {
	img := wholeHead()
	labels := &Labels{Grid: img.Grid, Data: make([]uint8, len(img.Data))}
	for n, v := range img.Data {
		if v > 60 {
			labels.Data[n] = 1
		}
	}
	for b.Loop() {
		FindComponents(labels, 1)
	}
}

func BenchmarkSpline(b *testing.B) {
	img := wholeHead()
	for b.Loop() {
		if _, err := Resample(img, [3]float64{1.2, 1.2, 1.2}, "spline"); err != nil {
			b.Fatal(err)
		}
	}
}
