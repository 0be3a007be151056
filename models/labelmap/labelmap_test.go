package labelmap

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// drawn is a volume of few labels, so that runs are long and short.
func drawn(t *rapid.T, size [3]int, name string) (labels []uint8, unsure []bool) {
	n := size[0] * size[1] * size[2]
	labels = rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 0, 0, 1, 2, 255}), n, n).Draw(t, name)
	unsure = rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, name+" unsure")
	return labels, unsure
}

func anySize(t *rapid.T) [3]int {
	edge := rapid.IntRange(1, 9)
	return [3]int{edge.Draw(t, "columns"), edge.Draw(t, "rows"), edge.Draw(t, "slices")}
}

// What the runs say of two volumes is what counting voxel by voxel says.
func TestCompareCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := anySize(t)
		a, sure := drawn(t, size, "want")
		b, _ := drawn(t, size, "got")
		want, err := Pack(size, a, sure)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Pack(size, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		c, err := Compare(want, got)
		if err != nil {
			t.Fatal(err)
		}
		counted := Comparison{Labels: map[uint8]Overlap{}}
		for i := range a {
			o := counted.Labels[a[i]]
			o.Want++
			if a[i] == b[i] {
				o.Common++
			}
			counted.Labels[a[i]] = o
			o = counted.Labels[b[i]]
			o.Got++
			counted.Labels[b[i]] = o
			if a[i] != b[i] {
				counted.Differ++
				if !sure[i] {
					counted.Certain++
				}
			}
		}
		if c.Differ != counted.Differ || c.Certain != counted.Certain || len(c.Labels) != len(counted.Labels) {
			t.Fatalf("%+v, counted %+v", c, counted)
		}
		for label, o := range counted.Labels {
			if c.Labels[label] != o {
				t.Fatalf("label %d: %+v, counted %+v", label, c.Labels[label], o)
			}
		}
		if self, err := Compare(want, want); err != nil || self.Differ != 0 {
			t.Fatalf("with itself: %+v, %v", self, err)
		}
	})
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := anySize(t)
		labels, unsure := drawn(t, size, "labels")
		v, err := Pack(size, labels, unsure)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(v.Labels(), labels) {
			t.Fatal("other labels came out of the runs")
		}
		s := Set{Delivered: v, Margin: rapid.Float64Range(0, 10).Draw(t, "margin")}
		if rapid.Bool().Draw(t, "with scores") {
			s.Direct = v
		}
		file := s.Encode()
		read, err := Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read.Encode(), file) || read.Margin != s.Margin || read.Direct.IsZero() != s.Direct.IsZero() {
			t.Fatal("another set came back")
		}
		cut := rapid.IntRange(0, len(file)-1).Draw(t, "cut")
		if _, err := Decode(file[:cut]); err == nil {
			t.Fatalf("cut to %d of %d bytes and accepted", cut, len(file))
		}
	})
}

func TestPackRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		size   [3]int
		labels int
		unsure []bool
	}{
		"no voxels":       {[3]int{}, 0, nil},
		"a negative edge": {[3]int{-1, 1, 1}, 1, nil},
		"too few labels":  {[3]int{2, 2, 2}, 7, nil},
		"too few marks":   {[3]int{2, 2, 2}, 8, make([]bool, 7)},
		"beyond bounds":   {[3]int{1 << 16, 1 << 16, 1 << 16}, 0, nil},
	} {
		if _, err := Pack(c.size, make([]uint8, c.labels), c.unsure); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}

func TestDice(t *testing.T) {
	for _, c := range []struct {
		o    Overlap
		want float64
	}{
		{Overlap{}, 1}, {Overlap{Want: 10, Got: 10, Common: 10}, 1}, {Overlap{Want: 10}, 0}, {Overlap{Want: 3, Got: 1, Common: 1}, 0.5},
	} {
		if got := c.o.Dice(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.o, got, c.want)
		}
	}
}

// file writes one by hand: a delivered volume of that size with those bytes of runs.
func file(margin float64, size [3]int, runs ...byte) []byte {
	out := binary.BigEndian.AppendUint64([]byte(magic), math.Float64bits(margin))
	for _, edge := range size {
		out = binary.BigEndian.AppendUint32(out, uint32(edge))
	}
	out = append(binary.BigEndian.AppendUint32(out, uint32(len(runs))), runs...)
	return append(out, make([]byte, 16)...) // no direct volume
}

func TestDecodeRefuses(t *testing.T) {
	good := file(0, [3]int{2, 1, 1}, 1, 1, 2, 1)
	if _, err := Decode(good); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"another format":     {[]byte("PK\x03\x04 and so on and on"), "no file of labels"},
		"another version":    {slices.Concat([]byte("MHLABEL\x02"), good[8:]), "no file of labels"},
		"no margin":          {file(math.NaN(), [3]int{1, 1, 1}, 0, 1), "margin"},
		"a negative one":     {file(-1, [3]int{1, 1, 1}, 0, 1), "margin"},
		"more behind":        {append(slices.Clone(good), 0), "follows"},
		"nothing delivered":  {file(0, [3]int{}), "none"},
		"runs without size":  {file(0, [3]int{}, 0, 1), "out of range"},
		"one edge of 0":      {file(0, [3]int{0, 1, 1}, 0, 1), "out of range"},
		"too large":          {file(0, [3]int{1 << 16, 1 << 16, 2}, 0, 1), "cover"},
		"far too large":      {file(0, [3]int{1 << 16, 1 << 16, 3}, 0, 1), "out of range"},
		"too short":          {file(0, [3]int{2, 1, 1}, 0, 1), "cover"},
		"too long":           {file(0, [3]int{1, 1, 1}, 0, 2), "malformed"},
		"a run of none":      {file(0, [3]int{1, 1, 1}, 0, 0, 1, 1), "malformed"},
		"a split run":        {file(0, [3]int{2, 1, 1}, 0, 1, 0, 1), "malformed"},
		"a label above 511":  {file(0, [3]int{1, 1, 1}, 0x80, 4, 1), "malformed"},
		"a length cut short": {file(0, [3]int{1, 1, 1}, 0, 0x80), "malformed"},
	} {
		if _, err := Decode(c.data); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// A few bytes can claim 2³³ voxels; to compare them takes no more than the bytes.
func TestClaimsCostNothing(t *testing.T) {
	edge := 1 << 16
	huge, err := Decode(file(0, [3]int{edge, edge, 2}, append([]byte{1}, binary.AppendUvarint(nil, 1<<33)...)...))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Compare(huge.Delivered, huge.Delivered)
	if err != nil || c.Labels[1].Common != 1<<33 {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file(0, [3]int{2, 1, 1}, 1, 1, 2, 1))
	f.Add(file(0.5, [3]int{3, 3, 3}, 0x81, 2, 27))
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := Decode(data)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Encode(), data) {
			t.Fatal("what was read is written otherwise")
		}
		if c, err := Compare(s.Delivered, s.Delivered); err != nil || c.Differ != 0 {
			t.Fatalf("with itself: %+v, %v", c, err)
		}
		_, _ = Compare(s.Delivered, s.Direct)
	})
}
