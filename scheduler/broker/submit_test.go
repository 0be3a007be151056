package broker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

func TestSubmitRefuses(t *testing.T) {
	t.Parallel()
	c := newClinic(t, t.Context(), nil)
	for name, change := range map[string]func(*broker.Submission){
		"no id":             func(s *broker.Submission) { s.Task = models.Digest{} },
		"no model":          func(s *broker.Submission) { s.WeightsDigest = models.Digest{} },
		"no payload":        func(s *broker.Submission) { s.Payload = nil },
		"no residency":      func(s *broker.Submission) { s.Residency = nil },
		"strange residency": func(s *broker.Submission) { s.Residency = []string{"Germany"} },
		"deadline passed":   func(s *broker.Submission) { s.Deadline = time.Now().Add(-time.Second) },
		"deadline too far":  func(s *broker.Submission) { s.Deadline = time.Now().Add(48 * time.Hour) },
		"strange priority":  func(s *broker.Submission) { s.Priority = 9 },
		"two at once":       func(s *broker.Submission) { s.Copies = 2 },
		"too many copies":   func(s *broker.Submission) { s.Copying, s.Copies = scheduler.Replicated, 9 },
		"strange copying":   func(s *broker.Submission) { s.Copying = 9 },
		"strange provider":  func(s *broker.Submission) { s.Providers = []string{"Tensor Processor"} },
		"local too late":    func(s *broker.Submission) { s.LocalBy = s.Deadline },
	} {
		s := submission(name)
		change(&s)
		if err := c.broker.Submit(t.Context(), s); err == nil {
			t.Errorf("%s: it was taken", name)
		}
	}
	if files := c.files(); len(files) > 0 {
		t.Errorf("refused submissions left %v", files)
	}
	if _, err := c.broker.Wait(t.Context(), models.DigestOf([]byte("nothing"))); !errors.Is(err, broker.ErrUnknownTask) {
		t.Errorf("unknown task: %v", err)
	}
	if _, err := broker.New(broker.Config{}); err == nil {
		t.Error("a broker without anything was started")
	}
	must(t, c.broker.Close())
	if err := c.broker.Submit(t.Context(), submission("closed")); err == nil {
		t.Error("a closed broker took a task")
	}
}

// TestCapacityIsReservedBeforeBidding has two tasks and a node with one slot: the
// second task goes to the node only when the first is done.
func TestCapacityIsReservedBeforeBidding(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.RoundWait = 200 * time.Millisecond })
	n := newNode(t, ctx, nil)
	finish := make(chan struct{}, 2)
	n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
		<-finish
		return analysis(job.Payload), context.Cause(ctx)
	}
	c.connect(n.member)
	first, second := c.submit("first"), c.submit("second")
	receiveOne(t, n.executor.started)
	again := 0
	c.events.await(t, "two more rounds for the one that waits", func(e broker.Event) bool {
		if e.Kind == broker.Offered {
			again++
		}
		return again == 4
	})
	s, err := n.worker.Status()
	must(t, err)
	if s.Used != 1 || len(s.Jobs) != 1 || len(n.executor.started) != 0 {
		t.Errorf("%d slots used by %d jobs", s.Used, len(s.Jobs))
	}
	finish <- struct{}{}
	finish <- struct{}{}
	c.wantResult(c.wait(first))
	c.wantResult(c.wait(second))
	receiveOne(t, n.forwarded)
	receiveOne(t, n.forwarded)
	s, err = n.worker.Status()
	must(t, err)
	if s.Totals.Accepted != 2 || s.Totals.EarnedGwei != 2000 {
		t.Errorf("totals %+v", s.Totals)
	}
}

func TestSTATTasksAreAwardedFast(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	for range 3 {
		n := newNode(t, ctx, nil)
		c.connect(n.member)
	}
	s := submission("emergency")
	s.Priority = scheduler.STAT
	must(t, c.broker.Submit(ctx, s))
	o := c.wait(s.Task)
	c.wantResult(o)
	t.Logf("offer to award in %v", o.Phases.OfferToAward)
}
