package hwprobe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
)

// TestMain lets this binary be a measuring process: a real one, or one that misbehaves.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case "measure":
		if err := Serve(context.Background(), os.Stdin, os.Stdout, func() { os.Exit(1) }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "crash":
		fmt.Fprintln(os.Stdout, `{"stage":"int8","done":0.5}`)
		fmt.Fprintln(os.Stderr, "libvendor.so:\tassertion\x1b[31m failed")
		os.Exit(134)
	case "babble":
		fmt.Fprintln(os.Stdout, "vendor library 1.2 (c) somebody")
		fmt.Fprintln(os.Stdout, `{"stage":"a stage of its own","done":7}`)
		fmt.Fprintln(os.Stdout, `{"error":"no graph runs on cuda: install a driver"}`)
	case "hang":
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "flood":
		for {
			if _, err := os.Stdout.Write(make([]byte, 1<<20)); err != nil {
				os.Exit(1)
			}
		}
	default:
		os.Exit(m.Run())
	}
}

func child(t *testing.T, deed string) Child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Child{Command: []string{self, deed}}
}

// desktop is the tree of a machine whose package counter the test moves.
func desktop(t *testing.T) Roots {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"proc/cpuinfo":                                        "processor\t: 0\nmodel name\t: AMD Ryzen 9 7950X 16-Core Processor\nflags\t\t: fma avx2 avx512f avx512_vnni\nsiblings\t: 1\ncore id\t: 0\ncpu cores\t: 1\n\n",
		"proc/meminfo":                                        "MemTotal:       65536000 kB\nMemFree:        1 kB\nMemAvailable:   60000000 kB\n",
		"sys/devices/system/cpu/online":                       "0\n",
		"sys/class/powercap/intel-rapl:0/name":                "package-0\n",
		"sys/class/powercap/intel-rapl:0/energy_uj":           "1000000\n",
		"sys/class/powercap/intel-rapl:0/max_energy_range_uj": "262143328850\n",
		"sys/class/hwmon/hwmon0/name":                         "k10temp\n",
		"sys/class/hwmon/hwmon0/temp1_input":                  "61000\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")}
}

