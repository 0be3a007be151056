package agent

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/medhive/medhive/attest/canary"
	"github.com/medhive/medhive/scheduler/broker"
	"github.com/medhive/medhive/scheduler/market"
	"github.com/medhive/medhive/scheduler/worker"
)

// What the market's steps come to, for Prometheus. Every label's values are words of this
// program, so that no peer can make series.

// marketMeter collects the market's figures when somebody asks.
type marketMeter struct{ read func(sheet) }

// Describe implements prometheus.Collector. It describes nothing in advance: maps that
// count by reason begin empty.
func (m marketMeter) Describe(chan<- *prometheus.Desc) {}

// Collect implements prometheus.Collector.
func (m marketMeter) Collect(to chan<- prometheus.Metric) { m.read(sheet{to}) }

// sheet writes one metric a call. Labels are names and values in turn.
type sheet struct{ to chan<- prometheus.Metric }

func (s sheet) value(kind prometheus.ValueType, name, help string, v float64, labels []string) {
	names, values := pairs(labels)
	s.to <- prometheus.MustNewConstMetric(prometheus.NewDesc(meterPrefix+name, help, names, nil), kind, v, values...)
}

func (s sheet) count(name, help string, n uint64, labels ...string) {
	s.value(prometheus.CounterValue, name, help, float64(n), labels)
}

func (s sheet) gauge(name, help string, n int, labels ...string) {
	s.value(prometheus.GaugeValue, name, help, float64(n), labels)
}

// counts writes one series for each word.
func (s sheet) counts(name, help, label string, by map[string]uint64, labels ...string) {
	for word, n := range by {
		s.count(name, help, n, append([]string{label, word}, labels...)...)
	}
}

// times writes a histogram in seconds. counts has one more than bounds, for what is longer
// than all of them.
func (s sheet) times(name, help string, bounds []time.Duration, counts []uint64, sum time.Duration, labels ...string) {
	if len(counts) != len(bounds)+1 {
		return // nothing was counted yet
	}
	below, total := make(map[float64]uint64, len(bounds)), uint64(0)
	for i, n := range counts {
		total += n
		if i < len(bounds) {
			below[bounds[i].Seconds()] = total
		}
	}
	names, values := pairs(labels)
	s.to <- prometheus.MustNewConstHistogram(prometheus.NewDesc(meterPrefix+name, help, names, nil), total, sum.Seconds(), below, values...)
}

func pairs(labels []string) (names, values []string) {
	for i := 0; i+1 < len(labels); i += 2 {
		names, values = append(names, labels[i]), append(values, labels[i+1])
	}
	return names, values
}

// gossip writes what came and went on the market's topics.
func (s sheet) gossip(m market.Stats) {
	for kind, f := range map[string]market.Flow{"offer": m.Offers, "notice": m.Notices} {
		s.count("market_published_total", "Messages that this host published, one for each topic.", f.Published, "kind", kind)
		s.count("market_accepted_total", "Valid messages of others.", f.Accepted, "kind", kind)
		s.count("market_recalled_total", "Valid messages of others, told again by somebody who had heard them.", f.Recalled, "kind", kind)
		s.counts("market_ignored_total", "Messages that were ignored, by reason.", "reason", f.Ignored, "kind", kind)
		s.counts("market_rejected_total", "Messages that were rejected and cost their sender its score, by reason.", "reason", f.Rejected, "kind", kind)
	}
	s.count("market_useless_total", "Refused messages that were held against the peer that sent them.", m.Useless)
}

// clinic writes what a clinic's broker did since the start.
func (s sheet) clinic(b broker.Stats) {
	s.count("clinic_submitted_total", "Tasks submitted; each copy of one counts.", b.Submitted)
	s.gauge("clinic_tasks_open", "Tasks that have not ended.", b.Running)
	s.count("clinic_rounds_total", "Rounds in which bids were collected.", b.Rounds)
	s.count("clinic_announced_total", "Offers published on gossip.", b.Announced)
	s.count("clinic_asked_total", "Nodes asked directly.", b.Asked)
	s.counts("clinic_ask_answers_total", "What nodes that were asked directly answered.", "answer", b.AskAnswers)
	s.count("clinic_bids_total", "Bids taken.", b.Bids)
	s.counts("clinic_bids_refused_total", "Bids refused, by reason.", "reason", b.BidsRefused)
	s.count("clinic_awards_total", "Awards made.", b.Awards)
	s.count("clinic_reawards_total", "Awards of a task that another node had lost.", b.Reawards)
	s.count("clinic_accepted_total", "Awards that their node accepted.", b.Accepted)
	s.counts("clinic_leases_lost_total", "Leases that brought no result, by reason.", "reason", b.Losses)
	s.count("clinic_regrants_total", "Leases that went on after their node's restart.", b.Regrants)
	s.counts("clinic_results_total", "Results, by what became of them.", "outcome", b.Results)
	s.count("clinic_local_failed_total", "Runs of the clinic's own runner that failed.", b.LocalFailed)
	s.count("clinic_withdrawn_total", "Cancellations that a node has confirmed.", b.Withdrawn)
	s.counts("clinic_rechecks_total", "Re-runs that coordinators asked for.", "answer", b.Rechecks)
	s.counts("clinic_tasks_ended_total", "Tasks that ended, by their final state.", "state", b.Ended)
	s.count("clinic_payload_bytes_total", "Bytes of sealed payloads sent to nodes.", b.BytesSent)
	s.count("clinic_payload_resumed_bytes_total", "Bytes of sealed payloads not sent again after a cut.", b.BytesResumed)
	s.gauge("clinic_no_shows", "Nodes remembered for bids that they did not honour.", b.NoShows)
	for class, h := range b.OfferToAward {
		s.times("clinic_offer_to_award_seconds", "From the first offer to a node's yes, by class.", h.Bounds, h.Counts, h.Sum, "class", class)
	}
}

