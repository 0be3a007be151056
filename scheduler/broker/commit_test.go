package broker_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

var testSalt = [32]byte{1, 2, 3}

// commit sends what a claim is bound by and returns the clinic's answer.
func (r *rogue) commit(c *clinic, x *claim, salt [32]byte) (*wire.CommitmentAck, error) {
	r.t.Helper()
	x.header.Salt, x.bound = salt[:], true
	hash := attest.OutputCommitment(x.receipt.OutputHash, salt, r.address(), x.receipt.Task)
	s := r.dial(c.member, wire.CommitProtocol)
	must(r.t, s.Send(&wire.Commitment{Task: x.header.Task, Fence: x.header.Fence, Clinic: x.header.Clinic, Commitment: hash[:]}))
	return wire.Expect[*wire.CommitmentAck](s.Reader, wire.MaxControl, c.address())
}

// bind commits to a claim once, whatever the clinic says to it.
func (r *rogue) bind(c *clinic, x *claim) {
	r.t.Helper()
	if !x.bound {
		_, _ = r.commit(c, x, testSalt)
	}
}

// replicas has two rogues win the two copies of a task each.
func replicas(t *testing.T, c *clinic, name string) (models.Digest, []*rogue, []*claim) {
	t.Helper()
	rogues := []*rogue{newRogue(t, t.Context()), newRogue(t, t.Context())}
	c.connect(rogues[0].member, rogues[1].member)
	c.awaitMembers(2)
	s := copied(name, scheduler.Replicated)
	must(t, c.broker.Submit(t.Context(), s))
	var claims []*claim
	for n, r := range rogues {
		var o scheduler.Offer
		for o.Task != scheduler.CopyID(s.Task, n) {
			o = receiveOne(t, r.offers).Offer
		}
		must(t, r.dial(c.member, wire.BidProtocol).Send(wire.NewBid(r.goodBid(o))))
		award := receiveOne(t, r.awards)
		if !award.Commit {
			t.Error("the award of a replica asks for no commitment")
		}
		claims = append(claims, r.honestClaim(award, receiveOne(t, r.grants)))
	}
	return s.Task, rogues, claims
}

// No result is taken before every node has bound itself to its own, and none that differs
// from what its node was bound to.
func TestReplicasCommitBeforeTheyReveal(t *testing.T) {
	t.Parallel()
	c := newClinic(t, t.Context(), func(b *broker.Config) { b.Lease = time.Minute })
	task, rogues, claims := replicas(t, c, "committed")
	claims[0].bound = true // it says so
	if ack := rogues[0].send(c, claims[0]); ack.Settled || !strings.Contains(ack.Reason, "commit to the result first") {
		t.Errorf("a result without a commitment: %+v", ack)
	}
	ack, err := rogues[0].commit(c, claims[0], testSalt)
	must(t, err)
	if ack.Reveal || ack.Reason != "" {
		t.Errorf("the first of two is asked for its result: %+v", ack)
	}
	if ack := rogues[0].send(c, claims[0]); ack.Settled || len(ack.Receipt) > 0 {
		t.Errorf("a result before the other's commitment: %+v", ack)
	}
	if _, err := rogues[0].commit(c, claims[0], [32]byte{9}); err == nil || !strings.Contains(err.Error(), "committed to") {
		t.Errorf("a second commitment: %v", err)
	}
	if _, err := rogues[1].commit(c, claims[0], testSalt); err == nil {
		t.Error("a commitment to another node's copy was taken")
	}
	ack, err = rogues[1].commit(c, claims[1], testSalt)
	must(t, err)
	if !ack.Reveal {
		t.Errorf("the last of two is not asked for its result: %+v", ack)
	}
	if ack, err = rogues[0].commit(c, claims[0], testSalt); err != nil || !ack.Reveal {
		t.Errorf("the first is not asked for its result now: %+v, %v", ack, err)
	}
	for n, r := range rogues {
		if ack := r.send(c, claims[n]); !ack.Settled || len(ack.Receipt) == 0 {
			t.Errorf("copy %d: %+v", n, ack)
		}
	}
	if o := c.wait(task); len(accepted(o.Copies)) != 2 {
		t.Errorf("%d copies are paid", len(accepted(o.Copies)))
	}
}

