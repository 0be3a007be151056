package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a process took while it was watched.
type usage struct {
	residentMB float64 // highest, in millions of bytes
	privateMB  float64 // of that, what no file has
	filesMB    float64 // of that, pages of files, which the system can take back
	childrenMB float64 // highest of what those below it held, shared pages shared out
	percent    float64 // processor time of one core, with those below it
}

// also is what is told beside the value of a target.
func (u usage) also() map[string]float64 {
	return map[string]float64{"MB private": u.privateMB, "MB of files": u.filesMB, "MB in child processes": u.childrenMB}
}

// watch is a process that is watched.
type watch struct {
	process *child
	usage
	from time.Duration // its processor time when the window began
}

// observe lets processes settle and then takes samples of them until the window is over.
func observe(ctx context.Context, watched []*watch, settle, window time.Duration) error {
	settled := time.NewTimer(settle)
	defer settled.Stop()
	if err := awaitTime(ctx, watched, settled.C); err != nil {
		return err
	}
	for _, w := range watched {
		var err error
		if w.from, err = processorTime(w.process.cmd.Process.Pid); err != nil {
			return err
		}
	}
	began := time.Now()
	ticker := time.NewTicker(idleSample)
	defer ticker.Stop()
	for time.Since(began) < window {
		for _, w := range watched {
			if err := w.sample(); err != nil {
				return err
			}
		}
		if err := awaitTime(ctx, watched, ticker.C); err != nil {
			return err
		}
	}
	for _, w := range watched {
		now, err := processorTime(w.process.cmd.Process.Pid)
		if err != nil {
			return err
		}
		w.percent = 100 * (now - w.from).Seconds() / time.Since(began).Seconds()
	}
	return nil
}

// awaitTime waits for a tick; a watched process that has ended by then is an error.
func awaitTime(ctx context.Context, watched []*watch, tick <-chan time.Time) error {
	select {
	case <-tick:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	for _, w := range watched {
		select {
		case <-w.process.ended:
			return fmt.Errorf("%s ended while it was watched:\n%s", w.process.name, w.process.text())
		default:
		}
	}
	return nil
}

// sample keeps what a process holds, and those below it, where it is more than before.
func (w *watch) sample() error {
	pid := w.process.cmd.Process.Pid
	held, err := resident(pid)
	if err != nil {
		return err
	}
	if held.residentMB > w.residentMB {
		w.residentMB, w.privateMB, w.filesMB = held.residentMB, held.privateMB, held.filesMB
	}
	children, err := childrenOf(pid)
	if err != nil {
		return err
	}
	total := 0.0
	for _, id := range children {
		below, err := treeMemory(id)
		if err != nil {
			return err
		}
		total += below
	}
	w.childrenMB = max(w.childrenMB, total)
	return nil
}

// statusMB reads sizes of /proc/PID/status in millions of bytes; the file says kB for 1,024
// bytes.
func statusMB(status []byte, field string) (float64, error) {
	for line := range strings.Lines(string(status)) {
		if rest, found := strings.CutPrefix(line, field+":"); found {
			kb, err := strconv.ParseFloat(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 64)
			if err != nil {
				return 0, fmt.Errorf("%s of a process: %w", field, err)
			}
			return kb * 1024 / 1e6, nil
		}
	}
	return 0, fmt.Errorf("%s of a process: not told; this is measured on Linux", field)
}

// resident is what a process itself holds.
func resident(pid int) (held usage, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return held, err
	}
	var errs [3]error
	held.residentMB, errs[0] = statusMB(status, "VmRSS")
	held.privateMB, errs[1] = statusMB(status, "RssAnon")
	held.filesMB, errs[2] = statusMB(status, "RssFile")
	return held, errors.Join(errs[:]...)
}

// clockTick is the unit of processor times in /proc/PID/stat: USER_HZ, 100 on every
// architecture that Linux counts in for programs like this.
const clockTick = time.Second / 100

// processorTime is what a process has used, and all that it started.
func processorTime(pid int) (time.Duration, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	total, err := parseProcessorTime(data)
	if err != nil {
		return 0, err
	}
	children, err := childrenOf(pid)
	if err != nil {
		return 0, err
	}
	for _, id := range children {
		below, err := processorTime(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // it has ended; its parent's times will have it
		}
		if err != nil {
			return 0, err
		}
		total += below
	}
	return total, nil
}

// parseProcessorTime adds utime, stime, cutime and cstime: the 14th to 17th field of
// proc_pid_stat(5). The second, a name in parentheses, may hold anything.
func parseProcessorTime(stat []byte) (time.Duration, error) {
	after := bytes.LastIndexByte(stat, ')')
	fields := strings.Fields(string(stat[after+1:]))
	if after < 0 || len(fields) < 15 {
		return 0, fmt.Errorf("times of a process: %.80q has too few fields", stat)
	}
	var ticks uint64
	for _, text := range fields[11:15] { // the first here is the third
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return 0, fmt.Errorf("times of a process: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, nil
}
