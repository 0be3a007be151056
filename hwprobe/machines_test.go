package hwprobe

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/inference/ort"
)

// given is what files can't hold of a machine: how fast it computes, and how much its
// counters rise meanwhile. Both are fakes, chosen by hand; no such machine was measured.
type given struct {
	provider string
	tops     float64 // the whole run through: between nothing and the maker's peak
	draws    []draw
	cards    []draw // of NVIDIA's library, by address; others take what nvml.json says
}

// draw is what one sensor shows in watts, before the work and during it.
type draw struct {
	name       string // a file below /sys, or the address of a card
	idle, work float64
}

const (
	package0 = "class/powercap/intel-rapl:0/energy_uj"
	package1 = "class/powercap/intel-rapl:1/energy_uj" // or psys
	core0    = "class/powercap/intel-rapl:0:0/energy_uj"
	mmio0    = "class/powercap/intel-rapl-mmio:0/energy_uj"
)

// givens has every machine of device/testdata.
func givens() map[string]given {
	return map[string]given{
		"apu-amd":        {"migraphx", 15.5, []draw{{package0, 9, 41}, {core0, 2, 9}, {"class/hwmon/hwmon1/power1_average", 8, 40}}, nil},
		"cloud-l4":       {ort.CPU, 1.9, nil, nil},
		"desktop-nvidia": {"tensorrt", 560, []draw{{package0, 21, 62}, {core0, 9, 44}, {mmio0, 21, 62}, {package1, 48, 97}}, []draw{{"0000:01:00.0", 18.87, 402}}},
		"dgpu-amd":       {"migraphx", 105, []draw{{package0, 34, 71}, {core0, 4, 22}, {"class/hwmon/hwmon1/power1_average", 18, 331}, {"class/hwmon/hwmon2/power1_input", 31, 66}}, nil},
		"dgx-a100":       {"tensorrt", 540, []draw{{package0, 83, 121}, {package1, 79, 118}, {core0, 30, 51}}, []draw{{"0000:00:00.0", 61, 388}}},
		"intel-arc": {"openvino", 195, []draw{{package0, 14, 39}, {core0, 5, 19}, {package1, 41, 77},
			{"class/hwmon/hwmon2/energy1_input", 9, 168}, {"class/hwmon/hwmon2/energy2_input", 6, 131}}, nil},
		"jetson-orin": {"tensorrt", 17, []draw{{"class/hwmon/hwmon1/curr1_input", 5.1, 14.2}, {"class/hwmon/hwmon1/curr2_input", 1.1, 8.3}}, nil},
		"laptop-battery": {"openvino", 5.2, []draw{{"class/power_supply/BAT0/power_now", 7.9, 38.5}, {package0, 3.1, 27}, {core0, 1, 9},
			{mmio0, 3.1, 27}, {package1, 6, 33}}, nil},
		"raspberry-pi-5": {ort.CPU, 0.21, nil, nil},
		"rockchip-npu":   {ort.CPU, 0.34, nil, nil},
		"vm-bare":        {ort.CPU, 0.28, nil, nil},
		"wsl":            {"tensorrt", 198, nil, nil},
	}
}

// machine is a copy of a tree whose counters move.
type machine struct {
	t     *testing.T
	roots Roots
	given given
	nvml  []byte // the report; nil where there is no library
	since time.Time
	works time.Duration // when the work begins, since then
}

