package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/attest/epoch"
)

func TestWhatVerifyTakes(t *testing.T) {
	for name, args := range map[string][]string{
		"nothing":                 nil,
		"a folder and an epoch":   {"folder", "--epoch", "1"},
		"two folders":             {"one", "two"},
		"epoch 0":                 {"--epoch", "0"},
		"no number":               {"--epoch", "first"},
		"a number with a tail":    {"--epoch", "1x"},
		"a number with a plus":    {"--epoch", "+1"},
		"a challenge of no epoch": nil,
	} {
		command := []string{"coordinator", "verify"}
		if strings.HasPrefix(name, "a challenge") {
			command = []string{"coordinator", "challenge", "--key", "hot.key"}
		}
		p := newPerson(t)
		if _, stderr, code := p.run(append(command, args...)...); code != exitUsage && !strings.Contains(stderr, "network file") {
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}

func TestEpochNumber(t *testing.T) {
	for text, want := range map[string]uint64{"1": 1, "17": 17, "18446744073709551615": 1<<64 - 1, newestWord: 0} {
		if got, err := epochNumber(text); err != nil || got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "0", "-1", "+1", "1.0", "1 ", "01", "newer", "18446744073709551616"} {
		if got, err := epochNumber(text); err == nil {
			t.Errorf("%q was read as %d", text, got)
		}
	}
}

// An epoch verifies as a folder of an earlier version, in an archive, and as a bundle.
func TestVerifyReadsEveryForm(t *testing.T) {
	old := filepath.Join("..", "..", "attest", "epoch", "testdata", "second")
	archive := epoch.Archive(t.TempDir())
	if err := os.CopyFS(archive.Dir(1), os.DirFS(old)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Complete(1); err != nil {
		t.Fatal(err)
	}
	bundle := filepath.Join(archive.Dir(1), epoch.BundleFile)
	p := newPerson(t)
	for _, path := range []string{old, string(archive), archive.Dir(1), bundle} {
		if stdout, stderr, code := p.run("coordinator", "verify", path); code != exitOK || !strings.Contains(stdout, "everything agrees") {
			t.Errorf("%s: exit %d, %s%s", path, code, stdout, stderr)
		}
	}
	whole, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bundle, whole[:len(whole)-9], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := p.run("coordinator", "verify", bundle); code != exitFailure || !strings.Contains(stderr, "take it from another coordinator") {
		t.Errorf("a bundle that was cut: exit %d, %s", code, stderr)
	}
}
