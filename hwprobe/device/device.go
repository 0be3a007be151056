// Package device says what a machine is made of: processor, memory, disks, and the
// accelerators with vendor, memory, driver and address. In: the roots of /sys, /proc
// and /dev, so that tests bring trees of other machines. Out: an Inventory in which a
// missing thing is absent and an unreadable one unknown, with the reason and what to do;
// never zero, never a crash. It measures nothing and starts no driver itself: vendor
// libraries that can take a process down are asked in a child (package nvml).
package device

import (
	"cmp"
	"context"
	"slices"
)

// Roots are the mount points to read. Empty fields mean the machine's own.
type Roots struct{ Sys, Proc, Dev string }

// OrDefault fills in /sys, /proc and /dev.
func (r Roots) OrDefault() Roots {
	if r.Sys == "" {
		r.Sys = "/sys"
	}
	if r.Proc == "" {
		r.Proc = "/proc"
	}
	if r.Dev == "" {
		r.Dev = "/dev"
	}
	return r
}

// State is what is known of a thing.
type State string

// The states of a thing.
const (
	Present  State = "present"
	Absent   State = "absent"   // looked for where it would be, and it is not there
	Unknown  State = "unknown"  // it could not be looked at; Why says why
	Unusable State = "unusable" // it is there and can't be used; Fix says what to do
)

// Fact is the state of a thing with its reason.
type Fact struct {
	State State  `json:"state"`
	Why   string `json:"why,omitempty"` // for a person: why it is not simply present
	Fix   string `json:"fix,omitempty"` // what the operator can do; ends in an action
}

// CPU is the processor as the kernel describes it. Fields that it doesn't tell are absent.
type CPU struct {
	Model        string   `json:"model,omitempty"`
	Arch         string   `json:"arch"`
	Cores        int      `json:"cores,omitempty"`         // physical
	Threads      int      `json:"threads,omitempty"`       // logical
	LimitThreads float64  `json:"limit_threads,omitempty"` // what the control group grants, where that is less
	ISA          []string `json:"isa,omitempty"`           // extensions that matter here, sorted, in the kernel's words
	Fact
}

// Memory is the machine's main memory.
type Memory struct {
	TotalBytes uint64 `json:"total_bytes,omitempty"` // what the kernel manages; absent when unknown
	LimitBytes uint64 `json:"limit_bytes,omitempty"` // what the control group grants, where that is less
	Fact
}

// Disk is one whole block device.
type Disk struct {
	Name       string `json:"name"`                  // the kernel's: nvme0n1
	Kind       string `json:"kind"`                  // nvme, scsi (SATA, SAS and USB disks), sd (cards), virtual, raid, other
	Model      string `json:"model,omitempty"`       // absent when the device tells none
	TotalBytes uint64 `json:"total_bytes,omitempty"` // absent when unknown
	FreeBytes  uint64 `json:"free_bytes,omitempty"`  // of the file systems mounted from it; members of a RAID all tell the same
	Rotational bool   `json:"rotational,omitempty"`  // a spinning disk
	Fact
}

// Accelerator is a GPU or NPU.
type Accelerator struct {
	Kind         string   `json:"kind"`                    // GPU or NPU
	Vendor       string   `json:"vendor"`                  // nvidia, amd, intel, rockchip, ...
	Model        string   `json:"model,omitempty"`         // for a person; absent when nobody tells it
	MemoryBytes  uint64   `json:"memory_bytes,omitempty"`  // own, or what the driver may take of shared memory; absent when nobody tells
	SharedMemory bool     `json:"shared_memory,omitempty"` // it works in the machine's main memory
	Architecture string   `json:"architecture,omitempty"`  // what code is compiled for: 8.0 (CUDA), gfx1103 (ROCm)
	Driver       string   `json:"driver,omitempty"`        // kernel driver, with its version where one is told
	Address      string   `json:"address"`                 // PCI 0000:01:00.0, or the SoC's node 17000000.gpu
	Providers    []string `json:"providers,omitempty"`     // execution providers that could drive it, best first
	Fact
}

// The kinds of accelerators.
const (
	GPU = "gpu"
	NPU = "npu"
)

