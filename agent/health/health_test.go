package health

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// says is a check whose answer the test changes.
type says struct {
	mu    sync.Mutex // guards what follows
	why   Reason
	asked int
}

func (s *says) ask(context.Context) Reason {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return s.why
}

func (s *says) set(why Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.why = why
}

func TestARoleIsHealthyOnceItHasStartedAndWhileItsChecksPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, disk, peers := New("node"), &says{}, &says{}
		if r := m.Report(t.Context()); r.Healthy || r.State != Starting || r.Role != "node" {
			t.Errorf("before the start: %+v", r)
		}
		if err := m.Alive(t.Context()); err != nil {
			t.Errorf("a role that starts is to be started anew: %v", err)
		}
		m.Started(Check{Name: "disk", Ask: disk.ask, Alive: true}, Check{Name: "peers", Ask: peers.ask, Patience: time.Minute})
		if r := m.Report(t.Context()); !r.Healthy || r.State != Running || len(r.Checks) != 2 {
			t.Errorf("after the start: %+v", r)
		}
		peers.set("nobody is there")
		if r := m.Report(t.Context()); !r.Healthy || peers.asked != 1 {
			t.Errorf("within a second the checks are asked again: %+v", r)
		}
		<-time.After(fresh)
		if r := m.Report(t.Context()); !r.Healthy || r.Checks[1].Reason != "nobody is there" || r.Checks[1].Since.IsZero() {
			t.Errorf("a moment alone: %+v", r)
		}
		<-time.After(time.Minute)
		if r := m.Report(t.Context()); r.Healthy || !slices.Equal(r.Reasons(), []string{"peers: nobody is there"}) {
			t.Errorf("a minute alone: %+v", r)
		}
		if err := m.Alive(t.Context()); err != nil {
			t.Errorf("no restart brings peers back: %v", err)
		}
		peers.set("")
		disk.set("it is full")
		<-time.After(fresh)
		if r := m.Report(t.Context()); r.Healthy || !r.Checks[1].Passed || !r.Checks[1].Since.IsZero() {
			t.Errorf("peers are back, the disk is full: %+v", r)
		}
		if err := m.Alive(t.Context()); err == nil || err.Error() != "disk: it is full; start the role again" {
			t.Errorf("alive: %v", err)
		}
		disk.set("")
		m.Stopped()
		if r := m.Report(t.Context()); r.Healthy || r.State != Stopping || len(r.Checks) != 0 {
			t.Errorf("after the end: %+v", r)
		}
	})
}

// An outage that ends in between begins its patience anew.
func TestPatienceIsOfOneOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, peers := New("node"), &says{}
		m.Started(Check{Name: "peers", Ask: peers.ask, Patience: time.Minute})
		for range 5 {
			peers.set("nobody is there")
			if r := m.Report(t.Context()); !r.Healthy {
				t.Fatalf("an outage of seconds counts: %+v", r)
			}
			<-time.After(50 * time.Second)
			peers.set("")
			if r := m.Report(t.Context()); !r.Healthy {
				t.Fatalf("it is back: %+v", r)
			}
			<-time.After(fresh)
		}
	})
}

// A role whose lock nobody gives back is found, costs one goroutine however often it is asked
// about, and is well again once it answers.
func TestACheckThatDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, lock, begun := New("clinic"), make(chan struct{}), atomic.Int32{}
		m.Started(Check{Name: "tasks", Patience: time.Hour, Alive: true, Ask: func(context.Context) Reason {
			begun.Add(1)
			<-lock // it looks at no context, as a mutex
			return ""
		}})
		for range 3 {
			before := time.Now()
			if r := m.Report(t.Context()); r.Healthy || r.Checks[0].Reason != NoAnswer {
				t.Fatalf("it does not answer: %+v", r)
			}
			if took := time.Since(before); took != askLimit {
				t.Errorf("the report took %v", took)
			}
			<-time.After(time.Minute)
		}
		if err := m.Alive(t.Context()); err == nil || !strings.Contains(err.Error(), "start the role again") {
			t.Errorf("alive: %v", err)
		}
		if n := begun.Load(); n != 1 {
			t.Errorf("it was asked %d times while it had not answered", n)
		}
		close(lock)
		<-time.After(time.Minute)
		if r := m.Report(t.Context()); !r.Healthy {
			t.Errorf("it answers again: %+v", r)
		}
	})
}

// Who asks and goes away does not make a report that others then read.
func TestAnImpatientAskerSpoilsNoReport(t *testing.T) {
	m := New("node")
	m.Started(Check{Name: "jobs", Ask: func(ctx context.Context) Reason {
		if ctx.Err() != nil {
			return "cancelled"
		}
		return ""
	}})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if r := m.Report(gone); !r.Healthy {
		t.Errorf("%+v", r)
	}
}

func TestThePortAnswers200Or503WithReasons(t *testing.T) {
	m, peers := New("coordinator"), &says{}
	port, err := m.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ask := func(method, path string) (int, Report) {
		t.Helper()
		request, err := http.NewRequestWithContext(t.Context(), method, "http://"+port.Address()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		var r Report
		if method == http.MethodGet && path == "/health" {
			if answer.Header.Get("Cache-Control") != "no-store" {
				t.Error("a report may be kept by a proxy")
			}
			if err == nil {
				err = json.Unmarshal(body, &r)
			}
		}
		if err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		return answer.StatusCode, r
	}
	if status, r := ask("GET", "/health"); status != http.StatusServiceUnavailable || r.State != Starting {
		t.Errorf("while it starts: %d %+v", status, r)
	}
	m.Started(Check{Name: "peers", Ask: peers.ask})
	if status, r := ask("GET", "/health"); status != http.StatusOK || !r.Healthy {
		t.Errorf("while it works: %d %+v", status, r)
	}
	if status, _ := ask("HEAD", "/health"); status != http.StatusOK {
		t.Errorf("HEAD: %d", status)
	}
	for path, want := range map[string]int{"/": http.StatusNotFound, "/metrics": http.StatusNotFound, "/health/x": http.StatusNotFound} {
		if status, _ := ask("GET", path); status != want {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := ask("POST", "/health"); status != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", status)
	}
	peers.set("nobody is there")
	m.Changed()
	if status, r := ask("GET", "/health"); status != http.StatusServiceUnavailable || r.Checks[0].Reason != "nobody is there" {
		t.Errorf("with a reason: %d %+v", status, r)
	}
	if _, err := m.Listen(port.Address()); err == nil || !strings.Contains(err.Error(), "--health") {
		t.Errorf("a port that is taken: %v", err)
	}
	if err := port.Close(); err != nil {
		t.Error(err)
	}
}
