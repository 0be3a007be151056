package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/agent"
	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/update"
	"github.com/medhive/medhive/agent/vendor"
	"github.com/medhive/medhive/attest/identity"
)

// nextProgram is a program that says and proves what an update asks, and as a node dies at once.
const nextProgram = `#!/bin/sh
case "$1" in
version) echo '{"version":"9.9.9","platform":"PLATFORM"}' ;;
update) echo '[{"name":"check all","ok":true}]' ;;
*) echo "$MEDHIVE_UPDATE_RUNS runs"; exit 1 ;;
esac
`

// updatable is a person with a node's key and settings, and a vendor who laid a version out.
func updatable(t *testing.T, rollout int) (p *person, settings string) {
	t.Helper()
	p = newPerson(t)
	if err := os.MkdirAll(agent.NodeState(p.home, "node"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := identity.LoadOrCreate(filepath.Join(agent.NodeState(p.home, "node"), "node.key")); err != nil {
		t.Fatal(err)
	}
	bench, err := vendor.Init(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	place := t.TempDir()
	here := runtime.GOOS + "-" + runtime.GOARCH
	program := strings.ReplaceAll(nextProgram, "PLATFORM", runtime.GOOS+"/"+runtime.GOARCH)
	if err := os.WriteFile(filepath.Join(place, "medhive-9.9.9-"+here), []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.SignUpdate(vendor.Release{Dir: place, Channel: "stable", Version: "9.9.9", Minimum: "0.0.1", Rollout: rollout, Valid: time.Hour}, time.Now()); err != nil {
		t.Fatal(err)
	}
	key, err := bench.ImageKey()
	if err != nil {
		t.Fatal(err)
	}
	return p, p.file("node.toml", []byte("update-url = \""+place+"\"\nupdate-key = \""+key+"\"\n"))
}

func TestAnUpdateByHand(t *testing.T) {
	p, _ := updatable(t, 100)
	stdout, stderr, code := p.run("update", "--check")
	if code != exitUpdate || !strings.Contains(stdout, "version 9.9.9 is there, and "+version+" runs; `medhive update` takes it") || stderr != "" {
		t.Errorf("exit %d: %s%s", code, stdout, stderr)
	}
	stdout, _, code = p.run("update", "--check", "--json")
	var found update.Finding
	if err := json.Unmarshal([]byte(stdout), &found); code != exitUpdate || err != nil || found.State != update.Available || found.Newest != "9.9.9" {
		t.Errorf("exit %d, %v: %s", code, err, stdout)
	}
	if _, stderr, code = p.run("update"); code != exitOK || !strings.Contains(stderr, "the next `medhive node run` runs 9.9.9") {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	if stdout, _, code = p.run("update", "--check"); code != exitOK || !strings.Contains(stdout, "version 9.9.9 is the newest") {
		t.Errorf("after the switch: exit %d: %s", code, stdout)
	}
	for range update.MaxStarts {
		if stdout, stderr, _ = p.run("node", "run"); !strings.Contains(stdout, "9.9.9 runs") {
			t.Fatalf("%s%s", stdout, stderr)
		}
	}
	// It died every time: the installed program goes on, which misses its network file.
	if stdout, stderr, _ = p.run("node", "run"); strings.Contains(stdout, "9.9.9 runs") || !strings.Contains(stderr, "network") {
		t.Errorf("%s%s", stdout, stderr)
	}
	if stdout, _, code = p.run("update", "--check"); code != exitOK || !strings.Contains(stdout, "found it bad") {
		t.Errorf("exit %d: %s", code, stdout)
	}
	if stdout, _, code = p.run("update", "--check", "--forgive"); code != exitUpdate {
		t.Errorf("forgiven: exit %d: %s", code, stdout)
	}
}

func TestAnUpdateThatIsNotForThisMachineYet(t *testing.T) {
	p, _ := updatable(t, 0)
	for _, args := range [][]string{{"update", "--check"}, {"update"}} {
		if stdout, stderr, code := p.run(args...); code != exitOK || !strings.Contains(stdout, "this one comes later") {
			t.Errorf("%v: exit %d: %s%s", args, code, stdout, stderr)
		}
	}
}

func TestUpdatesThatCannotBeLookedFor(t *testing.T) {
	p, settings := updatable(t, 100)
	said := func(want string, args ...string) {
		t.Helper()
		if _, stderr, code := p.run(args...); code != exitFailure && code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d: %s", args, code, stderr)
		}
	}
	said("belong together", "update", "--update-key=")
	said("no https address", "update", "--update-url", "http://example.org")
	said("it begins with RW", "update", "--update-key", "RWQ")
	text, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(agent.NodeState(p.home, "node"), "node.key")); err != nil {
		t.Fatal(err)
	}
	said("`medhive node init`", "update")
	p.file("node.toml", []byte(strings.SplitN(string(text), "\n", 2)[1])) // the key alone
	said("belong together", "update")
	if err := os.Remove(settings); err != nil {
		t.Fatal(err)
	}
	said("name update-url and update-key", "update")
}

// busyNode answers at a node's door, and is at work for some looks after it was told to drain.
type busyNode struct {
	mu    sync.Mutex // guards the fields below
	mode  string
	looks int // until it is idle
	told  []string
}

func (n *busyNode) status() agent.NodeStatus {
	return agent.NodeStatus{Mode: n.mode, Idle: n.mode != "working" && n.looks == 0}
}

func (n *busyNode) serve(t *testing.T) string {
	t.Helper()
	state := t.TempDir()
	tell := func(word, mode string) api.Handler {
		return func(context.Context) (any, error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.told, n.mode = append(n.told, word), mode
			return n.status(), nil
		}
	}
	server, err := api.Serve(state, map[string]api.Handler{
		"GET /status": func(context.Context) (any, error) {
			n.mu.Lock()
			defer n.mu.Unlock()
			if n.mode != "working" && n.looks > 0 {
				n.looks--
			}
			return n.status(), nil
		},
		"POST /drain": tell("drain", "draining"), "POST /resume": tell("resume", "working"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return state
}

func TestAnUpdateWaitsForRunningJobs(t *testing.T) {
	n := &busyNode{mode: "working", looks: 3}
	work := doorWork{n.serve(t), true}
	if working, err := work.Working(t.Context()); err != nil || !working {
		t.Fatal(working, err)
	}
	if err := work.Drain(t.Context()); err != nil || n.looks != 0 {
		t.Errorf("it does not wait: %d looks are left, %v", n.looks, err)
	}
	if err := work.Resume(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(n.told, " "); got != "drain resume" {
		t.Error(got)
	}

	// One that its operator paused is not told to drain: what waits there would begin.
	n = &busyNode{mode: "paused", looks: 1}
	if err := (doorWork{n.serve(t), true}).Drain(t.Context()); err != nil || len(n.told) != 0 || n.looks != 0 {
		t.Errorf("%v, told %q", err, n.told)
	}

	// One whose jobs do not end within the person's patience stays drained, and says so.
	n = &busyNode{mode: "working", looks: 1_000_000}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := (doorWork{n.serve(t), true}).Drain(ctx); err == nil {
		t.Error("it does not wait")
	}
}
