package power

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// rail is one channel of an INA3221, which measures a voltage and a current.
type rail struct {
	label            string
	millivolts, amps string // the files; the current's is in mA
	dir              string
}

// rails lists the channels of all INA3221 that have a name and are connected.
func rails(t sysfs, chips []hwmon) (list []rail) {
	for _, h := range chips {
		if h.name != "ina3221" {
			continue
		}
		for channel := 1; channel <= 3; channel++ {
			r := rail{dir: h.dir, millivolts: fmt.Sprintf("in%d_input", channel), amps: fmt.Sprintf("curr%d_input", channel)}
			r.label, _ = t.text(h.dir, fmt.Sprintf("in%d_label", channel))
			if r.label == "" || r.label == "NC" {
				continue
			}
			if enabled, err := t.text(h.dir, fmt.Sprintf("in%d_enable", channel)); err == nil && enabled == "0" {
				continue
			}
			list = append(list, r)
		}
	}
	return list
}

// watts is what the rail takes now.
func (r rail) watts(t sysfs) (float64, error) {
	mv, err := t.count(r.dir, r.millivolts)
	if err != nil {
		return 0, err
	}
	// A current that flows back is noise around nothing.
	text, err := t.text(r.dir, r.amps)
	if err == nil && strings.HasPrefix(text, "-") {
		return 0, nil
	}
	ma, err := t.count(r.dir, r.amps)
	if err != nil {
		return 0, err
	}
	const most = 1e6 // mV and mA; far above any of these boards
	if mv > most || ma > most {
		return 0, errors.New("it tells more than a board can take")
	}
	return float64(mv) * float64(ma) / 1e6, nil
}

// railSensor lets s read the sum of several rails. It returns nil where they can't be
// read now.
func railSensor(t sysfs, s *sensor, list []rail) *sensor {
	sum := func() (total float64, err error) {
		for _, r := range list {
			watts, err := r.watts(t)
			if err != nil {
				return 0, fmt.Errorf("rail %s: %w", r.label, err)
			}
			total += watts
		}
		return total, nil
	}
	if _, err := sum(); err != nil {
		return nil
	}
	s.read = func(context.Context) (sample, error) {
		watts, err := sum()
		return sample{at: time.Now(), watts: watts}, err
	}
	return s
}

// jetson finds the sensors of NVIDIA's modules. Most have one rail for all that comes
// in; on others (AGX) the rails of CPU, GPU, memory and I/O stand side by side, and their
// sum leaves out the losses before them. A rail inside another must not be added to it.
func jetson(t sysfs, chips []hwmon) *sensor {
	list := rails(t, chips)
	inputs := []string{"VDD_IN", "POM_5V_IN", "5V_IN"}
	for _, r := range list {
		if slices.Contains(inputs, r.label) {
			return railSensor(t, &sensor{name: "INA3221 " + r.label, basis: Board, parts: []string{Machine}}, []rail{r})
		}
	}
	var cpu, gpu bool
	names := make([]string, len(list))
	for i, r := range list {
		names[i] = r.label
		cpu = cpu || strings.Contains(r.label, "CPU")
		gpu = gpu || strings.Contains(r.label, "GPU")
	}
	if !cpu || !gpu {
		return nil // rails of something else, or of a part of the chip
	}
	return railSensor(t, &sensor{name: "INA3221 " + strings.Join(names, ", "), basis: Package, parts: []string{CPU, Memory}}, list)
}

// acpiMeter finds a server's own meter of what the whole machine takes.
func acpiMeter(t sysfs, chips []hwmon) *sensor {
	var found []*sensor
	for _, h := range chips {
		if h.name != "power_meter" {
			continue
		}
		if battery, _ := t.text(h.dir, "power1_is_battery"); battery == "1" {
			continue
		}
		if s := microwatts(t, h, &sensor{name: "ACPI power meter", basis: Board, parts: []string{Machine}}, "power1_average", "power1_input"); s != nil {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		return nil // none; or several, which may measure one within the other
	}
	return found[0]
}

// supplies is where batteries and mains are, below /sys.
const supplies = "class/power_supply"

// batteries lists those that feed the machine, and not its mouse.
func batteries(t sysfs) (list []string) {
	for _, entry := range t.list(supplies) {
		dir := path.Join(supplies, entry)
		kind, _ := t.text(dir, "type")
		scope, _ := t.text(dir, "scope")
		present, err := t.text(dir, "present")
		if kind == "Battery" && scope != "Device" && (err != nil || present == "1") {
			list = append(list, dir)
		}
	}
	return list
}

var errMains = errors.New("the machine is on mains power, and the battery tells nothing then")

// onMains tells whether anything but a battery feeds the machine.
func onMains(t sysfs) bool {
	return slices.ContainsFunc(t.list(supplies), func(entry string) bool {
		dir := path.Join(supplies, entry)
		kind, _ := t.text(dir, "type")
		scope, _ := t.text(dir, "scope")
		online, _ := t.text(dir, "online")
		return kind != "Battery" && scope != "Device" && online != "" && online != "0"
	})
}

// discharge is what the batteries give, in watts: all that the machine takes while
// nothing else feeds it.
func discharge(t sysfs, dirs []string) (total float64, err error) {
	if onMains(t) {
		return 0, errMains
	}
	giving := 0
	for _, dir := range dirs {
		status, err := t.text(dir, "status")
		switch {
		case err != nil:
			return 0, err
		case status == "Charging":
			return 0, errMains
		case status != "Discharging": // a second battery that rests, or is empty
			continue
		}
		giving++
		watts, err := batteryWatts(t, dir)
		if err != nil {
			return 0, err
		}
		total += watts
	}
	if giving == 0 {
		return 0, errMains
	}
	return total, nil
}

// batteryWatts is one battery's power: told, or voltage by current (µV and µA).
func batteryWatts(t sysfs, dir string) (float64, error) {
	const most = 1e9 // µW, µV or µA; far above any battery of a computer
	power, err := t.size(dir, "power_now")
	if err == nil && power <= most {
		return float64(power) / 1e6, nil
	}
	volts, errV := t.size(dir, "voltage_now")
	amps, errA := t.size(dir, "current_now")
	if err := errors.Join(errV, errA); err != nil {
		return 0, errors.New("the battery tells neither power nor current")
	}
	if volts > most || amps > most {
		return 0, errors.New("the battery tells more than one can give")
	}
	return float64(volts) / 1e6 * float64(amps) / 1e6, nil
}

// battery makes a sensor of the machine's batteries, or nil where it has none. It gives
// figures only while they discharge; many are half a minute old, which short jobs notice.
func battery(t sysfs) *sensor {
	dirs := batteries(t)
	if len(dirs) == 0 {
		return nil
	}
	return &sensor{
		name: "battery", basis: Board, parts: []string{Machine},
		read: func(context.Context) (sample, error) {
			watts, err := discharge(t, dirs)
			return sample{at: time.Now(), watts: watts}, err
		},
	}
}
