package metric

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Bounds of a scrape: who asks more often than it can be answered waits or is refused.
const (
	scrapesAtOnce = 4
	scrapeTimeout = 8 * time.Second
)

// Page is what Prometheus reads of a role: the collectors' figures, and those of the process
// and of the Go runtime. A figure that can't be told leaves the others there: it is counted in
// promhttp_metric_handler_errors_total, and log says why.
func Page(log *slog.Logger, figures ...prometheus.Collector) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	registry.MustRegister(figures...)
	return promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, Registry: registry,
		MaxRequestsInFlight: scrapesAtOnce, Timeout: scrapeTimeout,
	})
}
