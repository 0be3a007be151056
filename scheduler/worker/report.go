package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/medhive/medhive/scheduler/wire"
)

// errRevoked ends a job whose clinic says that the lease is gone.
var errRevoked = errors.New("the clinic says that the lease is gone")

const (
	// beatsPerLease is how often a lease is renewed within its term.
	beatsPerLease = 3
	// reportGap keeps a chatty executor from flooding its clinic.
	reportGap = 100 * time.Millisecond
	// maxQueued bounds steps that wait to be told.
	maxQueued = 16
)

// reporter tells the clinic how a job goes and so renews its lease. A clinic that
// can't be reached is tried again; the work goes on meanwhile.
type reporter struct {
	w       *Worker
	j       *job
	cancel  context.CancelFunc
	stopped chan struct{}
	wake    chan struct{} // holds one

	mu     sync.Mutex // guards queue and last
	queue  []*wire.Progress
	last   *wire.Progress
	stream *wire.Stream // used by the reporter's goroutine only
}

func (w *Worker) startReporter(j *job) *reporter {
	ctx, cancel := context.WithCancel(context.WithoutCancel(j.ctx))
	r := &reporter{w: w, j: j, cancel: cancel, stopped: make(chan struct{}), wake: make(chan struct{}, 1)}
	w.running.Go(func() {
		defer close(r.stopped)
		r.loop(ctx)
	})
	return r
}

// stop ends the reports and waits.
func (r *reporter) stop() {
	r.cancel()
	<-r.stopped
}

// report queues a step. Steps of the same phase and stage replace each other.
func (r *reporter) report(phase wire.Phase, stage string, done float64) {
	permille := uint32(1000 * min(1, max(0, done)))
	p := &wire.Progress{Task: r.j.task[:], Fence: r.j.fence, Clinic: r.j.clinic[:], Phase: phase, Stage: wire.Reason(stage), Permille: permille}
	r.w.note(r.j, stage, float64(permille)/1000)
	r.mu.Lock()
	if n := len(r.queue); n > 0 && r.queue[n-1].Phase == phase && (r.queue[n-1].Stage == p.Stage || n >= maxQueued) {
		r.queue[n-1] = p
	} else {
		r.queue = append(r.queue, p)
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// next is what to tell now; nil when nothing is new. fresh means that a new phase
// or stage begins, which is told without delay.
func (r *reporter) next() (p *wire.Progress, fresh bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		return nil, false
	}
	p = r.queue[0]
	return p, r.last == nil || r.last.Phase != p.Phase || r.last.Stage != p.Stage
}

func (r *reporter) told(p *wire.Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = p
	if len(r.queue) > 0 && r.queue[0] == p {
		r.queue = r.queue[1:]
	}
}

func (r *reporter) loop(ctx context.Context) {
	defer func() {
		if r.stream != nil {
			_ = r.stream.Reset()
		}
	}()
	beat := r.j.lease / beatsPerLease
	clock := r.w.Clock
	sent := clock.Now()
	for {
		p, fresh := r.next()
		pause := beat - clock.Now().Sub(sent)
		switch {
		case p != nil && fresh:
			pause = 0
		case p != nil:
			pause = min(pause, reportGap-clock.Now().Sub(sent))
		}
		if pause > 0 {
			select {
			case <-ctx.Done():
				return
			case <-clock.After(pause):
			case <-r.wake:
				continue // look again: it may be a new phase
			}
		}
		if p == nil {
			if p = r.last; p == nil {
				sent = clock.Now()
				continue
			}
		}
		ack, err := r.send(ctx, p)
		sent = clock.Now()
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			r.w.Log.Debug("report not delivered; the next one tries again", "task", r.j.task.Short(), "error", err)
			select {
			case <-ctx.Done():
				return
			case <-clock.After(min(beat, reportGap)):
			}
		case !ack.Renewed:
			r.revoked(p, wire.Reason(ack.Reason))
			return
		default:
			r.told(p)
		}
	}
}

// revoked stops a job whose lease is gone. A finished result is not dropped for
// it: its delivery learns the verdict, which may be an acceptance.
func (r *reporter) revoked(p *wire.Progress, reason string) {
	r.w.emit(Revoked, r.j.task, Event{Clinic: r.j.clinic, Fence: r.j.fence, Text: reason})
	if p.Phase != wire.Phase_PHASE_RETURNING {
		r.j.cancel(errRevoked)
	}
}

// send tells one step and reads its answer.
func (r *reporter) send(ctx context.Context, p *wire.Progress) (*wire.ProgressAck, error) {
	if r.stream == nil {
		s, err := wire.Dial(ctx, r.w.Host, r.j.rec.Peer, r.j.rec.Addresses, wire.ReportProtocol, r.w.Key, dialTimeout)
		if err != nil {
			return nil, err
		}
		r.stream = s
	}
	s := r.stream
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	err := s.Extend(replyTimeout)
	if err == nil {
		err = s.Send(p)
	}
	var ack *wire.ProgressAck
	if err == nil {
		ack, err = wire.Expect[*wire.ProgressAck](s.Reader, wire.MaxControl, r.j.clinic)
	}
	if err != nil {
		_ = s.Reset()
		r.stream = nil
		return nil, err
	}
	return ack, nil
}

// reportFailure tells a clinic once that its task is given up here; when that
// fails, the lease lapses by itself. It works while ctx is ending.
func (w *Worker) reportFailure(ctx context.Context, rec record, reason string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	s, err := wire.Dial(ctx, w.Host, rec.Peer, rec.Addresses, wire.ReportProtocol, w.Key, farewell)
	if err == nil {
		defer s.Close()
		defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
		err = s.Send(&wire.Failure{Task: rec.Task[:], Fence: rec.Fence, Clinic: rec.Clinic[:], Reason: wire.Reason(reason)})
	}
	if err == nil {
		_, err = wire.Expect[*wire.ProgressAck](s.Reader, wire.MaxControl, rec.Clinic)
	}
	if err != nil {
		w.Log.Debug("clinic not told of a failed try; its lease lapses", "task", rec.Task.Short(), "error", err)
	}
}
