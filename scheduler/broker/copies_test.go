package broker_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

func copied(name string, how scheduler.Copying) broker.Submission {
	s := submission(name)
	s.Copying, s.Copies = how, 2
	return s
}

// accepted lists the accepted receipts among a clinic's outcomes.
func accepted(outcomes []broker.Outcome) (list []attest.SignedReceipt) {
	for _, o := range outcomes {
		if o.Receipt.Acceptance.Accepted {
			list = append(list, o.Receipt)
		}
	}
	return list
}

// The slower of two nodes is called off, and one is paid.
func TestHedgedTaskIsPaidOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	var once sync.Once
	both := make(chan struct{}, 2)
	var nodes []*node
	for range 2 {
		n := newNode(t, ctx, nil)
		n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
			both <- struct{}{}
			first := false
			once.Do(func() { first = true })
			if !first {
				return hang(ctx, job)
			}
			for len(both) < 2 { // the other one is at work, too
				select {
				case <-time.After(5 * time.Millisecond):
				case <-ctx.Done():
					return nil, context.Cause(ctx)
				}
			}
			return analysis(job.Payload), nil
		}
		c.connect(n.member)
		nodes = append(nodes, n)
	}
	c.awaitMembers(2)
	s := copied("hedged", scheduler.Hedged)
	must(t, c.broker.Submit(ctx, s))
	o := c.wait(s.Task)
	c.wantResult(o)
	if o.Task != s.Task || len(o.Copies) != 2 || o.Copies[0].Node == o.Copies[1].Node {
		t.Errorf("%d copies of %s", len(o.Copies), o.Task.Short())
	}
	if paid := accepted(o.Copies); len(paid) != 1 {
		t.Errorf("%d copies are paid, want 1", len(paid))
	}
	for _, n := range nodes {
		if n.address() != o.Node {
			n.await(worker.Cancelled)
		}
	}
	c.await(broker.Told)
	ids, err := c.broker.Undelivered()
	must(t, err)
	if len(ids) != 1 || ids[0] != s.Task {
		t.Errorf("undelivered: %v, want the submitted task", ids)
	}
	must(t, c.broker.Delivered(ctx, s.Task))
	must(t, c.broker.Delivered(ctx, s.Task))
	must(t, c.broker.Submit(ctx, s)) // even when it is done
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
	if again := c.wait(s.Task); again.State != scheduler.Delivered || again.Node != o.Node {
		t.Errorf("after delivery: %s by %s", again.State, again.Node)
	}
}

// Both nodes have an honest result. Only the transaction that takes the first one decides.
func TestSecondResultOfARaceIsRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var offers [2]scheduler.Offer
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	rogues := []*rogue{newRogue(t, ctx), newRogue(t, ctx)}
	c.connect(rogues[0].member, rogues[1].member)
	c.awaitMembers(2)
	s := copied("race", scheduler.Hedged)
	must(t, c.broker.Submit(ctx, s))
	var claims []*claim
	for n, r := range rogues {
		for offers[n].Task != scheduler.CopyID(s.Task, n) {
			offers[n] = receiveOne(t, r.offers).Offer
		}
		stream := r.dial(c.member, wire.BidProtocol)
		must(t, stream.Send(wire.NewBid(r.goodBid(offers[n]))))
		claims = append(claims, r.honestClaim(receiveOne(t, r.awards), receiveOne(t, r.grants)))
	}
	if offers[0].Payload == offers[1].Payload {
		t.Error("two copies share a ciphertext, and so a key")
	}
	var acks [2][]byte
	var reasons [2]string
	var both sync.WaitGroup
	for n, r := range rogues {
		both.Go(func() {
			ack := r.send(c, claims[n])
			acks[n], reasons[n] = ack.Receipt, ack.Reason
			if !ack.Settled {
				t.Errorf("copy %d is not settled: %s", n, ack.Reason)
			}
		})
	}
	both.Wait()
	if (len(acks[0]) > 0) == (len(acks[1]) > 0) {
		t.Fatalf("receipts of %d and %d bytes; want one of them", len(acks[0]), len(acks[1]))
	}
	soon, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	if err := c.broker.Settled(soon); err == nil {
		t.Error("nobody hung up after reading the receipt, and the clinic did not wait")
	}
	lost := slices.IndexFunc(acks[:], func(a []byte) bool { return len(a) == 0 })
	if !strings.Contains(reasons[lost], "another copy") && !strings.Contains(reasons[lost], "has ended") {
		t.Errorf("refused with %q", reasons[lost])
	}
	o := c.wait(s.Task)
	c.wantResult(o)
	if o.Node != rogues[1-lost].address() || len(accepted(o.Copies)) != 1 {
		t.Errorf("won by %s, %d paid", o.Node, len(accepted(o.Copies)))
	}
}

// Every replica is run, paid and kept.
func TestReplicasAreAllPaid(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := copied("replicas", scheduler.Replicated)
	c := newClinic(t, ctx, func(b *broker.Config) {
		judge := b.Check
		b.Check = func(task models.Digest, r attest.Receipt, result []byte) error {
			if task != s.Task {
				t.Errorf("the result of copy %s is judged under its own id; its caller knows the submitted task", task.Short())
			}
			return judge(task, r, result)
		}
	})
	for range 3 {
		c.connect(newNode(t, ctx, nil).member)
	}
	c.awaitMembers(3)
	must(t, c.broker.Submit(ctx, s))
	tasks, err := c.broker.Tasks(0)
	must(t, err)
	if len(tasks) != 2 || tasks[0].Deadline.Equal(tasks[1].Deadline) {
		t.Errorf("the deadlines of %d offers tell that they are copies: %+v", len(tasks), tasks)
	}
	o := c.wait(s.Task)
	c.wantResult(o)
	if paid := accepted(o.Copies); len(paid) != 2 || paid[0].Receipt.Node == paid[1].Receipt.Node {
		t.Fatalf("%d paid", len(paid))
	}
	for n, one := range o.Copies {
		if string(one.Result) != string(analysis(testPayload)) || one.Task != scheduler.CopyID(s.Task, n) {
			t.Errorf("copy %d: %q", n, one.Result)
		}
	}
	must(t, c.broker.Delivered(ctx, s.Task))
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
}

