package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/wire"
)

// errCancelled ends a job that its clinic has withdrawn.
var errCancelled = errors.New("the clinic withdrew the task")

// takeCancel is Cancel, CancelAck as the node sees it. The acknowledgement says that the
// work has stopped and that this is on disk.
func (w *Worker) takeCancel(ctx context.Context, s *wire.Stream) error {
	message, err := opening[*wire.Cancel](s, wire.MaxControl)
	if err != nil {
		return err
	}
	task, err := wire.Digest("task", message.Task)
	if err != nil {
		return err
	}
	node, err := wire.Address("node", message.Node)
	if err != nil {
		return err
	}
	clinic, err := wire.Address("clinic", message.Clinic)
	if err != nil {
		return err
	}
	if node != w.Key.Address() || clinic != s.Peer {
		return errNotMine
	}
	ack := &wire.CancelAck{Task: message.Task, Fence: message.Fence}
	w.mu.Lock()
	p, j := w.pending[errand{clinic, task}], w.jobs[errand{clinic, task}]
	if p != nil && p.lastFence <= message.Fence {
		// An award of this fence may be on its way; it is not to begin what was withdrawn.
		p.lastFence = message.Fence
	}
	if j != nil && j.fence > message.Fence {
		j = nil // a newer award than the one that is withdrawn
	}
	w.mu.Unlock()
	if p != nil {
		w.unreserve(p, true)
	}
	if j != nil {
		ack.Held = true
		j.cancel(fmt.Errorf("%w: %s", errCancelled, wire.Reason(message.Reason)))
		select {
		case <-j.done:
		case <-w.Clock.After(replyTimeout):
			return fmt.Errorf("task %s has not stopped within %v", task.Short(), replyTimeout)
		case <-ctx.Done():
			return errStopping
		}
	}
	if p != nil || j != nil {
		w.counters.count(func(s *Stats) { s.Cancelled++ })
		w.emit(Cancelled, task, Event{Clinic: clinic, Fence: message.Fence, Text: wire.Reason(message.Reason)})
	}
	return s.Send(ack)
}

// tellsClinic reports whether the clinic of a job that ended for this cause is to hear of
// it: not where it was the clinic that ended it.
func tellsClinic(cause error) bool {
	for _, clinics := range []error{errSuperseded, errRevoked, errCancelled, scheduler.ErrStaleFence} {
		if errors.Is(cause, clinics) {
			return false
		}
	}
	return true
}
