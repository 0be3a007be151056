package vendor

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"aead.dev/minisign"

	"github.com/medhive/medhive/agent/update"
)

func TestAReleaseIsSignedInStages(t *testing.T) {
	bench, err := Init(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir, now := t.TempDir(), time.Date(2026, 11, 22, 12, 0, 0, 500, time.UTC)
	release := Release{Dir: dir, Channel: "stable", Version: "1.2.0", Minimum: "1.0.0", Rollout: 5, Notes: "faster", Valid: 30 * 24 * time.Hour}
	if _, err := bench.SignUpdate(release, now); err == nil || !strings.Contains(err.Error(), "put them in as medhive-1.2.0-linux-amd64") {
		t.Errorf("without programs: %v", err)
	}
	for _, name := range []string{"medhive-1.2.0-linux-amd64", "medhive-1.2.0-linux-arm64", "medhive-1.1.0-linux-amd64", "medhive-1.2.0-linux-amd64.minisig", "notes"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := bench.ImageKey()
	if err != nil {
		t.Fatal(err)
	}
	var key minisign.PublicKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		t.Fatalf("update-key can't be what the bench prints: %v", err)
	}
	for n, share := range []int{5, 50, 100} {
		release.Rollout = share
		if _, err := bench.SignUpdate(release, now); err != nil {
			t.Fatal(err)
		}
		manifest, err := os.ReadFile(filepath.Join(dir, "stable.json"))
		if err != nil {
			t.Fatal(err)
		}
		signature, err := os.ReadFile(filepath.Join(dir, "stable.json.minisig"))
		if err != nil {
			t.Fatal(err)
		}
		m, err := update.Verify(key, manifest, signature)
		if err != nil {
			t.Fatal(err)
		}
		arm, built := m.For("linux", "arm64")
		if m.Sequence != uint64(n+1) || m.Rollout != share || len(m.Files) != 2 || !built || arm.Bytes != int64(len("medhive-1.2.0-linux-arm64")) {
			t.Errorf("%+v", m)
		}
	}
	for name, spoil := range map[string]func(*Release){
		"a channel elsewhere": func(r *Release) { r.Channel = "../stable" },
		"no version":          func(r *Release) { r.Version = "new" },
		"more than all":       func(r *Release) { r.Rollout = 101 },
		"for ever":            func(r *Release) { r.Valid = 10 * 366 * 24 * time.Hour },
	} {
		r := release
		spoil(&r)
		if _, err := bench.SignUpdate(r, now); err == nil {
			t.Errorf("%s is signed", name)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "stable.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bench.SignUpdate(release, now); err == nil || !strings.Contains(err.Error(), "restore it") {
		t.Errorf("a lost sequence begins anew: %v", err)
	}
}
