package broker

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// Telling nodes that their work is not wanted any more. It saves them work; what keeps a
// late result out is the fence.
const (
	withdrawPatience = 10 * time.Minute // then the node has learned it from its refused reports
	withdrawFirst    = time.Second      // pause after a failed attempt, doubled each time
	withdrawLast     = time.Minute
	withdrawTimeout  = 15 * time.Second // a node acknowledges once the job has really stopped
	maxOwed          = 16               // of one task, which has fewer attempts
)

// withdrawal is a node that is to be told that its lease was called off.
type withdrawal struct {
	Node      common.Address `json:"node"`
	Peer      peer.ID        `json:"peer"`
	Addresses []string       `json:"addresses,omitempty"`
	Fence     uint64         `json:"fence"`
	Reason    string         `json:"reason"`
	Until     time.Time      `json:"until"`
}

// owe notes, within a change, that the lease's node is to be told.
func (r *record) owe(was winner, fence uint64, reason string, now time.Time) {
	if len(r.Withdrawals) >= maxOwed {
		r.Withdrawals = slices.Delete(r.Withdrawals, 0, 1)
	}
	r.Withdrawals = append(r.Withdrawals, withdrawal{Node: was.Bid.Node, Peer: was.Peer, Addresses: was.Bid.Addresses, Fence: fence,
		Reason: wire.Reason(reason), Until: now.Add(withdrawPatience).UTC().Round(0)})
}

// tellWithdrawn tells the nodes that a task owes it to, until each has confirmed or its time
// is up; a restart of the clinic goes on with it.
func (b *Broker) tellWithdrawn(id models.Digest) {
	for pause := withdrawFirst; ; pause = min(2*pause, withdrawLast) {
		r, err := b.store.load(id)
		if err != nil {
			b.Log.Error("nodes not told of a cancellation; the next start tries again", "task", id.Short(), "error", err)
			return
		}
		left := 0
		for _, w := range r.Withdrawals {
			if b.settleWithdrawal(r, w) {
				continue
			}
			left++
		}
		if left == 0 {
			return
		}
		select {
		case <-b.Clock.After(pause):
		case <-b.ctx.Done():
			return
		}
	}
}

// settleWithdrawal tells one node, and reports whether nothing is owed to it any more.
func (b *Broker) settleWithdrawal(r record, w withdrawal) bool {
	err := b.tell(r, w)
	if err != nil && b.Clock.Now().Before(w.Until) {
		b.Log.Debug("node not told of a cancellation; it is tried again", "task", r.Task.ID.Short(), "node", w.Node, "error", err)
		return false
	}
	told := err == nil
	_, err = b.store.update(r.Task.ID, func(r *record) error {
		r.Withdrawals = slices.DeleteFunc(r.Withdrawals, func(other withdrawal) bool { return other.Node == w.Node && other.Fence == w.Fence })
		return nil
	})
	if err != nil {
		b.Log.Warn("a confirmed cancellation not persisted; the node is told once more", "task", r.Task.ID.Short(), "error", err)
		return false
	}
	if told {
		b.tally.count(func(s *Stats) { s.Withdrawn++ })
		b.emit(r, Told, Event{Node: w.Node, Fence: w.Fence})
	}
	return true
}

// tell is Cancel, CancelAck.
func (b *Broker) tell(r record, w withdrawal) error {
	s, err := wire.Dial(b.ctx, b.Host, w.Peer, w.Addresses, wire.CancelProtocol, b.Key, withdrawTimeout)
	if err != nil {
		return err
	}
	defer s.Close()
	defer context.AfterFunc(b.ctx, func() { _ = s.Reset() })()
	clinic := b.Key.Address()
	err = s.Send(&wire.Cancel{Task: r.Task.ID[:], Fence: w.Fence, Node: w.Node[:], Clinic: clinic[:], Reason: w.Reason})
	if err != nil {
		return err
	}
	ack, err := wire.Expect[*wire.CancelAck](s.Reader, wire.MaxControl, w.Node)
	if err != nil {
		return fmt.Errorf("no confirmation: %w", err)
	}
	if s.Peer != w.Node || ack.Fence != w.Fence || !bytes.Equal(ack.Task, r.Task.ID[:]) {
		return fmt.Errorf("the confirmation is about another lease: %w", wire.ErrMalformed)
	}
	return nil
}

// calledOff is the withdrawal of a lease that a local result or another copy overtook.
func (t *task) calledOff(r *record, lease scheduler.Lease, held bool, reason string) {
	if held && t.rec.Winner != nil {
		r.owe(*t.rec.Winner, lease.Fence, reason, t.b.Clock.Now())
	}
}
