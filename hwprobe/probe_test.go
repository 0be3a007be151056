package hwprobe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/inference/ort"
)

func tree(name string) Roots {
	return Roots{Sys: filepath.Join("testdata", name, "sys"), Proc: filepath.Join("testdata", name, "proc")}
}

func TestReadsTreesOfMachines(t *testing.T) {
	for name, want := range map[string]struct {
		cpu    CPU
		memory uint64
		basis  string
		zones  int
	}{
		"desktop": {CPU{Model: "13th Gen Intel(R) Core(TM) i9-13900K", Cores: 2, Threads: 4, ISA: []string{"avx2", "avx_vnni", "fma"}}, 65536000 << 10, "board", 1},
		"server":  {CPU{Model: "AMD EPYC 9354 32-Core Processor", Cores: 4, Threads: 4, ISA: []string{"avx2", "avx512_bf16", "avx512_vnni", "avx512f", "fma"}}, 526336000 << 10, "package", 2},
		"board":   {CPU{Model: "Cortex-A76", Cores: 4, Threads: 4, ISA: []string{"asimd", "asimddp"}}, 8255488 << 10, Unmeasured, 0},
		"machine": {CPU{Model: "QEMU Virtual CPU version 2.5+", Cores: 2, Threads: 2}, 4028416 << 10, Unmeasured, 0},
	} {
		got := readCPU(t.Context(), tree(name))
		want.cpu.Arch = got.Arch // the test's own
		if len(got.ISA) == 0 {
			got.ISA = nil
		}
		if !reflect.DeepEqual(got, want.cpu) {
			t.Errorf("%s: %+v; want %+v", name, got, want.cpu)
		}
		if m := readMemory(t.Context(), tree(name)); m != want.memory {
			t.Errorf("%s: %d bytes; want %d", name, m, want.memory)
		}
		if m := newMeter(tree(name).Sys); m.basis != want.basis || len(m.zones) != want.zones || m.note == "" {
			t.Errorf("%s: power from %+v; want %d zones of %s", name, m, want.zones, want.basis)
		}
	}
}

func TestNothingToRead(t *testing.T) {
	empty := Roots{Sys: t.TempDir(), Proc: t.TempDir()}
	if c := readCPU(t.Context(), empty); c.Threads < 1 {
		t.Errorf("%+v; want at least this process's own share", c)
	}
	if m := readMemory(t.Context(), empty); m != 0 {
		t.Errorf("%d bytes of memory out of nothing", m)
	}
	m := newMeter(empty.Sys)
	values, err := m.read()
	if w := m.watts(m.joules(values, values), time.Second); err != nil || w.Basis != Unmeasured || w.Value != 0 || w.Note == "" {
		t.Errorf("%+v, %v; want unmeasured with a reason", w, err)
	}
}

// copyTree makes a fixture writable.
func copyTree(t *testing.T, name string) Roots {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("testdata", name))); err != nil {
		t.Fatal(err)
	}
	return Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc")}
}

func setCounter(t *testing.T, r Roots, zone, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.Sys, "class/powercap", zone, "energy_uj"), []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEnergyWraps(t *testing.T) {
	r := copyTree(t, "server")
	m := newMeter(r.Sys)
	before, err := m.read()
	if err != nil {
		t.Fatal(err)
	}
	setCounter(t, r, "intel-rapl:0", "9999013") // wraps: 987 µJ to the maximum, then on
	setCounter(t, r, "intel-rapl:1", "42000000")
	after, err := m.read()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := m.joules(before, after), 10.0+40.0; got != want {
		t.Errorf("%v J; want %v", got, want)
	}
	if w := m.watts(50, 2*time.Second); w.Value != 25 || w.Basis != "package" {
		t.Errorf("%+v; want 25 W of the packages", w)
	}
	if w := m.watts(0, time.Second); w.Basis != Unmeasured || !strings.Contains(w.Note, "did not move") {
		t.Errorf("a counter that stands still: %+v", w)
	}
}

func TestEnergyUnreadable(t *testing.T) {
	r := copyTree(t, "server")
	setCounter(t, r, "intel-rapl:0", "no number")
	if m := newMeter(r.Sys); m.basis != Unmeasured || m.note == "" {
		t.Errorf("%+v; want unmeasured with a reason", m)
	}
}

func TestEnergyProperty(t *testing.T) {
	m := newMeter(tree("desktop").Sys)
	rapid.Check(t, func(rt *rapid.T) {
		top := m.zones[0].MaxMicrojoules
		before := rapid.Uint64Range(0, top-1).Draw(rt, "before")
		used := rapid.Uint64Range(0, top-1).Draw(rt, "used")
		if got, want := m.joules(reading{before}, reading{(before + used) % top}), float64(used)/1e6; got != want {
			rt.Fatalf("%v J; want %v", got, want)
		}
	})
}

