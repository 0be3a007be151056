package settings_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler/settings"
)

type clinic struct {
	Rules string `toml:"rules"`
	Web   struct {
		Listen string        `toml:"listen"`
		Idle   time.Duration `toml:"idle"`
	} `toml:"web"`
	Rule []struct {
		Name  string            `toml:"name"`
		Match map[string]string `toml:"match"`
	} `toml:"rule"`
}

// Every unknown key is named with its line and what was meant.
func TestDecodeNamesLineAndNearestKey(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"top":                {"rules = \"a\"\nrulez = \"b\"\n", `line 2: rulez is not known; did you mean "rules"?`},
		"in a table":         {"[web]\n# listne = 1\n  listne = \"x\"\n", `line 3: web.listne is not known; did you mean "listen"?`},
		"dotted":             {"rules = \"a\"\nweb.\"lisstn\" = \"x\"\n", `line 2: web.lisstn is not known; did you mean "listen"?`},
		"in a list":          {"[[rule]]\nname = \"a\"\n[[rule]]\nnaem = \"b\"\n", `line 4: rule.naem is not known; did you mean "name"?`},
		"a table":            {"\n[wbe]\nlisten = \"x\"\n", `line 2: wbe is not known; did you mean "web"?`},
		"far from all":       {"[web]\nxyzzyxyzzy = 1\n", `line 2: web.xyzzyxyzzy is not known; known here are listen, idle`},
		"no TOML":            {"rules = \"a\"\nrules", "line 2: "},
		"of another type":    {"web.listen = 5", "incompatible types"},
		"longer than anyone": {strings.Repeat("#", settings.MaxBytes+1), "is it the right file?"},
	} {
		t.Run(name, func(t *testing.T) {
			var c clinic
			err := settings.Decode([]byte(test.text), &c)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q in it", err, test.want)
			}
		})
	}
}

func TestDecodeNamesEveryFault(t *testing.T) {
	var c clinic
	err := settings.Decode([]byte("a1 = 1\n[web]\nlisten = \"x\"\nb2 = 2\n"), &c)
	if err == nil || !strings.Contains(err.Error(), "line 1: a1") || !strings.Contains(err.Error(), "line 4: web.b2") {
		t.Fatalf("got %v, want both faults", err)
	}
	if c.Web.Listen != "x" {
		t.Errorf("listen %q, want what was understood", c.Web.Listen)
	}
}

func TestReadKeepsOrderAndLines(t *testing.T) {
	table, err := settings.Read([]byte("# head\nname = \"a\"\n\nprice-gwei = 5\nlisten = [\n \"x\",\n]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"name", "price-gwei", "listen"}; !reflect.DeepEqual(table.Keys, want) {
		t.Errorf("keys %v, want %v", table.Keys, want)
	}
	if table.Values["price-gwei"] != int64(5) || table.Line("price-gwei") != 4 || table.Line("listen") != 5 || table.Line("other") != 0 {
		t.Errorf("values %v; lines %d, %d, %d", table.Values, table.Line("price-gwei"), table.Line("listen"), table.Line("other"))
	}
	if _, err := settings.Read([]byte("name = \"a\"\nname = \"b\"\n")); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a key twice: got %v, want its line", err)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"modality", "model", "hours"}
	for word, want := range map[string]string{"modality": "modality", "Modalty": "modality", "modle": "model", "hour": "hours", "zzzz": "", "": "", strings.Repeat("m", 100): ""} {
		if got := settings.Nearest(word, known); got != want {
			t.Errorf("Nearest(%q) is %q; want %q", word, got, want)
		}
	}
}

// Whatever a person writes, reading it ends, and a line that is named is one of the text's.
func FuzzRead(f *testing.F) {
	f.Add([]byte("name = \"a\"\n[web]\nlisten = \"x\"\n[[rule]]\n"))
	f.Add([]byte("a.b.\"c\" = 1\n['x']\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := settings.Read(data)
		if err != nil {
			return
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, key := range table.Keys {
			if line := table.Line(key); line < 0 || line > lines {
				t.Errorf("%q is said to stand on line %d of %d", key, line, lines)
			}
		}
		var c clinic
		_ = settings.Decode(data, &c) // its faults are the person's
	})
}
