package config_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/medhive/medhive/agent/config"
)

var update = flag.Bool("update", false, "write the reference of settings anew")

// reference is where the documentation of settings lies.
const reference = "../../packaging/docs/configuration.md"

func TestTheReferenceIsFresh(t *testing.T) {
	if *update {
		if err := os.WriteFile(reference, []byte(config.Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	stored, err := os.ReadFile(reference)
	if err != nil || string(stored) != config.Reference() {
		t.Errorf("%s is not what the settings say (%v); write it anew with `go test ./agent/config -update`", filepath.Base(reference), err)
	}
}

// Every key says what it means, once, and a default file sets nothing.
func TestEveryKeyIsExplained(t *testing.T) {
	for _, table := range config.Tables() {
		seen, text := map[string]bool{}, table.File()
		for _, k := range table.Keys() {
			if k.Meaning == "" || seen[k.Name] || strings.ToLower(k.Name) != k.Name {
				t.Errorf("%s: key %q: meaning %q; twice: %t", table.Role, k.Name, k.Meaning, seen[k.Name])
			}
			if k.Secret && k.Default != `""` {
				t.Errorf("%s: the secret %s has a default", table.Role, k.Name)
			}
			seen[k.Name] = true
			if !strings.Contains(text, "\n#"+k.Name+" = ") {
				t.Errorf("%s: the default file does not show %s", table.Role, k.Name)
			}
		}
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(line, "#") && strings.TrimSpace(line) != "" {
				t.Errorf("%s: the default file sets something: %s", table.Role, line)
			}
			if len(line) > 200 && !strings.HasPrefix(line, "#regions") {
				t.Errorf("%s: a line of %d bytes: %.60s…", table.Role, len(line), line)
			}
		}
	}
}

// A default file whose every line is taken into force changes nothing: it says the truth.
func TestTheDefaultFileSaysTheDefaults(t *testing.T) {
	setting := regexp.MustCompile(`(?m)^#([a-z0-9-]+ = )`)
	for _, r := range config.Roles() {
		table, _ := config.TableOf(r)
		standard, _ := config.TableOf(r)
		path := file(t, setting.ReplaceAllString(table.File(), "$1"))
		if err := table.Load(config.Source{File: path}); err != nil {
			t.Fatal(err)
		}
		if changes := config.Changes(standard, table); len(changes) != 0 {
			t.Errorf("%s: %+v", r, changes)
		}
		for _, k := range table.Keys() {
			if k.Origin != config.FromFile {
				t.Errorf("%s: %s came from %s", r, k.Name, k.Origin)
			}
		}
	}
}

// What is set comes back from the file that is written of it.
func TestAFileHoldsWhatWasSet(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		node, table := config.NewNode()
		node.PriceGwei = rapid.Uint64Max(1<<63-1).Draw(t, "price")
		node.Provider = rapid.StringN(0, 40, 200).Draw(t, "provider")
		node.MaxWatts = rapid.Float64Range(0, 1e12).Draw(t, "watts")
		node.Plugs = rapid.SliceOfN(rapid.StringMatching(`[ -~é"\\]{0,20}`), 0, 3).Draw(t, "plugs")
		node.LAN = rapid.Bool().Draw(t, "lan")
		for _, k := range table.Keys() {
			k.Origin = config.FromFlag
		}
		path := filepath.Join(dir, "node.toml")
		if err := os.WriteFile(path, []byte(table.File()), 0o600); err != nil {
			t.Fatal(err)
		}
		again, read := config.NewNode()
		if err := read.Load(config.Source{File: path}); err != nil {
			t.Fatal(err)
		}
		for _, k := range read.Keys() {
			k.Origin = config.FromFlag
		}
		if table.File() != read.File() || again.PriceGwei != node.PriceGwei || again.Provider != node.Provider {
			t.Fatalf("wrote %+v, read %+v", node, again)
		}
	})
}

// Whatever a file holds, it is read or refused, and what is read keeps its bounds.
func FuzzLoad(f *testing.F) {
	_, table := config.NewNode()
	f.Add([]byte(table.File()))
	f.Add([]byte("price-gwei = 5\nlisten = [\"/ip4/0.0.0.0/tcp/1\"]\npromise = \"1h\"\nswarm-key = \"credential:x\"\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(dir, "node.toml")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		node, table := config.NewNode()
		if err := table.Load(config.Source{File: path}); err != nil {
			return
		}
		if node.Queue < 0 || node.Promise < 0 || node.MaxWatts < 0 || len(node.Listen) == 0 || strings.ContainsRune(node.Name, '/') {
			t.Errorf("taken: %+v", node)
		}
	})
}
