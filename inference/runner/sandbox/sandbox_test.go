package sandbox

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// full is a machine on which everything works.
func full() Facts {
	return Facts{Namespace: true, LandlockABI: 7, FilesClosed: true, Filter: true, SocketsClosed: true, Dumps: true, MemoryBytes: 1 << 30, Cgroup: true}
}

func TestDescribe(t *testing.T) {
	for name, c := range map[string]struct {
		bend    func(*Facts)
		missing []string // names
		says    []string // anywhere in the line or in a fix
	}{
		"everything": {func(*Facts) {}, nil, []string{"Landlock ABI 7", "allow-list", "memory.max"}},
		"a kernel without Landlock": {func(f *Facts) { f.LandlockABI, f.LandlockError = 0, "this kernel was built without Landlock" },
			nil, []string{"none can be opened once the library is loaded", "Landlock is missing (this kernel was built without Landlock)", "5.13"}},
		"neither Landlock nor seccomp": {func(f *Facts) {
			f.LandlockABI, f.LandlockError, f.FilesClosed = 0, "Landlock is switched off on this kernel", false
			f.Filter, f.FilterError, f.SocketsClosed = false, "invalid argument", false
		}, []string{"files", "system calls"}, []string{"NOT CONFINED", "files are NOT closed", "switched off", "NOT filtered", "invalid argument"}},
		"an accelerator without Landlock": {func(f *Facts) { f.Device, f.LandlockABI, f.FilesClosed = true, 0, false },
			[]string{"files"}, []string{"files are NOT closed", "deny-list", "mode, owner, times", "priority or limit"}},
		"Landlock that could not be entered": {func(f *Facts) { f.LandlockError = "operation not permitted" },
			nil, []string{"Landlock is missing (operation not permitted)"}},
		"no namespace": {func(f *Facts) { f.Namespace, f.NamespaceError = false, "operation not permitted" },
			nil, []string{"no socket can be made (a namespace was refused (operation not permitted))"}},
		"a network": {func(f *Facts) {
			f.Namespace, f.NamespaceError, f.SocketsClosed = false, "operation not permitted", false
		},
			[]string{"network"}, []string{"NOT cut off", "unprivileged user namespaces"}},
		"no cgroup": {func(f *Facts) { f.Cgroup, f.CgroupError = false, "no cgroup is delegated to this process" },
			nil, []string{"1024 MiB", "no cgroup is delegated", "Delegate=memory"}},
		"no cap":     {func(f *Facts) { f.Cgroup, f.MemoryBytes, f.MemoryError = false, 0, "not on plan9" }, []string{"memory"}, []string{"NOT limited (not on plan9)"}},
		"a mere pid": {func(f *Facts) { *f = Facts{} }, []string{"network", "files", "system calls", "memory", "dumps"}, []string{"NOT CONFINED"}},
	} {
		f := full()
		c.bend(&f)
		got := Describe(f)
		var missing []string
		text := got.String()
		for _, m := range got {
			text += "\n" + m.Fix
		}
		for _, m := range got.Missing() {
			missing = append(missing, m.Name)
		}
		if !slices.Equal(missing, c.missing) || got.Complete() != (len(c.missing) == 0) {
			t.Errorf("%s: missing %v; want %v", name, missing, c.missing)
		}
		for _, words := range c.says {
			if !strings.Contains(text, words) {
				t.Errorf("%s: %q is not said in\n%s", name, words, text)
			}
		}
	}
}

// Whatever was seen, each mechanism is named, and what is missing has words and a remedy.
func TestNothingGoesUnsaid(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		flag := rapid.Bool()
		text := rapid.SampledFrom([]string{"", "operation not permitted"})
		f := Facts{Device: flag.Draw(rt, "device"), Namespace: flag.Draw(rt, "namespace"), NamespaceError: text.Draw(rt, "why no namespace"),
			LandlockABI: rapid.IntRange(0, 9).Draw(rt, "abi"), LandlockError: text.Draw(rt, "why no landlock"), FilesClosed: flag.Draw(rt, "files"),
			Filter: flag.Draw(rt, "filter"), SocketsClosed: flag.Draw(rt, "sockets"), Dumps: flag.Draw(rt, "dumps"),
			MemoryBytes: rapid.Int64Range(0, 1<<40).Draw(rt, "memory"), Cgroup: flag.Draw(rt, "cgroup")}
		var names []string
		for _, m := range Describe(f) {
			names = append(names, m.Name)
			if m.Words == "" || !m.Holds && (m.Fix == "" || !strings.Contains(m.Words, "NOT")) {
				rt.Errorf("%+v", m)
			}
		}
		if want := []string{"network", "files", "system calls", "memory", "dumps"}; !slices.Equal(names, want) {
			rt.Errorf("%v; want %v", names, want)
		}
	})
}
