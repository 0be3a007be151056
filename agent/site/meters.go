package site

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/medhive/medhive/agent/health"
	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/scheduler/clinic/hl7"
	"github.com/medhive/medhive/scheduler/clinic/worklist"
)

// tallies count what a door tells, by its fixed words.
type tallies struct {
	mu sync.Mutex // guards n
	n  map[string]uint64
}

func (t *tallies) note(what string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n == nil {
		t.n = map[string]uint64{}
	}
	t.n[what]++
}

func (t *tallies) of(what string) uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.n[what]
}

// meters are the site's figures for Prometheus: how full it is, what waits and what is
// stuck. Every label's values are words of this program or of its site file.
type meters struct{ site *Site }

// collector is what the clinic shows with its own figures.
func (m meters) collector() prometheus.Collector { return metric.From(m.write) }

func (m meters) write(to metric.Sheet) {
	s := m.site
	if s.conf.HL7.Listen != "" {
		for _, outcome := range hl7.Told() {
			to.Count("site_orders_total", s.heard.of(outcome), "outcome", outcome)
		}
	}
	if s.conf.Web.Listen != "" {
		to.Count("site_web_refused_total", s.refused.sum())
	}
	if stored, err := s.inbox.Storage(); err == nil { // else its log says so
		to.Gauge("site_inbox_bytes", float64(stored.Bytes))
		to.Gauge("site_inbox_free_bytes", float64(stored.Free))
		to.Gauge("site_inbox_studies", float64(stored.Arriving), "state", "arriving")
		to.Gauge("site_inbox_studies", float64(stored.Waiting), "state", "complete")
	}
	if counts, err := s.book.Counts(); err == nil {
		for _, state := range worklist.States() {
			to.Gauge("site_cases", float64(counts[state]), "state", string(state))
		}
	}
	for _, h := range s.outbox.Health() {
		to.Gauge("site_deliveries", float64(h.Waiting), "destination", h.Destination, "state", "waiting")
		to.Gauge("site_deliveries", float64(h.Committing), "destination", h.Destination, "state", "committing")
		to.Gauge("site_deliveries", float64(h.Failed), "destination", h.Destination, "state", "failed")
	}
}

// checkup is what the site adds to the clinic's health: that its inbox and its worklist answer.
func (s *Site) checkup() health.Check {
	return health.Check{Name: "site", Alive: true, Patience: checkupPatience, Ask: func(context.Context) health.Reason {
		if _, err := s.inbox.Storage(); err != nil {
			return "its inbox can't be read; look at the disk of the state folder"
		}
		if _, err := s.book.Counts(); err != nil {
			return "its worklist can't be read; look at the disk of the state folder"
		}
		return ""
	}}
}

// checkupPatience bridges an inbox that is busy with a large study.
const checkupPatience = 30 * time.Second
