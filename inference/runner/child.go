package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/dicom"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner/sandbox"
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
	// watchdogTick is how finely the watchdog counts.
	watchdogTick = time.Second
	// idleAfter is how long a runner keeps the memory of a job for the next one. Pages that
	// are there already save a tenth of a job's time.
	idleAfter = 2 * time.Second
)

// Main is the whole program of `medhive runner`: it closes itself in, serves one parent
// over stdin and stdout and returns when that parent is gone, even in the middle of a job,
// so the caller must then let the process end. The error says what broke the protocol.
// Call it first thing: where the kernel has Landlock it executes the program anew.
func Main(stdin io.Reader, stdout io.Writer) error {
	closing := sandbox.CloseFiles()
	if sandbox.IsFatal(closing) {
		return fmt.Errorf("runner: %w", closing)
	}
	if f, ok := stdout.(*os.File); ok {
		own, err := ownStdout(f)
		if err != nil {
			return fmt.Errorf("runner: %w", err)
		}
		stdout = own
	}
	c := &child{out: stdout, frames: make(chan frame), turn: make(chan struct{}, 1), closing: closing}
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
	frames  chan frame
	turn    chan struct{} // holds the parent's leave to compute
	waiting atomic.Bool   // for that leave: such time is not the job's
	closing error         // why files could not be closed

	mu  sync.Mutex // guards out: progress and results come from different goroutines
	out io.Writer

	init    initMessage
	pkg     models.Package
	runtime *ort.Runtime
	session *ort.Session
	largest int    // bytes of the largest study since the session was made
	early   *frame // a job that came while the last one was cleaned up
}

// errParentGone ends the child quietly.
var errParentGone = errors.New("runner: the parent is gone")

// pump reads frames, first the two of the start, then jobs and turns, until the stream
// ends.
func (c *child) pump(stdin io.Reader) {
	expected := []kind{kindInit, kindWeights}
	for {
		next := []kind{kindJob, kindExamine, kindTurn}
		if len(expected) > 0 {
			next, expected = expected[:1], expected[1:]
		}
		k, payload, err := readFrame(stdin, next...)
		c.frames <- frame{k, payload, err}
		if err != nil {
			return
		}
	}
}

// next waits for a frame.
func (c *child) next() (frame, error) {
	f := c.early
	if c.early = nil; f == nil {
		arrived := <-c.frames
		f = &arrived
	}
	return f.use()
}

// nextJob waits for a study. Where none comes for a while, it gives the memory of the
// last one back meanwhile.
func (c *child) nextJob() (frame, error) {
	if c.early == nil && c.largest > 0 {
		idle := time.NewTimer(idleAfter)
		defer idle.Stop()
		select {
		case f := <-c.frames:
			return f.use()
		case <-idle.C:
			if err := c.cleanUp(); err != nil {
				return frame{}, err
			}
		}
	}
	return c.next()
}

