package power

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// reports sends these reports, one every second, and ends as a child that died.
func reports(list ...device.NVMLReport) func(context.Context, time.Duration) (<-chan device.NVMLReport, error) {
	return func(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error) {
		out := make(chan device.NVMLReport)
		go func() {
			defer close(out)
			for _, r := range list {
				select {
				case out <- r:
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
		return out, nil
	}
}

func gpu(address string, milliwatts, millijoules uint64) device.NVMLDevice {
	return device.NVMLDevice{Address: address, PowerMilliW: milliwatts, EnergyMilliJ: millijoules}
}

func report(devices ...device.NVMLDevice) device.NVMLReport {
	return device.NVMLReport{Version: device.NVMLVersion, Devices: devices}
}

const first, second = "0000:01:00.0", "0000:41:00.0"

func TestNVMLReports(t *testing.T) {
	for name, c := range map[string]struct {
		reports []device.NVMLReport // one a second
		cards   int
		joules  float64 // of all after the first
		why     string  // of the last one
	}{
		"energy is counted":        {[]device.NVMLReport{report(gpu(first, 1, 5000)), report(gpu(first, 1, 85_000)), report(gpu(first, 1, 165_000))}, 1, 160, ""},
		"of two cards":             {[]device.NVMLReport{report(gpu(first, 1, 5000), gpu(second, 1, 9)), report(gpu(second, 1, 30_009), gpu(first, 1, 85_000))}, 2, 110, ""},
		"power, where one can't":   {[]device.NVMLReport{report(gpu(first, 80_000, 0), gpu(second, 20_000, 9)), report(gpu(first, 80_000, 0), gpu(second, 40_000, 9))}, 2, 110, ""},
		"a card in error is none":  {[]device.NVMLReport{report(gpu(first, 80_000, 0), device.NVMLDevice{Address: second, Error: "GPU is lost"}), report(gpu(first, 80_000, 0))}, 1, 80, ""},
		"one that fell off":        {[]device.NVMLReport{report(gpu(first, 1, 5000), gpu(second, 1, 9)), report(gpu(first, 1, 85_000))}, 2, 0, "GPU 0000:41:00.0 does not answer any more"},
		"one that went silent":     {[]device.NVMLReport{report(gpu(first, 80_000, 0)), report(gpu(first, 0, 0))}, 1, 0, "does not tell what it takes"},
		"a library that gives up":  {[]device.NVMLReport{report(gpu(first, 1, 5000)), {Version: 1, Error: "Driver Not Loaded"}}, 1, 0, "Driver Not Loaded"},
		"no GPU takes a megawatt":  {[]device.NVMLReport{report(gpu(first, 80_000, 0)), report(gpu(first, 1e9, 0))}, 1, 0, "does not tell what it takes"},
		"a GPU without an address": {[]device.NVMLReport{report(gpu("", 80_000, 5))}, 0, 0, ""},
		"twice the same":           {[]device.NVMLReport{report(gpu(first, 80_000, 0), gpu(first, 80_000, 0)), report(gpu(first, 80_000, 0))}, 1, 80, ""},
	} {
		g := gpusOf(c.reports[0])
		if len(g.addresses) != c.cards {
			t.Errorf("%s: cards %v; want %d", name, g.addresses, c.cards)
			continue
		}
		if c.cards == 0 {
			continue
		}
		var cv curve
		var err error
		for i, r := range c.reports {
			var got sample
			if got, err = g.take(r, at(float64(i))); err == nil {
				cv.add(got)
			}
		}
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v; want %q", name, err, c.why)
		}
		if err == nil {
			if joules, _, err := cv.energies([]time.Time{at(0), at(float64(len(c.reports) - 1))}); err != nil || !near(joules[0], c.joules) {
				t.Errorf("%s: %v J, %v; want %v", name, joules, err, c.joules)
			}
		}
	}
}

// A counter that the driver set anew gives no figure across that moment.
func TestNVMLCounterReset(t *testing.T) {
	g := gpusOf(report(gpu(first, 1, 5000)))
	for i, energy := range []uint64{5000, 12} {
		got, err := g.take(report(gpu(first, 1, energy)), at(float64(i)))
		if err != nil || !got.restart {
			t.Errorf("%+v, %v; want a new beginning", got, err)
		}
	}
}

// nvidiaBox is a container's view: no bus, but the driver's device.
func nvidiaBox() fstest.MapFS { return fstest.MapFS{"nvidiactl": &fstest.MapFile{}} }

func TestFindNVML(t *testing.T) {
	for name, c := range map[string]struct {
		dev   fstest.MapFS
		nvml  func(context.Context, time.Duration) (<-chan device.NVMLReport, error)
		basis Basis
		why   string // a note; "" where there is none of NVIDIA
	}{
		"in a container":      {nvidiaBox(), oneCard, Package, ""},
		"no device, no child": {fstest.MapFS{}, func(context.Context, time.Duration) (<-chan device.NVMLReport, error) { panic("asked") }, Unmeasured, ""},
		"no child": {nvidiaBox(), func(context.Context, time.Duration) (<-chan device.NVMLReport, error) {
			return nil, errors.New("no such program")
		}, Unmeasured, "no such program"},
		"a child that dies": {nvidiaBox(), reports(), Unmeasured, "ended without an answer"},
		"a child that hangs": {nvidiaBox(), func(ctx context.Context, _ time.Duration) (<-chan device.NVMLReport, error) {
			out := make(chan device.NVMLReport)
			go func() { <-ctx.Done(); close(out) }()
			return out, nil
		}, Unmeasured, "no answer within 10 s"},
		"no driver":         {nvidiaBox(), reports(device.NVMLReport{Version: 1, Error: "Library Not Found"}), Unmeasured, "Library Not Found"},
		"a card without it": {nvidiaBox(), reports(report(gpu(first, 0, 0))), Unmeasured, "tells no power"},
		"no card":           {nvidiaBox(), reports(report()), Unmeasured, "tells no power"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m, notes := find(t.Context(), tree(nil), c.dev, Config{Every: time.Second, NVML: c.nvml})
			defer closeMeter(t, m)
			if m.Basis() != c.basis || len(notes) != 1 || !strings.Contains(notes[0].Text, c.why) || notes[0].Fix == "" {
				t.Errorf("%s: %s with %+v", name, m.Basis(), notes)
			}
		})
	}
}

// A child that dies leaves the time without a figure; it is started again.
func TestNVMLChildDies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var list []device.NVMLReport
		for n := range uint64(20) {
			list = append(list, report(gpu(first, 1, 1000+80_000*n)))
		}
		m, _ := find(t.Context(), tree(nil), nvidiaBox(), Config{Every: time.Second, NVML: reports(list...)})
		defer closeMeter(t, m)
		rec := m.Start()
		wait(10 * time.Second)
		if r := rec.Stop(); r.Basis != Package || !near(r.Joules, 800) {
			t.Errorf("while it lives: %+v", r)
		}
		rec = m.Start()
		wait(30 * time.Second) // it dies after ten of these
		if r := rec.Stop(); r.Basis != Unmeasured || !strings.Contains(r.Note, "the child that asks NVIDIA's library ended") {
			t.Errorf("after it died: %+v", r)
		}
		wait(11 * time.Second)
		rec = m.Start()
		wait(5 * time.Second)
		if r := rec.Stop(); r.Basis != Package || !near(r.Joules, 400) {
			t.Errorf("when it was started again: %+v", r)
		}
	})
}

func FuzzNVMLReports(f *testing.F) {
	for _, r := range []device.NVMLReport{report(gpu(first, 80_000, 5000)), report(gpu(first, 80_000, 0), gpu(second, 1, 1)), {Version: 1, Error: "Unknown Error"}} {
		text, err := json.Marshal(r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		one, err := device.ParseNVML(a)
		if err != nil {
			return
		}
		two, err := device.ParseNVML(b)
		if err != nil {
			return
		}
		g := gpusOf(one)
		for i, r := range []device.NVMLReport{one, two, one} {
			if len(g.addresses) == 0 {
				return
			}
			got, err := g.take(r, at(float64(i)))
			most := float64(len(g.addresses)) * maxZoneWatts
			if err == nil && (got.joules < 0 || got.joules > most*1.1 || !got.counts && got.watts > most) {
				t.Fatalf("%+v of %d cards", got, len(g.addresses))
			}
		}
	})
}
