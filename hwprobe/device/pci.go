package device

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// PCI vendors of accelerators, from the PCI SIG's list.
const (
	vendorAMDCPU   = 0x1022 // processors; here for their NPUs
	vendorAMD      = 0x1002 // graphics
	vendorNVIDIA   = 0x10de
	vendorIntel    = 0x8086
	vendorQualcomm = 0x17cb
	vendorHabana   = 0x1da3
	vendorHailo    = 0x1e60
	vendorGoogle   = 0x1ac1
)

// PCI classes, the upper 16 bits of the class code (PCI Code and ID Assignment 1.15).
const (
	baseDisplay      = 0x03 // VGA 00, 3D 02, other 80
	classAccelerator = 0x1200
)

// pciDevice is one function on the PCI bus.
type pciDevice struct {
	address string // 0000:01:00.0
	class   uint16 // base class and subclass
	vendor  uint16
	device  uint16
	driver  string // kernel driver that is bound to it; "" without one
	path    string // its folder in sysfs
}

// display says whether it is some kind of graphics controller.
func (d pciDevice) display() bool { return d.class>>8 == baseDisplay }

// id is vendor and device as lspci -n writes them.
func (d pciDevice) id() string { return fmt.Sprintf("%04x:%04x", d.vendor, d.device) }

// pciAddress is domain:bus:device.function.
var pciAddress = regexp.MustCompile(`^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-1][0-9a-f]\.[0-7]$`)

// pciDevices lists the functions on the bus by address, and counts those that can't be
// read.
func (t tree) pciDevices() (all []pciDevice, unread int, _ error) {
	folder := filepath.Join(t.Sys, "bus/pci/devices")
	names, err := entries(folder)
	if err != nil {
		return nil, 0, err
	}
	for _, name := range names {
		if !pciAddress.MatchString(name) {
			continue
		}
		d, ok := parsePCI(fact(folder, name, "uevent"))
		if !ok {
			d, ok = pciFiles(filepath.Join(folder, name))
		}
		if !ok {
			unread++
			continue
		}
		d.address, d.path = name, filepath.Join(folder, name)
		all = append(all, d)
	}
	return all, unread, nil
}

// pciFiles reads a function's single files, for a sysfs whose uevent files are withheld.
func pciFiles(path string) (d pciDevice, ok bool) {
	class, ok1 := number(path, "class")
	vendor, ok2 := number(path, "vendor")
	device, ok3 := number(path, "device")
	if !ok1 || !ok2 || !ok3 || class > 1<<24-1 || vendor > 1<<16-1 || device > 1<<16-1 {
		return d, false
	}
	d = pciDevice{class: uint16(class >> 8), vendor: uint16(vendor), device: uint16(device)}
	if driver, err := os.Readlink(filepath.Join(path, "driver")); err == nil {
		d.driver = printable(filepath.Base(driver))
	}
	return d, true
}

// parsePCI reads a PCI function's uevent file: DRIVER=nvidia, PCI_CLASS=30000,
// PCI_ID=10DE:2684.
func parsePCI(uevent string) (d pciDevice, ok bool) {
	values := parseUevent(uevent)
	class, err := strconv.ParseUint(values["PCI_CLASS"], 16, 24)
	if err != nil {
		return d, false
	}
	vendor, device, _ := strings.Cut(values["PCI_ID"], ":")
	v, err := strconv.ParseUint(vendor, 16, 16)
	if err != nil {
		return d, false
	}
	n, err := strconv.ParseUint(device, 16, 16)
	if err != nil {
		return d, false
	}
	return pciDevice{class: uint16(class >> 8), vendor: uint16(v), device: uint16(n), driver: values["DRIVER"]}, true
}

// renderNode is the name below Dev of the node that compute uses: dri/renderD128. ""
// where the driver made none.
func (d pciDevice) renderNode() string { return drmNode(d.path, "drm", "renderD", "dri") }

// accelNode is the same for the kernel's accel subsystem: accel/accel0.
func (d pciDevice) accelNode() string { return drmNode(d.path, "accel", "accel", "accel") }

// drmNode finds the first node with a prefix that a device has in a class.
func drmNode(device, class, prefix, folder string) string {
	names, _ := entries(device, class) // no folder, no node
	for _, name := range names {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" && strings.Trim(rest, "0123456789") == "" {
			return folder + "/" + name
		}
	}
	return ""
}

// driverName is the driver with its version, where its module tells one.
func (t tree) driverName(driver string) string {
	if driver == "" || strings.ContainsAny(driver, "/.") {
		return ""
	}
	// Modules that belong to the kernel have no version of their own.
	return strings.TrimSpace(driver + " " + printable(fact(t.Sys, "module", strings.ReplaceAll(driver, "-", "_"), "version")))
}

// displayOnly are vendors whose controllers draw a screen and compute nothing: of virtual
// machines, and of the service processors in servers.
func displayOnly(vendor uint16) bool {
	switch vendor {
	case 0x1234, // QEMU's and Bochs's standard VGA
		0x1af4, // virtio
		0x1b36, // QXL
		0x1013, // Cirrus Logic, as QEMU emulates it
		0x15ad, // VMware
		0x80ee, // VirtualBox
		0x1414, // Hyper-V and WSL
		0x5853, // Xen
		0x1a03, // ASPEED, in BMCs
		0x102b, // Matrox, in BMCs
		0x126f, // Silicon Motion
		0x1d0f: // Amazon's virtual VGA
		return true
	}
	return false
}

// pciAccelerator describes a PCI function, if it is an accelerator. note is set for a
// function that might be one that this program doesn't know.
func (t tree) pciAccelerator(d pciDevice) (a *Accelerator, note *Fact) {
	switch {
	case d.vendor == vendorNVIDIA && d.display():
		return t.nvidiaGPU(d), nil
	case d.vendor == vendorAMD && (d.display() || d.class == classAccelerator):
		return t.amdGPU(d), nil
	case d.vendor == vendorIntel && d.display():
		return t.intelGPU(d), nil
	}
	if npu := t.pciNPU(d); npu != nil {
		return npu, nil
	}
	if (d.display() || d.class == classAccelerator) && !displayOnly(d.vendor) {
		return nil, &Fact{State: Unknown,
			Why: fmt.Sprintf("unknown, because this program doesn't know the accelerator %s at PCI %s", d.id(), d.address),
			Fix: "nothing is lost but its speed: jobs run on what is known; report the line of `lspci -nnk -s " + d.address + "` to the project"}
	}
	return nil, nil
}

// pciAccelerators are those on the PCI bus, by address.
func (t tree) pciAccelerators() (found []Accelerator, notes []Fact) {
	devices, unread, err := t.pciDevices()
	if err != nil {
		if !exists(t.Sys, "bus") {
			notes = append(notes, unknown("the PCI bus can't be looked at: "+reason(err), "mount /sys, or start the container with it"))
		}
		return nil, notes // a board without PCI has no such folder
	}
	if unread > 0 {
		notes = append(notes, unknown(fmt.Sprintf("%d of the PCI bus's functions can't be read", unread), "run `medhive probe` as root once to see whether a GPU is among them"))
	}
	for _, d := range devices {
		a, note := t.pciAccelerator(d)
		if a != nil {
			found = append(found, *a)
		}
		if note != nil {
			notes = append(notes, *note)
		}
	}
	return found, notes
}
