package nvml

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// TestMain lets the test's own program be the child, as `medhive probe-nvml` is: its last
// words on the command line are the library, and what device.NVMLChild adds.
func TestMain(m *testing.M) {
	if len(os.Args) < 3 || os.Args[1] != "probe-nvml" {
		os.Exit(m.Run())
	}
	o := Options{Library: os.Args[2]}
	if n := slices.Index(os.Args, "--every"); n > 0 {
		o.Every, _ = time.ParseDuration(os.Args[n+1])
	}
	if err := Serve(context.Background(), os.Stdout, o); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// machine is the golden data of testdata/dgxa100.
type machine struct {
	Driver  string
	Library string
	CUDA    int
	GPUs    []struct {
		Name         string
		BusID        string
		Memory       uint64
		Major, Minor int
		MigMode      int
	}
}

func dgx(t *testing.T) (m machine) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "dgxa100.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &m); err != nil || len(m.GPUs) != 8 {
		t.Fatalf("%d GPUs, %v; a DGX has 8", len(m.GPUs), err)
	}
	return m
}

// stub builds a libnvidia-ml.so.1 in which this goes wrong ("" nothing does), and gives
// the command line that asks it in a child.
func stub(t *testing.T, wrong string) device.NVMLChild {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Fatal("NVML is asked on Linux only")
	}
	m := dgx(t)
	var table []string
	for _, g := range m.GPUs {
		table = append(table, fmt.Sprintf("{%q, %q, %dull, %d, %d, %d}", g.Name, g.BusID, g.Memory, g.Major, g.Minor, g.MigMode))
	}
	library := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	build := exec.Command("gcc", "-shared", "-fPIC", "-O1", "-o", library,
		"-DGPUS="+strings.Join(table, ","), fmt.Sprintf("-DDRIVER=%q", m.Driver), fmt.Sprintf("-DLIBRARY=%q", m.Library), fmt.Sprintf("-DCUDA=%d", m.CUDA),
		filepath.Join("testdata", "stub.c"))
	if wrong != "" {
		build.Args = append(build.Args, "-D"+wrong)
	}
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the stub library: %v\n%s", err, out)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return device.NVMLChild{Command: []string{self, "probe-nvml", library}}
}

