// Package runner puts inference into a child process that the daemon can kill: a hostile
// study or model, a crash in a library, a hang or a greedy graph end a job, never the
// daemon. In: a model package and studies, over a pipe. Out: results, progress, or a
// typed Failure. The child gets no environment, a sandbox that states what holds, a memory
// cap and a deadline; what it says is checked as a stranger's word.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/ort"
	"github.com/medhive/medhive/inference/runner/sandbox"
	"github.com/medhive/medhive/models"
)

// DefaultTimeout is long for a study on two slow cores, and short for a hang.
const DefaultTimeout = 5 * time.Minute

// closeGrace is how long Close waits for a child to go by itself.
const closeGrace = 2 * time.Second

// Options say what a runner is.
type Options struct {
	Command     []string       // program and arguments that call Main
	Library     string         // ONNX Runtime, see ort.Locate
	Package     models.Package // the one model of this process
	Provider    string         // execution provider; "" means "cpu"
	Threads     int            // of one operator; 0 means every core that this process may use
	MemoryBytes int64          // private memory beyond the process's own; 0 means the manifest's
	Timeout     time.Duration  // of one job, without waiting; 0 means DefaultTimeout
	Log         *slog.Logger   // nil discards

	// For a Pool alone.
	Lanes       int           // processes of one model at once, whose jobs overlap; 0 means DefaultLanes
	LaneIdle    time.Duration // how long a model's second process waits for work; 0 means DefaultLaneIdle
	BudgetBytes int64         // of all warm runners' MemoryBytes together; 0 means three quarters of the machine's memory
	// Example gives a study on which the model is known to work. It then decides after three
	// failures in a row, so that no study can quarantine a good model; where it is nil, three
	// different studies can. It is called from any goroutine.
	Example func(models.Package) ([]byte, error)
	// Quarantines are those of an earlier pool. OnQuarantine hears of each that begins and
	// ends, one after the other, so that it can be kept; Close waits for it.
	Quarantines  []Quarantine
	OnQuarantine func(q Quarantine, began bool)
}

// Process is one runner, warm: library and model are loaded before a job comes. It does
// one job at a time; others wait. It is safe for concurrent use.
type Process struct {
	o        Options
	cmd      *exec.Cmd
	in, out  *os.File // our ends of the child's stdin and stdout
	stderr   *complaint
	trial    bool // no model: a trial of the provider
	group    *sandbox.Cgroup
	facts    sandbox.Facts // what confines the child, as its parent knows
	confined sandbox.Confinement
	ready    readyMessage

	busy   chan struct{} // holds a token while a job runs
	dead   chan struct{} // closed when the child has been reaped
	killed atomic.Bool
	swept  sync.Once // the cgroup is taken away
}

// Start launches a runner and returns when it is warm. ctx bounds the start, not the
// process; Close ends that. A model that can't be loaded is a *Failure.
func Start(ctx context.Context, o Options) (*Process, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("start runner: %w", err)
	}
	p, err := open(ctx, o, false, loadLimit)
	if err != nil {
		return nil, fmt.Errorf("start runner for %s: %w", o.Package.Name(), err)
	}
	o.Log.Debug("runner ready", "model", o.Package.Name(), "provider", p.ready.Provider, "runtime", p.ready.Runtime, "pid", p.cmd.Process.Pid, "isolation", p.Isolation())
	return p, nil
}

// open starts a child and waits, no longer than limit, until it is ready.
func open(ctx context.Context, o Options, trial bool, limit time.Duration) (*Process, error) {
	p := &Process{o: o, trial: trial, busy: make(chan struct{}, 1), dead: make(chan struct{})}
	if err := p.spawn(); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := p.greet(bounded)
	if err == nil {
		return p, nil
	}
	p.kill()
	p.release()
	if bounded.Err() != nil && ctx.Err() == nil {
		err = &Failure{Reason: Timeout, Detail: fmt.Sprintf("it was not ready within %v; the process was ended", limit)}
	}
	return nil, err
}

