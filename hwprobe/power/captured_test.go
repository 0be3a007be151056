package power

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// capturedSys unpacks the /sys that prometheus/procfs carries: attributes read from kernels
// of several machines (a laptop's battery, a desktop's RAPL domains). See
// packaging/captures.
func capturedSys(t *testing.T) box {
	t.Helper()
	archive, err := os.Open(filepath.Join("..", "..", ".tools", "captures", "fixtures.ttar"))
	if err != nil {
		t.Fatal("the captures of real machines are missing: run `make test-tools`")
	}
	defer archive.Close()
	const top = "fixtures/sys/"
	b := box{t, filepath.Join(t.TempDir(), "sys")}
	lines := bufio.NewScanner(archive)
	lines.Buffer(nil, 1<<20)
	next := func() string {
		if !lines.Scan() {
			t.Fatalf("the archive of captures ends early: %v", lines.Err())
		}
		return lines.Text()
	}
	for lines.Scan() { // ttar: Path, then SymlinkTo or Lines and as many of them
		name, isFile := strings.CutPrefix(lines.Text(), "Path: "+top)
		if !isFile {
			continue
		}
		path := filepath.Join(b.sys, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		what := next()
		if target, isLink := strings.CutPrefix(what, "SymlinkTo: "); isLink {
			if err := os.Symlink(target, path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		count, err := strconv.Atoi(strings.TrimPrefix(what, "Lines: "))
		if err != nil {
			t.Fatalf("%s: %q", name, what)
		}
		var text strings.Builder
		for range count {
			text.WriteString(strings.TrimSuffix(next(), "EOF") + "\n")
		}
		if err := os.WriteFile(path, []byte(strings.ReplaceAll(text.String(), "NULLBYTE", "\x00")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return b
}

// A laptop that discharges at 4.830 W, as its battery's firmware said, beats its RAPL
// domains: the battery feeds the whole machine.
func TestACapturedLaptopIsReadFromItsBattery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := capturedSys(t)
		m, _ := Find(t.Context(), device.Roots{Sys: b.sys, Dev: t.TempDir()}, Config{})
		defer closeMeter(t, m)
		rec := m.Start()
		wait(10 * time.Second)
		r := rec.Stop()
		if r.Basis != Board || !near(r.Joules, 48.3) || !slices.Equal(r.Sources, []string{"battery"}) {
			t.Errorf("%v J of %v, %s (%s); want 48.3 J of the battery", r.Joules, r.Sources, r.Basis, r.Note)
		}
	})
}

// The same /sys on mains power: both packages count, and the core domain, which is part of
// the first, does not. The first one's counter wraps.
func TestCapturedDomainsAreCountedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := capturedSys(t)
		if err := os.RemoveAll(filepath.Join(b.sys, "class", "power_supply")); err != nil {
			t.Fatal(err)
		}
		const packageRange = 262_143_328_850 // max_energy_range_uj
		b.set("class/powercap/intel-rapl:0/energy_uj", strconv.Itoa(packageRange-50_000_000))
		m, _ := Find(t.Context(), device.Roots{Sys: b.sys, Dev: t.TempDir()}, Config{})
		defer closeMeter(t, m)
		rec := m.Start()
		wait(5 * time.Second)
		b.rise("class/powercap/intel-rapl:0/energy_uj", 450_000_000, packageRange)
		b.rise("class/powercap/intel-rapl:0:0/energy_uj", 400_000_000, packageRange)
		b.rise("class/powercap/intel-rapl:a/energy_uj", 50_000_000, packageRange)
		wait(5 * time.Second)
		r := rec.Stop()
		if r.Basis != Package || !near(r.Joules, 500) || !slices.Contains(r.Sources, "RAPL package") {
			t.Errorf("%v J of %v, %s (%s); want 450 J and 50 J of the packages", r.Joules, r.Sources, r.Basis, r.Note)
		}
	})
}