// checks writes what jobs and the checks of them computed, by their receipts. Their ratio is
// what verification costs.
func (s sheet) checks(role string, a canary.Accounts) {
	const help = "What nodes computed, by their receipts: for jobs, and to check them."
	s.value(prometheus.CounterValue, role+"_computed_seconds_total", help, a.Jobs.Seconds(), []string{"for", "jobs"})
	s.value(prometheus.CounterValue, role+"_computed_seconds_total", help, a.Checks.Seconds(), []string{"for", "checks"})
}

// node writes what a node's worker saw and did since the start.
func (s sheet) node(w worker.Stats) {
	s.count("node_offers_total", "Offers heard on gossip.", w.Offers)
	s.count("node_asks_total", "Offers that a clinic sent directly.", w.Asks)
	s.counts("node_not_bid_total", "Offers without a bid, by reason.", "reason", w.NotBid)
	s.count("node_bids_total", "Bids sent.", w.Bids)
	s.count("node_bids_lost_total", "Bids that brought no award.", w.Lost)
	s.count("node_awards_total", "Awards accepted.", w.Awards)
	s.counts("node_awards_declined_total", "Awards declined, by reason.", "reason", w.Declined)
	s.count("node_queued_total", "Times that a job waited for its turn.", w.Queued)
	s.count("node_preempted_total", "Jobs that gave way to a more urgent one.", w.Preempted)
	s.count("node_resumed_total", "Jobs that went on after a restart.", w.Resumed)
	s.count("node_revoked_total", "Leases that clinics declared gone.", w.Revoked)
	s.count("node_cancelled_total", "Jobs and bids that clinics withdrew.", w.Cancelled)
	s.count("node_failed_total", "Jobs that brought no receipt.", w.Failed)
	s.count("node_receipts_total", "Receipts with both signatures.", w.Receipts)
	s.count("node_unsigned_total", "Results that clinics took without signing for them.", w.Unsigned)
	s.count("node_vouchers_total", "Vouchers of clinics that say more than the one before.", w.Vouchers)
	s.count("node_vouchers_refused_total", "Vouchers refused: forged, another's, unreadable or falling.", w.VouchersRefused)
	s.count("node_notices_total", "Notices sent.", w.Notices)
	s.count("node_payload_bytes_total", "Bytes of sealed payloads fetched.", w.FetchedBytes)
	s.count("node_payload_refetched_bytes_total", "Bytes of them that a stream which was cut had brought before.", w.RefetchedBytes)
	for name, h := range map[string]struct {
		help string
		worker.Histogram
	}{
		"node_wait_seconds":    {"What jobs waited for their turn.", w.Wait},
		"node_fetch_seconds":   {"What fetching a payload took.", w.Fetch},
		"node_run_seconds":     {"What running a job took.", w.Run},
		"node_deliver_seconds": {"From the sealed result to the clinic's verdict.", w.Deliver},
	} {
		s.times(name, h.help, h.Bounds, h.Counts, h.Sum)
	}
}

// money writes what clinics owe a node and paid it.
func (s sheet) money(t *VoucherTotals) {
	const help = "What clinics owe and paid, in HIVE."
	hive := func(gwei uint64, what string) {
		s.value(prometheus.GaugeValue, "node_hive", help, float64(gwei)/weiPerGwei, []string{"state", what})
	}
	hive(t.OwedGwei, "owed since ever")
	hive(t.RedeemedGwei, "redeemed since ever")
	hive(t.PayableGwei, "redeemable")
	hive(t.UnsignedGwei, "without a voucher")
	hive(t.UncoveredGwei, "without a deposit")
	s.gauge("node_clinics_stopped", "Clinics that get no more bids until they sign or deposit.", t.Stopped)
}

// place writes what a node has room for now.
func (s sheet) place(w worker.Status) {
	closed := 0
	if w.Closed != "" {
		closed = 1
	}
	s.gauge("node_closed", "1 while the node takes no new work; its status says why.", closed)
	s.gauge("node_queue_jobs", "Accepted jobs that wait for their turn.", w.Waiting)
	s.gauge("node_queue_capacity", "How many accepted jobs may wait.", w.Queue)
	s.gauge("node_places", "Jobs that the node does at once.", w.Capacity, "for", "any")
	s.gauge("node_places", "Jobs that the node does at once.", w.StatPlaces, "for", "STAT alone")
	s.gauge("node_places_used", "Places reserved for bids, waiting or working.", w.Used)
	s.gauge("node_results_undelivered", "Results on their way to their clinics.", w.Undelivered)
	s.gauge("node_receipts_unsigned", "Receipts kept of results that clinics did not sign for.", w.Unsigned)
	s.gauge("node_clinics_avoided", "Clinics that the node does not bid for because of that.", w.Avoided)
}
