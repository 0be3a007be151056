package broker_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

func TestOneTaskAmongThreeNodes(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	var nodes []*node
	for _, price := range []uint64{1000, 2000, 3000} {
		n := newNode(t, ctx, func(w *worker.Config) { w.PriceGwei = price })
		c.connect(n.member)
		nodes = append(nodes, n)
	}
	c.awaitMembers(len(nodes))
	id := c.submit("one task")
	o := c.wait(id)
	c.wantResult(o)
	if len(o.Bids) != 3 {
		t.Errorf("%d bids, want 3", len(o.Bids))
	}
	if o.Fence != 1 {
		t.Errorf("fence %d, want 1", o.Fence)
	}
	if p := o.Phases; p.OfferToAward <= 0 || p.Transfer+p.Inference <= 0 || p.Result <= 0 {
		t.Errorf("phases %+v: want all of them", p)
	}
	for _, n := range nodes {
		if n.address() != o.Node {
			continue
		}
		forwarded := receiveOne(t, n.forwarded)
		must(t, forwarded.Verify(domain))
		if forwarded.Receipt.Hash(domain) != o.Receipt.Receipt.Hash(domain) {
			t.Error("the coordinator got another receipt than the clinic holds")
		}
		if files := n.files(); len(files) > 0 {
			t.Errorf("the node still holds %v", files)
		}
		s, err := n.worker.Status()
		must(t, err)
		if s.Totals.Accepted != 1 || s.Totals.EarnedGwei != o.Receipt.Receipt.PriceGwei {
			t.Errorf("totals %+v", s.Totals)
		}
	}
	must(t, c.broker.Delivered(ctx, id))
	must(t, c.broker.Delivered(ctx, id))
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
	if o := c.wait(id); o.State != scheduler.Delivered || o.Receipt.Receipt.Task != id {
		t.Errorf("after delivery: %s", o.State)
	}
}

// TestANodeThatJustJoinedARelayHearsOfTheOffer has no direct way from clinic to node: the
// relay passes on what comes while the node is in its mesh.
func TestANodeThatJustJoinedARelayHearsOfTheOffer(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.RoundWait = testLimit })
	relay := newMember(t, ctx)
	relay.market.Peers([]string{"DE"}) // joins
	c.connect(relay)
	c.awaitMembers(1)
	n := newNode(t, ctx, nil)
	id := c.submit("through a relay")
	c.await(broker.Offered)
	n.connect(relay)
	c.wantResult(c.wait(id))
	rounds := slices.DeleteFunc(c.events.all(), func(e broker.Event) bool { return e.Kind != broker.Offered })
	if len(rounds) != 1 {
		t.Errorf("%d rounds, want 1", len(rounds))
	}
}

func TestSubmitTwiceIsOneTask(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	n := newNode(t, ctx, nil)
	c.connect(n.member)
	id := c.submit("twice")
	c.submit("twice")
	c.wantResult(c.wait(id))
	c.submit("twice") // even when it is done
	other := submission("twice")
	other.Payload = []byte("something else")
	if err := c.broker.Submit(ctx, other); err == nil {
		t.Error("another payload under the same id was taken")
	}
	receiveOne(t, n.forwarded)
	if len(n.executor.started) != 1 {
		t.Errorf("%d runs, want 1", len(n.executor.started))
	}
}

func TestLostWinnerIsReplaced(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Lease, b.AwardTimeout = time.Second, 500*time.Millisecond
		b.Random = func() float64 { return 0 }
	})
	started := make(chan *node, 8)
	var nodes []*node
	for range 3 {
		n := newNode(t, ctx, nil)
		first := n
		n.executor.run = func(ctx context.Context, job worker.Job) ([]byte, error) {
			started <- first
			if len(started) == 1 {
				return hang(ctx, job) // the first winner never ends by itself
			}
			return analysis(job.Payload), nil
		}
		c.connect(n.member)
		nodes = append(nodes, n)
	}
	id := c.submit("winner dies")
	c.events.await(t, "running", func(e broker.Event) bool { return e.Kind == broker.Progress })
	var lost *node
	for _, n := range nodes {
		if n.address() == c.await(broker.Awarded).Node {
			lost = n
		}
	}
	must(t, lost.host.Close())
	o := c.wait(id)
	c.wantResult(o)
	if o.Fence < 2 || o.Node == lost.address() {
		t.Errorf("fence %d by %s, want a higher one by another node", o.Fence, o.Node)
	}
	c.await(broker.LeaseLost)
	receipts := 0
	for _, e := range c.events.all() {
		if e.Kind == broker.Receipt {
			receipts++
		}
	}
	if receipts != 1 {
		t.Errorf("%d receipts, want 1", receipts)
	}
}

func TestTryThatFailsGoesToTheNextBidder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	for n := range 3 {
		node := newNode(t, ctx, nil)
		if n < 2 {
			node.executor.run = func(context.Context, worker.Job) ([]byte, error) { panic("a runner's crash") }
		}
		c.connect(node.member)
	}
	c.wantResult(c.wait(c.submit("crash")))
}

