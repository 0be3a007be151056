// Package power says how much energy a machine takes while it works. In: the roots of
// /sys and /dev, NVIDIA's reports, the addresses of smart plugs, or a figure that the
// operator declares. Out: readings over a span, each with what it is based on (wall,
// board, package, declared), which parts it covers and which it leaves out. What nobody
// measured is "unmeasured" with the reason, never 0 W; no sensor is counted twice.
package power

import (
	"context"
	"net/http"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// Basis is where a figure comes from.
type Basis string

// The bases, best first.
const (
	Wall       Basis = "wall"       // a smart plug: all that the machine takes from the mains
	Board      Basis = "board"      // the whole machine behind its power supply
	Package    Basis = "package"    // the chips and cards that compute, summed; fans, disks and losses are left out
	Declared   Basis = "declared"   // the operator says so
	Unmeasured Basis = "unmeasured" // nobody knows
)

// Rank orders bases: a higher one says more about what the machine really takes.
// Unmeasured, and any other word, is 0.
func (b Basis) Rank() int {
	switch b {
	case Wall:
		return 4
	case Board:
		return 3
	case Package:
		return 2
	case Declared:
		return 1
	default:
		return 0
	}
}

// The kinds of parts that a reading covers or leaves out. A part is a kind, or a kind
// and its address: "gpu 0000:01:00.0".
const (
	Machine = "machine" // all of it
	CPU     = "cpu"     // processor packages, with the graphics and NPU inside them
	Memory  = "memory"
	GPU     = "gpu" // a card of its own, with its memory and fans
	NPU     = "npu" // the same for other accelerators
)

// DefaultEvery is the time between two samples of a sensor: short against a job, and
// so seldom that sampling itself is not seen in the figure.
const DefaultEvery = time.Second

// maxEvery is the longest time between two samples: below what the last one speaks for.
const maxEvery = 2 * time.Second

// Config says what Find may use beside the files of the machine.
type Config struct {
	// Plugs are the URLs of Shelly or Tasmota plugs, http://192.168.1.20 for example.
	// Together they must feed the whole machine and nothing else.
	Plugs []string
	// DeclaredWatts is what the machine takes at work, by its operator's word; 0: not
	// declared. DeclaredIdleWatts is the same at rest.
	DeclaredWatts, DeclaredIdleWatts float64
	// NVML starts the child that asks NVIDIA's library, and sends one report every so
	// often until ctx ends or the child does, which closes the channel. Nil: not asked.
	NVML func(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error)

	Every     time.Duration     // between samples, 2 s at most; 0 means DefaultEvery
	Transport http.RoundTripper // to the plugs; nil means direct connections, without a proxy
}

// Note is something that an operator should know about the sensors.
type Note struct {
	Text string // what is or is not measured, and why
	Fix  string // what to do about it; "" where nothing can be done
}
