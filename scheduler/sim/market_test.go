package sim_test

import (
	"flag"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/medhive/medhive/scheduler"
)

var (
	nodesFlag  = flag.Int("nodes", 50, "nodes of the simulated market")
	tasksFlag  = flag.Int("tasks", 60, "tasks while all is well")
	lossFlag   = flag.Float64("loss", 0, "share of packets that vanish; a lost one costs its dialogue a round trip or more")
	calmFlag   = flag.Bool("calm", false, "end before crashes and the partition")
	reportFlag = flag.String("report", "", "file that a line of JSON is added to")
)

// What must hold of a market of any size.
const (
	statBeyondMS   = 250  // STAT, p99, beyond four one-way delays
	routineP99MS   = 3000 // routine, p99
	healedDelivery = 0.999
)

// The timeline of the storm.
const (
	partition    = 60 * time.Second
	afterHealing = 30 * time.Second
	crashEvery   = 5 * time.Second  // a node's power fails
	crashFor     = 25 * time.Second // and comes back
	patience     = 5 * time.Minute  // a task's deadline
	probes       = 20               // offers that are followed from half a minute after the partition on
)

// TestMarket lets a market live: some quiet time, then crashes, then a partition
// through the middle of the map, and what comes after it.
func TestMarket(t *testing.T) {
	began := time.Now()
	var r report
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		w := newWorld(t, shape{nodes: *nodesFlag, clinics: max(3, *nodesFlag/100), relays: max(2, *nodesFlag/200), friends: 3, loss: *lossFlag, seed: 1})
		defer w.end()
		w.settle()
		w.calm(*tasksFlag)
		calmUntil := time.Now()
		if !*calmFlag {
			w.storm(&r)
		}
		w.awaitEnds()
		w.account(&r, calmUntil)
		r.Virtual = time.Since(start).Seconds()
	})
	r.Real, r.MemoryMB = time.Since(began).Seconds(), peakMemoryMB()
	var text strings.Builder
	r.write(&text)
	t.Log(text.String())
	if *reportFlag != "" {
		must(t, save(*reportFlag, r))
	}
	r.judge(t)
}

// settle waits until meshes stand and notices have been heard.
func (w *world) settle() { pass(10 * time.Second) }

// meanGap is between two studies of the whole market: far below what its nodes can do.
const meanGap = 500 * time.Millisecond

// gap draws the pause until the next task.
func (w *world) gap() time.Duration { return time.Duration(w.random.ExpFloat64() * float64(meanGap)) }

// mix draws a class; far more emergencies than a hospital has, so that their 99th
// percentile means something.
func (w *world) mix() scheduler.Class {
	switch draw := w.random.Float64(); {
	case draw < 0.4:
		return scheduler.STAT
	case draw < 0.5:
		return scheduler.Urgent
	}
	return scheduler.Routine
}

func (w *world) submit() { w.clinics[w.random.IntN(len(w.clinics))].submit(w.mix(), patience) }

// calm submits tasks while all is well, and lets them end.
func (w *world) calm(tasks int) {
	for range tasks {
		pass(w.gap())
		w.submit()
	}
	pass(15 * time.Second)
}

// storm crashes nodes, divides the map for a minute, and probes delivery from half a
// minute after the walls came down.
func (w *world) storm(r *report) {
	w.troubled(30*time.Second, r)
	w.weather.divide(func(index int) int {
		if w.weather.places[index].x < 0.5 {
			return 0
		}
		return 1
	})
	w.troubled(partition, r)
	w.weather.divide(nil)
	w.troubled(afterHealing, r)
	probing := time.Now()
	for range probes {
		w.clinics[w.random.IntN(len(w.clinics))].submit(scheduler.Routine, patience)
		pass(w.gap())
	}
	until := time.Now()
	w.restore(0) // what comes back now is not counted: it was away when the offers went out
	pass(15 * time.Second)
	r.Delivery, r.Probes = w.ledger.delivery(probing, until, w.listeners(probing))
}

// troubled lets tasks come while nodes crash and return.
func (w *world) troubled(length time.Duration, r *report) {
	for end := time.Now().Add(length); time.Now().Before(end); {
		pass(4 * w.gap())
		w.submit()
		if time.Since(w.lastCrash) > crashEvery {
			w.lastCrash = time.Now()
			r.Crashes++
			w.crash(w.victim())
		}
		w.restore(crashFor)
	}
}

// victim is a node that is at work, if any is.
func (w *world) victim() *node {
	order := w.random.Perm(len(w.nodes))
	for _, n := range order {
		if w.nodes[n].busy.Load() > 0 && !w.nodes[n].down {
			return w.nodes[n]
		}
	}
	return w.nodes[order[0]]
}

// awaitEnds waits until every task has ended; the deadline forces one.
func (w *world) awaitEnds() {
	until(patience+time.Minute, func() bool {
		for _, c := range w.clinics {
			if c.living() > 0 {
				return false
			}
		}
		return true
	})
}

// judge holds the report to what must hold.
func (r report) judge(t *testing.T) {
	t.Helper()
	if r.Unended > 0 {
		t.Errorf("%d of %d tasks never ended", r.Unended, r.Tasks)
	}
	if r.Results < r.Tasks {
		t.Errorf("%d of %d tasks have no result: %q", r.Tasks-r.Results, r.Tasks, r.Without)
	}
	if len(r.Classes) != int(scheduler.STAT)+1 {
		t.Errorf("matches of %d classes were seen; want all three", len(r.Classes))
	}
	for _, c := range r.Classes {
		if c.Class == scheduler.STAT.String() && c.BeyondP99 > statBeyondMS {
			t.Errorf("STAT: p99 is %.0f ms beyond four one-way delays; want at most %d", c.BeyondP99, statBeyondMS)
		}
		if c.Class == scheduler.Routine.String() && c.MatchP99 > routineP99MS {
			t.Errorf("routine: p99 is %.0f ms; want at most %d", c.MatchP99, routineP99MS)
		}
	}
	if !*calmFlag && r.Delivery < healedDelivery {
		t.Errorf("half a minute after the partition %.2f %% of offers arrive; want %.1f", 100*r.Delivery, 100*healedDelivery)
	}
}
