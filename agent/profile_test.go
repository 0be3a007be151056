package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/scheduler/worker"
)

// someMachine is the tree of a machine that the test can change.
func someMachine(t *testing.T) hwprobe.Roots {
	t.Helper()
	dir := t.TempDir()
	r := hwprobe.Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")}
	putFile(t, filepath.Join(r.Proc, "cpuinfo"), "processor\t: 0\nmodel name\t: Some Processor\nflags\t\t: avx2\n\n")
	setMemory(t, r, "65536000")
	return r
}

func setMemory(t *testing.T, r hwprobe.Roots, kib string) {
	t.Helper()
	putFile(t, filepath.Join(r.Proc, "meminfo"), "MemTotal:       "+kib+" kB\nMemFree:        1000 kB\nMemAvailable:   2000 kB\n")
}

func putFile(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// brief measures for a moment; the logger's text is what a person would read.
func brief(t *testing.T, home string, r hwprobe.Roots) (ProbeConfig, *bytes.Buffer) {
	t.Helper()
	log := &bytes.Buffer{}
	return ProbeConfig{Home: home, Threads: 1, Duration: 50 * time.Millisecond, Roots: r, Log: slog.New(slog.NewTextHandler(log, nil))}, log
}

// A machine is measured once, and again when a part of it changes.
func TestMachineProfile(t *testing.T) {
	r, home := someMachine(t), t.TempDir()
	conf, log := brief(t, home, r)
	first, err := MachineProfile(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	if first.Profile.TOPS.Median <= 0 || first.Profile.Devices.CPU.Model != "Some Processor" || first.Library == "" || !strings.Contains(log.String(), "not measured before") {
		t.Errorf("%+v; log %s", first.Profile, log)
	}
	log.Reset()
	again, err := MachineProfile(t.Context(), conf)
	if err != nil || again.Profile.Digest() != first.Profile.Digest() || log.Len() > 0 {
		t.Errorf("a restart: %v, digest %s after %s, log %s", err, again.Profile.Digest(), first.Profile.Digest(), log)
	}
	setMemory(t, r, "32768000")
	changed, err := MachineProfile(t.Context(), conf)
	if err != nil || changed.Profile.Devices.Memory.TotalBytes != 32768000<<10 || !strings.Contains(log.String(), "memory: 31.2 GiB, before 62.5 GiB") {
		t.Errorf("half the memory: %v, %+v, log %s", err, changed.Profile.Devices.Memory, log)
	}
	other := conf
	other.Duration = 150 * time.Millisecond
	longer, err := MachineProfile(t.Context(), other)
	if err != nil || longer.Profile.TOPS.Seconds < 0.15 {
		t.Errorf("a longer look is wanted: %v, %+v", err, longer.Profile.TOPS)
	}
	files, err := os.ReadDir(profilesOf(home))
	if err != nil || len(files) != 2 {
		t.Errorf("%v, %v; want the profile and the lock", files, err)
	}
}

func TestMachineProfileOfADamagedFile(t *testing.T) {
	conf, log := brief(t, t.TempDir(), someMachine(t))
	conf, err := conf.complete()
	if err != nil {
		t.Fatal(err)
	}
	path, err := conf.path()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `{"Profile":{"version":1}}`, `{"Profile":{"version":99}}`} {
		putFile(t, path, text)
		log.Reset()
		p, err := MachineProfile(t.Context(), conf)
		if err != nil || p.Profile.TOPS.Median <= 0 || !strings.Contains(log.String(), "can't be used") || strings.Contains(log.String(), conf.Home) {
			t.Errorf("%q: %v, log %s", text, err, log)
		}
	}
}

func TestMeasurementsTakeTurns(t *testing.T) {
	r, home := someMachine(t), t.TempDir()
	var running sync.WaitGroup
	digests := make([]string, 3)
	for i := range digests {
		running.Go(func() {
			conf, _ := brief(t, home, r)
			p, err := MachineProfile(t.Context(), conf)
			if err != nil {
				t.Error(err)
			}
			digests[i] = p.Profile.Digest().String()
		})
	}
	running.Wait()
	if digests[0] != digests[1] || digests[1] != digests[2] {
		t.Errorf("%v; want one measurement for all that wait", digests)
	}
	unlock, err := lockProfiles(t.Context(), home, quiet(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	conf, _ := brief(t, home, r)
	if _, err := MeasureMachine(ctx, conf); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another measures: %v", err)
	}
}

func TestProbeConfigRefuses(t *testing.T) {
	for name, change := range map[string]func(*ProbeConfig){
		"a provider that is a path": func(c *ProbeConfig) { c.Provider = "../../etc/passwd" },
		"no library":                func(c *ProbeConfig) { c.Library = filepath.Join(t.TempDir(), "absent.so") },
		"another program":           func(c *ProbeConfig) { c.Self = filepath.Join(t.TempDir(), "absent") },
	} {
		conf, _ := brief(t, t.TempDir(), someMachine(t))
		change(&conf)
		if p, err := MeasureMachine(t.Context(), conf); err == nil {
			t.Errorf("%s: %+v", name, p.Profile)
		}
	}
}

func TestOutdated(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	kept := Probed{Library: "aa", Report: hwprobe.Report{Profile: hwprobe.Profile{Mode: hwprobe.Quick, At: now.Add(-24 * time.Hour), TOPS: hwprobe.TOPS{Seconds: 50}}}}
	for name, c := range map[string]struct {
		change  func(*Probed, *ProbeConfig)
		runtime string
		changes []string
		want    []string
	}{
		"the same":             {func(*Probed, *ProbeConfig) {}, "aa", nil, nil},
		"a full one does, too": {func(p *Probed, _ *ProbeConfig) { p.Profile.Mode = hwprobe.Full }, "aa", nil, nil},
		"another library":      {func(*Probed, *ProbeConfig) {}, "bb", nil, []string{"ONNX Runtime"}},
		"too brief":            {func(p *Probed, _ *ProbeConfig) { p.Profile.Mode = hwprobe.Brief }, "aa", nil, []string{"a quick one is wanted"}},
		"a month old":          {func(p *Probed, _ *ProbeConfig) { p.Profile.At = now.Add(-31 * 24 * time.Hour) }, "aa", nil, []string{"31 days old"}},
		"from the future":      {func(p *Probed, _ *ProbeConfig) { p.Profile.At = now.Add(time.Hour) }, "aa", nil, []string{"future"}},
		"no time at all":       {func(p *Probed, _ *ProbeConfig) { p.Profile.At = time.Time{} }, "aa", nil, []string{"days old"}},
		"a GPU is gone":        {func(*Probed, *ProbeConfig) {}, "aa", []string{"nvidia L4 is gone"}, []string{"nvidia L4 is gone"}},
		"noisy, a moment ago": {func(p *Probed, _ *ProbeConfig) {
			p.Profile.Flags, p.Profile.At = []rate.Flag{{Code: rate.Noisy}}, now.Add(-50*time.Minute)
		}, "aa", nil, nil},
		"noisy, an hour ago": {func(p *Probed, _ *ProbeConfig) {
			p.Profile.Flags, p.Profile.At = []rate.Flag{{Code: rate.Noisy}}, now.Add(-61*time.Minute)
		}, "aa", nil, []string{"it was noisy"}},
		"two reasons": {func(p *Probed, _ *ProbeConfig) { p.Profile.Mode = hwprobe.Brief }, "bb", nil, []string{"ONNX", "brief"}},
		"a brief one for a brief one": {func(p *Probed, w *ProbeConfig) {
			p.Profile.Mode, p.Profile.TOPS.Seconds, w.Mode, w.Duration = hwprobe.Brief, 1, hwprobe.Brief, time.Second
		}, "aa", nil, nil},
	} {
		p, want := kept, ProbeConfig{Mode: hwprobe.Quick}
		c.change(&p, &want)
		got := outdated(p, want, present{c.runtime, power.Unmeasured, c.changes, now})
		if len(got) != len(c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
			continue
		}
		for i, w := range c.want {
			if !strings.Contains(got[i], w) {
				t.Errorf("%s: %q; want %q", name, got, c.want)
			}
		}
	}
}

// A source of power that is there now and was not before is a reason to measure again.
func TestRepowered(t *testing.T) {
	plug, other := []string{"http://192.168.1.20"}, []string{"http://192.168.1.21"}
	for name, c := range map[string]struct {
		then     Powered
		measured power.Basis // in the stored profile
		now      Powered
		want     string // "" for no reason
	}{
		"nothing then and now":        {Powered{}, power.Unmeasured, Powered{}, ""},
		"a rule lets RAPL be read":    {Powered{Basis: power.Unmeasured}, power.Unmeasured, Powered{Basis: power.Package}, "package, before unmeasured"},
		"a profile of an old program": {Powered{}, power.Package, Powered{Basis: power.Package}, "package, before unmeasured"},
		"a plug is named":             {Powered{Basis: power.Package}, power.Package, Powered{PowerSources{Plugs: plug}, power.Wall}, "wall, before package"},
		"another plug":                {Powered{PowerSources{Plugs: plug}, power.Wall}, power.Wall, Powered{PowerSources{Plugs: other}, power.Wall}, "plugs are others"},
		"the same plug":               {Powered{PowerSources{Plugs: plug}, power.Wall}, power.Wall, Powered{PowerSources{Plugs: plug}, power.Wall}, ""},
		"no plug is named now":        {Powered{PowerSources{Plugs: plug}, power.Wall}, power.Wall, Powered{Basis: power.Package}, ""},
		"a battery that rests":        {Powered{Basis: power.Board}, power.Package, Powered{Basis: power.Board}, ""},
		"watts are declared":          {Powered{Basis: power.Declared, Sources: PowerSources{DeclaredWatts: 40}}, power.Declared, Powered{PowerSources{DeclaredWatts: 60}, power.Declared}, "declared watts are others"},
		"beside a sensor":             {Powered{Basis: power.Package}, power.Package, Powered{PowerSources{DeclaredWatts: 60}, power.Package}, ""},
		"a plug that did not answer":  {Powered{PowerSources{Plugs: plug}, power.Wall}, power.Package, Powered{PowerSources{Plugs: plug}, power.Wall}, "did not answer"},
	} {
		now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
		kept := Probed{Library: "aa", Power: c.then}
		kept.Profile.Mode, kept.Profile.At, kept.Profile.Watts.Basis = hwprobe.Quick, now.Add(-24*time.Hour), c.measured
		got := strings.Join(outdated(kept, ProbeConfig{Mode: hwprobe.Quick, Power: c.now.Sources}, present{"aa", c.now.Basis, nil, now}), "; ")
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}

// What an operator says of power later reaches the profile at the next start.
func TestMachineIsMeasuredAgainForItsPower(t *testing.T) {
	conf, log := brief(t, t.TempDir(), someMachine(t))
	if p, err := MachineProfile(t.Context(), conf); err != nil || p.Profile.Watts.Basis != power.Unmeasured {
		t.Fatalf("%v, %+v", err, p.Profile.Watts)
	}
	conf.Power = PowerSources{DeclaredWatts: 40}
	if p, err := MachineProfile(t.Context(), conf); err != nil || p.Profile.Watts.Basis != power.Declared || !strings.Contains(log.String(), "better basis now") {
		t.Errorf("%v, %+v, log %s", err, p.Profile.Watts, log)
	}
	log.Reset()
	if _, err := MachineProfile(t.Context(), conf); err != nil || log.Len() > 0 {
		t.Errorf("the same again: %v, log %s", err, log)
	}
	if said := storedPower(conf.Home); said.DeclaredWatts != 40 {
		t.Errorf("stored: %+v", said)
	}
}

// imitated is a measuring process that answers with p at once.
func imitated(t *testing.T, p hwprobe.Profile) string {
	t.Helper()
	answer, err := json.Marshal(map[string]any{"report": hwprobe.Report{Profile: p}})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	putFile(t, filepath.Join(dir, "answer"), string(answer)+"\n")
	program := filepath.Join(dir, "measure")
	putFile(t, program, "#!/bin/sh\nread request\nexec cat '"+filepath.Join(dir, "answer")+"'\n")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	return program
}

// certificate is a profile that certifies, of a machine that is there now.
func certificate(t *testing.T, r hwprobe.Roots) hwprobe.Profile {
	t.Helper()
	quietly := 0.0
	p := hwprobe.Profile{
		Version: hwprobe.ProfileVersion, At: time.Now().UTC().Truncate(time.Second), Mode: hwprobe.Full, Identity: hwprobe.Identity{Trust: hwprobe.TrustSoftware},
		Devices: hwprobe.Devices(t.Context(), hwprobe.Options{Roots: r}), TOPS: hwprobe.TOPS{Median: 20, Best: 21, Seconds: 600, Windows: 60, Provider: "cpu"},
		Around: rate.Surroundings{Others: &quietly}, Flags: []rate.Flag{}, Watts: hwprobe.Watts{Basis: hwprobe.Unmeasured},
	}
	p.Judge()
	return p
}

// Models that can't be timed cost a certificate nothing, and the profile that is then
// published names no file.
func TestCertificateOutlivesItsModels(t *testing.T) {
	r := someMachine(t)
	conf, _ := brief(t, t.TempDir(), r)
	conf.Mode, conf.Duration, conf.Self = hwprobe.Full, 0, imitated(t, certificate(t, r))
	conf.Runner = []string{filepath.Join(t.TempDir(), "absent")}
	for _, name := range []string{"no runner", "no catalog"} {
		if name == "no catalog" {
			putFile(t, filepath.Join(conf.Home, storeFolder), "a file and no folder")
		}
		p, err := MeasureMachine(t.Context(), conf)
		if err != nil || !p.Profile.Certified || !p.Until.IsZero() {
			t.Fatalf("%s: %v, %+v", name, err, p.Profile)
		}
		document, err := json.Marshal(p.Profile)
		if err != nil || bytes.Contains(document, []byte(conf.Home)) || bytes.Contains(document, []byte(os.TempDir())) || bytes.Contains(document, []byte("absent")) {
			t.Errorf("%s: %v, a path is in %s", name, err, document)
		}
		lacking, untimed := strings.Join(p.Profile.Lacking, "; "), len(p.Profile.Models) > 0 && p.Profile.Models[0].Error != ""
		if strings.Contains(lacking, "models: they could not be timed") != (name == "no catalog") || untimed != (name == "no runner") {
			t.Errorf("%s: it does not say why no model was timed: %s", name, document)
		}
	}
	// A shorter look after it is shown and not kept, which it says; a node still finds the certificate.
	quick, _ := brief(t, conf.Home, r)
	if p, err := MeasureMachine(t.Context(), quick); err != nil || !strings.Contains(p.NotKept, "certificate of 20") || p.Profile.Mode != hwprobe.Brief {
		t.Errorf("%v, %q", err, p.NotKept)
	}
	if p, err := MachineProfile(t.Context(), quick); err != nil || !p.Profile.Certified {
		t.Errorf("%v, %+v", err, p.Profile)
	}
}

func TestABriefLookKeepsTheCertificate(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	of := func(mode hwprobe.Mode, days int, memory uint64) Probed {
		p := Probed{Library: "aa"}
		p.Profile.Mode, p.Profile.At = mode, now.Add(-time.Duration(days)*24*time.Hour)
		p.Profile.Devices.Memory.TotalBytes, p.Profile.Certified = memory, mode == hwprobe.Full
		return p
	}
	on := func(p Probed, basis power.Basis) Probed {
		p.Profile.Watts.Basis, p.Power.Basis = basis, basis
		return p
	}
	uncertified := of(hwprobe.Full, 3, 64)
	uncertified.Profile.Certified = false
	for name, c := range map[string]struct {
		old, young Probed
		want       bool
	}{
		"a brief look":               {of(hwprobe.Full, 3, 64), of(hwprobe.Brief, 0, 64), true},
		"a quick one":                {of(hwprobe.Full, 3, 64), of(hwprobe.Quick, 0, 64), true},
		"another certificate":        {of(hwprobe.Full, 3, 64), of(hwprobe.Full, 0, 64), false},
		"the machine was changed":    {of(hwprobe.Full, 3, 64), of(hwprobe.Brief, 0, 32), false},
		"the certificate is too old": {of(hwprobe.Full, 40, 64), of(hwprobe.Quick, 0, 64), false},
		"600 s that were disturbed":  {uncertified, of(hwprobe.Quick, 0, 64), false},
		"power is measured now":      {of(hwprobe.Full, 3, 64), on(of(hwprobe.Quick, 0, 64), power.Package), false},
		"on an equal basis":          {on(of(hwprobe.Full, 3, 64), power.Wall), on(of(hwprobe.Quick, 0, 64), power.Wall), true},
		"on a better basis":          {on(of(hwprobe.Full, 3, 64), power.Wall), on(of(hwprobe.Quick, 0, 64), power.Package), true},
		"a quick one, a brief look":  {of(hwprobe.Quick, 3, 64), of(hwprobe.Brief, 0, 64), false},
		"a better look":              {of(hwprobe.Brief, 0, 64), of(hwprobe.Quick, 0, 64), false},
	} {
		if got := outranks(c.old, c.young, now); got != c.want {
			t.Errorf("%s: kept %t; want %t", name, got, c.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	celsius := 71.5
	p := hwprobe.Profile{
		At: time.Unix(1_780_000_000, 0), Tier: 2, Certified: true,
		TOPS: hwprobe.TOPS{Median: 48, Best: 50, LastQuarter: 0.97, Spread: 0.01, Windows: 60, Provider: "cuda"}, FP16: &hwprobe.TOPS{Median: 20, Best: 21, Provider: "cuda"},
		Watts: hwprobe.Watts{Value: 30, Idle: 10, AboveIdle: 20, Basis: power.Wall}, Around: rate.Surroundings{MaxCelsius: &celsius},
		Flags:  []rate.Flag{{Code: rate.Throttled, Text: "heat"}, {Code: rate.Throttled, Text: "power"}},
		Models: []hwprobe.ModelRate{{Model: "t1-tissue@1.0.0", Provider: "cuda", StudiesPerHour: 900}, {Model: "t1-tissue@1.0.0", Provider: "cuda", StudiesPerHour: 890}, {Model: "broken@1.0.0", Error: "it does not start"}},
	}
	work := worker.Status{WaitingReceipts: 3}
	work.Totals.Accepted = 7
	text := scrape(t, metric.From(func(s metric.Sheet) { profileFigures(s, p); placeFigures(s, work) }))
	for _, want := range []string{
		"medhive_node_tier 2\n", "medhive_node_profile_certified 1\n", `medhive_node_profile_operations_per_second{of="median",precision="int8",provider="cuda"} 4.8e+13`,
		`medhive_node_profile_operations_per_second{of="best_second",precision="fp16",provider="cuda"} 2.1e+13`, `medhive_node_profile_watts{basis="wall",of="idle"} 10`,
		"medhive_node_profile_efficiency_ratio 0.5\n", "medhive_node_profile_max_celsius 71.5\n", `medhive_node_profile_flag{code="throttled"} 1`, `medhive_node_profile_flag{code="noisy"} 0`,
		"medhive_node_profile_last_quarter_ratio 0.97\n", "medhive_node_profile_timestamp_seconds 1.78e+09\n",
		`medhive_node_model_example_seconds{model="t1-tissue@1.0.0",provider="cuda"} 4`, `medhive_node_jobs_total{outcome="accepted"} 7`, "medhive_node_receipts_waiting 3\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, absent := range []string{"fp32", "pressure", "broken"} {
		if strings.Contains(text, absent) {
			t.Errorf("%q was not measured and is there", absent)
		}
	}
	if text := scrape(t, metric.From(func(s metric.Sheet) {
		profileFigures(s, hwprobe.Profile{Watts: hwprobe.Watts{Basis: hwprobe.Unmeasured}})
	})); strings.Contains(text, "watts") || strings.Contains(text, "operations") || !strings.Contains(text, "medhive_node_tier 0\n") {
		t.Errorf("nothing is measured:\n%s", text)
	}
}

// scrape serves the metrics on loopback and reads them as Prometheus does.
func scrape(t *testing.T, m ...prometheus.Collector) string {
	t.Helper()
	s, err := serveMetrics("127.0.0.1:0", metric.Page(quiet(nil), m...), quiet(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	answer, err := http.Get("http://" + s.address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", answer.Status, err)
	}
	return string(text)
}

func TestMetricsAddressInUse(t *testing.T) {
	first, err := serveMetrics("127.0.0.1:0", http.NotFoundHandler(), quiet(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	if second, err := serveMetrics(first.address, http.NotFoundHandler(), quiet(nil)); err == nil || !strings.Contains(err.Error(), "--metrics") {
		t.Errorf("%v, %v", second, err)
	}
}

// A profile that is stored names no file and no user of this machine.
func TestStoredProfileIsDiscreet(t *testing.T) {
	conf, _ := brief(t, t.TempDir(), device.Roots{})
	p, err := MeasureMachine(t.Context(), conf)
	if err != nil {
		t.Fatal(err)
	}
	document, err := json.Marshal(p.Profile)
	if err != nil {
		t.Fatal(err)
	}
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{conf.Home, os.TempDir(), `"` + name + `"`} {
		if bytes.Contains(document, []byte(secret)) {
			t.Errorf("%q is in %s", secret, document)
		}
	}
	if _, err := hwprobe.ReadProfile(document); err != nil {
		t.Errorf("its document can't be read: %v", err)
	}
}
