package agent

import (
	"math/big"

	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/hwprobe"
	"github.com/medhive/medhive/hwprobe/rate"
	"github.com/medhive/medhive/scheduler/worker"
)

// figures writes what a node tells Prometheus. What was not measured is absent, never 0.
func (n *Node) writeFigures(s metric.Sheet) {
	profileFigures(s, n.profile)
	for basis, joules := range n.energy.total() {
		s.Sum("node_job_energy_joules_total", joules, "basis", string(basis))
	}
	n.nowFigures(s)
	s.Gauge("node_models_offered", float64(len(n.holdings())))
	s.Gauge("node_models_quarantined", float64(len(n.pool.Quarantined())))
	gossipFigures(s, n.market.Stats())
	workerFigures(s, n.worker.Stats())
	if n.payments != nil {
		moneyFigures(s, sumVouchers(n.worker.Accounts()))
	}
	if work, err := n.worker.Status(); err == nil { // else the node's own state can't be read: a warning says so
		placeFigures(s, work)
	}
	if kept, err := n.Scores(1); err == nil && len(kept) > 0 {
		scoreFigures(s, kept[0])
	}
}

// profileFigures writes what was measured of the machine.
func profileFigures(s metric.Sheet, p hwprobe.Profile) {
	const perTOPS = 1e12
	s.Gauge("node_tier", float64(p.Tier))
	s.Flag("node_profile_certified", p.Certified)
	s.Time("node_profile_timestamp_seconds", p.At)
	s.Gauge("node_profile_efficiency_ratio", hwprobe.Efficiency(p))
	for precision, f := range map[string]*hwprobe.TOPS{"int8": &p.TOPS, "fp32": p.FP32, "fp16": p.FP16} {
		if f != nil && f.Provider != "" {
			s.Gauge("node_profile_operations_per_second", f.Median*perTOPS, "precision", precision, "of", "median", "provider", f.Provider)
			s.Gauge("node_profile_operations_per_second", f.Best*perTOPS, "precision", precision, "of", "best_second", "provider", f.Provider)
		}
	}
	if p.TOPS.LastQuarter > 0 {
		s.Gauge("node_profile_last_quarter_ratio", p.TOPS.LastQuarter)
	}
	if p.TOPS.Windows > 1 {
		s.Gauge("node_profile_spread_ratio", p.TOPS.Spread)
	}
	for of, watts := range map[string]float64{"mean": p.Watts.Value, "idle": p.Watts.Idle, "above_idle": p.Watts.AboveIdle} {
		if watts > 0 {
			s.Gauge("node_profile_watts", watts, "of", of, "basis", string(p.Watts.Basis))
		}
	}
	if c := p.Around.MaxCelsius; c != nil {
		s.Gauge("node_profile_max_celsius", *c)
	}
	if x := p.Around.Pressure; x != nil {
		s.Gauge("node_profile_cpu_pressure_ratio", *x)
	}
	// A run has one flag for each reason that slowed it, and a series is there once.
	flagged := map[rate.Code]bool{rate.Noisy: false, rate.Throttled: false, rate.Unsteady: false}
	for _, f := range p.Flags {
		flagged[f.Code] = true
	}
	for code, on := range flagged {
		s.Flag("node_profile_flag", on, "code", string(code))
	}
	const secondsPerHour = 3600
	timed := map[[2]string]bool{}
	for _, r := range p.Models {
		if key := [2]string{r.Model, r.Provider}; r.Error == "" && r.StudiesPerHour > 0 && !timed[key] {
			s.Gauge("node_model_example_seconds", secondsPerHour/r.StudiesPerHour, "model", r.Model, "provider", r.Provider)
			timed[key] = true
		}
	}
}

// nowFigures writes what the machine takes and how hot it is: what the dashboard's history
// measured last, or where there is no dashboard what a limit is watched by.
func (n *Node) nowFigures(s metric.Sheet) {
	watts, _, celsius := n.showcase.sensed()
	if watts == nil && celsius == nil {
		watts, celsius = n.gate.looked()
	}
	for name, value := range map[string]*float64{"node_watts": watts, "node_celsius": celsius} {
		if value != nil {
			s.Gauge(name, *value)
		}
	}
}

// looked is what the last look told; nil where nothing looks, or no sensor tells.
func (g *gatekeeper) looked() (watts, celsius *float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	figure := func(of gauge) *float64 {
		if !of.known {
			return nil
		}
		return &of.value
	}
	return figure(g.watts), figure(g.heat)
}

