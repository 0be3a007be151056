package trace

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

// Clinic takes one event of a clinic's broker. A task's span goes from its first event to
// its end; below it stand the steps: offer, award, transfer, inference, judge, local.
func (t *Tracer) Clinic(e broker.Event) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := string(e.Task[:])
	if t.lives[key] == nil && (e.Kind == broker.Told || e.Kind == broker.Progress) {
		return // told of what has ended
	}
	l := t.begun(key, func() (context.Context, trace.Span) {
		options := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithTimestamp(e.Time), trace.WithAttributes(attribute.String("medhive.task", e.Task.Short()))}
		if !e.Of.IsZero() {
			options = append(options, trace.WithLinks(trace.Link{SpanContext: Of(e.Of)}), trace.WithAttributes(attribute.Int("medhive.copy", e.Copy)))
		}
		return t.tracer.Start(asOwn(context.Background(), e.Task), "task", options...)
	})
	about := []attribute.KeyValue{
		attribute.String("medhive.node", e.Node.Hex()), attribute.Int64("medhive.fence", int64(e.Fence)), attribute.Int64("medhive.price_gwei", int64(e.Price)),
	}
	switch e.Kind {
	case broker.Sealed:
	case broker.Offered, broker.Asked:
		l.enter(t, "offer", e.Time)
	case broker.Awarded:
		l.enter(t, "award", e.Time, about...)
	case broker.Accepted, broker.Fetching:
		l.enter(t, "transfer", e.Time, about...)
	case broker.Progress:
		l.enter(t, "inference", e.Time, about...)
	case broker.Returned:
		l.enter(t, "judge", e.Time, about...)
	case broker.LocalRun:
		l.enter(t, "local", e.Time)
	case broker.LeaseLost, broker.TryFailed:
		l.leave(e.Time, said(e.Kind))
	case broker.Finished:
		var fault error
		if e.State == scheduler.Failed || e.State == scheduler.Expired || e.State == scheduler.Cancelled {
			fault = said(e.State)
		}
		l.whole.SetAttributes(attribute.String("medhive.state", string(e.State)))
		l.end(e.Time, fault)
		delete(t.lives, key)
		return
	}
	if e.Kind != broker.Progress {
		l.whole.AddEvent(string(e.Kind), trace.WithTimestamp(e.Time), trace.WithAttributes(about...))
	}
}

// Node takes one event of a node's worker. A job's span lies below its task's; below it
// stand the steps: bid, queue, the executor's stages, result.
func (t *Tracer) Node(e worker.Event) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	key := string(e.Clinic[:]) + string(e.Task[:])
	if t.lives[key] == nil && e.Kind != worker.Bid && e.Kind != worker.Awarded && e.Kind != worker.Resumed {
		return // told of what has ended
	}
	l := t.begun(key, func() (context.Context, trace.Span) {
		return t.tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), Of(e.Task)), "job", trace.WithTimestamp(e.Time),
			trace.WithAttributes(attribute.String("medhive.task", e.Task.Short()), attribute.String("medhive.clinic", e.Clinic.Hex())))
	})
	about := []attribute.KeyValue{attribute.Int64("medhive.fence", int64(e.Fence)), attribute.Int64("medhive.price_gwei", int64(e.Price))}
	switch e.Kind {
	case worker.Bid:
		l.enter(t, "bid", e.Time, about...)
	case worker.Queued, worker.Preempted:
		l.enter(t, "queue", e.Time)
	case worker.Progress:
		l.enter(t, "run", e.Time)
	case worker.Sealed:
		l.enter(t, "result", e.Time)
	case worker.Awarded, worker.Resumed:
		l.leave(e.Time, nil)
	case worker.Lost, worker.Receipt:
		l.whole.SetAttributes(attribute.String("medhive.outcome", string(e.Kind)))
		l.end(e.Time, nil)
		delete(t.lives, key)
		return
	case worker.Revoked, worker.Cancelled, worker.Failed, worker.Unsigned:
		l.end(e.Time, said(e.Kind))
		delete(t.lives, key)
		return
	}
	if e.Kind != worker.Progress {
		l.whole.AddEvent(string(e.Kind), trace.WithTimestamp(e.Time), trace.WithAttributes(about...))
	}
}
