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
// PSS over its process tree, so that shared pages count once) and its length in s.
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
			peak = max(peak, treePSS(demo.Process.Pid))
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

// treePSS is the proportional set size of a process and its children, in MB. A
// process that ends while it is read counts nothing.
func treePSS(pid int) float64 {
	total := pss(pid)
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		return total
	}
	for _, task := range tasks {
		children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, task.Name()))
		if err != nil {
			continue
		}
		for _, child := range strings.Fields(string(children)) {
			if id, err := strconv.Atoi(child); err == nil {
				total += treePSS(id)
			}
		}
	}
	return total
}

func pss(pid int) float64 {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, found := strings.CutPrefix(line, "Pss:"); found {
			kb, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			if err == nil {
				return kb / 1000
			}
		}
	}
	return 0
}