// An award does not tell whether a second node does the task: each wants a commitment. Who does
// it alone, or in a race, may show its result as soon as it is bound to it, and not before.
func TestAwardOfALoneNodeLooksLikeAReplicas(t *testing.T) {
	t.Parallel()
	for name, submit := range map[string]func(*broker.Submission){
		"alone":     func(*broker.Submission) {},
		"emergency": func(s *broker.Submission) { s.Priority = scheduler.STAT },
		"raced":     func(s *broker.Submission) { s.Copying, s.Copies = scheduler.Hedged, 2 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t, t.Context(), func(b *broker.Config) { b.Lease = time.Minute })
			r := newRogue(t, t.Context())
			c.connect(r.member)
			s := submission(name)
			submit(&s)
			must(t, c.broker.Submit(t.Context(), s))
			award, grant := r.win(c)
			if !award.Commit {
				t.Error("the award says that nobody compares the result")
			}
			x := r.honestClaim(award, grant)
			x.bound = true // it says so
			if ack := r.send(c, x); ack.Settled || !strings.Contains(ack.Reason, "commit to the result first") {
				t.Errorf("a result without a commitment: %+v", ack)
			}
			ack, err := r.commit(c, x, testSalt)
			must(t, err)
			if !ack.Reveal {
				t.Errorf("nobody else is waited for: %+v", ack)
			}
			other := *x
			other.receipt.OutputHash[0] ^= 1
			if _, err := r.commit(c, &other, testSalt); err == nil {
				t.Error("a second commitment was taken")
			}
			x.header.Salt = testSalt[:]
			if last := r.send(c, x); len(last.Receipt) == 0 {
				t.Errorf("%+v", last)
			}
			if n := len(kinds(c.events.all(), broker.Committed)); n != 0 {
				t.Errorf("the clinic's people are told of %d commitments", n)
			}
		})
	}
}

// Who shows another result than the one it was bound to loses the task, and is struck.
func TestResultThatDoesNotOpenItsCommitmentIsRefused(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]func(*claim){
		"another salt":   func(x *claim) { x.header.Salt = bytes.Repeat([]byte{8}, 32) },
		"no salt":        func(x *claim) { x.header.Salt = nil },
		"a long salt":    func(x *claim) { x.header.Salt = append(x.header.Salt, 0) },
		"another output": func(x *claim) { x.receipt.OutputHash[0] ^= 1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t, t.Context(), func(b *broker.Config) { b.Lease = time.Minute })
			_, rogues, claims := replicas(t, c, name)
			for n, r := range rogues {
				_, err := r.commit(c, claims[n], testSalt)
				must(t, err)
			}
			ack, err := rogues[0].commit(c, claims[0], testSalt)
			must(t, err)
			if !ack.Reveal {
				t.Fatalf("%+v", ack)
			}
			lie(claims[0])
			last := rogues[0].send(c, claims[0])
			if !last.Settled || len(last.Receipt) > 0 || !strings.Contains(last.Reason, "committed to") {
				t.Errorf("%+v", last)
			}
			if st := c.broker.Stats(); st.Losses["result refused"] != 1 || st.NoShows != 1 {
				t.Errorf("%+v", st)
			}
		})
	}
}

