package trace

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// Span is what a role does for no single task, in steps: an epoch. A nil Span does nothing;
// it belongs to one goroutine.
type Span struct {
	tracer *Tracer
	life   life
}

// Begin begins a trace of its own.
func (t *Tracer) Begin(name string) *Span {
	if t == nil {
		return nil
	}
	s := &Span{tracer: t}
	s.life.task, s.life.whole = t.tracer.Start(context.Background(), name, trace.WithNewRoot())
	return s
}

// Enter ends the step that it is in and begins another.
func (s *Span) Enter(step string) {
	if s != nil {
		s.life.enter(s.tracer, step, time.Now())
	}
}

// Set says something of the whole, in numbers and fixed words.
func (s *Span) Set(attributes ...attribute.KeyValue) {
	if s != nil {
		s.life.whole.SetAttributes(attributes...)
	}
}

// End ends the whole; of an error only that there was one is told.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	if err != nil {
		err = said("failed")
	}
	s.life.end(time.Now(), err)
}
