package device

// noProvider is the fact of an accelerator that no execution provider of this program
// can drive.
func noProvider() Fact {
	return unusable("no execution provider that this program knows drives it", "nothing can be installed for it; jobs run on the GPU or the CPU")
}

// pciNPU describes a neural processor on the PCI bus; nil for everything else.
func (t tree) pciNPU(d pciDevice) *Accelerator {
	a := &Accelerator{Kind: NPU, Model: modelName(d), Address: d.address, Driver: t.driverName(d.driver), Fact: noProvider()}
	switch {
	case d.vendor == vendorIntel && d.class == classAccelerator && (d.driver == "intel_vpu" || intelNPU(d.device)):
		return t.intelNPU(a, d)
	case d.vendor == vendorAMDCPU && (d.driver == "amdxdna" || d.device == 0x1502 && !d.network() || d.device == 0x17f0):
		a.Vendor, a.SharedMemory = "amd", true
	case d.vendor == vendorHailo:
		a.Vendor = "hailo"
	case d.vendor == vendorGoogle && d.device == 0x089a:
		a.Vendor = "google"
	case d.vendor == vendorHabana:
		a.Vendor = "habana"
	case d.vendor == vendorQualcomm && d.class == classAccelerator:
		a.Vendor = "qualcomm"
	default:
		return nil
	}
	return a
}

// network says whether it is a network controller.
func (d pciDevice) network() bool { return d.class>>8 == 0x02 }

// intelNPU says whether a device id is one of Intel's NPUs: Meteor, Arrow, Lunar and
// Panther Lake.
func intelNPU(id uint16) bool { return id == 0x7d1d || id == 0xad1d || id == 0x643e || id == 0xb03e }

// intelNPU completes an Intel NPU, which OpenVINO drives through the accel subsystem.
func (t tree) intelNPU(a *Accelerator, d pciDevice) *Accelerator {
	a.Vendor, a.SharedMemory, a.Providers = "intel", true, []string{"openvino"}
	a.Fact = unusable("no driver is bound to it", "install a kernel from 6.8 on with intel_vpu, and Intel's NPU firmware, then restart")
	if d.driver == "vfio-pci" || d.driver == "pci-stub" {
		a.Fact = handedAway(d)
	} else if d.driver != "" {
		a.Fact = unusable("its driver made no node", "install Intel's NPU firmware, then restart; `dmesg | grep intel_vpu` tells why")
		if name := d.accelNode(); name != "" {
			a.Fact = t.node(name, "render")
		}
	}
	return a
}
