package power

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// TestMain lets the test's own program be the child that asks NVIDIA's library: of one
// card at 80 W, and with its own number in the place of the driver's.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "probe-nvml" {
		os.Exit(m.Run())
	}
	every, err := time.ParseDuration(os.Args[slices.Index(os.Args, "--every")+1])
	if err != nil {
		os.Exit(2)
	}
	out, began := json.NewEncoder(os.Stdout), time.Now()
	for range time.Tick(every) {
		r := report(gpu(first, 80_000, 5000+uint64(80*time.Since(began).Milliseconds())))
		r.Driver = strconv.Itoa(os.Getpid())
		if out.Encode(r) != nil {
			os.Exit(1) // nobody listens any more
		}
	}
}

// watched waits until enough is true of the meter's first sensor.
func watched(t *testing.T, m *Meter, enough func(c curve) bool) {
	t.Helper()
	for {
		m.mu.Lock()
		done, news := enough(m.sensors[0].curve), m.news
		m.mu.Unlock()
		if done {
			return
		}
		select {
		case <-news:
		case <-t.Context().Done():
			t.Fatal("the sensor never told")
		}
	}
}

// tapped is a child's Watch that notes the numbers of the children.
func tapped(c device.NVMLChild, pids chan<- int) func(context.Context, time.Duration) (<-chan device.NVMLReport, error) {
	return func(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error) {
		from, err := c.Watch(ctx, every)
		if err != nil {
			return nil, err
		}
		to := make(chan device.NVMLReport)
		go func() {
			defer close(to)
			told := false
			for r := range from {
				if pid, err := strconv.Atoi(r.Driver); err == nil && !told {
					told = true
					pids <- pid
				}
				select {
				case to <- r:
				case <-ctx.Done():
				}
			}
		}()
		return to, nil
	}
}

// The whole way through a real child: its figures, its death, and that none stays.
func TestNVMLThroughAChild(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dev := t.TempDir()
	if err := os.WriteFile(filepath.Join(dev, "nvidiactl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	pids := make(chan int, 10)
	child := device.NVMLChild{Command: []string{self, "probe-nvml"}}
	m, _ := Find(t.Context(), device.Roots{Sys: t.TempDir(), Dev: dev}, Config{Every: 5 * time.Millisecond, NVML: tapped(child, pids)})
	if !slices.Equal(m.Sources(), []string{"NVML"}) {
		t.Fatalf("found %v", m.Sources())
	}
	rec := m.Start()
	watched(t, m, func(c curve) bool { return len(c.points) >= 10 })
	r := rec.Stop()
	// Answers wait for this process on a busy machine: only the order of size is sure.
	if r.Basis != Package || r.MeanWatts < 8 || r.MeanWatts > 800 || !slices.Equal(r.Coverage, []string{"gpu " + first}) || !slices.Equal(r.Missing, []string{CPU}) {
		t.Errorf("%+v; want about 80 W of one card", r)
	}
	asked, working := <-pids, <-pids // Find's own, and the recording's
	if err := syscall.Kill(working, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	watched(t, m, func(c curve) bool { return c.why == "the child that asks NVIDIA's library ended" })
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	for _, pid := range []int{asked, working} {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("a child stayed: %v", err)
		}
	}
}
