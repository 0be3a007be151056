package broker_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// bidOn sends a bid and returns the clinic's answer.
func (r *rogue) bidOn(c *clinic, b scheduler.Bid) *wire.BidReply {
	r.t.Helper()
	s := r.dial(c.member, wire.BidProtocol)
	must(r.t, s.Send(wire.NewBid(b)))
	reply, err := wire.Expect[*wire.BidReply](s.Reader, wire.MaxControl, c.address())
	must(r.t, err)
	return reply
}

// Many names of one operator are one bidder: a few are kept, and all of them together end
// no round early and weigh no more than the one honest node.
func TestSybilBidsCountOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	operator := common.HexToAddress("0x5b11")
	var honest common.Address
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.BidWindow, b.RoundWait = time.Minute, time.Minute
		b.Operator = func(node common.Address) (common.Address, bool) {
			if node == honest {
				return node, true
			}
			return operator, true
		}
	})
	names := make([]*rogue, 12)
	for n := range names {
		names[n] = newRogue(t, ctx)
		c.connect(names[n].member)
	}
	c.awaitMembers(len(names))
	c.submit("sybil")
	o := receiveOne(t, names[0].offers).Offer
	for n, r := range names {
		bid := r.goodBid(o)
		bid.Hold = 0 // answered at once
		reply := r.bidOn(c, bid)
		if full := strings.Contains(reply.Reason, "takes no more bids"); full != (n >= 4) {
			t.Errorf("name %d: %q", n+1, reply.Reason)
		}
	}
	if awards := kinds(c.events.all(), broker.Awarded); len(awards) != 0 {
		t.Error("the names of one operator ended the round")
	}
	st := c.broker.Stats()
	if st.Bids != 4 || st.BidsRefused["full"] != 8 {
		t.Errorf("%+v", st)
	}
}

// A bid that comes when another node was chosen is answered at once: its node has the
// place for others.
func TestLateBidsAreAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	late := newRogue(t, ctx)
	c.connect(n.member, late.member)
	c.awaitMembers(2)
	c.submit("late")
	o := receiveOne(t, late.offers).Offer
	receiveOne(t, n.executor.started)
	bid := late.goodBid(o)
	bid.Hold = scheduler.MaxBidHold
	if reply := late.bidOn(c, bid); reply.Won || !strings.Contains(reply.Reason, "kept as a spare") || strings.Contains(reply.Reason, "not decided") {
		t.Errorf("%+v", reply)
	}
}

func TestUnregisteredNodesAreRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Operator = func(common.Address) (common.Address, bool) { return common.Address{}, false }
	})
	r := newRogue(t, ctx)
	c.connect(r.member)
	c.submit("unregistered")
	if reply := r.bidOn(c, r.goodBid(receiveOne(t, r.offers).Offer)); reply.Won || !strings.Contains(reply.Reason, "not in the registry") {
		t.Errorf("%+v", reply)
	}
	if st := c.broker.Stats(); st.BidsRefused["unregistered"] != 1 {
		t.Errorf("%+v", st)
	}
}

// A node that bids, says yes and brings nothing is remembered over tasks and restarts.
func TestBidsNeverHonouredAreRemembered(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease, b.RoundWait = 2*time.Second, 100*time.Millisecond })
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("no-show")
	r.win(c)
	c.await(broker.LeaseLost)
	if n := c.broker.Stats().NoShows; n != 1 {
		t.Errorf("%d nodes are remembered, want 1", n)
	}
	must(t, c.broker.Cancel(ctx, id, "done"))
	must(t, c.broker.Close())
	c.open(nil)
	if n := c.broker.Stats().NoShows; n != 1 {
		t.Errorf("%d nodes are remembered after a restart, want 1", n)
	}
	// At equal terms its bid counts a quarter now: at 0.3 of all weight the honest one is
	// chosen, whoever bid first.
	must(t, c.broker.Close())
	c.open(func(b *broker.Config) { b.Random = func() float64 { return 0.3 } })
	n := newNode(t, ctx, func(w *worker.Config) { w.PriceGwei, w.Promise = 1000, 5*time.Second })
	c.connect(n.member)
	c.awaitMembers(2)
	second := c.submit("after the no-show")
	var o scheduler.Offer
	for o.Task != second {
		o = receiveOne(t, r.offers).Offer
	}
	bid := r.goodBid(o)
	bid.PriceGwei, bid.Promise = 1000, 5*time.Second
	s := r.dial(c.member, wire.BidProtocol)
	must(t, s.Send(wire.NewBid(bid)))
	if out := c.wait(second); out.Node != n.address() || len(out.Bids) != 2 {
		t.Errorf("done by %s among %d bids", out.Node, len(out.Bids))
	}
}

