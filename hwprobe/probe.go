// Package hwprobe says what a machine is worth to the network: its devices, the int8
// rate that it sustains through ONNX Runtime with fp32 and fp16 beside it, its power,
// and the tier that follows. In: the roots of /sys and /proc, the runtime's library,
// what asks NVIDIA's. Out: a versioned Profile with reasons, and the course of the
// measurement. What it can't see is unknown or "unmeasured", never zero; a machine below
// the first tier is unqualified and still runs.
package hwprobe

import (
	"context"
	"fmt"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/inference/ort"
)

// Options say how to probe. Their JSON is what a Child is asked.
type Options struct {
	Library  string        `json:"library,omitempty"`     // ONNX Runtime; "" searches as ort.Locate does
	Provider string        `json:"provider,omitempty"`    // execution provider to measure; "" means "cpu"
	Threads  int           `json:"threads,omitempty"`     // worker threads of the measurement; 0 means all
	Mode     Mode          `json:"mode,omitempty"`        // "" means Brief
	Duration time.Duration `json:"duration_ns,omitempty"` // of the int8 measurement in Brief mode; 0 means DefaultDuration
	Roots    Roots         `json:"roots"`
	// Budget is how long a Quick probe may take in all; 0 means as long as it takes. On a
	// slow machine its windows are shorter then, and fp32 and fp16 are left out.
	Budget time.Duration `json:"budget_ns,omitempty"`

	NVML              []string `json:"nvml,omitempty"` // command that asks NVIDIA's library; nil: not asked
	Plugs             []string `json:"plugs,omitempty"`
	DeclaredWatts     float64  `json:"declared_watts,omitempty"`
	DeclaredIdleWatts float64  `json:"declared_idle_watts,omitempty"`

	// Progress, if set, hears the stage and how much of it is done, from 0 to 1. It is
	// called from the prober's own goroutine.
	Progress func(stage Stage, done float64) `json:"-"`
}

// Stage is a part of a probe.
type Stage string

// The stages in their order.
const (
	StageDevices Stage = "devices"
	StageIdle    Stage = "idle power"
	StageInt8    Stage = "int8"
	StageFP32    Stage = "fp32"
	StageFP16    Stage = "fp16"
)

// DefaultDuration is a brief look's.
const DefaultDuration = 5 * time.Second

// besideInt8 is how long fp32 and fp16 are measured: they decide nothing.
const besideInt8 = 3 * time.Second

// idleSpan is how long idle power is read before the work, where there is a sensor.
const idleSpan = 3 * time.Second

// Report is a profile and the course of its int8 measurement.
type Report struct {
	Profile Profile
	Trace   Trace
}

// Probe reads the machine and measures it. The measurement keeps Threads cores, or the
// accelerator, busy: about 65 s in Quick mode, 11 min in Full. A machine whose devices
// can't be read still gets a profile; an error means that the runtime is missing, can't
// compute int8, or that ctx ended.
func Probe(ctx context.Context, o Options) (Report, error) {
	o = o.complete()
	started := time.Now()
	o.Progress(StageDevices, 0)
	p := Profile{
		Version: ProfileVersion, At: time.Now().UTC().Truncate(time.Second), Mode: o.Mode,
		Identity: Identity{Trust: TrustSoftware}, Devices: device.Read(ctx, o.Roots, o.devices()),
	}
	if o.Threads <= 0 {
		o.Threads = ort.Threads()
	}
	o.Progress(StageDevices, 1)
	lib, err := ort.Locate(o.Library)
	if err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	runtime, err := ort.Open(lib)
	if err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	defer func() { _ = runtime.Close() }()

	tap := &nvmlTap{ask: device.NVMLChild{Command: o.NVML}.Watch}
	meter, notes := power.Find(ctx, o.Roots, o.sources(tap))
	defer func() { _ = meter.Close() }()
	left := o.Budget - time.Since(started)
	run, reading, err := o.measureInt8(ctx, runtime, meter, tap, o.planWithin(left))
	if err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	p.TOPS, p.Around, p.Watts = run.Figure, rate.Surrounding(run.Series), wattsOf(reading)
	p.Watts.advise(notes)
	p.Flags = append([]rate.Flag{}, rate.Flags(p.TOPS, p.Around)...)
	if o.Mode == Brief {
		p.Lacking = append(p.Lacking, "fp32 and fp16: a brief look leaves them out")
	} else if err := o.measureFloats(ctx, runtime, started, &p); err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	p.Judge()
	p.Fit()
	return Report{p, traceOf(run.Series, reading.Trace)}, nil
}

func (o Options) complete() Options {
	o.Roots = o.Roots.OrDefault()
	if o.Progress == nil {
		o.Progress = func(Stage, float64) {}
	}
	if o.Provider == "" {
		o.Provider = ort.CPU
	}
	if o.Mode == "" {
		o.Mode = Brief
	}
	if o.Duration <= 0 {
		o.Duration = DefaultDuration
	}
	return o
}

// devices says how devices are looked at.
func (o Options) devices() (d device.Options) {
	if len(o.NVML) > 0 {
		d.NVML = device.NVMLChild{Command: o.NVML}.Once
	}
	return d
}