func TestProbe(t *testing.T) {
	r := desktop(t)
	stages := map[Stage]float64{}
	joules := 1
	report, err := Probe(t.Context(), Options{Duration: 3 * time.Second, Threads: 1, Roots: r, Progress: func(stage Stage, done float64) {
		stages[stage] = done
		joules += 40 // the counter moves while we compute
		counter := filepath.Join(r.Sys, "class/powercap/intel-rapl:0/energy_uj")
		if err := os.WriteFile(counter, []byte(strconv.Itoa(joules*1e6)+"\n"), 0o600); err != nil {
			t.Error(err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	p := report.Profile
	if want := map[Stage]float64{StageDevices: 1, StageIdle: 1, StageInt8: 1}; !maps.Equal(stages, want) {
		t.Errorf("progress %v; want %v", stages, want)
	}
	if p.TOPS.Median <= 0 || p.TOPS.Best < p.TOPS.Median || p.TOPS.Windows != 3 || p.TOPS.Seconds < 3 || p.TOPS.Threads != 1 || p.TOPS.Provider != ort.CPU || p.TOPS.Runtime == "" {
		t.Errorf("%+v", p.TOPS)
	}
	if p.Devices.Memory.TotalBytes != 65536000<<10 || !strings.Contains(p.Devices.CPU.Model, "Ryzen") {
		t.Errorf("%+v: not the tree's", p.Devices)
	}
	if p.Watts.Basis != power.Package || p.Watts.Value <= 0 || len(p.Watts.Sources) == 0 {
		t.Errorf("%+v; want the package's watts", p.Watts)
	}
	if p.Around.MaxCelsius == nil || *p.Around.MaxCelsius != 61 {
		t.Errorf("%+v; want 61 °C", p.Around)
	}
	if p.Version != ProfileVersion || p.Mode != Brief || p.Certified || p.Identity.Trust != TrustSoftware || time.Since(p.At) > time.Hour || len(p.Reasons) == 0 || len(p.Lacking) != 1 {
		t.Errorf("%+v", p)
	}
	if n := len(report.Trace.Points); n < 3 || report.Trace.Points[n-1].Watts == nil || report.Trace.Points[0].TOPS <= 0 {
		t.Errorf("%+v", report.Trace)
	}
}

func TestProbeEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Probe(ctx, Options{Duration: time.Hour, Threads: 1, Progress: func(stage Stage, done float64) {
		if stage == StageInt8 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	for name, o := range map[string]Options{
		"library":  {Library: filepath.Join(t.TempDir(), "absent.so")},
		"provider": {Provider: "abacus"},
	} {
		if _, err := Probe(t.Context(), o); err == nil {
			t.Errorf("wrong %s: accepted", name)
		}
	}
}

func TestChild(t *testing.T) {
	stages := map[Stage]float64{}
	report, err := child(t, "measure").Probe(t.Context(), Options{Duration: 200 * time.Millisecond, Threads: 1, Roots: desktop(t),
		Progress: func(stage Stage, done float64) { stages[stage] = done }})
	if err != nil {
		t.Fatal(err)
	}
	if report.Profile.TOPS.Median <= 0 || report.Profile.Devices.Memory.TotalBytes != 65536000<<10 || len(report.Trace.Points) == 0 || stages[StageInt8] != 1 {
		t.Errorf("%+v, progress %v", report, stages)
	}
	if _, err := child(t, "measure").Probe(t.Context(), Options{Provider: "abacus", Roots: desktop(t)}); err == nil || !strings.Contains(err.Error(), "abacus") {
		t.Errorf("the child's own words: %v", err)
	}
}

// A library that takes the child down, hangs it or writes nonsense costs the measurement
// and nothing else.
func TestChildMisbehaves(t *testing.T) {
	for deed, want := range map[string]string{
		"crash":  "libvendor.so: assertion [31m failed; a vendor's library",
		"babble": "no graph runs on cuda: install a driver",
		"flood":  "measuring process died",
	} {
		heard := 0
		_, err := child(t, deed).Probe(t.Context(), Options{Progress: func(stage Stage, done float64) {
			if stage != StageInt8 || done != 0.5 {
				t.Errorf("%s: progress %q %v", deed, stage, done)
			}
			heard++
		}})
		if err == nil || !strings.Contains(err.Error(), want) || heard > 1 {
			t.Errorf("%s: %v; want %q", deed, err, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := child(t, "hang").Probe(ctx, Options{}); err == nil {
		t.Error("a child that hangs gave a profile")
	}
	if _, err := (Child{}).Probe(t.Context(), Options{}); err == nil {
		t.Error("no command")
	}
	if _, err := (Child{Command: []string{filepath.Join(t.TempDir(), "absent")}}).Probe(t.Context(), Options{}); err == nil {
		t.Error("no program")
	}
}

// A child whose parent is gone ends: here the parent only closes its end.
func TestServeEndsWithItsParent(t *testing.T) {
	in, parent := io.Pipe()
	gone := make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- Serve(t.Context(), in, io.Discard, func() { close(gone) })
	}()
	if _, err := parent.Write([]byte(`{"duration_ns":3600000000000,"threads":1}` + "\n")); err != nil {
		t.Fatal(err)
	}
	if err := parent.Close(); err != nil {
		t.Fatal(err)
	}
	<-gone
	if err := <-done; err != nil {
		t.Errorf("it said: %v", err)
	}
	for name, request := range map[string]string{"nothing": "", "no line": "{}", "no JSON": "measure!\n", "too long": strings.Repeat(" ", maxRequest+1) + "\n"} {
		if err := Serve(t.Context(), strings.NewReader(request), io.Discard, func() {}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// A quick probe that began late has shorter windows, and never none.
func TestPlanWithin(t *testing.T) {
	for name, c := range map[string]struct {
		mode         Mode
		budget, left time.Duration
		want         time.Duration
	}{
		"in time":    {Quick, 76 * time.Second, 75 * time.Second, 10 * time.Second},
		"late":       {Quick, 76 * time.Second, 52 * time.Second, 8 * time.Second},
		"too late":   {Quick, 76 * time.Second, -time.Hour, 5 * time.Second},
		"no budget":  {Quick, 0, -time.Hour, 10 * time.Second},
		"certifying": {Full, 76 * time.Second, 0, 10 * time.Second},
		"a moment's": {Brief, 76 * time.Second, 0, time.Second},
	} {
		o := Options{Mode: c.mode, Budget: c.budget, Duration: 3 * time.Second}
		if got := o.planWithin(c.left); got.Window != c.want || got.Windows != o.plan().Windows {
			t.Errorf("%s: %+v; want windows of %v", name, got, c.want)
		}
	}
}

// fp32 and fp16 wait for nothing once the budget is spent.
func TestFloatsWithinTheBudget(t *testing.T) {
	path, err := ort.Locate("")
	if err != nil {
		t.Fatal(err)
	}
	runtime, err := ort.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = runtime.Close() }()
	o := Options{Mode: Quick, Budget: time.Second, Threads: 1}.complete()
	var p Profile
	if err := o.measureFloats(t.Context(), runtime, time.Now().Add(-time.Minute), &p); err != nil || p.FP32 != nil || p.FP16 != nil || len(p.Lacking) != 2 || !strings.Contains(p.Lacking[0], "no time left") {
		t.Errorf("%v, %+v", err, p)
	}
}
