package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// line is one line that a process printed, with the moment it was read.
type line struct {
	at   time.Time
	text string
}

// process is one medhive role that runs or has run.
type process struct {
	name  string
	cmd   *exec.Cmd
	began time.Time
	ended chan struct{} // closed when it is dead and all its lines are read

	mu    sync.Mutex // guards lines and more
	lines []line
	more  chan struct{} // closed and replaced with every line
}

// maxLine bounds one line of a role's output, in bytes.
const maxLine = 1 << 20

// launch starts a command in a place. Its lines are kept, and copied to a file in
// folder for whoever looks for a reason.
func launch(p place, name, folder string, cmd *exec.Cmd) (*process, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	copied, err := os.OpenFile(filepath.Join(folder, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	cmd.Stderr = writer
	if cmd.Stdout == nil {
		cmd.Stdout = writer
	}
	r := &process{name: name, cmd: cmd, began: time.Now(), ended: make(chan struct{}), more: make(chan struct{})}
	wait, err := p.start(cmd)
	writer.Close() // the child has its own; ours would keep the reader waiting
	if err != nil {
		reader.Close()
		copied.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(r.ended)
		defer copied.Close()
		defer reader.Close()
		r.read(io.TeeReader(reader, copied))
		wait()
	}()
	return r, nil
}

func (r *process) read(from io.Reader) {
	scanner := bufio.NewScanner(from)
	scanner.Buffer(nil, maxLine)
	for scanner.Scan() {
		r.mu.Lock()
		r.lines = append(r.lines, line{time.Now(), scanner.Text()})
		close(r.more)
		r.more = make(chan struct{})
		r.mu.Unlock()
	}
}

// said returns the lines from number first on, and a channel that closes with the next.
func (r *process) said(first int) ([]line, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lines[min(first, len(r.lines)):], r.more
}

// await returns the first line for which match is true.
func (r *process) await(ctx context.Context, what string, match func(string) bool) (line, error) {
	for n := 0; ; {
		lines, more := r.said(n)
		for _, l := range lines {
			if match(l.text) {
				return l, nil
			}
		}
		n += len(lines)
		select {
		case <-more:
		case <-r.ended:
			if rest, _ := r.said(n); len(rest) == 0 {
				return line{}, fmt.Errorf("%s ended before it came to %s", r.name, what)
			}
		case <-ctx.Done():
			return line{}, fmt.Errorf("wait for %s of %s: %w", what, r.name, context.Cause(ctx))
		}
	}
}

// kill ends the process as a power cut would, and waits until it is gone.
func (r *process) kill() {
	_ = r.cmd.Process.Kill() // it may be dead already
	<-r.ended
}

// grace is how long a role may take to end when asked to.
const grace = 10 * time.Second

// stop asks the process to end, and kills it if it does not.
func (r *process) stop() {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-r.ended:
	case <-timer.C:
		r.kill()
	}
}

// alive says whether the process still runs.
func (r *process) alive() bool {
	select {
	case <-r.ended:
		return false
	default:
		return true
	}
}
