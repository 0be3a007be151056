package health

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

// Bounds of the public port: anybody may ask.
const (
	maxConnections = 32
	maxHeader      = 4 << 10 // bytes
	portTimeout    = 10 * time.Second
	closeTimeout   = 2 * time.Second
)

// Handler answers the monitor's report: 200 while the role is healthy, else 503.
func (m *Monitor) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		report := m.Report(r.Context())
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if !report.Healthy {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_ = json.NewEncoder(w).Encode(report) // the caller has gone; nothing is left to tell it
	})
}

// Port is the open public port.
type Port struct {
	address string
	http    *http.Server
	done    chan error
}

// Listen opens the public port at host:port: GET /health, and nothing else. The caller
// closes it.
func (m *Monitor) Listen(address string) (*Port, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open the health port: %w; choose another --health address", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /health", m.Handler())
	p := &Port{address: listener.Addr().String(), done: make(chan error, 1), http: &http.Server{
		Handler: mux, ReadTimeout: portTimeout, WriteTimeout: portTimeout, IdleTimeout: portTimeout, MaxHeaderBytes: maxHeader}}
	p.http.SetKeepAlivesEnabled(false) // monitors ask once a minute; a place is not kept for them
	go func() { p.done <- p.http.Serve(netutil.LimitListener(listener, maxConnections)) }()
	return p, nil
}

// Address is where it listens.
func (p *Port) Address() string { return p.address }

// Close ends the port and waits for it; who still reads after a moment is cut.
func (p *Port) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := p.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = p.http.Close()
	}
	if served := <-p.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
