package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent"
)

func TestDoctorOnAMachineThatWorks(t *testing.T) {
	p := newPerson(t)
	var found agent.Examination
	p.ask(&found, "doctor") // exits with 0 although there is no network yet
	if found.State == agent.CheckFail || len(found.Checks) < 10 {
		t.Errorf("%+v", found)
	}
	text, _, code := p.run("doctor")
	if code != exitOK || !containsAll(text, []string{"onnx runtime: version", "confinement: network", "provider cpu", "state folder", "clock", "fix: ", "0 failed"}) {
		t.Errorf("exit %d:\n%s", code, text)
	}
}

func TestDoctorExitsWithOneAndSaysWhatToDo(t *testing.T) {
	p := newPerson(t)
	file := p.file("file", nil)
	for name, test := range map[string]struct {
		args  []string
		check string
	}{
		"no library":                {[]string{"--ort-lib", filepath.Join(p.home, "none.so")}, "onnx runtime"},
		"a provider that is absent": {[]string{"--provider", "rocm"}, "provider rocm"},
		"no folder":                 {[]string{"--home", file}, "state folder"},
		"no network file":           {[]string{"--network", file}, "network file"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := p.run(append([]string{"doctor", "--json"}, test.args...)...)
			var found agent.Examination
			if err := json.Unmarshal([]byte(stdout), &found); err != nil {
				t.Fatalf("%v in %s", err, stdout)
			}
			if code != exitFailure || found.State != agent.CheckFail || !strings.Contains(stderr, "mend") {
				t.Errorf("exit %d, state %s: %s", code, found.State, stderr)
			}
			for _, c := range found.Checks {
				if c.Name == test.check && (c.State != agent.CheckFail || c.Cause == "" || c.Fix == "") {
					t.Errorf("%+v; want a failure with its cause and a fix", c)
				}
			}
		})
	}
}

func TestSubmitKnowsThreePriorities(t *testing.T) {
	p := newPerson(t)
	if _, stderr, code := p.run("clinic", "submit", "study.zip", "--priority", "soon"); code != exitUsage || !strings.Contains(stderr, "stat") {
		t.Errorf("exit %d: %s", code, stderr)
	}
	for _, priority := range []string{"routine", "urgent", "stat", "STAT"} { // stops at the missing network only
		if _, stderr, code := p.run("clinic", "submit", "study.zip", "--priority", priority); code != exitFailure || !strings.Contains(stderr, "network") {
			t.Errorf("%s: exit %d: %s", priority, code, stderr)
		}
	}
}
