package footprint

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const twoMappings = `00400000-02a4b000 r-xp 00000000 fe:00 917628                             /usr/bin/medhive
Size:              37164 kB
KernelPageSize:        4 kB
Rss:               30000 kB
Anonymous:             0 kB
THPeligible:           0
VmFlags: rd ex mr mw me
05800000-05900000 r--p 05400000 fe:00 917628                             /usr/bin/a name with spaces
Rss:                1024 kB
Anonymous:             4 kB
VmFlags: rd mr mw me
7ffd1000-7ffd2000 rw-p 00000000 00:00 0
Rss:                   4 kB
Anonymous:             4 kB
`

func TestReadMaps(t *testing.T) {
	all, err := readMaps(strings.NewReader(twoMappings))
	if err != nil {
		t.Fatal(err)
	}
	want := []mapping{
		{from: 0x400000, to: 0x2a4b000, perms: "r-xp", path: "/usr/bin/medhive", resident: 30000 << 10},
		{from: 0x5800000, to: 0x5900000, perms: "r--p", path: "/usr/bin/a name with spaces", resident: 1 << 20, anonymous: 4 << 10},
		{from: 0x7ffd1000, to: 0x7ffd2000, perms: "rw-p", resident: 4 << 10, anonymous: 4 << 10},
	}
	if len(all) != len(want) {
		t.Fatalf("%d mappings, want %d", len(all), len(want))
	}
	for n, m := range all {
		if m != want[n] {
			t.Errorf("mapping %d is %+v, want %+v", n, m, want[n])
		}
	}
}

func TestOnlyWhatItsFileHasIsUntouched(t *testing.T) {
	for name, c := range map[string]struct {
		m    mapping
		want bool
	}{
		"code":                           {mapping{perms: "r-xp"}, true},
		"constants":                      {mapping{perms: "r--p"}, true},
		"data":                           {mapping{perms: "rw-p"}, false},
		"tables that the linker wrote":   {mapping{perms: "r--p", anonymous: pageSize}, false},
		"code with a breakpoint":         {mapping{perms: "r-xp", anonymous: pageSize}, false},
		"shared with another process":    {mapping{perms: "r--s"}, false},
		"what nobody may read":           {mapping{perms: "---p"}, false},
		"rights in a form not known yet": {mapping{perms: "r--pp"}, false},
	} {
		if got := c.m.untouched(); got != c.want {
			t.Errorf("%s: untouched is %t", name, got)
		}
	}
}

func TestReadMapsRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"a mapping without sizes":   "00400000-00500000 r-xp 00000000 fe:00 9 /bin/a\n00600000-00700000 r-xp 00000000 fe:00 9 /bin/a\nRss: 4 kB\nAnonymous: 0 kB\n",
		"the last one without one":  "00400000-00500000 r-xp 00000000 fe:00 9 /bin/a\nRss: 4 kB\n",
		"a size told twice":         "00400000-00500000 r-xp 00000000 fe:00 9 /bin/a\nRss: 4 kB\nAnonymous: 0 kB\nRss: 4 kB\n",
		"a size before any mapping": "Rss: 4 kB\n",
		"a size without a unit":     "00400000-00500000 r-xp 00000000 fe:00 9 /bin/a\nRss: 4\n",
		"a negative size":           "00400000-00500000 r-xp 00000000 fe:00 9 /bin/a\nRss: -4 kB\n",
		"addresses turned round":    "00500000-00400000 r-xp 00000000 fe:00 9 /bin/a\n",
		"addresses between pages":   "00400001-00500000 r-xp 00000000 fe:00 9 /bin/a\n",
		"a line cut short":          "00400000-00500000 r-xp\n",
		"a list without an end":     strings.Repeat("VmFlags: rd ex mr mw me\n", maxMapsBytes/24+1),
	} {
		if all, err := readMaps(strings.NewReader(text)); err == nil {
			t.Errorf("%s: read %+v", name, all)
		}
	}
}

// Whatever the list says, a mapping that is given back has addresses of whole pages in order,
// and was never written.
func FuzzReadMaps(f *testing.F) {
	f.Add(twoMappings)
	f.Add("00400000-00500000 r-xp 00000000 fe:00 9\nRss: 4 kB\nAnonymous: 0 kB\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := readMaps(strings.NewReader(text))
		if err != nil {
			return
		}
		for _, m := range all {
			if m.from >= m.to || m.from%pageSize != 0 || m.to%pageSize != 0 || m.resident < 0 || m.anonymous < 0 {
				t.Errorf("%+v of %q", m, text)
			}
			if m.untouched() && (m.anonymous > 0 || strings.Contains(m.perms, "w")) {
				t.Errorf("%+v counts as untouched", m)
			}
		}
	})
}

func TestReadMapsReadsWhatItWasWrittenFrom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var text strings.Builder
		var want []mapping
		for range rapid.IntRange(0, 20).Draw(t, "mappings") {
			from := uintptr(rapid.IntRange(0, 1<<20).Draw(t, "from")) * pageSize
			m := mapping{
				from: from, to: from + uintptr(rapid.IntRange(1, 1<<10).Draw(t, "pages"))*pageSize,
				perms: rapid.SampledFrom([]string{"r-xp", "r--p", "rw-p", "---p"}).Draw(t, "perms"), path: rapid.SampledFrom([]string{"", "/bin/a", "[heap]"}).Draw(t, "path"),
				resident: int64(rapid.IntRange(0, 1<<20).Draw(t, "resident")) << 10, anonymous: int64(rapid.IntRange(0, 1<<20).Draw(t, "anonymous")) << 10,
			}
			want = append(want, m)
			text.WriteString(m.text())
		}
		all, err := readMaps(strings.NewReader(text.String()))
		if err != nil || len(all) != len(want) {
			t.Fatalf("%d mappings, %v; want %d", len(all), err, len(want))
		}
		for n := range all {
			if all[n] != want[n] {
				t.Fatalf("mapping %d is %+v, want %+v", n, all[n], want[n])
			}
		}
	})
}

// text is a mapping as Linux lists it.
func (m mapping) text() string {
	return fmt.Sprintf("%08x-%08x %s 00000000 fe:00 9 %s\nRss: %d kB\nPss: 3 kB\nAnonymous: %d kB\nVmFlags: rd\n", m.from, m.to, m.perms, m.path, m.resident>>10, m.anonymous>>10)
}
