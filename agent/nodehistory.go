package agent

import (
	"context"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/agent/history"
	"github.com/medhive/medhive/agent/panel"
	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/scheduler/worker"
)

// endedKept is how many jobs a node remembers that have ended since its start.
const endedKept = 50

// showcase is what a node keeps for its dashboard. It is safe for concurrent use.
type showcase struct {
	history *history.History // nil without a dashboard

	mu      sync.Mutex    // guards the fields below
	ended   []panel.Ended // the newest last
	changed chan struct{} // closed, and made anew, with each change
	watts   *float64      // of the last step; nil where nothing measures it
	basis   power.Basis   // of watts
	celsius *float64      // of the hottest part that computes; nil where nothing tells it
	status  NodeStatus    // of the moment asked
	asked   time.Time
	reach   network.Reachability // as the host found out
}

func newShowcase() *showcase { return &showcase{changed: make(chan struct{})} }

// tell wakes whoever shows a live page.
func (d *showcase) tell() {
	d.mu.Lock()
	defer d.mu.Unlock()
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *showcase) news() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.changed
}

// followReach notes whether others reach this host, until ctx ends.
func (d *showcase) followReach(ctx context.Context, changes event.Subscription) {
	defer changes.Close()
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-changes.Out():
			if changed, ok := e.(event.EvtLocalReachabilityChanged); ok {
				d.mu.Lock()
				d.reach = changed.Reachability
				d.mu.Unlock()
				d.tell()
			}
		}
	}
}

// reachability is public, private or unknown.
func (d *showcase) reachability() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.ToLower(d.reach.String())
}

// outcomes are the events that end a job, in an operator's words.
var outcomes = map[worker.Kind]string{
	worker.Receipt: "paid", worker.Unsigned: "unsigned", worker.Failed: "failed", worker.Revoked: "revoked", worker.Cancelled: "cancelled",
}

// hear takes the worker's events. It waits for nobody.
func (d *showcase) hear(e worker.Event) {
	if e.Kind == worker.Bid || e.Kind == worker.Lost {
		return // a busy market has many a second
	}
	if outcome, ends := outcomes[e.Kind]; ends {
		d.mu.Lock()
		if len(d.ended) == endedKept {
			d.ended = append(d.ended[:0], d.ended[1:]...)
		}
		d.ended = append(d.ended, panel.Ended{Task: e.Task.Short(), At: e.Time, Outcome: outcome, Text: e.Text, Gwei: e.Price})
		d.mu.Unlock()
	}
	d.tell()
}

// newestEnded are the jobs that have ended, the newest first.
func (d *showcase) newestEnded() []panel.Ended {
	d.mu.Lock()
	defer d.mu.Unlock()
	list := make([]panel.Ended, 0, len(d.ended))
	for i := len(d.ended) - 1; i >= 0; i-- {
		list = append(list, d.ended[i])
	}
	return list
}

// sensed are the figures of the last step.
func (d *showcase) sensed() (watts *float64, basis string, celsius *float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.watts, string(d.basis), d.celsius
}

// keepHistory notes the node's figures in equal steps until ctx ends. What no sensor tells
// leaves a gap.
func (n *Node) keepHistory(ctx context.Context) {
	roots := n.conf.Roots.OrDefault()
	chips, cards := rate.NewWatch(roots.Sys, roots.Proc), cardHeat{}
	graphics := n.cardReports(ctx)
	recording := n.energy.meter.Start()
	defer func() { recording.Stop() }()
	ticker := time.NewTicker(history.Step)
	defer ticker.Stop()
	last := n.tally()
	for {
		cards.ask(ctx, graphics)
		select {
		case <-ctx.Done():
			if err := n.showcase.history.Flush(); err != nil {
				n.conf.Log.Warn("the last minutes of the dashboard's figures are lost", "error", err)
			}
			return
		case report, more := <-cards.reports:
			cards.take(report, more)
			continue
		case <-ticker.C:
		}
		ended := recording
		recording = n.energy.meter.Start() // before the other ends, so that sensors go on
		reading := ended.Stop()
		celsius := chips.Sample().Celsius
		if graphics != nil {
			celsius = hotter(celsius, cards.now())
		}
		now := n.tally()
		n.showcase.sense(reading, celsius)
		if err := n.showcase.history.Note(time.Now(), n.figures(reading, celsius, last, now)...); err != nil {
			n.conf.Log.Warn("figures of the dashboard can't be kept", "error", err)
		}
		last = now
		n.showcase.tell()
	}
}

// cardReports starts NVIDIA's reports of temperature; nil where no such card computes.
func (n *Node) cardReports(ctx context.Context) func(context.Context, time.Duration) (<-chan device.NVMLReport, error) {
	if !computesOnNVIDIA(ctx, n.conf.Roots.OrDefault(), n.conf.Provider) {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil // the temperature is not known then
	}
	return device.NVMLChild{Command: []string{self, NVMLCommand}}.Watch
}

func (d *showcase) sense(reading power.Reading, celsius *float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watts, d.basis, d.celsius = measured(reading), reading.Basis, celsius
}

// tally is what a node's counters say at a moment.
type tally struct {
	at           time.Time
	busy         time.Duration
	done, failed uint64
	known        bool // the jobs' counters could be read
}

func (n *Node) tally() tally {
	t := tally{at: time.Now(), busy: n.energy.busyFor()}
	if work, err := n.worker.Status(); err == nil {
		t.done, t.failed, t.known = work.Totals.Accepted, work.Totals.Failed+work.Totals.Disputed, true
	}
	return t
}

// figures are those of the step between two tallies.
func (n *Node) figures(reading power.Reading, celsius *float64, last, now tally) []history.Value {
	list := []history.Value{{Name: panel.TOPS, Value: n.profile.TOPS.Median}}
	if w := measured(reading); w != nil {
		list = append(list, history.Value{Name: panel.Watts, Value: *w})
	}
	if celsius != nil {
		list = append(list, history.Value{Name: panel.Celsius, Value: *celsius})
	}
	if s := n.examinee.last.Load(); s != nil && s.Examination.Outcome == attest.Proved && s.Examination.Subject != attest.MemorySize {
		const mops = 1e6
		list = append(list, history.Value{Name: panel.Proved, Value: float64(s.Examination.Figure()) / mops})
	}
	return append(list, between(last, now)...)
}

// between are the figures that two tallies tell; pure.
func between(last, now tally) (list []history.Value) {
	if span := now.at.Sub(last.at); span > 0 {
		const percent = 100
		list = append(list, history.Value{Name: panel.Busy, Value: percent * min(1, float64(now.busy-last.busy)/float64(span))})
	}
	if last.known && now.known && now.done >= last.done && now.failed >= last.failed {
		list = append(list, history.Value{Name: panel.Done, Value: float64(now.done - last.done)}, history.Value{Name: panel.Failed, Value: float64(now.failed - last.failed)})
	}
	return list
}
