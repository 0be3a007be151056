package agent

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference/ort"
)

// energy measures what jobs take. Jobs that run at once share the machine's energy
// evenly for as long as they overlap, so that what all receipts say adds up to what the
// machine took, idle included, while it had any job. It is safe for concurrent use.
type energy struct {
	meter *power.Meter

	mu     sync.Mutex // guards the fields below
	last   power.Reading
	joules map[power.Basis]float64 // of all jobs since the start
}

// watchPower finds what tells the machine's power. It never fails: a node that can't
// measure says so in its receipts.
func (n *Node) watchPower(ctx context.Context) error {
	conf := power.Config{Plugs: n.conf.Power.Plugs, DeclaredWatts: n.conf.Power.DeclaredWatts, DeclaredIdleWatts: n.conf.Power.DeclaredIdleWatts}
	if self, err := os.Executable(); err == nil {
		conf.NVML = device.NVMLChild{Command: []string{self, NVMLCommand}}.Watch
	}
	meter, notes := power.Find(ctx, n.conf.Roots, conf)
	n.energy = &energy{meter: meter, joules: map[power.Basis]float64{}}
	for _, note := range notes {
		n.conf.Log.Info("energy of jobs", "note", note.Text, "fix", note.Fix)
	}
	return nil
}

// jobEnergy is what a receipt says of a job's energy.
type jobEnergy struct {
	milliJ uint64 // 0 when unmeasured
	basis  string
}

// begin starts to measure a job. Whoever begins stops the recording in any case; what a
// failed job took is in nobody's receipt.
func (e *energy) begin() *power.Recording { return e.meter.StartShared() }

// settle says what a job took that was computed by this execution provider.
func (e *energy) settle(recording *power.Recording, provider string) jobEnergy {
	part := power.CPU
	if provider != ort.CPU {
		part = power.GPU
	}
	reading := recording.Stop().Of(part)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last = reading
	e.joules[reading.Basis] += reading.Joules
	return receiptEnergy(reading)
}

// receiptEnergy rounds a reading to what a receipt holds. What rounds to nothing was not
// measured: no job takes less than a millijoule.
func receiptEnergy(r power.Reading) jobEnergy {
	milliJ := math.Round(r.Joules * 1000)
	if r.Basis == power.Unmeasured || !(milliJ >= 1 && milliJ < math.MaxInt64) {
		return jobEnergy{basis: string(power.Unmeasured)}
	}
	return jobEnergy{uint64(milliJ), string(r.Basis)}
}

// String says what the last job took, or why that is not known.
func (e *energy) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.last.Basis == "":
		return fmt.Sprintf("no job yet; measured by: %s", e.meter.Basis())
	case e.last.Basis == power.Unmeasured:
		return e.last.String()
	default:
		return fmt.Sprintf("the last job took %.0f J in %.1f s (%s)", e.last.Joules, e.last.Span.Seconds(), e.last.Basis)
	}
}

// total is what all jobs took since the start, in joules by basis.
func (e *energy) total() map[power.Basis]float64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := map[power.Basis]float64{}
	for basis, joules := range e.joules {
		if joules > 0 {
			sum[basis] = joules
		}
	}
	return sum
}

// close ends the sensors.
func (e *energy) close() error { return e.meter.Close() }
