package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/agent/config"
)

func TestSecretsComeFromTheServiceManager(t *testing.T) {
	credentials := t.TempDir()
	for _, name := range []string{"swarm", "swarm-key"} {
		if err := os.WriteFile(filepath.Join(credentials, name), []byte(name+"\n"), 0o400); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		text, credentials, want string
		origin                  config.Origin
	}{
		"named":               {"swarm-key = \"credential:swarm\"\n", credentials, filepath.Join(credentials, "swarm"), config.FromFile},
		"by the key's name":   {"", credentials, filepath.Join(credentials, "swarm-key"), config.FromCredential},
		"a file goes before":  {"swarm-key = \"/etc/swarm.key\"\n", credentials, "/etc/swarm.key", config.FromFile},
		"nobody hands one":    {"", "", "", config.FromDefault},
		"nor one of its name": {"", t.TempDir(), "", config.FromDefault},
	} {
		t.Run(name, func(t *testing.T) {
			node, table := config.NewNode()
			if err := table.Load(config.Source{File: file(t, test.text), Credentials: test.credentials}); err != nil {
				t.Fatal(err)
			}
			if k, _ := table.Key("swarm-key"); node.SwarmKey != test.want || k.Origin != test.origin {
				t.Errorf("swarm key %q from %s, want %q from %s", node.SwarmKey, k.Origin, test.want, test.origin)
			}
		})
	}
	for name, value := range map[string]string{"not there": "credential:other", "of another folder": "credential:../swarm", "of no name": "credential:"} {
		_, table := config.NewNode()
		if err := table.Load(config.Source{File: file(t, "swarm-key = \""+value+"\"\n"), Credentials: credentials}); err == nil {
			t.Errorf("a credential %s was taken", name)
		}
	}
}

func TestReadSecretRefusesWhatOthersMayRead(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, mode := range []os.FileMode{0o600, 0o640, 0o400} {
		if secret, err := config.ReadSecret(write("good", "a b c\r\n", mode)); err != nil || secret != "a b c" {
			t.Errorf("mode %o: %q, %v", mode, secret, err)
		}
		if err := os.Remove(filepath.Join(dir, "good")); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct{ path, says string }{
		"read by others": {write("open", "x", 0o644), "chmod o-rwx"},
		"empty":          {write("empty", "\n", 0o600), "is empty"},
		"a document":     {write("long", strings.Repeat("x", 100<<10), 0o600), "at most"},
		"not there":      {filepath.Join(dir, "none"), "write it"},
		"a folder":       {dir, "is no file"},
	} {
		secret, err := config.ReadSecret(test.path)
		if err == nil || !strings.Contains(err.Error(), test.says) || secret != "" {
			t.Errorf("%s: %q, %v; want %q in it", name, secret, err, test.says)
		}
	}
}
