package main

import (
	"flag"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

var (
	peersFlag    = flag.Int("peers", 6, "peers of the idle node")
	settleFlag   = flag.Duration("settle", 2*time.Second, "from their arrival to the first sample")
	windowFlag   = flag.Duration("window", 3*time.Second, "how long the idle node is watched")
	medhiveFlag  = flag.String("medhive", "", "the program; empty: built here")
	ipfsFlag     = flag.String("ipfs", "", "kubo, to be watched beside it; empty: not")
	profilesFlag = flag.String("profiles", "", "new folder for profiles of the node; empty: none")
)

// A real node among a few peers is watched for seconds: the measurement works, and what it
// says is near the limits that `make bench` holds it to over ten minutes.
func TestIdleNodeIsSmall(t *testing.T) {
	program := *medhiveFlag
	if program == "" {
		program = filepath.Join(t.TempDir(), "medhive")
		build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../medhive")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("build medhive: %v\n%s", err, out)
		}
	}
	result, err := idleRun{medhive: program, ipfs: *ipfsFlag, peers: *peersFlag, settle: *settleFlag, window: *windowFlag, profiles: *profilesFlag}.measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("node %+v", result.node)
	t.Logf("kubo %+v", result.kubo)
	// The Go runtime alone has some 5 MB; less says that the wrong process was watched.
	if got := result.node.residentMB; got < 5 || got > 2*idleMemoryMB {
		t.Errorf("%.1f MB resident, want less than %d", got, 2*idleMemoryMB)
	}
}

func TestProcessorTime(t *testing.T) {
	const stat = "4242 (a ) strange name) S 1 4242 4242 0 -1 4194560 100 200 0 0 120 30 5 7 20 0 9 0 100 1000 200 18446744073709551615"
	got, err := parseProcessorTime([]byte(stat))
	if err != nil || got != 1620*time.Millisecond {
		t.Errorf("%v, %v; want 1.62s", got, err)
	}
	for name, stat := range map[string]string{"empty": "", "no name": "1 2 3", "cut short": "1 (a) S 1 2 3", "no number": "1 (a) S 1 4242 4242 0 -1 4194560 100 200 0 0 x 30 5 7 20 0"} {
		if got, err := parseProcessorTime([]byte(stat)); err == nil {
			t.Errorf("%s: read %v", name, got)
		}
	}
}

func TestStatusMB(t *testing.T) {
	const status = "Name:\tmedhive\nVmRSS:\t   78125 kB\nRssAnon:\t    1000 kB\n"
	if got, err := statusMB([]byte(status), "VmRSS"); err != nil || got != 80 {
		t.Errorf("%v MB, %v; want 80", got, err)
	}
	if got, err := statusMB([]byte(status), "RssFile"); err == nil {
		t.Errorf("a size that is not told was read as %v", got)
	}
	if got, err := statusMB([]byte("VmRSS: many kB\n"), "VmRSS"); err == nil {
		t.Errorf("a size that is no number was read as %v", got)
	}
}
