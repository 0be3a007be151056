package broker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

func localBy(name string, in time.Duration) broker.Submission {
	s := submission(name)
	s.LocalBy = time.Now().Add(in)
	return s
}

// patientClinic has a lease longer than the time that a test jumps over.
func patientClinic(t *testing.T, change func(*broker.Config)) (*clinic, *jumpClock) {
	t.Helper()
	clock := newJumpClock(t.Context())
	return newClinic(t, t.Context(), func(b *broker.Config) {
		b.Clock, b.Lease = clock, 10*time.Minute
		change(b)
	}), clock
}

// localLater has its local turn after a jump of the clock, and not before.
func localLater(name string) broker.Submission {
	s := localBy(name, 5*time.Minute)
	s.Deadline = time.Now().Add(2 * time.Hour)
	return s
}

// ownRunner is an honest runner of the clinic's own.
func ownRunner(_ context.Context, job broker.LocalJob) ([]byte, error) {
	job.Progress("inference", 0.5)
	return analysis(job.Payload), nil
}

func TestClinicDoesItItselfWhenNobodyCame(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Local = func(ctx context.Context, job broker.LocalJob) ([]byte, error) {
			if job.Package != packageID || string(job.Payload) != string(testPayload) {
				t.Errorf("job of %s with %d bytes", job.Package.Short(), len(job.Payload))
			}
			return ownRunner(ctx, job)
		}
	})
	s := localBy("nobody", 100*time.Millisecond)
	must(t, c.broker.Submit(ctx, s))
	o := c.wait(s.Task)
	if o.State != scheduler.Local || string(o.Result) != string(analysis(testPayload)) || o.Receipt.Receipt.Task == s.Task || o.FinishedAt.IsZero() {
		t.Fatalf("ended %s with %q, at %v", o.State, o.Result, o.FinishedAt)
	}
	ids, err := c.broker.Undelivered()
	must(t, err)
	if len(ids) != 1 || ids[0] != s.Task {
		t.Errorf("undelivered: %v", ids)
	}
	must(t, c.broker.Close()) // and it is there after a restart
	c.open(nil)
	must(t, c.broker.Resume(ctx))
	again := c.wait(s.Task)
	if string(again.Result) != string(o.Result) || !again.FinishedAt.Equal(o.FinishedAt) {
		t.Errorf("after a restart: %q, finished at %v; want %v", again.Result, again.FinishedAt, o.FinishedAt)
	}
	must(t, c.broker.Delivered(ctx, s.Task))
	must(t, c.broker.Delivered(ctx, s.Task))
	if after := c.wait(s.Task); after.State != scheduler.Local || after.Result != nil {
		t.Errorf("after delivery: %s", after.State)
	}
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
	if st := c.broker.Stats(); st.NoShows != 0 {
		t.Errorf("%+v", st)
	}
}

// A node that is at it may be first, and then the clinic's own runner stops.
func TestNodeMayBeFirst(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	begun, stopped := make(chan struct{}), make(chan struct{})
	c, clock := patientClinic(t, func(b *broker.Config) {
		b.Local = func(ctx context.Context, _ broker.LocalJob) ([]byte, error) {
			close(begun)
			<-ctx.Done()
			close(stopped)
			return nil, context.Cause(ctx)
		}
	})
	n := newNode(t, ctx, nil)
	n.executor.run = func(_ context.Context, job worker.Job) ([]byte, error) {
		<-begun
		return analysis(job.Payload), nil
	}
	c.connect(n.member)
	c.awaitMembers(1)
	s := localLater("node first")
	must(t, c.broker.Submit(ctx, s))
	receiveOne(t, n.executor.started)
	clock.jump(6 * time.Minute)
	o := c.wait(s.Task)
	c.wantResult(o)
	receiveOne(t, stopped)
	if st := c.broker.Stats(); st.Results["local"] != 0 || st.LocalFailed != 0 {
		t.Errorf("%+v", st)
	}
}

// A node that withholds is called off when the clinic has the result.
func TestClinicMayBeFirst(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, clock := patientClinic(t, func(b *broker.Config) { b.Local = ownRunner })
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	c.awaitMembers(1)
	s := localLater("clinic first")
	must(t, c.broker.Submit(ctx, s))
	receiveOne(t, n.executor.started)
	clock.jump(6 * time.Minute)
	if o := c.wait(s.Task); o.State != scheduler.Local {
		t.Errorf("ended %s: %s", o.State, o.Reason)
	}
	n.await(worker.Cancelled)
}

func TestLocalRunThatFailsLeavesTheTaskToTheNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Local = func(context.Context, broker.LocalJob) ([]byte, error) {
			return nil, errors.New("no memory for this model")
		}
	})
	s := localBy("local fails", 50*time.Millisecond)
	must(t, c.broker.Submit(ctx, s))
	c.events.await(t, "the local run fails", func(e broker.Event) bool {
		return e.Kind == broker.LocalRun && strings.Contains(e.Text, "no memory")
	})
	c.connect(newNode(t, ctx, nil).member)
	c.wantResult(c.wait(s.Task))
}

