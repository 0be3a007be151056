package api_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/api"
)

func TestCallAnswersFailsAndEnds(t *testing.T) {
	dir := t.TempDir()
	door, err := api.Serve(dir, map[string]api.Handler{
		"GET /status":  func(context.Context) (any, error) { return map[string]int{"jobs": 3}, nil },
		"POST /broken": func(context.Context) (any, error) { return nil, errors.New("chain is behind; wait for it") },
	})
	if err != nil {
		t.Fatal(err)
	}
	var status struct{ Jobs int }
	if err := api.Call(t.Context(), dir, "GET", "/status", &status); err != nil || status.Jobs != 3 {
		t.Fatalf("status %+v, error %v", status, err)
	}
	if err := api.Call(t.Context(), dir, "POST", "/broken", &status); err == nil || !strings.Contains(err.Error(), "wait for it") {
		t.Fatalf("got %v, want the role's own words", err)
	}
	info, err := os.Stat(filepath.Join(dir, "api.sock"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("socket %v, error %v: want it private", info, err)
	}
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
	if err := api.Call(t.Context(), dir, "GET", "/status", &status); err == nil || !strings.Contains(err.Error(), "--name") {
		t.Fatalf("closed door: got %v, want a hint at the flags", err)
	}
}

func TestServeReplacesTheSocketOfACrashedRole(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "api.sock"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	door, err := api.Serve(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := door.Close(); err != nil {
		t.Fatal(err)
	}
}

// The members of a group may ask where the role's folder lets them, and no others, through.
func TestTheGroupAsksWhereTheFolderLetsItThrough(t *testing.T) {
	for mode, want := range map[os.FileMode]os.FileMode{0o700: 0o600, 0o710: 0o660, 0o755: 0o600, 0o711: 0o600} {
		dir := t.TempDir()
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		door, err := api.Serve(dir, nil)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(dir, "api.sock")); err != nil || info.Mode().Perm() != want {
			t.Errorf("folder %o: socket %v, %v; want %o", mode, info.Mode().Perm(), err, want)
		}
		if err := door.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
