package agent

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
)

// Tapped is what packages above this one test with: a network whose clinic they start
// themselves, by Conf, and all that leaves it.
type Tapped struct {
	Conf ClinicConfig

	wired *wired
	chain calls
}

// calls are what a clinic sent to the chain.
type calls struct {
	mu   sync.Mutex // guards sent
	sent bytes.Buffer
}

// StartTapped starts all but the clinic.
func StartTapped(t *testing.T) *Tapped {
	t.Helper()
	w, conf := startAround(t)
	tapped := &Tapped{Conf: conf, wired: w}
	rpc := conf.Network.RPC
	door := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, r *http.Request) {
		if err := tapped.chain.pass(answer, r, rpc); err != nil && r.Context().Err() == nil {
			t.Errorf("between clinic and chain: %v", err)
		}
	}))
	t.Cleanup(door.Close)
	tapped.Conf.Network.RPC = door.URL
	return tapped
}

// pass keeps a call and has the chain answer it.
func (c *calls) pass(answer http.ResponseWriter, r *http.Request, rpc string) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	c.mu.Lock()
	for name, values := range r.Header {
		for _, v := range values {
			c.sent.WriteString(name + ": " + v + "\n")
		}
	}
	c.sent.Write(body)
	c.mu.Unlock()
	call, err := http.NewRequestWithContext(r.Context(), r.Method, rpc, bytes.NewReader(body))
	if err != nil {
		return err
	}
	call.Header = r.Header.Clone()
	got, err := http.DefaultTransport.RoundTrip(call)
	if err != nil {
		return err
	}
	defer got.Body.Close()
	answer.Header().Set("Content-Type", got.Header.Get("Content-Type"))
	answer.Header().Set("Content-Encoding", got.Header.Get("Content-Encoding"))
	answer.WriteHeader(got.StatusCode)
	_, err = io.Copy(answer, got.Body)
	return err
}

// Payloads is how many studies the node has opened with the keys of its awards.
func (s *Tapped) Payloads() int {
	s.wired.seen.mu.Lock()
	defer s.wired.seen.mu.Unlock()
	return len(s.wired.seen.payloads)
}

// Left is all that has left the clinic so far, and what nodes, coordinator and the logs of
// all have of it.
func (s *Tapped) Left(t *testing.T) map[string][]byte {
	t.Helper()
	w := s.wired
	w.wire.mu.Lock()
	defer w.wire.mu.Unlock()
	w.seen.mu.Lock()
	defer w.seen.mu.Unlock()
	w.book.mu.Lock()
	defer w.book.mu.Unlock()
	s.chain.mu.Lock()
	defer s.chain.mu.Unlock()
	return map[string][]byte{
		"streams": bytes.Clone(w.wire.sent.Bytes()), "payloads": bytes.Join(w.seen.payloads, nil), "logs": bytes.Clone(w.book.text.Bytes()),
		"calls of the chain": bytes.Clone(s.chain.sent.Bytes()),
		"the node's disk":    onDisk(t, NodeState(w.home, "node")), "the coordinator's disk": onDisk(t, CoordinatorState(w.home)),
	}
}

// OnDisk is all that files below a folder hold, and what they are called.
func OnDisk(t *testing.T, folder string) []byte {
	t.Helper()
	return onDisk(t, folder)
}
