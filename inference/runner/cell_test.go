package runner_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/medhive/medhive/inference/runner"
)

// cellWork does what each line tells it.
func cellWork(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		switch deed, what, _ := strings.Cut(lines.Text(), " "); deed {
		case "echo":
			if _, err := fmt.Fprintln(out, what); err != nil {
				return err
			}
		case "panic":
			var none []int
			_ = none[len(what)]
		case "hang":
			if _, err := fmt.Fprintln(out, "hanging"); err != nil {
				return err
			}
			select {}
		case "grow":
			var all [][]byte
			for {
				b := make([]byte, 8<<20)
				for n := 0; n < len(b); n += os.Getpagesize() {
					b[n] = 1
				}
				all = append(all, b)
				if len(all) == 1<<20 {
					return errors.New("a tebibyte was given")
				}
			}
		case "leave":
			return nil
		case "open":
			_, err := os.Open(what)
			if _, err := fmt.Fprintln(out, err != nil); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

func openCell(t *testing.T, timeout time.Duration) *runner.Cell {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err := runner.OpenCell(t.Context(), runner.CellOptions{Command: []string{program, "cell"}, MemoryBytes: 128 << 20, Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// tell sends a line and returns the answer.
func tell(c *runner.Cell, line string) (string, error) {
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

func TestCellTalksAndIsConfined(t *testing.T) {
	c := openCell(t, patience)
	for _, words := range []string{"once", "and again"} {
		if got, err := tell(c, "echo "+words); err != nil || got != words+"\n" {
			t.Errorf("echo: %q, %v", got, err)
		}
	}
	list := c.Confinement()
	if len(list) != 5 {
		t.Fatalf("confinement: %v", list)
	}
	for _, m := range list {
		if m.Words == "" || !m.Holds && m.Fix == "" {
			t.Errorf("%s says nothing: %+v", m.Name, m)
		}
		if m.Name == "files" && m.Holds {
			if closed, err := tell(c, "open /etc/passwd"); err != nil || closed != "true\n" {
				t.Errorf("a file was opened: %q, %v", closed, err)
			}
		}
	}
}

func TestCellsEndInWords(t *testing.T) {
	for deed, want := range map[string]runner.Reason{"panic now": runner.Crashed, "grow": runner.Memory, "leave": runner.Crashed} {
		t.Run(deed, func(t *testing.T) {
			_, err := tell(openCell(t, patience), deed)
			var failure *runner.Failure
			if !errors.As(err, &failure) || failure.Reason != want || failure.Detail == "" {
				t.Fatalf("%v; want %s", err, want)
			}
			if deed == "panic now" && !strings.Contains(failure.Detail, "panic in inference/runner_test.cellWork") {
				t.Errorf("detail %q does not name the place", failure.Detail)
			}
		})
	}
}

func TestCellIsKilledAtItsDeadline(t *testing.T) {
	c := openCell(t, 2*time.Second)
	if said, err := tell(c, "hang"); err != nil || said != "hanging\n" {
		var failure *runner.Failure // a machine so busy that the child never came to it
		if !errors.As(err, &failure) || failure.Reason != runner.Timeout {
			t.Fatalf("%q, %v", said, err)
		}
		return
	}
	_, err := io.ReadAll(c)
	var failure *runner.Failure
	if !errors.As(err, &failure) || failure.Reason != runner.Timeout || !strings.Contains(failure.Detail, "2s") {
		t.Errorf("%v; want a timeout", err)
	}
}

func TestCellEndsWithItsContext(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c, err := runner.OpenCell(ctx, runner.CellOptions{Command: []string{program, "cell"}, MemoryBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := tell(c, "hang"); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(c); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestCellsThatAreNone(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]runner.CellOptions{
		"no command":                  {MemoryBytes: 1 << 20},
		"no memory":                   {Command: []string{program, "cell"}},
		"no program":                  {Command: []string{"/does/not/exist"}, MemoryBytes: 1 << 20},
		"a program that says nothing": {Command: []string{"true"}, MemoryBytes: 1 << 20},
		"one that greets badly":       {Command: []string{program, "trial-stranger", "greets-badly"}, MemoryBytes: 1 << 20},
	} {
		if c, err := runner.OpenCell(t.Context(), o); err == nil {
			t.Errorf("%s: it opened", name)
			_ = c.Close()
		}
	}
}

// cellParent opens a cell that hangs, says its process id, and waits to be killed.
func cellParent(program string) {
	c, err := runner.OpenCell(context.Background(), runner.CellOptions{Command: []string{program, "cell"}, MemoryBytes: 128 << 20})
	if err == nil {
		if _, err = tell(c, "hang"); err == nil {
			fmt.Println(c.PID())
			_, _ = io.Copy(io.Discard, os.Stdin)
		}
	}
	fmt.Println(err)
}

// kill -9 of the parent leaves no cell, even one that neither reads nor writes.
func TestCellGoesWithItsParent(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "cell-parent", program)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(stdout, &pid); err != nil {
		t.Fatalf("the parent did not open a cell: %v", err)
	}
	watch, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(watch)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	poll := []unix.PollFd{{Fd: int32(watch), Events: unix.POLLIN}}
	if n, err := unix.Poll(poll, int(patience.Milliseconds())); n != 1 {
		t.Errorf("the cell lives on: %v", err)
		_ = unix.Kill(pid, unix.SIGKILL)
	}
}