// workerFigures writes what a node's worker saw and did since the start.
func workerFigures(s metric.Sheet, w worker.Stats) {
	s.Counts("node_not_bid_total", "reason", w.NotBid)
	s.Counts("node_awards_declined_total", "reason", w.Declined)
	for name, n := range map[string]uint64{
		"node_offers_total": w.Offers, "node_asks_total": w.Asks, "node_bids_total": w.Bids, "node_bids_lost_total": w.Lost,
		"node_awards_total": w.Awards, "node_queued_total": w.Queued, "node_preempted_total": w.Preempted, "node_resumed_total": w.Resumed,
		"node_revoked_total": w.Revoked, "node_cancelled_total": w.Cancelled, "node_failed_total": w.Failed, "node_receipts_total": w.Receipts,
		"node_unsigned_total": w.Unsigned, "node_vouchers_total": w.Vouchers, "node_vouchers_refused_total": w.VouchersRefused,
		"node_notices_total": w.Notices, "node_payload_bytes_total": w.FetchedBytes, "node_payload_refetched_bytes_total": w.RefetchedBytes,
	} {
		s.Count(name, n)
	}
	for name, h := range map[string]worker.Histogram{"node_wait_seconds": w.Wait, "node_fetch_seconds": w.Fetch, "node_run_seconds": w.Run, "node_deliver_seconds": w.Deliver} {
		s.Times(name, metric.Durations(h))
	}
}

// moneyFigures writes what clinics owe a node and paid it.
func moneyFigures(s metric.Sheet, t *VoucherTotals) {
	const gweiPerHIVE = 1e9
	for state, gwei := range map[string]uint64{
		"owed": t.OwedGwei, "redeemed": t.RedeemedGwei, "redeemable": t.PayableGwei, "unsigned": t.UnsignedGwei, "uncovered": t.UncoveredGwei,
	} {
		s.Gauge("node_vouchers_hive", float64(gwei)/gweiPerHIVE, "state", state)
	}
	s.Gauge("node_clinics_stopped", float64(t.Stopped))
}

// placeFigures writes what a node does now and has room for.
func placeFigures(s metric.Sheet, w worker.Status) {
	s.Gauge("node_jobs_running", float64(len(w.Jobs)))
	for outcome, n := range map[string]uint64{"accepted": w.Totals.Accepted, "failed": w.Totals.Failed, "disputed": w.Totals.Disputed} {
		s.Count("node_jobs_total", n, "outcome", outcome)
	}
	s.Flag("node_closed", w.Closed != "")
	s.Gauge("node_places", float64(w.Capacity), "class", "any")
	s.Gauge("node_places", float64(w.StatPlaces), "class", "stat")
	for name, n := range map[string]int{
		"node_receipts_waiting": w.WaitingReceipts, "node_queue_jobs": w.Waiting, "node_queue_capacity_jobs": w.Queue, "node_places_used": w.Used,
		"node_results_undelivered": w.Undelivered, "node_receipts_unsigned": w.Unsigned, "node_clinics_avoided": w.Avoided,
	} {
		s.Gauge(name, float64(n))
	}
}

// scoreFigures writes how an epoch scored the node.
func scoreFigures(s metric.Sheet, p PublishedScore) {
	share := func(p score.Parts) float64 { return float64(p) / float64(score.One) }
	line := p.Line
	s.Gauge("node_score_epoch", float64(p.Epoch))
	s.Gauge("node_score_ratio", share(line.Factor))
	s.Flag("node_gate_open", line.Gate == score.GateOpen)
	for factor, f := range map[string]score.Parts{"compute": line.Factors.C, "availability": line.Factors.A, "quality": line.Factors.Q, "network": line.Factors.N} {
		s.Gauge("node_score_factor_ratio", share(f), "factor", factor)
	}
	s.Gauge("node_reward_hive", hive(line.Reward))
	s.Gauge("node_rewarded_hive", hive(line.Cumulative))
}

// hive is an amount in whole tokens, near enough for a chart.
func hive(w score.Wei) float64 {
	if w.Int == nil {
		return 0
	}
	const weiPerHIVE = 1e18
	f, _ := new(big.Float).Quo(new(big.Float).SetInt(w.Int), big.NewFloat(weiPerHIVE)).Float64()
	return f
}
