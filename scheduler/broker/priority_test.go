package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

// An executor that stops a routine job for a STAT one says nothing about it meanwhile;
// the node's reports keep its lease alive, and both are paid.
func TestStatOvertakesOnAFullNode(t *testing.T) {
	ctx := t.Context()
	goOn := make(chan struct{}) // the routine job was stopped until then
	n := newNode(t, ctx, func(c *worker.Config) { c.Capacity, c.StatPlaces = 1, 1 })
	n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
		if job.Class == scheduler.Routine {
			select {
			case <-goOn:
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		return analysis(job.Payload), nil
	}
	const lease = time.Second // longer than a busy machine stalls
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = lease })
	c.connect(n.member)
	c.awaitMembers(1)

	slow := c.submit("routine")
	if job := receiveOne(t, n.executor.started); job.Task != slow || job.Class != scheduler.Routine {
		t.Fatalf("%s runs as %v", job.Task.Short(), job.Class)
	}
	second := c.submit("routine too") // finds no place until the first has ended
	s := submission("emergency")
	s.Priority = scheduler.STAT
	must(t, c.broker.Submit(ctx, s))
	if job := receiveOne(t, n.executor.started); job.Task != s.Task || job.Class != scheduler.STAT {
		t.Fatalf("%s runs as %v; want the emergency", job.Task.Short(), job.Class)
	}
	emergency := c.wait(s.Task)
	c.wantResult(emergency)
	if emergency.Class != scheduler.STAT {
		t.Errorf("the outcome says %v", emergency.Class)
	}

	var renewed int
	stopped := time.Now()
	c.events.await(t, "reports of the stopped job over three leases", func(e broker.Event) bool {
		if e.Task == slow && e.Kind == broker.Progress && e.Time.After(stopped) {
			renewed++
		}
		return renewed > 0 && e.Time.Sub(stopped) > 3*lease
	})
	for _, e := range n.events.all() {
		if e.Task == second {
			t.Errorf("a full node acts on another routine task: %+v", e)
		}
	}
	close(goOn)
	for _, task := range []models.Digest{slow, second} {
		o := c.wait(task)
		c.wantResult(o)
		if o.Fence != 1 {
			t.Errorf("task %s took %d leases", task.Short(), o.Fence)
		}
		if want := 2 * 5 * time.Second; o.Bids[0].PromiseMS != want.Milliseconds() {
			t.Errorf("promised in %d ms; want %v: a STAT job may come first", o.Bids[0].PromiseMS, want)
		}
	}
	if want := 5 * time.Second; emergency.Bids[0].PromiseMS != want.Milliseconds() {
		t.Errorf("the emergency is promised in %d ms; want %v: nothing comes before it", emergency.Bids[0].PromiseMS, want)
	}
	paid := map[models.Digest]bool{}
	for range 3 {
		r := receiveOne(t, n.forwarded)
		paid[r.Receipt.Task] = r.Acceptance.Accepted && r.Receipt.OnTime()
	}
	if !paid[slow] || !paid[second] || !paid[s.Task] {
		t.Errorf("paid and in time: %v; want all three", paid)
	}
}