func TestTierOf(t *testing.T) {
	for name, c := range map[string]struct {
		tops, watts float64
		tier        Tier
		reasons     int
		next        string // in the last rows
	}{
		"nothing":                 {0, 0, Unqualified, 2, "tier 1 needs 15"},
		"this class of machine":   {0.885, 0, Unqualified, 2, "14.1 more"},
		"just below":              {14.999, 5, Unqualified, 2, "tier 1 needs 15"},
		"tier 1 exactly":          {15, 6, 1, 4, "tier 2 needs 45"},
		"inefficient keeps tier":  {50, 500, 2, 4, "tier 3 needs 120"},
		"efficient earns no tier": {44, 1, 1, 4, "tier 2 needs 45"},
		"tier 3":                  {120, 30, 3, 4, "tier 4 needs 450"},
		"tier 4 has no next":      {485, 72, 4, 2, ""},
	} {
		w := Watts{Basis: Unmeasured}
		if c.watts > 0 {
			w = Watts{Value: c.watts, Basis: "board"}
		}
		p := Profile{TOPS: TOPS{Median: c.tops}, Watts: w}
		tier, reasons := TierOf(p)
		text := ""
		for _, r := range reasons {
			text += r.Text + "\n"
			if r.Rule == "tops" && r.Met != (r.Tier == tier) {
				t.Errorf("%s: %+v contradicts %v", name, r, tier)
			}
			if r.Rule == "efficiency" && c.watts == 0 && !strings.Contains(r.Text, "unmeasured") {
				t.Errorf("%s: %q must say that power is unmeasured", name, r.Text)
			}
		}
		if tier != c.tier || len(reasons) != c.reasons || !strings.Contains(text, c.next) {
			t.Errorf("%s: %v for\n%swant %v with %d reasons and %q", name, tier, text, c.tier, c.reasons, c.next)
		}
	}
	if Unqualified.String() != "unqualified" || Tier(2).String() != "tier 2" {
		t.Error("names of tiers")
	}
}

// More TOPS never lowers the tier, and watts never change it.
func TestTierIsMonotonic(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := rapid.Float64Range(0, 1000).Draw(rt, "tops")
		b := a + rapid.Float64Range(0, 1000).Draw(rt, "more")
		w := Watts{Value: rapid.Float64Range(0.1, 1000).Draw(rt, "watts"), Basis: "board"}
		low, _ := TierOf(Profile{TOPS: TOPS{Median: a}, Watts: Watts{Basis: Unmeasured}})
		same, _ := TierOf(Profile{TOPS: TOPS{Median: a}, Watts: w})
		high, _ := TierOf(Profile{TOPS: TOPS{Median: b}, Watts: w})
		if low != same || high < low || high > 4 {
			rt.Fatalf("%v TOPS: %v and %v; %v TOPS: %v", a, low, same, b, high)
		}
	})
}

func FuzzParseFeatures(f *testing.F) {
	for _, name := range []string{"desktop", "board"} {
		text, err := os.ReadFile(filepath.Join(tree(name).Proc, "cpuinfo"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, x := range isaOf(parseFeatures(bytes.NewReader(text))) {
			if !slices.Contains(extensions(), x) {
				t.Fatalf("%q is no extension", x)
			}
		}
	})
}

func TestProbe(t *testing.T) {
	r := copyTree(t, "desktop")
	stages := map[string]float64{}
	joules := 5
	p, err := Probe(t.Context(), Options{Duration: 200 * time.Millisecond, Threads: 1, Roots: r, Progress: func(stage string, done float64) {
		stages[stage] = done
		if stage == "warm-up" && done == 0 { // the sensor moves while we compute
			return
		}
		joules++
		setCounter(t, r, "intel-rapl:1", strconv.Itoa(joules*1e6))
	}})
	if err != nil {
		t.Fatal(err)
	}
	if want := map[string]float64{"devices": 1, "warm-up": 1, "int8": 1}; !maps.Equal(stages, want) {
		t.Errorf("progress %v; want %v", stages, want)
	}
	if p.TOPS.Median <= 0 || p.TOPS.Best < p.TOPS.Median || p.TOPS.Seconds < 0.2 || p.TOPS.Threads != 1 || p.TOPS.Provider != ort.CPU || p.TOPS.Runtime == "" {
		t.Errorf("%+v", p.TOPS)
	}
	if p.CPU.Threads != 4 || p.MemoryBytes != 65536000<<10 {
		t.Errorf("%+v, %d bytes: not the tree's", p.CPU, p.MemoryBytes)
	}
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var back Profile
	if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(back, p) || back.Digest() != p.Digest() || p.Digest().IsZero() {
		t.Errorf("%s read back as %+v: %v", text, back, err)
	}
	other := p
	other.TOPS.Median *= 3
	if other.Digest() == p.Digest() {
		t.Error("a changed profile kept its digest")
	}
}

func TestProbeEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Probe(ctx, Options{Duration: time.Hour, Threads: 1, Progress: func(stage string, done float64) {
		if stage == "int8" {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled in the first window: %v", err)
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

// BenchmarkInt8 compares the probe's graph with the best of a sweep, in turns.
// ratio is best window over best window, which other load on the machine disturbs least;
// the goal is 0.95 or more. value and against are both in TOPS.
func BenchmarkInt8(b *testing.B) {
	lib, err := ort.Locate("")
	if err != nil {
		b.Fatal(err)
	}
	r, err := ort.Open(lib)
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	threads := readCPU(b.Context(), Roots{}.orDefault()).Threads
	products, rates := map[int]*product{}, map[int][]float64{}
	for _, edge := range []int{384, 512, 768, int8Edge, 1536, 2048} {
		p, err := newProduct(r, ort.CPU, threads, edge)
		if err != nil {
			b.Fatal(err)
		}
		defer p.session.Close()
		products[edge] = p
	}
	const rounds = 7
	for range rounds {
		for edge, p := range products {
			rate, err := p.window(b.Context(), 300*time.Millisecond)
			if err != nil {
				b.Fatal(err)
			}
			rates[edge] = append(rates[edge], rate)
		}
	}
	best := 0.0
	for edge, list := range rates {
		b.Logf("edge %4d: median %.3f, best %.3f TOPS", edge, median(list), slices.Max(list))
		best = max(best, slices.Max(list))
	}
	b.ReportMetric(slices.Max(rates[int8Edge]), "value")
	b.ReportMetric(best, "against")
	b.ReportMetric(slices.Max(rates[int8Edge])/best, "ratio")
}
