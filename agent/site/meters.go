package site

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"

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

// Describe implements prometheus.Collector. It describes nothing in advance: destinations
// come and go with the site file.
func (m meters) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m meters) Collect(to chan<- prometheus.Metric) {
	tell := func(kind prometheus.ValueType, name, help string, v float64, labels []string) {
		var names, values []string
		for i := 0; i+1 < len(labels); i += 2 {
			names, values = append(names, labels[i]), append(values, labels[i+1])
		}
		to <- prometheus.MustNewConstMetric(prometheus.NewDesc("medhive_site_"+name, help, names, nil), kind, v, values...)
	}
	gauge := func(name, help string, v float64, labels ...string) {
		tell(prometheus.GaugeValue, name, help, v, labels)
	}
	counter := func(name, help string, v float64, labels ...string) {
		tell(prometheus.CounterValue, name, help, v, labels)
	}
	s := m.site
	if s.conf.HL7.Listen != "" {
		for _, outcome := range hl7.Told() {
			counter("orders_total", "Messages and connections at the door for orders.", float64(s.heard.of(outcome)), "outcome", outcome)
		}
	}
	if s.conf.Web.Listen != "" {
		counter("web_refused_total", "Callers of DICOMweb who showed no known token.", float64(s.refused.sum()))
	}
	if stored, err := s.inbox.Storage(); err == nil { // else its log says so
		gauge("inbox_bytes", "Bytes of all studies that are kept.", float64(stored.Bytes))
		gauge("inbox_free_bytes", "Bytes that the inbox's file system has left.", float64(stored.Free))
		gauge("inbox_studies", "Studies in the inbox that no case was made of.", float64(stored.Arriving), "state", "arriving")
		gauge("inbox_studies", "Studies in the inbox that no case was made of.", float64(stored.Waiting), "state", "complete")
	}
	if counts, err := s.book.Counts(); err == nil {
		for _, state := range worklist.States() {
			gauge("cases", "Cases of the worklist by state.", float64(counts[state]), "state", string(state))
		}
	}
	for _, h := range s.outbox.Health() {
		gauge("deliveries", "Results on their way to a destination.", float64(h.Waiting), "destination", h.Destination, "state", "waiting")
		gauge("deliveries", "Results on their way to a destination.", float64(h.Committing), "destination", h.Destination, "state", "committing")
		gauge("deliveries", "Results on their way to a destination.", float64(h.Failed), "destination", h.Destination, "state", "failed")
	}
}
