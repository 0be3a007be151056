package trace

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/medhive/medhive/models"
)

// The variables that name the collector, as every OpenTelemetry program reads them; the
// exporter reads them and the rest of that family itself.
const (
	endpointVariable      = "OTEL_EXPORTER_OTLP_ENDPOINT"
	traceEndpointVariable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
)

// maxOpen bounds the tasks whose spans are open: beyond it the one that was heard of
// longest ago ends, so that bids nobody answered can't fill the memory.
const maxOpen = 4096

// scope names this program to collectors.
const scope = "github.com/medhive/medhive"

// Tracer makes spans of events. A nil Tracer does nothing; it is safe for concurrent use.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer

	mu    sync.Mutex // guards lives and clock
	lives map[string]*life
	clock uint64 // counts what was heard, to find who was heard of longest ago
}

// life is what is open of one task.
type life struct {
	task  context.Context // of the whole
	whole trace.Span
	step  trace.Span // the one it is in; nil before the first
	name  string     // step's
	heard uint64
}

// Open makes the tracer of a role ("clinic", "node", "coordinator") that reports to a collector
// such as http://127.0.0.1:4318, by OTLP over HTTP; empty: to that of
// OTEL_EXPORTER_OTLP_ENDPOINT. It is nil where none is named. A collector that is away is no
// error: what it missed is lost.
func Open(ctx context.Context, endpoint, role string) (*Tracer, error) {
	if endpoint == "" && os.Getenv(endpointVariable) == "" && os.Getenv(traceEndpointVariable) == "" {
		return nil, nil
	}
	var options []otlptracehttp.Option
	if endpoint != "" {
		at, err := endpointOf(endpoint)
		if err != nil {
			return nil, err
		}
		options = append(options, otlptracehttp.WithEndpointURL(at))
	}
	exporter, err := otlptracehttp.New(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("traces: %w; name the collector with --traces or %s, such as http://127.0.0.1:4318", err, endpointVariable)
	}
	return newTracer(sdk.NewBatchSpanProcessor(exporter), role), nil
}

// tracesPath is where a collector takes traces unless its address names another path (OTLP,
// section "OTLP/HTTP Request").
const tracesPath = "/v1/traces"

// endpointOf is the address that traces of a collector go to.
func endpointOf(collector string) (string, error) {
	at, err := url.Parse(collector)
	if err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https" {
		return "", errors.New("traces: this is no address of a collector; name one such as http://127.0.0.1:4318")
	}
	if at.Path == "" || at.Path == "/" {
		at.Path = tracesPath
	}
	return at.String(), nil
}

func newTracer(to sdk.SpanProcessor, role string) *Tracer {
	provider := sdk.NewTracerProvider(sdk.WithSpanProcessor(to), sdk.WithIDGenerator(ids{}), sdk.WithResource(resource.NewSchemaless(
		attribute.String("service.name", "medhive-"+role))))
	return &Tracer{provider: provider, tracer: provider.Tracer(scope), lives: map[string]*life{}}
}

// Close ends what is open and hands over what was not yet; it waits no longer than ctx.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.mu.Lock()
	for key, l := range t.lives {
		l.end(time.Now(), nil)
		delete(t.lives, key)
	}
	t.mu.Unlock()
	if err := t.provider.Shutdown(ctx); err != nil {
		return fmt.Errorf("traces: the last ones were not taken: %w; look at the collector", err)
	}
	return nil
}

// Around begins a span below a task's own and returns what ends it: what a role does once
// for a task, such as taking its receipt in.
func (t *Tracer) Around(task models.Digest, name string, attributes ...attribute.KeyValue) (end func(err error)) {
	if t == nil {
		return func(error) {}
	}
	_, span := t.tracer.Start(trace.ContextWithRemoteSpanContext(context.Background(), Of(task)), name, trace.WithAttributes(attributes...))
	return func(err error) {
		if err != nil {
			span.SetStatus(codes.Error, "failed")
		}
		span.End()
	}
}

// begun is what is open under key; begin makes it where nothing is.
func (t *Tracer) begun(key string, begin func() (context.Context, trace.Span)) *life {
	t.clock++
	l := t.lives[key]
	if l == nil {
		if len(t.lives) >= maxOpen {
			t.forgetOldest()
		}
		l = &life{}
		l.task, l.whole = begin()
		t.lives[key] = l
	}
	l.heard = t.clock
	return l
}

func (t *Tracer) forgetOldest() {
	oldest := ""
	for key, l := range t.lives {
		if oldest == "" || l.heard < t.lives[oldest].heard {
			oldest = key
		}
	}
	t.lives[oldest].end(time.Now(), nil)
	delete(t.lives, oldest)
}

// enter ends the step that it is in and begins another; the same again goes on.
func (l *life) enter(t *Tracer, name string, at time.Time, attributes ...attribute.KeyValue) {
	if l.step != nil && l.name == name {
		return
	}
	l.leave(at, nil)
	_, l.step = t.tracer.Start(l.task, name, trace.WithTimestamp(at), trace.WithAttributes(attributes...))
	l.name = name
}

// leave ends the step that it is in, as failed where there is a fault.
func (l *life) leave(at time.Time, fault error) {
	if l.step == nil {
		return
	}
	if fault != nil {
		l.step.SetStatus(codes.Error, fault.Error())
	}
	l.step.End(trace.WithTimestamp(at))
	l.step, l.name = nil, ""
}

func (l *life) end(at time.Time, fault error) {
	l.leave(at, fault)
	if fault != nil {
		l.whole.SetStatus(codes.Error, fault.Error())
	}
	l.whole.End(trace.WithTimestamp(at))
}

// said is a fault in fixed words: what an event's kind or state says, never its text.
func said[T ~string](word T) error { return errors.New(string(word)) }
