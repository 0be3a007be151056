package broker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

// image copies a member's disk as a kill at this moment would leave it.
func (m *member) image() string {
	dir := m.t.TempDir()
	err := m.db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(filepath.Join(dir, "state.db"), 0o600) })
	if err == nil {
		err = os.Mkdir(filepath.Join(dir, "sealed"), 0o700)
	}
	for _, name := range m.files() {
		data, readErr := os.ReadFile(filepath.Join(m.dir, "sealed", name))
		switch {
		case errors.Is(readErr, os.ErrNotExist): // it was dropped just now, and a kill may come after that
		case readErr != nil:
			err = errors.Join(err, readErr)
		default:
			err = errors.Join(err, os.WriteFile(filepath.Join(dir, "sealed", name), data, 0o600))
		}
	}
	if err != nil {
		m.t.Error(err)
	}
	return dir
}

// TestClinicKilledAtEachStep takes an image of the clinic's disk at each event and
// starts a new clinic of the same key from it, among nodes that know nothing.
func TestClinicKilledAtEachStep(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	images := map[broker.Kind]string{}
	var mu sync.Mutex // guards images
	c := &clinic{member: newMember(t, ctx)}
	c.open(func(b *broker.Config) {
		events := b.Events
		b.Events = func(e broker.Event) {
			mu.Lock()
			defer mu.Unlock()
			if images[e.Kind] == "" {
				images[e.Kind] = c.image()
			}
			events(e)
		}
	})
	n := newNode(t, ctx, nil)
	c.connect(n.member)
	id := c.submit("killed clinic")
	first := c.wait(id)
	c.wantResult(first)
	must(t, c.broker.Close())
	must(t, c.host.Close())
	n.stop()
	mu.Lock()
	defer mu.Unlock()
	for _, kind := range []broker.Kind{broker.Sealed, broker.Offered, broker.BidTaken, broker.Awarded, broker.Accepted,
		broker.Fetching, broker.Returned, broker.Receipt, broker.Finished} {
		if images[kind] == "" {
			t.Errorf("no event %s", kind)
			continue
		}
		t.Run("at "+string(kind), func(t *testing.T) {
			ctx := t.Context()
			again := &clinic{member: newMemberAs(t, ctx, c.key, images[kind])}
			again.open(func(b *broker.Config) {
				b.Lease, b.AwardTimeout, b.RoundWait = 300*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond
			})
			fresh := newNode(t, ctx, nil)
			again.connect(fresh.member)
			must(t, again.broker.Resume(ctx))
			o := again.wait(id)
			again.wantResult(o)
			if done := kind == broker.Returned || kind == broker.Receipt || kind == broker.Finished; done {
				if o.Receipt.Receipt.Hash(domain) != first.Receipt.Receipt.Hash(domain) || len(fresh.executor.started) > 0 {
					t.Error("an accepted result was computed again")
				}
				ids, err := again.broker.Undelivered()
				must(t, err)
				if len(ids) != 1 || ids[0] != id {
					t.Errorf("undelivered: %v", ids)
				}
			} else if held := kind == broker.Awarded || kind == broker.Accepted || kind == broker.Fetching; held && o.Fence < 2 {
				t.Errorf("fence %d was given to two nodes", o.Fence)
			}
		})
	}
}

func TestClinicRestartWhileANodeWorks(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	n := newNode(t, ctx, nil)
	finish := make(chan struct{})
	n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
		<-finish
		return analysis(job.Payload), context.Cause(ctx)
	}
	c.connect(n.member)
	id := c.submit("restart")
	receiveOne(t, n.executor.started)
	must(t, c.broker.Close())
	c.open(nil)
	must(t, c.broker.Resume(ctx))
	close(finish)
	o := c.wait(id)
	c.wantResult(o)
	if o.Fence != 1 {
		t.Errorf("fence %d: the running work was thrown away", o.Fence)
	}
	receiveOne(t, n.forwarded)
}

