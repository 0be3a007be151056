// Package hwprobe says what a machine is worth to the network: processor, memory, the
// int8 rate that it sustains through ONNX Runtime, power where a sensor tells it, and
// the tier that follows. In: the roots of /sys and /proc and the runtime's library.
// Out: a versioned Profile with reasons. What it can't see is absent or "unmeasured",
// never zero; a machine below the first tier is unqualified and still runs.
package hwprobe

import (
	"context"
	"fmt"
	"time"

	"github.com/medhive/medhive/inference/ort"
)

// Defaults of a quick look; certification runs longer.
const (
	DefaultDuration = 5 * time.Second
	windowLength    = time.Second // one sample of the rate; long against scheduling noise
)

// Roots are the mount points to read, so that tests can bring trees of other machines.
// Empty fields mean /sys and /proc.
type Roots struct{ Sys, Proc string }

func (r Roots) orDefault() Roots {
	if r.Sys == "" {
		r.Sys = "/sys"
	}
	if r.Proc == "" {
		r.Proc = "/proc"
	}
	return r
}

// Options say how to probe.
type Options struct {
	Library  string        // ONNX Runtime; "" searches as ort.Locate does
	Provider string        // execution provider to measure; "" means "cpu"
	Threads  int           // worker threads of the measurement; 0 means all
	Duration time.Duration // of the measurement; 0 means DefaultDuration
	Roots    Roots

	// Progress, if set, hears the stage ("devices", "warm-up", "int8") and how much of
	// it is done, from 0 to 1. It is called from Probe's own goroutine.
	Progress func(stage string, done float64)
}

// Probe reads the machine and measures it. The measurement keeps Threads cores busy for
// Duration. A machine whose processor or memory can't be read still gets a profile; an
// error means that the runtime is missing, can't compute, or that ctx ended.
func Probe(ctx context.Context, o Options) (Profile, error) {
	o.Roots = o.Roots.orDefault()
	if o.Progress == nil {
		o.Progress = func(string, float64) {}
	}
	if o.Provider == "" {
		o.Provider = ort.CPU
	}
	if o.Duration <= 0 {
		o.Duration = DefaultDuration
	}
	o.Progress("devices", 0)
	p := Profile{Version: ProfileVersion, CPU: readCPU(ctx, o.Roots), MemoryBytes: readMemory(ctx, o.Roots)}
	if o.Threads <= 0 {
		o.Threads = max(1, p.CPU.Threads)
	}
	o.Progress("devices", 1)

	lib, err := ort.Locate(o.Library)
	if err != nil {
		return Profile{}, fmt.Errorf("probe: %w", err)
	}
	runtime, err := ort.Open(lib)
	if err != nil {
		return Profile{}, fmt.Errorf("probe: %w", err)
	}
	defer func() { _ = runtime.Close() }()
	meter := newMeter(o.Roots.Sys)
	if p.TOPS, p.Watts, err = measureInt8(ctx, runtime, o, meter); err != nil {
		return Profile{}, fmt.Errorf("probe: measure int8 on %s: %w", o.Provider, err)
	}
	p.Tier, p.Reasons = TierOf(p)
	return p, nil
}
