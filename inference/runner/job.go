package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/medhive/medhive/inference"
)

// job is one study on its way through a child.
type job struct {
	p        *Process
	limit    context.Context // ends with the caller, or at the time limit
	clock    *countdown
	progress func(stage string, done float64) // may be nil
	turn     *turn                            // nil: it may compute at once

	sent      chan error // how the study was written to the child: one value
	sentErr   error
	delivery  sync.Once
	mayEnter  bool // the child was told that it may compute
	mayReport bool // it has computed
}

// delivered waits until the study is written or the child is gone, and says how it went.
func (j *job) delivered() error {
	j.delivery.Do(func() { j.sentErr = <-j.sent })
	return j.sentErr
}

// follow reads progress until the job's end.
func (j *job) follow() (inference.Result, error) {
	for {
		k, payload, err := readFrame(j.p.out, kindProgress, kindResult, kindFailure)
		if err != nil {
			return inference.Result{}, err
		}
		switch k {
		case kindFailure:
			return inference.Result{}, failureOf(payload)
		case kindResult:
			return j.p.accept(payload)
		}
		var m progressMessage
		if err := parseMessage(payload, &m); err != nil {
			return inference.Result{}, err
		}
		if !knownStage(m.Stage) {
			continue
		}
		if j.progress != nil {
			j.progress(m.Stage, min(max(m.Done, 0), 1))
		}
		if m.Stage == inference.StageInference {
			if err := j.compute(m.Done); err != nil {
				return inference.Result{}, err
			}
		}
	}
}

// compute gives the child its turn when it asks, and takes it back when it has computed.
func (j *job) compute(done float64) error {
	switch {
	case !j.mayEnter:
		j.mayEnter = true
		if err := j.delivered(); err != nil {
			return err
		}
		if j.turn != nil {
			j.turn.child = j
			j.clock.pause()
			if err := j.turn.enter(j.limit, j.p.dead); err != nil {
				return err
			}
			j.clock.resume()
		}
		return writeFrame(j.p.in, kindTurn, nil)
	case done >= 1 && !j.mayReport:
		j.mayReport = true
		if j.turn != nil {
			j.turn.leave()
		}
	}
	return nil
}

// end gives the turn back, however the job went, and stops the clock.
func (j *job) end() {
	if j.turn != nil {
		j.turn.leave()
	}
	j.clock.pause()
}

// freeze stops the child and the job's clock.
func (j *job) freeze() error {
	if err := freeze(j.p.cmd.Process); err != nil {
		return fmt.Errorf("stop a runner: %w", err)
	}
	j.clock.pause()
	return nil
}

// thaw lets both go on.
func (j *job) thaw() {
	j.clock.resume()
	_ = thaw(j.p.cmd.Process) // fails only when it has ended
}

// countdown is a time limit that can be held up.
type countdown struct {
	mu      sync.Mutex // guards all fields
	left    time.Duration
	started time.Time // zero while paused
	timer   *time.Timer
}

// startCountdown calls over, from its own goroutine, when limit has passed.
func startCountdown(limit time.Duration, over func()) *countdown {
	return &countdown{left: limit, started: time.Now(), timer: time.AfterFunc(limit, over)}
}

// pause holds the countdown up; a second pause changes nothing.
func (c *countdown) pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.started.IsZero() && c.timer.Stop() {
		c.left -= time.Since(c.started)
		c.started = time.Time{}
	}
}

// resume goes on with what is left.
func (c *countdown) resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.started.IsZero() {
		c.started = time.Now()
		c.timer.Reset(max(c.left, 0))
	}
}
