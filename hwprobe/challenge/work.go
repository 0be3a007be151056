package challenge

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Kind says what a work proves.
type Kind string

// The kinds of work.
const (
	Compute Kind = "compute" // a rate: every row of a network's output
	Memory  Kind = "memory"  // a working set: a table of rows that is read over and over
)

// Work is what the prover is asked to do: the dimensions alone, the seed comes later.
//
// The network is a chain of Layers square layers over rows of Width bytes,
//
//	x′ = clamp(rint(2⁻ˢ · (x−128)·W) + 128, 0, 255)
//
// with rint to the nearest even number, W from the seed and input rows from the seed. All
// sums stay under 2²⁴ in magnitude, so that any order of adding, in int32 or in float32,
// gives the same bytes on every machine. Compute projects the last layer onto
// outputWidth columns and commits to each row. Memory keeps the last layer of all rows,
// Rows·Width bytes, and commits to its products with fresh vectors, Passes times over.
type Work struct {
	Kind   Kind   `json:"kind"`
	Width  int    `json:"width"`            // 512, 1024 or 2048 bytes a row
	Layers int    `json:"layers"`           // 1 to 64
	Rows   uint64 `json:"rows"`             // a multiple of 512
	Passes int    `json:"passes,omitempty"` // 1 to 64 for Memory, else 0
}

// The bounds of a work. They bound what a prover allocates and what a verifier computes.
const (
	rowMultiple = 512     // whole subtrees of leaves, both of single rows and of tableGroup rows
	minRows     = 8192    // at least 100 rows proved for each one verified
	maxRows     = 1 << 28 // 10 s at 3,600 TOPS; a table of 128 GiB at 512 bytes
	maxLayers   = 64
	maxWeights  = 1 << 27 // Layers·Width²: bytes of weights that both sides generate
	maxPasses   = 64

	maxTableWidth = 1024 // products of two bytes over it sum up to 2²⁴ at most
)

// outputWidth is how many columns of a Compute row are committed to: with the leaf's
// prefix they fill one block of SHA-256.
const outputWidth = 48

// profile of a width: weights are drawn from −reach to reach, and sums are scaled by
// 2⁻shift. Both are chosen so that a change of one input byte grows by about 1.2 with each
// layer (measured in TestRowsStayDifferent): an approximation is never right. |sum| ≤
// Width·128·reach < 2²⁴, and 255·reach·2 < 2¹⁵, which keeps AVX2's pairwise products exact.
type profile struct{ reach, shift int }

func profileOf(width int) (profile, bool) {
	switch width {
	case 512:
		return profile{63, 9}, true
	case 1024:
		return profile{45, 9}, true
	case 2048:
		return profile{63, 10}, true
	}
	return profile{}, false
}

// Validate checks the bounds. Whoever takes a work from a stream calls it first.
func (w Work) Validate() error {
	if _, ok := profileOf(w.Width); !ok {
		return fmt.Errorf("work: width %d; want 512, 1024 or 2048", w.Width)
	}
	if w.Layers < 1 || w.Layers > maxLayers || w.Layers*w.Width*w.Width > maxWeights {
		return fmt.Errorf("work: %d layers of width %d; want 1 to %d and at most %d weights", w.Layers, w.Width, maxLayers, maxWeights)
	}
	if w.Rows < minRows || w.Rows > maxRows || w.Rows%rowMultiple != 0 {
		return fmt.Errorf("work: %d rows; want a multiple of %d from %d to %d", w.Rows, rowMultiple, minRows, maxRows)
	}
	switch {
	case w.Kind == Compute && w.Passes == 0:
	case w.Kind == Memory && w.Passes >= 1 && w.Passes <= maxPasses && w.Width <= maxTableWidth:
	default:
		return fmt.Errorf("work: kind %.20q of width %d with %d passes; want compute without passes, or memory of at most %d with 1 to %d",
			w.Kind, w.Width, w.Passes, maxTableWidth, maxPasses)
	}
	return nil
}

