package hwprobe

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/rate"
)

// nvmlTap passes NVIDIA's reports on to the power meter and keeps the newest, so that
// one child serves both.
type nvmlTap struct {
	ask func(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error)

	mu     sync.Mutex // guards newest
	newest device.NVMLReport
}

// reports is ask, listened to. The goroutine ends with the source's channel, or with ctx.
func (t *nvmlTap) reports(ctx context.Context, every time.Duration) (<-chan device.NVMLReport, error) {
	from, err := t.ask(ctx, every)
	if err != nil {
		return nil, err
	}
	to := make(chan device.NVMLReport)
	go func() {
		defer close(to)
		for report := range from {
			t.mu.Lock()
			t.newest = report
			t.mu.Unlock()
			select {
			case to <- report:
			case <-ctx.Done():
				return
			}
		}
	}()
	return to, nil
}

// add puts temperature and throttle reasons of what computes to c.
func (t *nvmlTap) add(c *rate.Conditions) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, d := range computing(t.newest.Devices) {
		if celsius := float64(d.Celsius); celsius > 0 && (c.Celsius == nil || celsius > *c.Celsius) {
			c.Celsius = &celsius
		}
		for _, reason := range d.Throttle {
			if !slices.Contains(harmless(), reason) && !slices.Contains(c.Throttle, reason) {
				c.Throttle = append(c.Throttle, reason)
			}
		}
	}
}

// computing are the GPUs that may be the measured one. NVML doesn't tell which one a
// provider chose, nor do its numbers follow the providers'; but of several, one that says
// that it is idle is not it. Two that are busy both count.
func computing(all []device.NVMLDevice) (busy []device.NVMLDevice) {
	if len(all) == 1 {
		return all
	}
	for _, d := range all {
		if d.Error == "" && !slices.Contains(d.Throttle, device.NVMLIdle) {
			busy = append(busy, d)
		}
	}
	return busy
}

// harmless are NVML's reasons for lower clocks that say nothing against a measurement. At
// its power limit every card works in a long dense product; what it sustains there is
// what is measured.
func harmless() []string {
	return []string{device.NVMLIdle, device.NVMLApplicationClocks, device.NVMLDisplayClocks, device.NVMLPowerCap}
}
