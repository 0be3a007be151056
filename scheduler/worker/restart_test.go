package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// A node is killed with one job running and one waiting. It asks their clinic for the keys
// again and does both, under the fences that they had.
func TestKilledNodeGoesOn(t *testing.T) {
	t.Parallel()
	never := make(chan struct{})
	queue := func(_ *node, c *worker.Config) { c.Queue = 2 }
	c, n := newClinic(t), newNode(t, func(n *node, c *worker.Config) {
		queue(n, c)
		n.executor.run = until(never)
	})
	running, waiting := c.give(n, "running", scheduler.Routine), c.give(n, "waiting", scheduler.Urgent)
	n.started()
	c.awaitPhase(waiting, wire.Phase_PHASE_QUEUED)
	c.regrants(n)
	image := n.kill()
	killed := time.Now()
	again := n.restart(image, queue)
	must(t, c.ask(again, c.newTask("a new one", scheduler.Routine), nil))
	t.Logf("it bids %v after the kill", time.Since(killed))
	c.awaitResult(running)
	c.awaitResult(waiting)
	for _, x := range []*task{running, waiting} {
		again.await(worker.Resumed, x.id)
		again.await(worker.Receipt, x.id)
	}
	if s := again.worker.Stats(); s.Resumed != 2 || s.Failed != 0 {
		t.Errorf("%+v", s)
	}
	if s := again.status(); s.Totals.Accepted != 2 {
		t.Errorf("%+v", s.Totals)
	}
}

// A node's disk as a kill leaves it at each step, and a new process on it: nothing that was
// accepted is lost, and no receipt is signed twice.
func TestNodeKilledAtEachStep(t *testing.T) {
	t.Parallel()
	images := map[worker.Kind]string{}
	var mu sync.Mutex // guards images
	c := newClinic(t)
	n := newNode(t, func(n *node, config *worker.Config) {
		events := config.Events
		config.Events = func(e worker.Event) {
			mu.Lock()
			defer mu.Unlock()
			if images[e.Kind] == "" {
				images[e.Kind] = n.image()
			}
			events(e)
		}
	})
	x := c.give(n, "killed", scheduler.Routine)
	n.await(worker.Forwarded, x.id)
	first := <-n.forwarded
	n.stop()
	must(t, n.host.Close())
	for kind, after := range map[worker.Kind]string{
		worker.Bid: "nothing", worker.Awarded: "computed", worker.Progress: "computed", worker.Sealed: "sent", worker.Receipt: "forwarded",
		worker.Forwarded: "nothing",
	} {
		image := images[kind]
		if image == "" {
			t.Errorf("no event %s", kind)
			continue
		}
		t.Run("at "+string(kind), func(t *testing.T) {
			m := newMemberAs(t, n.key, image)
			c.regrants(n)
			again := startNode(m, nil)
			if after != "nothing" {
				r := <-again.forwarded
				if same := r.Receipt.Hash(domain) == first.Receipt.Hash(domain); same != (after != "computed") {
					t.Errorf("the receipt is the same: %v", same)
				}
				if r.Receipt.Task != x.id || r.Receipt.Fence != x.fence || r.Receipt.Deadline != first.Receipt.Deadline {
					t.Errorf("receipt of task %s, fence %d, promised for %v", r.Receipt.Task.Short(), r.Receipt.Fence, r.Receipt.Deadline)
				}
			}
			again.eventually("nothing is left", func() bool { s := again.status(); return s.Idle && s.WaitingReceipts == 0 })
			if ran := len(again.executor.started) > 0; ran != (after == "computed") {
				t.Errorf("it ran again: %v", ran)
			}
			if files := again.files(); len(files) > 0 {
				t.Errorf("left on disk: %v", files)
			}
			again.stop()
			must(t, again.host.Close())
		})
	}
}