func unpack(t *testing.T, name string) *machine {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("device", "testdata", name))); err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, roots: Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")},
		since: time.Now(), works: time.Hour}
	var known bool
	if m.given, known = givens()[name]; !known {
		t.Fatalf("no rate is given for %s", name)
	}
	report, err := os.ReadFile(filepath.Join(dir, "nvml.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	m.nvml = report
	return m
}

// devices is what the tree holds, without what belongs to the machine that runs the test.
func (m *machine) devices() device.Inventory {
	var options device.Options
	if m.nvml != nil {
		options.NVML = func(context.Context) ([]byte, error) { return m.nvml, nil }
	}
	inventory := device.Read(m.t.Context(), m.roots, options)
	inventory.CPU.Arch = "any"
	for i := range inventory.Disks {
		inventory.Disks[i].FreeBytes = 0
	}
	return inventory
}

// number is what a file below /sys holds.
func (m *machine) number(name string) uint64 {
	m.t.Helper()
	text, err := os.ReadFile(filepath.Join(m.roots.Sys, name))
	if err != nil {
		m.t.Fatal(err)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		m.t.Fatal(err)
	}
	return n
}

// show lets every sensor tell what is drawn: counters of µJ rise by some seconds of it,
// and begin anew at their end; others tell µW, or mA at their rail's mV.
func (m *machine) show(seconds float64) {
	m.t.Helper()
	const micro = 1e6
	for _, d := range m.given.draws {
		watts, value := d.idle, uint64(0)
		if time.Since(m.since) >= m.works {
			watts = d.work
		}
		dir, file := filepath.Split(d.name)
		switch {
		case strings.HasPrefix(file, "energy"):
			value = m.number(d.name) + uint64(watts*seconds*micro)
			if file == "energy_uj" {
				value %= m.number(dir + "max_energy_range_uj")
			}
		case strings.HasPrefix(file, "curr"):
			rail := strings.TrimSuffix(strings.TrimPrefix(file, "curr"), "_input")
			value = uint64(watts*micro) / m.number(dir+"in"+rail+"_input")
		default:
			value = uint64(watts * micro)
		}
		if err := os.WriteFile(filepath.Join(m.roots.Sys, d.name), []byte(strconv.FormatUint(value, 10)+"\n"), 0o600); err != nil {
			m.t.Fatal(err)
		}
	}
}

// report is what NVIDIA's library says now.
func (m *machine) report() (device.NVMLReport, error) {
	r, err := device.ParseNVML(m.nvml)
	for n := range r.Devices {
		d := &r.Devices[n]
		if d.PowerMilliW == 0 { // Windows tells no power
			continue
		}
		i := slices.IndexFunc(m.given.cards, func(c draw) bool { return c.name == d.Address })
		c := draw{idle: float64(d.PowerMilliW) / 1000, work: float64(d.PowerMilliW) / 1000}
		if i >= 0 {
			c = m.given.cards[i]
		}
		now := time.Since(m.since)
		rested, worked := min(now, m.works), max(0, now-m.works)
		watts := c.idle
		if worked > 0 {
			watts = c.work
			if i >= 0 { // the mock of the DGX says that a card is idle and too hot at once
				d.Throttle = slices.DeleteFunc(d.Throttle, func(reason string) bool { return reason == device.NVMLIdle })
			}
		}
		d.PowerMilliW = uint64(watts * 1000)
		d.EnergyMilliJ += uint64((c.idle*rested.Seconds() + c.work*worked.Seconds()) * 1000)
	}
	return r, err
}

// reports are what the child that asks the library sends, until ctx ends.
func (m *machine) reports(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error) {
	to := make(chan device.NVMLReport)
	go func() {
		defer close(to)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			r, err := m.report()
			if err != nil {
				m.t.Error(err)
				return
			}
			select {
			case to <- r:
			case <-ctx.Done():
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	return to, nil
}

func pass(d time.Duration) { <-time.After(d) }

// measure is Probe with the given rate in the place of the runtime's, in the clock of a
// bubble: rest, warm-up, and the seconds of a quick run, in which the sensors move half
// a second before they are looked at.
func (m *machine) measure() (Profile, Trace) {
	m.t.Helper()
	o := Options{Mode: Quick, Provider: m.given.provider, Roots: m.roots}.complete()
	p := Profile{Version: ProfileVersion, Mode: o.Mode, Identity: Identity{Trust: TrustSoftware}, Devices: m.devices(), At: example().At}
	tap, conf := &nvmlTap{ask: m.reports}, power.Config{}
	if m.nvml != nil {
		conf.NVML = tap.reports
	}
	m.show(0)
	meter, notes := power.Find(m.t.Context(), m.roots, conf)
	defer func() { _ = meter.Close() }()
	resting := meter.Start()
	for range int(idleSpan / time.Second) {
		pass(time.Second / 2)
		m.show(1)
		pass(time.Second / 2)
	}
	idle := resting.Stop()
	pass(time.Second / 4)
	m.works = time.Since(m.since)
	m.show(0)
	pass(time.Second) // warm-up

	watch, working := rate.NewWatch(m.roots.Sys, m.roots.Proc), meter.Start()
	var series []rate.Second
	const tera = 1e12
	for end := time.Second; end <= o.plan().Length(); end += time.Second {
		pass(time.Second / 2)
		m.show(1)
		pass(time.Second / 2)
		series = append(series, rate.Second{End: end, Span: time.Second, Operations: m.given.tops * tera, Conditions: o.conditions(watch, tap)})
	}
	part := power.GPU
	if o.Provider == ort.CPU {
		part = power.CPU
	}
	reading := working.Stop()
	p.Watts = wattsOf(reading.Over(idle).Of(part))
	p.Watts.advise(notes)
	p.TOPS, p.Around = rate.Summarise(series, o.plan().Window), rate.Surrounding(series)
	p.TOPS.Threads, p.TOPS.Provider, p.TOPS.Runtime, p.TOPS.Basis = p.Devices.CPU.Threads, o.Provider, "none", "a figure made up for this test"
	p.Flags = append([]rate.Flag{}, rate.Flags(p.TOPS, p.Around)...)
	p.Judge()
	p.Fit()
	return p, traceOf(series, reading.Trace)
}

// Each machine's golden profile, from its tree: devices, power, tier, reasons; and the
// same in words, with the efficiency. Only the rate and the watts are fakes (givens).
func TestMachines(t *testing.T) {
	trees, err := filepath.Glob(filepath.Join("device", "testdata", "*", "inventory.json"))
	if err != nil || len(trees) != len(givens()) {
		t.Fatalf("%d machines, %v; rates are given for %d", len(trees), err, len(givens()))
	}
	all := map[string]Profile{}
	for _, tree := range trees {
		name := filepath.Base(filepath.Dir(tree))
		t.Run(name, func(t *testing.T) {
			var p Profile
			var trace Trace
			synctest.Test(t, func(t *testing.T) { p, trace = unpack(t, name).measure() })
			all[name] = p
			indented, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("machines", name+".json"), append(indented, '\n'))
			golden(t, filepath.Join("machines", name+".txt"), []byte(strings.Join(Explain(p), "\n")+"\n"))
			wellFormed(t, Picture(trace, p))
			checkWatts(t, name, p.Watts)
			checkDocument(t, p)
		})
	}
	for name, p := range all {
		for other, there := range all {
			if other != name && len(Changes(p.Devices, there.Devices)) == 0 {
				t.Errorf("%s passes for %s", name, other)
			}
		}
	}
}

// checkDocument sends a profile and reads it back, and looks for the remedies of what is
// there and can't be used.
func checkDocument(t *testing.T, p Profile) {
	t.Helper()
	document, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadProfile(document)
	if err != nil || back.Digest() != p.Digest() {
		t.Errorf("%v; %d bytes", err, len(document))
	}
	if changes := Changes(p.Devices, back.Devices); len(changes) > 0 {
		t.Errorf("it differs from itself: %q", changes)
	}
	text := strings.Join(Explain(p), "\n")
	for _, a := range p.Devices.Accelerators {
		if a.State != device.Present && a.Fix != "" && !strings.Contains(text, strings.TrimSuffix(a.Fix, ".")) {
			t.Errorf("nothing says how to mend %s: %s", a.Address, a.Fix)
		}
	}
}

// others are the seven A100 that rest, at 61.001 to 61.007 W.
const others = 7*61 + 0.028

// checkWatts compares a profile's power with the sum of what its sensors were given to
// show, each part once. Machines that are not named have no sensor.
func checkWatts(t *testing.T, name string, w Watts) {
	t.Helper()
	type reading struct {
		basis      power.Basis
		idle, work float64
	}
	want, known := map[string]reading{
		"apu-amd":        {power.Package, 9, 41}, // the counter begins anew meanwhile; the GPU is within it
		"desktop-nvidia": {power.Package, 21 + 18.87, 62 + 402},
		"dgpu-amd":       {power.Package, 34 + 18, 71 + 331},
		"dgx-a100":       {power.Package, 83 + 79 + 61 + others, 121 + 118 + 388 + others},
		"intel-arc":      {power.Package, 14 + 9, 39 + 168},
		"jetson-orin":    {power.Board, 5.1, 14.2},
		"laptop-battery": {power.Board, 7.9, 38.5},
	}[name]
	if !known {
		want.basis = power.Unmeasured
	}
	near := func(got, want float64) bool { return got >= 0.999*want && got <= 1.001*want } // a rail tells whole mA
	if w.Basis != want.basis || !near(w.Value, want.work) || !near(w.Idle, want.idle) {
		t.Errorf("%v W, %v W idle, %s (%s); want %v, %v, %s", w.Value, w.Idle, w.Basis, w.Note, want.work, want.idle, want.basis)
	}
}
