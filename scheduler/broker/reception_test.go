package broker_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/transfer"
	"github.com/medhive/medhive/scheduler/wire"
)

// longClaim is an honest claim of a result of so many chunks.
func (r *rogue) longClaim(a *wire.Award, g *wire.Grant, chunks int) *claim {
	r.t.Helper()
	x := r.honestClaim(a, g)
	result := bytes.Repeat([]byte("x"), chunks*transfer.ChunkBytes)
	encapsulation, key, err := transfer.ResultKey(a.ResultKey, transfer.Binding{Task: models.Digest(a.Task), Fence: a.Fence, Node: r.address()})
	must(r.t, err)
	var sealed bytes.Buffer
	manifest, err := transfer.Seal(&sealed, result, transfer.Result, models.Digest(a.Task), key)
	must(r.t, err)
	x.header.Manifest, err = manifest.Encode()
	must(r.t, err)
	x.header.Encapsulation, x.receipt.OutputHash, x.sealed = encapsulation, models.DigestOf(result), sealed.Bytes()
	return x
}

// announce sends a claim's header and returns the stream with the clinic's reply.
func (r *rogue) announce(c *clinic, x *claim) (*wire.Stream, *wire.ResultReply) {
	r.t.Helper()
	s := r.header(c, x)
	reply, err := wire.Expect[*wire.ResultReply](s.Reader, wire.MaxControl, c.address())
	must(r.t, err)
	return s, reply
}

func (r *rogue) header(c *clinic, x *claim) *wire.Stream {
	r.t.Helper()
	var err error
	x.header.Receipt, err = json.Marshal(x.receipt)
	must(r.t, err)
	sig, err := attest.Sign(x.receipt.Hash(domain), x.signer.ECDSA())
	must(r.t, err)
	x.header.ReceiptSignature = sig[:]
	r.bind(c, x)
	s := r.dial(c.member, wire.ResultProtocol)
	must(r.t, s.Send(x.header))
	return s
}

// wantReset reads until the clinic cuts the stream, which it must do by itself.
func wantReset(t *testing.T, s *wire.Stream) {
	t.Helper()
	must(t, s.Extend(testLimit))
	if _, err := s.Next(wire.MaxControl); !errors.Is(err, network.ErrReset) {
		t.Errorf("the stream ended with: %v; want a reset", err)
	}
}

// A node that has lost its lease does not go on sending.
func TestResultEndsWithItsLease(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = 2 * time.Second })
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("it drips")
	award, grant := r.win(c)
	x := r.longClaim(award, grant, 8)
	s, reply := r.announce(c, x)
	if !reply.Wanted {
		t.Fatal(reply.Reason)
	}
	_, err := s.Write(x.sealed[:10])
	must(t, err)
	c.await(broker.LeaseLost)
	_, _ = s.Write(x.sealed[10:]) // an error: it is cut off meanwhile
	wantReset(t, s)
	if files := c.files(); len(files) != 1 {
		t.Errorf("on disk: %v, want the payload alone", files)
	}
	must(t, c.broker.Cancel(ctx, id, "done"))
}

// A node that sends nothing more is cut off long before its lease ends.
func TestResultThatStopsComingIsCut(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Hour })
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("it stops")
	x := r.honestClaim(r.win(c))
	s, reply := r.announce(c, x)
	if !reply.Wanted {
		t.Fatal(reply.Reason)
	}
	wantReset(t, s)
	if ack := r.send(c, x); len(ack.Receipt) == 0 { // and may send it again
		t.Errorf("%+v", ack)
	}
	c.wantResult(c.wait(id))
}