// Used-up attempts do not wait for LocalBy.
func TestUsedUpAttemptsGoToTheClinicsOwnRunner(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Local, b.MaxAttempts = ownRunner, 1 })
	n := newNode(t, ctx, nil)
	n.executor.run = func(context.Context, worker.Job) ([]byte, error) { return nil, errors.New("a runner's crash") }
	c.connect(n.member)
	s := localBy("used up", 50*time.Second)
	must(t, c.broker.Submit(ctx, s))
	if o := c.wait(s.Task); o.State != scheduler.Local {
		t.Errorf("ended %s: %s", o.State, o.Reason)
	}
}

// Of a race the clinic itself may be the winner, and no copy is paid.
func TestLocalResultWinsARace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, clock := patientClinic(t, func(b *broker.Config) { b.Local = ownRunner })
	var nodes []*node
	for range 2 {
		n := newNode(t, ctx, nil)
		n.executor.run = hang
		c.connect(n.member)
		nodes = append(nodes, n)
	}
	c.awaitMembers(2)
	s := localLater("local race")
	s.Copying = scheduler.Hedged
	must(t, c.broker.Submit(ctx, s))
	for _, n := range nodes {
		receiveOne(t, n.executor.started)
	}
	clock.jump(6 * time.Minute)
	o := c.wait(s.Task)
	if o.State != scheduler.Local || len(accepted(o.Copies)) != 0 || o.Copies[1].State != scheduler.Cancelled {
		t.Errorf("ended %s, other copy %s", o.State, o.Copies[1].State)
	}
}

// A clinic that has its own result does not wait for replicas that nobody works on, also
// where it was killed right after.
func TestLocalResultEndsReplicasThatNobodyHolds(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var c *clinic
	image := make(chan string, 1)
	c, clock := patientClinic(t, func(b *broker.Config) {
		b.Local = ownRunner
		events := b.Events
		b.Events = func(e broker.Event) {
			if e.Kind == broker.LocalRun && e.State == scheduler.Local {
				image <- c.image()
			}
			events(e)
		}
	})
	s := localLater("replicas")
	s.Copying = scheduler.Replicated
	must(t, c.broker.Submit(ctx, s))
	clock.jump(6 * time.Minute)
	o := c.wait(s.Task)
	if o.State != scheduler.Local || o.Copies[1].State != scheduler.Cancelled {
		t.Errorf("ended %s, other replica %s", o.State, o.Copies[1].State)
	}
	must(t, c.broker.Submit(ctx, s)) // once more: the clinic has its result
	if again := c.wait(s.Task); again.State != scheduler.Local {
		t.Errorf("ended %s", again.State)
	}
	killed := &clinic{member: newMemberAs(t, ctx, c.key, receiveOne(t, image))}
	killed.open(nil)
	must(t, killed.broker.Resume(ctx))
	if o := killed.wait(s.Task); o.State != scheduler.Local || o.Copies[1].State != scheduler.Cancelled {
		t.Errorf("after a restart: ended %s, other replica %s", o.State, o.Copies[1].State)
	}
}

// The replica that a node works on goes on, and is paid.
func TestLocalResultLeavesReplicasToTheirNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c, clock := patientClinic(t, func(b *broker.Config) { b.Local = ownRunner })
	n := newNode(t, ctx, nil)
	finish := make(chan struct{})
	n.executor.run = func(_ context.Context, job worker.Job) ([]byte, error) {
		<-finish
		return analysis(job.Payload), nil
	}
	c.connect(n.member)
	c.awaitMembers(1)
	s := localLater("replica at work")
	s.Copying = scheduler.Replicated
	must(t, c.broker.Submit(ctx, s))
	job := receiveOne(t, n.executor.started)
	if job.Task == s.Task { // the node has copy 0 and may be first: then there is no local run to speak of
		close(finish)
		clock.jump(6 * time.Minute)
		c.wait(s.Task)
		return
	}
	clock.jump(6 * time.Minute)
	c.events.await(t, "local result", func(e broker.Event) bool { return e.Kind == broker.LocalRun && e.State == scheduler.Local })
	close(finish)
	if o := c.wait(s.Task); o.State != scheduler.Local || len(accepted(o.Copies)) != 1 {
		t.Errorf("ended %s, %d paid", o.State, len(accepted(o.Copies)))
	}
}

// A restart during the local run begins it again; a clinic that has lost its runner
// meanwhile goes on with nodes.
func TestRestartDuringTheLocalRun(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	begun := make(chan models.Digest, 1)
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Local = func(ctx context.Context, job broker.LocalJob) ([]byte, error) {
			begun <- job.Task
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}
	})
	s := localBy("restart", 10*time.Millisecond)
	must(t, c.broker.Submit(ctx, s))
	receiveOne(t, begun)
	image := c.image()
	must(t, c.broker.Close())
	c.open(func(b *broker.Config) { b.Local = ownRunner })
	must(t, c.broker.Resume(ctx))
	if o := c.wait(s.Task); o.State != scheduler.Local {
		t.Errorf("ended %s: %s", o.State, o.Reason)
	}
	must(t, c.broker.Close())
	without := &clinic{member: newMemberAs(t, ctx, c.key, image)}
	without.open(nil)
	must(t, without.broker.Resume(ctx))
	without.connect(newNode(t, ctx, nil).member)
	without.wantResult(without.wait(s.Task))
}
