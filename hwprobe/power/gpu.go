package power

import (
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"
)

// card is a GPU or another accelerator with a board of its own, on the PCI bus.
type card struct {
	part   string // "gpu 0000:01:00.0"
	vendor string
}

// The vendors of accelerators, as PCI numbers them. Others (a server's management
// chip, a virtual machine's screen) can show pictures and don't compute.
const (
	amd    = "0x1002"
	intel  = "0x8086"
	nvidia = "0x10de"
)

// cards lists the accelerators that are no part of the processor. integrated tells the
// addresses of AMD's GPUs inside processors, which look like cards on the bus.
func cards(t sysfs, integrated []string) (list []card) {
	const devices = "bus/pci/devices"
	for _, address := range t.list(devices) {
		dir := path.Join(devices, address)
		class, _ := t.text(dir, "class")
		vendor, _ := t.text(dir, "vendor")
		kind := ""
		switch {
		case strings.HasPrefix(class, "0x03") && slices.Contains([]string{amd, intel, nvidia}, vendor):
			kind = GPU
		case strings.HasPrefix(class, "0x12"): // processing accelerators
			kind = NPU
		default:
			continue
		}
		// Intel's GPUs and NPUs on bus 0 are inside the processor. One without a driver
		// can't compute.
		inside := vendor == intel && strings.HasPrefix(address, "0000:00:") || slices.Contains(integrated, address)
		if !inside && t.property(dir, "DRIVER") != "" {
			list = append(list, card{part: kind + " " + address, vendor: vendor})
		}
	}
	return list
}

// hwmon is one chip of sensors.
type hwmon struct {
	dir     string
	name    string // the driver's
	address string // PCI address of its device; "" where it has none
}

// hwmons lists all chips of sensors.
func hwmons(t sysfs) (list []hwmon) {
	const class = "class/hwmon"
	for _, entry := range t.list(class) {
		h := hwmon{dir: path.Join(class, entry)}
		h.name, _ = t.text(h.dir, "name")
		h.address = t.property(path.Join(h.dir, "device"), "PCI_SLOT_NAME")
		list = append(list, h)
	}
	return list
}

// inProcessor tells whether a chip of amdgpu is of a GPU inside a processor. Its metrics
// have format 2 or 3, those of a card format 1 (kgd_pp_interface.h of the kernel); older
// ones are told by the voltage of the northbridge, which no card has.
func inProcessor(t sysfs, h hwmon) bool {
	if head, err := t.bytes(h.dir, "device", "gpu_metrics"); err == nil && len(head) >= 4 {
		return head[2] >= 2 // structure size (2 bytes), format, content
	}
	label, err := t.text(h.dir, "in1_label")
	return err == nil && label == "vddnb"
}

// microwatts lets s read a file of µW, the first of names that can be read. It returns
// nil where none can.
func microwatts(t sysfs, h hwmon, s *sensor, names ...string) *sensor {
	power := func() (value uint64, err error) {
		for _, name := range names {
			if value, err = t.count(h.dir, name); err == nil {
				break
			}
		}
		if value > maxZoneWatts*1e6 {
			return 0, errors.New("it tells more than a card can take")
		}
		return value, err
	}
	if _, err := power(); err != nil && !asleep(t, h) {
		return nil
	}
	s.read = func(context.Context) (sample, error) {
		if asleep(t, h) {
			return sample{at: time.Now()}, nil // switched off: it takes nothing
		}
		value, err := power()
		return sample{at: time.Now(), watts: float64(value) / 1e6}, err
	}
	return s
}

// microjoules lets s read a counter of µJ that the driver keeps, which has no maximum:
// one that falls was set anew. It returns nil where it can't be read.
func microjoules(t sysfs, h hwmon, s *sensor, name string) *sensor {
	read := func() (uint64, error) { return t.count(h.dir, name) }
	if _, err := read(); err != nil {
		return nil
	}
	c := &counters{read: []func() (uint64, error){read}, max: []uint64{0}}
	s.read = func(context.Context) (sample, error) { return c.take(time.Now()) }
	return s
}

// asleep tells whether a card is switched off while nobody uses it. Reading its sensors
// would wake it, or fail.
func asleep(t sysfs, h hwmon) bool {
	state, err := t.text(h.dir, "device", "power", "runtime_status")
	return err == nil && state == "suspended"
}

// gpuSensor makes a sensor of a graphics driver's chip, or nil where it tells no power.
// That of a GPU inside an AMD processor covers the whole processor.
func gpuSensor(t sysfs, h hwmon) *sensor {
	s := &sensor{name: "hwmon " + h.name, basis: Package, parts: []string{GPU + " " + h.address}}
	switch h.name {
	case "amdgpu":
		if inProcessor(t, h) {
			s.name, s.parts = "hwmon amdgpu (package)", []string{CPU}
		}
		return microwatts(t, h, s, "power1_average", "power1_input")
	case "xe": // the counter of the card holds that of its package
		for _, want := range []string{"card", "pkg", ""} {
			for _, channel := range []string{"energy1", "energy2"} {
				if label, _ := t.text(h.dir, channel+"_label"); label == want {
					if made := microjoules(t, h, s, channel+"_input"); made != nil {
						return made
					}
				}
			}
		}
	case "i915": // only cards have it; those of their parts are named i915_gt0 and so on
		return microjoules(t, h, s, "energy1_input")
	case "nouveau":
		return microwatts(t, h, s, "power1_average", "power1_input")
	}
	return nil
}