// sources says how power is looked for.
func (o Options) sources(tap *nvmlTap) power.Config {
	c := power.Config{Plugs: o.Plugs, DeclaredWatts: o.DeclaredWatts, DeclaredIdleWatts: o.DeclaredIdleWatts}
	if len(o.NVML) > 0 {
		c.NVML = tap.reports
	}
	return c
}

// Devices reads what the machine is made of, without measuring it.
func Devices(ctx context.Context, o Options) device.Inventory {
	return device.Read(ctx, o.Roots.OrDefault(), o.devices())
}

// plan is the int8 measurement's.
func (o Options) plan() rate.Plan {
	switch o.Mode {
	case Quick:
		return rate.Quick()
	case Full:
		return rate.Certify()
	default:
		return rate.Lasting(o.Duration)
	}
}

const (
	// leastWindow is the shortest window of a quick probe: a machine that can't spare the
	// whole ones is disturbed, and that shows in these as well.
	leastWindow = 5 * time.Second
	// besideWindows is what idle power, the choice of a graph and warm-up take of a
	// budget before the windows.
	besideWindows = 12 * time.Second
)

// planWithin is the plan, with shorter windows where a budget has only left for them.
func (o Options) planWithin(left time.Duration) rate.Plan {
	p := o.plan()
	if o.Mode == Quick && o.Budget > 0 {
		p.Window = min(p.Window, max(leastWindow, (left-besideWindows)/time.Duration(p.Windows)))
	}
	return p
}

// measureInt8 reads idle power, then measures with power and surroundings watched.
func (o Options) measureInt8(ctx context.Context, r *ort.Runtime, meter *power.Meter, tap *nvmlTap, plan rate.Plan) (rate.Run, power.Reading, error) {
	var idle power.Reading
	if meter.Basis() != power.Unmeasured {
		span := min(idleSpan, plan.Length())
		o.Progress(StageIdle, 0)
		resting := meter.Start()
		select {
		case <-ctx.Done():
			return rate.Run{}, power.Reading{}, fmt.Errorf("read idle power: %w", ctx.Err())
		case <-time.After(span):
		}
		idle = resting.Stop()
		o.Progress(StageIdle, 1)
	}
	o.Progress(StageInt8, 0)
	watch := rate.NewWatch(o.Roots.Sys, o.Roots.Proc)
	var working *power.Recording
	run, err := rate.Measure(ctx, r, rate.Options{
		Provider: o.Provider, Threads: o.Threads, Precision: rate.Int8, Plan: plan,
		Sample: func() rate.Conditions {
			if working == nil { // the first sample is the beginning: choice and warm-up are over
				working = meter.Start()
			}
			return o.conditions(watch, tap)
		},
		Progress: func(done float64) { o.Progress(StageInt8, done) },
	})
	var reading power.Reading
	if working != nil {
		reading = working.Stop()
	}
	if err != nil {
		return rate.Run{}, power.Reading{}, err
	}
	part := power.CPU
	if o.Provider != ort.CPU {
		part = power.GPU
	}
	return run, reading.Over(idle).Of(part), nil
}

// conditions are the processor's, and with an accelerator NVIDIA's as well.
func (o Options) conditions(w *rate.Watch, tap *nvmlTap) rate.Conditions {
	c := w.Sample()
	if o.Provider != ort.CPU {
		tap.add(&c)
	}
	return c
}

// measureFloats measures fp32 and fp16. That a provider lacks one is no failure, only a
// figure that is missing, with the reason, and so is one that the budget has no time for;
// an error means that ctx ended.
func (o Options) measureFloats(ctx context.Context, r *ort.Runtime, started time.Time, p *Profile) error {
	limited := ctx
	if o.Mode == Quick && o.Budget > 0 {
		var cancel context.CancelFunc
		limited, cancel = context.WithDeadline(ctx, started.Add(o.Budget))
		defer cancel()
	}
	for _, x := range []struct {
		precision rate.Precision
		stage     Stage
		figure    **TOPS
	}{{rate.FP32, StageFP32, &p.FP32}, {rate.FP16, StageFP16, &p.FP16}} {
		o.Progress(x.stage, 0)
		run, err := rate.Measure(limited, r, rate.Options{
			Provider: o.Provider, Threads: o.Threads, Precision: x.precision, Plan: rate.Lasting(besideInt8),
			Progress: func(done float64) { o.Progress(x.stage, done) },
		})
		switch {
		case ctx.Err() != nil:
			return err
		case err != nil && limited.Err() != nil:
			p.Lacking = append(p.Lacking, fmt.Sprintf("%s: a quick probe had no time left for it", x.precision))
		case err != nil:
			p.Lacking = append(p.Lacking, discreet(fmt.Sprintf("%s: %v", x.precision, err)))
		default:
			*x.figure = &run.Figure
		}
		o.Progress(x.stage, 1)
	}
	return nil
}

// Judge fills in what follows from the figures: Certified, Tier and Reasons.
func (p *Profile) Judge() {
	p.Certified = p.certifies()
	p.Tier, p.Reasons = TierOf(*p)
}

// certifies: measured for 600 s, with somebody watching for other work, and no flag.
func (p Profile) certifies() bool {
	watched := p.Around.Others != nil || p.Around.Pressure != nil
	return p.Mode == Full && p.TOPS.Seconds >= rate.CertifyLength.Seconds() && watched && len(p.Flags) == 0
}
