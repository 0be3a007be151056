// Package peers gives tests the programs that hospitals have: dcmtk's tools, found where
// `make test-tools` put them or where Debian did, and its archives started on loopback. In:
// a test. Out: a running server with its address and folder, or what a tool printed. All
// that it starts ends with the test; nothing listens beyond loopback.
package peers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// patience is for a machine that runs much else: what waits for a peer waits this long.
const patience = 90 * time.Second

// root is the folder of go.mod: tests run in their package's folder, below it.
func root() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the project's folder: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder, nil
		}
		above := filepath.Dir(folder)
		if above == folder {
			return "", errors.New("no go.mod above the test's folder: run tests within the project")
		}
		folder = above
	}
}

// Find gives the path of a program: from PATH, else from what `make test-tools` or `make
// check-peers` unpacked, else where Debian puts servers.
func Find(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	base, err := root()
	if err != nil {
		return "", err
	}
	for _, folder := range []string{filepath.Join(base, ".tools", "bin"), filepath.Join(base, ".tools", "peers", "bin"), "/usr/sbin"} {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("%s is missing: run `make test-tools`, and try again", name)
}

// Tool is Find for a test, which fails without the program.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// promptly makes dcmtk's tools send at once: else they wait 40 ms at each message.
const promptly = "TCP_NODELAY=1"

// Command prepares a program that can listen on loopback only.
func Command(t testing.TB, ctx context.Context, name string, args ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(ctx, Tool(t, name), args...)
	command.Env = append(os.Environ(), promptly, "LD_PRELOAD="+loopback(t))
	return command
}

// Run runs a tool that only calls others to its end, and gives all it printed; the error is
// its exit's. Some of dcmtk's tools end with 0 after a refusal: look into the text. For
// movescu with a port of its own take Command.
func Run(t testing.TB, name string, args ...string) (string, error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), Tool(t, name), args...)
	command.Env = append(os.Environ(), promptly)
	out, err := command.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("run %s: %w", name, err)
	}
	return string(out), err
}

// loopback builds the library that turns "listen on every address" into "on loopback".
func loopback(t testing.TB) string {
	t.Helper()
	base, err := root()
	if err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(base, "packaging", "checks", "loopback.c")
	library := filepath.Join(t.TempDir(), "loopback.so")
	compiler := os.Getenv("CC")
	if compiler == "" {
		compiler = "cc"
	}
	if out, err := exec.CommandContext(t.Context(), compiler, "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl").CombinedOutput(); err != nil {
		t.Fatalf("build the loopback library: %v: %s", err, out)
	}
	return library
}

// Ports for peers lie below those that the kernel hands out to connections (32768 and up),
// so that no other socket takes one between our look and the peer's bind.
const (
	firstPort = 20000
	lastPort  = 32000
)

// Port is one on loopback that nobody listens on.
func Port(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port on loopback")
	return 0
}
