package challenge

import (
	"bytes"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

// naive is the definition in Work's comment, term by term.
func naive(w Work, seed Seed, index uint64) []byte {
	p, _ := profileOf(w.Width)
	made := newWeights(w, seed)
	x := make([]byte, w.Width)
	newInputs(w, seed).rows(x, index)
	for layer, matrix := range made.layers {
		columns := made.columns(layer)
		next := make([]byte, columns)
		for j := range columns {
			sum := 0
			for i, u := range x {
				sum += (int(u) - 128) * int(matrix[i*columns+j])
			}
			next[j] = byte(min(max(math.RoundToEven(float64(sum)/float64(int(1)<<p.shift))+128, 0), 255))
		}
		x = next
	}
	return x
}

func TestTheVerifierComputesTheDefinition(t *testing.T) {
	for _, width := range []int{512, 1024, 2048} {
		for _, kind := range []Kind{Compute, Memory} {
			w := Work{Kind: kind, Width: width, Layers: 2, Rows: minRows}
			seed := Seed{byte(width >> 8), 7}
			v := newVerifier(w, seed)
			for _, index := range []uint64{0, 1, 63, w.Rows - 1} {
				if got, want := v.row(index), naive(w, seed, index); !bytes.Equal(got, want) {
					t.Fatalf("%s width %d row %d: %x, want %x", kind, width, index, got[:8], want[:8])
				}
			}
		}
	}
}

// The largest and smallest sums that inputs of any kind can make stay exact.
func TestSumsStayExactInFloat32(t *testing.T) {
	for _, width := range []int{512, 1024, 2048} {
		p, _ := profileOf(width)
		if sum := width * 128 * p.reach; sum >= 1<<24 {
			t.Errorf("width %d: sums reach %d, float32 is exact under 2²⁴", width, sum)
		}
		if pair := 2 * 255 * p.reach; pair >= 1<<15 {
			t.Errorf("width %d: two products reach %d, int16 ends at 2¹⁵", width, pair)
		}
		if terms := laneTerms * 255 * 2 * p.reach; terms > laneMask {
			t.Errorf("width %d: %d products reach %d, a lane holds %d", width, laneTerms, terms, laneMask)
		}
		if table := width * 128 * 128; width <= maxTableWidth && table > 1<<24 {
			t.Errorf("width %d: products with a vector reach %d", width, table)
		}
	}
	extreme := pack(bytesOf(512*12, -63), 512, 12, profile{63, 9})
	if got := extreme.apply(bytes.Repeat([]byte{0}, 512)); got[11] != 255 {
		t.Errorf("the largest sum became %d, want 255", got[11])
	}
	if got := extreme.apply(bytes.Repeat([]byte{255}, 512)); got[0] != 0 {
		t.Errorf("the smallest sum became %d, want 0", got[0])
	}
}

func bytesOf(n int, v int8) []int8 {
	list := make([]int8, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func TestPackedLayersAgreeWithPlainOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		columns := rapid.IntRange(1, 60).Draw(t, "columns")
		const inputs = 128
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		matrix := make([]int8, inputs*columns)
		for i := range matrix {
			matrix[i] = int8(random.IntN(127) - 63)
		}
		x := make([]byte, inputs)
		for i := range x {
			x[i] = byte(random.Uint32())
		}
		got := pack(matrix, inputs, columns, profile{63, 9}).apply(x)
		for j := range columns {
			var sum int32
			for i, u := range x {
				sum += (int32(u) - 128) * int32(matrix[i*columns+j])
			}
			if want := requantize(sum, 9); got[j] != want {
				t.Fatalf("column %d: %d, want %d", j, got[j], want)
			}
		}
	})
}

func TestRequantizeRoundsHalvesToEven(t *testing.T) {
	for sum, want := range map[int32]byte{0: 128, 256: 128, 257: 129, 768: 130, -256: 128, -257: 127, -768: 126, 1 << 23: 255, -1 << 23: 0, 127 * 512: 255, 126*512 + 256: 254} {
		if got := requantize(sum, 9); got != want {
			t.Errorf("%d/512 became %d, want %d", sum, got, want)
		}
	}
}

// A change of one bit of the input changes the outcome, and rows don't run together: else
// an approximation, or one row for another, could pass.
func TestRowsStayDifferent(t *testing.T) {
	for _, width := range []int{512, 1024, 2048} {
		w := Work{Kind: Memory, Width: width, Layers: 8, Rows: minRows}
		v := newVerifier(w, Seed{1})
		a := make([]byte, width)
		v.inputs.rows(a, 5)
		b := bytes.Clone(a)
		b[width/2] ^= 8
		var early, late float64
		for n, layer := range v.layers {
			a, b = layer.apply(a), layer.apply(b)
			if n == 1 {
				early = distance(a, b)
			}
			late = distance(a, b)
		}
		saturated := 0
		for _, u := range a {
			if u == 0 || u == 255 {
				saturated++
			}
		}
		growth := math.Pow(late/early, 1.0/6)
		t.Logf("width %d: a bit of one byte changes %.3f by layer 2 and %.2f by layer 8 (growth %.2f a layer); %d%% of bytes are at an end", width, early, late, growth, 100*saturated/width)
		if growth < 1.05 || growth > 2 {
			t.Errorf("width %d: differences grow by %.2f with each layer; want 1.05 to 2", width, growth)
		}
		if saturated > width*6/10 {
			t.Errorf("width %d: %d of %d bytes are at an end of the scale", width, saturated, width)
		}
	}
}

// distance is the root mean square difference of two rows.
func distance(a, b []byte) float64 {
	var sum float64
	for i := range a {
		d := float64(a[i]) - float64(b[i])
		sum += d * d
	}
	return math.Sqrt(sum / float64(len(a)))
}

func BenchmarkVerifierRow(b *testing.B) {
	w := Work{Kind: Compute, Width: 512, Layers: 8, Rows: minRows}
	v := newVerifier(w, Seed{1})
	for b.Loop() {
		v.row(3)
	}
	b.ReportMetric(w.rowOperations()*float64(b.N)/b.Elapsed().Seconds()/1e9, "GOPS")
}
