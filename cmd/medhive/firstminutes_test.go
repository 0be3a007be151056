package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// instruction is what the last clause of a message must hold: a command, a flag, what was meant,
// or a verb at its beginning that tells the reader to do something.
var instruction = regexp.MustCompile("`medhive [^`]+`|--[a-z]|^did you mean |^(start|stop|choose|name|correct|free|run|give|put|write|edit|mend|answer|move|ask|leave|install|want|repair|look|take)\\b")

// tellsWhatToDo reports whether a message ends in what to do.
func tellsWhatToDo(stderr string) bool {
	lines := strings.Split(strings.TrimSpace(stderr), "\n")
	last := strings.TrimPrefix(lines[len(lines)-1], "medhive: ")
	clause := last[max(strings.LastIndex(last, "; ")+1, strings.LastIndex(last, ": ")+1, strings.LastIndex(last, "? ")+1):]
	return instruction.MatchString(strings.TrimSpace(clause))
}

func TestTellsWhatToDoCanFail(t *testing.T) {
	for text, want := range map[string]bool{
		"medhive: open node.db: permission denied":                          false,
		"medhive: it is full; try later":                                    false,
		"medhive: the run: it ended":                                        false,
		"medhive: it is full; choose another home with --home":              true,
		"medhive: node.toml:2: x is not known\nmend it, then start it anew": true,
	} {
		if got := tellsWhatToDo(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

// says runs a command that must fail, and holds its message to the rule.
func (p *person) says(want string, args ...string) {
	p.t.Helper()
	_, stderr, code := p.run(args...)
	if code == exitOK {
		p.t.Errorf("medhive %s: it worked", strings.Join(args, " "))
		return
	}
	if !tellsWhatToDo(stderr) || !strings.Contains(stderr, want) || strings.Contains(stderr, "strconv.") || strings.Contains(stderr, "goroutine ") {
		p.t.Errorf("medhive %s: want %q in it, and what to do at its end:\n%s", strings.Join(args, " "), want, stderr)
	}
}

// What a new user gets wrong before anything runs.
func TestFirstMinutesWithoutANetwork(t *testing.T) {
	p := newPerson(t)
	file := func(name, text string) string { return p.file(name, []byte(text)) }
	for _, c := range []struct {
		want string
		args []string
	}{
		{"did you mean `medhive node`?", []string{"nod"}},
		{"did you mean `medhive node run`?", []string{"node", "runn"}},
		{"did you mean --threads?", []string{"node", "run", "--thread", "2"}},
		{"want a whole number", []string{"node", "run", "--price-gwei", "cheap"}},
		{"want a duration", []string{"node", "run", "--promise", "60"}},
		{"Mon-Fri", []string{"node", "run", "--hours", "morning"}},
		{"0x and 40 hex digits", []string{"node", "run", "--recipient", "me"}},
		{"ISO 3166", []string{"node", "run", "--jurisdiction", "Germany"}},
		{"/ip4/", []string{"node", "run", "--listen", "0.0.0.0:9401"}},
		{"host:port", []string{"node", "run", "--metrics", "9502"}},
		{"bytes", []string{"node", "run", "--memory", "4GB"}},
		{"medhive chain dev", []string{"node", "run"}},
		{"medhive chain dev", []string{"clinic", "run"}},
		{"medhive chain dev", []string{"coordinator", "run"}},
		{"medhive chain dev", []string{"chain", "status"}},
		{"medhive chain dev", []string{"node", "claim"}},
		{"network file", []string{"node", "run", "--network", file("broken.json", "{")}},
		{"network file", []string{"node", "run", "--network", file("empty.json", "{}")}},
		{"is the role running", []string{"node", "status"}},
		{"is the role running", []string{"node", "reload"}},
		{"is the role running", []string{"clinic", "status"}},
		{"is the role running", []string{"coordinator", "status"}},
		{"", []string{"status"}},
		{"name one study", []string{"clinic", "submit"}},
		{"", []string{"clinic", "submit", "nothing.zip"}},
		{"nobody answers", []string{"node", "init"}},
		{"ISO 3166", []string{"node", "init", "--defaults", "--jurisdiction", "Germany"}},
		{"0 to 65535", []string{"node", "init", "--defaults", "--port", "99999"}},
		{"plain name", []string{"node", "init", "--defaults", "--name", "../x"}},
		{"not a directory", []string{"node", "init", "--defaults", "--home", file("a-file", "") + "/home"}},
		{"name one role", []string{"config", "show"}},
		{"name one role", []string{"config", "default", "nodes"}},
		{"name the file", []string{"config", "check", "node"}},
		{"did you mean price-gwei?", []string{"config", "check", "node", file("slip.toml", "price-gwie = 5\n")}},
		{"slip.toml:1", []string{"node", "run", "--config", filepath.Join(p.home, "slip.toml")}},
		{"none.toml", []string{"node", "run", "--config", filepath.Join(p.home, "none.toml")}},
		{"line 1", []string{"node", "run", "--config", file("torn.toml", "price gwei")}},
	} {
		p.says(c.want, c.args...)
	}
}

// deadCoordinator writes the network file of a running chain anew, with a coordinator that is
// not there.
func (p *person) deadCoordinator() {
	p.t.Helper()
	path := filepath.Join(p.home, "network.json")
	data, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	network := map[string]any{}
	if err := json.Unmarshal(data, &network); err != nil {
		p.t.Fatal(err)
	}
	network["coordinator"] = []string{"/ip4/127.0.0.1/tcp/1/p2p/16Uiu2HAmVoBJjiXiAHBiVsuR6RmeztUcHxyQuAv8XvbsqY72aScf"}
	if data, err = json.Marshal(network); err != nil {
		p.t.Fatal(err)
	}
	p.file("network.json", data)
}

// What goes wrong on a machine that has a network: ports that are taken, no runtime, no chain.
func TestFirstMinutesWithANetwork(t *testing.T) {
	p := newPerson(t)
	chain := p.start("chain", "chain", "dev", "--listen", "127.0.0.1:0")
	chain.await("next:", "coordinator run")
	p.deadCoordinator()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	brief := []string{"node", "run", "--probe-duration", "50ms"}
	run := func(args ...string) []string { return slices.Concat(brief, args) }
	p.says("onnx runtime", run("--ort-lib", "/nowhere.so")...)
	p.says("already in use", run("--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port))...)
	p.says("already in use", run("--health", fmt.Sprintf("127.0.0.1:%d", port))...)
	p.says("--max-watts", run("--max-watts", "50")...)
	p.says("swarm key", run("--swarm-key", "/nowhere.key")...)
	p.says("already in use", "chain", "dev", "--listen", taken.Addr().String(), "--home", filepath.Join(p.home, "other"))
	p.says("already in use", "coordinator", "run", "--metrics", taken.Addr().String())
	chain.stop(patience)
	p.says("is the chain running?", "chain", "status")
	p.says("is the chain running?", "coordinator", "run")
	p.says("is the chain running?", brief...)
}

func TestAdviceOnFaultsOfTheDisk(t *testing.T) {
	for name, test := range map[string]struct {
		err  error
		says string
	}{
		"full":         {fmt.Errorf("write key file node.key: %w", &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), "free some room"},
		"quota":        {fmt.Errorf("write state: %w", syscall.EDQUOT), "free some room"},
		"read-only":    {fmt.Errorf("write state: %w", syscall.EROFS), "--home"},
		"of another":   {fmt.Errorf("open node.db: %w", os.ErrPermission), "sudo -u medhive"},
		"says already": {fmt.Errorf("open node.db: %w; chmod it", os.ErrPermission), "chmod it"},
	} {
		if text := spoken(test.err); !strings.Contains(text, test.says) || !strings.Contains(text, "; ") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// From nothing to a node's settings, by defaults and by answers.
func TestNodeInit(t *testing.T) {
	p := newPerson(t)
	out, stderr, code := p.run("node", "init", "--defaults")
	if code != exitOK || !containsAll(out, []string{"node 0x", "node.toml", "network.json", "next:  medhive node run"}) {
		t.Fatalf("exit %d\n%s%s", code, out, stderr)
	}
	key, err := os.Stat(filepath.Join(p.home, "node", "node.key"))
	if err != nil || key.Mode().Perm() != 0o600 {
		t.Errorf("key %v, %v: want it private", key, err)
	}
	var shown []struct{ Key, Value, Origin string }
	p.ask(&shown, "config", "show", "node")
	found := false
	for _, s := range shown {
		found = found || s.Key == "listen" && s.Value == `["/ip4/0.0.0.0/tcp/9401"]` && s.Origin == "file"
	}
	if !found {
		t.Errorf("settings %+v: want the address to listen on, from the file", shown)
	}
	p.says("is there already", "node", "init", "--defaults")

	c := p.command(t.Context(), "node", "init", "--name", "second")
	c.Stdin = strings.NewReader("\nme\n0x52908400098527886E0F7030069857D2E4169EE7\nGermany\nFR\n\n0\n")
	if said, err := c.CombinedOutput(); err != nil || !containsAll(string(said), []string{"0x and 40 hex digits", "no country", "--name second"}) {
		t.Fatalf("%v\n%s", err, said)
	}
	text, err := os.ReadFile(filepath.Join(p.home, "second.toml"))
	if err != nil || !containsAll(string(text), []string{"\nname = \"second\"", "\njurisdiction = \"FR\"", "\nrecipient = \"0x5290", "\n#listen = "}) {
		t.Errorf("%v\n%s", err, text)
	}
	if out, stderr, code := p.run("config", "check", "node", filepath.Join(p.home, "second.toml")); code != exitOK {
		t.Errorf("exit %d\n%s%s", code, out, stderr)
	}
}

// A running node takes over what may change, says what may not, and survives what is wrong.
func TestNodeTakesItsSettingsAnew(t *testing.T) {
	p := newPerson(t)
	p.start("chain", "chain", "dev", "--listen", "127.0.0.1:0").await("next:", "coordinator run")
	p.start("coordinator", "coordinator", "run").await("next:", "node run")
	p.file("node.toml", []byte("probe-duration = \"50ms\"\nprice-gwei = 10\n"))
	node := p.start("node", "node", "run", "--queue", "3")
	node.await("is bidding")
	p.file("node.toml", []byte("probe-duration = \"50ms\"\nprice-gwei = 20\nhours = \"Mon-Sun\"\nqueue = 9\njurisdiction = \"FR\"\n"))
	var r struct{ Applied, Later []struct{ Key, To string } }
	p.ask(&r, "node", "reload")
	if len(r.Applied) != 2 || r.Applied[0].Key != "price-gwei" || r.Applied[1].To != `"Mon-Sun"` || len(r.Later) != 1 || r.Later[0].Key != "jurisdiction" {
		t.Errorf("%+v: want price and hours in force, jurisdiction later, and the flag's queue to stay", r)
	}
	var status struct {
		PriceGwei uint64 `json:"price_gwei"`
		Queue     int
	}
	p.ask(&status, "node", "status")
	if status.PriceGwei != 20 || status.Queue != 3 {
		t.Errorf("status %+v", status)
	}
	p.file("node.toml", []byte("price-gwie = 30\n"))
	p.says("did you mean price-gwei?", "node", "reload")
	hangUp(t, node)
	node.await("the settings stay as they are")
	p.file("node.toml", []byte("probe-duration = \"50ms\"\nprice-gwei = 40\n"))
	hangUp(t, node)
	node.await("a setting has changed", "to=40")
	if code := node.stop(patience); code != exitOK {
		t.Errorf("exit %d", code)
	}
}

func hangUp(t *testing.T, d *daemon) {
	t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

// A role that read no file ends well when its terminal is closed.
func TestRoleWithoutAFileEndsWithItsTerminal(t *testing.T) {
	p := newPerson(t)
	p.start("chain", "chain", "dev", "--listen", "127.0.0.1:0").await("next:", "coordinator run")
	coordinator := p.start("coordinator", "coordinator", "run")
	coordinator.await("next:", "node run")
	hangUp(t, coordinator)
	select {
	case <-coordinator.done:
	case <-time.After(patience):
		t.Fatal("it went on")
	}
	if code := coordinator.cmd.ProcessState.ExitCode(); code != exitOK {
		t.Errorf("exit %d", code)
	}
}

// A clinic that was set up needs no flag to find its site.
func TestClinicInitWritesWhatClinicRunReads(t *testing.T) {
	p := newPerson(t)
	out, stderr, code := p.run("clinic", "init")
	if code != exitOK || !containsAll(out, []string{"clinic.toml", "site.toml", "rules.toml", "then medhive clinic run"}) {
		t.Fatalf("exit %d\n%s%s", code, out, stderr)
	}
	var shown []struct{ Key, Value, Origin string }
	p.ask(&shown, "config", "show", "clinic")
	want := fmt.Sprintf("%q", filepath.Join(p.home, "site.toml"))
	if !slices.ContainsFunc(shown, func(s struct{ Key, Value, Origin string }) bool {
		return s.Key == "site" && s.Value == want && s.Origin == "file"
	}) {
		t.Errorf("settings %+v: want the site %s from the file", shown, want)
	}
	p.says("is there already", "clinic", "init")
}
