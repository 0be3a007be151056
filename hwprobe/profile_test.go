package hwprobe

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares with a file below testdata, or writes it.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("%s differs; look at it, then run go test -update:\n%s", name, got)
	}
}

func known(x float64) *float64 { return &x }

// example is a profile with every field set: a desktop that certified.
func example() Profile {
	p := Profile{
		Version: ProfileVersion, At: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Mode: Full,
		Identity: Identity{Node: "0x52908400098527886E0F7030069857D2E4169EE7", Trust: TrustSoftware},
		Devices: device.Inventory{
			CPU:    device.CPU{Model: "AMD Ryzen 9 7950X", Arch: "amd64", Cores: 16, Threads: 32, ISA: []string{"avx2", "avx512_vnni"}, Fact: device.Fact{State: device.Present}},
			Memory: device.Memory{TotalBytes: 64 << 30, Fact: device.Fact{State: device.Present}},
			Accelerators: []device.Accelerator{{Kind: device.GPU, Vendor: "nvidia", Model: "L4", MemoryBytes: 24 << 30, Driver: "550.54.15", Address: "0000:01:00.0",
				Providers: []string{"tensorrt", "cuda"}, Fact: device.Fact{State: device.Present}}},
		},
		TOPS:   TOPS{Median: 118.25, Best: 121.5, LastQuarter: 0.97, Spread: 0.012, Seconds: 600.01, Windows: 60, Threads: 32, Provider: "tensorrt", Runtime: "1.30.0", Basis: "dense int8"},
		FP32:   &TOPS{Median: 21, Best: 22, Seconds: 3, Windows: 3, Threads: 32, Provider: "tensorrt", Runtime: "1.30.0", Basis: "dense fp32"},
		FP16:   &TOPS{Median: 58, Best: 60, Seconds: 3, Windows: 3, Threads: 32, Provider: "tensorrt", Runtime: "1.30.0", Basis: "dense fp16"},
		Around: rate.Surroundings{MaxCelsius: known(71), Pressure: known(0.01), Others: known(0.005)}, Flags: []rate.Flag{},
		Watts:  Watts{Value: 71.5, Idle: 16, AboveIdle: 55.5, Basis: power.Package, Sources: []string{"NVML"}, Coverage: []string{"gpu 0000:01:00.0"}, Missing: []string{"cpu"}},
		Models: []ModelRate{{Model: "t1-tissue@0.2.0", Provider: "tensorrt", Runs: 3, Seconds: 0.04, StudiesPerHour: 90000, Basis: "the package's example"}},
	}
	p.Judge()
	return p
}

// The document that goes over the network: its bytes change only with the version.
func TestProfileDocument(t *testing.T) {
	p := example()
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "profile.json", append(text, '\n'))
	document, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadProfile(document)
	if err != nil || !reflect.DeepEqual(back, p) || back.Digest() != p.Digest() || p.Digest().IsZero() {
		t.Errorf("read back as %+v: %v", back, err)
	}
	for name, change := range map[string]func(*Profile){
		"TOPS": func(p *Profile) { p.TOPS.Median *= 3 }, "memory": func(p *Profile) { p.Devices.Accelerators[0].MemoryBytes *= 2 },
		"node": func(p *Profile) { p.Identity.Node = "" }, "time": func(p *Profile) { p.At = p.At.Add(time.Second) },
	} {
		other := example()
		change(&other)
		if other.Digest() == p.Digest() {
			t.Errorf("another %s and the same digest", name)
		}
	}
}

