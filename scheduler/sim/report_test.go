package sim_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/medhive/medhive/scheduler"
)

// classReport is the matches of one class. Times are virtual: what the network and the
// protocol cost, not what this machine took.
type classReport struct {
	Class     string  `json:"class"`
	Tasks     int     `json:"tasks"`
	MatchP50  float64 `json:"match_p50_ms"` // first offer to a node's first yes
	MatchP99  float64 `json:"match_p99_ms"`
	BeyondP50 float64 `json:"beyond_four_delays_p50_ms"` // the same, less four one-way delays to that node
	BeyondP99 float64 `json:"beyond_four_delays_p99_ms"`
	Bids      float64 `json:"bids_per_offer"`
}

// report is what a simulation found.
type report struct {
	Nodes    int           `json:"nodes"`
	Clinics  int           `json:"clinics"`
	Loss     float64       `json:"loss"` // share of packets
	Classes  []classReport `json:"classes"`
	Tasks    int           `json:"tasks"`
	Results  int           `json:"results"` // tasks whose result the clinic holds
	Unended  int           `json:"unended"`
	Without  []string      `json:"without_result,omitempty"` // what the others ended as, and why
	Lost     int           `json:"leases_lost"`
	Runs     int           `json:"runs"`                    // jobs that executors began
	Copies   float64       `json:"duplicates_per_delivery"` // gossip messages that came again
	Dropped  int           `json:"rpcs_dropped"`
	Gini     float64       `json:"gini"`      // of runs among equal nodes
	Luck     float64       `json:"luck_gini"` // of as many runs thrown by pure chance
	Crashes  int           `json:"crashes"`
	Probes   int           `json:"offers_after_healing"`
	Delivery float64       `json:"delivery_after_healing"` // of them, over the nodes that are up
	Packets  int           `json:"packets"`
	Vanished int           `json:"packets_vanished"`
	Virtual  float64       `json:"virtual_s"`
	Real     float64       `json:"real_s"`
	MemoryMB int           `json:"memory_mb"` // most that this process ever held, all members together
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// account adds up what the clinics wrote down.
func (w *world) account(r *report, calmUntil time.Time) {
	matches, beyond := map[scheduler.Class][]time.Duration{}, map[scheduler.Class][]time.Duration{}
	bids, offers := map[scheduler.Class]int{}, map[scheduler.Class]int{}
	for _, c := range w.clinics {
		for _, d := range c.diary() {
			r.Tasks++
			r.Lost += d.lost
			if d.finished.IsZero() {
				r.Unended++
			}
			if d.result {
				r.Results++
			} else if !d.finished.IsZero() {
				r.Without = append(r.Without, fmt.Sprintf("%v %v after %d leases lost: %s", d.class, d.state, d.lost, d.reason))
			}
			if d.accepted.IsZero() || !d.offered.Before(calmUntil) {
				continue
			}
			took := d.accepted.Sub(d.offered)
			matches[d.class] = append(matches[d.class], took)
			beyond[d.class] = append(beyond[d.class], took-4*w.weather.oneWay(c.index, d.winner))
			bids[d.class] += d.bids
			offers[d.class] += d.offers
		}
	}
	for class := range scheduler.STAT + 1 {
		if len(matches[class]) == 0 {
			continue
		}
		r.Classes = append(r.Classes, classReport{
			Class: class.String(), Tasks: len(matches[class]), Bids: float64(bids[class]) / float64(max(1, offers[class])),
			MatchP50: milliseconds(quantile(matches[class], 0.5)), MatchP99: milliseconds(quantile(matches[class], 0.99)),
			BeyondP50: milliseconds(quantile(beyond[class], 0.5)), BeyondP99: milliseconds(quantile(beyond[class], 0.99)),
		})
	}
	r.Nodes, r.Clinics, r.Loss = w.shape.nodes, w.shape.clinics, w.shape.loss
	var shares []int
	for _, n := range w.nodes {
		r.Runs += int(n.worked.Load())
		if n.enmity == peaceful && n.crashes == 0 {
			shares = append(shares, int(n.worked.Load()))
		}
	}
	r.Gini, r.Luck = gini(shares), luckGini(len(shares), sum(shares), w.seed)
	w.ledger.mu.Lock()
	defer w.ledger.mu.Unlock()
	r.Copies = float64(w.ledger.duplicates) / float64(max(1, w.ledger.delivered))
	r.Dropped = w.ledger.dropped
	r.Packets, r.Vanished = w.weather.traffic()
}

func sum(of []int) int {
	total := 0
	for _, n := range of {
		total += n
	}
	return total
}

// write prints the report for people.
func (r report) write(to io.Writer) {
	fmt.Fprintf(to, "%d nodes, %d clinics, %.1f %% loss: %d tasks, %d results, %d unended, %d leases lost, %d runs\n",
		r.Nodes, r.Clinics, 100*r.Loss, r.Tasks, r.Results, r.Unended, r.Lost, r.Runs)
	for _, c := range r.Classes {
		fmt.Fprintf(to, "  %-8s %4d matches: p50 %7.1f ms, p99 %7.1f ms; beyond four one-way delays p50 %7.1f ms, p99 %7.1f ms; %.1f bids an offer\n",
			c.Class, c.Tasks, c.MatchP50, c.MatchP99, c.BeyondP50, c.BeyondP99, c.Bids)
	}
	fmt.Fprintf(to, "  gossip: %.1f duplicates a delivery, %d messages dropped by full queues\n", r.Copies, r.Dropped)
	fmt.Fprintf(to, "  fairness: Gini of work %.3f among equal nodes, pure chance gives %.3f\n", r.Gini, r.Luck)
	if r.Probes > 0 {
		fmt.Fprintf(to, "  after the partition: %d offers from 30 s on reached %.3f %% of the nodes that are up; %d crashes\n", r.Probes, 100*r.Delivery, r.Crashes)
	}
	fmt.Fprintf(to, "  %d packets, %d of them vanished\n", r.Packets, r.Vanished)
	fmt.Fprintf(to, "  %.0f s of virtual time in %.1f s, %d MB\n", r.Virtual, r.Real, r.MemoryMB)
}

// save adds a report to a file of JSON lines.
func save(path string, r any) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.Write(append(data, '\n'))
	return err
}

// peakMemoryMB is the most memory that this process ever held; 0 where the system
// does not tell.
func peakMemoryMB() int {
	status, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer status.Close()
	for lines := bufio.NewScanner(status); lines.Scan(); {
		if kilobytes, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(kilobytes), "kB")))
			if err != nil {
				return 0
			}
			return n >> 10
		}
	}
	return 0
}