// While one copy of a race is judged the other keeps its result; then it is refused before it
// was read or, where the first was disputed, wanted.
func TestCopiesOfARaceAreJudgedOneByOne(t *testing.T) {
	t.Parallel()
	for name, verdict := range map[string]error{"the first is good": nil, "the first is disputed": errors.New("not an analysis")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			judged, verdicts := make(chan struct{}, 2), make(chan error, 2)
			c := newClinic(t, ctx, func(b *broker.Config) {
				b.Lease = time.Hour
				b.Check = func(models.Digest, attest.Receipt, []byte) error {
					judged <- struct{}{}
					return <-verdicts
				}
			})
			t.Cleanup(func() { close(verdicts) }) // whoever still waits for one does not hold up the end
			rogues := []*rogue{newRogue(t, ctx), newRogue(t, ctx)}
			c.connect(rogues[0].member, rogues[1].member)
			c.awaitMembers(2)
			s := copied(name, scheduler.Hedged)
			must(t, c.broker.Submit(ctx, s))
			var claims []*claim
			for n, r := range rogues {
				var o scheduler.Offer
				for o.Task != scheduler.CopyID(s.Task, n) {
					o = receiveOne(t, r.offers).Offer
				}
				stream := r.dial(c.member, wire.BidProtocol)
				must(t, stream.Send(wire.NewBid(r.goodBid(o))))
				claims = append(claims, r.honestClaim(receiveOne(t, r.awards), receiveOne(t, r.grants)))
			}
			first, reply := rogues[0].announce(c, claims[0])
			if !reply.Wanted {
				t.Fatal(reply.Reason)
			}
			_, err := first.Write(claims[0].sealed)
			must(t, err)
			receiveOne(t, judged)
			second := rogues[1].header(c, claims[1])
			replies := make(chan *wire.ResultReply, 1)
			go func() {
				if reply, err := wire.Expect[*wire.ResultReply](second.Reader, wire.MaxControl, c.address()); err == nil {
					replies <- reply
				}
			}()
			select {
			case reply := <-replies:
				t.Fatalf("answered while the other copy is judged: %+v", reply)
			case <-time.After(200 * time.Millisecond):
			}
			verdicts <- verdict
			ack, err := wire.Expect[*wire.ResultAck](first.Reader, wire.MaxControl, c.address())
			must(t, err)
			if len(ack.Receipt) == 0 {
				t.Errorf("the first copy has no receipt: %s", ack.Reason)
			}
			must(t, first.Close())
			reply = receiveOne(t, replies)
			if verdict == nil {
				if reply.Wanted || !reply.Settled {
					t.Errorf("the loser is answered %+v; want it refused for good, unread", reply)
				}
				return
			}
			if !reply.Wanted {
				t.Fatalf("the other copy is not wanted: %s", reply.Reason)
			}
			verdicts <- nil
			_, err = second.Write(claims[1].sealed)
			must(t, err)
			if ack, err := wire.Expect[*wire.ResultAck](second.Reader, wire.MaxControl, c.address()); err != nil || len(ack.Receipt) == 0 {
				t.Errorf("%v, %v", ack, err)
			}
		})
	}
}

// A clinic that starts answers nobody before it knows its tasks again.
func TestResultsWaitUntilTheClinicHasResumed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) { b.Lease = time.Hour })
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("clinic away")
	x := r.honestClaim(r.win(c))
	r.bind(c, x)
	must(t, c.broker.Close())
	c.open(nil)
	replies := make(chan *wire.ResultReply, 1)
	s := r.header(c, x)
	go func() {
		if reply, err := wire.Expect[*wire.ResultReply](s.Reader, wire.MaxControl, c.address()); err == nil {
			replies <- reply
		}
	}()
	select {
	case reply := <-replies:
		t.Fatalf("answered before the clinic knew its tasks: %+v", reply)
	case <-time.After(200 * time.Millisecond):
	}
	must(t, c.broker.Resume(ctx))
	if reply := receiveOne(t, replies); !reply.Wanted {
		t.Fatalf("the result of a task that goes on is not wanted: %s", reply.Reason)
	}
	_, err := s.Write(x.sealed)
	must(t, err)
	if ack, err := wire.Expect[*wire.ResultAck](s.Reader, wire.MaxControl, c.address()); err != nil || len(ack.Receipt) == 0 {
		t.Errorf("%v, %v", ack, err)
	}
	c.wantResult(c.wait(id))
}

// What was disputed stays signed when the task is submitted again: the node that lost the
// answer asks for it.
func TestDisputeOutlivesTheNextSubmission(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newClinic(t, ctx, func(b *broker.Config) {
		b.MaxAttempts = 1
		b.Check = func(models.Digest, attest.Receipt, []byte) error { return errors.New("not an analysis") }
	})
	r := newRogue(t, ctx)
	c.connect(r.member)
	id := c.submit("disputed")
	x := r.honestClaim(r.win(c))
	first := r.send(c, x)
	if o := c.wait(id); o.State != scheduler.Failed || len(first.Receipt) == 0 {
		t.Fatalf("ended %s, %+v", o.State, first)
	}
	c.submit("disputed")
	again := r.send(c, x)
	if !again.Settled || !bytes.Equal(again.Receipt, first.Receipt) {
		t.Errorf("settled %t with %q, want the same receipt once more", again.Settled, again.Reason)
	}
	if !strings.Contains(string(again.Receipt), "not an analysis") {
		t.Errorf("receipt %s", again.Receipt)
	}
}