func TestReadProfile(t *testing.T) {
	good, err := json.Marshal(example())
	if err != nil {
		t.Fatal(err)
	}
	const v1 = `{"version":1,"cpu":{"model":"EPYC","arch":"amd64","threads":2},"memory_bytes":4028416,"tops":{"median":0.885,"best":0.9,"seconds":10,"windows":10,"threads":2,"provider":"cpu","runtime":"1.30.0","basis":"x"},"watts":{"basis":"unmeasured"},"tier":0,"reasons":[]}`
	p, err := ReadProfile([]byte(v1))
	if err != nil || p.TOPS.Median != 0.885 || p.Devices.CPU.Model != "EPYC" || p.Devices.Memory.TotalBytes != 4028416 || p.Identity.Trust != TrustSoftware || p.Certified {
		t.Errorf("version 1: %+v, %v", p, err)
	}
	for name, text := range map[string]string{
		"empty": "", "no JSON": "TOPS: 500", "no version": "{}", "a later version": `{"version":3}`,
		"an unknown field":           strings.Replace(string(good), `"mode"`, `"mood"`, 1),
		"negative":                   strings.Replace(string(good), `"median":118.25`, `"median":-118.25`, 1),
		"beyond machines":            strings.Replace(string(good), `"median":118.25`, `"median":1e30`, 1),
		"a wrong type":               strings.Replace(string(good), `"median":118.25`, `"median":"118"`, 1),
		"too long":                   string(good[:len(good)-1]) + strings.Repeat(" ", MaxProfileBytes) + "}",
		"version 1, negative watts":  `{"version":1,"tops":{"median":1},"watts":{"value":-5,"basis":"board"}}`,
		"a mode of its own":          strings.Replace(string(good), `"mode":"full"`, `"mode":"fullest"`, 1),
		"a trust of its own":         strings.Replace(string(good), `"trust":"software"`, `"trust":"hardware"`, 1),
		"a basis of its own":         strings.Replace(string(good), `"basis":"package"`, `"basis":"laboratory"`, 1),
		"no basis":                   strings.Replace(string(good), `"basis":"package"`, `"basis":""`, 1),
		"watts that nobody measured": strings.Replace(string(good), `"basis":"package"`, `"basis":"unmeasured"`, 1),
		"measured watts of zero":     strings.Replace(string(good), `"value":71.5`, `"value":0`, 1),
		"idle watts of no sensor":    `{"version":1,"tops":{"median":1},"watts":{"idle":5,"basis":"unmeasured"}}`,
		"version 1, its own basis":   `{"version":1,"tops":{"median":1},"watts":{"value":5,"basis":"wal"}}`,
		"a flag of its own":          strings.Replace(string(good), `"flags":[]`, `"flags":[{"code":"haunted","text":"x"}]`, 1),
	} {
		if text == string(good) {
			t.Errorf("%s: the text to replace is gone", name)
		}
		if _, err := ReadProfile([]byte(text)); !errors.Is(err, ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A storage server's disks must not keep its profile from being sent.
func TestProfileFits(t *testing.T) {
	p := example()
	for range 500 {
		p.Devices.Disks = append(p.Devices.Disks, device.Disk{Name: "nvme0n1", Kind: "nvme", Model: strings.Repeat("x", 100), Fact: device.Fact{State: device.Present}})
	}
	p.Devices.Notes = []device.Fact{{State: device.Unknown, Why: "kept"}}
	p.Fit()
	if document, err := json.Marshal(p); err != nil || len(document) > MaxProfileBytes || p.Devices.Disks != nil || len(p.Devices.Notes) != 1 {
		t.Errorf("%d bytes, %v", len(document), err)
	}
	small := example()
	small.Devices.Disks = []device.Disk{{Name: "sda"}}
	if small.Fit(); len(small.Devices.Disks) != 1 {
		t.Error("a disk that fits is left out")
	}
	many := example()
	for n := range 400 {
		many.Models = append(many.Models, ModelRate{Model: fmt.Sprintf("model-%d@1.0.0", n), Error: strings.Repeat("x", 200)})
	}
	many.Fit()
	document, err := json.Marshal(many)
	if err != nil || len(document) > MaxProfileBytes || len(many.Models) < 50 || len(many.Lacking) != 1 || !strings.Contains(many.Lacking[0], "more than a profile has room for") {
		t.Errorf("%d bytes, %d models, %v, %q", len(document), len(many.Models), err, many.Lacking)
	}
	if _, err := ReadProfile(document); err != nil {
		t.Error(err)
	}
}

func FuzzReadProfile(f *testing.F) {
	good, err := json.Marshal(example())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"version":1,"tops":{"median":1}}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		p, err := ReadProfile(document)
		if err != nil {
			return
		}
		if tier, _ := TierOf(p); tier < 0 || tier > 4 {
			t.Fatalf("tier %d", tier)
		}
		if e := Efficiency(p); !(e >= 0 && e <= 1) {
			t.Fatalf("efficiency %v", e)
		}
		Explain(p)
		if p.Digest().IsZero() {
			t.Fatal("no digest")
		}
	})
}

func TestCertifies(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Profile)
		want   bool
	}{
		"600 s, watched, quiet":  {func(*Profile) {}, true},
		"a quick look":           {func(p *Profile) { p.Mode = Quick }, false},
		"599 s":                  {func(p *Profile) { p.TOPS.Seconds = 599 }, false},
		"noisy":                  {func(p *Profile) { p.Flags = []rate.Flag{{Code: rate.Noisy}} }, false},
		"nobody watched":         {func(p *Profile) { p.Around = rate.Surroundings{} }, false},
		"only pressure is known": {func(p *Profile) { p.Around.Others = nil }, true},
		"claims it and is brief": {func(p *Profile) { p.Mode, p.Certified = Brief, true }, false},
	} {
		p := example()
		c.change(&p)
		p.Judge()
		if p.Certified != c.want {
			t.Errorf("%s: certified %t", name, p.Certified)
		}
		text := strings.Join(Explain(p), "\n")
		if !c.want && !strings.Contains(text, "certif") {
			t.Errorf("%s: %s\ndoes not say what certifies", name, text)
		}
	}
}

func TestModes(t *testing.T) {
	if !Full.Covers(Quick) || !Quick.Covers(Quick) || Brief.Covers(Quick) || Mode("?").Covers(Brief) {
		t.Error("the order of modes")
	}
}

func TestRounded(t *testing.T) {
	for x, want := range map[float64]float64{1.00004: 1, 1.00006: 1.0001, math.Inf(1): 0, -2.5: -2.5} {
		if got := rounded(x); got != want {
			t.Errorf("%v: %v; want %v", x, got, want)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		x := rapid.Float64Range(-1e9, 1e9).Draw(rt, "x")
		if once := rounded(x); rounded(once) != once || math.Abs(once-x) > 1e-4 {
			rt.Fatalf("%v becomes %v", x, once)
		}
	})
}
