// Package nvml asks NVIDIA's management library what it knows of the GPUs here. It runs
// in a child process only (`medhive probe-nvml`): a library that does not fit its driver
// ends or hangs whoever calls it. Out: device.NVMLReport as JSON, one a line. It looks
// each function up before it calls it, so that an old library gives fewer figures and no
// crash; it changes no setting of any GPU.
package nvml

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// Least and usual time between reports: NVML's own figures are renewed every 20 to 100 ms.
const leastEvery = 50 * time.Millisecond

// Options say what to ask and how often.
type Options struct {
	Library string        // path of libnvidia-ml.so.1; "" looks where drivers put it
	Every   time.Duration // 0: once; else at most every 50 ms, until ctx ends
}

// Serve writes reports to w. The error is one of writing; that there is no library or no
// GPU is a report.
func Serve(ctx context.Context, w io.Writer, o Options) error {
	l, trouble := open(o.Library)
	if trouble != "" {
		return write(w, device.NVMLReport{Error: trouble})
	}
	defer l.close()
	if o.Every <= 0 {
		return write(w, l.report())
	}
	tick := time.NewTicker(max(o.Every, leastEvery))
	defer tick.Stop()
	for {
		if err := write(w, l.report()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func write(w io.Writer, r device.NVMLReport) error {
	r.Version = device.NVMLVersion
	line, err := json.Marshal(r)
	if err == nil {
		_, err = w.Write(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("write NVML report: %w", err)
	}
	return nil
}

// Return codes of NVML (nvmlReturn_t in its header).
const (
	success         = 0
	missingFunction = 13
)

// words are a return code in the words that device knows a remedy for.
func words(code int) string {
	switch code {
	case 4:
		return device.NVMLNoPermission
	case 8:
		return device.NVMLNoPower
	case 9:
		return device.NVMLNotLoaded
	case 12:
		return device.NVMLNoLibrary
	case missingFunction:
		return device.NVMLMissingFunction
	case 15:
		return device.NVMLLost
	case 16:
		return "the GPU needs a reset"
	case 17:
		return "the operating system refuses"
	case 18:
		return device.NVMLMismatch
	case 20:
		return "out of memory"
	}
	return fmt.Sprintf("error %d", code)
}

// cudaVersion writes 12040 as 12.4.
func cudaVersion(n int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", n/1000, n%1000/10)
}

// capability writes CUDA's compute capability.
func capability(major, minor int) string {
	if major <= 0 || minor < 0 {
		return ""
	}
	return fmt.Sprintf("%d.%d", major, minor)
}
