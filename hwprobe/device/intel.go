package device

import (
	"path/filepath"
	"strings"
)

// integratedIntel is where every Intel processor with graphics has them.
const integratedIntel = "00:02.0"

// intelGPU describes an Intel GPU by what i915 or xe tell.
func (t tree) intelGPU(d pciDevice) *Accelerator {
	a := &Accelerator{Kind: GPU, Vendor: "intel", Model: modelName(d), Address: d.address, Driver: t.driverName(d.driver),
		Providers: []string{"openvino", "webgpu"}, SharedMemory: strings.HasSuffix(d.address, ":"+integratedIntel), Fact: Fact{State: Present}}
	switch d.driver {
	case "i915", "xe":
	case "vfio-pci", "pci-stub":
		a.Fact = handedAway(d)
		return a
	case "":
		a.Fact = unusable("no driver is bound to it", "install the firmware (Debian: firmware-misc-nonfree) and a kernel that knows it: 6.2 or newer for Arc A, 6.12 or newer for Arc B; then restart")
		return a
	default:
		a.Fact = unusable("an unknown driver, "+d.driver+", is bound to it", "bind i915 or xe to it")
		return a
	}
	render := unusable("its driver made no render node", "update the kernel and the firmware, then restart; `dmesg | grep -e i915 -e xe` tells why")
	if name := d.renderNode(); name != "" {
		render = t.node(name, "render")
	}
	a.Fact = render
	if a.SharedMemory {
		return a
	}
	a.MemoryBytes = intelMemory(d)
	if a.MemoryBytes == 0 && a.State == Present {
		a.Why, a.Fix = "its memory is unknown, because "+d.driver+" doesn't tell it here", "nothing needs doing: what a GPU does not tell is not claimed for it"
	}
	return a
}

// intelMemory is a card's own memory: xe tells it for each tile, i915 for the card. 0
// where neither does.
func intelMemory(d pciDevice) uint64 {
	var sum uint64
	tiles, _ := filepath.Glob(filepath.Join(d.path, "tile[0-9]", "physical_vram_size_bytes")) // the pattern is well formed
	for _, file := range tiles {
		if n, ok := memoryBytes(file); ok {
			sum += n
		}
	}
	if sum > 0 {
		return sum
	}
	cards, _ := filepath.Glob(filepath.Join(d.path, "drm", "card[0-9]*", "lmem_total_bytes"))
	for _, file := range cards {
		if n, ok := memoryBytes(file); ok {
			return n
		}
	}
	return 0
}
