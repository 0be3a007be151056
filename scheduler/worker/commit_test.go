package worker_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/attest"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
	"github.com/medhive/medhive/scheduler/worker"
)

// commitments make a clinic's awards want them; answer decides on each, and the channel gets
// them as they come.
func (c *clinic) commitments(answer func(n int, m *wire.Commitment) proto.Message) <-chan *wire.Commitment {
	heard := make(chan *wire.Commitment, 64)
	n := 0
	c.handle(wire.CommitProtocol, func(s *wire.Stream) error {
		m, err := wire.Expect[*wire.Commitment](s.Reader, wire.MaxControl, s.Peer)
		if err != nil {
			return err
		}
		c.mu.Lock()
		n++
		reply := answer(n, m)
		c.mu.Unlock()
		heard <- m
		return s.Send(reply)
	})
	c.answer(func() { c.commit = true })
	return heard
}

// show lets a node show its result at its n-th question.
func show(at int) func(int, *wire.Commitment) proto.Message {
	return func(n int, m *wire.Commitment) proto.Message {
		return &wire.CommitmentAck{Task: m.Task, Fence: m.Fence, Reveal: n >= at}
	}
}

// opened is the result's header, whose salt must open the commitment.
func (c *clinic) opened(x *task, n *node, m *wire.Commitment) []byte {
	c.t.Helper()
	h := c.heard.await(c.t, "result of task "+x.id.Short(), func(h heard) bool {
		_, is := h.message.(*wire.ResultHeader)
		return is && h.task == x.id
	})
	salt := h.message.(*wire.ResultHeader).Salt
	if len(salt) != 32 {
		c.t.Fatalf("a salt of %d bytes", len(salt))
	}
	want := attest.OutputCommitment(x.receipt.Receipt.OutputHash, [32]byte(salt), n.key.Address(), x.id)
	if !bytes.Equal(want[:], m.Commitment) {
		c.t.Error("the result does not open its commitment")
	}
	return salt
}

// A replica's result is not shown before its clinic says so; and its salt opens what was said
// before.
func TestReplicaIsShownWhenTheClinicSaysSo(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	heard := c.commitments(show(3))
	x := c.give(n, "replica", scheduler.Routine)
	first := <-heard
	n.await(worker.Committed, x.id)
	if count[*wire.ResultHeader](c, x) > 0 {
		t.Error("the result was shown with the commitment")
	}
	for range 2 {
		if m := <-heard; !proto.Equal(m, first) {
			t.Error("the node commits to something else each time")
		}
	}
	c.opened(x, n, first)
	c.awaitResult(x)
	n.await(worker.Receipt, x.id)
	if st := n.worker.Stats(); st.Receipts != 1 || st.Failed != 0 {
		t.Errorf("%+v", st)
	}
}

// A node that was killed while it waited opens the same commitment: the salt was on disk
// before its hash left.
func TestSaltOutlivesAKill(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	heard := c.commitments(show(1000))
	x := c.give(n, "killed replica", scheduler.Routine)
	first := <-heard
	n.await(worker.Committed, x.id)
	image := n.kill()
	for len(heard) > 0 {
		<-heard
	}
	again := n.restart(image, nil)
	second := <-heard
	if !proto.Equal(first, second) {
		t.Error("after the kill the node commits to something else")
	}
	c.commitments(show(1))
	c.opened(x, again, first)
	again.await(worker.Receipt, x.id)
}

// A clinic that refuses a commitment is shown the result all the same, since its answer to
// that is what the node goes by; one that is not there is asked until it is.
func TestRefusedCommitmentIsSettledByTheResult(t *testing.T) {
	t.Parallel()
	c, n := newClinic(t), newNode(t, nil)
	heard := c.commitments(func(_ int, m *wire.Commitment) proto.Message { return &wire.Refusal{Task: m.Task, Reason: "stale"} })
	x := c.give(n, "refused", scheduler.Routine)
	<-heard
	c.awaitResult(x)
	n.await(worker.Receipt, x.id)
}
