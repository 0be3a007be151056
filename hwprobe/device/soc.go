package device

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// socKind is a family of accelerators inside systems on a chip. They have no bus to ask;
// the device tree names them.
type socKind struct {
	matches   func(compatible string) bool
	kind      string
	vendor    string
	model     string
	providers []string
	nodes     []string // below Dev; the first that is there counts. Empty: the render node that drm made
	group     string   // whose members may use the nodes
	driver    string   // what to install where no driver is bound
}

// socKinds are tried in order. Compatible strings are those of the kernel's device-tree
// bindings (Documentation/devicetree/bindings/gpu, /npu) and of the vendors' kernels.
func socKinds() []socKind {
	is := func(names ...string) func(string) bool {
		return func(c string) bool { return slices.Contains(names, c) }
	}
	jetson := func(name, model string) socKind {
		return socKind{is(name), GPU, "nvidia", model, []string{"tensorrt", "cuda"},
			[]string{"nvgpu/igpu0/ctrl", "nvhost-ctrl-gpu"}, "video", "flash the board with NVIDIA's JetPack, whose kernel has nvgpu"}
	}
	vulkan := []string{"webgpu"}
	const render = "render"
	return []socKind{
		jetson("nvidia,ga10b", "Jetson Orin GPU (Ampere)"),
		jetson("nvidia,gv11b", "Jetson Xavier GPU (Volta)"),
		jetson("nvidia,gp10b", "Jetson TX2 GPU (Pascal)"),
		{is("nvidia,tegra234-nvdla", "nvidia,tegra194-nvdla"), NPU, "nvidia", "NVDLA", nil, nil, "video", ""},
		{is("rockchip,rk3588-rknpu", "rockchip,rk3588-rknn-core"), NPU, "rockchip", "RK3588 NPU", nil, nil, render, ""},
		{is("rockchip,rk3568-rknpu", "rockchip,rk3576-rknpu", "rockchip,rk3562-rknpu"), NPU, "rockchip", "Rockchip NPU", nil, nil, render, ""},
		{is("brcm,2712-v3d"), GPU, "broadcom", "VideoCore VII", vulkan, nil, render, "install a kernel with v3d (Raspberry Pi OS has it; dtoverlay=vc4-kms-v3d)"},
		{is("brcm,2711-v3d"), GPU, "broadcom", "VideoCore VI", vulkan, nil, render, "install a kernel with v3d (Raspberry Pi OS has it; dtoverlay=vc4-kms-v3d)"},
		{func(c string) bool {
			return strings.HasPrefix(c, "arm,mali-valhall") || c == "arm,mali-bifrost" || strings.HasSuffix(c, "-mali") && strings.HasPrefix(c, "rockchip,rk35")
		}, GPU, "arm", "Mali", vulkan, []string{"dri/renderD128", "mali0"}, render, "install a kernel with panthor or panfrost"},
		{func(c string) bool { return strings.HasPrefix(c, "qcom,adreno") }, GPU, "qualcomm", "Adreno", vulkan, nil, render, "install a kernel with msm, and its firmware"},
		{func(c string) bool {
			return strings.HasPrefix(c, "qcom,") && (strings.HasSuffix(c, "-cdsp-pas") || strings.HasSuffix(c, "-nsp0-pas"))
		}, NPU, "qualcomm", "Hexagon", []string{"qnn"}, []string{"fastrpc-cdsp", "fastrpc-cdsp-secure"}, render, "install a kernel with qcom_q6v5_pas and fastrpc, and the firmware"},
		{func(c string) bool { return strings.HasPrefix(c, "apple,agx-") }, GPU, "apple", "Apple GPU", vulkan, nil, render, "install a kernel with asahi"},
	}
}

// platformDevice is a device that the firmware's device tree describes.
type platformDevice struct {
	name        string // 17000000.gpu
	driver      string
	compatibles []string // most specific first
	path        string
}

// parsePlatform reads a platform device's uevent file: DRIVER=v3d,
// OF_COMPATIBLE_0=brcm,2712-v3d.
func parsePlatform(uevent string) (driver string, compatibles []string) {
	values := parseUevent(uevent)
	for n := range maxCompatibles {
		c, ok := values[fmt.Sprintf("OF_COMPATIBLE_%d", n)]
		if !ok {
			break
		}
		compatibles = append(compatibles, c)
	}
	return values["DRIVER"], compatibles
}

// maxCompatibles is more than any node has.
const maxCompatibles = 16

// platformDevices are those of the device tree, by name. No such bus, no devices.
func (t tree) platformDevices() (all []platformDevice) {
	folder := filepath.Join(t.Sys, "bus/platform/devices")
	names, _ := entries(folder)
	for _, name := range names {
		driver, compatibles := parsePlatform(fact(folder, name, "uevent"))
		if len(compatibles) > 0 {
			all = append(all, platformDevice{printable(name), driver, compatibles, filepath.Join(folder, name)})
		}
	}
	return all
}

// socAccelerators are those inside a system on a chip. Cores of one kind, which drivers
// show as devices of their own, are one accelerator at the first one's address.
func (t tree) socAccelerators() (found []Accelerator) {
	devices := t.platformDevices()
	for _, kind := range socKinds() {
		var cores []platformDevice
		for _, d := range devices {
			if slices.ContainsFunc(d.compatibles, kind.matches) {
				cores = append(cores, d)
			}
		}
		if len(cores) > 0 && !slices.ContainsFunc(found, func(a Accelerator) bool { return a.Address == cores[0].name }) {
			found = append(found, t.socAccelerator(kind, cores))
		}
	}
	slices.SortFunc(found, func(a, b Accelerator) int { return cmp.Compare(a.Address, b.Address) })
	return found
}

func (t tree) socAccelerator(kind socKind, cores []platformDevice) Accelerator {
	first := cores[0]
	a := Accelerator{Kind: kind.kind, Vendor: kind.vendor, Model: kind.model, SharedMemory: true, Driver: t.driverName(first.driver),
		Address: first.name, Providers: kind.providers}
	if n := len(cores); n > 1 {
		a.Model = fmt.Sprintf("%s (%d cores)", kind.model, n)
	}
	switch {
	case len(kind.providers) == 0:
		a.Fact = noProvider()
	case first.driver == "":
		a.Fact = unusable("no driver is bound to it", kind.driver+", then restart")
	default:
		a.Fact = t.socNode(kind, first)
	}
	return a
}

// socNode judges the node through which a program reaches the accelerator.
func (t tree) socNode(kind socKind, d platformDevice) Fact {
	if name := drmNode(d.path, "drm", "renderD", "dri"); name != "" {
		return t.node(name, kind.group)
	}
	for _, name := range kind.nodes {
		if exists(t.Dev, name) {
			return t.node(name, kind.group)
		}
	}
	if len(kind.nodes) > 0 {
		return t.node(kind.nodes[0], kind.group) // says what is missing
	}
	return unusable("its driver made no render node", kind.driver+", then restart")
}