// A node that waits for others keeps its lease beyond its own promise; once the others are
// gone, its result is asked for.
func TestNodeThatWaitsForOthersKeepsItsLease(t *testing.T) {
	t.Parallel()
	clock := newJumpClock(t.Context())
	var lapses []broker.Lapse
	c := newClinic(t, t.Context(), func(b *broker.Config) {
		b.Clock, b.Lease = clock, time.Minute
		b.Lapsed = func(_ *bbolt.Tx, l broker.Lapse) error { lapses = append(lapses, l); return nil }
	})
	s := copied("slow", scheduler.Replicated)
	s.Deadline = time.Now().Add(time.Hour)
	rogues := []*rogue{newRogue(t, t.Context()), newRogue(t, t.Context())}
	c.connect(rogues[0].member, rogues[1].member)
	c.awaitMembers(2)
	must(t, c.broker.Submit(t.Context(), s))
	var claims []*claim
	for n, r := range rogues {
		var o scheduler.Offer
		for o.Task != scheduler.CopyID(s.Task, n) {
			o = receiveOne(t, r.offers).Offer
		}
		bid := r.goodBid(o)
		bid.Promise = []time.Duration{time.Second, 5 * time.Minute}[n]
		must(t, r.dial(c.member, wire.BidProtocol).Send(wire.NewBid(bid)))
		claims = append(claims, r.honestClaim(receiveOne(t, r.awards), receiveOne(t, r.grants)))
	}
	report := rogues[1].dial(c.member, wire.ReportProtocol)
	for range 6 { // 3 min, where 1 min 2 s is the first one's patience
		clock.jump(30 * time.Second)
		ack, err := rogues[0].commit(c, claims[0], testSalt)
		must(t, err)
		if ack.Reveal || ack.Reason != "" {
			t.Fatalf("%+v", ack)
		}
		must(t, report.Send(&wire.Progress{Task: claims[1].header.Task, Fence: 1, Clinic: claims[1].header.Clinic, Phase: wire.Phase_PHASE_RUNNING}))
		if ack, err := wire.Expect[*wire.ProgressAck](report.Reader, wire.MaxControl, c.address()); err != nil || !ack.Renewed {
			t.Fatal(ack, err)
		}
	}
	clock.jump(40 * time.Second)
	_, err := rogues[0].commit(c, claims[0], testSalt)
	must(t, err)
	clock.jump(30 * time.Second) // the other's lease of a minute is over now
	c.await(broker.LeaseLost)
	if ack, err := rogues[0].commit(c, claims[0], testSalt); err != nil || !ack.Reveal {
		t.Fatalf("%+v, %v", ack, err)
	}
	if last := rogues[0].send(c, claims[0]); len(last.Receipt) == 0 {
		t.Errorf("%+v", last)
	}
	if len(lapses) != 1 || lapses[0].Node != rogues[1].address() || lapses[0].Task != scheduler.CopyID(s.Task, 1) || lapses[0].Fence != 1 || lapses[0].Manifest != manifestID {
		t.Fatalf("lapses: %+v", lapses)
	}
	l := lapses[0]
	if err := l.Promise.Verify(domain, attest.Promise{Task: l.Task, Fence: l.Fence, Node: l.Node, Clinic: c.address()}); err != nil {
		t.Errorf("the promise that was not kept: %v", err)
	}
}

// A yes that the node could deny later is none: no key goes out, and the task goes to others.
func TestYesWithoutAPromiseIsNone(t *testing.T) {
	t.Parallel()
	for name, alter := range map[string]func(r *rogue, yes *wire.Accept){
		"no promise": func(_ *rogue, yes *wire.Accept) { yes.Promise = nil },
		"noise":      func(_ *rogue, yes *wire.Accept) { yes.Promise = bytes.Repeat([]byte{1}, 74) },
		"of another lease": func(r *rogue, yes *wire.Accept) {
			yes.Promise = r.promise(&wire.Award{Task: yes.Task, Fence: yes.Fence + 1, Clinic: yes.Clinic})
		},
		"to another clinic": func(r *rogue, yes *wire.Accept) {
			yes.Promise = r.promise(&wire.Award{Task: yes.Task, Fence: yes.Fence, Clinic: bytes.Repeat([]byte{1}, 20)})
		},
		"made longer": func(_ *rogue, yes *wire.Accept) { yes.Promise = append(yes.Promise, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClinic(t, t.Context(), func(b *broker.Config) { b.RoundWait = 100 * time.Millisecond })
			r := newRogue(t, t.Context())
			r.accept = func(yes *wire.Accept) { alter(r, yes) }
			c.connect(r.member)
			id := c.submit("unpromised")
			o := receiveOne(t, r.offers)
			must(t, r.dial(c.member, wire.BidProtocol).Send(wire.NewBid(r.goodBid(o.Offer))))
			if e := c.await(broker.TryFailed); !strings.Contains(e.Text, "without a valid promise") {
				t.Errorf("%+v", e)
			}
			n := newNode(t, t.Context(), nil)
			c.connect(n.member)
			c.wantResult(c.wait(id))
			select {
			case <-r.grants:
				t.Error("the key went out")
			default:
			}
		})
	}
}

