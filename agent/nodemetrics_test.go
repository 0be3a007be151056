package agent

import (
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/medhive/medhive/agent/metric"
	"github.com/medhive/medhive/attest/score"
	"github.com/medhive/medhive/scheduler/worker"
)

func TestScoreAndPayForPrometheus(t *testing.T) {
	var p PublishedScore
	p.Epoch = 12
	p.Line.Factor, p.Line.Gate = score.One/2, score.GateOpen
	p.Line.Factors = score.Shares{C: score.One / 4, A: score.One, Q: 0, N: score.One / 10}
	p.Line.Reward = score.Wei{Int: big.NewInt(1_500_000_000_000_000_000)}
	totals := &VoucherTotals{OwedGwei: 2_500_000_000, RedeemedGwei: 1_000_000_000, Stopped: 3}
	text := scrape(t, metric.From(func(s metric.Sheet) { scoreFigures(s, p); moneyFigures(s, totals) }))
	for _, want := range []string{
		"medhive_node_score_epoch 12\n", "medhive_node_score_ratio 0.5\n", "medhive_node_gate_open 1\n", `medhive_node_score_factor_ratio{factor="compute"} 0.25`,
		`medhive_node_score_factor_ratio{factor="availability"} 1`, `medhive_node_score_factor_ratio{factor="quality"} 0`, `medhive_node_score_factor_ratio{factor="network"} 0.1`,
		"medhive_node_reward_hive 1.5\n", "medhive_node_rewarded_hive 0\n", `medhive_node_vouchers_hive{state="owed"} 2.5`, `medhive_node_vouchers_hive{state="redeemed"} 1`,
		"medhive_node_clinics_stopped 3\n", `promhttp_metric_handler_errors_total{cause="gathering"} 0`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	p.Line.Gate = score.GateUptime
	if text := scrape(t, metric.From(func(s metric.Sheet) { scoreFigures(s, p) })); !strings.Contains(text, "medhive_node_gate_open 0\n") {
		t.Errorf("a closed gate:\n%s", text)
	}
}

func TestPlacesAndTimesForPrometheus(t *testing.T) {
	place := worker.Status{Closed: "it is night", Capacity: 2, StatPlaces: 1, Queue: 4, Used: 3, Waiting: 1}
	stats := worker.Stats{Offers: 9, NotBid: map[string]uint64{"lottery": 4}, Run: worker.Histogram{Bounds: []time.Duration{time.Second}, Counts: []uint64{2, 1}, Sum: 5 * time.Second}}
	text := scrape(t, metric.From(func(s metric.Sheet) { placeFigures(s, place); workerFigures(s, stats) }))
	for _, want := range []string{
		"medhive_node_closed 1\n", `medhive_node_places{class="any"} 2`, `medhive_node_places{class="stat"} 1`, "medhive_node_queue_capacity_jobs 4\n", "medhive_node_places_used 3\n",
		"medhive_node_queue_jobs 1\n", "medhive_node_offers_total 9\n", `medhive_node_not_bid_total{reason="lottery"} 4`, `medhive_node_run_seconds_bucket{le="1"} 2`,
		"medhive_node_run_seconds_count 3\n", "medhive_node_run_seconds_sum 5\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
}

// What can't be told is counted and leaves the rest of the page there.
func TestAFigureThatTheListLacksSpoilsNoPage(t *testing.T) {
	text := scrape(t, metric.From(func(s metric.Sheet) {
		s.Count("node_wishes_total", 1)
		s.Count("node_bids_total", 2)
	}))
	if !strings.Contains(text, "medhive_node_bids_total 2\n") || strings.Contains(text, "wishes") {
		t.Errorf("got\n%s", text)
	}
}
