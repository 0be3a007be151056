package device

import (
	"path/filepath"
	"slices"
	"strings"
)

// readBoard is what the firmware calls the machine: the device tree's model on boards,
// vendor and product of DMI elsewhere. Serial numbers stay where they are.
func (t tree) readBoard() string {
	if model := printable(strings.Trim(fact(t.Sys, "firmware/devicetree/base/model"), "\x00")); model != "" {
		return model
	}
	return strings.TrimSpace(t.dmi("sys_vendor") + " " + t.dmi("product_name"))
}

// dmi is a field of the firmware's tables, without the words of firmware that nobody
// filled in.
func (t tree) dmi(field string) string {
	s := printable(fact(t.Sys, "class/dmi/id", field))
	switch strings.ToLower(s) {
	case "to be filled by o.e.m.", "system manufacturer", "system product name", "default string", "not specified", "o.e.m.", "none", "not applicable":
		return ""
	}
	return s
}

// readVirtual names what the machine runs on, where that is not bare metal: the
// hypervisor, or "container" for one on bare metal. "" where nothing says so.
func (t tree) readVirtual() string {
	if kind := fact(t.Sys, "hypervisor/type"); kind == "xen" && fact(t.Sys, "hypervisor/guest_type") != "" {
		return "xen"
	}
	dmi := strings.ToLower(t.dmi("sys_vendor") + "\n" + t.dmi("product_name") + "\n" + t.dmi("bios_vendor"))
	for _, known := range [][2]string{ // in DMI, most specific first
		{"amazon ec2", "amazon"}, {"google compute engine", "google"}, {"openstack", "openstack"}, {"digitalocean", "kvm"},
		{"vmware", "vmware"}, {"innotek", "virtualbox"}, {"virtualbox", "virtualbox"}, {"parallels", "parallels"},
		{"microsoft corporation\nvirtual machine", "hyperv"}, {"bhyve", "bhyve"}, {"xen", "xen"}, {"kvm", "kvm"}, {"qemu", "kvm"},
	} {
		if strings.Contains(dmi, known[0]) && !(known[1] == "amazon" && strings.Contains(dmi, ".metal")) {
			return known[1]
		}
	}
	if strings.Contains(fact(t.Sys, "firmware/devicetree/base/hypervisor/compatible"), "kvm") {
		return "kvm"
	}
	if strings.Contains(strings.ToLower(fact(t.Proc, "sys/kernel/osrelease")), "microsoft") {
		return "wsl"
	}
	if slices.Contains(t.cpuFeatures(), "hypervisor") {
		return "unknown hypervisor"
	}
	if t.inContainer() {
		return "container"
	}
	return ""
}

// inContainer says whether the root file system is a stack of an image's layers.
func (t tree) inContainer() bool {
	mounts, _ := t.mounts()
	return slices.ContainsFunc(mounts, func(m mount) bool { return m.point == "/" && m.kind == "overlay" })
}

// readBattery says whether a battery can power the machine, and whether one does now.
// Batteries of mice and headsets have the scope Device.
func (t tree) readBattery() (battery, discharging bool) {
	folder := filepath.Join(t.Sys, "class/power_supply")
	names, _ := entries(folder) // no folder, no battery
	for _, name := range names {
		if fact(folder, name, "type") != "Battery" || fact(folder, name, "scope") == "Device" {
			continue
		}
		battery = true
		discharging = discharging || fact(folder, name, "status") == "Discharging"
	}
	return battery, discharging
}