// always is Config.Replicate of a clinic that trusts nobody.
func always(broker.Doubt) bool { return true }

// checkedBy starts a clinic that has every result checked, and n nodes.
func checkedBy(t *testing.T, n int, change func(*broker.Config)) (*clinic, []*node) {
	t.Helper()
	c := newClinic(t, t.Context(), func(b *broker.Config) {
		b.Replicate = always
		b.BidWindow = 300 * time.Millisecond
		if change != nil {
			change(b)
		}
	})
	var nodes []*node
	for range n {
		nodes = append(nodes, newNode(t, t.Context(), nil))
		c.connect(nodes[len(nodes)-1].member)
	}
	c.awaitMembers(n)
	return c, nodes
}

// A task that was submitted once is done by a second node where the first one's history
// wants it: both commit, both are paid, nothing is left on the disk.
func TestDoubtedNodeIsCheckedByASecond(t *testing.T) {
	t.Parallel()
	c, nodes := checkedBy(t, 2, nil)
	task := c.submit("doubted")
	o := c.wait(task)
	c.wantResult(o)
	if paid := accepted(o.Copies); len(paid) != 2 || paid[0].Receipt.Node == paid[1].Receipt.Node || o.Task != task {
		t.Fatalf("%d of %d copies are paid", len(paid), len(o.Copies))
	}
	if n := len(kinds(c.events.all(), broker.Committed)); n != 2 {
		t.Errorf("%d commitments", n)
	}
	for _, n := range nodes {
		n.await(worker.Receipt)
	}
	must(t, c.broker.Delivered(t.Context(), task))
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
	if again := c.wait(task); again.State != scheduler.Delivered || len(again.Copies) != 2 {
		t.Errorf("%s, %d copies", again.State, len(again.Copies))
	}
}

// Where nobody else is known, and for an emergency, nobody is waited for.
func TestNobodyIsWaitedForInVain(t *testing.T) {
	t.Parallel()
	c, _ := checkedBy(t, 1, nil)
	o := c.wait(c.submit("alone"))
	c.wantResult(o)
	if len(o.Copies) > 0 {
		t.Errorf("%d copies in a network of one node", len(o.Copies))
	}
	c, _ = checkedBy(t, 2, nil)
	s := submission("stat")
	s.Priority = scheduler.STAT
	must(t, c.broker.Submit(t.Context(), s))
	if o := c.wait(s.Task); len(o.Copies) > 0 {
		t.Errorf("%d copies of an emergency", len(o.Copies))
	}
}

// The second node has bid and is gone when its copy is offered: the result does not wait for
// long, and the copy ends.
func TestCheckThatNobodyTakesEnds(t *testing.T) {
	t.Parallel()
	c, nodes := checkedBy(t, 1, func(b *broker.Config) { b.RoundWait, b.AwardTimeout = 300*time.Millisecond, 300*time.Millisecond })
	gone := newRogue(t, t.Context())
	gone.accept = func(a *wire.Accept) { a.Accepted, a.Reason = false, "gone" }
	c.connect(gone.member)
	c.awaitMembers(2)
	s := submission("unchecked")
	must(t, c.broker.Submit(t.Context(), s))
	bid := gone.goodBid(receiveOne(t, gone.offers).Offer)
	bid.PriceGwei = 5000 // it comes into question, and is hardly ever chosen
	bid.Promise = 20 * time.Second
	must(t, gone.dial(c.member, wire.BidProtocol).Send(wire.NewBid(bid)))
	o := c.wait(s.Task)
	c.wantResult(o)
	if o.Node != nodes[0].address() {
		t.Fatalf("done by %s", o.Node)
	}
	if len(o.Copies) != 2 || len(accepted(o.Copies)) != 1 {
		t.Fatalf("%d of %d copies are paid", len(accepted(o.Copies)), len(o.Copies))
	}
	for _, one := range o.Copies {
		if one.State != scheduler.Resulted && (one.State != scheduler.Cancelled || !strings.Contains(one.Reason, "no other node")) {
			t.Errorf("a copy ended %s: %s", one.State, one.Reason)
		}
	}
	must(t, c.broker.Delivered(t.Context(), s.Task))
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
}

