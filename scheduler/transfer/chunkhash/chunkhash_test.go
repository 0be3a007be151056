package chunkhash

import (
	"math/rand/v2"
	"testing"

	"lukechampine.com/blake3"
	"pgregory.net/rapid"
)

// longest is what wide takes.
const longest = 1<<20 + 1<<10

// noise is n bytes that repeat nothing.
func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(b) // it never fails
	return b
}

// TestSumIsTheLibrarys goes by every edge of the tree: whole groups of sixteen, a
// chunk more or less, odd numbers of nodes on each level, partial blocks.
func TestSumIsTheLibrarys(t *testing.T) {
	b := noise(longest + 1)
	sizes := []int{0, 1, 64, 1024, 1025, leastKiB << 10, leastKiB<<10 - 1, 1<<20 - 1, 1 << 20, 1<<20 + 16, longest - 1, longest, longest + 1}
	for kib := leastKiB; kib <= 70; kib++ {
		sizes = append(sizes, kib<<10, kib<<10+1, kib<<10+64, kib<<10+65, kib<<10+1023)
	}
	for _, n := range sizes {
		if Sum(b[:n]) != blake3.Sum256(b[:n]) {
			t.Errorf("%d bytes: not the library's hash", n)
		}
	}
}

const leastKiB = 16

func TestAnySumIsTheLibrarys(t *testing.T) {
	b := noise(longest + 64)
	rapid.Check(t, func(rt *rapid.T) {
		n, from := rapid.IntRange(0, longest).Draw(rt, "bytes"), rapid.IntRange(0, 63).Draw(rt, "misaligned by")
		if Sum(b[from:from+n]) != blake3.Sum256(b[from:from+n]) {
			rt.Fatalf("%d bytes: not the library's hash", n)
		}
	})
}

func FuzzSum(f *testing.F) {
	f.Add(noise(20<<10), uint16(33))
	f.Fuzz(func(t *testing.T, b []byte, times uint16) {
		all := make([]byte, 0, longest)
		for range times { // the fuzzer's own inputs stay small
			if len(all)+len(b) > longest {
				break
			}
			all = append(all, b...)
		}
		if Sum(all) != blake3.Sum256(all) {
			t.Fatalf("%d bytes: not the library's hash", len(all))
		}
	})
}

// BenchmarkSum stands beside the library's.
func BenchmarkSum(b *testing.B) {
	data := noise(1<<20 + 16)
	for name, sum := range map[string]func([]byte) [32]byte{"ours": Sum, "library": blake3.Sum256} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				sum(data)
			}
		})
	}
}