// Inventory is what the machine is made of. Its order is fixed: disks by name,
// accelerators by address.
type Inventory struct {
	CPU          CPU           `json:"cpu"`
	Memory       Memory        `json:"memory"`
	Disks        []Disk        `json:"disks,omitempty"`
	Accelerators []Accelerator `json:"accelerators,omitempty"`
	Board        string        `json:"board,omitempty"`   // what the firmware calls the machine
	Kernel       string        `json:"kernel,omitempty"`  // release; drivers without a version of their own belong to it
	Virtual      string        `json:"virtual,omitempty"` // hypervisor or container; absent on bare metal
	Battery      bool          `json:"battery,omitempty"` // it can run on one
	Notes        []Fact        `json:"notes,omitempty"`   // what could not be looked at, and what would help
}

// OnBattery is the Why of the note that a machine runs on its battery.
const OnBattery = "the machine runs on its battery now, and slower for that"

// Discharging reports whether the machine ran on its battery when it was looked at.
func (i Inventory) Discharging() bool {
	return slices.ContainsFunc(i.Notes, func(n Fact) bool { return n.Why == OnBattery })
}

// Options say what Read may use beside the files.
type Options struct {
	// NVML asks NVIDIA's library in a child and returns an NVMLReport as JSON, like
	// NVMLChild.Once. It is called only where an NVIDIA driver shows itself. Nil: the
	// library is not asked.
	NVML func(ctx context.Context) ([]byte, error)
}

// Read looks at everything. It never fails: what can't be read says so.
func Read(ctx context.Context, r Roots, o Options) Inventory {
	t := tree{Roots: r.OrDefault(), usable: mayUse}
	if t.Proc == (Roots{}).OrDefault().Proc { // another machine's mount points mean nothing here
		t.free = freeBytes
	}
	return t.read(ctx, o)
}

func (t tree) read(ctx context.Context, o Options) Inventory {
	i := Inventory{
		CPU: t.readCPU(ctx), Memory: t.readMemory(), Board: t.readBoard(), Kernel: printable(fact(t.Proc, "sys/kernel/osrelease")),
		Virtual: t.readVirtual(),
	}
	var notes []Fact
	i.Disks, notes = t.readDisks()
	i.Notes = append(i.Notes, notes...)
	i.Accelerators, notes = t.readAccelerators(ctx, o)
	i.Notes = append(i.Notes, notes...)
	var discharging bool
	if i.Battery, discharging = t.readBattery(); discharging {
		i.Notes = append(i.Notes, Fact{Present, OnBattery, "plug it in, then measure again"})
	}
	return i
}

// readAccelerators are those of the PCI bus, of the device tree and of NVIDIA's library,
// by address.
func (t tree) readAccelerators(ctx context.Context, o Options) ([]Accelerator, []Fact) {
	found, notes := t.pciAccelerators()
	found = append(found, t.socAccelerators()...)
	slices.SortStableFunc(found, func(a, b Accelerator) int { return cmp.Compare(a.Address, b.Address) })
	if o.NVML != nil && t.nvidiaHere(found) {
		found = t.askNVML(ctx, o, found)
	}
	if len(found) > 0 || len(notes) > 0 {
		return found, notes
	}
	none := Fact{State: Absent, Why: "there is no GPU and no NPU; jobs run on the CPU"}
	if t.inContainer() {
		none.Why = "this container sees no GPU and no NPU; jobs run on the CPU"
		none.Fix = "if the machine has one, give it to the container (--gpus all, or --device /dev/dri)"
	}
	return nil, []Fact{none}
}

func (t tree) askNVML(ctx context.Context, o Options, found []Accelerator) []Accelerator {
	ctx, cancel := context.WithTimeout(ctx, nvmlLimit)
	defer cancel()
	answer, err := o.NVML(ctx)
	var report NVMLReport
	if err == nil {
		report, err = ParseNVML(answer)
	}
	if err == nil {
		return mergeNVML(found, report)
	}
	for n := range found {
		if a := &found[n]; a.nvidiaCard() && a.State == Present {
			a.Fact = unknown(printable(err.Error()), "see whether `nvidia-smi` answers; if not, restart the machine or install the driver anew")
		}
	}
	return found
}
