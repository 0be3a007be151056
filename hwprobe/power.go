package hwprobe

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/prometheus/procfs/sysfs"
)

// meter reads RAPL, Intel's and AMD's running energy counters. It prefers the psys zone
// (whole board) and otherwise adds up the packages; never both, since psys contains them.
type meter struct {
	zones []sysfs.RaplZone
	basis string // "board" or "package", or Unmeasured
	note  string
}

// reading is a set of counters at one moment, in µJ and in the order of the zones.
type reading []uint64

// newMeter finds the counters below a sysfs root. Without any it measures nothing and
// says why.
func newMeter(sys string) meter {
	none := func(note string) meter { return meter{basis: Unmeasured, note: note} }
	fs, err := sysfs.NewFS(sys)
	if err != nil {
		return none("no sysfs here")
	}
	zones, err := sysfs.GetRaplZones(fs)
	if err != nil || len(zones) == 0 {
		return none("no RAPL counters here; a virtual machine hides them, another source is not read yet")
	}
	m := meter{basis: "package", note: "RAPL package counters"}
	for _, z := range zones {
		if z.Name == "psys" {
			m = meter{zones: []sysfs.RaplZone{z}, basis: "board", note: "RAPL psys counter"}
			break
		}
		if z.Name == "package" {
			m.zones = append(m.zones, z)
		}
	}
	if len(m.zones) == 0 {
		return none("RAPL has neither a package nor a psys zone")
	}
	if _, err := m.read(); errors.Is(err, os.ErrPermission) {
		return none("RAPL counters are readable by root only; a udev rule that gives their group to this user would help")
	} else if err != nil {
		return none("RAPL counters can't be read")
	}
	return m
}

// read takes all counters.
func (m meter) read() (reading, error) {
	values := make(reading, len(m.zones))
	for i, z := range m.zones {
		uj, err := z.GetEnergyMicrojoules()
		if err != nil {
			return nil, fmt.Errorf("read RAPL zone %s: %w", z.Name, err)
		}
		values[i] = uj
	}
	return values, nil
}

// joules is the energy between two readings. A counter that fell has wrapped once, at
// its zone's maximum; a package at 500 W wraps after 8 minutes, so windows stay shorter.
func (m meter) joules(before, after reading) float64 {
	var sum uint64
	for i, z := range m.zones {
		delta := after[i] - before[i]
		if after[i] < before[i] {
			delta = z.MaxMicrojoules - before[i] + after[i]
		}
		sum += delta
	}
	return float64(sum) / 1e6
}

// watts turns energy over a span into the profile's field.
func (m meter) watts(joules float64, span time.Duration) Watts {
	if m.basis == Unmeasured || span <= 0 || joules <= 0 {
		w := Watts{Basis: Unmeasured, Note: m.note}
		if m.basis != Unmeasured {
			w.Note = m.note + " did not move"
		}
		return w
	}
	return Watts{Value: rounded(joules / span.Seconds()), Basis: m.basis, Note: m.note}
}