// A kill between a receipt's write and its ciphertext's deletion leaves nothing behind.
func TestCiphertextIsDeletedAfterAKill(t *testing.T) {
	t.Parallel()
	var image string
	c, n := newClinic(t), newNode(t, func(n *node, c *worker.Config) {
		c.Blobs = hesitant{n.blobs, func() {
			if image == "" {
				image = n.image()
			}
		}}
	})
	x := c.give(n, "litter", scheduler.Routine)
	n.await(worker.Forwarded, x.id)
	n.stop()
	must(t, n.host.Close())
	again := n.restart(image, nil)
	<-again.forwarded
	if files := again.files(); len(files) > 0 {
		t.Errorf("left on disk: %v", files)
	}
}

// hesitant lets a test look at the disk before ciphertext is deleted.
type hesitant struct {
	*transfer.Folder
	before func()
}

func (h hesitant) Delete(ctx context.Context, name string) error {
	h.before()
	return h.Folder.Delete(ctx, name)
}

// The places of what was promised before a kill are taken from the first moment.
func TestRestartedNodeDoesNotPromiseTwice(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(nil) })
	c.give(n, "running", scheduler.Routine)
	n.started()
	c.leave(true)
	again := n.restart(n.kill(), nil)
	c.refuses(again, "another", "no place")
}

// What a clinic answers to a restarted node that asks for its key again.
func TestRestartedNodeGivesUpWhatItsClinicDoesNotGrant(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(c *clinic, n *node, x *task, r *wire.GrantRequest) proto.Message{
		"refused": func(_ *clinic, _ *node, x *task, _ *wire.GrantRequest) proto.Message {
			return &wire.Refusal{Task: x.id[:], Reason: "the lease has lapsed"}
		},
		"another fence": func(c *clinic, n *node, x *task, r *wire.GrantRequest) proto.Message {
			g := c.grant(x, n, r.HpkeKey)
			g.Fence++
			return g
		},
		"key of another award": func(c *clinic, n *node, x *task, r *wire.GrantRequest) proto.Message {
			wrapped, err := transfer.Wrap(x.key, r.HpkeKey, transfer.Binding{Task: x.id, Fence: x.fence + 1, Node: n.key.Address()})
			must(c.t, err)
			g := c.grant(x, n, r.HpkeKey)
			g.WrappedKey = wrapped
			return g
		},
		"manifest of another payload": func(c *clinic, n *node, x *task, r *wire.GrantRequest) proto.Message {
			g := c.grant(x, n, r.HpkeKey)
			g.Manifest = c.newTask("another payload", scheduler.Routine).encoded
			return g
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, n := newClinic(t), newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(nil) })
			x := c.give(n, name, scheduler.Routine)
			n.started()
			c.answer(func() {
				c.onGrant = func(x *task, r *wire.GrantRequest) proto.Message { return answer(c, n, x, r) }
			})
			again := n.restart(n.kill(), nil)
			again.await(worker.Failed, x.id)
			again.eventually("its place is free", func() bool { return again.status().Idle })
			if len(again.executor.started) > 0 {
				t.Error("it ran without a grant")
			}
			if count[*wire.FetchRequest](c, x) > 1 {
				t.Error("it fetched without a grant")
			}
		})
	}
}

// A clinic of a version that can't give its key again is told that its task is given back,
// when its lease must have lapsed.
func TestRestartedNodeAtAnOldClinic(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(nil) })
	x := c.give(n, "old clinic", scheduler.Routine)
	n.started()
	c.host.RemoveStreamHandler(wire.GrantProtocol)
	clock := hasty{by: new(atomic.Int64)}
	again := n.restart(n.kill(), func(_ *node, c *worker.Config) { c.Clock = clock })
	if why := c.awaitFailure(x); !strings.Contains(why, "older version") {
		t.Errorf("given back because %q", why)
	}
	again.eventually("its place is free", func() bool { return again.status().Idle })
	if waited := time.Duration(clock.by.Load()); waited < lease {
		t.Errorf("given back after %v, a lease is %v", waited, lease)
	}
}

// hasty is the machine's clock, but pauses pass at once.
type hasty struct {
	scheduler.SystemClock
	by *atomic.Int64 // nanoseconds that were not waited for
}

