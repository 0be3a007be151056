package worker_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// A node with a queue accepts more than it computes: the waiting ones keep their leases,
// promise a later time, and go by class.
func TestQueuedJobsKeepTheirLeasesAndGoByClass(t *testing.T) {
	t.Parallel()
	finish := make(chan struct{}, 3)
	c := newClinic(t)
	n := newNode(t, func(n *node, c *worker.Config) {
		c.Queue = 2
		n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
			select {
			case <-finish:
				return analysis(job.Payload), nil
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
	})
	first := c.give(n, "first", scheduler.Routine)
	n.started()
	slow, quick := c.give(n, "slow", scheduler.Routine), c.give(n, "quick", scheduler.Urgent)
	c.awaitPhase(slow, wire.Phase_PHASE_QUEUED)
	c.awaitPhase(quick, wire.Phase_PHASE_QUEUED)
	if slow.bid.Promise != 10*time.Second || quick.bid.Promise != 15*time.Second {
		t.Errorf("promised in %v and %v; want what is held before, and 5 s", slow.bid.Promise, quick.bid.Promise)
	}
	if s := n.status(); s.Waiting != 2 || s.Used != 3 || s.Queue != 2 {
		t.Errorf("%+v", s)
	}
	if err := c.ask(n, c.newTask("one too many", scheduler.Urgent), nil); err == nil || !strings.Contains(err.Error(), "no place") {
		t.Errorf("the queue is full: %v", err)
	}
	finish <- struct{}{}
	c.awaitResult(first)
	if job := n.started(); job.Task != quick.id {
		t.Error("the urgent job does not go first")
	}
	if count[*wire.FetchRequest](c, slow) > 0 {
		t.Error("a job that waits was fetched already")
	}
	finish <- struct{}{}
	finish <- struct{}{}
	c.awaitResult(quick)
	c.awaitResult(slow)
	for range 3 {
		if r := <-n.forwarded; !r.Receipt.OnTime() {
			t.Error("a promise was not kept")
		}
	}
	if s := n.worker.Stats(); s.Queued != 2 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

// An emergency finds no place and none is kept for it: a routine job is stopped, waits, and
// is done afterwards under the same lease.
func TestEmergencyStopsARunningJob(t *testing.T) {
	t.Parallel()
	var once sync.Once
	c := newClinic(t)
	n := newNode(t, func(n *node, c *worker.Config) {
		c.Queue = 1
		n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
			hang := false
			if job.Class == scheduler.Routine {
				once.Do(func() { hang = true })
			}
			if hang {
				<-ctx.Done()
				return nil, context.Cause(ctx)
			}
			return analysis(job.Payload), nil
		}
	})
	slow := c.give(n, "slow", scheduler.Routine)
	n.started()
	emergency := c.give(n, "emergency", scheduler.STAT)
	if emergency.bid.Promise != 5*time.Second {
		t.Errorf("an emergency is promised in %v; nothing goes before it", emergency.bid.Promise)
	}
	c.awaitResult(emergency)
	c.awaitResult(slow)
	for _, want := range []*task{emergency, slow} {
		if job := n.started(); job.Task != want.id {
			t.Errorf("%v runs; want the emergency, then the routine job again", job.Class)
		}
	}
	n.await(worker.Preempted, slow.id)
	if s := n.worker.Stats(); s.Preempted != 1 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}
