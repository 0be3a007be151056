package power

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
)

// nvmlTimeout bounds the first report of NVIDIA's library, which may start the GPUs for
// it.
const nvmlTimeout = 10 * time.Second

// mayHaveNVIDIA tells whether asking NVIDIA's library is worth a child: there is a card
// of theirs, or a device node where a container or Windows hides the bus.
func mayHaveNVIDIA(dev fs.FS, list []card) bool {
	if slices.ContainsFunc(list, func(c card) bool { return c.vendor == nvidia }) {
		return true
	}
	return slices.ContainsFunc([]string{"nvidiactl", "dxg"}, func(node string) bool {
		_, err := fs.Stat(dev, node)
		return err == nil
	})
}

// gpus are NVIDIA's cards in their successive reports.
type gpus struct {
	addresses []string // those that tell power, sorted
	counts    bool     // all of them count energy, too

	last []uint64 // µJ of each
	at   time.Time
}

// gpusOf are the cards of a report that tell what they take.
func gpusOf(r device.NVMLReport) gpus {
	g := gpus{counts: true}
	for _, d := range r.Devices {
		if d.Error != "" || d.PowerMilliW == 0 && d.EnergyMilliJ == 0 || d.Address == "" || slices.Contains(g.addresses, d.Address) {
			continue
		}
		g.addresses = append(g.addresses, d.Address)
		g.counts = g.counts && d.EnergyMilliJ > 0
	}
	slices.Sort(g.addresses)
	return g
}

// take is what all cards took, by a report of now.
func (g *gpus) take(r device.NVMLReport, now time.Time) (sample, error) {
	if r.Error != "" {
		return sample{}, fmt.Errorf("NVIDIA's library says %.100q", r.Error)
	}
	got := sample{at: now, counts: g.counts, restart: g.counts && g.last == nil}
	values := make([]uint64, len(g.addresses))
	for i, address := range g.addresses {
		at := slices.IndexFunc(r.Devices, func(d device.NVMLDevice) bool { return d.Address == address })
		if at < 0 || r.Devices[at].Error != "" {
			return sample{}, fmt.Errorf("GPU %s does not answer any more", address)
		}
		d := r.Devices[at]
		values[i] = d.EnergyMilliJ * 1000
		if g.counts && d.EnergyMilliJ == 0 || !g.counts && (d.PowerMilliW == 0 || d.PowerMilliW > maxZoneWatts*1000) {
			return sample{}, fmt.Errorf("GPU %s does not tell what it takes any more", address)
		}
		got.watts += float64(d.PowerMilliW) / 1000
		if g.last != nil {
			joules, ok := risen(g.last[i], values[i], 0, now.Sub(g.at))
			got.joules += joules
			got.restart = got.restart || g.counts && !ok
		}
	}
	g.last, g.at = values, now
	return got, nil
}

// nvml finds NVIDIA's cards. The sensor is nil where there are none, or they can't be
// asked; the note says why.
func nvml(ctx context.Context, conf Config) (*sensor, []Note) {
	asking, cancel := context.WithTimeout(ctx, nvmlTimeout)
	defer cancel()
	first, err := firstReport(asking, conf)
	if err == nil && first.Error != "" {
		err = fmt.Errorf("NVIDIA's library says %.100q", first.Error)
	}
	fix := "run nvidia-smi as the user of this node; where it shows no power either, update NVIDIA's driver"
	if err != nil {
		return nil, []Note{{Text: fmt.Sprintf("what the NVIDIA card takes is not known: %v", err), Fix: fix}}
	}
	found := gpusOf(first)
	if len(found.addresses) == 0 {
		return nil, []Note{{Text: "the NVIDIA card tells no power", Fix: fix}}
	}
	s := &sensor{name: "NVML", basis: Package}
	for _, address := range found.addresses {
		s.parts = append(s.parts, GPU+" "+address)
	}
	s.watch = func(ctx context.Context, every time.Duration, emit func(sample)) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		reports, err := conf.NVML(ctx, every)
		if err != nil {
			return fmt.Errorf("NVIDIA's library can't be asked: %w", err)
		}
		defer drain(reports, cancel)
		cards := gpus{addresses: found.addresses, counts: found.counts}
		for report := range reports {
			got, err := cards.take(report, time.Now())
			if err != nil {
				return err
			}
			emit(got)
		}
		return errors.New("the child that asks NVIDIA's library ended")
	}
	return s, nil
}

// firstReport starts the child for one report.
func firstReport(ctx context.Context, conf Config) (device.NVMLReport, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	reports, err := conf.NVML(ctx, conf.Every)
	if err != nil {
		return device.NVMLReport{}, err
	}
	defer drain(reports, cancel)
	select {
	case r, ok := <-reports:
		if !ok {
			return r, errors.New("the child that asks NVIDIA's library ended without an answer")
		}
		return r, nil
	case <-ctx.Done():
		return device.NVMLReport{}, fmt.Errorf("NVIDIA's library gave no answer within %.0f s", nvmlTimeout.Seconds())
	}
}

// drain ends the child and waits until it has gone.
func drain(reports <-chan device.NVMLReport, cancel context.CancelFunc) {
	cancel()
	for range reports {
		continue
	}
}
