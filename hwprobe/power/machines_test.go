package power

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// box is a machine of testdata whose attributes a test may change.
type box struct {
	t   testing.TB
	sys string
}

func unpack(t testing.TB, machine string) box {
	t.Helper()
	b := box{t, filepath.Join(t.TempDir(), "sys")}
	if err := os.CopyFS(b.sys, os.DirFS(filepath.Join("testdata", machine, "sys"))); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b box) set(attribute, text string) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.sys, attribute), []byte(text+"\n"), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// rise lets a counter go up; it begins again at its maximum.
func (b box) rise(attribute string, by, maximum uint64) {
	b.t.Helper()
	text, err := os.ReadFile(filepath.Join(b.sys, attribute))
	if err != nil {
		b.t.Fatal(err)
	}
	value, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		b.t.Fatal(err)
	}
	if value += by; maximum > 0 && value >= maximum {
		value -= maximum
	}
	b.set(attribute, strconv.FormatUint(value, 10))
}

// oneCard sends reports of a GPU that counts its energy at 80 W.
func oneCard(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error) {
	reports := make(chan device.NVMLReport)
	go func() {
		defer close(reports)
		for n := 0; ; n++ {
			r := device.NVMLReport{Version: device.NVMLVersion, Devices: []device.NVMLDevice{{
				Address: "0000:01:00.0", Name: "NVIDIA GeForce RTX 4090", PowerMilliW: 81_234, EnergyMilliJ: 992_118_231 + uint64(n)*80*uint64(every.Milliseconds()),
			}}}
			select {
			case reports <- r:
			case <-ctx.Done():
				return
			}
			select {
			case <-time.After(every):
			case <-ctx.Done():
				return
			}
		}
	}()
	return reports, nil
}

