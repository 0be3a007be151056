package runner_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/medhive/medhive/inference/internal/phantom"
	"github.com/medhive/medhive/inference/runner/sandbox"
)

// A runner says of itself what this machine's kernel grants, and no more.
func TestConfinementIsStated(t *testing.T) {
	p := start(t, options(t, phantom.Thresholds()))
	text := p.Isolation()
	t.Log(text)
	if _, err := sandbox.LandlockABI(); (err == nil) != strings.Contains(text, "Landlock ABI") || err != nil && !strings.Contains(text, err.Error()) {
		t.Errorf("Landlock: %v; stated: %s", err, text)
	}
	for _, m := range p.Confinement() {
		if m.Name != "network" && m.Name != "files" && !m.Holds {
			t.Errorf("%+v", m)
		}
	}
}

// A runner whose request for Landlock was lost computes, and says what is missing.
func TestLostRequestIsStated(t *testing.T) {
	env, err := exec.LookPath("env")
	if err != nil {
		t.Fatal(err)
	}
	o := options(t, phantom.Thresholds())
	o.Command = append([]string{env, "-i"}, o.Command...)
	p := start(t, o)
	if text := p.Isolation(); strings.Contains(text, "Landlock ABI") || !strings.Contains(text, "Landlock is missing") || !strings.Contains(text, "none can be opened once the library is loaded") {
		t.Errorf("stated: %s", text)
	}
	if _, err := p.Analyze(t.Context(), small(t), nil); err != nil {
		t.Error(err)
	}
}

// A child that states nothing is one that nothing confines.
func TestSilenceIsNoConfinement(t *testing.T) {
	p := start(t, options(t, phantom.Thresholds(), "stranger", "waits"))
	var missing []string
	for _, m := range p.Confinement().Missing() {
		missing = append(missing, m.Name)
	}
	for _, name := range []string{"files", "system calls", "memory", "dumps"} {
		if !slices.Contains(missing, name) && !(name == "memory" && strings.Contains(p.Isolation(), "cgroup memory.max")) {
			t.Errorf("%s is not missing: %s", name, p.Isolation())
		}
	}
	if !strings.Contains(p.Isolation(), "NOT CONFINED") {
		t.Error(p.Isolation())
	}
}
