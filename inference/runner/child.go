package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/models"
)

const (
	// loadLimit bounds the loading of library and model, on both sides.
	loadLimit = time.Minute
	// watchdogGrace is how much later than its parent the child gives a job up: it acts
	// only where the parent is stopped and can't.
	watchdogGrace = 10 * time.Second
	// goShare is the part of the memory cap at which Go's collector starts to press; the
	// rest is for ONNX Runtime's tensors.
	goShare = 0.5
)

// Main is the whole program of `medhive runner`: it serves one parent over stdin and
// stdout and returns when that parent is gone, even in the middle of a job, so the caller
// must then let the process end. The error says what broke the protocol.
func Main(stdin io.Reader, stdout io.Writer) error {
	if f, ok := stdout.(*os.File); ok {
		own, err := ownStdout(f)
		if err != nil {
			return fmt.Errorf("runner: %w", err)
		}
		stdout = own
	}
	c := &child{out: stdout, frames: make(chan frame)}
	// The pump lives as long as the process: a read on a pipe has no context.
	go c.pump(stdin)
	err := c.serve()
	if errors.Is(err, errParentGone) {
		return nil
	}
	return err
}

// frame is what the pump read.
type frame struct {
	kind    kind
	payload []byte
	err     error
}

type child struct {
	frames chan frame

	mu  sync.Mutex // guards out: progress and results come from different goroutines
	out io.Writer

	init    initMessage
	pkg     models.Package
	runtime *ort.Runtime
	session *ort.Session
	early   *frame // a job that came while the last one was cleaned up
}

// errParentGone ends the child quietly.
var errParentGone = errors.New("runner: the parent is gone")

// pump reads frames, first the two of the start, then jobs, until the stream ends.
func (c *child) pump(stdin io.Reader) {
	expected := []kind{kindInit, kindWeights}
	for {
		next := kindJob
		if len(expected) > 0 {
			next, expected = expected[0], expected[1:]
		}
		k, payload, err := readFrame(stdin, next)
		c.frames <- frame{k, payload, err}
		if err != nil {
			return
		}
	}
}

// next waits for a frame.
func (c *child) next() ([]byte, error) {
	if f := c.early; f != nil {
		c.early = nil
		return f.payload, f.problem()
	}
	f := <-c.frames
	return f.payload, f.problem()
}

// problem names why a frame can't be used.
func (f frame) problem() error {
	if errors.Is(f.err, io.EOF) {
		return errParentGone
	}
	if f.err != nil {
		return fmt.Errorf("runner: read request: %w", f.err)
	}
	return nil
}

// errOverdue is the watchdog's.
var errOverdue = errors.New("runner: the time limit has passed and nobody ended this process")

// while runs work, but not longer than limit or than the parent lives. Work that is left
// behind ends with the process: a computation in C can't be stopped otherwise.
func (c *child) while(limit time.Duration, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	watchdog := time.NewTimer(limit)
	defer watchdog.Stop()
	select {
	case err := <-done:
		return err
	case <-watchdog.C:
		return errOverdue
	case f := <-c.frames:
		if err := f.problem(); err != nil {
			return err
		}
		return fmt.Errorf("runner: %w: a second job before the first one ended", errFrame)
	}
}

// serve loads the model and answers jobs until the parent goes.
func (c *child) serve() error {
	message, err := c.next()
	if err != nil {
		return err
	}
	if err := parseMessage(message, &c.init); err != nil {
		return fmt.Errorf("runner: init: %w", err)
	}
	weights, err := c.next()
	if err != nil {
		return err
	}
	if err := c.while(loadLimit, func() error { return c.load(weights) }); errors.Is(err, errParentGone) {
		return err
	} else if err != nil {
		return errors.Join(err, c.fail(err))
	}
	if err := c.send(kindReady, readyMessage{Runtime: c.runtime.Version(), Provider: c.session.Provider()}); err != nil {
		return errParentGone
	}
	for {
		study, err := c.next()
		if err == nil {
			err = c.job(study)
		}
		if err != nil {
			return err
		}
	}
}

// load confines the process before the model's bytes are looked at.
func (c *child) load(weights []byte) error {
	m := c.init.Manifest
	if err := m.Validate(); err != nil {
		return err
	}
	if models.DigestOf(weights) != m.Weights.SHA256 {
		return fmt.Errorf("model %s %s: the weights are not the manifest's; fetch the package again", m.ID, m.Version)
	}
	c.pkg = models.Package{Manifest: m, Weights: weights}
	if err := confine(c.init.MemoryBytes, c.init.Provider != ort.CPU); err != nil {
		return err
	}
	debug.SetMemoryLimit(int64(goShare * float64(c.init.MemoryBytes)))
	var err error
	if c.runtime, err = ort.Open(c.init.Library); err != nil {
		return err
	}
	return c.renewSession()
}

// renewSession loads the model afresh. ONNX Runtime's arena keeps the peak of a job for
// the next one; between jobs other runners on this machine need that memory more than
// this one needs the few milliseconds.
func (c *child) renewSession() error {
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			return err
		}
	}
	var err error
	c.session, err = inference.NewSession(c.runtime, c.pkg, c.init.Provider, c.init.Threads)
	return err
}

// job answers one study and cleans up after it. Only a broken stream or a process that
// can't go on is an error.
func (c *child) job(study []byte) error {
	limit := time.Duration(c.init.TimeoutMilli)*time.Millisecond + watchdogGrace
	var encoded []byte
	err := c.while(limit, func() error {
		result, err := inference.Analyze(context.Background(), c.runtime, c.session, c.pkg, study, c.progress)
		if err == nil {
			encoded, err = result.Encode()
		}
		return err
	})
	switch {
	case errors.Is(err, errParentGone) || errors.Is(err, errFrame) || errors.Is(err, errOverdue):
		return err
	case err != nil:
		if sent := c.fail(err); sent != nil {
			return errParentGone
		}
	default:
		if err := c.frame(kindResult, encoded); err != nil {
			return errParentGone
		}
	}
	return c.cleanUp()
}

// cleanUp gives a job's memory back. The parent has its answer and may send the next
// study meanwhile.
func (c *child) cleanUp() error {
	done := make(chan error, 1)
	go func() {
		err := c.renewSession()
		debug.FreeOSMemory()
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case f := <-c.frames:
		if err := f.problem(); err != nil {
			return err
		}
		c.early = &f
		return <-done
	}
}

// progress tells the parent; a lost word of progress harms nobody.
func (c *child) progress(stage string, done float64) {
	_ = c.send(kindProgress, progressMessage{stage, done})
}

// fail tells the parent why there is no result.
func (c *child) fail(err error) error {
	var refusal *dicom.Refusal
	m := failureMessage{Reason: Broken, Detail: printable(err.Error())}
	switch {
	case errors.As(err, &refusal):
		m = failureMessage{Reason: Refused, What: printable(refusal.What), Where: printable(refusal.Where), Do: printable(refusal.Do)}
	case speaksOfMemory(err.Error()):
		m.Reason = Memory
	case errors.Is(err, errOverdue):
		m.Reason = Timeout
	}
	return c.send(kindFailure, m)
}

func (c *child) send(k kind, message any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return writeMessage(c.out, k, message)
}

func (c *child) frame(k kind, payload []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return writeFrame(c.out, k, payload)
}