// rowOperations is how many operations one row takes; a multiply and an add are two.
func (w Work) rowOperations() float64 {
	last := 0
	if w.Kind == Compute {
		last = outputWidth
	}
	return 2 * float64(w.Width) * float64(w.Layers*w.Width+last)
}

// Operations is what the network takes for all rows. A Memory work's passes are not in it:
// they are bound by memory.
func (w Work) Operations() float64 { return w.rowOperations() * float64(w.Rows) }

// TableBytes is the working set of a Memory work.
func (w Work) TableBytes() uint64 { return w.Rows * uint64(w.Width) }

// Length of a compute challenge at the claimed rate: long enough that a round trip and
// the preparation are under a few percent of it.
const Length = 10 * time.Second

// errClaim says that there is nothing to prove.
var errClaim = errors.New("the claim is not a positive number")

// ComputeWork is the work that takes about length at claim TOPS (10¹² operations a second).
// Faster machines get more layers, so that making inputs and hashing outputs, which is the
// CPU's part, stays a small share whatever the accelerator.
func ComputeWork(claim float64, length time.Duration) (Work, error) {
	if !positive(claim) || length <= 0 {
		return Work{}, fmt.Errorf("plan compute challenge for %g TOPS: %w; probe the machine again", claim, errClaim)
	}
	w := Work{Kind: Compute, Width: 1024, Layers: 64}
	switch { // at most about four million rows a second up to 1,000 TOPS
	case claim < 1: // fewer operations a row, so that enough rows stand for each one verified
		w.Width, w.Layers = 512, 8
	case claim < 8: // CPUs multiply edges of 1024 at 1.2 times the rate of 512
		w.Layers = 8
	case claim < 40:
		w.Layers = 16
	case claim < 200:
		w.Layers = 32
	case claim >= 500:
		w.Width, w.Layers = 2048, 32
	}
	w.Rows = wholeRows(claim * 1e12 * length.Seconds() / w.rowOperations())
	return w, w.Validate()
}

// Bandwidth is the least rate, in bytes a second, at which a working set must be read.
type Bandwidth float64

// What tells memory from what pretends to be memory. A card's own memory is faster than
// the bus to it (PCIe 5.0 ×16: 63 GB/s); a host's is faster than a solid-state disk of
// the kind that stands in nodes.
const (
	DeviceBandwidth Bandwidth = 80e9
	HostBandwidth   Bandwidth = 2e9
)

// walkLength is about how long the passes over a table may take: long against a round trip.
const walkLength = 4 * time.Second

// remakeFactor is how many times slower than reading it must be to compute a missing part
// of the table anew.
const remakeFactor = 4

// MemoryWork is the work whose table is size bytes, rounded up, for a machine that claims
// so many TOPS: the table takes so many layers to make that, at four times the claimed
// rate, remaking rows is still no faster than least.
func MemoryWork(size uint64, claim float64, least Bandwidth) (Work, error) {
	if !positive(claim) || !positive(float64(least)) || size == 0 {
		return Work{}, fmt.Errorf("plan memory challenge for %d bytes at %g TOPS: %w; probe the machine again", size, claim, errClaim)
	}
	w := Work{Kind: Memory, Width: 1024, Layers: 1}
	if claim < 4 {
		w.Width = 512
	}
	for w.Layers < maxLayers && remakeFactor*w.remade(claim) > float64(least) {
		w.Layers *= 2
	}
	w.Rows = wholeRows(float64(size) / float64(w.Width))
	w.Passes = int(min(max(math.Ceil(float64(least)*walkLength.Seconds()/float64(w.TableBytes())), 2), maxPasses))
	return w, w.Validate()
}

// remade is how many bytes of the table a machine of so many TOPS computes in a second.
func (w Work) remade(tops float64) float64 { return tops * 1e12 / w.rowOperations() * float64(w.Width) }

func wholeRows(n float64) uint64 {
	n = min(max(n, minRows), maxRows)
	return uint64(math.Ceil(n/rowMultiple)) * rowMultiple
}

func positive(x float64) bool { return x > 0 && !math.IsInf(x, 1) }
