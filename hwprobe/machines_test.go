package hwprobe

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
)

// fixtures are the machines of package device, by name.
func fixtures(t *testing.T) map[string]device.Inventory {
	t.Helper()
	all := map[string]device.Inventory{}
	found, err := filepath.Glob(filepath.Join("device", "testdata", "*", "inventory.json"))
	if err != nil || len(found) < 8 {
		t.Fatalf("%d machines, %v; want at least eight", len(found), err)
	}
	for _, path := range found {
		dir := filepath.Dir(path)
		options := device.Options{NVML: func(context.Context) ([]byte, error) { return os.ReadFile(filepath.Join(dir, "nvml.json")) }}
		if _, err := os.Stat(filepath.Join(dir, "nvml.json")); err != nil {
			options.NVML = nil
		}
		roots := Roots{Sys: filepath.Join(dir, "sys"), Proc: filepath.Join(dir, "proc"), Dev: filepath.Join(dir, "dev")}
		inventory := device.Read(t.Context(), roots, options)
		inventory.CPU.Arch = "any" // of this program, not of the tree
		all[filepath.Base(dir)] = inventory
	}
	return all
}

// rules are the same on every machine, so each is given the same rate: what differs is
// what it is made of, what is wrong with it, and what would help.
const givenTOPS = 48

func profileOf(machine device.Inventory) Profile {
	p := Profile{
		Version: ProfileVersion, Mode: Quick, Identity: Identity{Trust: TrustSoftware}, Devices: machine, At: example().At,
		TOPS:  TOPS{Median: givenTOPS, Best: givenTOPS, Seconds: 50, Windows: 5, Threads: machine.CPU.Threads, Provider: ort.CPU, Runtime: "1.30.0", Basis: "dense int8"},
		Watts: Watts{Basis: power.Unmeasured, Note: "no sensor"},
	}
	p.Judge()
	return p
}

// Each machine's profile in words, and as a document that can be read back.
func TestMachines(t *testing.T) {
	all := fixtures(t)
	for name, machine := range all {
		p := profileOf(machine)
		golden(t, filepath.Join("machines", name+".txt"), []byte(strings.Join(Explain(p), "\n")+"\n"))
		document, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadProfile(document)
		if err != nil || back.Digest() != p.Digest() {
			t.Errorf("%s: %v; %d bytes", name, err, len(document))
		}
		if changes := Changes(machine, back.Devices); len(changes) > 0 {
			t.Errorf("%s differs from itself: %q", name, changes)
		}
		wellFormed(t, Picture(Trace{}, p))
		text := strings.Join(Explain(p), "\n")
		for _, a := range machine.Accelerators {
			if a.State != device.Present && a.Fix != "" && !strings.Contains(text, strings.TrimSuffix(a.Fix, ".")) {
				t.Errorf("%s: nothing says how to mend %s: %s", name, a.Address, a.Fix)
			}
		}
		for other, there := range all {
			if other != name && len(Changes(machine, there)) == 0 {
				t.Errorf("%s passes for %s", name, other)
			}
		}
	}
}