// Where only nodes with strikes have bid, the clinic looks again before it takes one.
func TestNodesWithStrikesWaitForOthers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.Lease, b.RoundWait, b.BidWindow = 500*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond
	})
	n := newNode(t, ctx, nil)
	lied := false // by the one job that a node of one place runs at a time
	n.executor.run = func(_ context.Context, job worker.Job) ([]byte, error) {
		if !lied {
			lied = true
			return []byte("rubbish"), nil
		}
		return analysis(job.Payload), nil
	}
	c.connect(n.member)
	first := c.wait(c.submit("strikes"))
	c.wantResult(first)
	if st := c.broker.Stats(); st.Losses["result disputed"] != 1 || st.Rounds < 3 {
		t.Errorf("%+v; want more rounds before the struck node is taken again", st)
	}
}

// A node that reports and reports, but brings nothing, keeps its lease no longer than the
// clinic's patience.
func TestNodeThatWithholdsLosesTheTask(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	clock := newJumpClock(ctx)
	c := newClinic(t, ctx, func(b *broker.Config) { b.Clock, b.Lease = clock, time.Minute })
	r := newRogue(t, ctx)
	c.connect(r.member)
	s := submission("withheld")
	s.Deadline = time.Now().Add(time.Hour)
	must(t, c.broker.Submit(ctx, s))
	award, _ := r.win(c) // promised in 1 s
	report := r.dial(c.member, wire.ReportProtocol)
	renew := func() *wire.ProgressAck {
		must(t, report.Send(&wire.Progress{Task: award.Task, Fence: award.Fence, Clinic: award.Clinic, Phase: wire.Phase_PHASE_RUNNING}))
		ack, err := wire.Expect[*wire.ProgressAck](report.Reader, wire.MaxControl, c.address())
		must(t, err)
		return ack
	}
	for range 3 { // 45 s of good reports
		clock.jump(15 * time.Second)
		if ack := renew(); !ack.Renewed {
			t.Fatalf("refused within the promise: %s", ack.Reason)
		}
	}
	clock.jump(16 * time.Second) // 61 s; twice the promise and a lease are over at 62 s
	renew()
	clock.jump(2 * time.Second)
	if e := c.await(broker.LeaseLost); e.Node != r.address() {
		t.Errorf("%+v", e)
	}
	if ack := renew(); ack.Renewed {
		t.Error("a lost lease was renewed")
	}
	if n := c.broker.Stats().NoShows; n != 1 {
		t.Errorf("%d nodes are remembered, want 1", n)
	}
}

