package agent

import (
	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/market"
)

// What the market's steps come to, for Prometheus. Every label's values are words of this
// program, so that no peer can make series.

// gossipFigures writes what came and went on the market's topics.
func gossipFigures(s metric.Sheet, m market.Stats) {
	for kind, f := range map[string]market.Flow{"offer": m.Offers, "notice": m.Notices} {
		s.Count("market_published_total", f.Published, "kind", kind)
		s.Count("market_accepted_total", f.Accepted, "kind", kind)
		s.Count("market_recalled_total", f.Recalled, "kind", kind)
		s.Counts("market_ignored_total", "reason", f.Ignored, "kind", kind)
		s.Counts("market_rejected_total", "reason", f.Rejected, "kind", kind)
	}
	s.Count("market_useless_total", m.Useless)
}

// figures writes what a clinic tells Prometheus.
func (c *Clinic) writeFigures(s metric.Sheet) {
	gossipFigures(s, c.market.Stats())
	brokerFigures(s, c.broker.Stats())
	if spent, err := c.checks.accounts(); err == nil { // else its database can't be read: the log says so
		computedFigures(s, "clinic_computed_seconds_total", spent)
	}
	s.Gauge("clinic_nodes_known", float64(c.known.Len()))
	s.Gauge("clinic_nodes_listed", float64(c.roster.size()))
}

// brokerFigures writes what a clinic's broker did since the start.
func brokerFigures(s metric.Sheet, b broker.Stats) {
	for name, n := range map[string]uint64{
		"clinic_submitted_total": b.Submitted, "clinic_rounds_total": b.Rounds, "clinic_announced_total": b.Announced, "clinic_asked_total": b.Asked,
		"clinic_bids_total": b.Bids, "clinic_awards_total": b.Awards, "clinic_reawards_total": b.Reawards, "clinic_accepted_total": b.Accepted,
		"clinic_regrants_total": b.Regrants, "clinic_local_failed_total": b.LocalFailed, "clinic_withdrawn_total": b.Withdrawn,
		"clinic_payload_bytes_total": b.BytesSent, "clinic_payload_resumed_bytes_total": b.BytesResumed,
	} {
		s.Count(name, n)
	}
	s.Gauge("clinic_tasks_open", float64(b.Running))
	s.Gauge("clinic_no_shows", float64(b.NoShows))
	s.Counts("clinic_ask_answers_total", "answer", b.AskAnswers)
	s.Counts("clinic_bids_refused_total", "reason", b.BidsRefused)
	s.Counts("clinic_leases_lost_total", "reason", b.Losses)
	s.Counts("clinic_results_total", "outcome", b.Results)
	s.Counts("clinic_rechecks_total", "answer", b.Rechecks)
	s.Counts("clinic_tasks_ended_total", "state", b.Ended)
	for class, h := range b.OfferToAward {
		s.Times("clinic_offer_to_award_seconds", metric.Durations(h), "class", class)
	}
}

// computedFigures writes what jobs and the checks of them computed, by their receipts. Their
// ratio is what verification costs.
func computedFigures(s metric.Sheet, name string, a canary.Accounts) {
	s.Sum(name, a.Jobs.Seconds(), "purpose", "jobs")
	s.Sum(name, a.Checks.Seconds(), "purpose", "checks")
}

// figures writes what a coordinator tells Prometheus.
func (c *Coordinator) writeFigures(s metric.Sheet) {
	gossipFigures(s, c.market.Stats())
	s.Gauge("coordinator_epoch", float64(c.newestEpoch()))
	s.Gauge("coordinator_nodes", float64(c.registry.size()))
	counts := c.Checks()
	for kind, n := range map[string]CheckCount{"canary": counts.Canaries, "rerun": counts.Reruns} {
		s.Count("coordinator_checks_drawn_total", n.Drawn, "kind", kind)
		s.Count("coordinator_checks_made_total", n.Made, "kind", kind)
		s.Count("coordinator_checks_dropped_total", n.Dropped, "kind", kind)
	}
	computedFigures(s, "coordinator_computed_seconds_total", c.Checked())
	c.taken.counts.figures(s)
	c.ends.figures(s)
}