func (h hasty) Now() time.Time { return h.SystemClock.Now().Add(time.Duration(h.by.Load())) }

func (h hasty) After(d time.Duration) <-chan time.Time {
	h.by.Add(int64(d))
	return h.SystemClock.After(0)
}

// A clinic whose host is up before it speaks of grants, as when it starts, is asked again.
func TestRestartedNodeWaitsForItsClinicsStart(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(nil) })
	x := c.give(n, "starting", scheduler.Routine)
	n.started()
	c.regrants(n)
	c.host.RemoveStreamHandler(wire.GrantProtocol)
	again := n.restart(n.kill(), func(_ *node, config *worker.Config) {
		config.Clock = heedful{once: new(sync.Once), do: func() { c.handle(wire.GrantProtocol, c.serveGrant) }}
	})
	c.awaitResult(x)
	again.await(worker.Resumed, x.id)
	if s := again.worker.Stats(); s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

// heedful does something at the first pause: that is after the first try.
type heedful struct {
	scheduler.SystemClock
	once *sync.Once
	do   func()
}

func (h heedful) After(d time.Duration) <-chan time.Time {
	h.once.Do(h.do)
	return h.SystemClock.After(d)
}

// A clinic that is away when its node comes back is asked until it answers.
func TestRestartedNodeWaitsForItsClinic(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, func(n *node, _ *worker.Config) { n.executor.run = until(nil) })
	x := c.give(n, "away", scheduler.Routine)
	n.started()
	c.regrants(n)
	c.leave(true)
	again := n.restart(n.kill(), nil)
	again.eventually("it knows its job", func() bool { return again.status().Used == 1 })
	c.leave(false)
	c.awaitResult(x)
}

// Killed after the result was sealed: it is sent, not computed again.
func TestKilledNodeSendsItsSealedResult(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	c.answer(func() { c.onResult = func(*task, *attest.SignedReceipt) *wire.ResultAck { return nil } }) // no word
	x := c.give(n, "sealed", scheduler.Routine)
	c.awaitResult(x)
	image := n.kill()
	c.answer(func() { c.onResult = nil })
	again := n.restart(image, nil)
	again.await(worker.Receipt, x.id)
	if len(again.executor.started) > 0 {
		t.Error("it ran again")
	}
	<-again.forwarded
}

// A clinic's outage while its payload is fetched drops nothing: the fetch goes on when it
// is back.
func TestOutageDuringTheFetch(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	c.answer(func() { c.onFetch = func(*task) { c.leave(true) } }) // it sends, and then nobody is there for the next request
	n := newNode(t, nil)
	first := c.give(n, "first", scheduler.Routine)
	c.heard.await(t, "the fetch", func(h heard) bool { _, is := h.message.(*wire.FetchRequest); return is })
	n.await(worker.Sealed, first.id) // computed although no report gets through
	c.answer(func() { c.onFetch = nil })
	c.leave(false)
	c.awaitResult(first)

	c.leave(true)
	second := c.give(n, "second", scheduler.Routine)
	n.eventually("it has tried in vain", func() bool { return len(n.status().Jobs) == 1 })
	c.leave(false)
	c.awaitResult(second)
	if s := n.worker.Stats(); s.Failed != 0 {
		t.Errorf("%+v", s)
	}
}

// The coordinator's outage delays receipts and nothing else, also over a restart.
func TestCoordinatorOutage(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	down.Store(true)
	forward := func(n *node, c *worker.Config) {
		c.Forward = func(_ context.Context, r attest.SignedReceipt) error {
			if down.Load() {
				return errors.New("the coordinator is away")
			}
			n.forwarded <- r
			return nil
		}
	}
	c, n := newClinic(t), newNode(t, forward)
	for _, name := range []string{"one", "two"} {
		x := c.give(n, name, scheduler.Routine)
		c.awaitResult(x)
		n.await(worker.Receipt, x.id)
	}
	if s := n.status(); s.WaitingReceipts != 2 {
		t.Errorf("%d receipts wait", s.WaitingReceipts)
	}
	again := n.restart(n.kill(), forward)
	down.Store(false)
	<-again.forwarded
	<-again.forwarded
	again.eventually("no receipt waits", func() bool { return again.status().WaitingReceipts == 0 })
}

