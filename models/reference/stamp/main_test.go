package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/models"
)

func TestStamp(t *testing.T) {
	dir := t.TempDir()
	before, err := os.ReadFile("../manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	weights := []byte("other weights")
	write := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("manifest.json", before)
	if err := stamp(dir); err == nil {
		t.Error("weights missing: accepted")
	}
	write("t1-tissue.onnx", weights)
	if err := stamp(dir); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := models.NewPackage(after, weights, ""); err != nil {
		t.Error(err)
	}
	var old, stamped models.Manifest
	if err := json.Unmarshal(before, &old); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(after, &stamped); err != nil {
		t.Fatal(err)
	}
	undone := strings.NewReplacer(models.DigestOf(weights).String(), old.Weights.SHA256.String()).Replace(string(after))
	if stamped.ID != old.ID || len(strings.Split(undone, "\n")) != len(strings.Split(string(before), "\n")) {
		t.Error("more than digest and size changed")
	}
	write("manifest.json", []byte("{}"))
	if err := stamp(dir); err == nil {
		t.Error("no file named: accepted")
	}
}
