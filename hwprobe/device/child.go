package device

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

const (
	// nvmlLimit is how long the library may take: a GPU in power saving needs seconds to wake.
	nvmlLimit = 10 * time.Second
	// nvmlFarewell is how long a killed child's pipes are waited for.
	nvmlFarewell = time.Second
	// maxNoiseLines bounds what the library may print beside the reports.
	maxNoiseLines = 1000
)

// NVMLChild asks NVIDIA's library in a process of its own: a driver that does not fit
// its library ends or hangs whoever asks. Command is the command line that prints
// NVMLReports (`medhive probe-nvml`); --attended is added to it, which asks it to end when
// its stdin closes, and --every where it shall go on.
type NVMLChild struct{ Command []string }

// errSilent is a child that ended without a report.
var errSilent = errors.New("it ended without an answer")

// Once returns the child's first report as JSON, for Options.NVML.
func (c NVMLChild) Once(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, nvmlLimit)
	defer cancel()
	lines, wait, err := c.start(ctx, nil)
	if err != nil {
		return nil, blame(ctx, err, nil)
	}
	report, readErr := nextReport(lines)
	cancel() // it has said what it was asked for
	waitErr := wait()
	if readErr == nil {
		return report, nil
	}
	return nil, blame(ctx, readErr, waitErr)
}

// Watch has the child report every so often until ctx ends. The channel closes when the
// child ended; a reader that is slow gets the newest report.
func (c NVMLChild) Watch(ctx context.Context, every time.Duration) (<-chan NVMLReport, error) {
	ctx, cancel := context.WithCancel(ctx)
	lines, wait, err := c.start(ctx, []string{"--every", every.String()})
	if err != nil {
		cancel()
		return nil, err
	}
	reports := make(chan NVMLReport, 1)
	go func() {
		defer close(reports)
		defer func() { _ = wait() }()
		defer cancel()
		for {
			line, err := nextReport(lines)
			if err != nil {
				return
			}
			r, err := ParseNVML(line)
			if err != nil {
				return
			}
			select {
			case <-reports: // nobody has read the one before
			default:
			}
			reports <- r // there is room: this goroutine is the only writer
		}
	}()
	return reports, nil
}

// start runs the child. It ends with ctx, and with this process: its stdin closes then.
// wait gives how it ended, and may be called once.
func (c NVMLChild) start(ctx context.Context, more []string) (lines *bufio.Scanner, wait func() error, _ error) {
	if len(c.Command) == 0 {
		return nil, nil, errors.New("ask NVML: no command is given")
	}
	cmd := exec.CommandContext(ctx, c.Command[0], slices.Concat(c.Command[1:], []string{"--attended"}, more)...)
	cmd.Env = []string{}
	if path, ok := os.LookupEnv("LD_LIBRARY_PATH"); ok { // where some systems keep the driver
		cmd.Env = append(cmd.Env, "LD_LIBRARY_PATH="+path)
	}
	cmd.WaitDelay = nvmlFarewell
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("ask NVML: %w", err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, fmt.Errorf("ask NVML: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, fmt.Errorf("ask NVML: start the child: %w", withoutPath(err))
	}
	lines = bufio.NewScanner(stdout)
	lines.Buffer(nil, MaxNVMLBytes)
	return lines, func() error {
		_ = stdin.Close()
		return cmd.Wait()
	}, nil
}

// withoutPath leaves the program's path out of an error.
func withoutPath(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// nextReport is the next line that looks like a report; vendors' libraries print too.
func nextReport(lines *bufio.Scanner) ([]byte, error) {
	for range maxNoiseLines {
		if !lines.Scan() {
			if err := lines.Err(); err != nil && !errors.Is(err, os.ErrClosed) {
				return nil, err
			}
			return nil, io.ErrUnexpectedEOF
		}
		if line := bytes.TrimSpace(lines.Bytes()); bytes.HasPrefix(line, []byte(`{"version":`)) {
			return bytes.Clone(line), nil
		}
	}
	return nil, errors.New("it prints no report")
}

// blame says why a child gave no report.
func blame(ctx context.Context, read, wait error) error {
	var exit *exec.ExitError
	switch {
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return fmt.Errorf("NVIDIA's library did not answer within %v", nvmlLimit)
	case errors.As(wait, &exit):
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() != syscall.SIGKILL {
			return fmt.Errorf("NVIDIA's library ended the process that asked it (%v)", status.Signal())
		}
		if exit.ExitCode() > 0 {
			return fmt.Errorf("NVIDIA's library ended the process that asked it (exit status %d)", exit.ExitCode())
		}
	}
	if errors.Is(read, io.ErrUnexpectedEOF) {
		return errSilent
	}
	return read
}
