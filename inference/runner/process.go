// Package runner puts inference into a child process that the daemon can kill: a hostile
// study or model, a crash in a library, a hang or a greedy graph end a job, never the
// daemon. In: a model package and studies, over a pipe. Out: results, progress, or a
// typed Failure. The child gets no environment, no network where the kernel allows that,
// no core file, a memory cap and a deadline; what it says is checked as a stranger's word.
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
	"syscall"
	"time"

	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/ort"
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
	Threads     int            // of one operator; 0 leaves it to ONNX Runtime
	MemoryBytes int64          // private memory beyond the process's own; 0 means the manifest's
	Timeout     time.Duration  // of one job; 0 means DefaultTimeout
	Log         *slog.Logger   // nil discards
}

// What a runner is confined to, as people read it.
const (
	IsolationNetwork = "child process; no network; memory, core dumps and files limited"
	IsolationProcess = "child process; network NOT cut off, this kernel refuses namespaces; memory, core dumps and files limited"
)

// Process is one runner, warm: library and model are loaded before a job comes. It does
// one job at a time; others wait. It is safe for concurrent use.
type Process struct {
	o         Options
	cmd       *exec.Cmd
	in, out   *os.File // our ends of the child's stdin and stdout
	stderr    *complaint
	isolation string
	ready     readyMessage

	busy chan struct{} // holds a token while a job runs
	dead chan struct{} // closed when the child has been reaped
}

// Start launches a runner and returns when it is warm. ctx bounds the start, not the
// process; Close ends that. A model that can't be loaded is a *Failure.
func Start(ctx context.Context, o Options) (*Process, error) {
	if err := o.complete(); err != nil {
		return nil, fmt.Errorf("start runner: %w", err)
	}
	p := &Process{o: o, busy: make(chan struct{}, 1), dead: make(chan struct{})}
	if err := p.spawn(); err != nil {
		return nil, fmt.Errorf("start runner: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, loadLimit)
	defer cancel()
	if err := p.greet(ctx); err != nil {
		p.kill()
		p.release()
		return nil, fmt.Errorf("start runner for %s: %w", o.Package.Name(), err)
	}
	o.Log.Debug("runner ready", "model", o.Package.Name(), "provider", p.ready.Provider, "runtime", p.ready.Runtime, "pid", p.cmd.Process.Pid, "isolation", p.isolation)
	return p, nil
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

// spawn starts the child without a network, or with one where the kernel refuses.
func (p *Process) spawn() error {
	program, err := exec.LookPath(p.o.Command[0])
	if err != nil {
		return err
	}
	if program, err = filepath.Abs(program); err != nil {
		return err
	}
	p.isolation = IsolationNetwork
	attr := isolated()
	if attr == nil {
		p.isolation, attr = IsolationProcess, grouped()
	}
	err = p.launch(program, attr)
	if err != nil && p.isolation == IsolationNetwork {
		p.isolation = IsolationProcess
		err = p.launch(program, grouped())
	}
	return err
}

// launch starts the program and the goroutine that reaps it.
func (p *Process) launch(program string, attr *syscall.SysProcAttr) (err error) {
	var pipes [4]*os.File // child's stdin, our end; our end, child's stdout
	defer func() {
		closeAll(pipes[0], pipes[3]) // the child has its own copies
		if err != nil {
			closeAll(pipes[1], pipes[2])
		}
	}()
	if pipes[0], pipes[1], err = os.Pipe(); err != nil {
		return err
	}
	if pipes[2], pipes[3], err = os.Pipe(); err != nil {
		return err
	}
	p.stderr = &complaint{}
	p.cmd = &exec.Cmd{Path: program, Args: p.o.Command, Env: environment(p.o.Provider), Dir: "/",
		Stdin: pipes[0], Stdout: pipes[3], Stderr: p.stderr, SysProcAttr: attr, WaitDelay: closeGrace}
	if err = p.cmd.Start(); err != nil {
		return err
	}
	p.in, p.out = pipes[1], pipes[2]
	go func() { // ends with the child, which kill, EOF or its watchdog ends; release waits
		_ = p.cmd.Wait() // how it ended stands in cmd.ProcessState, for postMortem
		close(p.dead)
	}()
	return nil
}

func closeAll(files ...*os.File) {
	for _, f := range files {
		if f != nil {
			_ = f.Close()
		}
	}
}

// environment is all that a child gets: nothing on the CPU, and what a vendor's library
// needs to be found on a device. No token of the daemon's own environment passes.
func environment(provider string) []string {
	env := []string{} // not nil: that would mean ours
	if provider == ort.CPU {
		return env
	}
	for _, name := range []string{"LD_LIBRARY_PATH", "VK_ICD_FILENAMES", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// greet hands the model over and waits for the child to be warm.
func (p *Process) greet(ctx context.Context) error {
	stop := context.AfterFunc(ctx, p.kill)
	defer stop()
	o := p.o
	sent := make(chan error, 1)
	go func() {
		sent <- errors.Join(
			writeMessage(p.in, kindInit, initMessage{Library: o.Library, Provider: o.Provider, Threads: o.Threads,
				MemoryBytes: o.MemoryBytes, TimeoutMilli: o.Timeout.Milliseconds(), Manifest: o.Package.Manifest}),
			writeFrame(p.in, kindWeights, o.Package.Weights))
	}()
	k, payload, err := readFrame(p.out, kindReady, kindFailure)
	if err != nil {
		p.kill()
	}
	sendErr := <-sent // a dead child breaks the pipe, so this comes
	switch {
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
	return nil
}

// Isolation says what the child is confined to, for people.
func (p *Process) Isolation() string { return p.isolation }

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
	limit, cancel := context.WithTimeout(ctx, p.o.Timeout)
	defer cancel()
	stop := context.AfterFunc(limit, p.kill)
	defer stop()
	sent := make(chan error, 1)
	go func() { sent <- writeFrame(p.in, kindJob, study) }()
	result, err := p.follow(progress)
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
	if sendErr := <-sent; sendErr != nil && err == nil { // an answer to a study that never arrived
		p.kill()
		err = &Failure{Reason: Protocol, Detail: "it answered before it had the study"}
	}
	return result, err
}

// follow reads progress until the job's end.
func (p *Process) follow(progress func(string, float64)) (inference.Result, error) {
	for {
		k, payload, err := readFrame(p.out, kindProgress, kindResult, kindFailure)
		if err != nil {
			return inference.Result{}, err
		}
		switch k {
		case kindFailure:
			return inference.Result{}, failureOf(payload)
		case kindResult:
			return p.accept(payload)
		}
		var m progressMessage
		if err := parseMessage(payload, &m); err != nil {
			return inference.Result{}, err
		}
		if progress != nil && knownStage(m.Stage) {
			progress(m.Stage, min(max(m.Done, 0), 1))
		}
	}
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

// kill ends the child at once. It is safe at any time and more than once.
func (p *Process) kill() { _ = p.cmd.Process.Kill() } // fails only when it has ended

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
	if speaksOfMemory(stderr) {
		return p.overMemory()
	}
	detail := "it ended in the middle of a job"
	if p.cmd.ProcessState != nil {
		detail = p.cmd.ProcessState.String()
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
