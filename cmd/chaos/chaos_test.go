package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tellsTime in the environment makes the test binary a process that answers every line
// with its wall clock and the time since its start.
const tellsTime = "MEDHIVE_CHAOS_TELLS_TIME"

func TestMain(m *testing.M) {
	if os.Getenv(tellsTime) != "" {
		began := time.Now()
		for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
			now := time.Now()
			fmt.Println(now.UnixNano(), int64(now.Sub(began)))
		}
		return
	}
	os.Exit(m.Run())
}

func readTold(t *testing.T, text string) (wall time.Time, monotonic time.Duration) {
	t.Helper()
	var nano, since int64
	if _, err := fmt.Sscan(text, &nano, &since); err != nil {
		t.Fatal(err)
	}
	return time.Unix(0, nano), time.Duration(since)
}

// The short form of `make chaos`: real processes, one run of a few cells. What needs
// network namespaces is left to machines that allow them.
func TestShortForm(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "medhive")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/medhive/medhive/cmd/medhive")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build medhive: %v\n%s", err, output)
	}
	names := []string{"kill/node/inference", "kill/clinic/accepted", "kill/coordinator/bid", "site/clinic-run/analysed"}
	if links, err := newSpaces(); err != nil {
		t.Log("no link is cut:", err)
	} else {
		if err := links.close(); err != nil {
			t.Fatal(err)
		}
		names = append(names, "partition/node/inference")
	}
	out := filepath.Join(t.TempDir(), "chaos.json")
	args := append([]string{"-binary", binary, "-n", "1", "-lanes", "2", "-ready", "0", "-out", out, "-folder", t.TempDir()}, names...)
	var table, log bytes.Buffer
	if err := execute(t.Context(), args, &table, &log); err != nil {
		t.Fatalf("%v\n%s%s", err, &log, &table)
	}
	t.Logf("\n%s", &table)
	if !strings.Contains(table.String(), fmt.Sprintf("%d runs in %d cells: %d delivered, 0 lost", len(names), len(names), len(names))) {
		t.Errorf("not every cell was run:\n%s%s", &log, &table)
	}
}
