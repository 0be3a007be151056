package power

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

func TestCountersRise(t *testing.T) {
	const amdRange, intelRange = 65_532_610_987, 262_143_328_850 // µJ, of an EPYC and of a Core
	for name, c := range map[string]struct {
		before, after, maximum uint64
		span                   time.Duration
		joules                 float64
		known                  bool
	}{
		"it rises":                          {1_000_000, 3_500_000, intelRange, time.Second, 2.5, true},
		"it stands still":                   {1, 1, intelRange, time.Second, 0, true},
		"it wraps":                          {intelRange - 987, 9_999_013, intelRange, time.Second, 10, true},
		"500 W for 8 min 44 s, almost once": {5, 4, intelRange, 262 * time.Second, 262_143.328849, true},
		"too long ago: maybe two rounds":    {5, 4, amdRange, 70 * time.Second, 0, false},
		"a driver's counter has no end":     {5, 100_000_005, 0, time.Hour, 100, true},
		"and can't wrap":                    {5, 4, 0, time.Second, 0, false},
		"it was reset":                      {200_000_000_000, 1000, intelRange, time.Second, 0, false},
		"it jumped":                         {0, 10_000_000_000, intelRange, time.Second, 0, false},
		"more than its own maximum":         {intelRange + 5, 3, intelRange, time.Second, 0, false},
		"two looks within one of its steps": {0, 250_000, intelRange, 100 * time.Microsecond, 0.25, true},
	} {
		joules, known := risen(c.before, c.after, c.maximum, c.span)
		if known != c.known || known && !near(joules, c.joules) {
			t.Errorf("%s: %v J, %v; want %v, %v", name, joules, known, c.joules, c.known)
		}
	}
}

// Whatever a counter's place in its round, a second at a power that sockets have is told
// exactly.
func TestWrapsAreSeamless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		maximum := rapid.Uint64Range(4_000_000_000, 1<<50).Draw(t, "maximum")
		before := rapid.Uint64Range(0, maximum-1).Draw(t, "before")
		used := rapid.Uint64Range(0, 2_000_000_000).Draw(t, "used")
		joules, known := risen(before, (before+used)%maximum, maximum, time.Second)
		if !known || joules != float64(used)/1e6 {
			t.Fatalf("%v J, %v; want %v", joules, known, float64(used)/1e6)
		}
	})
}