// complete fills defaults and checks what a child can't.
func (o *Options) complete() (err error) {
	if len(o.Command) == 0 {
		return errors.New("no command; give the program that calls Main")
	}
	if o.Library, err = filepath.Abs(o.Library); err != nil {
		return err
	}
	if o.Provider == "" {
		o.Provider = ort.CPU
	}
	if o.MemoryBytes <= 0 {
		o.MemoryBytes = o.Package.Manifest.Requirements.MemoryBytes
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return nil
}

// greet hands the model over and waits for the child to be warm.
func (p *Process) greet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	o := p.o
	sent := make(chan error, 1)
	go func() {
		err := writeMessage(p.in, kindInit, initMessage{Library: o.Library, Provider: o.Provider, Threads: o.Threads,
			MemoryBytes: o.MemoryBytes, TimeoutMilli: o.Timeout.Milliseconds(), Trial: p.trial, Manifest: o.Package.Manifest})
		if err == nil && !p.trial {
			err = writeFrame(p.in, kindWeights, o.Package.Weights)
		}
		if errors.Is(err, errUnsendable) {
			p.kill() // it would wait for what never comes
		}
		sent <- err
	}()
	k, payload, err := readFrame(p.out, kindReady, kindFailure)
	if err != nil {
		p.kill()
	}
	sendErr := <-sent // a dead child breaks the pipe, so this comes
	switch {
	case errors.Is(sendErr, errUnsendable): // after another error the child is gone, and its end says more
		return sendErr
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return p.postMortem(err)
	case k == kindFailure:
		return failureOf(payload)
	case sendErr != nil:
		return sendErr
	}
	if err := parseMessage(payload, &p.ready); err != nil || p.ready.Provider != o.Provider {
		return &Failure{Reason: Protocol, Detail: "its greeting can't be read; is the command a runner of this version?"}
	}
	p.ready.Runtime = printable(p.ready.Runtime)
	p.confined = sandbox.Describe(p.factsTogether())
	return nil
}

// factsTogether joins what the child saw with what its parent knows. The child's texts
// are a stranger's.
func (p *Process) factsTogether() sandbox.Facts {
	f := p.ready.Facts
	for _, text := range []*string{&f.LandlockError, &f.FilterError, &f.DumpsError, &f.MemoryError} {
		*text = printable(*text)
	}
	f.Device = p.o.Provider != ort.CPU
	f.Namespace, f.NamespaceError = p.facts.Namespace, p.facts.NamespaceError
	f.Cgroup, f.CgroupError = p.facts.Cgroup, p.facts.CgroupError
	return f
}

// Confinement states, mechanism by mechanism, what confines the child on this machine,
// and what is missing. The child reported it before it saw the model.
func (p *Process) Confinement() sandbox.Confinement { return slices.Clone(p.confined) }

// Isolation is the Confinement in one line.
func (p *Process) Isolation() string { return "child process; " + p.confined.String() }

// RuntimeVersion is the version of ONNX Runtime in the child.
func (p *Process) RuntimeVersion() string { return p.ready.Runtime }

// PID is the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Dead is closed when the child has ended.
func (p *Process) Dead() <-chan struct{} { return p.dead }

// Analyze runs the model on a study (a tar, see inference.Analyze) and returns its
// result, a *Failure, or ctx's error. After any failure but Refused and Failed the
// process is dead. progress, if not nil, is called from Analyze's own goroutine.
func (p *Process) Analyze(ctx context.Context, study []byte, progress func(stage string, done float64)) (inference.Result, error) {
	return p.analyze(ctx, request{study: study, progress: progress}, nil)
}

// Examine is Analyze for the package's example: a segmentation's result also has
// inference.LabelsFile.
func (p *Process) Examine(ctx context.Context, study []byte) (inference.Result, error) {
	return p.analyze(ctx, request{study: study, examine: true}, nil)
}

// request is what is asked of a child.
type request struct {
	study    []byte
	examine  bool
	progress func(stage string, done float64) // may be nil
}

