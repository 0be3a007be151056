package agent

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/inference/runner"
	"github.com/medhive/medhive/inference/runner/sandbox"
)

// named is the check of this name.
func named(t *testing.T, checks []Check, name string) Check {
	t.Helper()
	at := slices.IndexFunc(checks, func(c Check) bool { return c.Name == name })
	if at < 0 {
		t.Fatalf("no check %q among %+v", name, checks)
	}
	return checks[at]
}

// judged wants a state, and of what is not well a cause and what to do.
func judged(t *testing.T, c Check, want CheckState) {
	t.Helper()
	if c.State != want || c.What == "" || c.State != CheckOK && (c.Cause == "" || c.Fix == "") {
		t.Errorf("%+v; want %s, and cause and fix of what is not well", c, want)
	}
}

func TestExaminationIsAsBadAsItsWorstCheck(t *testing.T) {
	for _, test := range []struct {
		states []CheckState
		want   CheckState
	}{
		{nil, CheckOK},
		{[]CheckState{CheckOK, CheckOK}, CheckOK},
		{[]CheckState{CheckWarn, CheckOK}, CheckWarn},
		{[]CheckState{CheckOK, CheckFail, CheckWarn, CheckOK}, CheckFail},
		{[]CheckState{CheckWarn, CheckFail}, CheckFail},
	} {
		e := Examination{State: CheckOK}
		for _, state := range test.states {
			e.add(Check{State: state})
		}
		if e.State != test.want {
			t.Errorf("%v is %s, want %s", test.states, e.State, test.want)
		}
	}
}

func TestMissingMechanismsAreWarningsWithAFix(t *testing.T) {
	whole := sandbox.Facts{Namespace: true, SocketsClosed: true, LandlockABI: 7, FilesClosed: true, Filter: true, Dumps: true, MemoryBytes: 1 << 30, Cgroup: true}
	for name, test := range map[string]struct {
		bend func(*sandbox.Facts)
		warn string // empty: all is well
	}{
		"everything holds":          {func(*sandbox.Facts) {}, ""},
		"no network namespace":      {func(f *sandbox.Facts) { f.Namespace, f.SocketsClosed = false, false }, "confinement: network"},
		"a kernel without Landlock": {func(f *sandbox.Facts) { f.LandlockABI, f.FilesClosed = 0, false }, "confinement: files"},
		"seccomp in its place":      {func(f *sandbox.Facts) { f.LandlockABI = 0 }, "confinement: files"},
		"no seccomp":                {func(f *sandbox.Facts) { f.Filter = false }, "confinement: system calls"},
		"no cgroup":                 {func(f *sandbox.Facts) { f.Cgroup = false }, "confinement: memory"},
		"core dumps":                {func(f *sandbox.Facts) { f.Dumps = false }, "confinement: dumps"},
	} {
		t.Run(name, func(t *testing.T) {
			facts := whole
			test.bend(&facts)
			for _, c := range confinementChecks(sandbox.Describe(facts)) {
				want := CheckOK
				if c.Name == test.warn {
					want = CheckWarn
				}
				judged(t, c, want)
			}
		})
	}
}

func TestWantedProviderMustWork(t *testing.T) {
	trials := []runner.ProviderTrial{{Provider: "cuda", Words: "no driver", Fix: "install a driver"}, {Provider: "cpu", Available: true, Words: "computed"}}
	judged(t, named(t, providerChecks(trials, "cpu", nil), "provider cpu"), CheckOK)
	judged(t, named(t, providerChecks(trials, "cuda", nil), "provider cuda"), CheckFail)
	judged(t, named(t, providerChecks(trials, "abacus", nil), "provider abacus"), CheckFail)
	judged(t, named(t, providerChecks(nil, "cpu", errors.New("no runner")), "provider cpu"), CheckFail)
	if c := named(t, providerChecks(trials, "cpu", nil), "other providers"); c.State != CheckOK || !strings.Contains(c.Fix, "install a driver") {
		t.Errorf("%+v; want what would bring the others", c)
	}
}

func TestDiskAndClock(t *testing.T) {
	judged(t, diskCheck(goodDisk), CheckOK)
	judged(t, diskCheck(goodDisk-1), CheckWarn)
	judged(t, diskCheck(leastDisk-1), CheckFail)

	now := time.Unix(1_800_000_000, 0)
	for name, test := range map[string]struct {
		head                time.Time
		synchronised, known bool
		want                CheckState
	}{
		"synchronised, no chain":    {time.Time{}, true, true, CheckOK},
		"nobody knows":              {time.Time{}, false, false, CheckOK},
		"nobody synchronises it":    {time.Time{}, false, true, CheckWarn},
		"an old block":              {now.Add(-time.Hour), true, true, CheckOK},
		"a block of a moment later": {now.Add(clockSlack), true, true, CheckOK},
		"a block far in the future": {now.Add(clockSlack + 1), true, true, CheckFail},
	} {
		t.Run(name, func(t *testing.T) { judged(t, clockCheck(now, test.head, test.synchronised, test.known), test.want) })
	}
}

func TestStateFolder(t *testing.T) {
	home := t.TempDir()
	judged(t, checkState(home)[0], CheckOK)
	judged(t, checkState(filepath.Join(home, "not", "yet"))[0], CheckOK)
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	judged(t, checkState(file)[0], CheckFail)
	judged(t, checkState("/proc")[0], CheckFail) // nobody may write there, root included
	left, err := os.ReadDir(home)
	if err != nil || len(left) != 1 {
		t.Errorf("the doctor left %v, %v", left, err)
	}
}

func TestNetworkAndChain(t *testing.T) {
	home := t.TempDir()
	path := NetworkPath(home)
	network := func() []Check { _, checks := checkNetwork(t.Context(), path); return checks }
	judged(t, named(t, network(), "network file"), CheckWarn)
	chain, err := StartChain(t.Context(), ChainConfig{Home: home, NetworkPath: path, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	judged(t, named(t, network(), "network file"), CheckWarn) // no coordinator yet
	judged(t, named(t, network(), "chain"), CheckOK)
	closing(t, chain.Close)
	judged(t, named(t, network(), "chain"), CheckFail)
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	judged(t, named(t, network(), "network file"), CheckFail)
}

// Everything at once, with a real runner; and without a library nothing else is claimed.
func TestExamineThisMachine(t *testing.T) {
	home := t.TempDir()
	e, err := Examine(t.Context(), DoctorConfig{Home: home, NetworkPath: NetworkPath(home), Provider: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]CheckState{"onnx runtime": CheckOK, "runner": CheckOK, "reader": CheckOK, "provider cpu": CheckOK, "state folder": CheckOK, "network file": CheckWarn} {
		judged(t, named(t, e.Checks, name), want)
	}
	named(t, e.Checks, "confinement: memory")
	named(t, e.Checks, "clock")
	if text, err := json.Marshal(e); err != nil || !strings.Contains(string(text), `"state":"warn"`) {
		t.Errorf("%s, %v", text, err)
	}
	e, err = Examine(t.Context(), DoctorConfig{Home: home, NetworkPath: NetworkPath(home), Provider: "cpu", Library: filepath.Join(home, "none.so")})
	if err != nil || e.State != CheckFail {
		t.Errorf("without a library: %+v, %v", e, err)
	}
	judged(t, named(t, e.Checks, "onnx runtime"), CheckFail)
}
