package hwprobe

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// Child probes in a process of its own: a vendor's library that crashes or hangs ends the
// measurement and not the daemon, and what the runtime takes in memory goes with it.
type Child struct {
	Command []string // the program, as `medhive probe-measure`
}

// message is one line from the child: progress, or the end.
type message struct {
	Stage  Stage   `json:"stage,omitempty"`
	Done   float64 `json:"done,omitempty"`
	Report *Report `json:"report,omitempty"`
	Error  string  `json:"error,omitempty"`
}

const (
	// maxMessage bounds a line: a report with two hours of seconds.
	maxMessage = 4 << 20
	// maxRequest bounds what a child reads.
	maxRequest = 64 << 10
	// maxComplaint is how much of a child's stderr is told when it dies.
	maxComplaint = 400
	// besidesPlan is how long a probe may take beyond its int8 measurement: 10 s each
	// for NVIDIA's library, plugs and idle power, 20 s for fp32 and fp16, and as much
	// again on a slow machine.
	besidesPlan = 100 * time.Second
	// killGrace is how long a child's pipes are waited for after it has ended.
	killGrace = 2 * time.Second
)

// Probe has the child probe. The child is killed when ctx ends or it takes too long.
func (c Child) Probe(ctx context.Context, o Options) (Report, error) {
	if len(c.Command) == 0 {
		return Report{}, errors.New("probe: no command for the child; name this program's own probe-measure")
	}
	o = o.complete()
	request, err := json.Marshal(o)
	if err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, o.plan().Length()+besidesPlan)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Command[0], c.Command[1:]...)
	cmd.WaitDelay = killGrace
	in, err := cmd.StdinPipe() // stays open: its end tells the child that we are gone
	if err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	defer in.Close()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return Report{}, fmt.Errorf("probe: %w", err)
	}
	complaint := &tail{}
	cmd.Stderr = complaint
	if err := cmd.Start(); err != nil {
		return Report{}, fmt.Errorf("probe: start the measuring process: %w", err)
	}
	_, sendErr := in.Write(append(request, '\n'))
	report, err := follow(out, o.Progress)
	if err != nil {
		cancel() // it may write on, for ever
	}
	ended := cmd.Wait()
	switch {
	case err == nil:
		return report, nil // how it ended after its answer is of no matter
	case errors.Is(err, errAnswered):
		return Report{}, err
	case context.Cause(ctx) == context.DeadlineExceeded:
		return Report{}, fmt.Errorf("probe: the measuring process did not end in %v; a driver may hang: restart the machine, or measure --provider cpu", o.plan().Length()+besidesPlan)
	}
	return Report{}, fmt.Errorf("probe: the measuring process died (%w): %s; a vendor's library may not fit its driver: measure --provider cpu, or install the driver anew",
		errors.Join(err, sendErr, ended), complaint.words())
}

// errAnswered marks an error that the child told itself.
var errAnswered = errors.New("the measuring process gave up")

// follow reads progress until the report.
func follow(r io.Reader, progress func(Stage, float64)) (Report, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxMessage)
	for lines.Scan() {
		var m message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			continue // a library that prints to stdout
		}
		switch {
		case m.Report != nil:
			return *m.Report, nil
		case m.Error != "":
			return Report{}, fmt.Errorf("%w: %s", errAnswered, m.Error)
		case progress != nil && m.Stage.known():
			progress(m.Stage, min(max(m.Done, 0), 1))
		}
	}
	return Report{}, errors.Join(lines.Err(), io.ErrUnexpectedEOF)
}

func (s Stage) known() bool {
	switch s {
	case StageDevices, StageIdle, StageInt8, StageFP32, StageFP16:
		return true
	}
	return false
}

// Serve is the child's side: it reads one request, probes, and writes progress and the
// report as lines of JSON. When in ends, whoever asked is gone: abandon is called then,
// from another goroutine, and should end the process, since a driver that hangs hears of
// no context.
func Serve(ctx context.Context, in io.Reader, out io.Writer, abandon func()) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reader := bufio.NewReaderSize(in, maxRequest)
	line, err := reader.ReadSlice('\n')
	if err != nil {
		return fmt.Errorf("read the request of a probe: %w", err)
	}
	var o Options
	if err := json.Unmarshal(line, &o); err != nil {
		return fmt.Errorf("read the request of a probe: %w", err)
	}
	go func() { // ends with in
		_, _ = io.Copy(io.Discard, reader)
		cancel()
		abandon()
	}()
	say := func(m message) error {
		text, err := json.Marshal(m)
		if err == nil {
			_, err = out.Write(append(text, '\n'))
		}
		return err
	}
	o.Progress = func(stage Stage, done float64) {
		if say(message{Stage: stage, Done: done}) != nil {
			cancel()
		}
	}
	report, err := Probe(ctx, o)
	if err != nil {
		return say(message{Error: err.Error()})
	}
	return say(message{Report: &report})
}

// tail keeps the last words that were written to it. Exec writes to it from one
// goroutine and is waited for before it is read.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.text = append(t.text, p[max(0, len(p)-maxComplaint):]...)
	t.text = t.text[max(0, len(t.text)-maxComplaint):]
	return len(p), nil
}

// words are printable, on one line, and never empty.
func (t *tail) words() string {
	clean := bytes.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, bytes.ToValidUTF8(t.text, nil))
	if s := strings.Join(strings.Fields(string(clean)), " "); s != "" {
		return s
	}
	return "it said nothing"
}
