package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/medhive/medhive/agent/config"
)

// file writes a file of settings into a folder of its own.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "node.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// parsed are a command's flags for a table, after it was called with args.
func parsed(t *testing.T, table *config.Table, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("run", pflag.ContinueOnError)
	table.Flags(flags)
	flags.String("network", "", "every command's own")
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

func TestFlagsGoBeforeEnvironmentBeforeFileBeforeDefault(t *testing.T) {
	path := file(t, `
price-gwei = 10
promise = "2m"
queue = 7
listen = ["/ip4/0.0.0.0/tcp/9401", "/ip4/0.0.0.0/tcp/9402"]
max-watts = 300
share-models = true
`)
	node, table := config.NewNode()
	flags := parsed(t, table, "--price-gwei", "30", "--listen", "/ip4/127.0.0.1/tcp/1", "--network", "n.json")
	err := table.Load(config.Source{File: path, Flags: flags, Environment: []string{
		"MEDHIVE_NODE_PRICE_GWEI=20", "MEDHIVE_NODE_PROMISE=3m", "MEDHIVE_NODE_PLUG=http://a,http://b", "MEDHIVE_HOME=/x", "PATH=/bin"}})
	if err != nil {
		t.Fatal(err)
	}
	if node.PriceGwei != 30 || node.Promise != 3*time.Minute || node.Queue != 7 || node.MaxWatts != 300 || !node.ShareModels || node.Jurisdiction != "DE" {
		t.Errorf("settings %+v", node)
	}
	if len(node.Listen) != 1 || len(node.Plugs) != 2 || node.Plugs[1] != "http://b" || node.Network != "n.json" {
		t.Errorf("listen %q, plugs %q, network %q", node.Listen, node.Plugs, node.Network)
	}
	for name, want := range map[string]config.Origin{"price-gwei": config.FromFlag, "promise": config.FromEnvironment, "queue": config.FromFile,
		"jurisdiction": config.FromDefault, "network": config.FromFlag, "plug": config.FromEnvironment} {
		if k, _ := table.Key(name); k.Origin != want {
			t.Errorf("%s came from %s, want %s", name, k.Origin, want)
		}
	}
}

// What was given as a flag stays in force when the file is read again.
func TestLoadAgainKeepsTheFlags(t *testing.T) {
	path := file(t, "price-gwei = 10\nqueue = 7\n")
	_, old := config.NewNode()
	from := config.Source{File: path, Flags: parsed(t, old, "--price-gwei", "30", "--plug", "http://a", "--plug", "http://b")}
	if err := old.Load(from); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("price-gwei = 11\nqueue = 8\nmax-watts = 1.5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	node, young := config.NewNode()
	if err := young.Load(from); err != nil {
		t.Fatal(err)
	}
	if node.PriceGwei != 30 || node.Queue != 8 || len(node.Plugs) != 2 {
		t.Errorf("price %d, queue %d, plugs %q", node.PriceGwei, node.Queue, node.Plugs)
	}
	changes := config.Changes(old, young)
	if len(changes) != 2 || changes[0] != (config.Change{Key: "queue", From: "7", To: "8"}) || changes[1] != (config.Change{Key: "max-watts", From: "0.0", To: "1.5", Live: true}) {
		t.Errorf("changes %+v", changes)
	}
}

func TestLoadNamesEveryFaultWithItsPlace(t *testing.T) {
	for name, test := range map[string]struct {
		text        string
		environment []string
		flags       []string
		says        []string
	}{
		"unknown key":           {"# mine\nprice-gwie = 5\n", nil, nil, []string{"node.toml:2:", `price-gwie is not known; did you mean price-gwei?`}},
		"far from all":          {"xyzzyxyzzy = 5\n", nil, nil, []string{"node.toml:1:", "medhive config default node"}},
		"a table":               {"[market]\nprice-gwei = 5\n", nil, nil, []string{"node.toml:1:", "market is not known"}},
		"a text for a number":   {"\n\nprice-gwei = \"5\"\n", nil, nil, []string{"node.toml:3: price-gwei", "want a whole number"}},
		"below zero":            {"price-gwei = -5\n", nil, nil, []string{"node.toml:1: price-gwei", "want a whole number"}},
		"a number for a text":   {"hours = 8\n", nil, nil, []string{"hours", "want a text between quotes"}},
		"a text for a list":     {"listen = \"/ip4/0.0.0.0/tcp/1\"\n", nil, nil, []string{"listen", "want a list"}},
		"a list of numbers":     {"listen = [1]\n", nil, nil, []string{"listen", "want a list"}},
		"a list for a text":     {"name = [\"a\"]\n", nil, nil, []string{"name", "want a text"}},
		"no duration":           {"promise = 60\n", nil, nil, []string{"promise", "with its unit"}},
		"before now":            {"promise = \"-1s\"\n", nil, nil, []string{"promise", "0 or more"}},
		"no boolean":            {"lan = 1\n", nil, nil, []string{"lan", "true or false"}},
		"not finite":            {"max-watts = inf\n", nil, nil, []string{"max-watts", "0 or more"}},
		"a date":                {"name = 2026-01-01\n", nil, nil, []string{"name", "want a text"}},
		"no TOML":               {"price-gwei 5\n", nil, nil, []string{"node.toml: line 1"}},
		"two faults":            {"queue = -1\nhours = \"morning\"\n", nil, nil, []string{"node.toml:1: queue", "node.toml:2: hours"}},
		"no country":            {"jurisdiction = \"Germany\"\n", nil, nil, []string{"node.toml:1: jurisdiction", "ISO 3166"}},
		"no address":            {"recipient = \"me\"\n", nil, nil, []string{"0x and 40 hex digits"}},
		"no multiaddress":       {"listen = [\"0.0.0.0:9401\"]\n", nil, nil, []string{"/ip4/0.0.0.0/tcp/9401"}},
		"nowhere to listen":     {"listen = []\n", nil, nil, []string{"node.toml:1: listen", "names no address"}},
		"a folder above":        {"name = \"../x\"\n", nil, nil, []string{"plain name"}},
		"no port":               {"metrics = \"localhost\"\n", nil, nil, []string{"host:port"}},
		"no amount":             {"claim-above = \"much\"\n", nil, nil, []string{"such as 0.5"}},
		"together":              {"declared-watts = 10\ndeclared-idle-watts = 20\n", nil, nil, []string{"more at rest"}},
		"unknown variable":      {"", []string{"MEDHIVE_NODE_PRICE=5"}, nil, []string{"MEDHIVE_NODE_PRICE is not known"}},
		"near variable":         {"", []string{"MEDHIVE_NODE_PRICE_GWIE=5"}, nil, []string{"did you mean MEDHIVE_NODE_PRICE_GWEI?"}},
		"variable of no number": {"", []string{"MEDHIVE_NODE_QUEUE=many"}, nil, []string{"MEDHIVE_NODE_QUEUE: want a whole number"}},
		"variable out of range": {"", []string{"MEDHIVE_NODE_QUEUE=-1"}, nil, []string{"MEDHIVE_NODE_QUEUE", "want 0 to"}},
		"flag out of range":     {"", nil, []string{"--queue", "-1"}, []string{"--queue: -1 is out of range"}},
		"no such credential":    {"swarm-key = \"credential:swarm\"\n", nil, nil, []string{"LoadCredential=swarm:"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, table := config.NewNode()
			err := table.Load(config.Source{File: file(t, test.text), Environment: test.environment, Flags: parsed(t, table, test.flags...)})
			if err == nil {
				t.Fatal("it was taken")
			}
			for _, words := range test.says {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("got %v, want %q in it", err, words)
				}
			}
		})
	}
}

func TestLoadBoundsTheFile(t *testing.T) {
	_, table := config.NewNode()
	for name, path := range map[string]string{"absent": filepath.Join(t.TempDir(), "none.toml"), "a folder": t.TempDir(), "too long": file(t, strings.Repeat("#", 2<<20))} {
		if err := table.Load(config.Source{File: path}); err == nil || !strings.Contains(err.Error(), "--config") {
			t.Errorf("%s: got %v, want what to do", name, err)
		}
	}
}

// A path in a file is relative to the file; of a flag it is the shell's.
func TestPathsAreRelativeToTheFile(t *testing.T) {
	path := file(t, "network = \"net/network.json\"\nort-lib = \"/lib/ort.so\"\nswarm-key = \"swarm.key\"\n")
	node, table := config.NewNode()
	if err := table.Load(config.Source{File: path}); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(path)
	if node.Network != filepath.Join(dir, "net", "network.json") || node.Library != "/lib/ort.so" || node.SwarmKey != filepath.Join(dir, "swarm.key") {
		t.Errorf("network %q, library %q, swarm key %q", node.Network, node.Library, node.SwarmKey)
	}
}
