package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner/sandbox"
)

// CellOptions say what a Cell is.
type CellOptions struct {
	Command     []string      // program and arguments that call ServeCell
	MemoryBytes int64         // private memory beyond the process's own
	Timeout     time.Duration // of its whole life; 0 means DefaultTimeout
}

// Cell is a child process that is closed in as a runner is, and has neither a model nor a
// library: somebody else's work on strangers' bytes. It is one conversation, of which
// Write is one side and Read the other; every error of either is what Fault makes of it.
// A Cell is not safe for concurrent use, but for Close.
type Cell struct {
	p       *Process
	ctx     context.Context
	cancel  context.CancelFunc
	life    *time.Timer
	overdue atomic.Bool
}

// OpenCell starts a child and returns when it has closed itself in. ctx bounds its whole
// life, and so does the timeout: when either ends, the child is killed. Close ends it.
func OpenCell(ctx context.Context, o CellOptions) (*Cell, error) {
	if len(o.Command) == 0 || o.MemoryBytes <= 0 {
		return nil, errors.New("open cell: no command or no memory; give both")
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	p := &Process{o: Options{Command: o.Command, Provider: ort.CPU, MemoryBytes: o.MemoryBytes, Timeout: o.Timeout}, dead: make(chan struct{})}
	if err := p.spawn(); err != nil {
		return nil, fmt.Errorf("open cell: %w", err)
	}
	deepen(p.in)
	deepen(p.out)
	c := &Cell{p: p}
	c.ctx, c.cancel = context.WithCancel(ctx)
	context.AfterFunc(c.ctx, p.kill)
	c.life = time.AfterFunc(o.Timeout, c.expire)
	start := time.AfterFunc(loadLimit, c.expire)
	err := c.greet()
	start.Stop()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open cell: %w", err), c.Close())
	}
	return c, nil
}

// expire ends a child whose time is over.
func (c *Cell) expire() {
	c.overdue.Store(true)
	c.p.kill()
}

// greet tells the child its cap and hears what confines it.
func (c *Cell) greet() error {
	o := c.p.o
	// The greeting is shorter than a pipe is deep, so it can't wait for a reader.
	if err := writeMessage(c.p.in, kindInit, initMessage{MemoryBytes: o.MemoryBytes, TimeoutMilli: o.Timeout.Milliseconds()}); err != nil {
		return c.Fault(err)
	}
	k, payload, err := readFrame(c.p.out, kindReady, kindFailure)
	switch {
	case err != nil:
		return c.Fault(err)
	case k == kindFailure:
		return failureOf(payload)
	}
	if err := parseMessage(payload, &c.p.ready); err != nil {
		return &Failure{Reason: Protocol, Detail: "its greeting can't be read; is the command a cell of this version?"}
	}
	c.p.confined = sandbox.Describe(c.p.factsTogether())
	return nil
}

// Write sends to the child.
func (c *Cell) Write(b []byte) (int, error) {
	n, err := c.p.in.Write(b)
	if err != nil {
		err = c.Fault(err)
	}
	return n, err
}

// Read receives from the child. The end of the stream is a fault too: a child ends only
// when it is told to.
func (c *Cell) Read(b []byte) (int, error) {
	n, err := c.p.out.Read(b)
	if err != nil {
		err = c.Fault(err)
	}
	return n, err
}

// Fault says what a broken conversation means: the context's end, or a *Failure with its
// reason. The child is dead afterwards.
func (c *Cell) Fault(err error) error {
	var failure *Failure
	if errors.As(err, &failure) {
		return err
	}
	switch {
	case c.overdue.Load():
		c.p.kill()
		return &Failure{Reason: Timeout, Detail: fmt.Sprintf("it did not end within %v, or not start within %v, and was ended", c.p.o.Timeout, loadLimit)}
	case c.ctx.Err() != nil:
		c.p.kill()
		return c.ctx.Err()
	}
	return c.p.postMortem(err)
}

// Broken is the failure of a child that said what none of its kind says; it is ended.
func (c *Cell) Broken() error { return c.p.postMortem(errFrame) }

// Confinement states what confines the child on this machine, and what is missing.
func (c *Cell) Confinement() sandbox.Confinement { return c.p.Confinement() }

// PID is the child's process id.
func (c *Cell) PID() int { return c.p.PID() }

// Close ends the child, also in the middle of its work, and waits for it. A second Close
// does nothing more.
func (c *Cell) Close() error {
	c.life.Stop()
	defer c.cancel()
	return c.p.Close()
}

// ServeCell is the whole program of a cell's child: it closes itself in, tells the parent
// what holds, and lets work talk with it. It returns when work is done, when the parent is
// gone, even in the middle of the work, or when the time is over; the caller must then let
// the process end. Work must not return before the parent's end of stream: it is how the
// parent says that it needs no more. Call ServeCell first thing: where the kernel has
// Landlock it executes the program anew.
func ServeCell(stdin io.Reader, stdout io.Writer, work func(in io.Reader, out io.Writer) error) error {
	closing := sandbox.CloseFiles()
	if sandbox.IsFatal(closing) {
		return fmt.Errorf("cell: %w", closing)
	}
	if f, ok := stdout.(*os.File); ok {
		own, err := ownStdout(f)
		if err != nil {
			return fmt.Errorf("cell: %w", err)
		}
		stdout = own
		defer runtime.KeepAlive(own) // collected, it would close: work may forget it while the parent listens
	}
	_, message, err := readFrame(stdin, kindInit)
	if errors.Is(err, io.EOF) {
		return nil
	}
	var init initMessage
	if err == nil {
		err = parseMessage(message, &init)
	}
	if err != nil {
		return fmt.Errorf("cell: init: %w", err)
	}
	facts := shed(false, init.MemoryBytes, closing)
	_ = time.Now().Local().String() // reads the time zone while files can be read
	filter(&facts)
	if err := writeMessage(stdout, kindReady, readyMessage{Provider: ort.CPU, Facts: facts}); err != nil {
		return nil // the parent is gone
	}
	// The pump sees the parent's end also while nobody reads; it lives as long as the process,
	// as a read on a pipe has no context.
	reader, writer := io.Pipe()
	ended, done := make(chan struct{}), make(chan error, 1)
	go func() {
		_, err := io.CopyBuffer(writer, struct{ io.Reader }{stdin}, make([]byte, cellBuffer))
		_ = writer.CloseWithError(err)
		close(ended)
	}()
	go func() { done <- work(reader, stdout) }()
	watchdog := time.NewTimer(time.Duration(init.TimeoutMilli)*time.Millisecond + watchdogGrace)
	defer watchdog.Stop()
	select {
	case err := <-done:
		return err
	case <-ended:
		return nil
	case <-watchdog.C:
		return errOverdue
	}
}

// cellBuffer is how much of the stream moves at once: a few times a pipe's depth.
const cellBuffer = 256 << 10
