package broker

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler/wire"
)

// unread are the accepted results whose node has not read its receipt yet.
type unread struct {
	mu      sync.Mutex // guards the fields below
	tasks   map[models.Digest]bool
	changed chan struct{} // closed and renewed when one was read
}

func newUnread() *unread {
	return &unread{tasks: map[models.Digest]bool{}, changed: make(chan struct{})}
}

func (u *unread) add(id models.Digest) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.tasks[id] = true
}

func (u *unread) read(id models.Digest) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.tasks[id] {
		delete(u.tasks, id)
		close(u.changed)
		u.changed = make(chan struct{})
	}
}

func (u *unread) left() (int, <-chan struct{}) {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.tasks), u.changed
}

// acknowledge sends the clinic's last word about a result and notices when the node hangs
// up, which it does once it has read it.
func (b *Broker) acknowledge(s *wire.Stream, ack *wire.ResultAck) error {
	if err := s.Extend(replyTimeout); err != nil { // judging was this clinic's doing
		return err
	}
	if len(ack.Receipt) > 0 { // charged before, in the transaction that took the result
		ack.Voucher = b.voucherBytes(s.Peer)
	}
	if err := s.Send(ack); err != nil {
		return err
	}
	if err := s.CloseWrite(); err != nil {
		return err
	}
	if err := s.Extend(replyTimeout); err != nil {
		return err
	}
	if _, err := s.ReadByte(); !errors.Is(err, io.EOF) {
		return err
	}
	if id, err := wire.Digest("task", ack.Task); err == nil && ack.Settled {
		b.unread.read(id)
	}
	return nil
}

// Settled waits until every node whose result was accepted has read its receipt, or ctx
// ends: a clinic that is about to stop gives a node that was cut off, or restarted, the
// time to come back.
func (b *Broker) Settled(ctx context.Context) error {
	for {
		left, changed := b.unread.left()
		if left == 0 {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-b.ctx.Done():
			return nil
		}
	}
}
