package agent

import (
	"context"
	"fmt"
	"math"
	"os"
	"sync"
	"time"

	"github.com/medhive/medhive/hwprobe/device"
	"github.com/medhive/medhive/hwprobe/power"
	"github.com/medhive/medhive/inference"
	"github.com/medhive/medhive/inference/ort"
)

// energy measures what jobs take. Jobs that run at once share the machine's energy
// evenly for as long as they overlap, so that what all receipts say adds up to what the
// machine took, idle included, while any job had a runner. A job's share begins when its
// runner reads the study: one that waits for a runner takes none. One that has a runner
// takes its share also while it waits there for its turn to compute, and while a STAT job
// has it stopped: what a runner tells does not part that from work. A job that begins anew
// counts from there; what its earlier try took, up to then, is in nobody's receipt, as with
// one that failed. It is safe for concurrent use.
type energy struct {
	meter *power.Meter

	mu     sync.Mutex // guards the fields below
	last   power.Reading
	joules map[power.Basis]float64 // of all jobs since the start
	busy   stretch
}

// stretch adds up the time in which anything was under way.
type stretch struct {
	running int
	since   time.Time     // when the first of the running ones began
	before  time.Duration // of those that have ended
}

func (s *stretch) begin(now time.Time) {
	if s.running++; s.running == 1 {
		s.since = now
	}
}

func (s *stretch) end(now time.Time) {
	if s.running--; s.running == 0 {
		s.before += now.Sub(s.since)
	}
}

// total is how long it has been up to now.
func (s *stretch) total(now time.Time) time.Duration {
	if s.running == 0 {
		return s.before
	}
	return s.before + now.Sub(s.since)
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

// of runs a job and says what it took. run gets what to call with the job's stages, all
// from its own goroutine.
func (e *energy) of(progress func(stage string, done float64), run func(progress func(stage string, done float64)) (inference.Result, error)) (inference.Result, jobEnergy, error) {
	var recording *power.Recording
	defer func() {
		if recording != nil {
			recording.Stop()
			e.rests()
		}
	}()
	var last string
	result, err := run(func(stage string, done float64) {
		if recording != nil && stage == inference.StageReading && last != stage {
			recording.Stop() // it gave way, and begins anew
			recording = nil
			e.rests()
		}
		if last = stage; recording == nil {
			recording = e.begin()
			e.works()
		}
		if progress != nil {
			progress(stage, done)
		}
	})
	if err != nil {
		return result, jobEnergy{}, err
	}
	if recording == nil {
		return result, receiptEnergy(power.Reading{Basis: power.Unmeasured}), nil // its runner told of no work
	}
	return result, e.settle(recording, result.Findings.Provider), nil
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

// works and rests note that a job has a runner, and that it has it no more.
func (e *energy) works() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy.begin(time.Now())
}

func (e *energy) rests() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy.end(time.Now())
}

// busyFor is how long, since the start, a job has had a runner.
func (e *energy) busyFor() time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.busy.total(time.Now())
}

// close ends the sensors.
func (e *energy) close() error { return e.meter.Close() }
