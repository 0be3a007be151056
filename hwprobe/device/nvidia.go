package device

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// oldestNVIDIADriver is the first major version that serves CUDA 12 (CUDA 12.0 release
// notes, table 3), for which ONNX Runtime's CUDA provider is built.
const oldestNVIDIADriver = 525

// nvidiaProviders could drive an NVIDIA GPU.
func nvidiaProviders() []string { return []string{"tensorrt", "cuda", "webgpu"} }

// nvidiaGPU describes an NVIDIA GPU by what the kernel and its driver tell. The model's
// memory only NVML tells; mergeNVML adds it.
func (t tree) nvidiaGPU(d pciDevice) *Accelerator {
	a := &Accelerator{Kind: GPU, Vendor: "nvidia", Model: modelName(d), Address: d.address, Driver: t.driverName(d.driver),
		Providers: nvidiaProviders(), Fact: Fact{State: Present}}
	info := parseNVIDIAInformation(fact(t.Proc, "driver/nvidia/gpus", d.address, "information"))
	if info.model != "" {
		a.Model = info.model
	}
	switch d.driver {
	case "nvidia":
	case "":
		a.Fact = unusable("no driver is bound to it",
			"install NVIDIA's driver, version 525 or newer (Debian: nvidia-driver; Ubuntu: `sudo ubuntu-drivers install`), then restart")
		return a
	case "nouveau", "nova_core":
		a.Fact = unusable(d.driver+" drives it, with which CUDA can't compute",
			"install NVIDIA's own driver, version 525 or newer, which takes "+d.driver+"'s place, then restart")
		a.Providers = []string{"webgpu"}
		return a
	case "vfio-pci", "pci-stub":
		a.Fact = handedAway(d)
		return a
	default:
		a.Fact = unusable("an unknown driver, "+d.driver+", is bound to it", "bind NVIDIA's driver to it")
		return a
	}
	version := parseNVRM(fact(t.Proc, "driver/nvidia/version"))
	if version != "" {
		a.Driver = "nvidia " + version
	}
	if major, ok := driverMajor(version); ok && major < oldestNVIDIADriver {
		a.Fact = oldDriver(version)
		return a
	}
	nodes := []Fact{t.node("nvidiactl", "video")}
	if info.minor >= 0 {
		nodes = append(nodes, t.node(fmt.Sprintf("nvidia%d", info.minor), "video"))
	}
	a.Fact = firstTrouble(nodes...)
	if a.State == Present && !exists(t.Dev, "nvidia-uvm") {
		// CUDA makes it through a setuid helper, which a confined process can't.
		a.Why = "/dev/nvidia-uvm is not there, which CUDA needs"
		a.Fix = "let the system make it at every start: enable nvidia-persistenced, or run `nvidia-modprobe -u -c=0`"
	}
	return a
}

// handedAway is the fact of a device that was given to a virtual machine.
func handedAway(d pciDevice) Fact {
	return unusable("it is set aside for a virtual machine by "+d.driver,
		"run the node inside that machine, or bind the vendor's driver to PCI "+d.address)
}

func oldDriver(version string) Fact {
	return unusable(fmt.Sprintf("its driver is %s, too old for CUDA 12", version),
		fmt.Sprintf("install NVIDIA's driver %d or newer, then restart", oldestNVIDIADriver))
}

// nvidiaInformation is what /proc/driver/nvidia/gpus/ADDRESS/information tells.
type nvidiaInformation struct {
	model string
	minor int // N of /dev/nvidiaN; -1 when not told
}

// parseNVIDIAInformation reads "Key: \t value" lines. The UUID and the serial in them
// are left there.
func parseNVIDIAInformation(s string) nvidiaInformation {
	info := nvidiaInformation{minor: -1}
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(line, ":")
		value = printable(value)
		switch strings.TrimSpace(key) {
		case "Model":
			if value != "Unknown" { // what a GPU that fell off its bus tells
				info.model = value
			}
		case "Device Minor":
			if n, err := strconv.ParseUint(value, 10, 8); err == nil {
				info.minor = int(n)
			}
		}
	}
	return info
}

// dotted is a driver's version: 535.183.01.
var dotted = regexp.MustCompile(`(?:^|\s)([1-9][0-9]{1,3}\.[0-9]{1,4}(?:\.[0-9]{1,4})?)(?:\s|$)`)

// parseNVRM finds the driver's version in the first line of /proc/driver/nvidia/version,
// which names the kernel module in one of two ways before it.
func parseNVRM(s string) string {
	first, _, _ := strings.Cut(s, "\n")
	if !strings.HasPrefix(first, "NVRM version:") {
		return ""
	}
	if m := dotted.FindStringSubmatch(first); m != nil {
		return m[1]
	}
	return ""
}

// driverMajor is the number before the first dot.
func driverMajor(version string) (major int, ok bool) {
	head, _, _ := strings.Cut(version, ".")
	major, err := strconv.Atoi(head)
	return major, err == nil && major > 0
}

// nvidiaHere says whether asking NVML makes sense: a driver is loaded, or Windows lends
// its GPU to a Linux under it.
func (t tree) nvidiaHere(found []Accelerator) bool {
	for _, a := range found {
		if a.Vendor == "nvidia" && strings.HasPrefix(a.Driver, "nvidia") {
			return true
		}
	}
	return exists(t.Dev, "nvidiactl") || exists(t.Dev, "dxg") || exists(filepath.Join(t.Proc, "driver/nvidia/version"))
}
