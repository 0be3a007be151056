package rate

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tree writes files below a temporary root of /sys and /proc.
type tree struct {
	t    *testing.T
	root string
}

func newTree(t *testing.T, files map[string]string) tree {
	tr := tree{t, t.TempDir()}
	for name, text := range files {
		tr.put(name, text)
	}
	return tr
}

func (tr tree) put(name, text string) {
	tr.t.Helper()
	path := filepath.Join(tr.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		tr.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tr.t.Fatal(err)
	}
}

// watch is one on the tree, with a clock and an own processor time that the test moves.
func (tr tree) watch(now *time.Time, own *time.Duration) *Watch {
	w := NewWatch(filepath.Join(tr.root, "sys"), filepath.Join(tr.root, "proc"))
	w.now, w.own = func() time.Time { return *now }, func() time.Duration { return *own }
	w.last = w.moment()
	return w
}

// Two processors of a real machine, as proc(5) numbers the columns; interrupts follow.
const statBefore = `cpu  1000 50 300 90000 400 0 10 5 0 0
cpu0 500 25 150 45000 200 0 5 2 0 0
cpu1 500 25 150 45000 200 0 5 3 0 0
intr 28723 0 9 0 0 0
ctxt 1
`

const statAfter = `cpu  1180 50 310 90003 401 0 10 15 0 0
cpu0 590 25 155 45000 200 0 5 2 0 0
cpu1 590 25 155 45000 200 0 5 3 0 0
`

