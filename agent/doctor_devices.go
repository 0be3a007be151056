package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/inference/runner"
)

// checkDevices looks at what could compute beside the processor, and holds it against the
// providers that were tried.
func checkDevices(ctx context.Context, conf DoctorConfig, trials []runner.ProviderTrial) []Check {
	o := device.Options{}
	if len(conf.NVML) > 0 {
		o.NVML = device.NVMLChild{Command: conf.NVML}.Once
	}
	return deviceChecks(device.Read(ctx, device.Roots{}, o), trials)
}

// deviceChecks are one for each accelerator, and for what could not be looked at. None
// fails: a node runs on the processor too, and the wanted provider has its own check.
func deviceChecks(i device.Inventory, trials []runner.ProviderTrial) (checks []Check) {
	tried := make([]device.Trial, len(trials))
	for n, t := range trials {
		tried[n] = device.Trial{Provider: t.Provider, Works: t.Available, Fix: t.Fix}
	}
	matched := i.Matched(tried)
	for n, a := range matched.Accelerators {
		checks = append(checks, acceleratorCheck(a, i.Accelerators[n].State == device.Present, len(trials) > 0))
	}
	for _, note := range i.Notes {
		checks = append(checks, noteCheck(note))
	}
	return checks
}

// acceleratorCheck judges one. healthy says that only providers may be missing for it,
// tried that they were looked for.
func acceleratorCheck(a device.Accelerator, healthy, tried bool) Check {
	c := Check{Name: a.Kind + " " + a.Address, State: CheckOK, What: describeAccelerator(a, tried), Cause: a.Why, Fix: a.Fix}
	switch {
	case a.State == device.Present && a.Why == "": // nothing to say
	case a.State == device.Unusable && len(a.Providers) == 0:
		// No provider drives it anywhere, so nothing is wrong with this machine.
	case a.State == device.Unusable && healthy && a.SharedMemory:
		// The graphics inside a processor are seldom worth the installation.
		c.Fix = "only if you want it: " + a.Fix
	default:
		c.State = CheckWarn
	}
	return c
}

// describeAccelerator is its name, its memory, its driver, and what drives it.
func describeAccelerator(a device.Accelerator, tried bool) string {
	parts := []string{a.Model}
	switch {
	case a.MemoryBytes > 0 && a.SharedMemory:
		parts = append(parts, fmt.Sprintf("%.1f GiB of shared memory", float64(a.MemoryBytes)/(1<<30)))
	case a.MemoryBytes > 0:
		parts = append(parts, fmt.Sprintf("%.1f GiB", float64(a.MemoryBytes)/(1<<30)))
	case a.SharedMemory:
		parts = append(parts, "shared memory")
	}
	if a.Driver != "" {
		parts = append(parts, "driver "+a.Driver)
	}
	switch {
	case a.State == device.Unusable:
		parts = append(parts, "of no use as it is")
	case a.State == device.Unknown:
		parts = append(parts, "unknown whether it can be used")
	case tried:
		parts = append(parts, "driven by "+strings.Join(a.Providers, ", "))
	default:
		parts = append(parts, "for "+strings.Join(a.Providers, ", ")+", which were not tried")
	}
	return strings.Join(parts, ", ")
}

// noteCheck is a check of what is not one device's.
func noteCheck(note device.Fact) Check {
	c := Check{Name: "devices", State: CheckOK, What: note.Why, Fix: note.Fix}
	if note.State == device.Unknown {
		c.State, c.What, c.Cause = CheckWarn, "not everything could be looked at", note.Why
	}
	return c
}
