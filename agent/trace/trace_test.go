package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/models"
	"github.com/medhive/medhive/scheduler"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/worker"
)

var (
	begin = time.Unix(1_790_000_000, 0).UTC()
	task  = models.Digest{1, 2, 3}
	node  = common.HexToAddress("0x11")
	owner = common.HexToAddress("0x22")
)

func recorded(t *testing.T, role string) (*Tracer, *tracetest.SpanRecorder) {
	t.Helper()
	recorder := tracetest.NewSpanRecorder()
	return newTracer(recorder, role), recorder
}

func named(t *testing.T, r *tracetest.SpanRecorder) map[string]sdk.ReadOnlySpan {
	t.Helper()
	spans := map[string]sdk.ReadOnlySpan{}
	for _, s := range r.Ended() {
		spans[s.Name()] = s
	}
	return spans
}

func clinicsLife(at func(int) time.Time) []broker.Event {
	return []broker.Event{
		{Time: at(0), Task: task, Kind: broker.Sealed},
		{Time: at(1), Task: task, Kind: broker.Offered},
		{Time: at(2), Task: task, Kind: broker.BidTaken, Node: node, Price: 7},
		{Time: at(3), Task: task, Kind: broker.Awarded, Node: node, Fence: 1, Price: 7},
		{Time: at(4), Task: task, Kind: broker.Accepted, Node: node, Fence: 1},
		{Time: at(5), Task: task, Kind: broker.Progress, Node: node, Fence: 1, Stage: "running"},
		{Time: at(6), Task: task, Kind: broker.Progress, Node: node, Fence: 1, Stage: "running"},
		{Time: at(9), Task: task, Kind: broker.Returned, Node: node, Fence: 1},
		{Time: at(10), Task: task, Kind: broker.Finished, State: scheduler.Resulted, Text: "a reason that may name somebody"},
		{Time: at(11), Task: task, Kind: broker.Told},
	}
}

func nodesLife(at func(int) time.Time) []worker.Event {
	return []worker.Event{
		{Time: at(2), Task: task, Clinic: owner, Kind: worker.Bid},
		{Time: at(3), Task: task, Clinic: owner, Kind: worker.Awarded, Fence: 1},
		{Time: at(4), Task: task, Clinic: owner, Kind: worker.Queued},
		{Time: at(5), Task: task, Clinic: owner, Kind: worker.Progress, Stage: "reading"},
		{Time: at(8), Task: task, Clinic: owner, Kind: worker.Sealed},
		{Time: at(9), Task: task, Clinic: owner, Kind: worker.Receipt},
		{Time: at(12), Task: task, Clinic: owner, Kind: worker.Forwarded},
	}
}

func seconds(n int) time.Time { return begin.Add(time.Duration(n) * time.Second) }

// Both roles and the coordinator tell one trace, of which they know the id from the task's.
func TestThreeRolesTellOneTrace(t *testing.T) {
	clinic, atClinic := recorded(t, "clinic")
	for _, e := range clinicsLife(seconds) {
		clinic.Clinic(e)
	}
	worked, atNode := recorded(t, "node")
	for _, e := range nodesLife(seconds) {
		worked.Node(e)
	}
	coordinator, atCoordinator := recorded(t, "coordinator")
	coordinator.Around(task, "receipt")(nil)

	own := Of(task)
	spans := named(t, atClinic)
	for name, want := range map[string][2]int{"task": {0, 10}, "offer": {1, 3}, "award": {3, 4}, "transfer": {4, 5}, "inference": {5, 9}, "judge": {9, 10}} {
		s := spans[name]
		if s == nil {
			t.Fatalf("the clinic told no span %q; it told %v", name, spans)
		}
		if !s.StartTime().Equal(seconds(want[0])) || !s.EndTime().Equal(seconds(want[1])) {
			t.Errorf("%s: %v to %v, want seconds %v", name, s.StartTime(), s.EndTime(), want)
		}
		if s.SpanContext().TraceID() != own.TraceID() {
			t.Errorf("%s is of trace %s, want the task's %s", name, s.SpanContext().TraceID(), own.TraceID())
		}
	}
	if whole := spans["task"]; whole.SpanContext().SpanID() != own.SpanID() || whole.Parent().IsValid() {
		t.Errorf("the task's span is %s below %s, want %s at the top", whole.SpanContext().SpanID(), whole.Parent().SpanID(), own.SpanID())
	}
	of := named(t, atNode)
	for _, name := range []string{"job", "bid", "queue", "run", "result"} {
		if of[name] == nil {
			t.Errorf("the node told no span %q", name)
		}
	}
	for name, s := range map[string]sdk.ReadOnlySpan{"job": of["job"], "receipt": named(t, atCoordinator)["receipt"]} {
		if s.Parent().SpanID() != own.SpanID() || s.SpanContext().TraceID() != own.TraceID() {
			t.Errorf("%s lies below %s of trace %s, want the task's own", name, s.Parent().SpanID(), s.SpanContext().TraceID())
		}
	}
	if len(clinic.lives)+len(worked.lives) != 0 {
		t.Error("what has ended is still remembered")
	}
}