// Where two results differ, a third node does the same; with nobody else, or with as many
// copies as there may be, the clinic is told.
func TestThirdNodeBreaksATie(t *testing.T) {
	t.Parallel()
	c, _ := checkedBy(t, 4, nil)
	task := c.submit("tie")
	if o := c.wait(task); len(accepted(o.Copies)) != 2 {
		t.Fatalf("%d copies are paid", len(accepted(o.Copies)))
	}
	for n := 3; n <= scheduler.MaxCopies; n++ {
		must(t, c.broker.Extend(t.Context(), task))
		o := c.wait(task)
		paid := accepted(o.Copies)
		if len(paid) != n {
			t.Fatalf("%d of %d copies are paid", len(paid), len(o.Copies))
		}
		for _, one := range o.Copies {
			if string(one.Result) != string(analysis(testPayload)) {
				t.Errorf("copy %s: %q", one.Task.Short(), one.Result)
			}
		}
	}
	if err := c.broker.Extend(t.Context(), task); err == nil {
		t.Error("a task has more copies than there may be")
	}
	must(t, c.broker.Delivered(t.Context(), task))
	if files := c.files(); len(files) > 0 {
		t.Errorf("after delivery the clinic still holds %v", files)
	}
	plain := c.submit("once")
	_ = c.wait(plain)
	if err := c.broker.Extend(t.Context(), models.DigestOf([]byte("nothing"))); !errors.Is(err, scheduler.ErrNoCopy) {
		t.Errorf("an unknown task: %v", err)
	}
}

// TestClinicKilledDuringACheck takes an image of the clinic's disk at each event of a task
// that is checked and starts a new clinic from it: there is one receipt for each copy that
// has a result, and nothing hangs.
func TestClinicKilledDuringACheck(t *testing.T) {
	t.Parallel()
	images := map[string]string{}
	c := &clinic{member: newMember(t, t.Context())}
	step := func(e broker.Event) string { return string(e.Kind) + " of copy " + string(rune('1'+e.Copy)) }
	busy := make(chan struct{}, 1) // guards images
	c.open(func(b *broker.Config) {
		events := b.Events
		b.Replicate, b.BidWindow = always, 300*time.Millisecond
		b.Events = func(e broker.Event) {
			busy <- struct{}{}
			defer func() { <-busy }()
			if images[step(e)] == "" && e.Kind != broker.Progress && e.Kind != broker.BidTaken {
				images[step(e)] = c.image()
			}
			events(e)
		}
	})
	for range 2 {
		c.connect(newNode(t, t.Context(), nil).member)
	}
	c.awaitMembers(2)
	task := c.submit("killed in a check")
	c.wantResult(c.wait(task))
	must(t, c.broker.Close())
	must(t, c.host.Close())
	for name, image := range images {
		t.Run("at "+name, func(t *testing.T) {
			again := &clinic{member: newMemberAs(t, t.Context(), c.key, image)}
			again.open(func(b *broker.Config) {
				b.Lease, b.AwardTimeout, b.RoundWait, b.BidWindow = 300*time.Millisecond, 200*time.Millisecond, 100*time.Millisecond, 100*time.Millisecond
			})
			must(t, again.broker.Resume(t.Context()))
			for range 2 {
				again.connect(newNode(t, t.Context(), nil).member)
			}
			o := again.wait(task)
			again.wantResult(o)
			for n, one := range o.Copies {
				if one.State == scheduler.Resulted && !one.Receipt.Acceptance.Accepted {
					t.Errorf("copy %d has a result and no receipt", n)
				}
			}
			must(t, again.broker.Delivered(t.Context(), task))
			if files := again.files(); len(files) > 0 {
				t.Errorf("after delivery the clinic still holds %v", files)
			}
		})
	}
}
