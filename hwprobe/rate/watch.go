package rate

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Watch reads what surrounds a measurement on Linux: temperature, pressure, other work
// and throttling, below injectable roots. What a machine does not tell stays absent.
type Watch struct {
	sys, proc string
	own       func() time.Duration // processor time of the measuring process
	now       func() time.Time
	sensors   []string // temperature files, in m°C
	counters  []counter
	levels    []level

	last moment
}

// counter is a file that counts throttling, with its meaning.
type counter struct {
	path  string
	parse func([]byte) (uint64, error)
	text  string // what it means when it rises
}

// level is a file that says whether something slows the machine down now, whenever that
// began.
type level struct {
	path string
	set  func([]byte) (bool, error)
	text string
}

// moment is what is compared with the next sample.
type moment struct {
	at       time.Time
	waited   time.Duration // PSI's total, <0 unknown
	busy     time.Duration // of all CPUs, <0 unknown
	cpus     int
	own      time.Duration
	counters []uint64
}

// maxSensorBytes bounds every file here: the longest is /proc/stat, whose lines for 4,096
// interrupts are behind those that are read.
const maxSensorBytes = 256 << 10

// NewWatch finds the sensors below the roots of /sys and /proc.
func NewWatch(sys, proc string) *Watch {
	w := &Watch{sys: sys, proc: proc, own: ownTime, now: time.Now}
	w.sensors = temperatureFiles(sys)
	for _, name := range []string{"core_throttle_count", "package_throttle_count"} {
		files, _ := filepath.Glob(filepath.Join(sys, "devices/system/cpu/cpu[0-9]*/thermal_throttle", name))
		for _, f := range files {
			w.counters = append(w.counters, counter{f, parseCount, "the processor was too hot (thermal throttle count rose)"})
		}
	}
	const reported = "the board's firmware reports undervoltage, heat or a capped clock"
	firmware := filepath.Join(sys, "devices/platform/soc/soc:firmware/get_throttled")
	w.counters = append(w.counters,
		counter{filepath.Join(sys, "fs/cgroup/cpu.stat"), parseThrottled, "the cgroup's CPU quota was used up (cpu.max)"},
		counter{firmware, firmwareEver, reported}) // between two samples
	w.levels = append(w.levels, level{firmware, firmwareNow, reported})
	w.last = w.moment()
	return w
}

// ownTime is the processor time of this process, in user and kernel mode.
func ownTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return -1
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Sample is what happened since the sample before, or since NewWatch.
func (w *Watch) Sample() Conditions {
	before, m := w.last, w.moment()
	w.last = m
	c := Conditions{Celsius: w.hottest()}
	wall := m.at.Sub(before.at)
	if before.waited >= 0 && m.waited >= before.waited {
		c.Pressure = share(float64(m.waited-before.waited), float64(wall))
	}
	if before.busy >= 0 && m.busy >= before.busy && m.own >= before.own && before.own >= 0 {
		c.Others = share(float64((m.busy-before.busy)-(m.own-before.own)), float64(wall)*float64(m.cpus))
	}
	for i, k := range w.counters {
		if m.counters[i] > before.counters[i] && !slices.Contains(c.Throttle, k.text) {
			c.Throttle = append(c.Throttle, k.text)
		}
	}
	for _, l := range w.levels {
		text, err := read(l.path)
		if err != nil {
			continue
		}
		if set, err := l.set(text); err == nil && set && !slices.Contains(c.Throttle, l.text) {
			c.Throttle = append(c.Throttle, l.text)
		}
	}
	return c
}

func (w *Watch) moment() moment {
	m := moment{at: w.now(), waited: -1, busy: -1, own: w.own(), counters: make([]uint64, len(w.counters))}
	if text, err := read(filepath.Join(w.proc, "pressure/cpu")); err == nil {
		if d, err := parsePressure(text); err == nil {
			m.waited = d
		}
	}
	if text, err := read(filepath.Join(w.proc, "stat")); err == nil {
		if busy, cpus, err := parseStat(text); err == nil {
			m.busy, m.cpus = busy, cpus
		}
	}
	for i, k := range w.counters {
		if text, err := read(k.path); err == nil {
			if v, err := k.parse(text); err == nil { // what can't be read counts nothing, now as then
				m.counters[i] = v
			}
		}
	}
	return m
}

// hottest is the highest of the sensors, absent without any.
func (w *Watch) hottest() (celsius *float64) {
	for _, path := range w.sensors {
		text, err := read(path)
		if err != nil {
			continue
		}
		if c, err := parseMillidegrees(text); err == nil && (celsius == nil || c > *celsius) {
			celsius = &c
		}
	}
	return celsius
}

// read takes at most maxSensorBytes of a file.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSensorBytes))
}

