package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestUsersOfANodeComeAndGo(t *testing.T) {
	p := newPerson(t)
	folder := t.TempDir()
	file, password := filepath.Join(folder, "new", "users"), filepath.Join(folder, "password")
	if err := os.WriteFile(password, []byte("correct horse battery\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, code := p.run("node", "user", "add", "anna", "--role", "admin", "--file", file, "--password-file", password); code != exitOK {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	stdout, stderr, code := p.run("node", "user", "add", "grafana", "--token", "--file", file)
	token := strings.TrimSpace(stdout)
	if code != exitOK || len(token) < 52 || !strings.Contains(stderr, "kept nowhere else") {
		t.Fatalf("a token: exit %d, %q, %s", code, stdout, stderr)
	}
	var list []nodeUser
	p.ask(&list, "node", "user", "list", "--file", file)
	if len(list) != 2 || list[0] != (nodeUser{"anna", "admin", false}) || list[1] != (nodeUser{"grafana", "viewer", true}) {
		t.Errorf("users %+v", list)
	}
	data, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(data), token) || strings.Contains(string(data), "correct horse") {
		t.Errorf("the file holds %q, %v", data, err)
	}
	for what, c := range map[string]struct {
		args []string
		says string
	}{
		"a role of the clinic's": {[]string{"node", "user", "add", "x", "--role", "releaser", "--token", "--file", file}, "viewer or admin"},
		"nobody":                 {[]string{"node", "user", "remove", "berta", "--file", file}, "medhive node user list"},
		"no node":                {[]string{"node", "dashboard"}, "is the role running"},
	} {
		if _, stderr, code := p.run(c.args...); code != exitFailure || !strings.Contains(stderr, c.says) {
			t.Errorf("%s: exit %d, %s", what, code, stderr)
		}
	}
	if _, stderr, code := p.run("node", "user", "remove", "grafana", "--file", file); code != exitOK {
		t.Errorf("remove: exit %d, %s", code, stderr)
	}
}