// A reason may come from another party: only kinds and states go into spans.
func TestNoTextGoesIntoASpan(t *testing.T) {
	clinic, recorder := recorded(t, "clinic")
	const text = "Mustermann^Erika"
	for _, kind := range []broker.Kind{broker.Sealed, broker.Offered, broker.Awarded, broker.Progress, broker.TryFailed, broker.LeaseLost, broker.Finished} {
		clinic.Clinic(broker.Event{Time: begin, Task: task, Kind: kind, State: scheduler.Failed, Text: text, Stage: text})
	}
	told := ""
	for _, s := range recorder.Ended() {
		told += fmt.Sprint(s.Name(), s.Attributes(), s.Events(), s.Status())
	}
	if len(told) == 0 || strings.Contains(told, text) {
		t.Errorf("told %s", told)
	}
}

func TestAFailedTryIsAFailedStep(t *testing.T) {
	clinic, recorder := recorded(t, "clinic")
	for i, kind := range []broker.Kind{broker.Offered, broker.Awarded, broker.LeaseLost, broker.Finished} {
		clinic.Clinic(broker.Event{Time: seconds(i), Task: task, Kind: kind, State: scheduler.Failed})
	}
	spans := named(t, recorder)
	for name, want := range map[string]string{"award": "lease-lost", "task": string(scheduler.Failed)} {
		if got := spans[name].Status().Description; got != want {
			t.Errorf("%s ended as %q, want %q", name, got, want)
		}
	}
}

// Bids that nobody answers stay open until others need their room.
func TestOpenTasksAreBounded(t *testing.T) {
	worked, recorder := recorded(t, "node")
	for i := range maxOpen + 10 {
		worked.Node(worker.Event{Time: seconds(i), Task: models.Digest{byte(i), byte(i >> 8), byte(i >> 16), 1}, Clinic: owner, Kind: worker.Bid})
	}
	if len(worked.lives) != maxOpen || len(recorder.Ended()) != 2*10 {
		t.Errorf("%d are open and %d spans ended; want %d and 20", len(worked.lives), len(recorder.Ended()), maxOpen)
	}
	if err := worked.Close(t.Context()); err != nil || len(recorder.Ended()) != 2*(maxOpen+10) {
		t.Errorf("after Close %d spans ended, %v", len(recorder.Ended()), err)
	}
}

func TestWithoutACollectorNothingIsTold(t *testing.T) {
	t.Setenv(endpointVariable, "")
	t.Setenv(traceEndpointVariable, "")
	tracer, err := Open(t.Context(), "", "node")
	if tracer != nil || err != nil {
		t.Fatalf("got %v, %v", tracer, err)
	}
	tracer.Node(worker.Event{Kind: worker.Bid})
	tracer.Clinic(broker.Event{Kind: broker.Offered})
	tracer.Around(task, "receipt")(nil)
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A collector that speaks OTLP over HTTP gets the spans, by whichever way it was named.
func TestACollectorGetsTheSpans(t *testing.T) {
	for _, way := range []string{"environment", "setting"} {
		t.Run(way, func(t *testing.T) {
			got := make(chan *collector.ExportTraceServiceRequest, 4)
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				request := &collector.ExportTraceServiceRequest{}
				if err == nil {
					err = proto.Unmarshal(body, request)
				}
				if err != nil || r.URL.Path != tracesPath {
					t.Errorf("%s: %v", r.URL.Path, err)
				}
				got <- request
			}))
			defer server.Close()
			setting := server.URL
			if way == "environment" {
				t.Setenv(endpointVariable, server.URL)
				setting = ""
			}
			tracer, err := Open(t.Context(), setting, "clinic")
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range clinicsLife(seconds) {
				tracer.Clinic(e)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := tracer.Close(ctx); err != nil {
				t.Fatal(err)
			}
			request := <-got
			resource := request.GetResourceSpans()[0]
			id := Of(task).TraceID()
			spans := resource.GetScopeSpans()[0].GetSpans()
			if len(spans) != 6 || string(spans[0].GetTraceId()) != string(id[:]) || resource.GetResource().GetAttributes()[0].GetValue().GetStringValue() != "medhive-clinic" {
				t.Errorf("the collector got %v", request)
			}
		})
	}
}

func TestWhatIsNoCollectorIsRefused(t *testing.T) {
	for _, address := range []string{"127.0.0.1:4318", "ftp://host", "http://", "http://user:secret@host:bad"} {
		if _, err := Open(t.Context(), address, "node"); err == nil || !strings.Contains(err.Error(), "such as http://127.0.0.1:4318") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	if at, err := endpointOf("https://host/custom"); err != nil || at != "https://host/custom" {
		t.Errorf("%s, %v", at, err)
	}
}

// What is done for no single task is a trace of its own, in steps; why it failed is not told.
func TestAnEpochIsATraceOfItsOwn(t *testing.T) {
	coordinator, recorder := recorded(t, "coordinator")
	span := coordinator.Begin("epoch")
	span.Enter("gather")
	span.Enter("publish")
	span.End(errors.New("Mustermann^Erika"))
	spans := named(t, recorder)
	whole := spans["epoch"]
	if whole == nil || whole.Parent().IsValid() || whole.Status().Description != "failed" {
		t.Fatalf("told %v", spans)
	}
	for _, step := range []string{"gather", "publish"} {
		if s := spans[step]; s == nil || s.Parent().SpanID() != whole.SpanContext().SpanID() {
			t.Errorf("step %s: %v", step, s)
		}
	}
	if told := fmt.Sprint(recorder.Ended()); strings.Contains(told, "Mustermann") {
		t.Errorf("told %s", told)
	}
	var none *Tracer
	nobody := none.Begin("epoch")
	nobody.Enter("gather")
	nobody.Set()
	nobody.End(nil)
}
