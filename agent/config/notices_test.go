package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/config"
	"github.com/medhive/medhive/agent/notify"
)

func TestNoticesAreTheSameInEveryRole(t *testing.T) {
	for _, role := range config.Roles() {
		table, _ := config.TableOf(role)
		path := filepath.Join(t.TempDir(), "role.toml")
		text := "notify-mail-server = \"mail.example.org\"\nnotify-mail-from = \"a@example.org\"\nnotify-mail-to = [\"b@example.org\"]\nnotify-mute = [\"disk-low\"]\nnotify-least = \"critical\"\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := table.Load(config.Source{File: path}); err != nil {
			t.Errorf("%s: %v", role, err)
		}
		if err := os.WriteFile(path, []byte(text+"notify-webhook = \"http://example.org/\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		table, _ = config.TableOf(role)
		if err := table.Load(config.Source{File: path}); err == nil || !strings.Contains(err.Error(), "https") {
			t.Errorf("%s takes a webhook in the clear: %v", role, err)
		}
	}
}

// An address may hold a password, or be one: reports and reloads name it to whoever may ask.
func TestAddressesWithPasswordsAreNotShown(t *testing.T) {
	_, table := config.NewNode()
	for key, value := range map[string]string{
		"plug": "http://admin:hunter2@192.0.2.4", "traces": "http://me:hunter2@collector.example:4318",
		"notify-webhook": "https://hooks.example/hunter2", "notify-ntfy": "https://ntfy.example/hunter2",
	} {
		k, known := table.Key(key)
		if !known {
			t.Fatalf("there is no key %s", key)
		}
		if before := k.Shown(); before != k.Default {
			t.Errorf("%s: nothing is shown as %s", key, before)
		}
		_, old := config.NewNode()
		if err := table.Set(key, value); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(k.Value(), "hunter2") || strings.Contains(k.Shown(), "hunter2") {
			t.Errorf("%s is shown as %s", key, k.Shown())
		}
		for _, c := range config.Changes(old, table) {
			if strings.Contains(c.From+c.To, "hunter2") {
				t.Errorf("a change of %s tells %s", key, c.To)
			}
		}
	}
}

func TestNobodyIsToldUnlessSomebodyIsNamed(t *testing.T) {
	node, table := config.NewNode()
	if err := table.Load(config.Source{}); err != nil {
		t.Fatal(err)
	}
	s := node.Notices.Settings()
	if s.Any() || s.Check() != nil || s.Rules.After != notify.DefaultAfter {
		t.Errorf("%+v, %v", s, s.Check())
	}
}