// The key goes to whoever holds the lease, and to nobody else.
func TestNoLeaseNoKey(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	holder, thief := newRogue(t, ctx), newRogue(t, ctx)
	c.connect(holder.member)
	id := c.submit("key")
	award, first := holder.win(c)
	clinicAddress := c.address()
	ask := func(r *rogue, request *wire.GrantRequest) any {
		s := r.dial(c.member, wire.GrantProtocol)
		must(t, s.Send(request))
		answer, err := s.Next(wire.MaxBulk)
		must(t, err)
		return answer.Message
	}
	fresh, err := transfer.NewRecipient()
	must(t, err)
	for name, x := range map[string]struct {
		from    *rogue
		request *wire.GrantRequest
		reason  string
	}{
		"another's lease": {thief, &wire.GrantRequest{Task: id[:], Fence: 1, Clinic: clinicAddress[:], HpkeKey: fresh.Public()}, "another node holds"},
		"a fence to come": {holder, &wire.GrantRequest{Task: id[:], Fence: 2, Clinic: clinicAddress[:], HpkeKey: fresh.Public()}, "no lease"},
		"no fence":        {holder, &wire.GrantRequest{Task: id[:], Clinic: clinicAddress[:], HpkeKey: fresh.Public()}, "stale"},
		"unknown task":    {holder, &wire.GrantRequest{Task: clinicTask("nothing"), Fence: 1, Clinic: clinicAddress[:], HpkeKey: fresh.Public()}, "no such task"},
		"other clinic":    {holder, &wire.GrantRequest{Task: id[:], Fence: 1, Clinic: make([]byte, 20), HpkeKey: fresh.Public()}, "another clinic"},
		"no key":          {holder, &wire.GrantRequest{Task: id[:], Fence: 1, Clinic: clinicAddress[:]}, "HPKE key"},
	} {
		no, ok := ask(x.from, x.request).(*wire.Refusal)
		if !ok || !strings.Contains(no.Reason, x.reason) {
			t.Errorf("%s: %v", name, no)
		}
	}
	again, ok := ask(holder, &wire.GrantRequest{Task: id[:], Fence: 1, Clinic: clinicAddress[:], HpkeKey: fresh.Public()}).(*wire.Grant)
	if !ok {
		t.Fatal("the leaseholder was refused")
	}
	binding := transfer.Binding{Task: id, Fence: 1, Node: holder.address()}
	before, err := holder.hpke.Unwrap(first.WrappedKey, binding)
	must(t, err)
	after, err := fresh.Unwrap(again.WrappedKey, binding)
	must(t, err)
	if before != after {
		t.Error("another key")
	}
	must(t, c.broker.Cancel(ctx, id, "done"))
	if _, ok := ask(holder, &wire.GrantRequest{Task: award.Task, Fence: 1, Clinic: clinicAddress[:], HpkeKey: fresh.Public()}).(*wire.Refusal); !ok {
		t.Error("the key of a cancelled task was given away")
	}
}

// A lease of one task opens no other one.
func TestResultForAnothersTaskIsRefused(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	r := newRogue(t, ctx)
	c.connect(r.member)
	c.submit("mine")
	x := r.honestClaim(r.win(c))
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	c.awaitMembers(2)
	others := c.submit("another's")
	receiveOne(t, n.executor.started)
	x.header.Task, x.receipt.Task = others[:], others
	if ack := r.send(c, x); !ack.Settled || len(ack.Receipt) > 0 || !strings.Contains(ack.Reason, "another node holds") {
		t.Errorf("%+v", ack)
	}
	tasks, err := c.broker.Tasks(0)
	must(t, err)
	for _, s := range tasks {
		if s.State != scheduler.Running {
			t.Errorf("task %s is %s", s.Task.Short(), s.State)
		}
	}
}

// What lies on the clinic's disk is not trusted either: a payload that was changed, cut or
// swapped never runs.
func TestDamagedPayloadsNeverRun(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(payload, other []byte) []byte{
		"tampered":  func(p, _ []byte) []byte { p[len(p)/2] ^= 1; return p },
		"truncated": func(p, _ []byte) []byte { return p[:len(p)-100] },
		"swapped":   func(_, o []byte) []byte { return o },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			c := newClinic(t, ctx, func(b *broker.Config) { b.MaxAttempts, b.Lease = 1, time.Second })
			id, other := c.submit("damaged"), c.submit("other")
			path := func(id models.Digest) string {
				return filepath.Join(c.dir, "sealed", strings.TrimPrefix(id.String(), "sha256:")+".payload")
			}
			payload, err := os.ReadFile(path(id))
			must(t, err)
			foreign, err := os.ReadFile(path(other))
			must(t, err)
			must(t, os.WriteFile(path(id), damage(payload, foreign), 0o600))
			must(t, c.broker.Cancel(ctx, other, "only its payload was wanted"))
			n := newNode(t, ctx, nil)
			c.connect(n.member)
			if o := c.wait(id); o.State != scheduler.Failed || o.Result != nil {
				t.Errorf("ended %s: %s", o.State, o.Reason)
			}
			if len(n.executor.started) > 0 {
				t.Error("it ran")
			}
		})
	}
}

