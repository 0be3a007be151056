package main

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"
)

// The clock of one running process moves, back and forth; its monotonic clock does not.
func TestJumpMovesOneProcessOnly(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), tellsTime+"=1")
	questions, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		questions.Close()
		_ = cmd.Wait()
	}()
	answers := bufio.NewScanner(output)
	ask := func() (wall time.Time, monotonic time.Duration) {
		t.Helper()
		if _, err := questions.Write([]byte("?\n")); err != nil {
			t.Fatal(err)
		}
		if !answers.Scan() {
			t.Fatal("the process that tells the time has ended")
		}
		return readTold(t, answers.Text())
	}
	_, before := ask()
	for _, by := range []time.Duration{time.Hour, -time.Hour, 0} {
		if err := jump(t.Context(), cmd.Process.Pid, by); err != nil {
			t.Log("not tested:", err)
			return
		}
		wall, monotonic := ask()
		if off := time.Until(wall) - by; off.Abs() > time.Minute {
			t.Errorf("told to jump by %v, the wall clock is off by %v more", by, off)
		}
		if monotonic < before || monotonic-before > time.Minute {
			t.Errorf("the monotonic clock went from %v to %v", before, monotonic)
		}
	}
}