func TestNodeDeliversWhileItsClinicIsAway(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	n := newNode(t, ctx, nil)
	finish := make(chan struct{})
	n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
		<-finish
		return analysis(job.Payload), context.Cause(ctx)
	}
	c.connect(n.member)
	id := c.submit("clinic away")
	receiveOne(t, n.executor.started)
	must(t, c.broker.Close())
	close(finish)
	n.await(worker.Sealed)
	c.open(nil)
	must(t, c.broker.Resume(ctx))
	c.wantResult(c.wait(id))
	receiveOne(t, n.forwarded)
}

// TestNodeKilledAfterSealing sends a result whose acknowledgement was lost: the
// clinic gives the same receipt once more, and nothing is paid twice.
func TestNodeKilledAfterSealing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	m := newMember(t, ctx)
	image := make(chan string, 1)
	n := startNode(t, ctx, m, func(w *worker.Config) {
		events := w.Events
		w.Events = func(e worker.Event) {
			if e.Kind == worker.Sealed {
				image <- m.image()
			}
			events(e)
		}
	})
	c.connect(m)
	id := c.submit("lost acknowledgement")
	o := c.wait(id)
	c.wantResult(o)
	receiveOne(t, n.forwarded)
	n.stop()
	must(t, m.host.Close())
	again := startNode(t, ctx, newMemberAs(t, ctx, m.key, <-image), nil)
	again.connect(c.member)
	r := receiveOne(t, again.forwarded)
	must(t, c.broker.Settled(ctx))
	if r.Receipt.Hash(domain) != o.Receipt.Receipt.Hash(domain) || r.Acceptance != o.Receipt.Acceptance {
		t.Error("the clinic signed a second receipt for one result")
	}
	if len(again.executor.started) > 0 {
		t.Error("it ran again")
	}
}

func TestNodeKilledAtWorkTellsItsClinic(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	id := c.submit("killed node")
	receiveOne(t, n.executor.started)
	image := n.image()
	must(t, n.host.Close()) // no farewell gets through
	n.stop()
	again := startNode(t, ctx, newMemberAs(t, ctx, n.key, image), nil)
	c.connect(again.member)
	o := c.wait(id) // long before the lease would lapse
	c.wantResult(o)
	if o.Fence != 1 {
		t.Errorf("fence %d, want 1: it is given the key again and begins anew", o.Fence)
	}
	c.await(broker.Regranted)
}

// A node that is stopped, and started again while its lease stands, goes on under the same
// fence: a plain stop loses no more than a kill.
func TestNodeThatStopsGoesOn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	id := c.submit("stopped node")
	receiveOne(t, n.executor.started)
	n.stop()
	image := n.image()
	must(t, n.host.Close())
	again := startNode(t, ctx, newMemberAs(t, ctx, n.key, image), nil)
	c.connect(again.member)
	if o := c.wait(id); o.State != scheduler.Resulted || o.Node != n.address() || o.Fence != 1 {
		t.Errorf("ended %s by %s under fence %d", o.State, o.Node, o.Fence)
	}
}

// A task that was forgotten after its time may be submitted again; nodes of its first life
// are no competition.
func TestRetiredTaskGoesOnWithItsFences(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	c.connect(newNode(t, ctx, nil).member)
	id := c.submit("retired")
	first := c.wait(id)
	c.wantResult(first)
	must(t, c.broker.Delivered(ctx, id))
	must(t, c.broker.Close())
	clock := newJumpClock(ctx)
	clock.jump(31 * 24 * time.Hour)
	c.open(func(b *broker.Config) { b.Clock = clock })
	limit, cancel := context.WithTimeout(ctx, testLimit)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		tasks, err := c.broker.Tasks(0)
		must(t, err)
		if len(tasks) == 0 {
			break
		}
		select {
		case <-ticker.C:
		case <-limit.Done():
			t.Fatal("it is still there after 31 days")
		}
	}
	must(t, c.broker.Close())
	c.open(nil)
	c.submit("retired")
	o := c.wait(id)
	c.wantResult(o)
	for _, e := range kinds(c.events.all(), broker.Awarded) {
		if e.Fence <= first.Fence {
			t.Errorf("fence %d was awarded after %d", e.Fence, first.Fence)
		}
	}
}