// A node that can't be reached when its task is cancelled is told after the clinic's
// restart.
func TestCancellationIsToldAfterARestart(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Minute })
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("cancelled")
	award, _ := r.win(c)
	c.await(broker.Accepted)
	must(t, c.broker.Cancel(ctx, id, "the study was withdrawn"))
	owed := func() int {
		tasks, err := c.broker.Tasks(0)
		must(t, err)
		return tasks[0].Owed
	}
	if owed() != 1 {
		t.Errorf("%d nodes are to be told, want 1", owed())
	}
	must(t, c.broker.Close())
	told := make(chan *wire.Cancel, 4)
	r.host.SetStreamHandler(wire.CancelProtocol, func(raw network.Stream) {
		defer raw.Close()
		s, err := wire.Inbound(raw, r.key, testLimit)
		if err != nil {
			return
		}
		if m, err := wire.Expect[*wire.Cancel](s.Reader, wire.MaxControl, s.Peer); err == nil {
			told <- m
			_ = s.Send(&wire.CancelAck{Task: m.Task, Fence: m.Fence, Held: true})
		}
	})
	c.open(nil)
	must(t, c.broker.Resume(ctx))
	if m := receiveOne(t, told); string(m.Task) != string(award.Task) || m.Fence != award.Fence || m.Reason != "the study was withdrawn" {
		t.Errorf("%v", m)
	}
	c.await(broker.Told)
	if owed() != 0 {
		t.Errorf("%d nodes are still to be told", owed())
	}
}

// Copies of the database tell nothing without the secret, and the right one is needed.
func TestDatabaseIsSealedUnderTheSecret(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	secret := [32]byte{1, 2, 3}
	sealed := func(b *broker.Config) { b.Secret = secret }
	c := newClinic(t, ctx, sealed)
	n := newNode(t, ctx, nil)
	n.executor.run = hang
	c.connect(n.member)
	s := submission("secret")
	s.Copying = scheduler.Hedged
	must(t, c.broker.Submit(ctx, s))
	receiveOne(t, n.executor.started)
	file, err := os.ReadFile(filepath.Join(c.image(), "state.db"))
	must(t, err)
	for _, word := range []string{"content_key", "result_key", "payload_hash", "residency", packageID.String(), n.address().Hex(),
		strings.ToLower(n.address().Hex()), "\"winner\"", "copying"} {
		if strings.Contains(string(file), word) {
			t.Errorf("the database file tells %q", word)
		}
	}
	tasks, err := broker.ReadTasks(c.db, secret, 0)
	must(t, err)
	if len(tasks) != 2 || tasks[0].Of != s.Task {
		t.Errorf("%+v", tasks)
	}
	must(t, c.broker.Close())
	for name, wrong := range map[string][32]byte{"no secret": {}, "another secret": {4}} {
		if _, err := broker.ReadTasks(c.db, wrong, 0); err == nil {
			t.Errorf("%s: the tasks were read", name)
		}
		_, err := broker.New(broker.Config{Host: c.host, Market: c.market, DB: c.db, Blobs: c.blobs, Key: c.key, Domain: domain, Secret: wrong})
		if err == nil || !strings.Contains(err.Error(), "another secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.open(sealed)
	must(t, c.broker.Resume(ctx))
	must(t, c.broker.Cancel(ctx, s.Task, "done"))
}

// A database of the time before secrets is taken over, and sealed as it is written.
func TestReadableDatabaseIsTakenOver(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, nil)
	id := c.submit("before secrets")
	must(t, c.broker.Close())
	secret := [32]byte{7}
	c.open(func(b *broker.Config) { b.Secret = secret })
	must(t, c.broker.Resume(ctx))
	c.connect(newNode(t, ctx, nil).member)
	c.wantResult(c.wait(id))
	if _, err := broker.ReadTasks(c.db, [32]byte{}, 0); err == nil {
		t.Error("its record is still readable")
	}
}
