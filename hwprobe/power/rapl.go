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

// RAPL is what Intel and AMD processors count of their own energy, in µJ, in zones:
// package-N (one a socket, or a die), dram beside it, core and uncore inside it, and psys
// for the platform around them. The kernel's words are in
// Documentation/power/powercap/powercap.rst.

// powercap is where the zones are, below /sys.
const powercap = "class/powercap"

// maxZoneWatts is more than any socket takes, by far. A counter that went up faster was
// set anew: a driver was loaded again, or the machine slept.
const maxZoneWatts = 2000

// settle is the time that a counter's own steps (1 ms) may be off by, with room.
const settle = 100 * time.Millisecond

// zone is one RAPL counter.
type zone struct {
	dir  string
	name string // package-0
	max  uint64 // µJ at which it begins again at 0; 0: unknown
}

// zones lists the zones whose energy may be of use. Where the same packages are told of
// twice, by registers and by memory-mapped ones, the registers are taken.
func zones(t sysfs) (packages, drams, psys []zone) {
	for _, family := range []string{"intel-rapl:", "intel-rapl-mmio:"} {
		for _, entry := range t.list(powercap) {
			if !strings.HasPrefix(entry, family) {
				continue
			}
			z := zone{dir: path.Join(powercap, entry)}
			z.name, _ = t.text(z.dir, "name")
			z.max, _ = t.count(z.dir, "max_energy_range_uj")
			switch {
			case strings.HasPrefix(z.name, "package"):
				packages = append(packages, z)
			case z.name == "dram":
				drams = append(drams, z)
			case z.name == "psys":
				psys = append(psys, z)
			}
		}
		if len(packages) > 0 {
			break
		}
	}
	return packages, drams, psys
}

// counters reads several counters as one.
type counters struct {
	read []func() (uint64, error) // µJ
	max  []uint64

	last []uint64
	at   time.Time
}

// take is what all counters went up by since the last take.
func (c *counters) take(now time.Time) (sample, error) {
	values := make([]uint64, len(c.read))
	for i, read := range c.read {
		value, err := read()
		if err != nil {
			return sample{}, err
		}
		values[i] = value
	}
	got := sample{at: now, counts: true, restart: c.last == nil}
	for i, before := range c.last {
		joules, ok := risen(before, values[i], c.max[i], now.Sub(c.at))
		got.joules += joules
		got.restart = got.restart || !ok
	}
	c.last, c.at = values, now
	return got, nil
}

// risen is what a counter of µJ went up by, in joules. One that fell has begun again at
// its maximum, once. It is false where that can't be told: the span is long enough for a
// second round, or the rise is more than a socket can take, so that the counter was reset.
func risen(before, after, maximum uint64, span time.Duration) (joules float64, ok bool) {
	delta := after - before
	if after < before {
		if maximum < before {
			return 0, false
		}
		delta = maximum - before + after
	}
	joules = float64(delta) / 1e6
	if joules > maxZoneWatts*(span+settle).Seconds() {
		return 0, false
	}
	// Half of what the largest socket could take: a second round needs both a gap in the
	// sampling and a machine that draws kilowatts all through it.
	const roundWatts = maxZoneWatts / 2
	return joules, maximum == 0 || span.Seconds() < float64(maximum)/1e6/roundWatts
}

// raplSensor makes one sensor of several zones, if they can be read now.
func raplSensor(t sysfs, name string, basis Basis, parts []string, list []zone) (*sensor, error) {
	c := &counters{}
	for _, z := range list {
		c.read = append(c.read, func() (uint64, error) { return t.count(z.dir, "energy_uj") })
		c.max = append(c.max, z.max)
		if _, err := t.count(z.dir, "energy_uj"); err != nil {
			return nil, fmt.Errorf("%s: %w", z.name, err)
		}
	}
	return &sensor{name: name, basis: basis, parts: parts, read: func(context.Context) (sample, error) { return c.take(time.Now()) }}, nil
}

// UdevRule lets the members of a group read the energy counters; they are for root alone
// since they tell attackers what other processes compute (CVE-2020-8694).
const UdevRule = `SUBSYSTEM=="powercap", ACTION=="add", RUN+="/bin/chgrp medhive %S%p/energy_uj", RUN+="/bin/chmod g+r %S%p/energy_uj"`

// rapl finds the processor's counters: the sensor of its packages with their memory, and
// that of the platform. Both may be nil; they must not be added up.
func rapl(t sysfs) (processor, platform *sensor, notes []Note) {
	packages, drams, psys := zones(t)
	if len(packages)+len(psys) == 0 {
		return nil, nil, nil
	}
	note := func(what string, err error) {
		n := Note{Text: fmt.Sprintf("the processor's energy counters (%s) are there, but %v", what, err), Fix: "read dmesg for what the driver intel_rapl says; then probe again"}
		if errors.Is(err, errForbidden) {
			n = Note{
				Text: fmt.Sprintf("the processor's energy counters (%s) are there, and only root may read them", what),
				Fix: "as root, make a group medhive with this user in it, write the line " + UdevRule +
					" to /etc/udev/rules.d/60-medhive-energy.rules, run `udevadm trigger --action=add --subsystem-match=powercap`, and log in again",
			}
		}
		notes = append(notes, n)
	}
	if len(packages) > 0 {
		// Zones of memory that can't be read are left out: the figure says so by its parts.
		var err error
		if len(drams) > 0 {
			processor, err = raplSensor(t, "RAPL package and DRAM", Package, []string{CPU, Memory}, slices.Concat(packages, drams))
		}
		if processor == nil {
			processor, err = raplSensor(t, "RAPL package", Package, []string{CPU}, packages)
		}
		if err != nil {
			note(packages[0].name, err)
		}
	}
	if len(psys) == 1 {
		var err error
		if platform, err = raplSensor(t, "RAPL psys", Board, []string{Machine}, psys); err != nil && len(notes) == 0 {
			note("psys", err)
		}
	}
	return processor, platform, notes
}