// temperatureFiles are the sensors of what computes: hwmon chips of processors and GPUs,
// and thermal zones of processors and SoCs. Disks, batteries and boards are left out.
func temperatureFiles(sys string) (files []string) {
	chips := []string{"coretemp", "k10temp", "zenpower", "cpu_thermal", "amdgpu", "xe", "nouveau"}
	names, _ := filepath.Glob(filepath.Join(sys, "class/hwmon/hwmon*/name"))
	for _, name := range names {
		if text, err := read(name); err == nil && slices.Contains(chips, strings.TrimSpace(string(text))) {
			inputs, _ := filepath.Glob(filepath.Join(filepath.Dir(name), "temp*_input"))
			files = append(files, inputs...)
		}
	}
	kinds, _ := filepath.Glob(filepath.Join(sys, "class/thermal/thermal_zone*/type"))
	for _, kind := range kinds {
		text, err := read(kind)
		zone := strings.ToLower(strings.TrimSpace(string(text)))
		if err == nil && (strings.Contains(zone, "pkg_temp") || strings.HasPrefix(zone, "cpu") || strings.HasPrefix(zone, "gpu") ||
			strings.HasPrefix(zone, "soc") || strings.HasPrefix(zone, "npu") || strings.HasPrefix(zone, "bigcore")) {
			files = append(files, filepath.Join(filepath.Dir(kind), "temp"))
		}
	}
	return files
}

// parseMillidegrees reads a temperature in m°C as °C. Sensors that are off tell values
// that no running chip has.
func parseMillidegrees(text []byte) (float64, error) {
	v, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read temperature: %w", err)
	}
	const lowest, highest, milli = -40_000, 200_000, 1000
	if v < lowest || v > highest || v == 0 {
		return 0, fmt.Errorf("read temperature: %d m°C is no chip's", v)
	}
	return float64(v) / milli, nil
}

// parsePressure reads the "some" line's total of /proc/pressure/cpu: how long, ever, at
// least one runnable task had no CPU.
func parsePressure(text []byte) (time.Duration, error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0] != "some" {
			continue
		}
		for _, f := range fields[1:] {
			if total, ok := strings.CutPrefix(f, "total="); ok {
				return ofUnits(total, time.Microsecond)
			}
		}
	}
	return 0, errors.New("read pressure: no line `some … total=`")
}

// ofUnits is a count of units as a duration, refused where it would overflow.
func ofUnits(text string, unit time.Duration) (time.Duration, error) {
	v, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read %.20q: %w", text, err)
	}
	const most = 1<<63 - 1
	if v > most/uint64(unit) {
		return 0, fmt.Errorf("read %d × %v: out of range", v, unit)
	}
	return time.Duration(v) * unit, nil
}

// tick is the unit of /proc/stat, which Linux fixes at USER_HZ = 100 on every machine.
const tick = 10 * time.Millisecond

// parseStat sums user, nice, system, irq, softirq and steal of all CPUs (proc(5)) and
// counts the CPUs. Guests' time is part of user already; idle and iowait are free.
func parseStat(text []byte) (busy time.Duration, cpus int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxSensorBytes)
	found := false
	for lines.Scan() {
		name, rest, _ := strings.Cut(lines.Text(), " ")
		if !strings.HasPrefix(name, "cpu") {
			break // the processors stand first
		}
		if name != "cpu" {
			cpus++
			continue
		}
		fields := strings.Fields(rest)
		const steal = 7
		if len(fields) <= steal {
			return 0, 0, fmt.Errorf("read /proc/stat: %d columns; want user to steal", len(fields))
		}
		for _, column := range []int{0, 1, 2, 5, 6, steal} {
			d, err := ofUnits(fields[column], tick)
			if err != nil {
				return 0, 0, err
			}
			if busy += d; busy < 0 {
				return 0, 0, errors.New("read /proc/stat: out of range")
			}
		}
		found = true
	}
	if !found || cpus == 0 {
		return 0, 0, errors.New("read /proc/stat: no processors")
	}
	return busy, cpus, nil
}

func parseCount(text []byte) (uint64, error) {
	return strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
}

// parseThrottled reads nr_throttled of a cgroup's cpu.stat.
func parseThrottled(text []byte) (uint64, error) {
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "nr_throttled "); ok {
			return strconv.ParseUint(strings.TrimSpace(v), 10, 64)
		}
	}
	return 0, errors.New("read cpu.stat: no nr_throttled")
}

// firmwareBits of the Raspberry Pi's get_throttled, in either half: undervoltage, capped
// clock, throttled, soft temperature limit.
const firmwareBits = 0xf

// firmwareNow reads the lower half: what holds at this moment.
func firmwareNow(text []byte) (bool, error) {
	v, err := parseFirmware(text)
	return v&firmwareBits != 0, err
}

// firmwareEver reads the upper half: what has happened since the boot. Its bits are never
// taken back, so that a new one makes the number larger.
func firmwareEver(text []byte) (uint64, error) {
	v, err := parseFirmware(text)
	const sinceBoot = 16
	return v >> sinceBoot & firmwareBits, err
}

func parseFirmware(text []byte) (uint64, error) {
	return strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(string(text)), "0x"), 16, 64)
}
