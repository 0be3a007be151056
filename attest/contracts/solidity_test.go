package contracts

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestSolidity runs the contracts' own tests, units, properties and invariants, with
// short campaigns. It needs forge, which check.sh installs by lockfile (`make
// test-tools` does); `make contracts-check` runs all of them at full length.
func TestSolidity(t *testing.T) {
	if _, err := os.Stat("tools/node_modules/.medhive-lock"); err != nil {
		t.Log("forge is not installed, so the contracts' own tests did not run: run attest/contracts/check.sh short")
		return
	}
	output, err := exec.CommandContext(t.Context(), "./check.sh", "short").CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if err != nil {
		t.Fatalf("check.sh short: %v\n%s", err, output)
	}
	t.Log(lines[len(lines)-1])
}
