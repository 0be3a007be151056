package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsersOfTheDashboardComeAndGo(t *testing.T) {
	p := newPerson(t)
	folder := t.TempDir()
	file, password := filepath.Join(folder, "users.txt"), filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	add := func(name, role string) (string, int) {
		_, stderr, code := p.run("clinic", "user", "add", name, "--role", role, "--file", file, "--password-file", password)
		return stderr, code
	}
	if stderr, code := add("anna", "reader"); code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if stderr, code := add("anna", "king"); code != exitUsage || !strings.Contains(stderr, "releaser") {
		t.Errorf("a role that is none: exit %d, %s", code, stderr)
	}
	if stderr, code := add("anna", "admin"); code != exitOK {
		t.Errorf("another role: exit %d, %s", code, stderr)
	}
	var list []struct{ Name, Role string }
	p.ask(&list, "clinic", "user", "list", "--file", file)
	if len(list) != 1 || list[0].Name != "anna" || list[0].Role != "admin" {
		t.Errorf("users %+v, want anna as admin", list)
	}
	data, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(data), "correct horse") || !strings.Contains(string(data), "$argon2id$") {
		t.Errorf("the file holds %q, %v", data, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of users: %v, %v", info, err)
	}
	if _, stderr, code := p.run("clinic", "user", "remove", "anna", "--file", file); code != exitOK {
		t.Errorf("remove: exit %d, %s", code, stderr)
	}
	if _, stderr, code := p.run("clinic", "user", "remove", "anna", "--file", file); code != exitFailure || !strings.Contains(stderr, "user list") {
		t.Errorf("remove again: exit %d, %s", code, stderr)
	}
	if _, stderr, code := p.run("clinic", "user", "list"); code != exitFailure || !strings.Contains(stderr, "clinic init") {
		t.Errorf("without a site file: exit %d, %s", code, stderr)
	}
}
