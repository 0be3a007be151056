package worker

import (
	"context"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

// arrivals wakes the jobs of a clinic that connects: it may have been away.
func (w *Worker) arrivals() network.Notifiee {
	return &network.NotifyBundle{ConnectedF: func(_ network.Network, c network.Conn) { w.wake(c.RemotePeer()) }}
}

// wake ends the pauses of the jobs of a clinic that was heard of. It does not block.
func (w *Worker) wake(clinic peer.ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, j := range w.jobs {
		if j.rec.Peer == clinic {
			select {
			case j.wake <- struct{}{}:
			default:
			}
		}
	}
}

// rest pauses before the next try to reach a job's clinic, until the pause is over, the
// clinic is heard of, or ctx ends. It returns the pause after the next one.
func (w *Worker) rest(ctx context.Context, j *job, pause time.Duration) time.Duration {
	select {
	case <-j.wake: // by the connection of the try that has just failed
	default:
	}
	select {
	case <-ctx.Done():
	case <-w.Clock.After(pause):
	case <-j.wake:
		select {
		case <-ctx.Done():
		case <-w.Clock.After(firstPause): // a clinic that is heard of all the time is not tried all the time
		}
		return firstPause
	}
	return min(2*pause, lastClinicPause)
}