// use gives a frame that no job waits for.
func (f frame) use() (frame, error) {
	if f.kind == kindTurn {
		return f, unasked()
	}
	return f, f.problem()
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

// unasked is a turn that nobody waits for, in words.
func unasked() error { return fmt.Errorf("runner: %w: a turn that nobody asked for", errFrame) }

// errOverdue is the watchdog's.
var errOverdue = errors.New("runner: the time limit has passed and nobody ended this process")

// while runs work, but not longer than limit or than the parent lives. Time in which this
// process was stopped, or waited for its turn, does not count. Work that is left behind
// ends with the process: a computation in C can't be stopped otherwise.
func (c *child) while(limit time.Duration, work func() error) error {
	done := make(chan error, 1)
	go func() { done <- work() }()
	watchdog := time.NewTicker(watchdogTick) // a stopped process misses ticks, and so gains time
	defer watchdog.Stop()
	for spent := time.Duration(0); spent < limit; {
		select {
		case err := <-done:
			return err
		case <-watchdog.C:
			if !c.waiting.Load() {
				spent += watchdogTick
			}
		case f := <-c.frames:
			if err := f.problem(); err != nil {
				return err
			}
			if f.kind != kindTurn {
				return fmt.Errorf("runner: %w: a second job before the first one ended", errFrame)
			}
			select {
			case c.turn <- struct{}{}:
			default:
				return unasked()
			}
		}
	}
	return errOverdue
}

// serve loads the model and answers jobs until the parent goes.
func (c *child) serve() error {
	message, err := c.next()
	if err != nil {
		return err
	}
	if err := parseMessage(message.payload, &c.init); err != nil {
		return fmt.Errorf("runner: init: %w", err)
	}
	work := c.try
	if !c.init.Trial {
		weights, err := c.next()
		if err != nil {
			return err
		}
		work = func() error { return c.load(weights.payload) }
	}
	var facts sandbox.Facts
	err = c.while(loadLimit, func() (err error) {
		if facts, err = c.confine(); err != nil {
			return err
		}
		return work()
	})
	if errors.Is(err, errParentGone) {
		return err
	} else if err != nil {
		return errors.Join(err, c.fail(err))
	}
	if err := c.send(kindReady, readyMessage{Runtime: c.runtime.Version(), Provider: c.init.Provider, Facts: facts}); err != nil {
		return errParentGone
	}
	for {
		f, err := c.nextJob()
		if err == nil {
			err = c.job(f)
		}
		if err != nil {
			return err
		}
	}
}

// confine takes from this process what is still there to take, opening the library on the
// way, before the model's bytes are looked at. What the kernel lacks stands in the facts.
func (c *child) confine() (sandbox.Facts, error) {
	f := shed(c.init.Provider != ort.CPU, c.init.MemoryBytes, c.closing)
	_ = time.Now().Local().String() // reads the time zone while files can be read
	var err error
	if c.runtime, err = ort.Open(c.init.Library); err != nil {
		return f, err
	}
	filter(&f)
	return f, nil
}

// load makes the model's session.
func (c *child) load(weights []byte) error {
	m := c.init.Manifest
	if err := m.Validate(); err != nil {
		return err
	}
	if models.DigestOf(weights) != m.Weights.SHA256 {
		return fmt.Errorf("model %s %s: the weights are not the manifest's; fetch the package again", m.ID, m.Version)
	}
	c.pkg = models.Package{Manifest: m, Weights: weights}
	return c.renewSession()
}

// try runs a tiny computation on the provider, for Discover, which knows the remedy.
func (c *child) try() error {
	err := c.runtime.Try(c.init.Provider)
	var missing *ort.Unavailable
	if errors.As(err, &missing) {
		return missing.Err
	}
	return err
}

// renewSession loads the model afresh: ONNX Runtime's arena keeps the peak of all jobs
// until then.
func (c *child) renewSession() error {
	if c.session != nil {
		if err := c.session.Close(); err != nil {
			return err
		}
	}
	c.largest = 0
	var err error
	c.session, err = inference.NewSession(c.runtime, c.pkg, c.init.Provider, c.init.Threads)
	return err
}

// job answers one study. Only a broken stream or a process that can't go on is an error.
func (c *child) job(f frame) error {
	study, analyze := f.payload, inference.Analyze
	if f.kind == kindExamine {
		analyze = inference.Examine
	}
	limit := time.Duration(c.init.TimeoutMilli)*time.Millisecond + watchdogGrace
	var encoded []byte
	err := c.while(limit, func() error {
		// The arena of a smaller study would be kept beside that of this one.
		if c.largest > 0 && len(study) > c.largest {
			if err := c.renewSession(); err != nil {
				return err
			}
		}
		c.largest = max(c.largest, len(study), 1)
		asked := false
		result, err := analyze(context.Background(), c.runtime, c.session, c.pkg, study, func(stage string, done float64) {
			c.progress(stage, done)
			if stage == inference.StageInference && !asked {
				asked = true
				c.waiting.Store(true)
				<-c.turn // where none comes, the parent ends this process
				c.waiting.Store(false)
			}
		})
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
	return nil
}

// cleanUp gives a job's memory back: other runners on this machine need it more than this
// one needs the milliseconds of a new session. The parent may send the next study
// meanwhile.
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