// A node that is stopped in good order loses no more than one that is killed: its next
// process goes on with what ran and what waited, under the same fences.
func TestStoppedNodeGoesOn(t *testing.T) {
	t.Parallel()
	queue := func(_ *node, c *worker.Config) { c.Queue = 1 }
	c, n := newClinic(t), newNode(t, func(n *node, c *worker.Config) {
		queue(n, c)
		n.executor.run = until(nil)
	})
	running, waiting := c.give(n, "running", scheduler.Routine), c.give(n, "waiting", scheduler.Routine)
	n.started()
	c.awaitPhase(waiting, wire.Phase_PHASE_QUEUED)
	c.regrants(n)
	n.stop()
	image := n.image()
	must(t, n.host.Close())
	again := n.restart(image, queue)
	for _, x := range []*task{running, waiting} {
		c.awaitResult(x)
		again.await(worker.Receipt, x.id)
		if count[*wire.Failure](c, x) > 0 {
			t.Errorf("task %s was given back", x.id.Short())
		}
	}
	if s := again.status(); s.Totals.Accepted != 2 || s.Totals.Failed != 0 {
		t.Errorf("%+v", s.Totals)
	}
}

// The same where it is stopped between its yes and the grant.
func TestNodeStoppedBeforeItsGrantGoesOn(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	x := c.newTask("no grant yet", scheduler.Routine)
	must(t, c.ask(n, x, nil))
	s, err := c.say(n, x)
	must(t, err)
	defer s.Close()
	c.regrants(n)
	n.stop()
	image := n.image()
	must(t, n.host.Close())
	again := n.restart(image, nil)
	c.awaitResult(x)
	again.await(worker.Receipt, x.id)
	if count[*wire.Failure](c, x) > 0 {
		t.Error("it was given back")
	}
}

// An award whose grant never comes is given back at once, not when its lease lapses.
func TestAwardWithoutItsGrant(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	x := c.newTask("no grant", scheduler.Routine)
	must(t, c.ask(n, x, nil))
	x.bid.HPKEKey = x.result.Public() // the key goes to somebody else
	must(t, c.award(n, x))
	if why := c.awaitFailure(x); !strings.Contains(why, "not completed") {
		t.Errorf("given back because %q", why)
	}
	n.eventually("its place is free", func() bool { return n.status().Used == 0 })
}

// A clinic that comes back is tried at once, not when a pause of many seconds is over.
func TestReturningClinicIsTriedAtOnce(t *testing.T) {
	t.Parallel()
	c := newClinic(t)
	n := newNode(t, func(_ *node, config *worker.Config) { config.Clock = patient{} })
	c.answer(func() { c.onResult = func(*task, *attest.SignedReceipt) *wire.ResultAck { return nil } })
	x := c.give(n, "returning", scheduler.Routine)
	c.awaitResult(x)
	n.eventually("its next pause is endless", func() bool { return count[*wire.ResultHeader](c, x) == 4 })
	c.answer(func() { c.onResult = nil })
	n.eventually("it is told that the clinic is back", func() bool {
		if c.host.Network().ClosePeer(n.host.ID()) != nil {
			return false
		}
		_, err := wire.Dial(t.Context(), c.host, n.host.ID(), wire.HostAddresses(n.host), wire.AskProtocol, c.key, testLimit)
		must(t, err)
		return count[*wire.ResultHeader](c, x) > 4
	})
	n.await(worker.Receipt, x.id)
}

// patient makes pauses of more than a second endless: that is after four tries.
type patient struct{ scheduler.SystemClock }

func (p patient) After(d time.Duration) <-chan time.Time {
	if d > time.Second {
		return nil
	}
	return p.SystemClock.After(d)
}