// Two nodes of one operator never get two copies of a task: the second copy waits for
// another operator's node, however many names bid meanwhile.
func TestCopiesGoToDistinctOperators(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	same := common.HexToAddress("0xabc")
	var mu sync.Mutex // guards operators
	operators := map[common.Address]common.Address{}
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.RoundWait, b.BidWindow = 200*time.Millisecond, 100*time.Millisecond
		b.Operator = func(node common.Address) (common.Address, bool) {
			mu.Lock()
			defer mu.Unlock()
			operator, ok := operators[node]
			return operator, ok
		}
	})
	enlist := func(m *member, operator common.Address) {
		mu.Lock()
		operators[m.address()] = operator
		mu.Unlock()
		c.connect(m)
	}
	for range 3 {
		enlist(newNode(t, ctx, nil).member, same)
	}
	c.awaitMembers(3)
	s := copied("operators", scheduler.Replicated)
	must(t, c.broker.Submit(ctx, s))
	c.await(broker.Receipt)
	rounds := 0
	c.events.await(t, "three more rounds of the copy that waits", func(e broker.Event) bool {
		if e.Kind == broker.Offered {
			rounds++
		}
		return rounds >= 5
	})
	if receipts := kinds(c.events.all(), broker.Receipt); len(receipts) != 1 {
		t.Fatalf("%d copies were done by one operator", len(receipts))
	}
	other := newNode(t, ctx, nil)
	enlist(other.member, other.address())
	o := c.wait(s.Task)
	if !slices.ContainsFunc(o.Copies, func(one broker.Outcome) bool { return one.Node == other.address() }) {
		t.Errorf("no copy was done by the other operator")
	}
}

// TestClinicKilledDuringARace takes an image of the clinic's disk at each event of a race
// and starts a new clinic of the same key from it: one result, one receipt, whatever was
// written last.
func TestClinicKilledDuringARace(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	images := map[string]string{}
	var mu sync.Mutex // guards images
	c := &clinic{member: newMember(t, ctx)}
	step := func(e broker.Event) string { return string(e.Kind) + " of copy " + string(rune('1'+e.Copy)) }
	c.open(func(b *broker.Config) {
		events := b.Events
		b.Events = func(e broker.Event) {
			mu.Lock()
			defer mu.Unlock()
			if images[step(e)] == "" && e.Kind != broker.Progress {
				images[step(e)] = c.image()
			}
			events(e)
		}
	})
	s := copied("killed in a race", scheduler.Hedged)
	for range 2 {
		c.connect(newNode(t, ctx, nil).member)
	}
	c.awaitMembers(2)
	must(t, c.broker.Submit(ctx, s))
	first := c.wait(s.Task)
	c.wantResult(first)
	must(t, c.broker.Close())
	must(t, c.host.Close())
	mu.Lock()
	defer mu.Unlock()
	if len(images) < 12 {
		t.Errorf("only %d steps: %v", len(images), images)
	}
	for name, image := range images {
		t.Run("at "+name, func(t *testing.T) {
			ctx := t.Context()
			again := &clinic{member: newMemberAs(t, ctx, c.key, image)}
			again.open(func(b *broker.Config) {
				b.Lease, b.AwardTimeout, b.RoundWait, b.BidWindow = 300*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
			})
			must(t, again.broker.Resume(ctx))
			for range 2 {
				again.connect(newNode(t, ctx, nil).member)
			}
			o, err := again.broker.Wait(ctx, s.Task)
			if len(o.Copies) == 0 && err != nil && strings.HasPrefix(name, "sealed") {
				must(t, again.broker.Submit(ctx, s)) // its caller was never told yes
				o, err = again.broker.Wait(ctx, s.Task)
			}
			must(t, err)
			again.wantResult(o)
			if paid := accepted(o.Copies); len(paid) != 1 {
				t.Errorf("%d copies are paid, want 1", len(paid))
			}
			ids, err := again.broker.Undelivered()
			must(t, err)
			if len(ids) != 1 || ids[0] != s.Task {
				t.Errorf("undelivered: %v", ids)
			}
		})
	}
}

// Cancelling a copied task cancels every copy.
func TestCancelledCopiesAllEnd(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	s := copied("cancelled", scheduler.Hedged)
	must(t, c.broker.Submit(ctx, s))
	must(t, c.broker.Cancel(ctx, s.Task, "the study was withdrawn"))
	o := c.wait(s.Task)
	if o.State != scheduler.Cancelled || len(o.Copies) != 2 || o.Copies[1].State != scheduler.Cancelled {
		t.Errorf("ended %s: %+v", o.State, o.Copies)
	}
	if err := c.broker.Delivered(ctx, s.Task); err == nil {
		t.Error("nothing was delivered")
	}
	if err := c.broker.Cancel(ctx, s.Task, "again"); err == nil {
		t.Error("it was cancelled twice")
	}
	c.connect(newNode(t, ctx, nil).member, newNode(t, ctx, nil).member)
	s.Deadline = time.Now().Add(time.Minute)
	must(t, c.broker.Submit(ctx, s)) // and may be asked for again
	o = c.wait(s.Task)
	c.wantResult(o)
	if _, err := c.broker.Wait(ctx, models.DigestOf([]byte("nothing"))); err == nil {
		t.Error("an unknown task has an outcome")
	}
}
