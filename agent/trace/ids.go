package trace

import (
	"context"
	"crypto/rand"
	"crypto/sha256"

	"go.opentelemetry.io/otel/trace"

	"github.com/medhive/medhive/models"
)

// idDomain keeps a trace's id apart from other hashes of a task's id.
const idDomain = "medhive/trace/1\x00"

// Of is the span that stands for a whole task: the first 16 bytes of
// SHA-256("medhive/trace/1\0" ‖ task) are the trace's id and the next eight the span's, so
// that every role knows both. The clinic reports that span; the others' spans are below it.
func Of(task models.Digest) trace.SpanContext {
	sum := sha256.Sum256(append([]byte(idDomain), task[:]...))
	var config trace.SpanContextConfig
	n := copy(config.TraceID[:], sum[:])
	copy(config.SpanID[:], sum[n:])
	config.TraceFlags, config.Remote = trace.FlagsSampled, true
	return trace.NewSpanContext(config)
}

// ids gives a task's own span its ids, and every other span random ones.
type ids struct{}

type ownSpan struct{}

// asOwn makes the next root span that begins under ctx the task's own.
func asOwn(ctx context.Context, task models.Digest) context.Context {
	return context.WithValue(ctx, ownSpan{}, Of(task))
}

// NewIDs implements the SDK's IDGenerator for spans without a parent.
func (i ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if own, ok := ctx.Value(ownSpan{}).(trace.SpanContext); ok {
		return own.TraceID(), own.SpanID()
	}
	var id trace.TraceID
	_, _ = rand.Read(id[:]) // never fails
	return id, i.NewSpanID(ctx, id)
}

// NewSpanID implements the SDK's IDGenerator for spans with a parent.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	_, _ = rand.Read(id[:])
	return id
}