// ask has the child report once.
func ask(t *testing.T, c device.NVMLChild) device.NVMLReport {
	t.Helper()
	text, err := c.Once(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := device.ParseNVML(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestADGXTellsEverything(t *testing.T) {
	m := dgx(t)
	want := device.NVMLReport{Version: device.NVMLVersion, Driver: "550.54.15", Library: "12.550.54.15", CUDA: "12.4"}
	for n, g := range m.GPUs {
		want.Devices = append(want.Devices, device.NVMLDevice{
			Index: n, Name: g.Name, Address: g.BusID, Architecture: "8.0", MemoryBytes: g.Memory, PowerMilliW: 61000 + uint64(n),
			EnergyMilliJ: 1 << 40, LimitMilliW: 400000, Celsius: 31, Throttle: []string{"gpu_idle", "sw_power_cap", "hw_thermal_slowdown"},
		})
	}
	if got := ask(t, stub(t, "")); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

// The whole way: a machine's files and the library in its child give one inventory.
func TestADGXIsReadWithItsLibrary(t *testing.T) {
	dir := filepath.Join("..", "testdata", "dgx-a100")
	child := stub(t, "")
	golden, err := os.ReadFile(filepath.Join(dir, "nvml.json"))
	if err != nil {
		t.Fatal(err)
	}
	if want, err := device.ParseNVML(golden); err != nil || !reflect.DeepEqual(ask(t, child), want) {
		t.Errorf("the fixture's nvml.json is not what this library tells: %+v, %v", want, err)
	}
	roots := device.Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")}
	i := device.Read(t.Context(), roots, device.Options{NVML: child.Once})
	if len(i.Accelerators) != 8 {
		t.Fatalf("%d accelerators; a DGX has 8", len(i.Accelerators))
	}
	for _, a := range i.Accelerators {
		if a.MemoryBytes != 40<<30 || a.Architecture != "8.0" || a.Driver != "nvidia 550.54.15" {
			t.Errorf("%+v", a)
		}
	}
}

// An old library lacks most functions. Whoever calls a missing one ends; looking first
// costs figures only.
func TestAnOldLibraryTellsLess(t *testing.T) {
	got := ask(t, stub(t, "OLD"))
	if got.Error != "" || len(got.Devices) != 8 || got.Driver != "" {
		t.Fatalf("%+v; want eight GPUs, and no version of the driver", got)
	}
	if d, want := got.Devices[7], (device.NVMLDevice{Index: 7, Name: "Mock NVIDIA A100-SXM4-40GB"}); !reflect.DeepEqual(d, want) {
		t.Errorf("%+v; want %+v", d, want)
	}
}

func TestOneLostGPUHidesNoOther(t *testing.T) {
	got := ask(t, stub(t, "LOST"))
	for n, d := range got.Devices {
		if lost := n == 1; (d.Error == device.NVMLLost) != lost || (d.MemoryBytes == 0) != lost {
			t.Errorf("GPU %d: %+v", n, d)
		}
	}
}

func TestALibraryThatRefusesSaysWhy(t *testing.T) {
	for wrong, want := range map[string]string{"MISMATCH": device.NVMLMismatch, "NOT_LOADED": device.NVMLNotLoaded} {
		if got := ask(t, stub(t, wrong)); got.Error != want || len(got.Devices) != 0 {
			t.Errorf("%s: %+v; want %q", wrong, got, want)
		}
	}
	none := stub(t, "")
	none.Command[2] = filepath.Join(t.TempDir(), "absent.so")
	if got := ask(t, none); got.Error != device.NVMLNoLibrary {
		t.Errorf("without a library: %+v", got)
	}
}

func TestALibraryThatKillsIsSurvived(t *testing.T) {
	for wrong, want := range map[string]string{"CRASHES": "exit status 2" /* Go turns the signal into its own end */, "EXITS": "exit status 127"} {
		if text, err := stub(t, wrong).Once(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %q, %v; want an error with %q", wrong, text, err, want)
		}
	}
}

func TestALibraryThatHangsIsEnded(t *testing.T) {
	child := stub(t, "HANGS")
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if text, err := child.Once(ctx); err == nil || !strings.Contains(err.Error(), "did not answer") {
		t.Errorf("%q, %v; want that it did not answer", text, err)
	}
}

func TestWatchGoesOnUntilTheContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	reports, err := stub(t, "").Watch(ctx, leastEvery)
	if err != nil {
		t.Fatal(err)
	}
	last := uint64(0)
	for range 3 {
		r, ok := <-reports
		if !ok || len(r.Devices) != 8 || r.Devices[0].PowerMilliW <= last {
			t.Fatalf("%v, %+v; want a new figure each time", ok, r)
		}
		last = r.Devices[0].PowerMilliW
	}
	cancel()
	for range reports { // at most one is still on its way; then the channel closes
	}
}

func TestWatchEndsWithACrash(t *testing.T) {
	reports, err := stub(t, "CRASHES").Watch(t.Context(), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := <-reports; ok {
		t.Errorf("%+v of a library that crashes", r)
	}
}

func TestWords(t *testing.T) {
	for n, want := range map[int]string{0: "", -1: "", 12040: "12.4", 13000: "13.0"} {
		if got := cudaVersion(n); got != want {
			t.Errorf("CUDA %d is %q, want %q", n, got, want)
		}
	}
	if got := words(999); got != "error 999" {
		t.Errorf("an unknown code is %q", got)
	}
}

func TestServeWritesOneReport(t *testing.T) {
	var out bytes.Buffer
	if err := Serve(t.Context(), &out, Options{Library: filepath.Join(t.TempDir(), "absent.so")}); err != nil {
		t.Fatal(err)
	}
	if r, err := device.ParseNVML(out.Bytes()); err != nil || r.Error != device.NVMLNoLibrary {
		t.Errorf("%q: %+v, %v", out.String(), r, err)
	}
}
