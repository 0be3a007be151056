package agent

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/medhive/medhive/agent/api"
	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/agent/trace"
	"github.com/medhive/medhive/testdata"
)

// traceCollector keeps what roles export, by service and span.
type traceCollector struct {
	mu    sync.Mutex // guards what follows
	spans map[string]*spans.Span
	raw   []byte
	more  chan struct{} // closed and replaced when something came
}

func newTraceCollector(t *testing.T) *traceCollector {
	t.Helper()
	c := &traceCollector{spans: map[string]*spans.Span{}, more: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		request := &collector.ExportTraceServiceRequest{}
		if err == nil {
			err = proto.Unmarshal(body, request)
		}
		if err != nil {
			t.Error(err)
		}
		c.take(body, request)
	}))
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
	t.Setenv("OTEL_BSP_SCHEDULE_DELAY", "100") // milliseconds
	return c
}

func (c *traceCollector) take(body []byte, request *collector.ExportTraceServiceRequest) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw = append(c.raw, body...)
	for _, of := range request.GetResourceSpans() {
		service := of.GetResource().GetAttributes()[0].GetValue().GetStringValue()
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans[service+" "+s.GetName()] = s
			}
		}
	}
	close(c.more)
	c.more = make(chan struct{})
}

// await returns all spans once those of these names are there.
func (c *traceCollector) await(t *testing.T, names ...string) map[string]*spans.Span {
	t.Helper()
	limit := time.After(2 * time.Minute)
	for {
		c.mu.Lock()
		got, more := maps.Clone(c.spans), c.more
		c.mu.Unlock()
		missing := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return got[name] != nil })
		if len(missing) == 0 {
			return got
		}
		select {
		case <-more:
		case <-limit:
			t.Fatalf("no span %q; there are %v", missing, slices.Sorted(maps.Keys(got)))
		}
	}
}

// Three roles do one study. Their traces are one, by the task's id alone; their metrics are
// those of the list, in a form that Prometheus' own tool accepts; their health is 200; and
// nothing of it names the patient.
func TestAWatchedNetwork(t *testing.T) {
	traces := newTraceCollector(t)
	w, conf := startAround(t)
	conf.Health, conf.Version = "127.0.0.1:0", "0.0.1-test"
	var err error
	if w.clinic, err = StartClinic(t.Context(), conf); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closing(t, w.clinic.Close) })
	study := filepath.Join(w.home, "t1-study.zip")
	if err := os.WriteFile(study, testdata.T1Study(), 0o600); err != nil {
		t.Fatal(err)
	}
	report, err := w.clinic.Submit(t.Context(), Submission{
		Path: study, Model: "t1-tissue", Out: filepath.Join(w.home, "results"), Residency: []string{"DE"}, PriceCeilingGwei: 10, Within: 3 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := traces.await(t, "medhive-clinic task", "medhive-clinic award", "medhive-clinic transfer", "medhive-node job", "medhive-node run", "medhive-coordinator receipt")
	own := trace.Of(report.Task)
	for _, name := range []string{"medhive-clinic task", "medhive-clinic transfer", "medhive-node job", "medhive-node run", "medhive-coordinator receipt"} {
		if id := own.TraceID(); string(got[name].GetTraceId()) != string(id[:]) {
			t.Errorf("%s is of trace %x, want the task's %s", name, got[name].GetTraceId(), id)
		}
	}
	for _, name := range []string{"medhive-node job", "medhive-coordinator receipt"} {
		if id := own.SpanID(); string(got[name].GetParentSpanId()) != string(id[:]) {
			t.Errorf("%s lies below span %x, want the task's own %s", name, got[name].GetParentSpanId(), id)
		}
	}
	if _, err := w.others.coordinator.CloseEpoch(t.Context()); err != nil {
		t.Fatal(err)
	}
	got = traces.await(t, "medhive-coordinator epoch", "medhive-coordinator gather", "medhive-coordinator score", "medhive-coordinator publish")
	if epoch := got["medhive-coordinator epoch"]; len(epoch.GetParentSpanId()) != 0 || epoch.GetStatus().GetCode() == spans.Status_STATUS_CODE_ERROR {
		t.Errorf("the epoch's span: %v", epoch)
	}
	traces.mu.Lock()
	told := map[string][]byte{"traces": slices.Clone(traces.raw)}
	traces.mu.Unlock()
	for role, state := range map[metric.Role]string{metric.Node: w.others.node.conf.State, metric.Clinic: w.clinic.conf.State, metric.Coordinator: w.others.coordinator.conf.State} {
		page, err := api.Read(t.Context(), state, "GET", "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		holdsTheList(t, role, string(page))
		told[string(role)+"'s metrics"] = page
	}
	told["the health port"] = healthOf(t, w.clinic.checkup)
	for name, data := range told {
		for _, found := range identifiersIn(t, data) {
			t.Errorf("%s hold the patient's %s", name, found)
		}
	}
}

// holdsTheList wants a page to have what the list promises of a role, and nothing else of
// ours, and Prometheus' own tool to find nothing wrong with it.
func holdsTheList(t *testing.T, role metric.Role, page string) {
	t.Helper()
	shown := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^# TYPE medhive_(\w+) (\w+)$`).FindAllStringSubmatch(page, -1) {
		shown[line[1]] = line[2]
	}
	for _, m := range metric.All() {
		kind, there := shown[m.Name]
		delete(shown, m.Name)
		switch ours := slices.Contains(m.Roles, role); {
		case there && !ours:
			t.Errorf("a %s shows %s, which the list has for %v", role, m.Name, m.Roles)
		case there && kind != string(m.Kind):
			t.Errorf("%s is a %s, in the list a %s", m.Name, kind, m.Kind)
		case ours && !there && !m.Sparse && !openLabel(m):
			t.Errorf("a %s does not show %s", role, m.Name)
		}
	}
	for name := range shown {
		t.Errorf("a %s shows %s, which the list lacks", role, name)
	}
	for _, want := range []string{`promhttp_metric_handler_errors_total{cause="gathering"} 0`, "medhive_healthy 1\n", fmt.Sprintf("role=%q", role), "process_resident_memory_bytes "} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of a %s lacks %q:\n%s", role, want, page)
		}
	}
	check := exec.CommandContext(t.Context(), "promtool", "check", "metrics")
	check.Stdin = strings.NewReader(page)
	if said, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics of a %s: %v; run `make test-tools`, and put .tools/bin into PATH\n%s", role, err, said)
	}
}

// openLabel is whether a metric may have no series yet: its words come as they are needed.
func openLabel(m metric.Metric) bool {
	return slices.ContainsFunc(m.Labels, func(l metric.Label) bool { return l.Values == nil })
}

func healthOf(t *testing.T, port *health.Port) []byte {
	t.Helper()
	answer, err := http.Get("http://" + port.Address() + "/health")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	var r health.Report
	if err == nil {
		err = json.Unmarshal(page, &r)
	}
	if err != nil || answer.StatusCode != http.StatusOK || !r.Healthy || len(r.Checks) < 2 {
		t.Errorf("%s: %s, %v", answer.Status, page, err)
	}
	return page
}