// Each machine, ten seconds long: what is found, what it covers, and the energy that its
// sensors tell.
func TestMachines(t *testing.T) {
	const (
		intelRange, dramRange, amdRange, arcRange = 262_143_328_850, 65_712_999_613, 65_532_610_987, 2 * 65_532_610_987

		package0, package1 = "class/powercap/intel-rapl:0/energy_uj", "class/powercap/intel-rapl:1/energy_uj"
	)
	type rise struct {
		attribute string
		by        uint64 // µJ
		maximum   uint64
	}
	for machine, want := range map[string]struct {
		rises    []rise // of counters, each in one second of the ten
		nvml     func(context.Context, time.Duration) (<-chan device.NVMLReport, error)
		basis    Basis
		joules   float64
		sources  []string
		coverage []string
		missing  []string
		notes    []string // parts of the notes' texts
	}{
		"desktop-nvidia": {
			rises: []rise{{package0, 450e6, intelRange}, {"class/powercap/intel-rapl:0:0/energy_uj", 400e6, 0}, {"class/powercap/intel-rapl-mmio:0/energy_uj", 450e6, 0}, {package1, 900e6, intelRange}},
			nvml:  oneCard, basis: Package, joules: 450 + 800,
			sources: []string{"RAPL package", "NVML"}, coverage: []string{CPU, "gpu 0000:01:00.0"},
		},
		"mini-pc": {
			rises: []rise{{package0, 120e6, intelRange}, {package1, 250e6, intelRange}},
			basis: Board, joules: 250, sources: []string{"RAPL psys"}, coverage: []string{Machine},
		},
		"server-xeon": {basis: Board, joules: 4120, sources: []string{"ACPI power meter"}, coverage: []string{Machine}},
		"server-epyc": { // package 0 wraps
			rises: []rise{{package0, 900e6, amdRange}, {package1, 800e6, amdRange}},
			basis: Package, joules: 1700 + 430, sources: []string{"RAPL package", "hwmon amdgpu"}, coverage: []string{CPU, "gpu 0000:c1:00.0"},
		},
		"laptop-apu":           {rises: []rise{{package0, 90e6, amdRange}}, basis: Board, joules: 10 * 15.812 * 1.204, sources: []string{"battery"}, coverage: []string{Machine}},
		"laptop-two-batteries": {rises: []rise{{package0, 40e6, intelRange}, {package1, 99e6, intelRange}}, basis: Board, joules: 112.5, sources: []string{"battery"}, coverage: []string{Machine}},
		"desktop-arc-xe": {
			rises: []rise{{package0, 300e6, arcRange}, {"class/hwmon/hwmon2/energy1_input", 1000e6, 0}, {"class/hwmon/hwmon2/energy2_input", 700e6, 0}},
			basis: Package, joules: 1300, sources: []string{"RAPL package", "hwmon xe"}, coverage: []string{CPU, "gpu 0000:03:00.0"},
		},
		"desktop-arc-i915": {
			rises: []rise{{package0, 300e6, intelRange}, {"class/hwmon/hwmon3/energy1_input", 1000e6, 0}, {"class/hwmon/hwmon4/energy1_input", 900e6, 0}},
			basis: Package, joules: 1300, sources: []string{"RAPL package", "hwmon i915"}, coverage: []string{CPU, "gpu 0000:03:00.0"},
		},
		"jetson-orin-nano": {basis: Board, joules: 10 * 5.072 * 1.120, sources: []string{"INA3221 VDD_IN"}, coverage: []string{Machine}},
		"jetson-agx-orin": {
			basis: Package, joules: 10 * (4.976*0.802 + 4.968*0.240 + 4.968*0.953 + 4.968*0.080),
			sources: []string{"INA3221 VDD_GPU_SOC, VDD_CPU_CV, VIN_SYS_5V0, VDDQ_VDD2_1V8AO"}, coverage: []string{CPU, Memory},
		},
		"raspberry-pi-5": {basis: Unmeasured, notes: []string{"no sensor here"}},
		"rockchip-npu":   {basis: Unmeasured, notes: []string{"no sensor here"}},
		"bare-vm":        {basis: Unmeasured, notes: []string{"no sensor here"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := unpack(t, machine)
			m, notes := Find(t.Context(), device.Roots{Sys: b.sys, Dev: t.TempDir()}, Config{NVML: want.nvml})
			defer closeMeter(t, m)
			rec := m.Start()
			wait(5 * time.Second)
			for _, r := range want.rises {
				b.rise(r.attribute, r.by, r.maximum)
			}
			wait(5 * time.Second)
			r := rec.Stop()
			if r.Basis != want.basis || !near(r.Joules, want.joules) {
				t.Errorf("%s: %v J, %s (%s); want %v J, %s", machine, r.Joules, r.Basis, r.Note, want.joules, want.basis)
			}
			if r.Basis != m.Basis() || r.Basis == Unmeasured && r.Note == "" {
				t.Errorf("%s: %s promised %s", machine, r.Basis, m.Basis())
			}
			if !slices.Equal(r.Sources, want.sources) || !slices.Equal(r.Coverage, want.coverage) || !slices.Equal(r.Missing, want.missing) {
				t.Errorf("%s: %q covers %q and leaves out %q; want %q, %q, %q", machine, r.Sources, r.Coverage, r.Missing, want.sources, want.coverage, want.missing)
			}
			checkNotes(t, machine, notes, want.notes)
		})
	}
}

func checkNotes(t *testing.T, machine string, notes []Note, want []string) {
	t.Helper()
	if len(notes) != len(want) {
		t.Errorf("%s: notes %+v; want %d", machine, notes, len(want))
		return
	}
	for i, n := range notes {
		if !strings.Contains(n.Text, want[i]) || n.Fix == "" {
			t.Errorf("%s: note %+v; want %q and what to do", machine, n, want[i])
		}
	}
}