// tree is a sysfs of a test: attributes by path.
func tree(attributes map[string]string) sysfs {
	m := fstest.MapFS{}
	for name, text := range attributes {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return sysfs{m}
}

// powercapTree is a tree with RAPL zones, each "dir": "name µJ".
func powercapTree(zones map[string]string) sysfs {
	m := map[string]string{"class/powercap/intel-rapl/enabled": "1\n"}
	for dir, text := range zones {
		name, energy, _ := strings.Cut(text, " ")
		m[powercap+"/"+dir+"/name"] = name + "\n"
		m[powercap+"/"+dir+"/energy_uj"] = energy + "\n"
		m[powercap+"/"+dir+"/max_energy_range_uj"] = "262143328850\n"
	}
	return tree(m)
}

func TestRAPLZones(t *testing.T) {
	for name, c := range map[string]struct {
		zones               map[string]string
		processor, platform string // sensors; "" where there is none
	}{
		"one socket":           {map[string]string{"intel-rapl:0": "package-0 1", "intel-rapl:0:0": "core 1", "intel-rapl:0:1": "uncore 1"}, "RAPL package", ""},
		"with psys":            {map[string]string{"intel-rapl:0": "package-0 1", "intel-rapl:1": "psys 1"}, "RAPL package", "RAPL psys"},
		"sockets with memory":  {map[string]string{"intel-rapl:0": "package-0 1", "intel-rapl:0:0": "dram 1", "intel-rapl:1": "package-1 1", "intel-rapl:1:0": "dram 1"}, "RAPL package and DRAM", ""},
		"dies":                 {map[string]string{"intel-rapl:0": "package-0-die-0 1", "intel-rapl:1": "package-0-die-1 1"}, "RAPL package", ""},
		"memory-mapped only":   {map[string]string{"intel-rapl-mmio:0": "package-0 1"}, "RAPL package", ""},
		"no number in memory":  {map[string]string{"intel-rapl:0": "package-0 1", "intel-rapl:0:0": "dram ?"}, "RAPL package", ""},
		"no number in package": {map[string]string{"intel-rapl:0": "package-0 ?"}, "", ""},
		"other zones":          {map[string]string{"intel-rapl:0": "core 1", "dtpm:0": "package-0 1"}, "", ""},
		"two platforms":        {map[string]string{"intel-rapl:0": "psys 1", "intel-rapl:1": "psys 1"}, "", ""},
	} {
		processor, platform, _ := rapl(powercapTree(c.zones))
		if nameOf(processor) != c.processor || nameOf(platform) != c.platform {
			t.Errorf("%s: %q and %q; want %q and %q", name, nameOf(processor), nameOf(platform), c.processor, c.platform)
		}
	}
}

func nameOf(s *sensor) string {
	if s == nil {
		return ""
	}
	return s.name
}

// The packages of one processor appear twice on many laptops; they count once.
func TestRAPLCountsOnce(t *testing.T) {
	packages, drams, psys := zones(powercapTree(map[string]string{
		"intel-rapl:0": "package-0 1", "intel-rapl:0:0": "core 1", "intel-rapl-mmio:0": "package-0 1", "intel-rapl:1": "psys 1",
	}))
	if len(packages) != 1 || len(drams) != 0 || len(psys) != 1 || !strings.HasSuffix(packages[0].dir, "intel-rapl:0") {
		t.Errorf("packages %v, memory %v, platform %v", packages, drams, psys)
	}
}

// locked is a tree whose energy counters belong to root.
type locked struct{ fs.FS }

func (l locked) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "energy_uj") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.FS.Open(name)
}

func TestRAPLForRootOnly(t *testing.T) {
	open := powercapTree(map[string]string{"intel-rapl:0": "package-0 1", "intel-rapl:1": "psys 1"})
	processor, platform, notes := rapl(sysfs{locked{open}})
	if processor != nil || platform != nil || len(notes) != 1 {
		t.Fatalf("%v, %v, %v; want one note", processor, platform, notes)
	}
	if !strings.Contains(notes[0].Text, "only root") || !strings.Contains(notes[0].Fix, UdevRule) {
		t.Errorf("%+v; want what to do", notes[0])
	}
	m, notes := find(t.Context(), sysfs{locked{open}}, fstest.MapFS{}, Config{Every: time.Second})
	r := m.Start().Stop()
	if r.Basis != Unmeasured || !strings.Contains(r.Note, "only root") || len(notes) != 1 || m.Close() != nil {
		t.Errorf("%+v with %v", r, notes)
	}
}

func TestErrorsNameNoPath(t *testing.T) {
	broken := &fs.PathError{Op: "read", Path: "class/powercap/secret", Err: errors.New("input/output error")}
	for _, err := range []error{broken, &fs.PathError{Path: "secret", Err: fs.ErrNotExist}, &fs.PathError{Path: "secret", Err: fs.ErrPermission}} {
		if text := inWords(err).Error(); strings.Contains(text, "secret") {
			t.Errorf("%q names a path", text)
		}
	}
}

func TestAttributesAreBounded(t *testing.T) {
	long := tree(map[string]string{"endless": strings.Repeat("7", 10*maxFileBytes)})
	if raw, err := long.bytes("endless"); err != nil || len(raw) != maxFileBytes {
		t.Errorf("%d bytes, %v; want %d", len(raw), err, maxFileBytes)
	}
	many := map[string]string{}
	for i := range maxEntries + 10 {
		many[fmt.Sprintf("folder/%d", i)] = ""
	}
	if n := len(tree(many).list("folder")); n != maxEntries {
		t.Errorf("%d entries; want %d", n, maxEntries)
	}
}
