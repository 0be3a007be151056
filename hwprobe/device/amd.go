package device

import (
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// amdGPU describes an AMD GPU by what amdgpu and amdkfd tell.
func (t tree) amdGPU(d pciDevice) *Accelerator {
	a := &Accelerator{Kind: GPU, Vendor: "amd", Model: modelName(d), Address: d.address, Driver: t.driverName(d.driver),
		Providers: []string{"migraphx", "rocm", "webgpu"}, Fact: Fact{State: Present}}
	if own := printable(fact(d.path, "product_name")); own != "" { // server cards tell it
		a.Model = own
	}
	switch d.driver {
	case "amdgpu":
	case "vfio-pci", "pci-stub":
		a.Fact = handedAway(d)
		return a
	case "":
		a.Fact = unusable("no driver is bound to it", "install the firmware (Debian: firmware-amd-graphics) and a kernel with amdgpu, then restart")
		return a
	default: // radeon, for chips before 2012
		a.Fact, a.Providers = unusable(d.driver+" drives it, with which nothing here computes", "nothing can be installed for so old a GPU; jobs run on the CPU"), nil
		return a
	}
	a.SharedMemory = amdIntegrated(d)
	if vram, ok := memoryBytes(d.path, "mem_info_vram_total"); ok {
		a.MemoryBytes = vram
		if gtt, ok := memoryBytes(d.path, "mem_info_gtt_total"); ok && a.SharedMemory {
			a.MemoryBytes += gtt // the carved-out part, and what the driver may map beside it
		}
	}
	a.Architecture = t.gfxTarget(d.address)
	render := unusable("its driver made no render node", "update the kernel and the firmware, then restart; `dmesg | grep amdgpu` tells why")
	if name := d.renderNode(); name != "" {
		render = t.node(name, "render")
	}
	a.Fact = firstTrouble(render)
	if a.State != Present {
		return a
	}
	if kfd := t.node("kfd", "render"); kfd.State != Present { // WebGPU needs none
		a.Providers = []string{"webgpu"}
		a.Why, a.Fix = "ROCm can't use it: "+kfd.Why, kfd.Fix
	}
	if a.MemoryBytes == 0 {
		a.Why, a.Fix = "its memory is unknown, because this kernel's amdgpu doesn't tell it", "a kernel from 5.4 on tells it"
	}
	return a
}

// amdIntegrated says whether the GPU is part of the processor: its table of metrics has
// the layout of APUs, or its id is one of theirs.
func amdIntegrated(d pciDevice) bool {
	if f, err := os.Open(filepath.Join(d.path, "gpu_metrics")); err == nil {
		defer f.Close()
		head := make([]byte, metricsHeader)
		if _, err := io.ReadFull(f, head); err == nil {
			if apu, ok := parseMetricsHeader(head); ok {
				return apu
			}
		}
	}
	return slices.Contains(amdAPUs(), d.device)
}

// metricsHeader is the length of struct metrics_table_header.
const metricsHeader = 4

// parseMetricsHeader reads the head of a gpu_metrics table (Linux kgd_pp_interface.h):
// 16 bits of size, 8 of format and 8 of content revision, little-endian. Format 1 is of
// cards, 2 and 3 of APUs. ok is false for others.
func parseMetricsHeader(head []byte) (apu, ok bool) {
	if len(head) < metricsHeader || binary.LittleEndian.Uint16(head) < metricsHeader {
		return false, false
	}
	switch head[2] {
	case 1:
		return false, true
	case 2, 3:
		return true, true
	}
	return false, false
}

// amdAPUs are the device ids of graphics inside processors, for kernels whose driver has
// no metrics of them.
func amdAPUs() []uint16 {
	return []uint16{
		0x15dd, 0x15d8, // Raven Ridge, Picasso
		0x1636, 0x1638, 0x164c, // Renoir, Cezanne, Lucienne
		0x163f,         // Van Gogh
		0x164d, 0x1681, // Rembrandt
		0x164e, 0x13c0, // Raphael, Granite Ridge
		0x1506,         // Mendocino
		0x15bf, 0x15c8, // Phoenix
		0x1900, 0x1901, // Hawk Point
		0x150e, 0x1586, 0x1114, // Strix, Strix Halo, Krackan
	}
}

// gfxTarget is the instruction set of the GPU at a PCI address, as compilers name it
// (gfx1103), from amdkfd's topology; "" where it has none.
func (t tree) gfxTarget(address string) string {
	folder := filepath.Join(t.Sys, "class/kfd/kfd/topology/nodes")
	nodes, _ := entries(folder) // no folder: no amdkfd
	for _, name := range nodes {
		node := parseKFDNode(fact(folder, name, "properties"))
		if node.address == address {
			return node.target
		}
	}
	return ""
}

// kfdNode is one node of amdkfd's topology.
type kfdNode struct {
	address string // PCI; "" for a processor
	target  string // gfx90a
}

// parseKFDNode reads the "key value" lines of a node's properties. location_id is bus,
// device and function in 8, 5 and 3 bits; gfx_target_version is major·10000 + minor·100
// + stepping, each written as one hexadecimal digit but the first.
func parseKFDNode(s string) kfdNode {
	values := map[string]uint64{}
	for line := range strings.Lines(s) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 64); err == nil {
			values[key] = n
		}
	}
	var node kfdNode
	version, location := values["gfx_target_version"], values["location_id"]
	if values["simd_count"] == 0 || version == 0 || version > 99_99_99 || location > 0xffff || values["domain"] > 0xffff {
		return node
	}
	node.address = fmt.Sprintf("%04x:%02x:%02x.%d", values["domain"], location>>8, location>>3&0x1f, location&7)
	node.target = fmt.Sprintf("gfx%d%x%x", version/10000, version/100%100, version%100)
	return node
}
