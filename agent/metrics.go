package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shirou/gopsutil/v3/disk"
	"golang.org/x/net/netutil"

	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/agent/warning"
)

// roleFigures are what every role shows of itself.
type roleFigures struct {
	role     metric.Role
	version  string
	state    string // its folder
	started  time.Time
	health   *health.Monitor
	warnings *warning.Board
	peers    func() int
}

func (f roleFigures) write(s metric.Sheet) {
	s.Gauge("build_info", 1, "role", string(f.role), "version", cmp.Or(f.version, "unknown"), "go_version", runtime.Version())
	s.Time("start_timestamp_seconds", f.started)
	s.Gauge("peers", float64(f.peers()))
	if usage, err := disk.Usage(f.state); err == nil { // else a warning says so
		s.Gauge("home_free_bytes", float64(usage.Free))
	}
	report := f.health.Report(context.Background())
	s.Flag("healthy", report.Healthy)
	for _, c := range report.Checks {
		s.Flag("health_check", c.Passed, "check", c.Check)
	}
	type label struct {
		code     warning.Code
		severity warning.Severity
	}
	up := map[label]int{}
	for _, w := range f.warnings.List() {
		up[label{w.Code, w.Severity}]++
	}
	for l, n := range up {
		s.Gauge("warning", float64(n), "code", string(l.code), "severity", string(l.severity))
	}
}

// metrics is the page that Prometheus reads.
func (n *Node) metrics() http.Handler {
	return metric.Page(n.conf.Log, metric.From(roleFigures{
		role: metric.Node, version: n.conf.Version, state: n.conf.State, started: n.started, health: n.health, warnings: n.warnings,
		peers: func() int { return len(n.host.Network().Peers()) },
	}.write), metric.From(n.writeFigures))
}

// metrics is the same page of a clinic.
func (c *Clinic) metrics() http.Handler {
	return metric.Page(c.conf.Log, slices.Concat(c.conf.Meters, []prometheus.Collector{metric.From(roleFigures{
		role: metric.Clinic, version: c.conf.Version, state: c.conf.State, started: c.started, health: c.health, warnings: c.warnings,
		peers: func() int { return len(c.host.Network().Peers()) },
	}.write), metric.From(c.writeFigures)})...)
}

// metrics is the same page of a coordinator.
func (c *Coordinator) metrics() http.Handler {
	return metric.Page(c.conf.Log, metric.From(roleFigures{
		role: metric.Coordinator, version: c.conf.Version, state: c.conf.State, started: c.started, health: c.health, warnings: c.warnings,
		peers: func() int { return len(c.host.Network().Peers()) },
	}.write), metric.From(c.writeFigures))
}

// metricsServer is the optional door for a scraper. It gives figures and takes nothing.
type metricsServer struct {
	address string // where it listens
	http    *http.Server
	done    chan error
}

// The bounds of a scrape.
const (
	scrapeTimeout     = 10 * time.Second
	scrapeHeader      = 16 << 10
	scrapeConnections = 32
)

func serveMetrics(address string, page http.Handler, log *slog.Logger) (*metricsServer, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("serve metrics: %w; choose another --metrics address", err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", page)
	s := &metricsServer{address: listener.Addr().String(), done: make(chan error, 1), http: &http.Server{
		Handler: mux, ReadTimeout: scrapeTimeout, WriteTimeout: scrapeTimeout, IdleTimeout: scrapeTimeout, MaxHeaderBytes: scrapeHeader}}
	go func() { s.done <- s.http.Serve(netutil.LimitListener(listener, scrapeConnections)) }()
	log.Info("metrics are served", "address", s.address)
	return s, nil
}

// Close ends the door and waits for it. Who still reads when its time is over is cut: a
// stranger does not keep the process from ending well.
func (s *metricsServer) Close() error { return s.closeWithin(scrapeTimeout) }

func (s *metricsServer) closeWithin(patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
