package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"
)

// target is one promise: a benchmark that reports the metrics "value" and
// "against" in the same unit, and the bound on value ÷ against.
type target struct {
	name      string // room/subject
	pkg       string // where the benchmark lives
	benchmark string // its Go name
	unit      string // of value and against
	against   string // the limit or peer, in words
	goal      float64
	atLeast   bool // the ratio must not fall below goal; otherwise must not exceed it

	// run, if set, measures value and limit by real processes instead of a benchmark; also is
	// what is told beside them, by its unit.
	run func(ctx context.Context) (value, limit float64, also map[string]float64, err error)
}

func (t target) measure(ctx context.Context) (result, error) {
	var value, against float64
	var also map[string]float64
	var err error
	if t.run != nil {
		value, against, also, err = t.run(ctx)
	} else {
		value, against, also, err = t.runBenchmark(ctx)
	}
	if err != nil {
		return result{}, err
	}
	if value <= 0 || against <= 0 {
		return result{}, fmt.Errorf("measured %v against %v: want both above zero", value, against)
	}
	r := result{
		Name: t.name, Value: value, Unit: t.unit, Against: t.against, AgainstValue: against,
		Ratio: value / against, Machine: machine(), Also: also,
	}
	if t.atLeast {
		r.Goal, r.Holds = fmt.Sprintf(">= %g", t.goal), r.Ratio >= t.goal
	} else {
		r.Goal, r.Holds = fmt.Sprintf("<= %g", t.goal), r.Ratio <= t.goal
	}
	return r, nil
}

// runBenchmark returns value and limit, and whatever else the benchmark reports beside them.
func (t target) runBenchmark(ctx context.Context) (value, against float64, also map[string]float64, err error) {
	command := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+t.benchmark+"$", "-benchtime", "1x", "-timeout", "30m", t.pkg)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		return 0, 0, nil, fmt.Errorf("run %s in %s: %w\n%s", t.benchmark, t.pkg, err, output)
	}
	metrics, err := parseMetrics(output, t.benchmark)
	if err != nil {
		return 0, 0, nil, err
	}
	value, against = metrics["value"], metrics["against"]
	for _, known := range []string{"value", "against", "ns/op"} {
		delete(metrics, known)
	}
	return value, against, metrics, nil
}

var (
	metricPattern = regexp.MustCompile(`([0-9.eE+-]+) ([A-Za-z/]+)`)
	threadSuffix  = regexp.MustCompile(`-[0-9]+$`) // GOMAXPROCS, where it is not 1
)

// parseMetrics reads the line that `go test -bench` prints for one benchmark.
func parseMetrics(output []byte, benchmark string) (map[string]float64, error) {
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		name, rest, found := strings.Cut(lines.Text(), "\t")
		if !found || threadSuffix.ReplaceAllString(strings.TrimSpace(name), "") != benchmark {
			continue
		}
		metrics := map[string]float64{}
		for _, m := range metricPattern.FindAllStringSubmatch(rest, -1) {
			v, err := strconv.ParseFloat(m[1], 64)
			if err != nil {
				return nil, fmt.Errorf("%s: metric %s: %w", benchmark, m[2], err)
			}
			metrics[m[2]] = v
		}
		return metrics, nil
	}
	return nil, fmt.Errorf("no result line of %s in:\n%s", benchmark, output)
}

func machine() string {
	model := runtime.GOARCH
	if infos, err := cpu.Info(); err == nil && len(infos) > 0 {
		model = infos[0].ModelName
	}
	return fmt.Sprintf("%s, %d threads, %s/%s", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