// analyze computes only while it has t, if that is not nil.
func (p *Process) analyze(ctx context.Context, r request, t *turn) (inference.Result, error) {
	study := r.study
	select {
	case p.busy <- struct{}{}:
		defer func() { <-p.busy }()
	case <-p.dead:
		return inference.Result{}, p.postMortem(io.EOF)
	case <-ctx.Done():
		return inference.Result{}, fmt.Errorf("analyze: %w", ctx.Err())
	}
	if int64(len(study)) > maxStudyBytes() {
		return inference.Result{}, &Failure{Reason: Broken, Detail: fmt.Sprintf("the study has %d bytes; the limit is %d", len(study), maxStudyBytes())}
	}
	if int64(len(study)) > p.o.MemoryBytes {
		// Sent all the same, it would end the process wherever its allocator stumbles.
		return inference.Result{}, p.overMemory()
	}
	limit, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(limit, p.kill)
	defer stop()
	j := &job{p: p, limit: limit, progress: r.progress, turn: t, clock: startCountdown(p.o.Timeout, cancel), sent: make(chan error, 1)}
	defer j.end()
	k := kindJob
	if r.examine {
		k = kindExamine
	}
	go func() { j.sent <- writeFrame(p.in, k, study) }()
	result, err := j.follow()
	var failure *Failure
	if err != nil && !errors.As(err, &failure) {
		p.kill() // the stream is lost, so the process is of no use
		switch {
		case ctx.Err() != nil:
			err = fmt.Errorf("analyze: %w", ctx.Err())
		case limit.Err() != nil:
			err = &Failure{Reason: Timeout, Detail: fmt.Sprintf("no result within %v; the process was ended", p.o.Timeout)}
		default:
			err = p.postMortem(err)
		}
	} else if failure != nil && failure.Reason != Refused && failure.Reason != Broken {
		p.kill()
	}
	if sendErr := j.delivered(); sendErr != nil && err == nil { // an answer to a study that never arrived
		p.kill()
		err = &Failure{Reason: Protocol, Detail: "it answered before it had the study"}
	}
	return result, err
}

func knownStage(stage string) bool {
	switch stage {
	case inference.StageReading, inference.StagePreprocess, inference.StageInference, inference.StageReport:
		return true
	}
	return false
}

// accept decodes a result and holds it to what was asked for.
func (p *Process) accept(payload []byte) (inference.Result, error) {
	r, err := inference.DecodeResult(payload)
	if err != nil {
		return inference.Result{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	m, f := p.o.Package.Manifest, r.Findings
	if f.Model != m.ID || f.Version != m.Version || f.Weights != m.Weights.SHA256 || f.Provider != p.ready.Provider || f.Runtime != p.ready.Runtime {
		return inference.Result{}, fmt.Errorf("%w: the result is of another model, provider or runtime", errFrame)
	}
	return r, nil
}

// kill ends the child at once, also a frozen one. It is safe at any time and more than
// once.
func (p *Process) kill() {
	p.killed.Store(true)
	_ = p.cmd.Process.Kill() // fails only when it has ended
}

// usable reports whether the child can take a job.
func (p *Process) usable() bool {
	select {
	case <-p.dead:
		return false
	default:
		return !p.killed.Load()
	}
}

// sweep takes the cgroup away, once its process has ended.
func (p *Process) sweep() {
	p.swept.Do(func() {
		if p.group != nil {
			_ = p.group.Remove() // what stays is swept by the next runner's start
		}
	})
}

// overMemory is the failure of a job that does not fit into its cap.
func (p *Process) overMemory() *Failure {
	return &Failure{Reason: Memory, Detail: fmt.Sprintf("the job needs more than its %d MiB; a larger machine may take it", p.o.MemoryBytes>>20)}
}

// postMortem waits for the child's end and says how it came, in words without data.
func (p *Process) postMortem(streamErr error) *Failure {
	if errors.Is(streamErr, errFrame) {
		p.kill()
		<-p.dead
		return &Failure{Reason: Protocol, Detail: "it sent what no runner sends, and was ended"}
	}
	timer := time.NewTimer(closeGrace) // its stdout is closed, so it is on its way out
	defer timer.Stop()
	select {
	case <-p.dead:
	case <-timer.C:
		p.kill()
		<-p.dead
	}
	stderr := p.stderr.String()
	if speaksOfMemory(stderr) || p.group != nil && p.group.OutOfMemory() {
		return p.overMemory()
	}
	detail := "it ended in the middle of a job"
	if p.cmd.ProcessState != nil {
		detail = p.cmd.ProcessState.String()
	}
	if strings.Contains(detail, "bad system call") { // the words of SIGSYS
		detail = "it asked the kernel for what no computation needs, and was ended: " + detail
	}
	if c := cause(stderr); c != "" {
		detail += " (" + c + ")"
	}
	return &Failure{Reason: Crashed, Detail: detail}
}

// release closes our ends and waits for the child, which must have been told to end.
func (p *Process) release() {
	<-p.dead
	closeAll(p.in, p.out)
	p.sweep()
}

// Close ends the child, also in the middle of a job, and waits for it. A second Close
// does nothing more.
func (p *Process) Close() error {
	_ = p.in.Close() // the child's sign to go; a second close fails harmlessly
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-p.dead:
	case <-timer.C:
		p.kill()
	}
	p.release()
	return nil
}
