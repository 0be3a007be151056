package contracts

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestSolidity runs the contracts' own tests, units, properties and invariants, with
// short campaigns. It needs forge, which check.sh installs by lockfile (`make
// test-tools` does); `make contracts-check` runs all of them at full length.
func TestSolidity(t *testing.T) {
	if found, err := filepath.Glob("tools/node_modules/@foundry-rs/forge-*/bin/forge"); err != nil || len(found) == 0 {
		t.Log("forge is not installed, so the contracts' own tests did not run: run attest/contracts/check.sh short, on linux on amd64")
		return
	}
	output, err := exec.CommandContext(t.Context(), "./check.sh", "short").CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if err != nil {
		t.Fatalf("check.sh short: %v\n%s", err, output)
	}
	t.Log(lines[len(lines)-1])
}