// What changes on a machine changes the figure.
func TestChangedMachines(t *testing.T) {
	for name, c := range map[string]struct {
		machine string
		change  func(box)
		during  func(box) // after five of ten seconds
		basis   Basis
		joules  float64 // 0: not looked at
		missing []string
		why     string // in the reading's note
		notes   []string
	}{
		"a laptop on mains power": {
			machine: "laptop-apu",
			change:  func(b box) { b.set("class/power_supply/ACAD/online", "1") },
			during:  func(b box) { b.rise("class/powercap/intel-rapl:0/energy_uj", 90e6, 0) },
			basis:   Package, joules: 90, why: "board: battery: it has not answered yet: the machine is on mains power",
		},
		"mains power comes while it measures": {
			machine: "laptop-two-batteries",
			during: func(b box) {
				b.set("class/power_supply/AC/online", "1")
				b.rise("class/powercap/intel-rapl:1/energy_uj", 99e6, 0)
			},
			basis: Board, joules: 99, // psys takes over
		},
		"a laptop that charges by USB": {
			machine: "laptop-apu",
			change:  func(b box) { b.set("class/power_supply/ucsi-source-psy-USBC000:001/online", "1") },
			during:  func(b box) { b.rise("class/powercap/intel-rapl:0/energy_uj", 90e6, 0) },
			basis:   Package, why: "mains",
		},
		"no RAPL: the APU tells of its package": {
			machine: "laptop-apu",
			change: func(b box) {
				b.set("class/power_supply/ACAD/online", "1")
				b.set("class/powercap/intel-rapl:0/name", "gone")
			},
			basis: Package, joules: 140.21, why: "mains",
		},
		"the older sign of an APU": {
			machine: "laptop-apu",
			change: func(b box) {
				b.set("class/power_supply/ACAD/online", "1")
				b.set("class/powercap/intel-rapl:0/name", "gone")
				if err := os.Remove(filepath.Join(b.sys, "class/hwmon/hwmon3/device/gpu_metrics")); err != nil {
					b.t.Fatal(err)
				}
			},
			basis: Package, joules: 140.21, why: "mains",
		},
		"a card that sleeps takes nothing": {
			machine: "server-epyc",
			change:  func(b box) { b.set("class/hwmon/hwmon1/device/power/runtime_status", "suspended") },
			during:  func(b box) { b.rise("class/powercap/intel-rapl:1/energy_uj", 800e6, 0) },
			basis:   Package, joules: 800,
		},
		"a card without a figure is missing": {
			machine: "server-epyc",
			change:  func(b box) { b.set("class/hwmon/hwmon1/power1_average", "N/A") },
			during:  func(b box) { b.rise("class/powercap/intel-rapl:1/energy_uj", 800e6, 0) },
			basis:   Package, joules: 800, missing: []string{"gpu 0000:c1:00.0"}, notes: []string{"what gpu 0000:c1:00.0 takes"},
		},
		"nobody asks NVIDIA's library": {
			machine: "desktop-nvidia",
			during:  func(b box) { b.rise("class/powercap/intel-rapl:0/energy_uj", 800e6, 0) },
			basis:   Package, joules: 800, missing: []string{"gpu 0000:01:00.0"}, notes: []string{"what gpu 0000:01:00.0 takes"},
		},
		"psys is not wired": {
			machine: "mini-pc",
			during:  func(b box) { b.rise("class/powercap/intel-rapl:0/energy_uj", 120e6, 0) },
			basis:   Package, joules: 120, why: "board: RAPL psys: it did not move",
		},
		"a counter turns to garbage": {
			machine: "desktop-arc-xe",
			during:  func(b box) { b.set("class/hwmon/hwmon2/energy1_input", "-7") },
			basis:   Unmeasured, why: "package: hwmon xe: its last answer came 6 s before the end: it holds no number",
		},
		"a counter is reset": {
			machine: "desktop-arc-i915",
			during:  func(b box) { b.set("class/hwmon/hwmon3/energy1_input", "12") },
			basis:   Unmeasured, why: "or began anew",
		},
		"a card jumps by a megajoule": {
			machine: "desktop-arc-i915",
			during:  func(b box) { b.rise("class/hwmon/hwmon3/energy1_input", 1e12, 0) },
			basis:   Unmeasured, why: "or began anew",
		},
		"a rail flows back": {
			machine: "jetson-orin-nano",
			change:  func(b box) { b.set("class/hwmon/hwmon1/curr1_input", "-16") },
			basis:   Unmeasured, why: "it did not move",
		},
		"a meter of a battery is none of the machine": {
			machine: "server-xeon",
			change:  func(b box) { b.set("class/hwmon/hwmon0/power1_is_battery", "1") },
			during: func(b box) {
				for _, zone := range []string{"0", "0:0", "1", "1:0"} {
					b.rise("class/powercap/intel-rapl:"+zone+"/energy_uj", 100e6, 0)
				}
			},
			basis: Package, joules: 400,
		},
		"no battery gives, and nothing else is told of": {
			machine: "laptop-two-batteries",
			change: func(b box) {
				b.set("class/power_supply/BAT1/status", "Full")
			},
			during: func(b box) { b.rise("class/powercap/intel-rapl:1/energy_uj", 99e6, 0) },
			basis:  Board, joules: 99,
		},
		"a battery without figures": {
			machine: "laptop-two-batteries",
			change:  func(b box) { b.set("class/power_supply/BAT1/power_now", "unknown") },
			during:  func(b box) { b.rise("class/powercap/intel-rapl:1/energy_uj", 99e6, 0) },
			basis:   Board, joules: 99,
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			b := unpack(t, c.machine)
			if c.change != nil {
				c.change(b)
			}
			m, notes := Find(t.Context(), device.Roots{Sys: b.sys, Dev: t.TempDir()}, Config{})
			defer closeMeter(t, m)
			rec := m.Start()
			wait(4900 * time.Millisecond)
			if c.during != nil {
				c.during(b)
			}
			wait(5100 * time.Millisecond)
			r := rec.Stop()
			if r.Basis != c.basis || c.joules > 0 && !near(r.Joules, c.joules) || !strings.Contains(r.Note, c.why) || !slices.Equal(r.Missing, c.missing) {
				t.Errorf("%s: %+v; want %v J, %s because %q without %v", name, r, c.joules, c.basis, c.why, c.missing)
			}
			if strings.Contains(r.Note, b.sys) {
				t.Errorf("%s: the note names a path: %s", name, r.Note)
			}
			checkNotes(t, name, notes, c.notes)
		})
	}
}

