package worker_test

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// refuses wants the node to refuse a new task with these words.
func (c *clinic) refuses(n *node, name, words string) {
	c.t.Helper()
	if err := c.ask(n, c.newTask(name, scheduler.STAT), nil); err == nil || !strings.Contains(err.Error(), words) {
		c.t.Errorf("asked for %s: %v; want a refusal that speaks of %q", name, err, words)
	}
}

func TestDrainFinishesWhatWasAccepted(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	c, n := newClinic(t), newNode(t, func(n *node, c *worker.Config) {
		c.Queue = 1
		n.executor.run = until(finish)
	})
	running, waiting := c.give(n, "running", scheduler.Routine), c.give(n, "waiting", scheduler.Routine)
	n.started()
	must(t, n.worker.Drain())
	if s := n.status(); s.Mode != worker.Draining || s.Idle || s.Closed == "" {
		t.Errorf("%+v", s)
	}
	c.refuses(n, "late", "drained")
	close(finish)
	c.awaitResult(running)
	c.awaitResult(waiting)
	n.eventually("the node is idle", func() bool { return n.status().Idle })
	must(t, n.worker.Resume())
	must(t, c.ask(n, c.newTask("again", scheduler.Routine), nil))
}

func TestPauseGivesQueuedJobsBackAndLastsOverARestart(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{})
	work := func(n *node, c *worker.Config) {
		c.Queue = 1
		n.executor.run = until(finish)
	}
	c, n := newClinic(t), newNode(t, work)
	running, waiting := c.give(n, "running", scheduler.Routine), c.give(n, "waiting", scheduler.Routine)
	n.started()
	c.awaitPhase(waiting, wire.Phase_PHASE_QUEUED)
	late := c.newTask("late", scheduler.STAT)
	if err := c.ask(n, late, nil); err == nil {
		t.Error("a full node bids")
	}
	must(t, n.worker.Pause())
	if why := c.awaitFailure(waiting); !strings.Contains(why, "paused") {
		t.Errorf("given back because %q", why)
	}
	c.refuses(n, "later", "paused")
	close(finish)
	c.awaitResult(running)
	n.await(worker.Receipt, running.id)

	again := n.restart(n.kill(), work)
	if again.worker.Mode() != worker.Paused {
		t.Errorf("a restarted node is %s", again.worker.Mode())
	}
	c.refuses(again, "after the restart", "paused")
	must(t, again.worker.Resume())
	c.awaitResult(c.give(again, "resumed", scheduler.Routine))
}

// An award that was on its way when its node was paused is declined, one of a node that is
// drained is honoured.
func TestAwardForAnEarlierBid(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	for name, test := range map[string]struct {
		stop  func(*worker.Worker) error
		taken bool
	}{
		"paused": {(*worker.Worker).Pause, false}, "drained": {(*worker.Worker).Drain, true},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, nil)
			x := c.newTask(name, scheduler.Routine)
			must(t, c.ask(n, x, nil))
			must(t, test.stop(n.worker))
			if err := c.award(n, x); (err == nil) != test.taken {
				t.Errorf("award: %v", err)
			}
		})
	}
}

// Opening hours, power and temperature: a closed node takes nothing and finishes what it has.
func TestClosedNodeFinishesWhatItHas(t *testing.T) {
	t.Parallel()
	var hot atomic.Bool
	finish := make(chan struct{})
	c, n := newClinic(t), newNode(t, func(n *node, c *worker.Config) {
		c.Queue = 1
		c.Open = func(time.Time) error {
			if hot.Load() {
				return errors.New("the GPU has 91 °C, the limit is 85")
			}
			return nil
		}
		n.executor.run = until(finish)
	})
	x := c.give(n, "running", scheduler.Routine)
	n.started()
	hot.Store(true)
	c.refuses(n, "late", "91")
	if s := n.status(); !strings.Contains(s.Closed, "limit is 85") {
		t.Errorf("status says %q", s.Closed)
	}
	close(finish)
	c.awaitResult(x)
	hot.Store(false)
	must(t, c.ask(n, c.newTask("cool again", scheduler.Routine), nil))
}
