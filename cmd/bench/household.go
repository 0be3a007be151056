package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	readyPatience = 3 * time.Minute  // for a process to say that it is ready
	endPatience   = 15 * time.Second // for one to end when it is asked to
	maxSaid       = 64 << 10         // bytes of what a process said that are kept
)

// household are the processes of one measurement.
type household struct{ children []*child }

// child is one of them, with what it said.
type child struct {
	name  string
	cmd   *exec.Cmd
	ended chan struct{} // closed when it is dead and read to the end

	mu   sync.Mutex // guards said
	said bytes.Buffer
}

// start starts a process and waits until it has said ready.
func (h *household) start(ctx context.Context, name string, cmd *exec.Cmd, ready string) (*child, error) {
	c := &child{name: name, cmd: cmd, ended: make(chan struct{})}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	h.children = append(h.children, c)
	heard := make(chan struct{})
	go func() {
		defer close(c.ended)
		lines := bufio.NewScanner(output)
		lines.Buffer(nil, 1<<20)
		waiting := heard
		for lines.Scan() {
			c.keep(lines.Text())
			if waiting != nil && strings.Contains(lines.Text(), ready) {
				close(waiting)
				waiting = nil
			}
		}
		_ = cmd.Wait() // it is ended by us, or what it said tells why
	}()
	limit := time.NewTimer(readyPatience)
	defer limit.Stop()
	select {
	case <-heard:
		return c, nil
	case <-c.ended:
		return nil, fmt.Errorf("%s ended before it was ready:\n%s", name, c.text())
	case <-limit.C:
		return nil, fmt.Errorf("%s was not ready within %v:\n%s", name, readyPatience, c.text())
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *child) keep(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.said.Len() < maxSaid {
		c.said.WriteString(line + "\n")
	}
}

func (c *child) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said.String()
}

// ask runs a command of medhive that must succeed.
func (h *household) ask(ctx context.Context, medhive, home string, args ...string) error {
	c := exec.CommandContext(ctx, medhive, args...)
	c.Env = append(os.Environ(), "MEDHIVE_HOME="+home)
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("medhive %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

// end asks all of them to end, the newest first, and ends those that don't.
func (h *household) end() {
	for n := len(h.children) - 1; n >= 0; n-- {
		c := h.children[n]
		_ = c.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
		limit := time.NewTimer(endPatience)
		select {
		case <-c.ended:
		case <-limit.C:
			_ = c.cmd.Process.Kill()
			<-c.ended
		}
		limit.Stop()
	}
}
