package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sampleEvery is how often the memory of the demo's processes is added up.
const sampleEvery = 100 * time.Millisecond

// measureDemo runs the built demo once and gives its peak memory in MB (the sum of
// its process tree's PSS, so that shared pages count once) and its length in s.
func measureDemo(ctx context.Context) (peakMB, seconds float64, err error) {
	out, err := os.MkdirTemp("", "medhive-bench-")
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(out)) }()
	demo := exec.CommandContext(ctx, filepath.Join("bin", "medhive"), "demo", "--json", "--out", out)
	demo.Stderr = os.Stderr
	if err := demo.Start(); err != nil {
		return 0, 0, fmt.Errorf("start the demo: %w; run make build first", err)
	}
	done := make(chan error, 1)
	go func() { done <- demo.Wait() }()
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	peak := 0.0
	for {
		select {
		case err := <-done:
			if err != nil {
				return 0, 0, fmt.Errorf("run the demo: %w", err)
			}
			seconds, err = totalSeconds(filepath.Join(out, "summary.json"))
			return peak, seconds, err
		case <-ticker.C:
			now, err := treeMemory(demo.Process.Pid)
			if err != nil {
				return 0, 0, errors.Join(err, demo.Process.Kill(), <-done)
			}
			peak = max(peak, now)
		}
	}
}

func totalSeconds(path string) (float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	var summary struct {
		PhaseMS map[string]float64 `json:"phase_ms"`
	}
	if err := json.Unmarshal(data, &summary); err != nil {
		return 0, fmt.Errorf("summary of the demo: %w", err)
	}
	return summary.PhaseMS["total"] / 1000, nil
}

// treeMemory is what a process and its children hold, in MB: their PSS, or where
// that may not be read their resident size, which counts shared pages for each.
func treeMemory(pid int) (float64, error) {
	total, err := memory(pid)
	if err != nil {
		return 0, err
	}
	children, err := childrenOf(pid)
	if err != nil {
		return 0, err
	}
	for _, id := range children {
		more, err := treeMemory(id)
		if err != nil {
			return 0, err
		}
		total += more
	}
	return total, nil
}

// childrenOf are the processes that a process has started; none once it has ended.
func childrenOf(pid int) (ids []int, err error) {
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return nil, nil // it has ended
	}
	for _, task := range tasks {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		if err != nil {
			continue // this thread has ended
		}
		for _, child := range strings.Fields(string(children)) {
			id, err := strconv.Atoi(child)
			if err != nil {
				return nil, fmt.Errorf("children of process %d: %w", pid, err)
			}
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// memory is one process's share in MB; 0 only if it has ended.
func memory(pid int) (float64, error) {
	if mb, found := kilobytes(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Pss:"); found {
		return mb, nil
	}
	if mb, found := kilobytes(fmt.Sprintf("/proc/%d/status", pid), "VmRSS:"); found {
		return mb, nil
	}
	state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil || strings.Contains(string(state), ") Z ") {
		return 0, nil
	}
	return 0, fmt.Errorf("the memory of process %d can't be read", pid)
}

func kilobytes(path, field string) (mb float64, found bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, field); ok && len(strings.Fields(rest)) > 0 {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kb / 1000, err == nil
		}
	}
	return 0, false
}
