package worker_test

import (
	"testing"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// A cancelled job has stopped when its clinic hears so; the next one has its place.
func TestCancelStopsAJob(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, func(n *node, c *worker.Config) {
		c.Queue = 1
		n.executor.run = until(nil)
	})
	running, waiting := c.give(n, "running", scheduler.Routine), c.give(n, "waiting", scheduler.Routine)
	n.started()
	c.awaitPhase(waiting, wire.Phase_PHASE_QUEUED)
	for _, x := range []*task{waiting, running} {
		if held, err := c.cancelTask(n, x, x.fence); err != nil || !held {
			t.Fatalf("held %v, %v", held, err)
		}
		n.await(worker.Cancelled, x.id)
	}
	if s := n.status(); !s.Idle || s.Totals.Failed != 2 {
		t.Errorf("%+v", s)
	}
	if count[*wire.Failure](c, running)+count[*wire.Failure](c, waiting) > 0 {
		t.Error("the clinic is told what it said itself")
	}
	if held, err := c.cancelTask(n, running, running.fence); err != nil || held {
		t.Errorf("cancelled again: held %v, %v", held, err)
	}
	c.give(n, "next", scheduler.Routine)
	n.started()
}

// A bid whose task is withdrawn gives its place back, and an award of the withdrawn fence
// that was overtaken on its way begins nothing.
func TestCancelOfABid(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	x := c.newTask("bid", scheduler.Routine)
	must(t, c.ask(n, x, nil))
	if held, err := c.cancelTask(n, x, x.fence); err != nil || held {
		t.Errorf("held %v, %v", held, err)
	}
	if n.status().Used != 0 {
		t.Error("the place is still taken")
	}
	if err := c.award(n, x); err == nil {
		t.Error("a withdrawn award was accepted")
	}
}

func TestCancelByTheWrongOne(t *testing.T) {
	t.Parallel()
	c, stranger := newClinic(t), newClinic(t)
	n := newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(nil) })
	x := c.give(n, "mine", scheduler.Routine)
	n.started()
	theirs := *x
	if _, err := stranger.cancelTask(n, &theirs, x.fence); err == nil {
		t.Error("a stranger's cancel in the clinic's name was answered")
	}
	theirs.offer.Clinic = stranger.key.Address()
	if held, err := stranger.cancelTask(n, &theirs, x.fence); err != nil || held {
		t.Errorf("a stranger's cancel: held %v, %v", held, err)
	}
	if held, err := c.cancelTask(n, x, x.fence-1); err != nil || held {
		t.Errorf("an old fence's cancel: held %v, %v", held, err)
	}
	if len(n.status().Jobs) != 1 {
		t.Error("the job is gone")
	}
}
