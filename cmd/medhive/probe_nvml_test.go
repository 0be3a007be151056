package main

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/medhive/medhive/hwprobe/device"
)

func TestAskingNVMLWithoutADriverIsAnAnswer(t *testing.T) {
	p := newPerson(t)
	stdout, stderr, code := p.run("probe-nvml", "--library", filepath.Join(p.home, "absent.so"))
	r, err := device.ParseNVML([]byte(stdout))
	if code != exitOK || err != nil || r.Error != device.NVMLNoLibrary {
		t.Errorf("exit %d, %+v, %v: %s", code, r, err, stderr)
	}
}

// A library that hangs must not outlive the daemon that asked, however that one ended.
func TestTheChildThatAsksNVMLEndsWithItsParent(t *testing.T) {
	p := newPerson(t)
	library := filepath.Join(p.home, "libnvidia-ml.so.1")
	build := exec.Command("gcc", "-shared", "-fPIC", "-o", library, "-DHANGS", `-DGPUS={"", "", 0, 0, 0, 0}`, `-DDRIVER=""`, `-DLIBRARY=""`, "-DCUDA=0",
		filepath.Join("..", "..", "hwprobe", "device", "nvml", "testdata", "stub.c"))
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the stub library: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	child := p.command(ctx, "probe-nvml", "--attended", "--library", library)
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	// The stub has spoken, so it hangs now.
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || !strings.Contains(line, "talks") {
		t.Errorf("%q, %v", line, err)
	}
	if err := stdin.Close(); err != nil {
		t.Error(err)
	}
	_ = child.Wait() // its exit code is checked below
	if ctx.Err() != nil || child.ProcessState.ExitCode() != exitFailure {
		t.Errorf("%v, %v; want that it ends by itself", ctx.Err(), child.ProcessState)
	}
}
