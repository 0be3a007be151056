package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asMedhive in the environment lets the test binary be medhive: the tests start
// real processes of it. A node starts its runner with an empty environment; that
// one is told by its argument.
const asMedhive = "MEDHIVE_TEST_BINARY_IS_MEDHIVE"

func TestMain(m *testing.M) {
	if os.Getenv(asMedhive) != "" || len(os.Args) > 1 && (os.Args[1] == "runner" || os.Args[1] == "reader" || os.Args[1] == "probe-nvml") {
		main()
	}
	os.Exit(m.Run())
}

// patience bounds a wait for something that takes seconds on two busy cores.
const patience = 90 * time.Second

// person sits at a terminal with a home of their own.
type person struct {
	t    *testing.T
	home string
}

func newPerson(t *testing.T) *person {
	t.Helper()
	return &person{t: t, home: t.TempDir()}
}

func (p *person) command(ctx context.Context, args ...string) *exec.Cmd {
	p.t.Helper()
	self, err := os.Executable()
	if err != nil {
		p.t.Fatal(err)
	}
	c := exec.CommandContext(ctx, self, args...)
	c.Env = append(os.Environ(), "MEDHIVE_HOME="+p.home, asMedhive+"=1")
	return c
}

// run waits for a command and returns what it printed and its exit code.
func (p *person) run(args ...string) (stdout, stderr string, code int) {
	p.t.Helper()
	var out, errs bytes.Buffer
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	c := p.command(ctx, args...)
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("medhive %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), c.ProcessState.ExitCode()
}

// ask runs a command that must succeed and decodes its JSON.
func (p *person) ask(out any, args ...string) {
	p.t.Helper()
	stdout, stderr, code := p.run(append(args, "--json")...)
	if code != exitOK {
		p.t.Fatalf("medhive %s: exit %d\n%s", strings.Join(args, " "), code, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), out); err != nil {
		p.t.Fatalf("medhive %s: %v in %s", strings.Join(args, " "), err, stdout)
	}
}

// daemon is a medhive process that runs until it is stopped.
type daemon struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended and been read to the end

	mu   sync.Mutex // guards text
	text bytes.Buffer
	news chan string // every line of stdout and stderr
}

// start launches a daemon; the test's end kills it if nothing else did.
func (p *person) start(name string, args ...string) *daemon {
	p.t.Helper()
	d := &daemon{t: p.t, name: name, done: make(chan struct{}), news: make(chan string, 4096)}
	d.cmd = p.command(context.Background(), args...)
	output, err := d.cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	d.cmd.Stderr = d.cmd.Stdout
	if err := d.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	go func() {
		defer close(d.done)
		lines := bufio.NewScanner(output)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			d.mu.Lock()
			d.text.WriteString(lines.Text() + "\n")
			d.mu.Unlock()
			select {
			case d.news <- lines.Text():
			default: // nobody waits for lines any more
			}
		}
		_ = d.cmd.Wait() // how it ended is read from ProcessState
	}()
	p.t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-d.done
		if p.t.Failed() {
			p.t.Logf("--- %s\n%s", d.name, d.said())
		}
	})
	return d
}

func (d *daemon) said() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String()
}

// await returns the first line that holds all words.
func (d *daemon) await(words ...string) string {
	d.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case line := <-d.news:
			if containsAll(line, words) {
				return line
			}
		case <-d.done:
			d.t.Fatalf("%s ended before it said %q", d.name, words)
		case <-timer.C:
			d.t.Fatalf("%s did not say %q within %v", d.name, words, patience)
		}
	}
}

// stop asks the daemon to end and reports how it did.
func (d *daemon) stop(limit time.Duration) int {
	d.t.Helper()
	if err := d.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		d.t.Fatalf("%s: %v", d.name, err)
	}
	select {
	case <-d.done:
	case <-time.After(limit):
		d.t.Fatalf("%s did not end within %v of SIGTERM", d.name, limit)
	}
	return d.cmd.ProcessState.ExitCode()
}

func containsAll(text string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

// file puts bytes into the person's home.
func (p *person) file(name string, data []byte) string {
	p.t.Helper()
	path := filepath.Join(p.home, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}
