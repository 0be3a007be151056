package hwprobe

import (
	"fmt"
	"slices"
	"strings"

	"github.com/medhive/medhive/hwprobe/device"
)

// memorySlack is how much the kernel's total may differ from boot to boot: firmware and
// drivers reserve more or less.
const memorySlack = 0.02

// Changes says what differs between the machine that a profile was measured on and the
// one that is there now, in what decides its figures: processor, memory, what a control
// group grants of them, battery or mains, accelerators and their drivers. None means that
// the profile still speaks for the machine.
func Changes(then, now device.Inventory) (changes []string) {
	differ := func(what, a, b string) {
		if a != b {
			changes = append(changes, fmt.Sprintf("%s: %s, before %s", what, orNone(b), orNone(a)))
		}
	}
	differ("processor", then.CPU.Model, now.CPU.Model)
	differ("processor threads", fmt.Sprint(then.CPU.Threads), fmt.Sprint(now.CPU.Threads))
	differ("processor extensions", strings.Join(then.CPU.ISA, " "), strings.Join(now.CPU.ISA, " "))
	differ("granted processor threads", limit(then.CPU.LimitThreads), limit(now.CPU.LimitThreads))
	for _, m := range []struct {
		what string
		a, b uint64
	}{{"memory", then.Memory.TotalBytes, now.Memory.TotalBytes}, {"granted memory", then.Memory.LimitBytes, now.Memory.LimitBytes}} {
		if a, b := float64(m.a), float64(m.b); max(a, b)-min(a, b) > memorySlack*max(a, b) {
			changes = append(changes, fmt.Sprintf("%s: %s, before %s", m.what, gib(m.b), gib(m.a)))
		}
	}
	differ("power", supply(then), supply(now))
	if inTree(then) && inTree(now) {
		differ("kernel, with the drivers in it", then.Kernel, now.Kernel)
	}
	for _, was := range then.Accelerators {
		i := slices.IndexFunc(now.Accelerators, func(a device.Accelerator) bool { return a.Address == was.Address })
		if i < 0 {
			changes = append(changes, fmt.Sprintf("%s at %s is gone", NameOf(was), was.Address))
			continue
		}
		is := now.Accelerators[i]
		differ(was.Kind+" at "+was.Address, NameOf(was), NameOf(is))
		differ(was.Kind+" memory at "+was.Address, fmt.Sprint(was.MemoryBytes), fmt.Sprint(is.MemoryBytes))
		differ("driver of "+was.Address, was.Driver, is.Driver)
		differ("state of "+was.Address, string(was.State), string(is.State))
	}
	for _, is := range now.Accelerators {
		if !slices.ContainsFunc(then.Accelerators, func(a device.Accelerator) bool { return a.Address == is.Address }) {
			changes = append(changes, fmt.Sprintf("%s at %s is new", NameOf(is), is.Address))
		}
	}
	return changes
}

// limit is a control group's grant in words.
func limit(threads float64) string {
	if threads <= 0 {
		return "all"
	}
	return fmt.Sprintf("%g", threads)
}

// gib is an amount of memory in words; 0 of a grant is no limit, of a total unknown.
func gib(bytes uint64) string {
	if bytes == 0 {
		return "not told"
	}
	return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30))
}

// supply says what feeds the machine: on its battery it is slower.
func supply(i device.Inventory) string {
	if i.Discharging() {
		return "battery"
	}
	return "mains"
}

// inTree reports whether an accelerator's driver has no version of its own, but the
// kernel's that it came with.
func inTree(i device.Inventory) bool {
	return slices.ContainsFunc(i.Accelerators, func(a device.Accelerator) bool { return a.Driver != "" && !strings.Contains(a.Driver, ".") })
}

// NameOf is an accelerator in words: vendor and model, for a person; many models begin with their vendor.
func NameOf(a device.Accelerator) string {
	if strings.HasPrefix(strings.ToLower(a.Model), strings.ToLower(a.Vendor)) {
		return a.Model
	}
	return strings.TrimSpace(a.Vendor + " " + a.Model)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}
