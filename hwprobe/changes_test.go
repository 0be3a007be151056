package hwprobe

import (
	"strings"
	"testing"

	"github.com/medhive/medhive/hwprobe/device"
)

func TestChanges(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*device.Inventory)
		want   []string // one in each change
	}{
		"nothing":                {func(*device.Inventory) {}, nil},
		"disks are of no matter": {func(i *device.Inventory) { i.Disks = append(i.Disks, device.Disk{Name: "sda"}) }, nil},
		"firmware took a little": {func(i *device.Inventory) { i.Memory.TotalBytes -= 64 << 20 }, nil},
		"memory taken out":       {func(i *device.Inventory) { i.Memory.TotalBytes /= 2 }, []string{"memory: 32.0 GiB, before 64.0 GiB"}},
		"memory unknown now":     {func(i *device.Inventory) { i.Memory.TotalBytes = 0 }, []string{"memory"}},
		"another processor":      {func(i *device.Inventory) { i.CPU.Model, i.CPU.Threads = "Intel N100", 4 }, []string{"Intel N100", "threads: 4"}},
		"a hidden extension":     {func(i *device.Inventory) { i.CPU.ISA = i.CPU.ISA[:1] }, []string{"extensions"}},
		"the GPU is gone":        {func(i *device.Inventory) { i.Accelerators = nil }, []string{"nvidia L4 at 0000:01:00.0 is gone"}},
		"another GPU there":      {func(i *device.Inventory) { i.Accelerators[0].Model = "T4" }, []string{"nvidia T4, before nvidia L4"}},
		"its memory":             {func(i *device.Inventory) { i.Accelerators[0].MemoryBytes *= 2 }, []string{"memory at 0000:01:00.0"}},
		"a new driver":           {func(i *device.Inventory) { i.Accelerators[0].Driver = "560" }, []string{"driver of 0000:01:00.0: 560, before 550.54.15"}},
		"it fell off the bus":    {func(i *device.Inventory) { i.Accelerators[0].State = device.Unusable }, []string{"state"}},
		"a second GPU": {func(i *device.Inventory) {
			i.Accelerators = append(i.Accelerators, device.Accelerator{Vendor: "amd", Model: "RX 7600", Address: "0000:03:00.0"})
		}, []string{"amd RX 7600 at 0000:03:00.0 is new"}},
		"half the CPUs granted":     {func(i *device.Inventory) { i.CPU.LimitThreads = 16 }, []string{"granted processor threads: 16, before all"}},
		"half the memory granted":   {func(i *device.Inventory) { i.Memory.LimitBytes = 32 << 30 }, []string{"granted memory: 32.0 GiB, before not told"}},
		"a kernel that drives none": {func(i *device.Inventory) { i.Kernel = "6.20.0" }, nil},
		"moved to another slot":     {func(i *device.Inventory) { i.Accelerators[0].Address = "0000:05:00.0" }, []string{"is gone", "is new"}},
		"the cord is pulled": {func(i *device.Inventory) {
			i.Notes = append(i.Notes, device.Fact{State: device.Present, Why: device.OnBattery})
		}, []string{"power: battery, before mains"}},
	} {
		now := example().Devices
		c.change(&now)
		got := Changes(example().Devices, now)
		if len(got) != len(c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(got[i], w) {
				t.Errorf("%s: %q; want %q in it", name, got[i], w)
			}
		}
	}
}

// A driver that came with the kernel changes with it.
func TestKernelChanges(t *testing.T) {
	with := func(driver, kernel string) device.Inventory {
		i := example().Devices
		i.Accelerators[0].Driver, i.Kernel = driver, kernel
		return i
	}
	for name, c := range map[string]struct {
		driver string
		want   int
	}{"in the kernel": {"i915", 1}, "of its own version": {"nvidia 550.54.15", 0}, "no driver": {"", 0}} {
		if got := Changes(with(c.driver, "6.12.1"), with(c.driver, "6.20.0")); len(got) != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