func TestWatch(t *testing.T) {
	tr := newTree(t, map[string]string{
		"proc/stat":                                                        statBefore,
		"proc/pressure/cpu":                                                "some avg10=2.42 avg60=13.79 avg300=10.94 total=11152208888\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
		"sys/class/hwmon/hwmon0/name":                                      "nvme\n",
		"sys/class/hwmon/hwmon0/temp1_input":                               "91850\n",
		"sys/class/hwmon/hwmon1/name":                                      "coretemp\n",
		"sys/class/hwmon/hwmon1/temp1_input":                               "61000\n",
		"sys/class/hwmon/hwmon1/temp2_input":                               "58000\n",
		"sys/class/thermal/thermal_zone0/type":                             "acpitz\n",
		"sys/class/thermal/thermal_zone0/temp":                             "99000\n",
		"sys/class/thermal/thermal_zone1/type":                             "x86_pkg_temp\n",
		"sys/class/thermal/thermal_zone1/temp":                             "62500\n",
		"sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count": "7\n",
		"sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count": "0\n",
		"sys/fs/cgroup/cpu.stat":                                           "usage_usec 1\nnr_periods 10\nnr_throttled 3\nthrottled_usec 9\n",
		"sys/devices/platform/soc/soc:firmware/get_throttled":              "50000\n", // it happened, long ago
	})
	now, own := time.Unix(1000, 0), 5*time.Second
	w := tr.watch(&now, &own)
	now, own = now.Add(time.Second), own+1500*time.Millisecond
	tr.put("proc/stat", statAfter)
	tr.put("proc/pressure/cpu", "some avg10=2.42 avg60=13.79 avg300=10.94 total=11152458888\n")
	c := w.Sample()
	if c.Celsius == nil || *c.Celsius != 62.5 {
		t.Errorf("%v °C; want the package's, not the disk's or the board's", c.Celsius)
	}
	if c.Pressure == nil || *c.Pressure != 0.25 {
		t.Errorf("pressure %v; want a quarter of the second", c.Pressure)
	}
	// 180 + 10 + 10 ticks of 10 ms, 1.5 s of them our own, of two seconds.
	if c.Others == nil || *c.Others != 0.25 {
		t.Errorf("others %v; want 0.25", *c.Others)
	}
	if c.Throttle != nil {
		t.Errorf("throttled without a count that rose: %v", c.Throttle)
	}
	tr.put("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "8\n")
	tr.put("sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "1\n")
	tr.put("sys/fs/cgroup/cpu.stat", "nr_throttled 4\n")
	tr.put("sys/devices/platform/soc/soc:firmware/get_throttled", "50005\n")
	now = now.Add(time.Second)
	c = w.Sample()
	if len(c.Throttle) != 3 || !slices.ContainsFunc(c.Throttle, func(s string) bool { return strings.Contains(s, "too hot") }) {
		t.Errorf("%q; want heat once, quota and firmware", c.Throttle)
	}
	tr.put("sys/devices/platform/soc/soc:firmware/get_throttled", "50000\n")
	if c = w.Sample(); c.Throttle != nil {
		t.Errorf("what is over is not told again: %q", c.Throttle)
	}
}

// Undervoltage that began before the run slows all of it down, and is told of all of it;
// what comes and goes between two samples is told once.
func TestWatchOfFirmware(t *testing.T) {
	now, own := time.Unix(1000, 0), time.Duration(0)
	const name = "sys/devices/platform/soc/soc:firmware/get_throttled"
	tr := newTree(t, map[string]string{name: "50005\n"})
	w := tr.watch(&now, &own)
	for n, sample := range []struct {
		text string
		told bool
	}{
		{"50005", true}, {"50005", true}, {"50000", false}, {"50000", false}, {"0xd0000", true}, {"d0000", false}, {"d0008", true}, {"?", false},
	} {
		tr.put(name, sample.text+"\n")
		now = now.Add(time.Second)
		if c := w.Sample(); (len(c.Throttle) == 1) != sample.told || len(c.Throttle) > 1 {
			t.Errorf("second %d, %s: %q; want told %v", n, sample.text, c.Throttle, sample.told)
		}
	}
}

// What can't be read is absent, before and after it could be, and never a number.
func TestWatchOfNothing(t *testing.T) {
	now, own := time.Unix(1000, 0), time.Duration(0)
	tr := newTree(t, nil)
	w := tr.watch(&now, &own)
	now = now.Add(time.Second)
	if c := w.Sample(); c.Celsius != nil || c.Pressure != nil || c.Others != nil || c.Throttle != nil {
		t.Errorf("out of nothing: %+v", c)
	}
	for name, files := range map[string]map[string]string{
		"malformed": {"proc/stat": "cpu 1 2 3\n", "proc/pressure/cpu": "some total=?\n", "sys/class/hwmon/hwmon0/name": "k10temp", "sys/class/hwmon/hwmon0/temp1_input": "hot"},
		"empty":     {"proc/stat": "", "proc/pressure/cpu": "", "sys/class/hwmon/hwmon0/name": "k10temp", "sys/class/hwmon/hwmon0/temp1_input": ""},
		"too large": {"proc/stat": "cpu 99999999999999999999 0 0 0 0 0 0 0\ncpu0 1\n", "proc/pressure/cpu": "some total=18446744073709551615\n"},
		"sensor off": {"sys/class/thermal/thermal_zone0/type": "cpu-thermal", "sys/class/thermal/thermal_zone0/temp": "-273200\n",
			"sys/fs/cgroup/cpu.stat": "nr_throttled many\n"},
	} {
		w := newTree(t, files).watch(&now, &own)
		now = now.Add(time.Second)
		if c := w.Sample(); c.Celsius != nil || c.Pressure != nil || c.Others != nil || c.Throttle != nil {
			t.Errorf("%s: %+v", name, c)
		}
	}
}

// Counters that go back (a suspended machine, a migrated guest) are no share.
func TestWatchGoesBack(t *testing.T) {
	now, own := time.Unix(1000, 0), time.Second
	tr := newTree(t, map[string]string{"proc/stat": statAfter, "proc/pressure/cpu": "some total=500\n"})
	w := tr.watch(&now, &own)
	now = now.Add(time.Second)
	tr.put("proc/stat", statBefore)
	tr.put("proc/pressure/cpu", "some total=400\n")
	if c := w.Sample(); c.Pressure != nil || c.Others != nil {
		t.Errorf("%+v", c)
	}
}

// On this machine the watch must at least not fail.
func TestWatchHere(t *testing.T) {
	w := NewWatch("/sys", "/proc")
	for range 3 {
		c := w.Sample()
		for _, v := range []*float64{c.Pressure, c.Others} {
			if v != nil && (*v < 0 || *v > 1) {
				t.Errorf("%v is no share", *v)
			}
		}
	}
	if ownTime() <= 0 {
		t.Error("this process used no processor time")
	}
}

func FuzzParsers(f *testing.F) {
	f.Add([]byte(statBefore))
	f.Add([]byte("some avg10=2.42 avg60=13.79 avg300=10.94 total=11152208888\n"))
	f.Add([]byte("nr_throttled 3\n"))
	f.Add([]byte("0x50005\n"))
	f.Add([]byte("61000\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if busy, cpus, err := parseStat(text); err == nil && (busy < 0 || cpus < 1) {
			t.Fatalf("%v of %d processors", busy, cpus)
		}
		if d, err := parsePressure(text); err == nil && d < 0 {
			t.Fatal(d)
		}
		if c, err := parseMillidegrees(text); err == nil && (c < -40 || c > 200) {
			t.Fatal(c)
		}
		if v, err := firmwareEver(text); err == nil && v > firmwareBits {
			t.Fatal(v)
		}
		_, _ = firmwareNow(text)
		_, _ = parseThrottled(text)
		_, _ = parseCount(text)
	})
}
