package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest/score/simulation"
)

func TestExecute(t *testing.T) {
	folder := t.TempDir()
	out, picture := filepath.Join(folder, "report.json"), filepath.Join(folder, "picture.svg")
	var stdout, stderr bytes.Buffer
	// So many false flags suspend honest nodes: the year can't show what it must.
	err := execute(t.Context(), []string{"-nodes", "60", "-days", "30", "-false-flags", "0.3", "-out", out, "-picture", picture}, &stdout, &stderr)
	if err == nil || !strings.Contains(err.Error(), "goals are missed") || !strings.Contains(stdout.String(), "honest nodes were suspended") {
		t.Errorf("%v\n%s", err, stdout.String())
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	var report simulation.Report
	if err := json.Unmarshal(data, &report); err != nil || report.Lines != 60*30 || report.Config.FalseFlags != 0.3 {
		t.Errorf("%d lines: %v", report.Lines, err)
	}
	if data, err = os.ReadFile(picture); err != nil || !bytes.HasPrefix(data, []byte("<svg ")) {
		t.Errorf("no picture: %v", err)
	}
	for _, args := range [][]string{{"-nodes", "0"}, {"-no-such-flag"}, {"-nodes", "2", "-days", "1", "-out", filepath.Join(folder, "nowhere", "x")}} {
		if err := execute(t.Context(), args, &stdout, &stderr); err == nil {
			t.Errorf("%v: let through", args)
		}
	}
}