// Attributes that hold anything at all give no crash, and no figure that a machine can't
// have.
func FuzzAttributes(f *testing.F) {
	f.Add("amdgpu", "package-0", "42", "Discharging", "VDD_IN")
	f.Add("xe", "psys", "-1", "Charging", "VDD_CPU")
	f.Add("ina3221", "dram", "18446744073709551615", "", "VDD_GPU")
	f.Add("power_meter", "package-0-die-1", "1e9", "Battery", "NC")
	f.Add("i915", "package-", "\x00\xff", "System", "card")
	f.Fuzz(func(t *testing.T, chip, zone, number, status, label string) {
		files := map[string]string{
			"class/powercap/intel-rapl:0/name": zone, "class/powercap/intel-rapl:0/energy_uj": number, "class/powercap/intel-rapl:0/max_energy_range_uj": number,
			"bus/pci/devices/0000:01:00.0/class": "0x030000", "bus/pci/devices/0000:01:00.0/vendor": label, "bus/pci/devices/0000:01:00.0/uevent": status,
			"class/power_supply/BAT0/type": "Battery", "class/power_supply/BAT0/status": status, "class/power_supply/BAT0/power_now": number,
			"class/power_supply/BAT0/voltage_now": number, "class/power_supply/BAT0/current_now": number, "class/power_supply/AC/online": label,
			"class/hwmon/hwmon0/name": chip, "class/hwmon/hwmon0/device/uevent": status, "class/hwmon/hwmon0/device/gpu_metrics": number,
		}
		for _, name := range []string{"power1_average", "power1_input", "energy1_input", "energy2_input", "in1_input", "curr1_input", "in2_input", "curr2_input"} {
			files["class/hwmon/hwmon0/"+name] = number
		}
		for _, name := range []string{"in1_label", "in2_label", "energy1_label", "energy2_label"} {
			files["class/hwmon/hwmon0/"+name] = label
		}
		m, _ := find(t.Context(), tree(files), fstest.MapFS{}, Config{Every: time.Second})
		for _, s := range m.sensors {
			for range 2 {
				got, err := s.read(t.Context())
				if err != nil {
					continue
				}
				if s.curve.add(got); got.watts < 0 || got.watts > maxDeclaredWatts || got.joules < 0 {
					t.Fatalf("%s: %+v", s.name, got)
				}
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	})
}