func TestDisputedResultIsNotAccepted(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.MaxAttempts = 1 })
	n := newNode(t, ctx, nil)
	n.executor.run = func(context.Context, worker.Job) ([]byte, error) { return []byte("rubbish"), nil }
	c.connect(n.member)
	o := c.wait(c.submit("dispute"))
	if o.State != scheduler.Failed || o.Result != nil {
		t.Errorf("ended %s", o.State)
	}
	if st := c.broker.Stats(); st.Withdrawn != 0 || st.Results["disputed"] != 1 {
		t.Errorf("%+v", st)
	}
	tasks, err := c.broker.Tasks(0)
	must(t, err)
	if tasks[0].Owed != 0 {
		t.Error("a node whose result was judged is told to stop")
	}
	r := receiveOne(t, n.forwarded) // a dispute is the coordinator's business too
	must(t, r.Verify(domain))
	if r.Acceptance.Accepted || r.Acceptance.Reason == "" {
		t.Errorf("acceptance %+v", r.Acceptance)
	}
	if files := c.files(); len(files) > 0 {
		t.Errorf("ciphertext of a disputed result is kept: %v", files)
	}
}

// A clinic that can't look at a result now blames nobody: the node sends it again.
func TestAResultThatCouldNotBeJudgedComesAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	asked := make(chan struct{}, 8)
	c := newClinic(t, ctx, func(b *broker.Config) {
		judge := b.Check
		b.Check = func(task models.Digest, r attest.Receipt, result []byte) error {
			if asked <- struct{}{}; len(asked) == 1 {
				return fmt.Errorf("start the reader: %w", broker.ErrNotJudged)
			}
			return judge(task, r, result)
		}
	})
	n := newNode(t, ctx, nil)
	c.connect(n.member)
	o := c.wait(c.submit("unjudged"))
	c.wantResult(o)
	if o.Fence != 1 || len(n.executor.started) != 1 || len(asked) != 2 {
		t.Errorf("fence %d, %d runs, %d looks; want one run and two looks", o.Fence, len(n.executor.started), len(asked))
	}
	if r := receiveOne(t, n.forwarded); !r.Acceptance.Accepted {
		t.Errorf("acceptance %+v", r.Acceptance)
	}
}

func TestEveryTaskEndsInANamedState(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*worker.Config)
		task   func(*broker.Submission)
	}{
		"nobody in the residency set": {change: func(w *worker.Config) { w.Jurisdiction = "US" }},
		"too dear":                    {change: func(w *worker.Config) { w.PriceGwei = 9999 }},
		"model unknown": {change: func(w *worker.Config) {
			w.Models = func(models.Digest) (worker.Model, bool) { return worker.Model{}, false }
		}},
		"tier too low":                {task: func(s *broker.Submission) { s.MinTier = 4 }},
		"trust too low":               {task: func(s *broker.Submission) { s.MinTrust = scheduler.TrustDevice }},
		"too little memory":           {task: func(s *broker.Submission) { s.MemoryBytes = 1 << 40 }},
		"deadline before the promise": {change: func(w *worker.Config) { w.Promise = time.Hour }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			clinic := newClinic(t, ctx, func(b *broker.Config) { b.RoundWait = 50 * time.Millisecond })
			n := newNode(t, ctx, c.change)
			clinic.connect(n.member)
			s := submission(name)
			s.Deadline = time.Now().Add(time.Second)
			if c.task != nil {
				c.task(&s)
			}
			must(t, clinic.broker.Submit(ctx, s))
			if o := clinic.wait(s.Task); o.State != scheduler.Expired || o.Reason == "" {
				t.Errorf("ended %s: %s", o.State, o.Reason)
			}
			if len(n.executor.started) > 0 {
				t.Error("it ran")
			}
			if files := clinic.files(); len(files) > 0 {
				t.Errorf("the clinic still holds %v", files)
			}
		})
	}
}

func TestCancelStopsTheNode(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	id := c.submit("cancel")
	receiveOne(t, n.executor.started)
	must(t, c.broker.Cancel(ctx, id, "the study was withdrawn"))
	if o := c.wait(id); o.State != scheduler.Cancelled || o.Reason != "the study was withdrawn" {
		t.Errorf("ended %s: %s", o.State, o.Reason)
	}
	n.await(worker.Cancelled) // it is told, and does not have to ask
	c.await(broker.Told)
	if s := c.broker.Stats(); s.Withdrawn != 1 || s.Losses["called off"] != 1 || s.NoShows != 0 {
		t.Errorf("%+v", s)
	}
}

func TestWhatEndedWithoutAResultCanBeSubmittedAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	s := submission("second chance")
	s.Deadline = time.Now().Add(300 * time.Millisecond)
	must(t, c.broker.Submit(ctx, s))
	if o := c.wait(s.Task); o.State != scheduler.Expired {
		t.Fatalf("ended %s: %s", o.State, o.Reason)
	}
	c.connect(newNode(t, ctx, nil).member)
	s.Deadline = time.Now().Add(time.Minute)
	must(t, c.broker.Submit(ctx, s))
	if o := c.wait(s.Task); o.State != scheduler.Resulted || len(o.Result) == 0 {
		t.Errorf("ended %s: %s", o.State, o.Reason)
	}
}

func TestCoordinatorOutageOnlyDelaysReceipts(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	m := newMember(t, ctx)
	down := make(chan struct{}, 1)
	n := startNode(t, ctx, m, func(w *worker.Config) {
		w.Forward = func(ctx context.Context, _ attest.SignedReceipt) error {
			select {
			case down <- struct{}{}:
			default:
			}
			return context.DeadlineExceeded
		}
	})
	c.connect(m)
	c.wantResult(c.wait(c.submit("outage")))
	<-down
	n.stop()
	again := startNode(t, ctx, m, nil) // the same disk, and a coordinator that is back
	r := receiveOne(t, again.forwarded)
	must(t, r.Verify(domain))
}
